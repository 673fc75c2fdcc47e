/**
 * A key-value store whose power can be cut and whose copies can be damaged, and a blob of small numbers to put in it.
 */

import assert from "node:assert/strict";
import type { KeyValueStore } from "../../firmware/board.js";
import { type BlobSpec, type Loaded, StateBlob } from "../../firmware/storage/blob.js";

export const KINDS = ["mirrored", "alternating"] as const;

export class PowerCut extends Error {}

/** A store whose power can be cut before or after write number `cutAtWrite` (1 is the next). */
export class FakeStore implements KeyValueStore {
  readonly entries = new Map<string, Uint8Array>();
  readonly unreadable = new Set<string>();
  writes = 0;
  cutAtWrite = 0;
  cutAfter = false;

  read(key: string): ArrayBuffer | undefined {
    if (this.unreadable.has(key)) throw new Error("read failed");
    const value = this.entries.get(key);
    return value && new Uint8Array(value).buffer;
  }

  write(key: string, value: Uint8Array): void {
    assert.ok(key.length <= 15);
    this.writes += 1;
    const cut = this.writes === this.cutAtWrite;
    if (!cut || this.cutAfter) this.entries.set(key, value.slice());
    if (cut) throw new PowerCut();
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  cutPower(atWriteFromNow: number, after: boolean): void {
    this.cutAtWrite = this.writes + atWriteFromNow;
    this.cutAfter = after;
  }

  copy(): FakeStore {
    const copy = new FakeStore();
    for (const [key, value] of this.entries) copy.entries.set(key, value.slice());
    return copy;
  }
}

export function specOf(copies: "mirrored" | "alternating", version = 1): BlobSpec<number> {
  return {
    name: "state",
    version,
    copies,
    encode: (value) => Uint8Array.of(value, 0xa5),
    decode: (bytes) => (bytes.length === 2 && bytes[1] === 0xa5 ? bytes[0] : undefined),
  };
}

export const boot = (store: KeyValueStore, copies: "mirrored" | "alternating") => {
  const blob = new StateBlob(store, specOf(copies));
  return { blob, loaded: blob.load() };
};

/** Commits 1 to `count` to a new store. */
export function stored(copies: "mirrored" | "alternating", count: number): FakeStore {
  const store = new FakeStore();
  const { blob } = boot(store, copies);
  for (let value = 1; value <= count; value++) blob.commit(value);
  return store;
}

/** Every store in which exactly one copy of `store` is damaged: each byte flipped, cut short, emptied, gone, unreadable. */
export function* damaged(store: FakeStore): Generator<{ where: string; store: FakeStore }> {
  for (const [key, value] of store.entries) {
    const versions: Uint8Array[] = [value.slice(0, -1), new Uint8Array(0)];
    for (let i = 0; i < value.length; i++)
      for (const mask of [0x01, 0x80, 0xff]) versions.push(value.map((byte, at) => (at === i ? byte ^ mask : byte)));
    for (const [index, version] of versions.entries()) {
      const copy = store.copy();
      copy.entries.set(key, version);
      yield { where: `${key} version ${index}`, store: copy };
    }
    const gone = store.copy();
    gone.delete(key);
    yield { where: `${key} gone`, store: gone };
    const unreadable = store.copy();
    unreadable.unreadable.add(key);
    yield { where: `${key} unreadable`, store: unreadable };
  }
}

export const shownBy = (loaded: Loaded<number>): number | undefined => ("value" in loaded ? loaded.value : undefined);
