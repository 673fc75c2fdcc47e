/** What a single command may ask for, at the limit and one increment over it. */

import assert from "node:assert/strict";
import { COMMAND } from "../../host-sim/controller/ids.js";
import { bondedWorld } from "../bench.js";
import { Peer } from "../peers.js";
import {
  assertDisplaced,
  assertSound,
  bolusOf,
  CODE,
  deliver,
  MINUTE_MS,
  peerScene,
  quietScene,
  RUN,
  rigWith,
  STOP,
  tbrOf,
} from "./scene.js";

const NO_BASAL = rigWith({ basalMicrounitsPerHour: 0 });

/** Set Bolus with an SFLOAT as it is. */
const setBolus = (sfloat: number, flags = 0, type = 0x33, extended = 0, minutes = 0): Uint8Array =>
  Uint8Array.of(
    ...[COMMAND.setBolus & 0xff, COMMAND.setBolus >> 8, flags, type],
    ...[sfloat, extended, minutes].flatMap((word) => [word & 0xff, word >> 8]),
  );

/** Set TBR with an SFLOAT as it is. */
const setTbr = (sfloat: number): Uint8Array =>
  Uint8Array.of(COMMAND.setTbr & 0xff, COMMAND.setTbr >> 8, 0, 0x33, sfloat & 0xff, sfloat >> 8, 30, 0);

describe("limits of a single command", () => {
  it("delivers a bolus of 10 U, and refuses 10.01 U with 73 (SR-43)", () => {
    const scene = quietScene({ seed: 101, rig: NO_BASAL });
    assert.equal(deliver(scene, 10_010_000), CODE.outOfRange);
    assertDisplaced(scene.world, 0);
    assert.equal(deliver(scene, 10_000_000), CODE.success);
    assertDisplaced(scene.world, 10_000_000);
    assertSound(scene.world);
  });

  it("keeps the same maximum after a restart (SR-43, SR-47)", () => {
    const scene = quietScene({ seed: 102, rig: NO_BASAL });
    scene.world.powerCycle();
    assert.equal(deliver(scene, 10_010_000), CODE.outOfRange);
    assertDisplaced(scene.world, 0);
    assert.equal(deliver(scene, 10_000_000), CODE.success);
    assertDisplaced(scene.world, 10_000_000);
    assertSound(scene.world);
  });

  it("delivers a TBR of 5 U/h, and refuses 5.01 U/h and a change to it with 73 (SR-43)", () => {
    const { world, peer } = peerScene({ seed: 103, rig: NO_BASAL });
    assert.equal(peer.order(tbrOf(5_010_000, 12)), CODE.outOfRange);
    assert.equal(peer.order(tbrOf(5_000_000, 12)), CODE.success);
    assert.equal(peer.order(tbrOf(5_010_000, 12, true)), CODE.outOfRange);
    world.clock.advance(20 * MINUTE_MS);
    assertDisplaced(world, 1_000_000);
    assertSound(world);
  });

  it("refuses with 71 zero, negative, special and off-increment amounts, and delivers none of them (SR-04)", () => {
    const { world, peer } = peerScene({ seed: 104, rig: NO_BASAL });
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ["0 U", setBolus(0)],
      ["-1 U", setBolus(0x0fff)],
      ["0.005 U", setBolus(0xd005)],
      ["1.001 U", setBolus(0xd3e9)],
      ["NaN", setBolus(0x07ff)],
      ["NRes", setBolus(0x0800)],
      ["+INFINITY", setBolus(0x07fe)],
      ["-INFINITY", setBolus(0x0802)],
      ["reserved", setBolus(0x0801)],
      ["NaN with an exponent", setBolus(0xe7ff)],
      ["an extended part", setBolus(0xe064, 0, 0x33, 0xe064, 30)],
      ["a duration", setBolus(0xe064, 0, 0x33, 0, 30)],
      ["a reserved flag", setBolus(0xe064, 0x01)],
      ["an extended bolus", setBolus(0xe064, 0, 0x3c)],
      ["a byte too few", setBolus(0xe064).slice(0, -1)],
      ["a byte too many", Uint8Array.of(...setBolus(0xe064), 0)],
      ["a rate of NaN", setTbr(0x07ff)],
      ["a rate of -1 U/h", setTbr(0x0fff)],
      ["a rate of 0.005 U/h", setTbr(0xd005)],
    ];
    for (const [what, command] of cases) assert.equal(peer.prepare(command), CODE.invalidOperand, what);
    world.clock.advance(MINUTE_MS);
    assertDisplaced(world, 0);
    // The same layout with a plain amount is taken: what was refused above was the amount.
    assert.equal(peer.order(setBolus(0xe064)), CODE.success);
    world.clock.advance(MINUTE_MS);
    assertDisplaced(world, 1_000_000);
    assertSound(world);
  });

  it("delivers the smallest increment, 0.01 U, and takes any encoding of an amount (SR-04, SR-54)", () => {
    const { world, peer } = peerScene({ seed: 105, rig: NO_BASAL });
    let planned = 0;
    for (const [sfloat, amountMicrounits] of [
      [0xe001, 10_000],
      [0xd00a, 10_000],
      [0xf001, 100_000],
      [0x0001, 1_000_000],
    ] as const) {
      assert.equal(peer.order(setBolus(sfloat)), CODE.success);
      world.clock.advance(MINUTE_MS);
      planned += amountMicrounits;
      assertDisplaced(world, planned, sfloat.toString(16));
    }
    assertSound(world);
  });

  it("refuses bolus and TBR with 74 in Stop, and delivers nothing (SR-61)", () => {
    const { world, store, controller } = bondedWorld({ seed: 106 });
    controller.close();
    world.clock.advance(1_000);
    const peer = new Peer(world, store);
    assert.ok(peer.open());
    assert.equal(peer.order(bolusOf(1_000_000)), CODE.notApplicable);
    assert.equal(peer.order(tbrOf(1_000_000, 30)), CODE.notApplicable);
    world.clock.advance(30 * MINUTE_MS);
    assertDisplaced(world, 0);
    assert.equal(peer.order(RUN), CODE.success);
    assert.equal(peer.order(RUN), CODE.notApplicable);
    assert.equal(peer.order(bolusOf(10_000)), CODE.success);
    assertSound(world);
  });

  it("refuses a second bolus with 76 until the first has ended (SR-45)", () => {
    const { world, peer } = peerScene({ seed: 107, rig: NO_BASAL });
    assert.equal(peer.order(bolusOf(500_000)), CODE.success);
    assert.equal(peer.prepare(bolusOf(10_000)), CODE.maxBolusNumber);
    world.clock.advance(30_000);
    assertDisplaced(world, 500_000);
    assert.equal(peer.order(bolusOf(10_000)), CODE.success);
    world.clock.advance(30_000);
    assertDisplaced(world, 510_000);
    assertSound(world);
  });

  it("delivers all that the reservoir holds, and refuses one increment more with 72, after a restart too (SR-45)", () => {
    const rig = rigWith({ basalMicrounitsPerHour: 0, reservoirMicrounits: 1_000_000 });
    const scene = quietScene({ seed: 108, rig });
    assert.equal(deliver(scene, 1_010_000), CODE.notCompleted);
    assertDisplaced(scene.world, 0);
    scene.world.powerCycle();
    assert.equal(deliver(scene, 1_010_000), CODE.notCompleted);
    assert.equal(deliver(scene, 1_000_000), CODE.success);
    assertDisplaced(scene.world, 1_000_000);
    scene.world.powerCycle();
    assert.equal(deliver(scene, 10_000), CODE.notCompleted);
    assertDisplaced(scene.world, 1_000_000);
    assertSound(scene.world);
  });

  it("checks again at Commit: what has become too much for the hour or the reservoir is refused then (SR-30)", () => {
    for (const [what, changes, code] of [
      ["hour", { limits: { hourMaxMicrounits: 1_000_000 } }, CODE.plausibility],
      ["reservoir", { reservoirMicrounits: 1_000_000 }, CODE.notCompleted],
    ] as const) {
      const { world, peer } = peerScene({ seed: 109, rig: rigWith({ basalMicrounitsPerHour: 5_000_000, ...changes }) });
      const { plant } = world.hardware;
      const pulses = () => Math.round(plant.displacedMicrounits / 50_000);
      const begun = pulses();
      assert.ok(world.clock.runUntil(() => pulses() > begun, MINUTE_MS));
      // A pulse is due every 36 s: the next one comes between Prepare and Commit.
      world.clock.advance(25_000);
      const command = bolusOf(1_000_000 - 50_000 * pulses());
      const challenge = peer.challenge(command);
      world.clock.advance(15_000);
      assert.equal(pulses(), begun + 2);
      assert.equal(peer.commit(command, challenge), code, what);
      assert.equal(peer.order(bolusOf(1_000_000 - 50_000 * pulses())), CODE.success, what);
      world.clock.advance(2 * MINUTE_MS);
      assert.ok(plant.displacedMicrounits <= 1_000_000, `${what}: ${plant.displacedMicrounits}`);
      assertSound(world);
    }
  });

  it("refuses Set Max Bolus with 70, by itself and by Prepare, and the limit stands (SR-48)", () => {
    const { world, peer } = peerScene({ seed: 110, rig: NO_BASAL });
    const setMaxBolus = Uint8Array.of(0x8d, 0x14, 0xe8, 0xe7);
    assert.equal(peer.tell(setMaxBolus), CODE.opcodeNotSupported);
    assert.equal(peer.prepare(setMaxBolus), CODE.opcodeNotSupported);
    assert.equal(peer.prepare(bolusOf(10_010_000)), CODE.outOfRange);
    assert.equal(peer.tell(STOP), CODE.success);
    assertDisplaced(world, 0);
    assertSound(world);
  });
});
