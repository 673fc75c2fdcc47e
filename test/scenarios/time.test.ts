/**
 * The 32-bit millisecond counter of the board changes sign (2^31) or wraps (2^32) ten seconds after power-up, in the
 * middle of every deadline, life and rate.
 */

import assert from "node:assert/strict";
import { DROP, delay, PASS } from "../../host-sim/air/tap.js";
import type { World } from "../../host-sim/world.js";
import { Stranger } from "../peers.js";
import {
  assertDisplaced,
  assertSound,
  bolusOf,
  CODE,
  HOUR_MS,
  MINUTE_MS,
  quietScene,
  rigWith,
  type Scene,
  STOP,
} from "./scene.js";

const TO_WRAP_MS = 10_000;
const U = 1_000_000;

/** A pump in Run that was restarted just now, so that its counter stands 10 s before the wrap, and no session. */
function restarted(
  seed: number,
  ticksStartMs: number,
  basalMicrounitsPerHour = 0,
): Scene & { readonly bootMs: number } {
  const scene = quietScene({ seed, ticksStartMs, rig: rigWith({ basalMicrounitsPerHour }) });
  scene.world.powerCycle();
  return { ...scene, bootMs: scene.world.clock.nowMs };
}

const advanceTo = (world: World, atMs: number): void => world.clock.advance(atMs - world.clock.nowMs);

for (const [name, ticksStartMs] of [
  ["changes sign", 2 ** 31 - TO_WRAP_MS],
  ["wraps", 2 ** 32 - TO_WRAP_MS],
] as const)
  describe(`while the 32-bit counter of milliseconds ${name}`, () => {
    it("ends a connection without m2 2 s after m1, and takes an m2 of 1.9 s (SR-09, SR-68)", () => {
      const { world, peer, bootMs } = restarted(201, ticksStartMs);
      advanceTo(world, bootMs + 9_000);
      const stranger = new Stranger(world);
      assert.ok(world.clock.runUntil(() => stranger.m1 !== undefined, 1_000));
      const m1Ms = world.clock.nowMs;
      assert.ok(world.clock.runUntil(() => stranger.endedMs !== undefined, 5_000));
      const tookMs = (stranger.endedMs ?? 0) - m1Ms;
      assert.ok(tookMs >= 2_000 && tookMs <= 2_050, `${tookMs} ms`);

      for (const [delayMs, opens] of [
        [1_900, true],
        [2_000, false],
      ] as const) {
        world.powerCycle();
        world.clock.advance(9_000);
        world.air.tap = ({ kind, direction }) => {
          if (kind !== "write" || direction !== "toPeripheral") return PASS;
          world.air.tap = undefined;
          return delay(delayMs);
        };
        assert.equal(peer.open(2_500), opens, `m2 ${delayMs} ms late`);
        peer.close();
      }
      assertSound(world);
    });

    it("ends a connection that never subscribes after 5 s (SR-09, SR-68)", () => {
      const { world, bootMs } = restarted(202, ticksStartMs);
      advanceTo(world, bootMs + 7_000);
      const stranger = new Stranger(world, { subscribe: false });
      assert.ok(world.clock.runUntil(() => stranger.endedMs !== undefined, 10_000));
      const heldMs = (stranger.endedMs ?? 0) - (stranger.connectedMs ?? 0);
      assert.ok(heldMs >= 4_900 && heldMs <= 5_100, `${heldMs} ms`);
      assertSound(world);
    });

    it("ticks every 5 s, and ends a session 15 s after the controller's last record (SR-23, SR-68)", () => {
      const { world, peer, bootMs } = restarted(203, ticksStartMs);
      advanceTo(world, bootMs + 1_000);
      assert.ok(peer.open());
      const from = world.clock.nowMs;
      const ticks: number[] = [];
      let heardMs = 0;
      world.air.tap = ({ kind, direction }) => {
        if (kind === "indication") ticks.push(world.clock.nowMs - from);
        if (kind !== "write" || direction !== "toPeripheral") return PASS;
        if (ticks.length > 2) return DROP;
        heardMs = world.clock.nowMs;
        return PASS;
      };
      assert.ok(world.clock.runUntil(() => peer.ended !== undefined, MINUTE_MS));
      assert.equal(ticks.length, 5, `ticks at ${ticks}`);
      for (const [i, atMs] of ticks.entries()) assert.ok(Math.abs(atMs - 5_000 * (i + 1)) < 100, `ticks at ${ticks}`);
      const silenceMs = (peer.ended?.atMs ?? 0) - heardMs;
      assert.ok(silenceMs > 15_000 && silenceMs < 15_100, `${silenceMs} ms`);
      assertSound(world);
    });

    it("keeps a session that is answered open for an hour (SR-23, SR-68)", () => {
      const { world, peer } = restarted(204, ticksStartMs);
      assert.ok(peer.open());
      world.clock.advance(HOUR_MS);
      assert.equal(peer.ended, undefined);
      assertSound(world);
    });

    it("accepts a Commit 9.9 s after a challenge of 10 s, and refuses one 10.1 s after it with 82 (SR-27, SR-68)", () => {
      for (const [afterMs, code] of [
        [9_900, CODE.success],
        [10_100, CODE.challengeExpired],
      ] as const) {
        const { world, peer, bootMs } = restarted(205, ticksStartMs);
        advanceTo(world, bootMs + 3_000);
        assert.ok(peer.open());
        const command = bolusOf(U);
        const challenge = peer.challenge(command, 10);
        // It was made 15 ms before it arrived, and the Commit takes as long to the pump.
        world.clock.advance(afterMs - 30);
        assert.equal(peer.commit(command, challenge), code, `${afterMs} ms`);
        world.clock.advance(MINUTE_MS);
        assertDisplaced(world, code === CODE.success ? U : 0);
        assertSound(world);
      }
    });

    it("refuses with 80 what is over 10 s old, and nothing younger (SR-22, SR-68)", () => {
      for (const [lateMs, code] of [
        [4_000, CODE.success],
        [10_100, CODE.stale],
      ] as const) {
        const { world, peer, bootMs } = restarted(206, ticksStartMs);
        advanceTo(world, bootMs + 5_000);
        assert.ok(peer.open());
        world.air.tap = ({ kind, direction }) => {
          if (kind !== "write" || direction !== "toPeripheral") return PASS;
          world.air.tap = undefined;
          return delay(lateMs);
        };
        assert.equal(peer.tell(STOP, 15_000), code, `${lateMs} ms late`);
        assertSound(world);
      }
    });

    it("delivers a bolus and basal at 5 U/h to the pulse, with none too soon (SR-53, SR-59, SR-68)", () => {
      const { world, peer, bootMs } = restarted(207, ticksStartMs, 5 * U);
      const { plant } = world.hardware;
      const from = plant.displacedMicrounits;
      assert.ok(peer.open());
      assert.equal(peer.order(bolusOf(U)), CODE.success);
      peer.close();
      for (let minute = 1; minute <= 60; minute++) {
        advanceTo(world, bootMs + minute * MINUTE_MS);
        const moved = plant.displacedMicrounits - from;
        const basal = (5 * U * minute) / 60;
        // One pulse may not be due yet, and one may have been owed from before the restart.
        assert.ok(moved > U + basal - 51_300 && moved < U + basal + 51_300, `minute ${minute}: ${moved}`);
      }
      assert.ok(plant.minPulseGapMs >= 2_000, `${plant.minPulseGapMs} ms`);
      assertSound(world);
    });

    it("keeps the pairing window open for 120 s and no longer (SR-12, SR-68)", () => {
      for (const [afterMs, opens] of [
        [119_000, true],
        [121_000, false],
      ] as const) {
        const { world } = restarted(208, ticksStartMs);
        world.clock.advance(4_000);
        const text = world.openPairing();
        const controller = world.controller();
        world.clock.advance(afterMs);
        const result = world.await<{ readonly kind: string }>((done) => controller.pair(text, done));
        assert.equal(result?.kind, opens ? "ok" : "failed", `${afterMs} ms`);
        assertSound(world);
      }
    });
  });
