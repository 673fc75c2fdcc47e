import assert from "node:assert/strict";
import { Random, xoshiro128 } from "../../../host-sim/clock/random.js";

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.uint32());

describe("simulation's random numbers", () => {
  it("are xoshiro128** as the rand_xoshiro crate tests it", () => {
    const state = Int32Array.of(1, 2, 3, 4);
    const outputs = Array.from({ length: 10 }, () => xoshiro128(state));
    assert.deepEqual(
      outputs,
      [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804],
    );
  });

  it("repeat for a seed, and differ between seeds and streams", () => {
    assert.deepEqual(draw(new Random(7, 1), 8), draw(new Random(7, 1), 8));
    const starts = [new Random(7), new Random(8), new Random(7, 1), new Random(0), new Random(1, 7)];
    assert.equal(new Set(starts.map((random) => random.uint32())).size, starts.length);
  });

  it("fill a range evenly, and refuse an empty one", () => {
    const random = new Random(3);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 6_000; i++) {
      const value = random.below(6);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const count of counts) assert.ok(count > 850 && count < 1_150, `${counts}`);
    assert.throws(() => random.below(0), RangeError);
    assert.equal(random.bytes(1_000).length, 1_000);
    assert.ok(new Set(random.bytes(1_000)).size > 230);
  });
});
