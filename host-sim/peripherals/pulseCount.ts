/**
 * ECMA-419 PulseCount as the Moddable SDK has it on ESP32 (_pulsecount.c): `read` adds a 16-bit hardware counter to a
 * 32-bit base and clears it. The hardware counter starts again from 0 when it reaches +32767 or -32768, and what it
 * held is lost: more edges than that between two reads are not seen.
 */

import type { PulseCountConstructor, PulseCounter } from "../../firmware/board.js";
import { PinUser, type PoweredPins } from "./pins.js";

const HIGH_LIMIT = 32_767;
const LOW_LIMIT = -32_768;

/** A quadrature encoder and the pins it is wired to. */
export interface EdgeSource {
  readonly signal: number;
  readonly control: number;
  /** Hears every movement as a signed number of x4 edges, in order. `undefined` ends it. */
  listen(listener: ((edges: number) => void) | undefined): void;
  /** Makes movement that is due up to now heard now. */
  update(): void;
}

/**
 * The PulseCount constructor of one session. The count starts at 0. With signal and control exchanged it runs the other
 * way; on pins without an encoder it stays 0.
 */
export function pulseCount(board: PoweredPins, source: EdgeSource): PulseCountConstructor {
  return class PulseCount extends PinUser implements PulseCounter {
    readonly #wired: boolean;
    #base = 0;
    #hardware = 0;

    constructor({ signal, control }: { readonly signal: number; readonly control: number }) {
      super(board, signal, control);
      const straight = signal === source.signal && control === source.control;
      const exchanged = signal === source.control && control === source.signal;
      this.#wired = straight || exchanged;
      if (!this.#wired) return;
      source.update();
      source.listen((edges) => this.#count(straight ? edges : -edges));
    }

    read(): number {
      this.checkOpen();
      source.update();
      this.#base = (this.#base + this.#hardware) | 0;
      this.#hardware = 0;
      return this.#base;
    }

    protected override release(): void {
      if (this.#wired) source.listen(undefined);
    }

    #count(edges: number): void {
      const step = Math.sign(edges);
      for (let left = edges; left !== 0; left -= step) {
        this.#hardware += step;
        if (this.#hardware >= HIGH_LIMIT || this.#hardware <= LOW_LIMIT) this.#hardware = 0;
      }
    }
  };
}
