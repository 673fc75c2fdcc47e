/**
 * The history of events: 32-byte records in a ring over raw flash, oldest block erased first. Owns the whole partition;
 * never makes a sequence number, never repeats one, never changes a record once written.
 *
 * A slot is erased (all FF), holds a record (its check is right), or is torn (anything else: a cut write, a cut erase,
 * rot) and is passed over. A block is filled from its first slot, each time into the first erased one after the last
 * record, so nothing written lies behind an erased slot. A block is erased whenever the write position enters it,
 * whatever it holds. Sequences only rise along the ring, so the block whose first record has the highest sequence is
 * the one being filled. A cut at any byte leaves:
 * - of a write: a torn slot (or an erased one, or the record); the record is appended again by its sequence;
 * - of an erase: remains of the oldest records, or nothing legible, in the block after the last record. Its sequences
 *   are the lowest, so it is not taken for the one being filled, and the next append erases it again.
 */

import { equalInConstantTime } from "../base/bytes.js";
import type { FlashPartition } from "../board.js";
import {
  decodeRecord,
  encodeRecord,
  HISTORY_VERSION,
  type HistoryRecord,
  isErased,
  SLOT_BYTES,
} from "./historyRecord.js";
import type { Newer } from "./newer.js";

/** In the index of first sequences: the block has no legible record, or one with this very sequence. */
const NO_RECORD = 0xffffffff;

/**
 * Slots that may be torn before a block's first record. A cut tears one slot, and only where a record is being written:
 * more of them are another program's bytes, and reading all 1 MB of those at each boot would take seconds.
 */
const TORN_FIRST_MAX = 8;

/** Where the next record goes; `slot` may be one past the block's last. */
interface Position {
  readonly block: number;
  readonly slot: number;
  readonly nextSequence: number;
}

/** Where the newest record is. */
export interface Newest {
  readonly block: number;
  readonly slot: number;
  readonly sequence: number;
}

export class HistoryLog {
  readonly blocks: number;
  readonly slotsPerBlock: number;
  readonly #flash: FlashPartition;
  readonly #blockBytes: number;
  /**
   * The sequence of each block's first record: 4 bytes of RAM a block (1 KiB for 1 MiB of flash), so that no question
   * where a record is reads the flash.
   */
  readonly #firsts: Uint32Array;
  #position: Position | undefined;
  /** The highest of the records met since the last mount; at least ours. */
  #metVersion = HISTORY_VERSION;

  /**
   * Throws an invariant when the partition has fewer than two blocks (one is erased while the other keeps) or no room
   * for a slot.
   */
  constructor(flash: FlashPartition) {
    const { size, blockLength } = flash.status();
    this.#flash = flash;
    this.#blockBytes = blockLength;
    this.blocks = Math.floor(size / blockLength);
    this.slotsPerBlock = Math.floor(blockLength / SLOT_BYTES);
    if (!(this.blocks >= 2 && this.slotsPerBlock >= 1))
      throw new Error(`invariant: ${size} bytes of flash in blocks of ${blockLength} hold no ring`);
    this.#firsts = new Uint32Array(this.blocks).fill(NO_RECORD);
  }

  /**
   * Finds the write position; comes before anything else, and again after an append that threw. Writes nothing. Reads
   * the slots of each block up to its first record, nine at most, and one block whole. `nextSequence` is one above the
   * newest record's, 0 when there is none. Where newer firmware has recorded, nothing is mounted, and `newer` tells.
   */
  mount(): { readonly nextSequence: number } | { readonly newer: Newer } {
    this.#position = undefined;
    this.#metVersion = HISTORY_VERSION;
    let newest: { readonly block: number; readonly sequence: number } | undefined;
    for (let block = 0; block < this.blocks; block++) {
      const sequence = this.#firstSequence(block);
      this.#firsts[block] = sequence ?? NO_RECORD;
      if (sequence !== undefined && (newest === undefined || sequence > newest.sequence)) newest = { block, sequence };
    }
    // An empty ring is one about to enter block 0: that erases it, whatever it holds.
    let position: Position = { block: this.blocks - 1, slot: this.slotsPerBlock, nextSequence: 0 };
    if (newest) {
      const { block } = newest;
      this.#walk(block, (record, slot) => {
        position = { block, slot: slot + 1, nextSequence: record.sequence + 1 };
        return true;
      });
    }
    if (this.#metVersion > HISTORY_VERSION)
      return { newer: { name: "history", version: this.#metVersion, readsVersion: HISTORY_VERSION } };
    this.#position = position;
    return { nextSequence: position.nextSequence };
  }

  /**
   * Appends the record unless its sequence is below `nextSequence`: then it is stored already, and nothing happens. A
   * gap (events that were lost) is allowed. Throws what the flash throws, and when a slot does not read back as written
   * or a block does not erase; then mount again. Throws an invariant when a field does not fit or nothing is mounted.
   */
  append(record: HistoryRecord): void {
    const mounted = this.#mounted();
    if (record.sequence < mounted.nextSequence) return;
    const bytes = encodeRecord(record);
    this.#position = undefined;
    const { block, slot } = this.#erasedSlotFrom(mounted);
    const offset = this.#offset(block, slot);
    this.#flash.write(bytes, offset);
    // A slot left erased would hide what follows it in its block.
    if (!equalInConstantTime(this.#readSlot(block, slot), bytes))
      throw new Error(`history: flash at ${offset} does not hold what was written`);
    this.#position = { block, slot: slot + 1, nextSequence: record.sequence + 1 };
    if (this.#firsts[block] === NO_RECORD) this.#firsts[block] = record.sequence;
  }

  /** Undefined while there is no record. Throws an invariant when nothing is mounted, as the two below do. */
  get newest(): Newest | undefined {
    const { block, slot, nextSequence } = this.#mounted();
    return nextSequence === 0 ? undefined : { block, slot: slot - 1, sequence: nextSequence - 1 };
  }

  /** The sequence of a block's first record, from RAM; undefined for a block without a record. */
  firstSequence(block: number): number | undefined {
    this.#mounted();
    const first = this.#firsts[block];
    return first === NO_RECORD ? undefined : first;
  }

  /** Reads one slot: its record, that it is erased, or undefined where nothing legible stands. Throws what the flash does. */
  recordAt(block: number, slot: number): HistoryRecord | "erased" | undefined {
    this.#mounted();
    const bytes = this.#readSlot(block, slot);
    if (isErased(bytes)) return "erased";
    const record = decodeRecord(bytes);
    return record && "otherVersion" in record ? undefined : record;
  }

  /**
   * Visits the records with sequences `from` to `to`, both included, in ascending order; those that were overwritten or
   * torn are passed over. Reads only the blocks concerned, whole: historyWalk.ts goes step by step. `visit` must not
   * append.
   */
  read(from: number, to: number, visit: (record: HistoryRecord) => void): void {
    const { block: newest } = this.#mounted();
    const blockOfAge = (age: number): number => (newest + 1 + age) % this.blocks;
    let start = 0;
    for (let age = 0; age < this.blocks; age++) {
      const first = this.firstSequence(blockOfAge(age));
      if (first !== undefined && first <= from) start = age;
    }
    for (let age = start; age < this.blocks; age++) {
      const reachedEnd = this.#walk(blockOfAge(age), (record) => {
        if (record.sequence > to) return false;
        if (record.sequence >= from) visit(record);
        return true;
      });
      if (!reachedEnd) return;
    }
  }

  #mounted(): Position {
    if (!this.#position) throw new Error("invariant: the history is not mounted, or an append threw");
    return this.#position;
  }

  /** The first erased slot at or after the position, in its block or else in the next one, which is erased for it. */
  #erasedSlotFrom(position: Position): { readonly block: number; readonly slot: number } {
    for (let slot = position.slot; slot < this.slotsPerBlock; slot++)
      if (isErased(this.#readSlot(position.block, slot))) return { block: position.block, slot };
    const block = (position.block + 1) % this.blocks;
    this.#firsts[block] = NO_RECORD;
    this.#flash.eraseBlock(block, block + 1);
    for (let slot = 0; slot < this.slotsPerBlock; slot++)
      if (isErased(this.#readSlot(block, slot))) return { block, slot };
    throw new Error(`history: flash block ${block} does not erase`);
  }

  #firstSequence(block: number): number | undefined {
    let torn = 0;
    for (let slot = 0; slot < this.slotsPerBlock && torn <= TORN_FIRST_MAX; slot++) {
      const bytes = this.#readSlot(block, slot);
      if (isErased(bytes)) return undefined;
      const record = this.#recordIn(bytes);
      if (record) return record.sequence;
      torn += 1;
    }
    return undefined;
  }

  /** The record of a slot, or undefined where none of this version is. Notes the version of another. */
  #recordIn(bytes: Uint8Array): HistoryRecord | undefined {
    const record = decodeRecord(bytes);
    if (record === undefined || !("otherVersion" in record)) return record;
    this.#metVersion = Math.max(this.#metVersion, record.otherVersion);
    return undefined;
  }

  /**
   * Visits a block's records up to its first erased slot, as long as `visit` returns true; tells whether it always did.
   */
  #walk(block: number, visit: (record: HistoryRecord, slot: number) => boolean): boolean {
    for (let slot = 0; slot < this.slotsPerBlock; slot++) {
      const bytes = this.#readSlot(block, slot);
      if (isErased(bytes)) return true;
      const record = this.#recordIn(bytes);
      if (record && !visit(record, slot)) return false;
    }
    return true;
  }

  #offset(block: number, slot: number): number {
    return block * this.#blockBytes + slot * SLOT_BYTES;
  }

  #readSlot(block: number, slot: number): Uint8Array {
    return new Uint8Array(this.#flash.read(SLOT_BYTES, this.#offset(block, slot)));
  }
}
