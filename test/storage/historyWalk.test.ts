import assert from "node:assert/strict";
import type { HistoryLog } from "../../firmware/storage/history.js";
import { countRecords, type Walk, walkBack, walkBackFromNewest, walkOn } from "../../firmware/storage/historyWalk.js";
import { FakeFlash, mounted, readAll, recordOf, SLOT_BYTES } from "./fake-flash.js";

const SLOTS = 5;

/** What a walk meets, in steps of at most `slotsMax` slots; `between` runs before each step. */
function walked(log: HistoryLog, flash: FakeFlash, from: number, to: number, slotsMax = SLOTS, between = () => {}) {
  const sequences: number[] = [];
  for (let walk: Walk | undefined = { next: from, to }; walk; ) {
    between();
    flash.slotsRead = 0;
    const step: ReturnType<typeof walkOn> = walkOn(log, walk, slotsMax);
    assert.ok(flash.slotsRead <= slotsMax, `${flash.slotsRead} slots in a step`);
    if (step.record) {
      assert.deepEqual(step.record, recordOf(step.record.sequence));
      sequences.push(step.record.sequence);
    }
    walk = step.walk;
  }
  return sequences;
}

function newestOf(log: HistoryLog, flash: FakeFlash): number | undefined {
  for (let walk = walkBackFromNewest(log); walk; ) {
    flash.slotsRead = 0;
    const step = walkBack(log, walk, SLOTS);
    assert.ok(flash.slotsRead <= SLOTS);
    if (step.record) return step.record.sequence;
    walk = step.walk;
  }
  return undefined;
}

function filled(blocks: number, slotsPerBlock: number, count: number, sequenceOf = (index: number) => index) {
  const flash = new FakeFlash(blocks, slotsPerBlock);
  const { log } = mounted(flash);
  for (let index = 0; index < count; index++) log.append(recordOf(sequenceOf(index)));
  return { flash, log };
}

/** Rots the slot of a record. */
function rot(flash: FakeFlash, sequence: number): void {
  for (let at = 0; at < flash.memory.length; at += SLOT_BYTES)
    if (new DataView(flash.memory.buffer, at).getUint32(0, true) === sequence) flash.memory.set([0x5a, 0xa5], at + 9);
}

describe("a walk through the history", () => {
  it("meets what a reading of the whole meets, whatever the range, the ring's state and the step", () => {
    for (const count of [0, 1, 3, 4, 5, 17, 30, 38]) {
      const { flash, log } = filled(4, 4, count);
      const all = readAll(log);
      for (let from = 0; from < 42; from += 3)
        for (const to of [0, 5, 16, 29, 37, 50])
          for (const slotsMax of [2, 5, 100]) {
            const expected = all.filter((sequence) => sequence >= from && sequence <= to);
            assert.deepEqual(walked(log, flash, from, to, slotsMax), expected, `${count}: ${from} to ${to}`);
            assert.equal(countRecords(log, from, to), expected.length, `${count}: number of ${from} to ${to}`);
          }
      assert.equal(newestOf(log, flash), all.at(-1));
      assert.equal(countRecords(log, 0, Number.POSITIVE_INFINITY), all.length);
    }
  });

  it("passes over what is torn or rotten, hides nothing behind it, and ends where all of it is (SR-67)", () => {
    for (let mask = 0; mask < 256; mask++) {
      const { flash, log } = filled(3, 4, 11);
      for (let bit = 0; bit < 8; bit++) if ((mask >> bit) & 1) rot(flash, 3 + bit);
      const expected = [...Array(11).keys()].filter((each) => each < 3 || !((mask >> (each - 3)) & 1));
      for (const log_ of [log, mounted(flash).log]) {
        assert.deepEqual(walked(log_, flash, 0, 20, 3), expected);
        assert.equal(newestOf(log_, flash), expected.at(-1));
        assert.ok(countRecords(log_, 0, 20) >= expected.length);
      }
    }
    const { flash, log } = filled(3, 4, 11);
    flash.memory.fill(0x5a);
    assert.deepEqual(walked(log, flash, 0, 20, 3), []);
    assert.equal(newestOf(log, flash), undefined);
  });

  it("counts a block for no more than it holds where numbers were lost", () => {
    const { flash, log } = filled(5, 4, 10, (index) => (index < 6 ? index : index + 1000));
    const all = readAll(log);
    for (const from of [0, 5, 6, 900, 1006, 1009])
      for (const to of [5, 900, 1007, 2000]) {
        const expected = all.filter((sequence) => sequence >= from && sequence <= to);
        assert.deepEqual(walked(log, flash, from, to, 2), expected);
        const count = countRecords(log, from, to);
        assert.ok(count >= expected.length && count <= all.length, `${count} for ${expected.length}`);
      }
  });

  it("is not disturbed by what is recorded meanwhile, even where that erases the block it stands in", () => {
    for (let each = 0; each <= 6; each++) {
      const { flash, log } = filled(4, 4, 20);
      const before = readAll(log);
      let next = 20;
      const met = walked(log, flash, 0, 19, SLOTS, () => {
        for (let more = 0; more < each; more++) log.append(recordOf(next++));
      });
      assert.deepEqual(
        met,
        [...new Set(met)].sort((a, b) => a - b),
        "ascending, none twice",
      );
      assert.ok(met.every((sequence) => before.includes(sequence)));
      if (each <= 1) assert.equal(met.at(-1), 19);
      const kept = readAll(log).filter((sequence) => sequence <= 19);
      assert.ok(
        kept.every((sequence) => met.includes(sequence)),
        "what is still there was met",
      );
    }
  });

  it("finds its place in a full ring of 1 MiB with one read, whatever it looks for, and the oldest go by block", () => {
    const flash = new FakeFlash(256, 128);
    const { log } = mounted(flash);
    const held = 256 * 128;
    const extra = 300;
    // 90 days of 285 events fit, and more.
    assert.ok(90 * 285 < held - 128);
    for (let sequence = 0; sequence < held + extra; sequence++) log.append(recordOf(sequence));
    const newest = held + extra - 1;
    const oldest = 3 * 128;
    const reads = (run: () => unknown): number => {
      flash.slotsRead = 0;
      run();
      return flash.slotsRead;
    };
    for (const from of [oldest, oldest + 1, 5_000, 20_479, 20_480, newest - 300, newest]) {
      const first = (sequence: number) => walkOn(log, { next: sequence, to: newest }, 16).record?.sequence;
      assert.equal(first(from), from);
      assert.ok(reads(() => first(from)) <= 2);
      assert.equal(
        reads(() => assert.equal(countRecords(log, from, newest), newest - from + 1)),
        0,
      );
    }
    assert.equal(walkOn(log, { next: 0, to: newest }, 16).record?.sequence, oldest, "the oldest, for one before it");
    assert.equal(countRecords(log, 0, newest), held - 128 + (extra % 128));
    assert.equal(
      reads(() => assert.equal(newestOf(log, flash), newest)),
      0 + 1,
    );
  });
});
