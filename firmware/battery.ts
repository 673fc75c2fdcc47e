/**
 * The battery: how full it is by its voltage, and when a person must hear of it. One Li-ion cell behind a divider. Owns
 * its input. What cannot be a battery that runs this very pump, and what cannot be read, is never taken for a charge.
 */

import type { AnalogInput, Board } from "./board.js";
import { AnnunciationType } from "./ids/values.js";

/** Below, the processor's 3.3 V regulator could not run; above, no Li-ion cell is (4.2 V, and the divider's tolerance). */
const CELL_MIN_MILLIVOLTS = 2_800;
const CELL_MAX_MILLIVOLTS = 4_400;

/**
 * Charge by voltage, from the top: what a Li-ion cell (LiCoO2, 25 degrees, under a tenth of its hourly current) typically
 * shows, and nothing left where the regulator gives out. To be measured anew with the cell that is used.
 */
const CURVE: readonly (readonly [millivolts: number, percent: number])[] = [
  [4_150, 100],
  [3_950, 75],
  [3_800, 50],
  [3_700, 25],
  [3_600, 10],
  [3_500, 5],
  [3_400, 1],
  [3_300, 0],
];

/**
 * What is annunciated at or under which charge, least grave first: the steps of t:slim X2 (alerts under 25 % and 5 %,
 * alarm at 1 %).
 */
const STEPS: readonly { readonly percent: number; readonly type: AnnunciationType }[] = [
  { percent: 25, type: AnnunciationType.BatteryLow },
  { percent: 5, type: AnnunciationType.BatteryEmpty },
  { percent: 1, type: AnnunciationType.PowerInsufficient },
];
/** A step is left at so much over it: a load that comes and goes, or a warm pocket, must not annunciate twice. */
const HYSTERESIS_PERCENT = 5;
/** Measurements in a row before anything is believed: a motor's pulse sags the voltage, one conversion may fail. */
const MEASUREMENTS = 3;

export interface BatteryState {
  /** The last that was measured; undefined when none can be. */
  readonly percent: number | undefined;
  /** How many of `STEPS` have been reached. */
  readonly steps: number;
  /** Measurements in a row that ask for more steps. */
  readonly worse: number;
  /** Measurements in a row that failed. */
  readonly failed: number;
}

export const BATTERY_AT_BOOT: BatteryState = { percent: undefined, steps: 0, worse: 0, failed: 0 };

/** Charge in whole percent, rounded down. */
export function percentOf(millivolts: number): number {
  let [upperMillivolts, upperPercent] = CURVE[0] ?? [0, 0];
  if (millivolts >= upperMillivolts) return upperPercent;
  for (const [lower, percent] of CURVE) {
    if (millivolts >= lower)
      return Math.floor(percent + ((upperPercent - percent) * (millivolts - lower)) / (upperMillivolts - lower));
    [upperMillivolts, upperPercent] = [lower, percent];
  }
  return 0;
}

/**
 * Takes one measurement; undefined when it failed. The third in a row that failed counts as a low battery, since nobody
 * knows better, and leaves the charge unknown.
 */
export function stepBattery(
  state: BatteryState,
  millivolts: number | undefined,
): { readonly next: BatteryState; readonly tell?: AnnunciationType } {
  const sound = millivolts !== undefined && millivolts >= CELL_MIN_MILLIVOLTS && millivolts <= CELL_MAX_MILLIVOLTS;
  const failed = sound ? 0 : state.failed + 1;
  if (!sound && failed < MEASUREMENTS) return { next: { ...state, failed } };
  const percent = sound ? percentOf(millivolts) : undefined;
  const reached = STEPS.filter((step) => (percent ?? 0) <= step.percent).length;
  const wanted = percent === undefined ? Math.max(1, state.steps) : reached;
  const worse = wanted > state.steps ? state.worse + 1 : 0;
  if (wanted > state.steps && (worse >= MEASUREMENTS || percent === undefined)) {
    const type = STEPS[wanted - 1]?.type;
    const next = { percent, steps: wanted, worse: 0, failed };
    return type === undefined ? { next } : { next, tell: type };
  }
  const left = percent === undefined ? state.steps : stepsLeft(state.steps, percent);
  return { next: { percent, steps: left, worse, failed } };
}

/** The steps that a charge still keeps, of those reached. */
function stepsLeft(steps: number, percent: number): number {
  return STEPS.slice(0, steps).filter((step) => percent <= step.percent + HYSTERESIS_PERCENT).length;
}

export class Battery {
  readonly #input: AnalogInput | undefined;
  readonly #fullScaleMillivolts: number;
  #state = BATTERY_AT_BOOT;

  /** Opens its input, unless the rig has no battery, and measures once. */
  constructor({ Analog, pins, rig }: Pick<Board, "Analog" | "pins" | "rig">) {
    const { battery } = rig;
    this.#input = battery === "none" ? undefined : new Analog({ pin: pins.battery });
    this.#fullScaleMillivolts = battery === "none" ? 0 : battery.fullScaleMillivolts;
    // Nothing is told of a first measurement.
    this.measure();
  }

  /** Whether the rig has one. */
  get isFitted(): boolean {
    return this.#input !== undefined;
  }

  /** Charge in percent; undefined when it is not known, or there is no battery. */
  get percent(): number | undefined {
    return this.#state.percent;
  }

  /** Measures once. Returns what has to be annunciated, if anything. */
  measure(): AnnunciationType | undefined {
    const input = this.#input;
    if (!input) return undefined;
    const raw = input.read();
    const full = 2 ** input.resolution - 1;
    // At the end of the scale the converter clips: that is no measurement.
    const millivolts = raw === undefined || raw >= full ? undefined : (raw * this.#fullScaleMillivolts) / full;
    const { next, tell } = stepBattery(this.#state, millivolts);
    this.#state = next;
    return tell;
  }
}
