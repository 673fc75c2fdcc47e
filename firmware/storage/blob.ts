/**
 * State that outlives a power cut or the rot of one copy: a value, versioned and checked, under two keys of a
 * KeyValueStore. Owns the keys `<name>.a` and `<name>.b`; never more than one value, never a rollback it does not
 * report.
 *
 * One copy: version u8, sequence u32, payload, crc32 u32 of all before. Good means: readable, check right, version
 * ours or one that we still read, payload decodable. The good copy with the higher sequence is the newest.
 *
 *     unknown --load--> known --commit--> known
 *        ^                |
 *        +--a write threw-+      (the store may hold either value: only a load can tell)
 *
 * Why a cut at any write is survivable, given that the store keeps the old or the new value of one key:
 * - Every commit first writes the copy that is absent, bad or older, under a sequence above the other's. Until that
 *   write lasts, the newest good copy is untouched and the old value loads; from then on the new one does.
 * - `alternating` stops there: one write a commit, and the other copy is at most one commit old. So a bad copy costs at
 *   most one commit, and `oneCopy` says that it may have.
 * - `mirrored` then writes the other copy alike: after a completed commit either copy alone has the value.
 * - A cut between those two writes leaves copies that differ, and the next load shows the newer. Were it shown and left
 *   in one copy, rot of that copy would later take back a value that someone has acted on, though `oneCopy` promises
 *   it whole. So a load writes it to the other copy before returning it.
 * - The first commit of a missing blob, and the first after a load that found a bad copy, write both copies in either
 *   kind, and after such a commit `.a` is overwritten next. So `.a` with sequence 1 and no `.b` is the newest value: the
 *   first commit was cut short, or `.b` vanished while both held it. Nothing is lost, and load completes it the same
 *   way. (It takes rot of `.b`, a cut while that is repaired, and then the loss of `.b` altogether to break this.)
 */

import { layout } from "../base/layout.js";
import type { KeyValueStore } from "../board.js";
import { checkedContent, withCheck } from "./checked.js";

/**
 * Proof that `value` is stored. Only StateBlob.commit makes one: the class is exported as a type, so nothing outside
 * this module can construct it, and its private field keeps look-alike objects from passing for it.
 */
class Durable<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }
}

export type { Durable };

export interface BlobSpec<T> {
  /** Key prefix, 1 to 13 characters: keys hold 15 (ESP-IDF NVS), and `.a` takes two. */
  readonly name: string;
  /** Of the payload's format, 0 to 255. A copy of a version that is neither this nor among `older` counts as bad. */
  readonly version: number;
  /**
   * `mirrored`: two writes a commit, losing one copy loses nothing. `alternating`: one write, losing one may lose one
   * commit.
   */
  readonly copies: "mirrored" | "alternating";
  encode(value: T): Uint8Array;
  /** `undefined` when the bytes are no value; then that copy counts as bad. */
  decode(bytes: Uint8Array): T | undefined;
  /** Formats that earlier firmware wrote and that this one still reads. */
  readonly older?: readonly { readonly version: number; decode(bytes: Uint8Array): T | undefined }[];
}

/**
 * What was found. `missing`: neither key exists. `oneCopy`: the other copy is unreadable, corrupt or gone; the value of
 * a mirrored blob is whole, that of an alternating one may be one commit old. `lost`: something exists, nothing is
 * good.
 */
export type Loaded<T> =
  | { readonly kind: "missing" }
  | { readonly kind: "intact"; readonly value: T }
  | { readonly kind: "oneCopy"; readonly value: T }
  | { readonly kind: "lost" };

type Slot = "a" | "b";

type Copy<T> =
  | { readonly kind: "absent" | "bad"; readonly sequence: 0 }
  /** The sequence is 1 or more: so a good copy outranks any other. */
  | { readonly kind: "good"; readonly sequence: number; readonly value: T; readonly stored: Uint8Array };

type Position =
  | { readonly kind: "unknown" }
  | {
      readonly kind: "known";
      /** Highest of the good copies, 0 without one. */
      readonly sequence: number;
      readonly writeFirst: Slot;
      readonly writeBoth: boolean;
    };

const ENVELOPE = layout(["version", "u8"], ["sequence", "u32"], ["payload", "rest"]);
const NAME_MAX_CHARACTERS = 13;

const otherSlot = (slot: Slot): Slot => (slot === "a" ? "b" : "a");

export class StateBlob<T> {
  readonly #store: KeyValueStore;
  readonly #spec: BlobSpec<T>;
  #position: Position = { kind: "unknown" };

  /** Throws an invariant when the name does not fit a key. */
  constructor(store: KeyValueStore, spec: BlobSpec<T>) {
    if (spec.name.length < 1 || spec.name.length > NAME_MAX_CHARACTERS)
      throw new Error(`invariant: blob name "${spec.name}" is not 1 to ${NAME_MAX_CHARACTERS} characters`);
    this.#store = store;
    this.#spec = spec;
  }

  /**
   * Reads both copies; must come once before the first commit. Completes a commit that a power cut interrupted, and
   * throws what the store throws at that one write. A copy whose read throws counts as bad. Never repairs a bad copy:
   * the next commit does, so that its owner can record the loss in the same write.
   */
  load(): Loaded<T> {
    this.#position = { kind: "unknown" };
    const copies = { a: this.#read("a"), b: this.#read("b") };
    const sequence = Math.max(copies.a.sequence, copies.b.sequence);
    // Copies of equal sequence leave `.a` to be written first: so it never keeps sequence 1 when `.b` has a newer one.
    const writeFirst = copies.b.sequence < copies.a.sequence ? "b" : "a";
    const newest = copies[otherSlot(writeFirst)];
    const other = copies[writeFirst];

    if (newest.kind !== "good") {
      this.#position = { kind: "known", sequence, writeFirst, writeBoth: true };
      return { kind: copies.a.kind === "absent" && copies.b.kind === "absent" ? "missing" : "lost" };
    }
    const { value, stored } = newest;
    const firstCommitCut = other.kind === "absent" && writeFirst === "b" && newest.sequence === 1;
    const mirrored = this.#spec.copies === "mirrored";
    if (firstCommitCut || (mirrored && other.kind === "good" && other.sequence < newest.sequence)) {
      this.#write(writeFirst, stored);
      this.#position = { kind: "known", sequence, writeFirst: "a", writeBoth: mirrored };
      return { kind: "intact", value };
    }
    const intact = other.kind === "good";
    this.#position = { kind: "known", sequence, writeFirst, writeBoth: mirrored || !intact };
    return { kind: intact ? "intact" : "oneCopy", value };
  }

  /**
   * Stores `value` and returns the proof. Throws what the store throws: then the old or the new value is stored, the
   * caller latches a fault, and any later commit without a new load throws an invariant. Also throws an invariant
   * before a load, and when the sequence has no successor in 32 bits; neither writes anything.
   */
  commit<V extends T>(value: V): Durable<V> {
    const position = this.#position;
    if (position.kind === "unknown")
      throw new Error(`invariant: ${this.#spec.name} is committed before a load, or after a commit that threw`);
    const sequence = position.sequence + 1;
    const stored = withCheck(
      ENVELOPE.encode({ version: this.#spec.version, sequence, payload: this.#spec.encode(value) }),
    );
    const other = otherSlot(position.writeFirst);
    this.#position = { kind: "unknown" };
    this.#write(position.writeFirst, stored);
    if (position.writeBoth) this.#write(other, stored);
    this.#position = {
      kind: "known",
      sequence,
      writeFirst: position.writeBoth ? "a" : other,
      writeBoth: this.#spec.copies === "mirrored",
    };
    return new Durable(value);
  }

  #key(slot: Slot): string {
    return `${this.#spec.name}.${slot}`;
  }

  #write(slot: Slot, stored: Uint8Array): void {
    this.#store.write(this.#key(slot), stored);
  }

  #decode({ version, payload }: { readonly version: number; readonly payload: Uint8Array }): T | undefined {
    const { older = [] } = this.#spec;
    const format = version === this.#spec.version ? this.#spec : older.find((each) => each.version === version);
    return format?.decode(payload);
  }

  #read(slot: Slot): Copy<T> {
    let buffer: ArrayBuffer | undefined;
    try {
      buffer = this.#store.read(this.#key(slot));
    } catch {
      // Unreadable is one of the ways to be bad; reported by load as oneCopy or lost.
      return { kind: "bad", sequence: 0 };
    }
    if (buffer === undefined) return { kind: "absent", sequence: 0 };
    const stored = new Uint8Array(buffer);
    const content = checkedContent(stored);
    const envelope = content && ENVELOPE.decode(content);
    const value = envelope && this.#decode(envelope);
    if (envelope === undefined || value === undefined) return { kind: "bad", sequence: 0 };
    return { kind: "good", sequence: envelope.sequence, value, stored };
  }
}
