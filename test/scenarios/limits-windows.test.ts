/**
 * What any hour and any day may bring, from every source. The windows are bins of a whole hour of the pump clock: what
 * was delivered in an hour is free of the hourly limit when the next hour has passed too.
 */

import assert from "node:assert/strict";
import type { World } from "../../host-sim/world.js";
import {
  ANNUNCIATION,
  assertDisplaced,
  assertSound,
  bolusOf,
  CODE,
  deliver,
  HOUR_MS,
  inSession,
  MINUTE_MS,
  oldestAnnunciation,
  quietScene,
  rigWith,
} from "./scene.js";

/** Lets time pass until `atMs` after the pump was first switched on, when its clock began. */
const advanceTo = (world: World, atMs: number): void => world.clock.advance(atMs - world.clock.nowMs);

const U = 1_000_000;

describe("limits of an hour and of a day", () => {
  it("allows 15 U in an hour and refuses 0.01 U more with 75, until the pump clock has moved on (SR-44)", () => {
    const scene = quietScene({ seed: 121, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const { world } = scene;
    assert.equal(deliver(scene, 10 * U), CODE.success);
    assert.equal(deliver(scene, 5 * U + 10_000), CODE.plausibility);
    assert.equal(deliver(scene, 5 * U), CODE.success);
    assert.equal(deliver(scene, 10_000), CODE.plausibility);
    advanceTo(world, 61 * MINUTE_MS);
    assert.equal(deliver(scene, 10_000), CODE.plausibility);
    advanceTo(world, 119 * MINUTE_MS);
    assert.equal(deliver(scene, 10_000), CODE.plausibility);
    assertDisplaced(world, 15 * U);
    advanceTo(world, 120 * MINUTE_MS);
    assert.equal(deliver(scene, 10_000), CODE.success);
    assertDisplaced(world, 15 * U + 10_000);
    assertSound(world);
  });

  it("never lets any 60 minutes pass the limit, however boluses are spread over them (SR-44)", () => {
    const scene = quietScene({ seed: 122, rig: rigWith({ limits: { hourMaxMicrounits: 2 * U } }) });
    const { world } = scene;
    const delivered: { readonly atMs: number; readonly displaced: number }[] = [];
    const hourAgo = () => delivered.findLast(({ atMs }) => atMs <= world.clock.nowMs - HOUR_MS)?.displaced ?? 0;
    let accepted = 0;
    for (let i = 0; i < 40; i++) {
      if (deliver(scene, 400_000) === CODE.success) accepted += 1;
      advanceTo(world, (i + 1) * 7 * MINUTE_MS);
      const { displacedMicrounits } = world.hardware.plant;
      delivered.push({ atMs: world.clock.nowMs, displaced: displacedMicrounits });
      assert.ok(displacedMicrounits - hourAgo() <= 2 * U, `after ${i + 1} boluses`);
    }
    assert.ok(accepted >= 6, `${accepted} boluses were accepted`);
    assertSound(world);
  });

  it("allows 80 U in 24 hours and refuses 0.01 U more with 75, for as long as any of it may be within them (SR-44)", () => {
    const scene = quietScene({ seed: 123, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const { world } = scene;
    for (const [hour, amounts] of [
      [0, [10, 5]],
      [2, [10, 5]],
      [4, [10, 5]],
      [6, [10, 5]],
      [8, [10, 5]],
      [10, [5]],
    ] as const) {
      if (hour > 0) advanceTo(world, hour * HOUR_MS);
      for (const amount of amounts) assert.equal(deliver(scene, amount * U), CODE.success, `hour ${hour}`);
    }
    assertDisplaced(world, 80 * U);
    for (const hour of [12, 23.9, 24.9]) {
      advanceTo(world, hour * HOUR_MS);
      assert.equal(deliver(scene, 10_000), CODE.plausibility, `hour ${hour}`);
    }
    advanceTo(world, 25 * HOUR_MS);
    assert.equal(deliver(scene, 10 * U), CODE.success);
    assertDisplaced(world, 90 * U);
    assertSound(world);
  });

  it("counts basal insulin and the rest of the active bolus in both windows (SR-44)", () => {
    for (const limits of [{ hourMaxMicrounits: 3 * U }, { dayMaxMicrounits: 3 * U }]) {
      const { world, peer } = quietScene({ seed: 124, rig: rigWith({ limits, basalMicrounitsPerHour: 5 * U }) });
      const { plant } = world.hardware;
      world.clock.runUntil(() => plant.displacedMicrounits > 290_000, HOUR_MS);
      world.clock.advance(1_000);
      assertDisplaced(world, 300_000);
      assert.ok(peer.open());
      assert.equal(peer.prepare(bolusOf(2_710_000)), CODE.plausibility);
      // While the bolus runs its rest is spoken for: the three basal pulses that come due find no room.
      const command = bolusOf(2_700_000);
      const challenge = peer.challenge(command);
      assert.equal(peer.commit(command, challenge), CODE.success);
      world.clock.advance(30 * MINUTE_MS);
      assertDisplaced(world, 3 * U);
      const outcome = peer.outcome(challenge.doseId);
      assert.ok(typeof outcome !== "number" && outcome.kind === "delivered");
      assertSound(world);
    }
  });

  it("withholds basal over the hour's limit, annunciates MaxDelivery, and makes nothing up later (SR-46)", () => {
    const rig = rigWith({ limits: { hourMaxMicrounits: U }, basalMicrounitsPerHour: 5 * U });
    const { world, peer } = quietScene({ seed: 125, rig });
    const { plant } = world.hardware;
    assert.equal(inSession(peer, oldestAnnunciation), undefined);
    advanceTo(world, 14 * MINUTE_MS);
    assertDisplaced(world, U);
    assert.deepEqual(world.hardware.display, ["Annunciation: MaxDelivery"]);
    assert.equal(inSession(peer, oldestAnnunciation), ANNUNCIATION.maxDelivery);
    advanceTo(world, 2 * HOUR_MS - 1);
    assertDisplaced(world, U);
    // The hour of the insulin is out of the window from 2 h on: then it goes on at 5 U/h, a pulse every 36 s.
    const from = plant.displacedMicrounits;
    advanceTo(world, 2 * HOUR_MS + 6 * MINUTE_MS);
    const pulses = (plant.displacedMicrounits - from) / 50_000;
    assert.ok(pulses > 8.9 && pulses < 11.1, `${pulses} pulses in 6 minutes`);
    assertSound(world);
  });

  it("withholds basal over the day's limit, and never resumes before the window has moved on (SR-46)", () => {
    const rig = rigWith({ limits: { dayMaxMicrounits: 3 * U }, basalMicrounitsPerHour: 1 * U });
    const { world } = quietScene({ seed: 126, rig });
    advanceTo(world, 25 * HOUR_MS - 1);
    assertDisplaced(world, 3 * U);
    advanceTo(world, 49 * HOUR_MS);
    const { displacedMicrounits } = world.hardware.plant;
    assert.ok(displacedMicrounits > 5.5 * U && displacedMicrounits <= 6 * U, `${displacedMicrounits}`);
    assertSound(world);
  });

  it("takes an empty reservoir for no insulin: basal stops at what it holds, and is annunciated (SR-46)", () => {
    const { world } = quietScene({ seed: 127, rig: rigWith({ reservoirMicrounits: 220_000 }) });
    advanceTo(world, 3 * HOUR_MS);
    assertDisplaced(world, 200_000);
    assert.match(world.hardware.display.join(), /^Annunciation: /);
    assertSound(world);
  });
});
