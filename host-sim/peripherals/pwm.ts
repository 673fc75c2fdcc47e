/** ECMA-419 PWM as the Moddable SDK has it on ESP32 (_pwm.c): 10 bits unless asked otherwise, off until written. */

import type { PwmConstructor, PwmOutput } from "../../firmware/board.js";
import { PinUser, type PoweredPins } from "./pins.js";

const RESOLUTION = 10;
const FULLY_ON = 2 ** RESOLUTION - 1;

/**
 * The PWM constructor of one session. Closing an output switches it off.
 *
 * @param drive sets the duty of a pin, 0 to 1.
 */
export function pwm(board: PoweredPins, drive: (pin: number, dutyFraction: number) => void): PwmConstructor {
  return class Pwm extends PinUser implements PwmOutput {
    readonly resolution = RESOLUTION;
    readonly #pin: number;

    constructor({ pin }: { readonly pin: number }) {
      super(board, pin);
      this.#pin = pin;
    }

    write(value: number): void {
      this.checkOpen();
      const duty = Math.trunc(value);
      if (!(duty >= 0 && duty <= FULLY_ON)) throw new RangeError("invalid value");
      drive(this.#pin, duty / FULLY_ON);
    }

    protected override release(): void {
      drive(this.#pin, 0);
    }
  };
}
