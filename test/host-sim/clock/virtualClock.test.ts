import assert from "node:assert/strict";
import { Random } from "../../../host-sim/clock/random.js";
import { VirtualClock } from "../../../host-sim/clock/virtualClock.js";

describe("virtual clock", () => {
  it("jumps from event to event, in order of time and then of scheduling", () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    for (const [name, delayMs] of [
      ["c", 5],
      ["a", 2],
      ["d", 5],
      ["b", 2],
      ["e", 3_600_000],
    ] as const)
      clock.schedule(() => seen.push(`${name}${clock.nowMs}`), delayMs);
    while (clock.runNext());
    assert.deepEqual(seen, ["a2", "b2", "c5", "d5", "e3600000"]);
  });

  it("stops before the events of a millisecond when asked to, and is at that millisecond", () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    for (const delayMs of [3, 5, 5, 6]) clock.schedule(() => seen.push(clock.nowMs), delayMs);
    clock.runBefore(5);
    assert.deepEqual([seen, clock.nowMs, clock.nextEventMs], [[3], 5, 5]);
    clock.runBefore(4);
    assert.deepEqual([seen, clock.nowMs], [[3], 5]);
    clock.runBefore(100);
    assert.deepEqual([seen, clock.nowMs], [[3, 5, 5, 6], 100]);
    assert.throws(() => clock.runBefore(0.5), RangeError);
  });

  it("agrees with a sorted list on 2,000 events, two thirds of them cancelled", () => {
    const clock = new VirtualClock();
    const random = new Random(11);
    const seen: number[] = [];
    const expected: { id: number; dueMs: number }[] = [];
    const dropped: { cancel(): void }[] = [];
    for (let id = 0; id < 2_000; id++) {
      const dueMs = random.below(500);
      const event = clock.schedule(() => seen.push(id), dueMs);
      if (id % 3 === 0) expected.push({ id, dueMs });
      else dropped.push(event);
    }
    for (const event of dropped) event.cancel();
    clock.advance(500);
    assert.deepEqual(
      seen,
      expected.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id).map(({ id }) => id),
    );
  });

  it("runs events that an event schedules, and lets all of the time pass", () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    const again = () => {
      seen.push(clock.nowMs);
      clock.schedule(again, 10);
    };
    clock.schedule(again, 0);
    clock.advance(35);
    assert.deepEqual(seen, [0, 10, 20, 30]);
    assert.equal(clock.nowMs, 35);
    clock.advance(5);
    assert.equal(seen.at(-1), 40);
  });

  it("cancels a pending event only, and once", () => {
    const clock = new VirtualClock();
    let runs = 0;
    const ran = clock.schedule(() => runs++, 1);
    const pending = clock.schedule(() => runs++, 2);
    clock.runNext();
    ran.cancel();
    pending.cancel();
    pending.cancel();
    assert.equal(clock.runNext(), false);
    assert.equal(clock.nextEventMs, undefined);
    assert.equal(runs, 1);
  });

  it("stops at the event that fulfils the predicate, or when the limit has passed", () => {
    const clock = new VirtualClock();
    let count = 0;
    for (let i = 1; i <= 5; i++) clock.schedule(() => count++, 10 * i);
    assert.equal(
      clock.runUntil(() => count === 3, 1_000),
      true,
    );
    assert.equal(clock.nowMs, 30);
    assert.equal(
      clock.runUntil(() => count === 5, 15),
      false,
    );
    assert.equal(clock.nowMs, 45);
    assert.equal(count, 4);
  });

  it("refuses fractions of a millisecond and time running back", () => {
    const clock = new VirtualClock();
    for (const delayMs of [0.5, -1, Number.NaN, Infinity]) {
      assert.throws(() => clock.schedule(() => {}, delayMs), RangeError);
      assert.throws(() => clock.advance(delayMs), RangeError);
    }
  });

  it("reports an event that reschedules itself without delay for ever", () => {
    const clock = new VirtualClock();
    const again = () => {
      clock.schedule(again, 0);
    };
    again();
    assert.throws(() => clock.advance(1), /stands still at 0 ms/);
  });
});
