import assert from "node:assert/strict";
import { CHECK_BYTES, withCheck } from "../../firmware/storage/checked.js";
import { HistoryLog } from "../../firmware/storage/history.js";
import { FakeFlash, mounted, readAll, recordOf, SLOT_BYTES } from "./fake-flash.js";

/** After sequence, event, offset, clock, length and data. */
const FORMAT_OFFSET = 25;

/** Makes the record of a sequence one that newer firmware wrote. */
function asVersion(flash: FakeFlash, sequence: number, version: number): void {
  const { memory } = flash;
  for (let at = 0; at < memory.length; at += SLOT_BYTES) {
    const slot = memory.subarray(at, at + SLOT_BYTES);
    if (new DataView(memory.buffer, at).getUint32(0, true) !== sequence) continue;
    slot[FORMAT_OFFSET] = version;
    slot.set(withCheck(slot.slice(0, SLOT_BYTES - CHECK_BYTES)));
  }
}

describe("history log", () => {
  it("is empty on an erased partition, and on one full of anything else", () => {
    for (const fill of [0xff, 0x00, 0x5a]) {
      const flash = new FakeFlash(3, 4, fill);
      const { log, nextSequence } = mounted(flash);
      assert.equal(nextSequence, 0);
      assert.deepEqual(readAll(log), []);
      for (let sequence = 0; sequence < 20; sequence++) log.append(recordOf(sequence));
      assert.deepEqual(readAll(mounted(flash).log), [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    }
  });

  it("keeps at least all blocks but one of the newest records, in order, at every length and after every mount", () => {
    const flash = new FakeFlash(4, 3);
    let { log } = mounted(flash);
    for (let sequence = 0; sequence < 60; sequence++) {
      log.append(recordOf(sequence));
      const again = mounted(flash);
      assert.equal(again.nextSequence, sequence + 1);
      const kept = readAll(log);
      assert.deepEqual(readAll(again.log), kept);
      assert.ok(kept.length >= Math.min(sequence + 1, 9 + 1));
      assert.deepEqual(
        kept,
        kept.map((_, index) => sequence - kept.length + 1 + index),
      );
      if (sequence % 5 === 0) log = again.log;
    }
    assert.deepEqual(
      flash.erased,
      flash.erased.map((_, index) => index % 4),
      "each block is erased in turn, once a round",
    );
  });

  it("lays a record out in 32 bytes: fields little-endian, unused data and reserve FF, check last", () => {
    const flash = new FakeFlash(2, 2);
    const { log } = mounted(flash);
    log.append({
      sequence: 0x04030201,
      event: 0x0605,
      relativeOffsetS: 0x0807,
      pumpClockMs: 0x0e0d0c0b0a09,
      data: Uint8Array.of(0xaa, 0xbb),
    });
    const expected = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 2, 0xaa, 0xbb, ...new Array(11).fill(0xff)];
    assert.deepEqual([...flash.memory.subarray(0, 28)], expected);
    // The CRC-32 that zlib gives for the 28 bytes before.
    assert.equal(new DataView(flash.memory.buffer).getUint32(28, true), 0x22a66bd1);
  });

  it("reads a range with both ends, whichever blocks it lies in", () => {
    const flash = new FakeFlash(5, 4);
    const { log } = mounted(flash);
    for (let sequence = 0; sequence < 38; sequence++) log.append(recordOf(sequence));
    const all = readAll(log);
    for (let from = 0; from < 42; from++)
      for (let to = 0; to < 42; to++)
        assert.deepEqual(
          readAll(log, from, to),
          all.filter((sequence) => sequence >= from && sequence <= to),
        );
  });

  it("ignores a record it already has, and allows a gap", () => {
    const flash = new FakeFlash(3, 4);
    const { log } = mounted(flash);
    for (const sequence of [0, 1, 1, 0, 7, 3, 7, 9]) log.append(recordOf(sequence));
    assert.deepEqual(readAll(log), [0, 1, 7, 9]);
    assert.equal(mounted(flash).nextSequence, 10);
    assert.deepEqual(readAll(log, 2, 8), [7]);
  });

  it("holds the last of all sequences", () => {
    const flash = new FakeFlash(2, 2);
    const { log } = mounted(flash);
    log.append(recordOf(0xfffffffe));
    log.append(recordOf(0xffffffff));
    const again = mounted(flash);
    assert.deepEqual(readAll(again.log), [0xfffffffe, 0xffffffff]);
    assert.throws(() => again.log.append(recordOf(again.nextSequence)), /^Error: invariant/);
  });

  it("reads the first record of each block and the slots of those concerned, not the whole flash", () => {
    const flash = new FakeFlash(16, 16);
    const { log } = mounted(flash);
    for (let sequence = 0; sequence < 16 * 16 + 20; sequence++) log.append(recordOf(sequence));
    flash.slotsRead = 0;
    mounted(flash);
    assert.ok(flash.slotsRead <= 16 + 16, `${flash.slotsRead} slots`);
    flash.slotsRead = 0;
    assert.deepEqual(readAll(log, 200, 203), [200, 201, 202, 203]);
    assert.ok(flash.slotsRead <= 16 + 16, `${flash.slotsRead} slots`);
    flash.slotsRead = 0;
    assert.deepEqual(readAll(log, 208, 210), [208, 209, 210]);
    assert.ok(flash.slotsRead <= 16 + 4, `${flash.slotsRead} slots`);
    flash.slotsRead = 0;
    log.append(recordOf(16 * 16 + 20));
    assert.ok(flash.slotsRead <= 2, "the slot before the write and after it");
    const empty = new FakeFlash(16, 16);
    mounted(empty);
    assert.ok(empty.slotsRead <= 16, `${empty.slotsRead} slots`);
  });

  it("passes over another program's bytes in bounded reads at every boot, and begins among them (SR-67)", () => {
    const flash = new FakeFlash(16, 128);
    for (let at = 0; at < flash.memory.length; at++) flash.memory[at] = (at * 2_654_435_761) >>> 24;
    const first = new HistoryLog(flash);
    assert.deepEqual(first.mount(), { nextSequence: 0 });
    assert.ok(flash.slotsRead <= 16 * 9);
    first.append(recordOf(0));
    flash.slotsRead = 0;
    assert.deepEqual(new HistoryLog(flash).mount(), { nextSequence: 1 });
    assert.ok(flash.slotsRead <= 16 * 9 + 128, `${flash.slotsRead}`);
  });

  it("finds a block's records behind eight torn slots, more than cuts leave there (SR-67)", () => {
    const flash = new FakeFlash(2, 16);
    const log = new HistoryLog(flash);
    log.mount();
    for (let sequence = 0; sequence < 12; sequence++) log.append(recordOf(sequence));
    flash.memory.fill(0x55, 0, 8 * SLOT_BYTES);
    assert.deepEqual(new HistoryLog(flash).mount(), { nextSequence: 12 });
  });

  it("throws when the flash does not store or erase, and after that until it is mounted again", () => {
    const flash = new FakeFlash(2, 2);
    const { log } = mounted(flash);
    log.append(recordOf(0));
    const write = flash.write.bind(flash);
    flash.write = () => {};
    assert.throws(() => log.append(recordOf(1)), /does not hold/);
    assert.throws(() => log.append(recordOf(1)), /^Error: invariant/);
    assert.throws(() => readAll(log), /^Error: invariant/);
    flash.write = write;
    log.mount();
    log.append(recordOf(1));
    flash.memory.fill(0, 2 * SLOT_BYTES);
    flash.eraseBlock = () => {};
    assert.throws(() => log.append(recordOf(2)), /does not erase/);
    assert.deepEqual(readAll(mounted(flash).log), [0, 1]);
  });

  it("mounts nothing where newer firmware has recorded, wherever its records begin, and writes nothing (SR-73)", () => {
    for (let own = 0; own <= 14; own++)
      for (const version of [2, 3, 0xfe]) {
        const flash = new FakeFlash(3, 4);
        const { log } = mounted(flash);
        for (let sequence = 0; sequence <= own; sequence++) log.append(recordOf(sequence));
        asVersion(flash, own, version);
        const before = flash.memory.slice();
        const again = new HistoryLog(flash);
        assert.deepEqual(again.mount(), { newer: { name: "history", version, readsVersion: 1 } });
        assert.throws(() => again.append(recordOf(own + 1)), /^Error: invariant/);
        assert.throws(() => readAll(again), /^Error: invariant/);
        assert.deepEqual(flash.memory, before);
      }
  });

  it("takes a rotten format byte for a torn record", () => {
    const flash = new FakeFlash(3, 4);
    const { log } = mounted(flash);
    for (let sequence = 0; sequence < 6; sequence++) log.append(recordOf(sequence));
    flash.memory[5 * SLOT_BYTES + FORMAT_OFFSET] = 2;
    assert.deepEqual(readAll(mounted(flash).log), [0, 1, 2, 3, 4]);
  });

  it("refuses what is our own mistake: an unmounted log, too much data, a partition that is no ring", () => {
    const flash = new FakeFlash(2, 2);
    assert.throws(() => new HistoryLog(flash).append(recordOf(0)), /^Error: invariant/);
    const { log } = mounted(flash);
    assert.throws(() => log.append({ ...recordOf(0), data: new Uint8Array(11) }), /^Error: invariant/);
    log.append(recordOf(0));
    assert.deepEqual(readAll(log), [0]);
    assert.throws(() => new HistoryLog(new FakeFlash(1, 4)), /^Error: invariant/);
    assert.throws(() => new HistoryLog(new FakeFlash(4, 0)), /^Error: invariant/);
  });
});
