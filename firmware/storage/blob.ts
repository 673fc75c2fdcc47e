/**
 * State that outlives a power cut or the rot of one copy: a value, versioned and checked, under two keys of a
 * KeyValueStore. Owns the keys `<name>.a` and `<name>.b`; never more than one value, never a rollback it does not
 * report.
 *
 * One copy: version u8, sequence u32, payload, crc32 u32 of all before. Sound means: readable, and the check right;
 * this envelope is the same in every version, so that any firmware can tell a sound copy's version and sequence. Good
 * means: sound, of a version that this firmware reads, payload decodable. The sound copy with the higher sequence is
 * the newest.
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
 *   in one copy, rot of that copy would later take back a value that someone has acted on, though `oneCopy` promises it
 *   whole. So a load writes it to the other copy before returning it.
 * - The first commit of a missing blob, and the first after a load that found a bad copy, write both copies in either
 *   kind, and after such a commit `.a` is overwritten next. So `.a` with sequence 1 and no `.b` is the newest value:
 *   the first commit was cut short, or `.b` vanished while both held it. Nothing is lost, and load completes it the
 *   same way. (It takes rot of `.b`, a cut while that is repaired, and then the loss of `.b` altogether to break this.)
 *
 * Versions. A commit writes today's; the sequence counts on over all of them, and it alone says which copy is newest.
 * - A sound copy of a newer version is a downgrade, whatever the other copy is: what that holds was overtaken, even
 *   when it is of our version and its sequence the higher. Nothing is loaded and nothing written: the firmware that
 *   wrote it finds everything as it left it. `newer` asks that of several blobs before any of them is loaded, because a
 *   load may write.
 * - A value of an older version loads through its decoder, and is `older` until the next commit has it in today's. That
 *   is a commit like any other, so a cut leaves the old copy or the new one as the newest; but it writes both copies in
 *   either kind. So after it no copy is left in the old version: none that could be taken when a newer one has rotted,
 *   and none that firmware of the old version would go on from.
 * - Between its two writes one copy is new and one old. Today's firmware takes the new one, and goes on as after any
 *   cut; the old version's firmware finds a newer one, and stops.
 * - A load that completes a commit copies the bytes of the newest, in whatever version they are.
 * - A sound copy of an older version without a decoder has a place in the sequence, and no value. As the newest it
 *   makes the blob `lost`: the other copy, though it may decode, is stale, and taking it would be a rollback. As the
 *   other one it shows that the newest is the newest.
 * - Of two blobs that belong together either may be migrated when the power goes. So a decoder reads its own bytes
 *   alone, and a fact never moves from one blob to another: values of different versions go together as well as values
 *   of one.
 */

import type { KeyValueStore } from "../board.js";
import { checkedContent, withCheck } from "./checked.js";
import { ENVELOPE, readCopy, type StoredCopy } from "./copy.js";
import type { Newer } from "./newer.js";

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
  /** Of the payload's format, 0 to 255, growing with every change of it. */
  readonly version: number;
  /** Earlier versions that are still read, each by what read it then, into today's value. */
  readonly older?: readonly { readonly version: number; decode(bytes: Uint8Array): T | undefined }[];
  /**
   * `mirrored`: two writes a commit, losing one copy loses nothing. `alternating`: one write, losing one may lose one
   * commit.
   */
  readonly copies: "mirrored" | "alternating";
  encode(value: T): Uint8Array;
  /** `undefined` when the bytes are no value; then that copy counts as bad. */
  decode(bytes: Uint8Array): T | undefined;
}

/**
 * What was found. `missing`: neither key exists. `older`: whole, in an older version; a commit brings it up to today's.
 * `oneCopy`: the other copy is unreadable, corrupt or gone; the value of a mirrored blob is whole, that of an
 * alternating one may be one commit old. `lost`: something exists, and its newest is not good; `unreadVersion` is that
 * of one that is sound, and too old to be read.
 */
export type Loaded<T> =
  | { readonly kind: "missing" }
  | { readonly kind: "intact"; readonly value: T }
  | { readonly kind: "older"; readonly value: T }
  | { readonly kind: "oneCopy"; readonly value: T }
  | { readonly kind: "lost"; readonly unreadVersion?: number };

type Slot = "a" | "b";

type Position =
  | { readonly kind: "unknown" }
  | {
      readonly kind: "known";
      /** Highest of the sound copies, 0 without one. */
      readonly sequence: number;
      readonly writeFirst: Slot;
      readonly writeBoth: boolean;
    };

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

  get name(): string {
    return this.#spec.name;
  }

  /** Tells of a sound copy that newer firmware has stored: then nothing may be loaded or written. Reads only. */
  newer(): Newer | undefined {
    const { name, version: readsVersion } = this.#spec;
    let newer: Newer | undefined;
    for (const slot of ["a", "b"] as const) {
      const stored = this.#stored(slot);
      if (typeof stored === "string") continue;
      // The check is computed only where it decides.
      const [version = 0] = stored;
      if (version > (newer?.version ?? readsVersion) && checkedContent(stored)) newer = { name, version, readsVersion };
    }
    return newer;
  }

  /**
   * Reads both copies; must come once before the first commit. Completes a commit that a power cut interrupted, and
   * throws what the store throws at that one write. A copy whose read throws counts as bad. Never repairs a bad copy:
   * the next commit does, so that its owner can record the loss in the same write. Throws an invariant, and has written
   * nothing, when there is a `newer` copy.
   */
  load(): Loaded<T> {
    this.#position = { kind: "unknown" };
    const copies = { a: readCopy(this.#stored("a"), this.#spec), b: readCopy(this.#stored("b"), this.#spec) };
    const sequence = Math.max(copies.a.sequence, copies.b.sequence);
    // Copies of equal sequence leave `.a` to be written first: so it never keeps sequence 1 when `.b` has a newer one.
    const writeFirst = copies.b.sequence < copies.a.sequence ? "b" : "a";
    const newest = copies[otherSlot(writeFirst)];
    const other = copies[writeFirst];

    if (newest.kind !== "good") {
      this.#position = { kind: "known", sequence, writeFirst, writeBoth: true };
      if (newest.kind === "unread") return { kind: "lost", unreadVersion: newest.version };
      return { kind: copies.a.kind === "absent" && copies.b.kind === "absent" ? "missing" : "lost" };
    }
    const { value, stored } = newest;
    const mirrored = this.#spec.copies === "mirrored";
    const otherIsSound = other.sequence > 0;
    const firstCommitCut = other.kind === "absent" && writeFirst === "b" && newest.sequence === 1;
    const commitCut = firstCommitCut || (mirrored && otherIsSound && other.sequence < newest.sequence);
    if (commitCut) this.#write(writeFirst, stored);
    const intact = commitCut || otherIsSound;
    const older = newest.version !== this.#spec.version;
    this.#position = {
      kind: "known",
      sequence,
      writeFirst: commitCut ? "a" : writeFirst,
      writeBoth: mirrored || older || !intact,
    };
    if (!intact) return { kind: "oneCopy", value };
    return { kind: older ? "older" : "intact", value };
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

  #stored(slot: Slot): StoredCopy {
    try {
      const buffer = this.#store.read(this.#key(slot));
      return buffer === undefined ? "absent" : new Uint8Array(buffer);
    } catch {
      // One of the ways to be bad: load tells of it as oneCopy or lost.
      return "unreadable";
    }
  }
}
