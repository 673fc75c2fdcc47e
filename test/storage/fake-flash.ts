/**
 * Raw flash whose power can be cut inside any write or erase, and a history of made-up records to put in it.
 */

import assert from "node:assert/strict";
import type { FlashPartition } from "../../firmware/board.js";
import { HistoryLog } from "../../firmware/storage/history.js";
import type { HistoryRecord } from "../../firmware/storage/historyRecord.js";

export const SLOT_BYTES = 32;

export class PowerCut extends Error {}

/** Where the power goes: at operation number `operation` (1 is the next write or erase), so far into it. */
export interface Cut {
  readonly operation: number;
  /** Bytes a write still stores, 0 to 32. */
  readonly bytes: number;
  /** What an erase leaves: each byte of the block from its old value. */
  readonly erase: (old: number, at: number) => number;
}

/** A write of a record, or an erase of a block; the trivial model of the ring is the set of records these leave. */
export class FakeFlash implements FlashPartition {
  readonly memory: Uint8Array;
  readonly blockLength: number;
  /** Sequences that each block must hold, and those it may hold (being written or erased at a cut). */
  readonly must: number[][];
  readonly may: number[][];
  readonly erased: number[] = [];
  operations = 0;
  slotsRead = 0;
  cut: Cut | undefined;

  constructor(blocks: number, slotsPerBlock: number, fill = 0xff) {
    this.blockLength = slotsPerBlock * SLOT_BYTES;
    this.memory = new Uint8Array(blocks * this.blockLength).fill(fill);
    this.must = Array.from({ length: blocks }, () => []);
    this.may = Array.from({ length: blocks }, () => []);
  }

  read(lengthBytes: number, offset: number): ArrayBuffer {
    assert.ok(offset >= 0 && offset + lengthBytes <= this.memory.length);
    this.slotsRead += 1;
    return this.memory.slice(offset, offset + lengthBytes).buffer;
  }

  write(bytes: Uint8Array, offset: number): void {
    assert.equal(bytes.length, SLOT_BYTES);
    const old = this.memory.subarray(offset, offset + bytes.length);
    assert.equal(old.length, SLOT_BYTES);
    assert.ok(
      old.every((byte) => byte === 0xff),
      "wrote to a slot that is not erased",
    );
    const block = Math.floor(offset / this.blockLength);
    const sequence = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    this.operations += 1;
    const cut = this.operations === this.cut?.operation ? this.cut : undefined;
    old.set(bytes.subarray(0, cut?.bytes ?? SLOT_BYTES));
    (cut ? this.may : this.must)[block]?.push(sequence);
    if (cut) throw new PowerCut();
  }

  eraseBlock(from: number, to: number): void {
    assert.equal(to, from + 1);
    assert.ok(from >= 0 && from < this.must.length);
    this.operations += 1;
    this.erased.push(from);
    const cut = this.operations === this.cut?.operation ? this.cut : undefined;
    const block = this.memory.subarray(from * this.blockLength, to * this.blockLength);
    block.set(block.map((old, at) => cut?.erase(old, at) ?? 0xff));
    this.may[from] = cut ? [...(this.may[from] ?? []), ...(this.must[from] ?? [])] : [];
    this.must[from] = [];
    if (cut) throw new PowerCut();
  }

  status() {
    return { size: this.memory.length, blockLength: this.blockLength };
  }

  cutPower(cut: Cut): void {
    this.cut = { ...cut, operation: this.operations + cut.operation };
  }
}

/** Bits of no meaning that are the same in every run. */
export const noise = (seed: number, at: number): number =>
  (Math.imul(seed + at * 0x9e37 + 1, 0x85ebca6b) >>> 13) & 0xff;

export const ERASES: readonly Cut["erase"][] = [
  (old) => old,
  () => 0xff,
  (old, at) => (at < 70 ? 0xff : old),
  (old, at) => (at < 45 ? old : 0xff),
  (old, at) => old | noise(3, at),
  (_, at) => noise(5, at),
  () => 0,
];

export const recordOf = (sequence: number): HistoryRecord => ({
  sequence,
  event: (sequence * 257) & 0xffff,
  relativeOffsetS: sequence & 0xffff,
  pumpClockMs: sequence * 60_000 + 2 ** 40,
  data: new Uint8Array(sequence % 11).fill(sequence & 0xff),
});

export function readAll(log: HistoryLog, from = 0, to = 0xffffffff): number[] {
  const sequences: number[] = [];
  log.read(from, to, (record) => {
    assert.deepEqual(record, recordOf(record.sequence));
    sequences.push(record.sequence);
  });
  return sequences;
}

export function mounted(flash: FlashPartition): { log: HistoryLog; nextSequence: number } {
  const log = new HistoryLog(flash);
  const mounted = log.mount();
  assert.ok("nextSequence" in mounted, "newer firmware has recorded");
  return { log, nextSequence: mounted.nextSequence };
}
