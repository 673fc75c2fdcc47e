import assert from "node:assert/strict";
import { steadyClock } from "../../../host-sim/moddable/steadyClock.js";

describe("the simulator's clock on the wall", () => {
  const steady = (ticks: number) => {
    let now = ticks;
    const nowMs = steadyClock(
      () => now,
      (from, to) => (to - from) | 0,
    );
    return { nowMs, set: (to: number) => (now = to) };
  };

  it("counts from 0, past a wrap of its 32 bits", () => {
    const { nowMs, set } = steady(0x7fff_fff0);
    assert.equal(nowMs(), 0);
    set(0x7fff_ffff);
    assert.equal(nowMs(), 15);
    set(-0x8000_0000);
    assert.equal(nowMs(), 16);
  });

  it("stands still while the computer's time is set back, and goes on from there", () => {
    const { nowMs, set } = steady(1_000_000);
    set(1_000_500);
    assert.equal(nowMs(), 500);
    set(400_000);
    assert.equal(nowMs(), 500);
    set(400_020);
    assert.equal(nowMs(), 520);
  });

  it("lets a night of sleep, or a time set forward, pass in a second", () => {
    const { nowMs, set } = steady(0);
    set(8 * 3_600_000);
    assert.equal(nowMs(), 1_000);
    set(8 * 3_600_000 + 7);
    assert.equal(nowMs(), 1_007);
  });
});
