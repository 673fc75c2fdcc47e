/** ECMA-419 Analog as the Moddable SDK has it on ESP32 (_analog.c): 12 bits, clipped at both ends of the scale. */

import type { AnalogConstructor, AnalogInput } from "../../firmware/board.js";
import { PinUser, type PoweredPins } from "./pins.js";

const RESOLUTION = 12;

/**
 * The Analog constructor of one session.
 *
 * @param voltageFraction the voltage at a pin now, as a fraction of full scale, which it may exceed.
 */
export function analog(board: PoweredPins, voltageFraction: (pin: number) => number): AnalogConstructor {
  return class Analog extends PinUser implements AnalogInput {
    readonly resolution = RESOLUTION;
    readonly #pin: number;

    constructor({ pin }: { readonly pin: number }) {
      super(board, pin);
      this.#pin = pin;
    }

    read(): number {
      this.checkOpen();
      const fraction = Math.min(1, Math.max(0, voltageFraction(this.#pin)));
      return Math.round(fraction * (2 ** RESOLUTION - 1));
    }
  };
}
