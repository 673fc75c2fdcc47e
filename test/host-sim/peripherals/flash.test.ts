import assert from "node:assert/strict";
import { Random } from "../../../host-sim/clock/random.js";
import { FlashMemory } from "../../../host-sim/peripherals/flash.js";
import { PowerCut } from "../../../host-sim/peripherals/power.js";
import { Bench } from "./bench.js";

describe("raw flash", () => {
  const opened = (seed = 1) => {
    const bench = new Bench();
    const memory = new FlashMemory(new Random(seed), 4 * 4_096);
    return { bench, memory, partition: memory.open(bench.session) };
  };
  const bytes = (buffer: ArrayBuffer) => [...new Uint8Array(buffer)];

  it("is 1 MiB in blocks of 4,096 bytes unless asked otherwise, erased", () => {
    const partition = new FlashMemory(new Random(1)).open(new Bench().session);
    assert.deepEqual(partition.status(), { size: 1_048_576, blockLength: 4_096 });
    assert.deepEqual(bytes(partition.read(2, 1_048_574)), [0xff, 0xff]);
    assert.throws(() => new FlashMemory(new Random(1), 5_000), RangeError);
  });

  it("only clears bits on writing, and sets them by erasing whole blocks", () => {
    const { memory, partition } = opened();
    partition.write(Uint8Array.of(0b1100, 0xaa), 4_095);
    partition.write(Uint8Array.of(0b1010), 4_095);
    assert.deepEqual(bytes(partition.read(3, 4_095)), [0b1000, 0xaa, 0xff]);
    partition.eraseBlock(1, 2);
    assert.deepEqual(bytes(partition.read(2, 4_095)), [0b1000, 0xff]);
    partition.eraseBlock(0, 3);
    assert.deepEqual(bytes(partition.read(2, 4_095)), [0xff, 0xff]);
    assert.deepEqual(
      [0, 1, 2, 3].map((block) => memory.erasures(block)),
      [1, 2, 1, 0],
    );
  });

  it("refuses what is not in the partition", () => {
    const { bench, memory, partition } = opened();
    assert.throws(() => partition.write(Uint8Array.of(1, 2), 4 * 4_096 - 1), RangeError);
    assert.throws(() => partition.read(1, -1), RangeError);
    assert.throws(() => partition.eraseBlock(3, 5), RangeError);
    assert.throws(() => partition.eraseBlock(2, 1), RangeError);
    assert.throws(() => memory.corrupt(4 * 4_096, 1), RangeError);
    assert.equal(bench.operations.length, 0);
  });

  it("tears a write anywhere, its ends included: written before the tear, untouched behind it", () => {
    const written = Uint8Array.of(1, 2, 3, 4);
    const tears = new Set<number>();
    let partlyWritten = 0;
    for (let seed = 0; seed < 100; seed++) {
      const { bench, memory, partition } = opened(seed);
      bench.cutPhase = "during";
      assert.throws(() => partition.write(written, 8), PowerCut);
      const found = bytes(memory.open(bench.powerUp()).read(4, 8));
      let tear = 0;
      while (tear < 4 && found[tear] === written[tear]) tear++;
      tears.add(tear);
      const torn = found[tear] ?? 0xff;
      const aim = written[tear] ?? 0xff;
      assert.equal(torn & aim, aim, "no bit is cleared that should stay");
      if (torn !== 0xff) partlyWritten++;
      assert.deepEqual(found.slice(tear + 1), new Array(Math.max(0, 3 - tear)).fill(0xff));
    }
    assert.deepEqual([...tears].sort(), [0, 1, 2, 3, 4]);
    assert.ok(partlyWritten > 10);
  });

  it("tears an erasure: erased before the tear, as it was behind it", () => {
    const tears = new Set<number>();
    for (let seed = 0; seed < 10; seed++) {
      const { bench, memory, partition } = opened(seed);
      partition.write(new Uint8Array(8_192), 0);
      bench.cutPhase = "during";
      assert.throws(() => partition.eraseBlock(0, 2), PowerCut);
      const found = bytes(memory.open(bench.powerUp()).read(8_192, 0));
      const tear = found.findIndex((byte) => byte !== 0xff);
      tears.add(tear);
      assert.ok(found.slice(tear + 1).every((byte) => byte === 0));
    }
    assert.ok(tears.size > 5);
  });

  it("does nothing or everything when the power goes before or after", () => {
    for (const phase of ["before", "after"] as const) {
      const { bench, memory, partition } = opened();
      bench.cutPhase = phase;
      assert.throws(() => partition.write(Uint8Array.of(0), 0), PowerCut);
      assert.throws(() => partition.read(1, 0), PowerCut);
      assert.throws(() => partition.status(), PowerCut);
      assert.deepEqual(bytes(memory.open(bench.powerUp()).read(1, 0)), phase === "after" ? [0] : [0xff]);
    }
  });

  it("rots by the bits asked for", () => {
    const { memory, partition } = opened();
    memory.corrupt(3, 0x10);
    assert.deepEqual(bytes(partition.read(2, 3)), [0xef, 0xff]);
  });
});
