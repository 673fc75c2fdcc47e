/** The same seed replays: what fails once fails again. */

import assert from "node:assert/strict";
import { Random } from "../../host-sim/clock/random.js";
import type { World } from "../../host-sim/world.js";
import { runningWorld } from "../bench.js";
import { Recorded } from "../recorded.js";
import { HOUR_MS, historyOf, MINUTE_MS } from "./scene.js";

const STALL_STREAM = 300;

/** Everything that a world leaves behind. */
function remains(world: World, recorded: Recorded) {
  const { hardware } = world;
  const { plant } = hardware;
  return {
    recorded: recorded.bytes(),
    traffic: world.air.traffic,
    stored: hardware.keyValue.snapshot(),
    wear: hardware.keyValue.entriesWritten(),
    history: historyOf(world),
    operations: hardware.operationCounts,
    rotorHalfSteps: plant.rotorHalfSteps,
    displacedMicrounits: plant.displacedMicrounits,
    deliveredMicrounits: plant.deliveredMicrounits,
    shown: hardware.display,
    trace: hardware.trace,
    crashes: hardware.crashes,
    nowMs: world.clock.nowMs,
  };
}

/** A life with a bit of everything that draws from the seed: keys, stalls, a power cut in the middle of an operation. */
function live(seed: number) {
  const recorded = new Recorded();
  const { world, controller } = runningWorld({ seed, record: recorded.record });
  type Ended = { readonly kind: string };
  const random = new Random(seed, STALL_STREAM);
  world.hardware.stallMs = () => (random.below(20) === 0 ? random.below(100) : 0);
  const results: (Ended | undefined)[] = [];
  const keep = (start: (done: (ended: Ended) => void) => void) => results.push(world.await(start));
  keep((done) => controller.bolus(1_300_000, { meal: true }, done));
  keep((done) => controller.setTbr({ rateMicrounitsPerHour: 2_500_000, durationMinutes: 90, change: false }, done));
  world.clock.advance(10 * MINUTE_MS);
  world.hardware.cutAt({ operation: world.hardware.operations + 333, phase: "during" });
  world.clock.advance(HOUR_MS);
  if (!world.hardware.powered) world.powerUp();
  world.clock.advance(30 * MINUTE_MS);
  keep((done) => controller.open(done));
  keep((done) => controller.resolve(done));
  world.holdButton();
  world.tapButton(3);
  world.hardware.plant.turnScrew(40);
  world.holdButton(1);
  world.clock.advance(HOUR_MS);
  return { ...remains(world, recorded), results };
}

describe("a simulation", () => {
  for (const seed of [241, 242])
    it(`gives the same bytes, steps, storage and history again for seed ${seed} (SV-01)`, () => {
      const once = live(seed);
      assert.deepEqual(live(seed), once);
      // It was a life worth comparing.
      assert.ok(once.recorded.length > 20_000 && once.displacedMicrounits > 2_000_000, "hardly anything happened");
      assert.ok(once.history.some((byte) => byte !== 0xff));
    });

  it("gives other bytes for another seed (SV-01)", () => {
    const [one, other] = [live(241), live(242)];
    assert.notDeepEqual(one.recorded, other.recorded);
    assert.notDeepEqual(one.stored, other.stored);
    assert.notDeepEqual(one.trace, other.trace);
  });
});
