/** The power goes while the reservoir is changed: at every write, and at half-steps of both legs, their ends above all. */

import assert from "node:assert/strict";
import type { CutPoint } from "../../host-sim/peripherals/operations.js";
import { World } from "../../host-sim/world.js";
import { Peer } from "../peers.js";
import { beginMove, fillOf, moveEnded, putIn, sayYes, statusOf } from "./reservoirScene.js";
import { assertHistoryWhole, bolusOf, CODE, inSession, MINUTE_MS, peerScene, RUN, STOP } from "./scene.js";

const U = 1_000_000;
/** SR-129. */
const SLACK_MICROUNITS = 50_000;
/** An SFLOAT of over 204.7 U has steps of 1 U, rounded down. */
const REPORT_MICROUNITS = U;
const HALF_STEP_JUMP_MICROUNITS = 5_025;
const SECOND = 290 * U;
/** Operations about each moment that are cut, every one of them. */
const ABOUT = 7;

/** A pump in Stop with a full reservoir, its power off, and the store of its controller. */
function kept(seed: number) {
  const { world, peer, store } = peerScene({ seed });
  assert.equal(peer.tell(STOP), CODE.success);
  peer.close();
  world.hardware.cut();
  return { state: world.hardware.durableState(), store };
}

/** One change of the reservoir, in three parts; what it hands over to between them. */
const PARTS = [
  (world: World, _peer: Peer) => {
    beginMove(world);
    moveEnded(world);
  },
  (world: World, peer: Peer) => {
    world.hardware.plant.loadCartridge(SECOND);
    inSession(peer, () => assert.equal(peer.order(fillOf(SECOND)), CODE.success));
    beginMove(world);
  },
  (world: World, _peer: Peer) => {
    moveEnded(world);
  },
] as const;

/** Goes on with a change as the pump asks for it. */
function finishChange(world: World, peer: Peer): void {
  world.tapButton(5);
  if (!world.hardware.display.includes("Tell the controller what is in it first")) {
    sayYes(world);
    const [first = ""] = moveEnded(world);
    if (first.startsWith("Reservoir: ")) return;
  }
  assert.match(putIn(world, peer, SECOND)[0] ?? "", /^Reservoir: /);
}

/** Runs a change up to where the power goes; false where it has gone. */
function run(world: World, change: (world: World) => void): boolean {
  try {
    change(world);
  } catch (error) {
    if (world.hardware.powered) throw error;
  }
  return world.hardware.powered;
}

describe("a power cut in a change of the reservoir", () => {
  const { state, store } = kept(1_431);
  const again = (): World => {
    const world = new World({ seed: 1_432, restored: state, earlierStarts: 1 });
    world.powerUp();
    world.clock.advance(2_000);
    return world;
  };

  /** Numbers of the operations that the moments of a change begin and end with. */
  function moments(): readonly number[] {
    const world = again();
    const numbers = [world.hardware.operations];
    const peer = new Peer(world, store, 3);
    for (const part of PARTS) {
      part(world, peer);
      numbers.push(world.hardware.operations);
    }
    return numbers;
  }

  /** What holds after any cut, and that the change can then be done. */
  function assertRecovers(world: World, place: string): string {
    const { plant } = world.hardware;
    world.clock.advance(1_000);
    world.powerUp();
    world.clock.advance(2_000);
    const { screwHalfSteps } = plant;
    world.clock.advance(10 * MINUTE_MS);
    assert.equal(plant.screwHalfSteps, screwHalfSteps, `${place}: nothing moves by itself`);
    const peer = new Peer(world, store, 2);
    return inSession(peer, () => {
      const found = statusOf(peer).operationalState;
      if (found !== "ready") {
        assert.equal(found, "waiting", place);
        assert.equal(peer.order(RUN), CODE.notApplicable, place);
        finishChange(world, peer);
      }
      const { reservoirMicrounits = Number.NaN } = statusOf(peer);
      const short = plant.reservoirMicrounits - reservoirMicrounits;
      assert.ok(short > -SLACK_MICROUNITS && short < REPORT_MICROUNITS + 3 * SLACK_MICROUNITS, `${place}: ${short}`);
      assert.equal(peer.order(RUN), CODE.success, place);
      const before = plant.displacedMicrounits;
      assert.equal(peer.order(bolusOf(U)), CODE.success, place);
      world.clock.advance(MINUTE_MS);
      const moved = plant.displacedMicrounits - before;
      // The first pulse's jump, and a basal pulse.
      assert.ok(moved > U - 2 * HALF_STEP_JUMP_MICROUNITS && moved < U + 60_000, `${place}: ${moved}`);
      assert.deepEqual(world.hardware.crashes, [], place);
      assertHistoryWhole(world);
      return found;
    });
  }

  it("leaves a reservoir that is known or a drive that has to go back, moves nothing, and the change can be done (SR-65, SR-126, SR-127, SR-129)", () => {
    const found = new Set<string>();
    const [from = 0, rewound = 0, seeking = 0, to = 0] = moments();
    const operations = new Set<number>();
    for (const moment of [from, rewound, seeking, to])
      for (let about = -ABOUT; about <= ABOUT; about++) operations.add(moment + about);
    for (const [begin, end] of [
      [from, rewound],
      [seeking, to],
    ] as const)
      for (let i = 1; i < 6; i++) operations.add(begin + Math.floor(((end - begin) * i) / 6) + i);
    for (const operation of operations) {
      if (operation <= from) continue;
      for (const phase of ["before", "during", "after"] as const) {
        const world = again();
        const point: CutPoint = { operation, phase };
        world.hardware.cutAt(point);
        const whole = run(world, (given) => {
          const peer = new Peer(given, store, 3);
          for (const part of PARTS) part(given, peer);
        });
        if (whole) {
          assert.ok(operation > to, `${operation} ${phase}`);
          continue;
        }
        found.add(assertRecovers(world, `operation ${operation - from}, ${phase}`));
      }
    }
    assert.deepEqual([...found].sort(), ["ready", "waiting"]);
  });
});
