import assert from "node:assert/strict";
import fc from "fast-check";
import type { HistoryLog } from "../../firmware/storage/history.js";
import { type Cut, ERASES, FakeFlash, mounted, noise, PowerCut, readAll, recordOf, SLOT_BYTES } from "./fake-flash.js";

const SEED = 20_161_004;

/** Everything that must be there is, in order, once, and nothing else but what the cut left open. */
function checkAgainstModel(flash: FakeFlash, log: HistoryLog, place: string): void {
  const read = readAll(log);
  for (let i = 1; i < read.length; i++) assert.ok((read[i - 1] ?? 0) < (read[i] ?? 0), `${place}: ${read}`);
  const must = flash.must.flat();
  const allowed = new Set([...must, ...flash.may.flat()]);
  for (const sequence of must) assert.ok(read.includes(sequence), `${place}: ${sequence} is not in ${read}`);
  for (const sequence of read) assert.ok(allowed.has(sequence), `${place}: ${sequence} came from nowhere`);
}

/** Appends as the firmware does: after a cut it mounts again and appends again from well before the one that failed. */
function appendThrough(flash: FakeFlash, from: number, to: number, cuts: readonly Cut[], place: string): HistoryLog {
  let { log } = mounted(flash);
  const pending = [...cuts];
  const arm = (): void => {
    const cut = pending.shift();
    if (cut) flash.cutPower(cut);
    else flash.cut = undefined;
  };
  arm();
  for (let sequence = from; sequence <= to; sequence++) {
    try {
      log.append(recordOf(sequence));
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      arm();
      const again = mounted(flash);
      log = again.log;
      const known = flash.must.flat().length === 0 ? 0 : sequence;
      assert.ok([known, sequence + 1].includes(again.nextSequence), `${place}: at ${sequence}`);
      checkAgainstModel(flash, log, `${place}, cut at ${sequence}`);
      sequence = Math.max(from, sequence - 3) - 1;
    }
  }
  checkAgainstModel(flash, log, place);
  checkAgainstModel(flash, mounted(flash).log, `${place}, mounted again`);
  return log;
}

describe("history log, power cuts and damage", () => {
  it("survives a power cut at every operation: every byte of a write, every kind of torn erase", () => {
    const whole = new FakeFlash(3, 4);
    appendThrough(whole, 0, 29, [], "no cut");
    for (let operation = 1; operation <= whole.operations; operation++) {
      for (let bytes = 0; bytes <= SLOT_BYTES; bytes++) {
        const place = `operation ${operation}, ${bytes} bytes`;
        const flash = new FakeFlash(3, 4);
        const erase = ERASES[bytes % ERASES.length] ?? ((old: number) => old);
        const log = appendThrough(flash, 0, 29, [{ operation, bytes, erase }], place);
        const kept = readAll(log);
        assert.equal(kept.at(-1), 29, place);
        assert.ok(kept.length >= 2 * 4 - 1, `${place}: only ${kept}`);
      }
    }
  });

  it(`survives cut after cut, with gaps, against the model (seed ${SEED})`, () => {
    const cut = fc.record({
      operation: fc.integer({ min: 1, max: 9 }),
      bytes: fc.integer({ min: 0, max: SLOT_BYTES }),
      erase: fc.oneof(
        fc.constantFrom(...ERASES),
        fc.nat().map((seed) => (old: number, at: number) => old | noise(seed, at)),
        fc.nat().map((seed) => (_: number, at: number) => noise(seed, at)),
      ),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(cut, { maxLength: 12 }),
        fc.integer({ min: 0, max: 0x1ff }),
        (blocks, slots, cuts, from) => {
          const flash = new FakeFlash(blocks, slots);
          const log = appendThrough(flash, from, from + 40, cuts, "cuts");
          assert.equal(readAll(log).at(-1), from + 40);
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("loses one record at most to a flipped bit, and goes on", () => {
    const original = new FakeFlash(3, 4);
    appendThrough(original, 0, 17, [], "before");
    const all = readAll(mounted(original).log);
    for (let at = 0; at < original.memory.length; at++)
      for (const mask of [0x01, 0x80]) {
        const flash = new FakeFlash(3, 4);
        flash.memory.set(original.memory);
        flash.memory[at] = (flash.memory[at] ?? 0) ^ mask;
        const { log } = mounted(flash);
        const read = readAll(log);
        assert.ok(read.length >= all.length - 1, `byte ${at}: ${read}`);
        assert.ok(read.every((sequence) => all.includes(sequence)));
        log.append(recordOf(18));
        assert.equal(readAll(mounted(flash).log).at(-1), 18);
      }
  });
});
