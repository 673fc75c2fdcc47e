/** The one thread stalls for up to 600 ms before any callback: late insulin is harmless, hurried insulin is not. */

import assert from "node:assert/strict";
import { Random } from "../../host-sim/clock/random.js";
import type { StallMs } from "../../host-sim/peripherals/thread.js";
import type { World } from "../../host-sim/world.js";
import {
  assertDisplaced,
  assertSound,
  bolusOf,
  CODE,
  coilsOn,
  lastTracedMs,
  listenToPulses,
  MINUTE_MS,
  peerScene,
  rigWith,
} from "./scene.js";

const U = 1_000_000;
const LONGEST_STALL_MS = 600;
const STALL_STREAM = 300;

/** The ways to stall; `callback` counts since power-up. */
const PATTERNS: Readonly<Record<string, (world: World, random: Random) => StallMs>> = {
  "at any callback": (_, random) => () => random.below(LONGEST_STALL_MS + 1),
  "at one callback in ten": (_, random) => () => (random.below(10) === 0 ? random.below(LONGEST_STALL_MS + 1) : 0),
  "only while coils have current": (world, random) => () => (coilsOn(world) ? random.below(LONGEST_STALL_MS + 1) : 0),
  "only while no coil has current": (world, random) => () => (coilsOn(world) ? 0 : random.below(LONGEST_STALL_MS + 1)),
  "for the longest time at the first half-step and after the last": (world) => {
    let was = false;
    return () => {
      const now = coilsOn(world);
      const edge = now !== was;
      was = now;
      return edge ? LONGEST_STALL_MS : 0;
    };
  },
};

describe("a stalled thread", () => {
  for (const [name, pattern] of Object.entries(PATTERNS))
    for (const seed of [221, 222, 223])
      it(`loses no half-step and hurries no pulse, stalled ${name}, seed ${seed} (SR-53, SR-55)`, () => {
        const { world, peer } = peerScene({ seed, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
        assert.equal(peer.order(bolusOf(U)), CODE.success);
        peer.close();
        world.hardware.stallMs = pattern(world, new Random(seed, STALL_STREAM));
        const starts = listenToPulses(world);
        world.clock.advance(20 * MINUTE_MS);
        const gaps = starts.slice(1).map((atMs, i) => atMs - (starts[i] ?? 0));
        assert.ok(starts.length >= 19, `${starts.length} pulses`);
        assert.ok(Math.min(...gaps) >= 2_000, `${Math.min(...gaps)} ms between pulses`);
        assert.ok(world.hardware.plant.minStepIntervalMs >= 3, `${world.hardware.plant.minStepIntervalMs} ms a step`);
        assertDisplaced(world, U);
        world.hardware.stallMs = () => 0;
        assertSound(world);
      });

  for (const [name, pattern] of Object.entries(PATTERNS))
    it(`keeps to a basal rate of 1.2 U/h within one pulse, stalled ${name}, seed 231 (SR-55, SR-59)`, () => {
      const rate = 1_200_000;
      const { world, peer } = peerScene({ seed: 231, rig: rigWith({ basalMicrounitsPerHour: rate }) });
      const runMs = lastTracedMs(world, "obeyed: run");
      peer.close();
      world.hardware.stallMs = pattern(world, new Random(231, STALL_STREAM));
      for (let minute = 1; minute <= 60; minute++) {
        world.clock.advance(MINUTE_MS);
        const owed = (rate * (world.clock.nowMs - runMs)) / 3_600_000;
        const moved = world.hardware.plant.displacedMicrounits;
        // The pulse under way may take 42 half-steps of up to 603 ms: another 0.01 U comes due meanwhile.
        assert.ok(moved > owed - 50_000 - 12_000 && moved <= owed + 1, `minute ${minute}: ${moved} of ${owed}`);
      }
      world.hardware.stallMs = () => 0;
      assertSound(world);
    });

  it("makes up nothing at once after a stall: pulses that came due meanwhile stay 2 s apart (SR-53)", () => {
    const { world, peer } = peerScene({ seed: 232, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    peer.close();
    let stalls = 0;
    // One stall of five minutes, far over what a board without a watchdog would survive: 8 pulses come due in it.
    world.hardware.stallMs = () => (stalls++ === 0 ? 5 * MINUTE_MS : 0);
    world.clock.advance(5 * MINUTE_MS - 1_000);
    const starts = listenToPulses(world);
    world.clock.advance(2 * MINUTE_MS);
    const gaps = starts.slice(1).map((atMs, i) => atMs - (starts[i] ?? 0));
    assert.ok(starts.length >= 8, `${starts.length} pulses`);
    assert.ok(Math.min(...gaps) >= 2_000, `${Math.min(...gaps)} ms between pulses`);
    assertSound(world);
  });

  it("pairs, opens sessions and obeys with stalls of up to 100 ms, seed 233 (SR-55)", () => {
    const { world, peer } = peerScene({ seed: 233, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const random = new Random(233, STALL_STREAM);
    world.hardware.stallMs = () => random.below(101);
    let planned = 0;
    for (let i = 0; i < 5; i++) {
      assert.equal(peer.order(bolusOf(100_000)), CODE.success);
      world.clock.advance(MINUTE_MS);
      planned += 100_000;
      assertDisplaced(world, planned);
      peer.close();
      assert.ok(peer.open());
    }
    world.hardware.stallMs = () => 0;
    assertSound(world);
  });
});
