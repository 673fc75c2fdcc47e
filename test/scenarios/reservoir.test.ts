/** The change of the reservoir: hands at the pump, the drive, and what the pump makes of both. */

import assert from "node:assert/strict";
import { DEFAULT_RIG } from "../../firmware/rig.js";
import {
  assertAccount,
  beginMove,
  changeReservoir,
  EVENT,
  eventsOf,
  fillOf,
  moveEnded,
  putIn,
  statusOf,
} from "./reservoirScene.js";
import {
  assertHistoryWhole,
  bolusOf,
  CODE,
  coilsOn,
  HOUR_MS,
  inSession,
  MINUTE_MS,
  oldestAnnunciation,
  peerScene,
  quietScene,
  RUN,
  rigWith,
  STOP,
} from "./scene.js";

const U = 1_000_000;
const ANNUNCIATION = { mechanicalIssue: 0x33, reservoirIssue: 0x55, reservoirEmpty: 0x5a, reservoirLow: 0x66 } as const;

const operational = (from: number, to: number) => `30c ${from.toString(16)}${to.toString(16)}`;

/** A pump in Stop with nothing pending, and its peer in session. */
function stopped(seed: number) {
  const scene = peerScene({ seed });
  assert.equal(scene.peer.tell(STOP), CODE.success);
  return scene;
}

describe("a change of the reservoir", () => {
  it("goes back, waits for hands, comes up, and knows what is there; every state of it is told and recorded (SR-126, SR-129)", () => {
    const { world, peer } = peerScene({ seed: 1_401 });
    const { plant } = world.hardware;
    assert.equal(peer.order(bolusOf(5 * U)), CODE.success);
    world.clock.advance(5 * MINUTE_MS);
    assert.equal(peer.tell(STOP), CODE.success);
    const delivered = plant.displacedMicrounits;
    beginMove(world);
    const state = () => {
      const { operationalState, reservoirAttached, reservoirMicrounits } = statusOf(peer);
      return [operationalState, reservoirAttached, reservoirMicrounits];
    };
    assert.deepEqual(state(), ["preparing", false, undefined]);
    assert.deepEqual(moveEnded(world), ["Change the reservoir", "Tell the controller what is in it"]);
    assert.deepEqual(state(), ["waiting", false, undefined]);
    assert.equal(peer.order(RUN), CODE.notApplicable);
    world.tapButton(5);
    assert.deepEqual(world.hardware.display, ["Tell the controller what is in it first"]);
    plant.loadCartridge(180 * U);
    assert.equal(peer.order(fillOf(185 * U)), CODE.success);
    assert.deepEqual(world.hardware.display, ["Reservoir of 185.00 U", "Put it in, then tap five times"]);
    assert.deepEqual(state(), ["waiting", false, undefined]);
    beginMove(world);
    assert.deepEqual(state(), ["preparing", false, undefined]);
    moveEnded(world);
    assert.deepEqual(state().slice(0, 2), ["ready", true]);
    assertAccount(world, peer);
    assert.ok(plant.displacedMicrounits - delivered < U, "the plunger was touched, and hardly moved");
    assert.deepEqual(eventsOf(world, EVENT.operational), [
      operational(0x96, 0x55),
      operational(0x55, 0x66),
      operational(0x66, 0x55),
      operational(0x55, 0x96),
    ]);
    // 179.5 U: mantissa 1795, exponent -1.
    assert.deepEqual(eventsOf(world, EVENT.reservoirChanged), ["330 03f7"]);
    assert.equal(peer.order(RUN), CODE.success);
    assert.equal(peer.order(bolusOf(2 * U)), CODE.success);
    world.clock.advance(10 * MINUTE_MS);
    assertAccount(world, peer);
    assert.deepEqual(world.hardware.crashes, []);
    assertHistoryWhole(world);
  });

  it("delivers as exactly afterwards as before, with no fault, over a restart too (SR-54, SR-56)", () => {
    const { world, peer } = stopped(1_402);
    const { plant } = world.hardware;
    changeReservoir(world, peer, 300 * U);
    assert.equal(peer.order(RUN), CODE.success);
    const before = plant.displacedMicrounits;
    assert.equal(peer.order(bolusOf(5 * U)), CODE.success);
    world.clock.advance(30 * MINUTE_MS);
    const basal = Math.floor((0.9 * 30) / 60 / 0.05) * 50_000;
    const moved = plant.displacedMicrounits - before;
    assert.ok(Math.abs(moved - 5 * U - basal) < 50_000 + 5_025, `${moved}`);
    peer.close();
    world.powerCycle();
    world.clock.advance(HOUR_MS);
    inSession(peer, () => {
      assertAccount(world, peer);
      assert.equal(statusOf(peer).therapyControlState, "run");
    });
    assert.deepEqual(world.hardware.crashes, []);
  });

  it("counts no insulin for what the drive moves, and its pulses for no window (SR-91, SR-128)", () => {
    const { world, peer } = stopped(1_403);
    const totals = () => peer.ask(0x24, Uint8Array.of(0xc0, 0x03))?.value.join();
    const before = totals();
    changeReservoir(world, peer, 200 * U);
    assert.equal(totals(), before);
  });

  it("moves nothing in Run, without a question, too soon or too late for one, or when it is answered no (SR-126)", () => {
    const { world, peer } = quietScene({ seed: 1_404, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const { plant } = world.hardware;
    const commanded = plant.commandedHalfSteps;
    world.tapButton(5);
    assert.deepEqual(world.hardware.display, ["Hold to stop first"]);
    world.holdButton();
    world.holdButton(2);
    for (const spoil of [
      () => world.clock.advance(61_000),
      () => world.holdButton(),
      () => world.holdButton(1),
      () => world.holdButton(3),
      () => inSession(peer, () => peer.tell(STOP)),
      () => world.holdButton(7),
      () => world.powerCycle(),
    ]) {
      world.tapButton(5);
      assert.match(world.hardware.display.join(), /Change the reservoir\?/);
      world.clock.advance(5_000);
      spoil();
      world.clock.advance(5_000);
      world.holdButton(2);
      world.clock.advance(MINUTE_MS);
      assert.equal(plant.commandedHalfSteps, commanded);
      if (world.hardware.display.includes("Running")) world.holdButton();
    }
    world.tapButton(5);
    world.holdButton(2);
    world.clock.advance(MINUTE_MS);
    assert.equal(plant.commandedHalfSteps, commanded, "an answer within 4 s began before the question");
  });

  it("keeps the pump from Run while it asks, by radio and by button, and a Run from being asked (SR-126)", () => {
    const { world, peer } = stopped(1_412);
    world.tapButton(5);
    assert.equal(peer.order(RUN), CODE.notApplicable);
    world.holdButton(1);
    assert.equal(statusOf(peer).therapyControlState, "stop");
    world.clock.advance(61_000);
    assert.equal(peer.order(RUN), CODE.success);
    world.tapButton(5);
    world.clock.advance(5_000);
    const { screwHalfSteps } = world.hardware.plant;
    world.holdButton(2);
    world.clock.advance(MINUTE_MS);
    assert.ok(world.hardware.plant.screwHalfSteps >= screwHalfSteps);
    assert.equal(statusOf(peer).operationalState, "ready");
  });

  it("is halted by a hold within 1 s of the press, wherever in it, and has to go back then (SR-127)", () => {
    const rig = rigWith({ reservoirMicrounits: 200 * U });
    const { world, peer } = peerScene({ seed: 1_405, rig, plant: { cartridgeMicrounits: 200 * U } });
    const { plant } = world.hardware;
    assert.equal(peer.tell(STOP), CODE.success);
    for (let intoMs = 0; intoMs < 900; intoMs += 110) {
      beginMove(world);
      world.clock.advance(3_000 + intoMs);
      world.hardware.pressButton(1_500);
      world.clock.advance(1_000);
      assert.ok(!coilsOn(world), `${intoMs}`);
      const at = plant.screwHalfSteps;
      world.clock.advance(MINUTE_MS);
      assert.equal(plant.screwHalfSteps, at);
      assert.equal(statusOf(peer).operationalState, "waiting");
      assert.deepEqual(world.hardware.display, ["The drive has halted", "Tap five times: it goes back"]);
    }
    changeReservoir(world, peer, 250 * U);
    assertAccount(world, peer);
  });

  it("is halted by Stop, and by a restart, and stays so (SR-127)", () => {
    const { world, peer } = stopped(1_406);
    beginMove(world);
    world.clock.advance(4_000);
    assert.equal(peer.tell(STOP), CODE.success);
    assert.equal(statusOf(peer).operationalState, "waiting");
    beginMove(world);
    moveEnded(world);
    world.hardware.plant.loadCartridge(100 * U);
    assert.equal(peer.order(fillOf(100 * U)), CODE.success);
    beginMove(world);
    world.clock.advance(5_000);
    world.powerCycle();
    const { screwHalfSteps } = world.hardware.plant;
    world.clock.advance(HOUR_MS);
    assert.equal(world.hardware.plant.screwHalfSteps, screwHalfSteps);
    inSession(peer, () => {
      assert.equal(statusOf(peer).operationalState, "waiting");
      assert.equal(peer.order(RUN), CODE.notApplicable);
    });
    world.holdButton(1);
    inSession(peer, () => assert.equal(statusOf(peer).therapyControlState, "stop"));
    assert.equal(eventsOf(world, EVENT.operational).at(-1), operational(0x55, 0x66));
    inSession(peer, () => {
      changeReservoir(world, peer, 100 * U);
      assertAccount(world, peer);
    });
  });

  it("is told what is in the next reservoir while its drive is back, and takes the lesser of that and what it finds (SR-129)", () => {
    const { world, peer } = stopped(1_409);
    assert.equal(peer.order(fillOf(200 * U)), CODE.notApplicable);
    beginMove(world);
    moveEnded(world);
    for (const [amount, code] of [
      [0, CODE.invalidOperand],
      [9 * U, CODE.outOfRange],
      [308 * U, CODE.outOfRange],
    ] as const)
      assert.equal(peer.order(fillOf(amount)), code, `${amount}`);
    putIn(world, peer, 200 * U, 205 * U);
    assert.equal(statusOf(peer).reservoirMicrounits, 199_500_000);
    assert.equal(peer.order(fillOf(150 * U)), CODE.notApplicable);
    beginMove(world);
    moveEnded(world);
    putIn(world, peer, 200 * U, 195 * U);
    assert.equal(statusOf(peer).reservoirMicrounits, 195 * U);
    assert.equal(peer.order(RUN), CODE.success);
  });

  it("counts the hours of its insulin from when it was put in, or was told to (SR-129)", () => {
    const { world, peer } = stopped(1_410);
    const minutes = () =>
      peer
        .ask(0x24, Uint8Array.of(0xa6, 0x03, 0x55, 0x33))
        ?.value.slice(4, 6)
        .join();
    beginMove(world);
    assert.deepEqual(
      [...(peer.ask(0x24, Uint8Array.of(0xa6, 0x03, 0x55, 0x33))?.value ?? [])].at(-1),
      CODE.notApplicable,
    );
    moveEnded(world);
    putIn(world, peer, 200 * U);
    world.clock.advance(125 * MINUTE_MS);
    assert.equal(minutes(), "125,0");
    assert.equal(peer.order(Uint8Array.of(0xb7, 0x12)), CODE.success);
    assert.equal(minutes(), "0,0");
  });
});

describe("a reservoir that runs low", () => {
  it("is told of once at 20 U, again after a restart, and not of a fresh one (SR-130)", () => {
    const rig = rigWith({ reservoirMicrounits: 20_300_000 });
    const { world, peer } = peerScene({ seed: 1_411, rig, plant: { cartridgeMicrounits: 20_300_000 } });
    assert.equal(oldestAnnunciation(peer), undefined);
    assert.equal(peer.order(bolusOf(U)), CODE.success);
    world.clock.advance(3 * MINUTE_MS);
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.reservoirLow);
    world.tapButton(1);
    world.clock.advance(HOUR_MS);
    assert.equal(oldestAnnunciation(peer), undefined);
    peer.close();
    world.powerCycle();
    world.clock.advance(3 * MINUTE_MS);
    world.tapButton(1);
    inSession(peer, () => {
      assert.equal(oldestAnnunciation(peer), ANNUNCIATION.reservoirLow);
      assert.equal(peer.tell(STOP), CODE.success);
      changeReservoir(world, peer, 200 * U);
      assert.equal(oldestAnnunciation(peer), undefined);
    });
    assert.ok(DEFAULT_RIG.reservoir.lowMicrounits === 20 * U);
  });
});
