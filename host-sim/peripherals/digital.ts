/**
 * ECMA-419 Digital as the Moddable SDK has it on ESP32: reading an output throws, so does writing an input, and a pin
 * has one user. The numbers of modes and edges are the SDK's (digitalbank.js, digital.js).
 */

import type { DigitalConstructor, DigitalOptions, DigitalPin } from "../../firmware/board.js";
import { PinUser } from "./pins.js";
import type { PowerSession } from "./powerSession.js";

/** What the pins of a board are wired to. */
export interface DigitalWiring {
  /** The level that an input sees. */
  level(pin: number): 0 | 1;
  /** Hears every edge of an input until the returned function is called. */
  watch(pin: number, listener: (level: 0 | 1) => void): () => void;
  /** Sets the level of an output. */
  drive(pin: number, level: 0 | 1): void;
}

const INPUT_PULL_UP = 1;
const OUTPUT = 8;
const RISING = 1;
const FALLING = 2;

/**
 * The Digital constructor of one session. An output starts at 0, and closing it leaves the pin to its pull-down: 0.
 * `onReadable` comes on the board's thread, later than the edge by as long as the thread is busy, so that `read` then
 * may already see the next level.
 */
export function digital(session: PowerSession, wiring: DigitalWiring): DigitalConstructor {
  return class Digital extends PinUser implements DigitalPin {
    static readonly InputPullUp = INPUT_PULL_UP;
    static readonly Output = OUTPUT;
    static readonly Rising = RISING;
    static readonly Falling = FALLING;

    readonly #pin: number;
    readonly #output: boolean;
    #unwatch: (() => void) | undefined;

    constructor({ pin, mode, edge = 0, onReadable }: DigitalOptions) {
      session.check();
      if (mode !== INPUT_PULL_UP && mode !== OUTPUT) throw new RangeError("invalid mode");
      const watches = mode === INPUT_PULL_UP && onReadable !== undefined;
      if (watches && (edge & (RISING | FALLING)) === 0) throw new RangeError("invalid edges");
      super(session, pin);
      this.#pin = pin;
      this.#output = mode === OUTPUT;
      if (!watches) return;
      const readable = () => {
        if (this.isOpen) onReadable();
      };
      this.#unwatch = wiring.watch(pin, (level) => {
        if (edge & (level ? RISING : FALLING)) session.thread.schedule(readable, 0);
      });
    }

    read(): number {
      this.checkOpen();
      if (this.#output) throw new Error("can't read output");
      return wiring.level(this.#pin);
    }

    write(value: 0 | 1): void {
      this.checkOpen();
      if (!this.#output) throw new Error("can't write input");
      wiring.drive(this.#pin, value);
    }

    protected override release(): void {
      if (this.#output) wiring.drive(this.#pin, 0);
      this.#unwatch?.();
    }
  };
}
