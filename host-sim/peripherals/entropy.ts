/** The entropy source of the simulated chip, sound or failed in the ways that health tests must notice. */

import type { Random } from "../clock/random.js";

/**
 * `good`: seeded pseudo-random bytes. `dead`: throws. `stuck`: one byte over and over. `repeating`: every draw starts
 * the same 32 bytes anew.
 */
export type EntropyMode = "good" | "dead" | "stuck" | "repeating";

const BLOCK_BYTES = 32;

export class EntropySource {
  /** Called after the mode was switched. */
  onChange: ((mode: EntropyMode) => void) | undefined;
  #mode: EntropyMode = "good";
  readonly #random: Random;
  readonly #block: Uint8Array;

  constructor(random: Random) {
    this.#random = random;
    this.#block = random.bytes(BLOCK_BYTES);
  }

  get mode(): EntropyMode {
    return this.#mode;
  }

  /** May be switched at any time. */
  set mode(mode: EntropyMode) {
    this.#mode = mode;
    this.onChange?.(mode);
  }

  draw(lengthBytes: number): Uint8Array {
    switch (this.#mode) {
      case "good":
        return this.#random.bytes(lengthBytes);
      case "dead":
        throw new Error("the entropy source does not answer");
      case "stuck":
        return new Uint8Array(lengthBytes).fill(this.#block[0] ?? 0);
      case "repeating":
        return Uint8Array.from({ length: lengthBytes }, (_, i) => this.#block[i % BLOCK_BYTES] ?? 0);
      default:
        return this.#mode satisfies never;
    }
  }
}
