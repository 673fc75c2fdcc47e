/** Basal insulin with nobody to ask: through restarts, and whatever strangers do to the radio. */

import assert from "node:assert/strict";
import { Random } from "../../host-sim/clock/random.js";
import type { World } from "../../host-sim/world.js";
import { Stranger } from "../peers.js";
import {
  assertSound,
  bolusOf,
  CODE,
  coilsOn,
  HOUR_MS,
  inSession,
  lastTracedMs,
  listenToPulses,
  MINUTE_MS,
  quietScene,
  rigWith,
} from "./scene.js";

const U = 1_000_000;
const HALF_STEP_MICROUNITS = 1_257;
const SAVE_MS = 5 * MINUTE_MS;

/** Strangers connect, write what they like and leave, one after the other, until `untilMs`. */
function flood(world: World, untilMs: number, random: Random): number {
  let connections = 0;
  while (world.clock.nowMs < untilMs) {
    const strangers = Array.from({ length: 3 }, () => new Stranger(world));
    const first = () => strangers.find(({ connectedMs }) => connectedMs !== undefined);
    world.clock.runUntil(() => first()?.m1 !== undefined, 6_000);
    const lucky = first();
    if (lucky) {
      connections += 1;
      if (random.below(3) > 0) lucky.write(random.bytes(1 + random.below(240)));
      if (random.below(2) > 0) lucky.write(random.bytes(41));
      world.clock.advance(random.below(200));
    }
    for (const stranger of strangers) stranger.leave();
    world.clock.advance(random.below(100));
  }
  return connections;
}

describe("basal insulin, alone", () => {
  it("goes on after a restart in Run with no controller near (SR-63)", () => {
    const { world } = quietScene({ seed: 421 });
    world.clock.advance(HOUR_MS);
    world.powerCycle();
    const from = world.hardware.plant.displacedMicrounits;
    world.clock.advance(10 * HOUR_MS);
    const moved = world.hardware.plant.displacedMicrounits - from;
    assert.ok(moved > 9 * U - 50_000 - 1_300 && moved < 9 * U + 50_000, `${moved}`);
    assertSound(world);
  });

  it("stays in Stop over a restart (SR-63)", () => {
    const { world } = quietScene({ seed: 422 });
    world.holdButton();
    const from = world.hardware.plant.displacedMicrounits;
    world.powerCycle();
    world.clock.advance(10 * HOUR_MS);
    assert.equal(world.hardware.plant.displacedMicrounits, from);
    assertSound(world);
  });

  it("loses at most 5 minutes of a pulse that takes 50 to come due (SR-63)", () => {
    const { world } = quietScene({ seed: 428, rig: rigWith({ basalMicrounitsPerHour: 60_000 }) });
    const runMs = lastTracedMs(world, "obeyed: run");
    const starts = listenToPulses(world);
    world.clock.advance(runMs + 49 * MINUTE_MS - world.clock.nowMs);
    world.powerCycle();
    world.clock.advance(MINUTE_MS - 1);
    assert.deepEqual(starts, [], "early");
    world.clock.advance(SAVE_MS + 1_000);
    assert.equal(starts.length, 1);
    assertSound(world);
  });

  for (const seed of [423, 424, 425])
    it(`owes at most a pulse and 5 minutes for each of 30 restarts, and is never over, seed ${seed} (SR-63)`, () => {
      const rate = 3 * U;
      const { world } = quietScene({
        seed,
        rig: rigWith({ basalMicrounitsPerHour: rate, limits: { dayMaxMicrounits: 150 * U } }),
      });
      const random = new Random(seed, 1);
      const { plant } = world.hardware;
      let jumps = 0;
      let poweredMs = world.clock.nowMs - lastTracedMs(world, "obeyed: run");
      for (let restarts = 1; restarts <= 30; restarts++) {
        const forMs = 1_000 + random.below(20 * MINUTE_MS);
        world.clock.advance(forMs);
        poweredMs += forMs;
        // Only a rotor that the cut caught on its way may jump when current comes back.
        if (coilsOn(world)) jumps += 4 * HALF_STEP_MICROUNITS;
        world.powerCycle(1 + random.below(10_000));
        const owed = (rate * poweredMs) / HOUR_MS;
        const lossPerRestart = 50_000 + (rate * SAVE_MS) / HOUR_MS;
        const moved = plant.displacedMicrounits;
        assert.ok(moved <= owed + jumps, `${restarts} restarts: ${moved} of ${owed}`);
        assert.ok(
          moved >= owed - 51_300 - lossPerRestart * restarts - jumps,
          `${restarts} restarts: ${moved} of ${owed}`,
        );
      }
      assert.deepEqual(world.hardware.crashes, []);
    });

  it("is delivered to the millisecond while strangers flood the radio, and so is a bolus (SR-59, SR-70)", () => {
    const { world, peer } = quietScene({ seed: 426, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    const runMs = lastTracedMs(world, "obeyed: run");
    const random = new Random(426, 1);
    const starts = listenToPulses(world);
    inSession(peer, () => assert.equal(peer.order(bolusOf(200_000)), CODE.success));
    const connections = flood(world, runMs + 12 * MINUTE_MS, random);
    assert.ok(connections > 100, `${connections} connections`);
    const atMs = world.clock.nowMs;
    // 5 U/h are a pulse of 0.05 U every 36 s.
    const basal = Math.floor((atMs - runMs) / 36_000);
    const due = Array.from({ length: basal }, (_, i) => runMs + 36_000 * (i + 1));
    const late = due.filter((each) => !starts.includes(each) && each > (starts[0] ?? 0));
    // A bolus pulse may be under way when one is due: then it waits for its 2 s.
    assert.ok(late.length <= 1, `${late.length} pulses of ${due.length} were not on time`);
    const moved = world.hardware.plant.displacedMicrounits;
    const owed = basal * 50_000 + 200_000;
    assert.ok(moved > owed - 51_300 && moved <= owed, `${moved} of ${owed}`);
    assert.ok(peer.open());
    assertSound(world);
  });

  it("keeps to its rate while a flood also keeps the processor busy, 60 ms a callback (SR-59, SR-70)", () => {
    const { world } = quietScene({ seed: 427, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    const runMs = lastTracedMs(world, "obeyed: run");
    const random = new Random(427, 1);
    world.hardware.stallMs = () => random.below(61);
    for (let minute = 1; minute <= 6; minute++) {
      flood(world, world.clock.nowMs + MINUTE_MS, random);
      const owed = (5 * U * (world.clock.nowMs - runMs)) / HOUR_MS;
      const moved = world.hardware.plant.displacedMicrounits;
      // The pulse under way is of up to 42 half-steps of 63 ms.
      assert.ok(moved > owed - 50_000 - 5_000 && moved <= owed + 1, `minute ${minute}: ${moved} of ${owed}`);
    }
    world.hardware.stallMs = () => 0;
    assertSound(world);
  });
});
