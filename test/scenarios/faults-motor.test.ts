/** What the motor does against what it was told: jam, slip, motion that nobody commanded, a blocked line. */

import assert from "node:assert/strict";
import type { Challenge, Outcome } from "../../host-sim/controller/control.js";
import { decodeStatus } from "../../host-sim/controller/idsAnswers.js";
import type { World } from "../../host-sim/world.js";
import type { Peer } from "../peers.js";
import {
  ANNUNCIATION,
  assertSound,
  bolusOf,
  CODE,
  coilsOn,
  HOUR_MS,
  MINUTE_MS,
  oldestAnnunciation,
  peerScene,
  RUN,
  rigWith,
  type Scene,
  STOP,
  tbrOf,
} from "./scene.js";

const U = 1_000_000;
/** Tolerance of the encoder, 2 counts of 2,133 µU, and the half-step that may be owed. */
const COUNTED_WITHIN_MICROUNITS = 2 * 2_134 + 1_300;

interface Bolus extends Scene {
  readonly challenge: Challenge;
  /** What the plant had displaced when the bolus began. */
  readonly from: number;
}

/** A bolus of 1 U under way, eight pulses of it done, and the ninth not begun. */
function bolusUnderWay(seed: number, basalMicrounitsPerHour = 0): Bolus {
  const scene = peerScene({ seed, rig: rigWith({ basalMicrounitsPerHour }) });
  const { world, peer } = scene;
  const from = world.hardware.plant.displacedMicrounits;
  const command = bolusOf(U);
  const challenge = peer.challenge(command);
  assert.equal(peer.commit(command, challenge), CODE.success);
  assert.ok(world.clock.runUntil(() => world.hardware.plant.displacedMicrounits - from > 398_000, MINUTE_MS));
  assert.ok(world.clock.runUntil(() => !coilsOn(world), 1_000));
  world.clock.advance(500);
  return { ...scene, challenge, from };
}

function outcomeOf(peer: Peer, { doseId }: Challenge): Outcome {
  const outcome = peer.outcome(doseId);
  assert.ok(typeof outcome !== "number", "an outcome");
  return outcome;
}

/** The pump stands still with a fault, says so, and its account of the bolus holds what the plant displaced. */
function assertFaulted({ world, peer, challenge, from }: Bolus, code: RegExp): void {
  const { plant } = world.hardware;
  const commanded = plant.commandedHalfSteps;
  world.clock.advance(10 * MINUTE_MS);
  assert.equal(plant.commandedHalfSteps, commanded, "no half-step after the fault");
  assert.ok(!coilsOn(world), "no current");
  assert.match(world.hardware.trace.map(({ line }) => line).join("\n"), code);
  assert.equal(world.hardware.display[0], "FAULT");
  assert.equal(oldestAnnunciation(peer), ANNUNCIATION.mechanicalIssue);
  const status = decodeStatus(peer.ask(0x21)?.value ?? new Uint8Array(0));
  assert.deepEqual([status?.operationalState, status?.therapyControlState], ["off", "stop"]);

  const { kind, intendedMicrounits, lowMicrounits, highMicrounits } = outcomeOf(peer, challenge);
  assert.deepEqual([kind, intendedMicrounits], ["uncertain", U]);
  const moved = plant.displacedMicrounits - from;
  assert.ok(
    lowMicrounits - 1_300 <= moved && moved <= highMicrounits,
    `${moved} in ${lowMicrounits} to ${highMicrounits}`,
  );
  for (const command of [bolusOf(10_000), tbrOf(U, 30), RUN]) assert.equal(peer.prepare(command), CODE.notCompleted);
  assert.equal(peer.tell(STOP), CODE.success);
  world.holdButton(1);
  world.clock.advance(MINUTE_MS);
  assert.equal(plant.commandedHalfSteps, commanded, "the button does not resume either");
}

/** A restart clears the latch: the pump is in Stop, and delivers once it is told to. */
function assertClearedByRestart(world: World, peer: Peer): void {
  const { plant } = world.hardware;
  world.powerCycle();
  const from = plant.displacedMicrounits;
  world.clock.advance(HOUR_MS);
  assert.equal(plant.displacedMicrounits, from);
  assert.ok(peer.open());
  assert.equal(peer.order(RUN), CODE.success);
  assert.equal(peer.order(bolusOf(200_000)), CODE.success);
  world.clock.advance(MINUTE_MS);
  const moved = plant.displacedMicrounits - from;
  assert.ok(Math.abs(moved - 200_000) <= 4 * 1_257 + 1_300, `${moved} after the restart`);
}

describe("a motor that does not do what it was told", () => {
  it("jammed latches a fault, reports the bolus as an interval, and stands still until a restart (SR-36, SR-56)", () => {
    const bolus = bolusUnderWay(441);
    const { world, peer } = bolus;
    world.hardware.plant.setJammed(true);
    world.clock.advance(5_000);
    assertFaulted(bolus, /fault: motor: .*stall or slip/);
    const { lowMicrounits, highMicrounits } = outcomeOf(peer, bolus.challenge);
    assert.ok(highMicrounits - lowMicrounits <= 50_000 + 4 * 1_257, "wider than a pulse");
    world.hardware.plant.setJammed(false);
    assertClearedByRestart(world, peer);
    assert.deepEqual(world.hardware.crashes, []);
  });

  it("jammed in the middle of a pulse is charged with what had moved (SR-36, SR-56)", () => {
    const bolus = bolusUnderWay(442);
    const { world } = bolus;
    const halfWay = world.hardware.plant.commandedHalfSteps + 20;
    assert.ok(world.clock.runUntil(() => world.hardware.plant.commandedHalfSteps >= halfWay, 5_000));
    world.hardware.plant.setJammed(true);
    world.clock.advance(1_000);
    assertFaulted(bolus, /fault: motor: .*stall or slip/);
    assert.deepEqual(world.hardware.crashes, []);
  });

  it("slipping by ten half-steps latches a fault at the end of that pulse (SR-56)", () => {
    const bolus = bolusUnderWay(443);
    const { world } = bolus;
    world.hardware.plant.slip(10);
    world.clock.advance(2_500);
    assertFaulted(bolus, /fault: motor: .*stall or slip/);
    assert.deepEqual(world.hardware.crashes, []);
  });

  it("turned by something else between pulses latches a fault at the next, which counts it (SR-36, SR-56)", () => {
    const bolus = bolusUnderWay(444);
    const { world } = bolus;
    world.hardware.plant.turnScrew(20);
    world.clock.advance(2_500);
    assertFaulted(bolus, /fault: motor: .*runaway/);
    assert.deepEqual(world.hardware.crashes, []);
  });

  it("turned back between pulses latches a fault too (SR-56)", () => {
    const bolus = bolusUnderWay(445);
    const { world, peer } = bolus;
    world.hardware.plant.turnScrew(-40);
    world.clock.advance(2_500);
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.mechanicalIssue);
    const commanded = world.hardware.plant.commandedHalfSteps;
    world.clock.advance(HOUR_MS);
    assert.equal(world.hardware.plant.commandedHalfSteps, commanded);
    assert.deepEqual(world.hardware.crashes, []);
  });

  it("jammed during basal delivery latches a fault with nobody there, and its user hears of it (SR-56)", () => {
    const { world, peer } = peerScene({ seed: 446, rig: rigWith({ basalMicrounitsPerHour: U }) });
    peer.close();
    world.hardware.plant.setJammed(true);
    world.clock.advance(HOUR_MS);
    assert.equal(world.hardware.display[0], "FAULT");
    assert.ok(world.hardware.plant.displacedMicrounits < 1_300);
    assert.equal(world.hardware.outputLevel(2), 1, "the light is on");
    assert.ok(peer.open());
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.mechanicalIssue);
    assert.deepEqual(world.hardware.crashes, []);
  });
});

describe("a blocked line", () => {
  const occluded = (seed: number) => {
    const scene = peerScene({ seed, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const command = bolusOf(6 * U);
    const challenge = scene.peer.challenge(command);
    assert.equal(scene.peer.commit(command, challenge), CODE.success);
    scene.world.hardware.plant.setOccluded(true);
    return { ...scene, challenge };
  };

  it("stops delivery and annunciates Occlusion, and the bolus is reported as far as it came (SR-36, SR-57)", () => {
    const { world, peer, challenge } = occluded(451);
    const { plant } = world.hardware;
    world.clock.advance(10 * MINUTE_MS);
    // 15 N, half of the sensor's scale, are 3 U behind a closed line; the second pulse over it stops.
    assert.ok(
      plant.displacedMicrounits > 2_990_000 && plant.displacedMicrounits < 3_110_000,
      `${plant.displacedMicrounits}`,
    );
    assert.ok(plant.deliveredMicrounits < 10_000, `${plant.deliveredMicrounits} came out`);
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.occlusion);
    const status = decodeStatus(peer.ask(0x21)?.value ?? new Uint8Array(0));
    assert.deepEqual([status?.operationalState, status?.therapyControlState], ["ready", "stop"]);
    const { kind, lowMicrounits, highMicrounits } = outcomeOf(peer, challenge);
    assert.equal(kind, "stopped");
    assert.equal(lowMicrounits, highMicrounits);
    assert.ok(Math.abs(plant.displacedMicrounits - lowMicrounits) <= COUNTED_WITHIN_MICROUNITS);
    assert.equal(peer.prepare(bolusOf(10_000)), CODE.notApplicable);
    assert.ok(!coilsOn(world));

    plant.setOccluded(false);
    world.clock.advance(MINUTE_MS);
    assert.equal(peer.order(RUN), CODE.success);
    assert.equal(peer.order(bolusOf(100_000)), CODE.success);
    world.clock.advance(MINUTE_MS);
    assert.ok(plant.displacedMicrounits - lowMicrounits > 98_000);
    assertSound(world);
  });

  it("is what a force sensor that cannot be read counts as, at its second failure in a row (SR-57)", () => {
    const { world, peer } = peerScene({ seed: 453, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const { plant, sensors } = world.hardware;
    const before = plant.displacedMicrounits;
    sensors.setFailing("force", true);
    assert.equal(peer.order(bolusOf(U)), CODE.success);
    world.clock.advance(MINUTE_MS);
    assert.ok(Math.abs(plant.displacedMicrounits - before - 100_000) < 1_310, `${plant.displacedMicrounits - before}`);
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.occlusion);
    assertSound(world);
  });

  it("that opens again after one pulse over the threshold does not stop delivery (SR-57)", () => {
    const { world, peer, challenge } = occluded(452);
    const { plant } = world.hardware;
    assert.ok(world.clock.runUntil(() => plant.forceNewtons > 15.05, 10 * MINUTE_MS));
    assert.ok(world.clock.runUntil(() => !coilsOn(world), 1_000));
    // The force is read 50 ms after the coils are off, and again 2 s later.
    world.clock.advance(200);
    plant.setOccluded(false);
    world.clock.advance(10 * MINUTE_MS);
    assert.equal(outcomeOf(peer, challenge).kind, "delivered");
    assert.ok(Math.abs(plant.displacedMicrounits - 6 * U) < 1_310);
    assert.equal(oldestAnnunciation(peer), undefined);
    assertSound(world);
  });
});
