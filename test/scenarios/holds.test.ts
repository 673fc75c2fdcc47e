/** A hold is judged by what there was to stop, or to say no to, when it began: it never starts what has ended meanwhile. */

import assert from "node:assert/strict";
import { encodeReservoirAmount } from "../../host-sim/controller/ids.js";
import type { World } from "../../host-sim/world.js";
import type { Peer } from "../peers.js";
import { beginMove, fillOf, moveEnded, sayYes, statusOf } from "./reservoirScene.js";
import { bolusOf, CODE, MINUTE_MS, peerScene, STOP } from "./scene.js";

const U = 1_000_000;
const primeOf = (amountMicrounits: number) => encodeReservoirAmount("startPriming", { amountMicrounits });
const HOLD_MS = 800;

function stopped(seed: number) {
  const scene = peerScene({ seed });
  assert.equal(scene.peer.tell(STOP), CODE.success);
  return scene;
}
const shows = (world: World, text: string) => world.hardware.display.some((line) => line.includes(text));

/** Ms from now until the drive says no more "Hold to halt it". */
function endsInMs(world: World): number {
  let ms = 0;
  while (shows(world, "Hold to halt it")) {
    world.clock.advance(1);
    ms++;
  }
  return ms;
}

/** One tap and a hold that counts `beforeMs` before `endMs` from now. */
function tapAndHoldAt(world: World, endMs: number, beforeMs: number): void {
  world.clock.advance(endMs - beforeMs - HOLD_MS - 350);
  world.hardware.pressButton(100);
  world.clock.advance(350);
  assert.ok(shows(world, "Hold to halt it"));
  world.hardware.pressButton(1_000);
  world.clock.advance(HOLD_MS);
  assert.ok(shows(world, "Hold to halt it"), "it still moves when the hold has counted");
  world.clock.advance(2_000);
}

const controlOf = (peer: Peer) => statusOf(peer).therapyControlState;

describe("a hold after one tap", () => {
  for (const beforeMs of [150, 100, 60, 30, 10])
    it(`that was to halt a priming starts no therapy, ${beforeMs} ms before its end (SR-127)`, () => {
      const begin = () => {
        const scene = stopped(9_001);
        assert.equal(scene.peer.order(primeOf(U / 2)), CODE.success);
        sayYes(scene.world);
        return scene;
      };
      const endMs = endsInMs(begin().world);
      const { world, peer } = begin();
      tapAndHoldAt(world, endMs, beforeMs);
      assert.equal(controlOf(peer), "stop", world.hardware.display.join(" / "));
    });

  for (const beforeMs of [45, 20, 10])
    it(`that was to halt the drive starts no therapy, ${beforeMs} ms before it has come up (SR-127)`, () => {
      const begin = () => {
        const scene = stopped(9_002);
        beginMove(scene.world);
        moveEnded(scene.world);
        scene.world.hardware.plant.loadCartridge(300 * U);
        assert.equal(scene.peer.order(fillOf(300 * U)), CODE.success);
        beginMove(scene.world);
        return scene;
      };
      const endMs = endsInMs(begin().world);
      const { world, peer } = begin();
      tapAndHoldAt(world, endMs, beforeMs);
      assert.equal(controlOf(peer), "stop", world.hardware.display.join(" / "));
    });

  for (const [what, taps] of [
    ["opening pairing", 3],
    ["asking for a change of the reservoir", 5],
  ] as const)
    it(`is one thing, and a yes another: none is taken for a question that ${what} has ended (SR-126)`, () => {
      const { world, peer } = stopped(9_003);
      const before = world.hardware.plant.displacedMicrounits;
      assert.equal(peer.order(primeOf(3 * U)), CODE.success);
      world.tapButton(taps);
      world.clock.advance(5_000);
      assert.ok(!shows(world, "Is the line off your body?"), world.hardware.display.join(" / "));
      world.holdButton(2);
      world.clock.advance(MINUTE_MS);
      assert.ok(world.hardware.plant.displacedMicrounits <= before);
    });

  it("finds the question still shown below whatever is announced meanwhile (SR-126)", () => {
    const told = (world: World) => shows(world, "Annunciation: Batt");
    const begin = () => {
      const scene = stopped(9_004);
      scene.world.hardware.sensors.setBattery(3_490);
      return scene;
    };
    const { world: first } = begin();
    const fromMs = first.clock.nowMs;
    assert.ok(first.clock.runUntil(() => told(first), 5 * MINUTE_MS));
    const { world, peer } = begin();
    world.clock.advance(first.clock.nowMs - fromMs - 20_000);
    assert.equal(peer.order(primeOf(3 * U)), CODE.success);
    assert.ok(world.clock.runUntil(() => told(world), 30_000));
    assert.ok(shows(world, "Is the line off your body?"), world.hardware.display.join(" / "));
  });

  it("that was to stop in Run starts nothing on a line that was found occluded meanwhile (SR-57, SR-64)", () => {
    const begin = () => {
      const scene = peerScene({ seed: 9_010 });
      scene.world.hardware.plant.setOccluded(true);
      assert.equal(scene.peer.order(bolusOf(8 * U)), CODE.success);
      return scene;
    };
    const { world: first } = begin();
    let endMs = 0;
    for (; !shows(first, "Stopped"); endMs++) first.clock.advance(1);
    for (const beforeMs of [60, -200]) {
      const { world, peer } = begin();
      world.clock.advance(endMs - beforeMs - HOLD_MS - 350);
      world.hardware.pressButton(100);
      world.clock.advance(350);
      world.hardware.pressButton(1_000);
      world.clock.advance(3_000);
      assert.equal(controlOf(peer), "stop", world.hardware.display.join(" / "));
    }
  });

  it("that says no starts no therapy where the question ends during it (SR-126)", () => {
    const { world, peer } = stopped(9_012);
    assert.equal(peer.order(primeOf(3 * U)), CODE.success);
    let ms = 0;
    for (; shows(world, "Is the line off your body?"); ms++) world.clock.advance(1);
    const again = stopped(9_012);
    assert.equal(again.peer.order(primeOf(3 * U)), CODE.success);
    again.world.clock.advance(ms - 700);
    again.world.hardware.pressButton(100);
    again.world.clock.advance(350);
    assert.ok(shows(again.world, "Is the line off your body?"));
    again.world.hardware.pressButton(1_000);
    again.world.clock.advance(3_000);
    assert.equal(controlOf(again.peer), "stop", again.world.hardware.display.join(" / "));
    assert.equal(controlOf(peer), "stop");
  });
});
