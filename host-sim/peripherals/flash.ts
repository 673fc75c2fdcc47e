/**
 * Raw NOR flash: erasing a block sets it to FF, writing only clears bits, and a power cut tears either at any byte.
 * Keeps its contents and its wear over power cuts.
 */

import type { FlashPartition } from "../../firmware/board.js";
import type { Random } from "../clock/random.js";
import type { Power } from "./power.js";

/** The erase unit of the ESP32's flash. */
const BLOCK_BYTES = 4_096;
/** Holds 90 days of history (285 records of 32 bytes a day are 0.82 MB). */
export const FLASH_BYTES = 1_048_576;
const ERASED = 0xff;

/** Bit rot, or another chip, as the verbs take them; of a chip only what is not erased. */
export type FlashInput =
  | { readonly do: "corruptFlash"; readonly offset: number; readonly mask: number }
  | { readonly do: "restoreFlash"; readonly runs: readonly FlashRun[] };

/** Bytes as numbers, so that it is plain data. */
export interface FlashRun {
  readonly offset: number;
  readonly bytes: readonly number[];
}

/** Longest run. */
const RUN_BYTES = 1_024;

/** What of a flash's contents is not erased. */
function runsOf(contents: Uint8Array): readonly FlashRun[] {
  const runs: FlashRun[] = [];
  for (let offset = 0; offset < contents.length; offset += RUN_BYTES) {
    const bytes = contents.subarray(offset, offset + RUN_BYTES);
    if (bytes.some((byte) => byte !== ERASED)) runs.push({ offset, bytes: [...bytes] });
  }
  return runs;
}

/** Contents of FLASH_BYTES bytes; undefined when a run lies outside them. */
export function contentsOf(runs: readonly FlashRun[]): Uint8Array | undefined {
  const contents = new Uint8Array(FLASH_BYTES).fill(ERASED);
  for (const { offset, bytes } of runs) {
    if (offset + bytes.length > contents.length) return undefined;
    contents.set(bytes, offset);
  }
  return contents;
}

/** Bytes as they stand after a write; or a range that is erased now, `fromByte` to before `toByte`. */
export type FlashChange =
  | { readonly kind: "flashWrite"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "flashErase"; readonly fromByte: number; readonly toByte: number };

export class FlashMemory {
  /** Called after every change of the contents, before the call that made it returns. */
  onChange: ((change: FlashChange) => void) | undefined;
  readonly #random: Random;
  readonly #bytes: Uint8Array;
  readonly #erasures: Uint32Array;
  readonly #onInput: (input: FlashInput) => void;

  /**
   * @param random decides where a power cut tears a write or an erasure.
   * @param sizeBytes a multiple of 4,096.
   * @param onInput hears of bit rot and of another chip, before it.
   */
  constructor(random: Random, sizeBytes = FLASH_BYTES, onInput: (input: FlashInput) => void = () => {}) {
    if (sizeBytes % BLOCK_BYTES !== 0) throw new RangeError(`${sizeBytes} bytes are not whole blocks`);
    this.#random = random;
    this.#onInput = onInput;
    this.#bytes = new Uint8Array(sizeBytes).fill(ERASED);
    this.#erasures = new Uint32Array(sizeBytes / BLOCK_BYTES);
  }

  /** How often a block was erased: its wear. */
  erasures(block: number): number {
    return this.#erasures[block] ?? 0;
  }

  /** Bit rot: flips the bits of `mask` in one byte. */
  corrupt(offset: number, mask: number): void {
    this.#checkRange(offset, 1);
    this.#onInput({ do: "corruptFlash", offset, mask });
    this.#bytes[offset] = (this.#bytes[offset] ?? 0) ^ mask;
    this.#written(offset, 1);
  }

  snapshot(): Uint8Array {
    return this.#bytes.slice();
  }

  /** Replaces all contents; throws for another size. Wear stays. Not told to `onChange`. */
  restore(bytes: Uint8Array): void {
    if (bytes.length !== this.#bytes.length) throw new RangeError(`${bytes.length} bytes are not this partition`);
    this.#onInput({ do: "restoreFlash", runs: runsOf(bytes) });
    this.#bytes.set(bytes);
  }

  /**
   * The partition as one session of the board sees it. A range outside it throws. A torn write leaves the bytes before
   * the tear written, that at the tear with some of its bits cleared, and the rest as it was; a torn erasure, likewise.
   */
  open(power: Power): FlashPartition {
    return {
      read: (lengthBytes, offset) => {
        power.check();
        this.#checkRange(offset, lengthBytes);
        return this.#bytes.slice(offset, offset + lengthBytes).buffer;
      },
      write: (bytes, offset) => {
        power.check();
        this.#checkRange(offset, bytes.length);
        power.operate(
          "flashWrite",
          () => this.#clearBits(bytes, offset),
          () => {
            const tear = this.#random.below(bytes.length + 1);
            this.#clearBits(bytes.subarray(0, tear), offset);
            if (tear < bytes.length) {
              const unfinished = (bytes[tear] ?? 0) | this.#random.below(256);
              this.#clearBits(Uint8Array.of(unfinished), offset + tear);
            }
          },
        );
      },
      eraseBlock: (from, to) => {
        power.check();
        const start = from * BLOCK_BYTES;
        const length = (to - from) * BLOCK_BYTES;
        this.#checkRange(start, length);
        power.operate(
          "flashErase",
          () => this.#erase(start, start + length),
          () => {
            const tear = start + this.#random.below(length + 1);
            this.#erase(start, tear);
            if (tear < start + length) {
              this.#bytes[tear] = (this.#bytes[tear] ?? 0) | this.#random.below(256);
              this.#written(tear, 1);
            }
          },
        );
      },
      status: () => {
        power.check();
        return { size: this.#bytes.length, blockLength: BLOCK_BYTES };
      },
    };
  }

  #clearBits(bytes: Uint8Array, offset: number): void {
    for (const [i, byte] of bytes.entries()) this.#bytes[offset + i] = (this.#bytes[offset + i] ?? 0) & byte;
    this.#written(offset, bytes.length);
  }

  #erase(start: number, end: number): void {
    this.#bytes.fill(ERASED, start, end);
    for (let block = Math.floor(start / BLOCK_BYTES); block * BLOCK_BYTES < end; block++)
      this.#erasures[block] = (this.#erasures[block] ?? 0) + 1;
    this.onChange?.({ kind: "flashErase", fromByte: start, toByte: end });
  }

  #written(offset: number, lengthBytes: number): void {
    this.onChange?.({ kind: "flashWrite", offset, bytes: this.#bytes.slice(offset, offset + lengthBytes) });
  }

  #checkRange(offset: number, lengthBytes: number): void {
    const inside = offset >= 0 && lengthBytes >= 0 && offset + lengthBytes <= this.#bytes.length;
    if (!Number.isInteger(offset) || !Number.isInteger(lengthBytes) || !inside)
      throw new RangeError(`${lengthBytes} bytes at ${offset} are not in the partition`);
  }
}
