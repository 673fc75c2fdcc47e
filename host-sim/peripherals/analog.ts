/** ECMA-419 Analog as the Moddable SDK has it on ESP32 (_analog.c): 12 bits, clipped at both ends of the scale. */

import type { AnalogConstructor, AnalogInput } from "../../firmware/board.js";
import type { Session } from "./session.js";

const RESOLUTION = 12;

/**
 * The Analog constructor of one session.
 *
 * @param voltageFraction the voltage at a pin now, as a fraction of full scale, which it may exceed.
 */
export function analog(session: Session, voltageFraction: (pin: number) => number): AnalogConstructor {
  return class Analog implements AnalogInput {
    readonly resolution = RESOLUTION;
    readonly #pin: number;
    #open = true;

    constructor({ pin }: { readonly pin: number }) {
      session.check();
      session.pins.claim(pin);
      this.#pin = pin;
    }

    read(): number {
      session.check();
      if (!this.#open) throw new Error("closed");
      const fraction = Math.min(1, Math.max(0, voltageFraction(this.#pin)));
      return Math.round(fraction * (2 ** RESOLUTION - 1));
    }

    close(): void {
      session.check();
      if (!this.#open) return;
      this.#open = false;
      session.pins.free(this.#pin);
    }
  };
}
