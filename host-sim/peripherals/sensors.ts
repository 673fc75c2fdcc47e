/**
 * What the simulated board measures beside the plant: the battery behind its divider, and conversions that fail. Of the
 * battery nothing outlives the process: each begins with a charged cell.
 */

/** Inputs of the converter, by what is on them. */
export type Sensor = "force" | "battery";

/** What is done to the sensors, as the verbs of `Sensors` take it. */
export type SensorInput =
  | { readonly do: "battery"; readonly millivolts: number }
  | { readonly do: "failConversions"; readonly sensor: Sensor; readonly failing: boolean };

/** A cell that is well charged. */
const CHARGED_MILLIVOLTS = 4_000;
/** Two equal resistors in front of a converter whose full scale is 2.45 V (_analog.c: 12 dB). */
const BATTERY_FULL_SCALE_MILLIVOLTS = 2 * 2_450;

export class Sensors {
  readonly #onInput: (input: SensorInput) => void;
  readonly #failing = new Set<Sensor>();
  #batteryMillivolts = CHARGED_MILLIVOLTS;

  /** @param onInput hears of what is done from outside, before it. */
  constructor(onInput: (input: SensorInput) => void = () => {}) {
    this.#onInput = onInput;
  }

  get batteryMillivolts(): number {
    return this.#batteryMillivolts;
  }

  /** The battery has this voltage from now on. It takes no power away: `Hardware.cut` does. */
  setBattery(millivolts: number): void {
    this.#onInput({ do: "battery", millivolts });
    this.#batteryMillivolts = millivolts;
  }

  /** From now on every conversion of this input fails, or none. */
  setFailing(sensor: Sensor, failing: boolean): void {
    this.#onInput({ do: "failConversions", sensor, failing });
    if (failing) this.#failing.add(sensor);
    else this.#failing.delete(sensor);
  }

  /** The voltage at an input as a fraction of full scale; undefined when its conversion fails. */
  fraction(sensor: Sensor, forceFraction: () => number): number | undefined {
    if (this.#failing.has(sensor)) return undefined;
    return sensor === "force" ? forceFraction() : this.#batteryMillivolts / BATTERY_FULL_SCALE_MILLIVOLTS;
  }
}
