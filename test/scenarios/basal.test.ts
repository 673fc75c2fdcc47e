/**
 * Basal insulin against a reference of this test's own: rates in integers over integer milliseconds, a pulse whenever
 * 0.05 U are owed. What the coils do must agree with it to the millisecond.
 */

import assert from "node:assert/strict";
import { COMMAND, encodeBare } from "../../host-sim/controller/ids.js";
import {
  assertDisplaced,
  assertSound,
  bolusOf,
  CODE,
  HOUR_MS,
  inSession,
  lastTracedMs,
  listenToPulses,
  MINUTE_MS,
  oldestAnnunciation,
  quietScene,
  RUN,
  rigWith,
  STOP,
  tbrOf,
} from "./scene.js";

const U = 1_000_000;
const PULSE_MICROUNITS = 50_000;
/** A pulse in microunits an hour times milliseconds. */
const PULSE_OWED = PULSE_MICROUNITS * HOUR_MS;
const TBR_CANCELED = 0x33f;
const CANCEL_TBR = encodeBare(COMMAND.cancelTbr);

/** From `fromMs` on this rate, until the next one. */
interface Rate {
  readonly fromMs: number;
  readonly microunitsPerHour: number;
}

/** When each pulse is due, from the first rate's begin to `untilMs`. Exact: all numbers stay integers below 2^53. */
function pulsesDue(rates: readonly Rate[], untilMs: number): readonly number[] {
  const due: number[] = [];
  let owed = 0;
  for (const [i, { fromMs, microunitsPerHour }] of rates.entries()) {
    const toMs = Math.min(rates[i + 1]?.fromMs ?? untilMs, untilMs);
    for (let nowMs = fromMs; nowMs < toMs; ) {
      const waitMs = microunitsPerHour > 0 ? Math.ceil((PULSE_OWED - owed) / microunitsPerHour) : toMs - nowMs;
      const passMs = Math.min(waitMs, toMs - nowMs);
      nowMs += passMs;
      owed += microunitsPerHour * passMs;
      if (owed < PULSE_OWED) continue;
      owed -= PULSE_OWED;
      due.push(nowMs);
    }
  }
  return due;
}

describe("basal insulin", () => {
  it("follows a flat rate of 0.9 U/h for 24 h, every pulse to the millisecond (SR-53, SR-59)", () => {
    const { world } = quietScene({ seed: 401 });
    const runMs = lastTracedMs(world, "obeyed: run");
    const starts = listenToPulses(world);
    world.clock.advance(24 * HOUR_MS);
    const due = pulsesDue([{ fromMs: runMs, microunitsPerHour: 900_000 }], world.clock.nowMs);
    assert.deepEqual(starts, due);
    assert.equal(due.length, 432);
    assertDisplaced(world, due.length * PULSE_MICROUNITS);
    assert.ok(world.hardware.plant.minPulseGapMs >= 2_000);
    assertSound(world);
  });

  it("loses nothing to rounding at rates that do not divide an hour (SR-59)", () => {
    for (const microunitsPerHour of [10_000, 70_000, 370_000, 1_130_000, 4_990_000]) {
      const { world } = quietScene({ seed: 402, rig: rigWith({ basalMicrounitsPerHour: microunitsPerHour }) });
      const runMs = lastTracedMs(world, "obeyed: run");
      const starts = listenToPulses(world);
      world.clock.advance(12 * HOUR_MS);
      const due = pulsesDue([{ fromMs: runMs, microunitsPerHour }], world.clock.nowMs);
      assert.deepEqual(starts, due, `${microunitsPerHour} µU/h`);
      assertDisplaced(world, due.length * PULSE_MICROUNITS);
      assertSound(world);
    }
  });

  it("follows TBRs set, changed, at zero, cancelled and run out, to the millisecond (SR-59, SR-60)", () => {
    const { world, peer } = quietScene({ seed: 403 });
    const starts = listenToPulses(world);
    const rates: Rate[] = [{ fromMs: lastTracedMs(world, "obeyed: run"), microunitsPerHour: 900_000 }];
    const order = (command: Uint8Array, what: string): number => {
      assert.equal(
        inSession(peer, () => peer.order(command)),
        CODE.success,
        what,
      );
      return lastTracedMs(world, `obeyed: ${what}`);
    };
    const tbr = (microunitsPerHour: number, minutes: number, change: boolean, runsOut: boolean) => {
      const fromMs = order(tbrOf(microunitsPerHour, minutes, change), "setTbr");
      rates.push({ fromMs, microunitsPerHour });
      if (runsOut) rates.push({ fromMs: fromMs + minutes * MINUTE_MS, microunitsPerHour: 900_000 });
    };
    world.clock.advance(17 * MINUTE_MS + 123);
    tbr(2_370_000, 31, false, true);
    world.clock.advance(40 * MINUTE_MS);
    tbr(0, 60, false, true);
    world.clock.advance(75 * MINUTE_MS + 7);
    tbr(5 * U, 1, false, true);
    world.clock.advance(20 * MINUTE_MS);
    tbr(100_000, 600, false, false);
    world.clock.advance(33 * MINUTE_MS);
    tbr(4_010_000, 30, true, false);
    world.clock.advance(11 * MINUTE_MS + 999);
    tbr(0, 1_440, true, false);
    world.clock.advance(50 * MINUTE_MS);
    rates.push({ fromMs: order(CANCEL_TBR, "cancelTbr"), microunitsPerHour: 900_000 });
    world.clock.advance(3 * HOUR_MS);
    const due = pulsesDue(rates, world.clock.nowMs);
    assert.deepEqual(starts, due);
    assert.ok(due.length > 70);
    assertDisplaced(world, due.length * PULSE_MICROUNITS);
    assertSound(world);
  });

  it("refuses a TBR upon another, and a change or a cancel of none, and the rate stays (SR-60, SR-61)", () => {
    const { world, peer } = quietScene({ seed: 404 });
    const starts = listenToPulses(world);
    const runMs = lastTracedMs(world, "obeyed: run");
    inSession(peer, () => {
      assert.equal(peer.order(tbrOf(0, 30, true)), CODE.notApplicable);
      assert.equal(peer.order(CANCEL_TBR), CODE.notApplicable);
      assert.equal(peer.order(tbrOf(1_500_000, 1_440)), CODE.success);
      assert.equal(peer.order(tbrOf(0, 30)), CODE.notApplicable);
      assert.equal(peer.prepare(Uint8Array.of(0xff, 0x0f, 0, 0x33, 0, 0, 0xa1, 0x05)), CODE.notApplicable);
    });
    const tbrMs = lastTracedMs(world, "obeyed: setTbr");
    world.clock.advance(25 * HOUR_MS);
    const rates = [
      { fromMs: runMs, microunitsPerHour: 900_000 },
      { fromMs: tbrMs, microunitsPerHour: 1_500_000 },
      { fromMs: tbrMs + 1_440 * MINUTE_MS, microunitsPerHour: 900_000 },
    ];
    assert.deepEqual(starts, pulsesDue(rates, world.clock.nowMs));
    assertSound(world);
  });

  it("stands still in Stop, keeps what part of a pulse was owed, and makes up nothing on Run (SR-62)", () => {
    const { world, peer } = quietScene({ seed: 405, rig: rigWith({ basalMicrounitsPerHour: 3 * U }) });
    const starts = listenToPulses(world);
    const rates: Rate[] = [{ fromMs: lastTracedMs(world, "obeyed: run"), microunitsPerHour: 3 * U }];
    for (const stopMs of [90_000, HOUR_MS, 47 * MINUTE_MS + 11]) {
      world.clock.advance(7 * MINUTE_MS + 345);
      assert.equal(
        inSession(peer, () => peer.tell(STOP)),
        CODE.success,
      );
      const moved = world.hardware.plant.displacedMicrounits;
      rates.push({ fromMs: lastTracedMs(world, "obeyed: stop"), microunitsPerHour: 0 });
      world.clock.advance(stopMs);
      assert.equal(world.hardware.plant.displacedMicrounits, moved);
      assert.equal(
        inSession(peer, () => peer.order(RUN)),
        CODE.success,
      );
      rates.push({ fromMs: lastTracedMs(world, "obeyed: run"), microunitsPerHour: 3 * U });
    }
    world.clock.advance(HOUR_MS);
    const due = pulsesDue(rates, world.clock.nowMs);
    assert.deepEqual(starts, due);
    assertDisplaced(world, due.length * PULSE_MICROUNITS);
    assertSound(world);
  });

  it("ends bolus and TBR with Stop, and Run brings neither back (SR-62)", () => {
    const { world, peer } = quietScene({ seed: 406 });
    inSession(peer, () => {
      assert.equal(peer.order(tbrOf(5 * U, 120)), CODE.success);
      assert.equal(peer.order(bolusOf(2 * U)), CODE.success);
      world.clock.advance(10_500);
      assert.equal(peer.tell(STOP), CODE.success);
    });
    const moved = world.hardware.plant.displacedMicrounits;
    world.clock.advance(10 * MINUTE_MS);
    assert.equal(world.hardware.plant.displacedMicrounits, moved);
    const starts = listenToPulses(world);
    inSession(peer, () => assert.equal(peer.order(RUN), CODE.success));
    world.clock.advance(HOUR_MS);
    // 0.9 U in the hour are 18 pulses; a part of one was owed.
    assert.ok(starts.length === 18 || starts.length === 19, `${starts.length} pulses`);
    assertSound(world);
  });

  it("ends a TBR to the millisecond on a pump clock that a restart has parted from the uptime (SR-51, SR-60)", () => {
    const { world, peer } = quietScene({ seed: 407 });
    world.clock.advance(3 * HOUR_MS);
    inSession(peer, () => assert.equal(peer.order(tbrOf(5 * U, 600)), CODE.success));
    world.clock.advance(10 * MINUTE_MS);
    const before = world.hardware.plant.displacedMicrounits;
    world.powerCycle(5 * HOUR_MS);
    const bootMs = world.clock.nowMs;
    world.clock.advance(2 * HOUR_MS);
    // The TBR ended with the power: 1.8 U are due, and up to a pulse from before.
    const moved = world.hardware.plant.displacedMicrounits - before;
    assert.ok(moved > 1_750_000 - 1_300 && moved < 1_850_000 + 1, `${moved}`);
    const starts = listenToPulses(world);
    inSession(peer, () => assert.equal(peer.order(tbrOf(0, 33)), CODE.success));
    const zeroMs = lastTracedMs(world, "obeyed: setTbr");
    assert.ok(zeroMs - bootMs > 2 * HOUR_MS);
    world.clock.advance(2 * HOUR_MS);
    const after = starts.filter((atMs) => atMs > zeroMs);
    const [first = 0, second = 0] = after;
    // Behind the end the pulses are 200 s apart, and what was owed at the begin of the TBR is owed at its end.
    assert.equal(second - first, 200_000);
    const sinceMs = first - (zeroMs + 33 * MINUTE_MS);
    assert.ok(sinceMs > 0 && sinceMs <= 200_000, `${sinceMs} ms after the end`);
    assertSound(world);
  });

  it("splits the account at the TBR's end when a pulse is under way then (SR-60)", () => {
    const { world, peer } = quietScene({ seed: 409 });
    const rates: Rate[] = [{ fromMs: lastTracedMs(world, "obeyed: run"), microunitsPerHour: 900_000 }];
    assert.ok(peer.open());
    assert.equal(peer.order(tbrOf(5 * U, 1)), CODE.success);
    const fromMs = lastTracedMs(world, "obeyed: setTbr");
    const endMs = fromMs + MINUTE_MS;
    rates.push({ fromMs, microunitsPerHour: 5 * U }, { fromMs: endMs, microunitsPerHour: 900_000 });
    world.clock.advance(endMs - 5_000 - world.clock.nowMs);
    const command = bolusOf(50_000);
    const challenge = peer.challenge(command);
    // The Commit takes 15 ms: the one pulse of the bolus begins 100 ms before the end and lasts for 190 ms.
    world.clock.advance(endMs - 115 - world.clock.nowMs);
    assert.equal(peer.commit(command, challenge), CODE.success);
    assert.equal(lastTracedMs(world, "obeyed: setBolus"), endMs - 100);
    const starts = listenToPulses(world);
    peer.close();
    world.clock.advance(HOUR_MS);
    const due = pulsesDue(rates, world.clock.nowMs).filter((atMs) => atMs > endMs);
    assert.deepEqual(starts, due);
    assertSound(world);
  });

  it("keeps at least half of itself through restarts a minute apart (SR-63)", () => {
    const { world } = quietScene({ seed: 409, rig: rigWith({ basalMicrounitsPerHour: 1_200_000 }) });
    const from = world.hardware.plant.displacedMicrounits;
    const restarts = 60;
    for (let i = 0; i < restarts; i++) {
      world.clock.advance(MINUTE_MS);
      world.powerCycle(0);
    }
    const moved = world.hardware.plant.displacedMicrounits - from;
    const owed = (1_200_000 * restarts * MINUTE_MS) / HOUR_MS;
    assert.ok(moved >= owed / 2 - PULSE_MICROUNITS && moved <= owed, `${moved} of ${owed}`);
    assertSound(world);
  });

  it("annunciates a TBR that the power cut ended (SR-51)", () => {
    const { world, peer } = quietScene({ seed: 408 });
    inSession(peer, () => assert.equal(peer.order(tbrOf(0, 600)), CODE.success));
    world.powerCycle();
    world.clock.advance(1_000);
    assert.equal(inSession(peer, oldestAnnunciation), TBR_CANCELED);
    assertSound(world);
  });
});
