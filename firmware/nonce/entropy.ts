/**
 * The hardware's entropy, under health tests (NIST SP 800-90B clause 4.4). Owns the tests' running state. Never a
 * generator of its own: what a nonce needs beyond this comes from the nonce store, what a key needs is conditioned
 * by SHA-256 (SP 800-90B clause 3.1.5.1.1, a vetted conditioning component).
 */

import { wipe } from "../base/bytes.js";
import type { Fault } from "../base/fault.js";
import { ok, type Result, refuse } from "../base/result.js";
import type { Sha256 } from "../base/sha256.js";

/** Deliberately low claim: 4 bits of min-entropy a byte, false alarms once in 2^30 samples. */
const CLAIMED_BITS_PER_BYTE = 4;
const FALSE_ALARM_EXPONENT = 30;
/** SP 800-90B 4.4.1: 1 + ceil(30 / 4). */
export const REPETITION_CUTOFF = 1 + Math.ceil(FALSE_ALARM_EXPONENT / CLAIMED_BITS_PER_BYTE);
/** SP 800-90B 4.4.2: window for samples of more than one bit; 1 + critbinom(512, 2^-4, 1 - 2^-30). */
export const PROPORTION_WINDOW_BYTES = 512;
export const PROPORTION_CUTOFF = 71;
const NONCE_INPUT_BYTES = 32;

export type EntropyFault = Extract<Fault, { readonly kind: "entropyFailed" }>;

export class Entropy {
  readonly #source: (lengthBytes: number) => Uint8Array;
  readonly #sha256: Sha256;
  #lastByte = -1;
  #run = 0;
  #lastDraw: Uint8Array = new Uint8Array(0);

  /** @param source raw bytes of the hardware; may throw, which counts as a failed test. */
  constructor(source: (lengthBytes: number) => Uint8Array, sha256: Sha256) {
    this.#source = source;
    this.#sha256 = sha256;
  }

  /**
   * 32 bytes to stir into a nonce, or zeros and the fault when the source failed: nonces stay unique and unpredictable
   * without it (see store.ts).
   */
  nonceInput(): { readonly bytes: Uint8Array; readonly fault?: EntropyFault } {
    const drawn = this.#draw(NONCE_INPUT_BYTES);
    return drawn.ok ? { bytes: drawn.value } : { bytes: new Uint8Array(NONCE_INPUT_BYTES), fault: drawn.refusal };
  }

  /** 32 bytes fit to be a key, from 512 samples that passed every test; else the fault, and no key may be made. */
  keyMaterial(): Result<Uint8Array, EntropyFault> {
    const drawn = this.#draw(PROPORTION_WINDOW_BYTES);
    if (!drawn.ok) return drawn;
    const samples = drawn.value;
    if (mostFrequentCount(samples) >= PROPORTION_CUTOFF) return refuse(failed("proportion"));
    if (isPeriodic(samples)) return refuse(failed("period"));
    const key = this.#sha256(samples);
    wipe(samples);
    return ok(key);
  }

  #draw(lengthBytes: number): Result<Uint8Array, EntropyFault> {
    const bytes = drawnFrom(this.#source, lengthBytes);
    if (!bytes) return refuse(failed("source"));
    let repeated = false;
    for (let i = 0; i < lengthBytes; i++) {
      const byte = bytes[i] ?? 0;
      this.#run = byte === this.#lastByte ? this.#run + 1 : 1;
      this.#lastByte = byte;
      if (this.#run >= REPETITION_CUTOFF) repeated = true;
    }
    if (repeated) return refuse(failed("repetition"));
    // A source that hands out the same block again passes the test above; equal draws of 32 bytes are no accident.
    const head = bytes.slice(0, NONCE_INPUT_BYTES);
    const same = head.every((byte, i) => byte === this.#lastDraw[i]);
    this.#lastDraw = head;
    return same ? refuse(failed("period")) : ok(bytes);
  }
}

const failed = (test: EntropyFault["test"]): EntropyFault => ({ kind: "entropyFailed", test });

/** Bytes of a source; undefined from one that throws, whatever it says, or gives another number of them. */
function drawnFrom(source: (lengthBytes: number) => Uint8Array, lengthBytes: number): Uint8Array | undefined {
  try {
    const bytes = source(lengthBytes);
    return bytes.length === lengthBytes ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Adaptive proportion over the whole window for every value, stricter than the standard's first value alone. */
function mostFrequentCount(samples: Uint8Array): number {
  const counts = new Uint16Array(256);
  let most = 0;
  for (let i = 0; i < samples.length; i++) {
    const byte = samples[i] ?? 0;
    const count = (counts[byte] ?? 0) + 1;
    counts[byte] = count;
    if (count > most) most = count;
  }
  return most;
}

/** Whether the window repeats itself exactly with some period of up to half its length. */
function isPeriodic(samples: Uint8Array): boolean {
  for (let period = 1; period <= samples.length / 2; period++) {
    let i = period;
    while (i < samples.length && samples[i] === samples[i - period]) i++;
    if (i === samples.length) return true;
  }
  return false;
}

/** What the health tests see in fresh samples, for whoever judges a source on the bench. */
export interface EntropyFigures {
  readonly windows: number;
  /** Draws that threw or had another length. */
  readonly failedDraws: number;
  /** Longest run of one byte; `REPETITION_CUTOFF` fails. */
  readonly longestRun: number;
  /** Most frequent byte of any window; `PROPORTION_CUTOFF` fails. */
  readonly mostFrequent: number;
  /** Windows that repeat themselves. */
  readonly periodic: number;
}

/** Draws so many windows and measures them. Gives no byte away, and leaves no trace in a running `Entropy`. */
export function measureEntropy(source: (lengthBytes: number) => Uint8Array, windows: number): EntropyFigures {
  let [failedDraws, longestRun, mostFrequent, periodic] = [0, 0, 0, 0];
  for (let i = 0; i < windows; i++) {
    const samples = drawnFrom(source, PROPORTION_WINDOW_BYTES);
    if (!samples) {
      failedDraws += 1;
      continue;
    }
    let run = 0;
    for (let at = 0; at < samples.length; at++) {
      run = samples[at] === samples[at - 1] ? run + 1 : 1;
      if (run > longestRun) longestRun = run;
    }
    mostFrequent = Math.max(mostFrequent, mostFrequentCount(samples));
    if (isPeriodic(samples)) periodic += 1;
    wipe(samples);
  }
  return { windows, failedDraws, longestRun, mostFrequent, periodic };
}
