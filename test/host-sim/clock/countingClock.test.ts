import assert from "node:assert/strict";
import { CountingClock } from "../../../host-sim/clock/countingClock.js";
import { VirtualClock } from "../../../host-sim/clock/virtualClock.js";

describe("a counting clock", () => {
  it("counts its own events that have begun in the millisecond, and not those of others", () => {
    const shared = new VirtualClock();
    const clock = new CountingClock(shared);
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name} ${clock.nowMs} ${clock.eventsThisMs}`);
    clock.schedule(note("own"), 5);
    shared.schedule(note("other"), 5);
    clock.schedule(note("own"), 5);
    shared.schedule(note("other"), 6);
    clock.schedule(note("cancelled"), 6).cancel();
    clock.schedule(note("own"), 7);
    shared.advance(10);
    assert.deepEqual(seen, ["own 5 1", "other 5 1", "own 5 2", "other 6 0", "own 7 1"]);
    assert.equal(clock.eventsThisMs, 0);
  });
});
