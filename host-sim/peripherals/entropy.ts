/** The entropy source of the simulated chip, sound or failed in the ways that health tests must notice. */

import type { Random } from "../clock/random.js";

/**
 * `good`: seeded pseudo-random bytes. `dead`: throws. `stuck`: one byte over and over. `repeating`: every draw starts
 * the same 32 bytes anew.
 */
export type EntropyMode = "good" | "dead" | "stuck" | "repeating";

/** A change of the mode, as `mode` takes it. */
export interface EntropyInput {
  readonly do: "entropy";
  readonly mode: EntropyMode;
}

const BLOCK_BYTES = 32;

export class EntropySource {
  /** Called after the mode was switched. */
  onChange: ((mode: EntropyMode) => void) | undefined;
  readonly #random: Random;
  readonly #block: Uint8Array;
  readonly #onInput: (input: EntropyInput) => void;
  #mode: EntropyMode = "good";

  /** @param onInput hears of every change of the mode, before it. */
  constructor(random: Random, onInput: (input: EntropyInput) => void = () => {}) {
    this.#random = random;
    this.#block = random.bytes(BLOCK_BYTES);
    this.#onInput = onInput;
  }

  /** May be switched at any time. */
  get mode(): EntropyMode {
    return this.#mode;
  }

  set mode(mode: EntropyMode) {
    this.#onInput({ do: "entropy", mode });
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
