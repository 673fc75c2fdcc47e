/** What goes wrong in a change of the reservoir: plungers that are not there, sensors, jams, hands, lost state. */

import assert from "node:assert/strict";
import { COMMAND, encodeBare, encodeReservoirAmount } from "../../host-sim/controller/ids.js";
import type { World } from "../../host-sim/world.js";
import { BenchScene } from "./bringUpScene.js";
import {
  assertAccount,
  beginMove,
  changeReservoir,
  deadForce,
  fillOf,
  forceOnce,
  moveEnded,
  putIn,
  sayYes,
  statusOf,
} from "./reservoirScene.js";
import { bolusOf, CODE, inSession, MINUTE_MS, oldestAnnunciation, peerScene, RUN, rigWith, STOP } from "./scene.js";

const U = 1_000_000;
const ANNUNCIATION = { mechanicalIssue: 0x33, reservoirIssue: 0x55 } as const;

/** A pump in Stop with nothing pending, and its peer in session. */
function stopped(seed: number) {
  const scene = peerScene({ seed });
  assert.equal(scene.peer.tell(STOP), CODE.success);
  return scene;
}

describe("a change of the reservoir that goes wrong", () => {
  it("says ReservoirIssue where the plunger is not where what was told has it, and does not push further (SR-129)", () => {
    for (const [content, told] of [
      [0, 100 * U],
      [80 * U, 100 * U],
      [80 * U, 60 * U],
      [300 * U, 250 * U],
    ] as const) {
      const { world, peer } = stopped(1_407);
      const { plant } = world.hardware;
      beginMove(world);
      moveEnded(world);
      const before = plant.displacedMicrounits;
      putIn(world, peer, content, told);
      const place = `${content} told as ${told}`;
      assert.ok(plant.displacedMicrounits - before < U, place);
      assert.equal(oldestAnnunciation(peer), ANNUNCIATION.reservoirIssue, place);
      assert.equal(peer.order(RUN), CODE.notApplicable);
      if (content > 0) continue;
      changeReservoir(world, peer, 60 * U);
      assert.equal(oldestAnnunciation(peer), undefined);
      assertAccount(world, peer);
    }
  });

  it("takes no knock, no dead sensor and no failed reading for a plunger (SR-129, SR-57)", () => {
    for (const [what, spoil] of [
      ["a knock", (world: World) => forceOnce(world, 0.9 / 30)],
      ["a reading that fails", (world: World) => forceOnce(world, undefined)],
    ] as const) {
      const { world, peer } = stopped(1_413);
      beginMove(world);
      moveEnded(world);
      world.hardware.plant.loadCartridge(200 * U);
      assert.equal(peer.order(fillOf(200 * U)), CODE.success);
      beginMove(world);
      world.clock.advance(20_000);
      spoil(world);
      moveEnded(world);
      const { reservoirMicrounits } = statusOf(peer);
      assert.ok(reservoirMicrounits === undefined || reservoirMicrounits > 198 * U, `${what}: ${reservoirMicrounits}`);
    }
    const { world, peer } = stopped(1_414);
    beginMove(world);
    moveEnded(world);
    const before = world.hardware.plant.displacedMicrounits;
    deadForce(world, 0);
    putIn(world, peer, 200 * U);
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.reservoirIssue);
    assert.ok(world.hardware.plant.displacedMicrounits - before < 16 * U, "15 U and a pulse, into a line off the body");
  });

  it("does not come up with a force sensor that cannot be read, or is pressed (SR-129)", () => {
    for (const force of [undefined, 0.05]) {
      const { world, peer } = stopped(1_415);
      beginMove(world);
      moveEnded(world);
      world.hardware.plant.loadCartridge(200 * U);
      assert.equal(peer.order(fillOf(200 * U)), CODE.success);
      deadForce(world, force);
      const { screwHalfSteps } = world.hardware.plant;
      world.tapButton(5);
      sayYes(world);
      world.clock.advance(MINUTE_MS);
      assert.equal(world.hardware.plant.screwHalfSteps, screwHalfSteps);
      assert.equal(oldestAnnunciation(peer), ANNUNCIATION.mechanicalIssue);
    }
  });

  it("says MechanicalIssue where the drive is stuck on its way, back or up, as often as it is (SR-129)", () => {
    const rig = rigWith({ reservoirMicrounits: 150 * U });
    const { world, peer } = peerScene({ seed: 1_408, rig, plant: { cartridgeMicrounits: 150 * U } });
    const { plant } = world.hardware;
    assert.equal(peer.tell(STOP), CODE.success);
    beginMove(world);
    world.clock.advance(3_000);
    plant.setJammed(true);
    for (let i = 0; i < 3; i++) {
      moveEnded(world);
      assert.equal(oldestAnnunciation(peer), ANNUNCIATION.mechanicalIssue);
      assert.equal(peer.order(RUN), CODE.notApplicable);
      world.tapButton(1);
      beginMove(world);
    }
    moveEnded(world);
    plant.setJammed(false);
    beginMove(world);
    moveEnded(world);
    world.tapButton(1);
    plant.loadCartridge(100 * U);
    assert.equal(peer.order(fillOf(100 * U)), CODE.success);
    beginMove(world);
    world.clock.advance(10_000);
    plant.setJammed(true);
    moveEnded(world);
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.mechanicalIssue);
    plant.setJammed(false);
    world.tapButton(1);
    changeReservoir(world, peer, 100 * U);
    assertAccount(world, peer);
  });

  it("is moved by no hand unseen: what is found then is not what was told (SR-129, SR-56)", () => {
    const { world, peer } = stopped(1_416);
    beginMove(world);
    moveEnded(world);
    world.hardware.plant.turnScrew(20_000);
    putIn(world, peer, 150 * U);
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.reservoirIssue);
    // With the reservoir in and the drive against it, a hand at the screw is a fault as ever.
    world.hardware.plant.turnScrew(-2_000);
    world.clock.advance(MINUTE_MS);
    assert.equal(statusOf(peer).operationalState, "off");
  });

  it("leaves history and reminders their turn while the drive moves", () => {
    const { world, peer } = stopped(1_417);
    beginMove(world);
    world.clock.advance(2_000);
    const from = peer.received.length;
    peer.send(0x27, Uint8Array.of(0x33, 0x33, 0x0f));
    const { plant } = world.hardware;
    const { screwHalfSteps } = plant;
    const records = () => peer.received.slice(from).filter(({ channel }) => channel === 0x28).length;
    assert.ok(
      world.clock.runUntil(() => records() >= 5, 10_000),
      `${records()} records in 10 s`,
    );
    assert.ok(plant.screwHalfSteps < screwHalfSteps - 256, "meanwhile it moves");
  });

  it("tells of motion that nobody commanded where the drive was halted with its reservoir in (SR-56)", () => {
    const { world, peer } = stopped(1_451);
    const { plant } = world.hardware;
    beginMove(world);
    world.hardware.pressButton(1_200);
    world.clock.advance(5_000);
    assert.equal(world.hardware.display[0], "The drive has halted");
    plant.turnScrew(4_000);
    world.clock.advance(MINUTE_MS);
    assert.equal(statusOf(peer).operationalState, "off");
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.mechanicalIssue);
  });

  it("asks whoever signs Run to look at the reservoir, once the state of the change was lost (SR-66, SR-129)", () => {
    const { world, peer } = stopped(1_452);
    beginMove(world);
    moveEnded(world);
    peer.close();
    world.hardware.cut();
    for (const copy of ["therapy.a", "therapy.b"]) world.hardware.keyValue.corrupt(copy, 20, 0xff);
    world.powerUp();
    world.clock.advance(5_000);
    inSession(peer, () => {
      assert.match(world.hardware.display.join(), /ReservoirIssue/);
      world.tapButton(1);
      assert.equal(oldestAnnunciation(peer), ANNUNCIATION.reservoirIssue);
      changeReservoir(world, peer, 200 * U);
      assert.equal(peer.order(RUN), CODE.success);
      assertAccount(world, peer);
    });
  });

  it("is of no use to the bench: it turns nothing while a reservoir is asked about, out, or primed from (SR-90)", () => {
    const scene = new BenchScene();
    const { world } = scene;
    const refused = () => assert.match(scene.say("turn 1").join(), /Refused: the reservoir is being changed/);
    world.tapButton(5);
    refused();
    world.clock.advance(5_000);
    world.holdButton(2);
    refused();
    moveEnded(world);
    refused();
  });

  it("leaves Stop Priming and Start Priming to the order of their checks where a fault is latched (SR-03)", () => {
    const { world, peer } = peerScene({ seed: 1_453 });
    world.hardware.plant.setJammed(true);
    assert.equal(peer.order(bolusOf(U)), CODE.success);
    world.clock.advance(10_000);
    assert.equal(peer.tell(encodeBare(COMMAND.stopPriming)), CODE.notApplicable);
    const start = encodeReservoirAmount("startPriming", { amountMicrounits: U });
    assert.equal(peer.order(start), CODE.notCompleted);
    world.tapButton(5);
    assert.deepEqual(world.hardware.display, ["A fault is latched: restart the pump"]);
  });
});
