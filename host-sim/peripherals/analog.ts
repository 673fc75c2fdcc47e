/**
 * ECMA-419 Analog as the Moddable SDK has it on ESP32 (_analog.c): 12 bits, clipped at both ends of the scale; a
 * conversion that fails reads as undefined.
 */

import type { AnalogConstructor, AnalogInput } from "../../firmware/board.js";
import { PinUser, type PoweredPins } from "./pins.js";

const RESOLUTION = 12;

/**
 * The Analog constructor of one session.
 *
 * @param voltageFraction the voltage at a pin now, as a fraction of full scale, which it may exceed; undefined when its
 * conversion fails.
 */
export function analog(board: PoweredPins, voltageFraction: (pin: number) => number | undefined): AnalogConstructor {
  return class Analog extends PinUser implements AnalogInput {
    readonly resolution = RESOLUTION;
    readonly #pin: number;

    constructor({ pin }: { readonly pin: number }) {
      super(board, pin);
      this.#pin = pin;
    }

    read(): number | undefined {
      this.checkOpen();
      const fraction = voltageFraction(this.#pin);
      return fraction === undefined
        ? undefined
        : Math.round(Math.min(1, Math.max(0, fraction)) * (2 ** RESOLUTION - 1));
    }
  };
}
