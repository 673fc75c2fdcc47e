/** What must hold after something went wrong: a Stop that storage refused, a runaway, a fault, a loss. */

import assert from "node:assert/strict";
import type { DoseId } from "../../host-sim/controller/control.js";
import { bondedWorld } from "../bench.js";
import { Peer } from "../peers.js";
import {
  ANNUNCIATION,
  assertHistoryWhole,
  bolusOf,
  CODE,
  failOnce,
  HOUR_MS,
  inSession,
  MINUTE_MS,
  oldestAnnunciation,
  peerScene,
  quietScene,
  RUN,
  rigWith,
  tbrOf,
} from "./scene.js";

const U = 1_000_000;

/** The kind of a dose's outcome, or the code that the question was refused with. */
function kindOf(peer: Peer, doseId: DoseId): string | number {
  const outcome = peer.outcome(doseId);
  return typeof outcome === "number" ? outcome : outcome.kind;
}

describe("after a write that failed", () => {
  for (const key of ["therapy.a", "therapy.b"])
    it(`of ${key} at the button's Stop the pump is in Stop after a restart too (SR-52, SR-62)`, () => {
      const { world } = quietScene({ seed: 601, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
      const arm = failOnce(world, key);
      arm();
      world.holdButton();
      assert.equal(world.hardware.display[0], "FAULT");
      const { displacedMicrounits } = world.hardware.plant;
      world.powerCycle();
      world.clock.advance(2 * HOUR_MS);
      assert.equal(world.hardware.plant.displacedMicrounits, displacedMicrounits);
      assert.deepEqual(world.hardware.crashes, []);
    });

  it("at a Commit its dose is refused with 72, moves nothing, and never becomes applied (SR-34, SR-35, SR-52)", () => {
    const { world, store } = quietScene({ seed: 602, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const arm = failOnce(world, "therapy.b");
    const peer = new Peer(world, store);
    assert.ok(peer.open());
    const challenge = peer.challenge(bolusOf(U));
    arm();
    const { commandedHalfSteps } = world.hardware.plant;
    assert.equal(peer.commit(bolusOf(U), challenge), CODE.notCompleted);
    assert.equal(kindOf(peer, challenge.doseId), "refused");
    world.powerCycle();
    world.clock.advance(MINUTE_MS);
    assert.equal(
      inSession(new Peer(world, store), (again) => kindOf(again, challenge.doseId)),
      "never",
    );
    assert.equal(world.hardware.plant.commandedHalfSteps, commandedHalfSteps);
  });
});

describe("after a runaway", () => {
  it("what moved counts against the hour's limit, also after a restart (SR-44, SR-47, SR-56)", () => {
    const { world, peer, store } = peerScene({ seed: 603, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    const { plant } = world.hardware;
    const before = plant.displacedMicrounits;
    // 10 U: 7,961 half-steps that nobody commanded; found at the next basal pulse.
    plant.turnScrew(7_961);
    world.clock.advance(2 * MINUTE_MS);
    assert.equal(world.hardware.display[0], "FAULT");
    assert.ok(plant.displacedMicrounits - before > 9.9 * U);
    peer.close();
    world.powerCycle();
    world.clock.advance(5_000);
    const again = new Peer(world, store);
    assert.ok(again.open());
    assert.equal(again.order(RUN), CODE.success);
    assert.equal(again.prepare(bolusOf(6 * U)), CODE.plausibility);
  });
});

describe("after a fault", () => {
  it("its events stay in the history when the annunciation is confirmed and the power goes (SR-67)", () => {
    const { world, peer } = peerScene({ seed: 604 });
    assert.equal(peer.order(bolusOf(2 * U)), CODE.success);
    world.clock.advance(5_000);
    world.hardware.plant.setJammed(true);
    world.clock.advance(10_000);
    assert.equal(world.hardware.display[0], "FAULT");
    world.tapButton(1);
    world.hardware.plant.setJammed(false);
    world.powerCycle();
    world.clock.advance(5_000);
    assertHistoryWhole(world);
  });
});

describe("after a restart amid a bolus", () => {
  it("the pump lights, sounds and shows that the bolus was cut off (SR-51)", () => {
    const { world, peer } = peerScene({ seed: 605 });
    const levels: number[] = [];
    assert.equal(peer.order(bolusOf(2 * U)), CODE.success);
    world.clock.advance(5_000);
    world.powerCycle();
    levels.push(world.hardware.outputLevel(2), world.hardware.outputLevel(25));
    assert.equal(levels[0], 1, "the light");
    assert.ok((levels[1] ?? 0) > 0, "the buzzer");
    assert.ok(world.hardware.display.includes("Annunciation: BolusCanceled"), world.hardware.display.join());
  });
});

describe("after the loss of stored state", () => {
  it("the button does not start insulin, a countersigned Run does (SR-66)", () => {
    const { world, store } = bondedWorld({ seed: 606 });
    for (const copy of ["therapy.a", "therapy.b"]) world.hardware.keyValue.corrupt(copy, 20, 0xff);
    world.powerCycle();
    world.clock.advance(5_000);
    world.holdButton(1);
    const { commandedHalfSteps } = world.hardware.plant;
    world.clock.advance(3 * HOUR_MS);
    assert.equal(world.hardware.plant.commandedHalfSteps, commandedHalfSteps);
    const peer = new Peer(world, store);
    assert.ok(peer.open());
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.systemIssue);
    assert.equal(peer.order(RUN), CODE.success);
    peer.close();
    world.clock.advance(HOUR_MS);
    assert.ok(world.hardware.plant.commandedHalfSteps > commandedHalfSteps);
  });
});

describe("while a bolus runs", () => {
  it("64 other commands do not push it out of the ledger (SR-34, SR-36)", () => {
    const { world, peer } = peerScene({ seed: 607, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const challenge = peer.challenge(bolusOf(3 * U));
    assert.equal(peer.commit(bolusOf(3 * U), challenge), CODE.success);
    for (let i = 0; i < 70; i++) assert.equal(peer.order(tbrOf(0, 60, i > 0)), CODE.success, `${i}`);
    assert.equal(kindOf(peer, challenge.doseId), "delivering");
    peer.close();
    world.clock.advance(3 * MINUTE_MS);
    assert.equal(
      inSession(peer, (again) => kindOf(again, challenge.doseId)),
      "delivered",
    );
    assert.ok(Math.abs(world.hardware.plant.displacedMicrounits - 3 * U) < 1_300);
  });
});
