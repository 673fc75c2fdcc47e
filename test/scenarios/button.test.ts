/** The one button: it stops within a second whatever else goes on, and nothing but a meant gesture does anything. */

import assert from "node:assert/strict";
import { parseShown } from "../../host-sim/controller/pairing.js";
import type { World } from "../../host-sim/world.js";
import { Stranger } from "../peers.js";
import {
  assertDisplaced,
  assertSound,
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
} from "./scene.js";

const U = 1_000_000;
const WITHIN_MS = 1_000;

/** Presses for `durationMs`, with contacts that bounce for 15 ms at both ends. */
function bouncingPress(world: World, durationMs: number): void {
  const { hardware, clock } = world;
  const bounce = () => {
    for (const [closedMs, openMs] of [
      [1, 2],
      [3, 1],
      [2, 4],
      [1, 1],
    ] as const) {
      hardware.pressButton(closedMs);
      clock.advance(closedMs + openMs);
    }
  };
  bounce();
  hardware.pressButton(durationMs);
  clock.advance(durationMs + 1);
  bounce();
}

describe("the button", () => {
  it("held stops a bolus within 1 s of the press, wherever in the pulse it comes (SR-58, SR-62, SR-64)", () => {
    for (let intoPulseMs = 0; intoPulseMs < 2_000; intoPulseMs += 190) {
      const { world, peer } = peerScene({ seed: 501, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
      const { plant } = world.hardware;
      assert.equal(peer.order(bolusOf(2 * U)), CODE.success);
      assert.ok(world.clock.runUntil(() => plant.displacedMicrounits > 110_000, MINUTE_MS));
      world.clock.advance(intoPulseMs);
      world.hardware.pressButton(1_500);
      world.clock.advance(WITHIN_MS);
      assert.ok(!coilsOn(world), `${intoPulseMs} ms into the pulse`);
      const moved = plant.displacedMicrounits;
      world.clock.advance(HOUR_MS / 4);
      assert.equal(plant.displacedMicrounits, moved, `${intoPulseMs} ms into the pulse`);
      assert.ok(moved < 300_000);
      assertSound(world);
    }
  });

  it("held stops while strangers flood the radio and the processor is busy (SR-64)", () => {
    const { world, peer } = quietScene({ seed: 502, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    const { plant } = world.hardware;
    inSession(peer, () => assert.equal(peer.order(bolusOf(2 * U)), CODE.success));
    world.clock.advance(5_000);
    const strangers = Array.from({ length: 5 }, () => new Stranger(world));
    world.clock.runUntil(() => strangers.some(({ m1 }) => m1 !== undefined), 6_000);
    // The costliest callback there is, an HMAC, takes 57 ms on the board.
    world.hardware.stallMs = () => (coilsOn(world) ? 0 : 57);
    world.hardware.pressButton(1_500);
    for (let i = 0; i < 20; i++) {
      for (const stranger of strangers)
        if (stranger.m1 && stranger.endedMs === undefined) stranger.write(new Uint8Array(41));
      world.clock.advance(WITHIN_MS / 20);
    }
    const moved = plant.displacedMicrounits;
    world.clock.advance(HOUR_MS / 4);
    assert.equal(plant.displacedMicrounits, moved);
    world.hardware.stallMs = () => 0;
    assertSound(world);
  });

  it("touched shortly stops nothing: 10 ms, 50 ms, 300 ms, 780 ms (SR-64)", () => {
    for (const durationMs of [1, 10, 19, 21, 50, 300, 780]) {
      const { world, peer } = quietScene({ seed: 503, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
      inSession(peer, () => assert.equal(peer.order(bolusOf(500_000)), CODE.success));
      world.hardware.pressButton(durationMs);
      world.clock.advance(MINUTE_MS);
      assertDisplaced(world, 500_000, `${durationMs} ms:`);
      assert.equal(
        inSession(peer, () => peer.prepare(RUN)),
        CODE.notApplicable,
        `${durationMs} ms`,
      );
      assertSound(world);
    }
  });

  it("touched again and again, every touch too short, never adds up to a hold (SR-64)", () => {
    const { world, peer } = quietScene({ seed: 504, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    inSession(peer, () => assert.equal(peer.order(bolusOf(U)), CODE.success));
    for (let i = 0; i < 200; i++) {
      world.hardware.pressButton(5 + (i % 17) * 40);
      world.clock.advance(10 + (i % 17) * 40 + (i % 7) * 100);
    }
    world.clock.advance(MINUTE_MS);
    assertDisplaced(world, U);
    assertSound(world);
  });

  it("bouncing counts once: a hold stops, three taps are three, one tap is one (SR-64)", () => {
    const { world, peer } = quietScene({ seed: 505, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    for (let i = 0; i < 3; i++) {
      bouncingPress(world, 100);
      world.clock.advance(200);
    }
    world.clock.advance(1_000);
    assert.equal(world.hardware.display[0], "Pair");
    inSession(peer, () => assert.equal(peer.order(bolusOf(U)), CODE.success));
    world.clock.advance(5_000);
    bouncingPress(world, 1_200);
    const moved = world.hardware.plant.displacedMicrounits;
    world.clock.advance(MINUTE_MS);
    assert.equal(world.hardware.plant.displacedMicrounits, moved);
    bouncingPress(world, 100);
    world.clock.advance(1_000);
    assert.equal(world.hardware.plant.displacedMicrounits, moved);
    assertSound(world);
  });

  it("tapped once and then held resumes, at the programmed rate and with nothing made up (SR-62)", () => {
    const { world } = quietScene({ seed: 506, rig: rigWith({ basalMicrounitsPerHour: 3 * U }) });
    const { plant } = world.hardware;
    world.holdButton();
    const stopped = plant.displacedMicrounits;
    world.clock.advance(2 * HOUR_MS);
    assert.equal(plant.displacedMicrounits, stopped);
    world.holdButton(1);
    world.clock.advance(HOUR_MS);
    const moved = plant.displacedMicrounits - stopped;
    assert.ok(moved > 2_948_000 && moved < 3_052_000, `${moved}`);
    assertSound(world);
  });

  it("held alone, or after two taps, does not resume (SR-62)", () => {
    const { world } = quietScene({ seed: 507, rig: rigWith({ basalMicrounitsPerHour: 3 * U }) });
    world.holdButton();
    const { displacedMicrounits } = world.hardware.plant;
    for (const taps of [0, 2, 3, 6]) {
      world.holdButton(taps);
      world.clock.advance(HOUR_MS);
      assert.equal(world.hardware.plant.displacedMicrounits, displacedMicrounits, `${taps} taps`);
    }
    assertSound(world);
  });

  it("tapped three times opens pairing for an operator, four times for an observer, else not at all (SR-12)", () => {
    for (const [count, role] of [
      [1, undefined],
      [2, undefined],
      [3, 1],
      [4, 2],
      [5, undefined],
      [7, undefined],
    ] as const) {
      const { world } = quietScene({ seed: 508, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
      world.tapButton(count);
      const [title, text = ""] = world.hardware.display;
      assert.equal(title === "Pair", role !== undefined, `${count} taps`);
      const parsed = title === "Pair" ? parseShown(text) : undefined;
      assert.equal(parsed?.kind === "ok" ? parsed.shown.role : undefined, role, `${count} taps`);
      const stranger = new Stranger(world);
      world.clock.runUntil(() => stranger.m1 !== undefined, 10_000);
      assert.equal(stranger.m1?.length, role === undefined ? 26 : 58, `${count} taps`);
      assertSound(world);
    }
  });

  it("counts a tap that begins and ends within a pulse: four taps in a bolus are never taken for three (SR-12, SR-64)", () => {
    for (let offsetMs = 0; offsetMs < 2_000; offsetMs += 90) {
      const { world, peer } = peerScene({ seed: 512, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
      assert.equal(peer.order(bolusOf(U)), CODE.success);
      peer.close();
      world.clock.advance(offsetMs);
      const parsed = parseShown(world.openPairing("observe"));
      assert.equal(parsed.kind === "ok" && parsed.shown.role, 2, `${offsetMs} ms`);
      world.clock.advance(MINUTE_MS);
      assertDisplaced(world, U);
      assertSound(world);
    }
  });

  it("tapped once confirms the oldest annunciation, and leaves therapy alone (SR-64)", () => {
    const { world, peer } = quietScene({ seed: 509, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    world.powerCycle();
    const first = inSession(peer, oldestAnnunciation);
    assert.notEqual(first, undefined);
    world.tapButton(1);
    assert.notEqual(inSession(peer, oldestAnnunciation), first);
    assert.equal(
      inSession(peer, () => peer.prepare(RUN)),
      CODE.notApplicable,
    );
    assertSound(world);
  });

  it("tapped seven times and held revokes all bonds and ends the session, and therapy goes on (SR-28, SR-72)", () => {
    const { world, peer } = peerScene({ seed: 510, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    assert.equal(peer.order(bolusOf(U)), CODE.success);
    world.holdButton(7);
    assert.notEqual(peer.ended, undefined);
    assert.deepEqual(world.hardware.display, ["All controllers revoked"]);
    assert.ok(!peer.open());
    world.powerCycle();
    assert.ok(!peer.open());
    assert.deepEqual(world.hardware.crashes, []);

    const controller = world.controller();
    const text = world.openPairing();
    assert.equal(world.await<{ readonly kind: string }>((done) => controller.pair(text, done))?.kind, "ok");
    assertSound(world);
  });

  it("kills an outstanding challenge with any gesture: its Commit is refused and nothing moves (SR-26, SR-28)", () => {
    for (const [name, gesture] of [
      ["one tap", (world: World) => world.tapButton(1)],
      ["two taps", (world: World) => world.tapButton(2)],
      ["three taps", (world: World) => world.tapButton(3)],
      ["a hold", (world: World) => world.holdButton()],
      ["a hold and a resume", (world: World) => [0, 1].forEach((taps) => void world.holdButton(taps))],
    ] as const) {
      const { world, peer } = peerScene({ seed: 511, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
      const command = bolusOf(U);
      const challenge = peer.challenge(command, 30);
      gesture(world);
      assert.equal(peer.commit(command, challenge), CODE.challengeUnknown, name);
      const outcome = peer.outcome(challenge.doseId);
      assert.ok(typeof outcome !== "number" && outcome.kind === "never", name);
      world.clock.advance(MINUTE_MS);
      assertDisplaced(world, 0, name);
      assertSound(world);
    }
  });
});
