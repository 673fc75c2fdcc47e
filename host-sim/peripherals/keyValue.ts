/**
 * Key-value storage in flash, as ESP-IDF's NVS keeps it and the Moddable SDK opens it with format `buffer`. Keeps its
 * contents and its wear over power cuts. Unlike NVS it does not spare the write of an unchanged value: wear is counted
 * at its upper bound.
 */

import type { KeyValueStore } from "../../firmware/board.js";
import type { Random } from "../clock/random.js";
import type { Power } from "./power.js";

/** NVS_KEY_NAME_MAX_SIZE of ESP-IDF, less the terminating zero. */
const KEY_MAX_CHARACTERS = 15;
const ENTRY_BYTES = 32;
/**
 * Entries that the SDK's default partition of 24 KB holds: 6 pages of 4,096 bytes, each of 126 entries after its header
 * and its entry-state bitmap, one page always kept free to move entries into, and one entry for the namespace.
 */
const CAPACITY_ENTRIES = 5 * 126 - 1;

/** Contents as a plain object: bytes as numbers, by key. */
export interface KeyValueSnapshot {
  readonly [key: string]: readonly number[];
}

/** Bit rot, or another chip, as the verbs take them. */
export type KeyValueInput =
  | { readonly do: "corruptKeyValue"; readonly key: string; readonly byteIndex: number; readonly mask: number }
  | { readonly do: "restoreKeyValue"; readonly snapshot: KeyValueSnapshot };

/** Entries that a blob takes: two of its own (index and header of its data) and its data. */
const entriesOf = (value: Uint8Array): number => 2 + Math.ceil(value.length / ENTRY_BYTES);

function checkKey(key: string): void {
  if (key.length === 0) throw new Error("ESP_ERR_NVS_INVALID_NAME");
  if (key.length > KEY_MAX_CHARACTERS) throw new Error(`ESP_ERR_NVS_KEY_TOO_LONG: ${key}`);
}

/** A value as it stands after a write, or a key that is gone. */
export type KeyValueChange =
  | { readonly kind: "kvWrite"; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: "kvDelete"; readonly key: string };

export class KeyValueFlash {
  /** Called after every change of the contents, before the call that made it returns. */
  onChange: ((change: KeyValueChange) => void) | undefined;
  readonly #random: Random;
  readonly #onInput: (input: KeyValueInput) => void;
  readonly #values = new Map<string, Uint8Array>();
  readonly #written = new Map<string, number>();

  /**
   * @param random decides what a power cut in the middle of a write leaves: the old value or the new.
   * @param onInput hears of bit rot and of another chip, before it.
   */
  constructor(random: Random, onInput: (input: KeyValueInput) => void = () => {}) {
    this.#random = random;
    this.#onInput = onInput;
  }

  /** Entries ever written: the wear of the partition, or of one key. */
  entriesWritten(key?: string): number {
    if (key !== undefined) return this.#written.get(key) ?? 0;
    let sum = 0;
    for (const entries of this.#written.values()) sum += entries;
    return sum;
  }

  /** Entries in use. */
  get entriesUsed(): number {
    let sum = 0;
    for (const value of this.#values.values()) sum += entriesOf(value);
    return sum;
  }

  /** Bit rot: flips the bits of `mask` in one stored byte. Throws when there is no such byte. */
  corrupt(key: string, byteIndex: number, mask: number): void {
    const value = this.#values.get(key);
    const byte = value?.[byteIndex];
    if (!value || byte === undefined) throw new RangeError(`${key} has no byte ${byteIndex}`);
    this.#onInput({ do: "corruptKeyValue", key, byteIndex, mask });
    value[byteIndex] = byte ^ mask;
    this.onChange?.({ kind: "kvWrite", key, value: value.slice() });
  }

  snapshot(): KeyValueSnapshot {
    return Object.fromEntries([...this.#values].map(([key, value]) => [key, [...value]]));
  }

  /** Replaces all contents, as another flash chip would. Wear stays. Not told to `onChange`. */
  restore(snapshot: KeyValueSnapshot): void {
    this.#onInput({ do: "restoreKeyValue", snapshot });
    this.#values.clear();
    for (const [key, bytes] of Object.entries(snapshot)) this.#values.set(key, Uint8Array.from(bytes));
  }

  /**
   * The store as one session of the board sees it. A key of more than 15 characters throws. So does a write that does
   * not fit beside everything stored, the old value of its own key included: NVS writes the new before it drops the
   * old.
   */
  open(power: Power): KeyValueStore {
    return {
      read: (key) => {
        power.check();
        checkKey(key);
        return this.#values.get(key)?.slice().buffer;
      },
      write: (key, value) => {
        power.check();
        checkKey(key);
        const stored = value.slice();
        const entries = entriesOf(stored);
        if (this.entriesUsed + entries > CAPACITY_ENTRIES) throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
        const commit = () => {
          this.#values.set(key, stored);
          this.onChange?.({ kind: "kvWrite", key, value: stored.slice() });
        };
        const wear = () => {
          this.#written.set(key, (this.#written.get(key) ?? 0) + entries);
        };
        const whole = () => {
          wear();
          commit();
        };
        const torn = () => {
          wear();
          if (this.#random.boolean()) commit();
        };
        power.operate("kvWrite", whole, torn);
      },
      delete: (key) => {
        power.check();
        checkKey(key);
        const commit = () => {
          this.#values.delete(key);
          this.onChange?.({ kind: "kvDelete", key });
        };
        const torn = () => {
          if (this.#random.boolean()) commit();
        };
        power.operate("kvDelete", commit, torn);
      },
    };
  }
}
