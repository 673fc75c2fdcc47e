/** Pairing from the button to the first session, and what is lost on the way. */

import assert from "node:assert/strict";
import { hex } from "../../firmware/base/bytes.js";
import type { Packet } from "../../host-sim/air/packet.js";
import { DROP, PASS, type Tap } from "../../host-sim/air/tap.js";
import type { Controller, PairResult } from "../../host-sim/controller/controller.js";
import { MODE } from "../../host-sim/controller/handshake.js";
import { decodeContents } from "../../host-sim/controller/store.js";
import { MemoryStore, World } from "../../host-sim/world.js";
import { Peer, Stranger } from "../peers.js";
import { assertDisplaced, assertSound, MINUTE_MS } from "./scene.js";

const WINDOW_MS = 120_000;

function booted(seed: number): World {
  const world = new World({ seed });
  world.powerUp();
  world.clock.advance(1_000);
  return world;
}

const pair = (world: World, controller: Controller, text: string): PairResult | undefined =>
  world.await<PairResult>((done) => controller.pair(text, done));

const opens = (world: World, controller: Controller): boolean => {
  const result = world.await<{ readonly kind: string }>((done) => controller.open(done));
  return result?.kind === "ok";
};

/** A controller that is paired and has closed its session. */
function bonded(world: World): { readonly controller: Controller; readonly store: MemoryStore } {
  const store = new MemoryStore();
  const controller = world.controller(store);
  assert.equal(pair(world, controller, world.openPairing())?.kind, "ok");
  controller.close();
  world.clock.advance(1_000);
  return { controller, store };
}

/** Drops the first packet that fits, and lets all others pass. */
function dropFirst(fits: (packet: Packet) => boolean): Tap {
  let dropped = false;
  return (packet) => {
    if (dropped || !fits(packet)) return PASS;
    dropped = true;
    return DROP;
  };
}

/** Fits the m3 of the nth handshake from now: the second indication of its connection. */
function isM3(nth: number): (packet: Packet) => boolean {
  const indications = new Map<number, number>();
  return ({ kind, connectionId }) => {
    if (kind !== "indication") return false;
    const count = (indications.get(connectionId) ?? 0) + 1;
    indications.set(connectionId, count);
    return count === 2 && indications.size === nth;
  };
}

describe("pairing", () => {
  it("bonds a controller that has the shown text, shows it, and keeps the bond over a restart (SR-13, SR-19)", () => {
    const world = booted(301);
    const store = new MemoryStore();
    const controller = world.controller(store);
    const text = world.openPairing();
    assert.match(text, /^[A-Z2-7]{42}$/);
    assert.equal(pair(world, controller, text)?.kind, "ok");
    const { controllerId } = decodeContents(store.read() ?? new Uint8Array(0));
    assert.deepEqual(world.hardware.display, ["New controller", hex(controllerId), "operate"]);
    controller.close();
    world.powerCycle();
    assert.ok(opens(world, controller));
    assert.equal(world.await<{ readonly kind: string }>((done) => controller.run(() => true, done))?.kind, "ok");
    assert.equal(world.await<{ readonly kind: string }>((done) => controller.bolus(250_000, {}, done))?.kind, "ok");
    world.clock.advance(MINUTE_MS);
    assertDisplaced(world, 250_000);
    assertSound(world);
  });

  it("draws another secret at each opening, and the old text is worth nothing (SR-12, SR-13)", () => {
    const world = booted(302);
    const texts = Array.from({ length: 8 }, () => world.openPairing());
    assert.equal(new Set(texts).size, 8);
    assert.notEqual(pair(world, world.controller(), texts[0] ?? "")?.kind, "ok");
    assert.equal(pair(world, world.controller(), texts[7] ?? "")?.kind, "ok");
    assertSound(world);
  });

  it("gives no bond for a wrong secret, and the window and its secret stay as they are (SR-14)", () => {
    const world = booted(303);
    const text = world.openPairing();
    const wrong = `${text.slice(0, 30)}${text[30] === "A" ? "B" : "A"}${text.slice(31)}`;
    for (let i = 0; i < 5; i++) assert.equal(pair(world, world.controller(), wrong)?.kind, "unfinished");
    const stored = world.hardware.keyValue.snapshot();
    assert.equal(pair(world, world.controller(), wrong)?.kind, "unfinished");
    assert.deepEqual(world.hardware.keyValue.snapshot(), stored);
    assert.equal(pair(world, world.controller(), text)?.kind, "ok");
    assertSound(world);
  });

  it("closes the window 120 s after it was opened, also for a controller that has m1 already (SR-12)", () => {
    const world = booted(304);
    const opened = () => world.hardware.display[0] === "Pair";
    for (let i = 0; i < 3; i++) {
      world.hardware.pressButton(100);
      world.clock.advance(250);
    }
    assert.ok(world.clock.runUntil(opened, 1_000));
    const openedMs = world.clock.nowMs;
    const text = world.hardware.display[1] ?? "";
    const withWindow = () => {
      const stranger = new Stranger(world);
      assert.ok(world.clock.runUntil(() => stranger.m1 !== undefined, 10_000));
      stranger.leave();
      world.clock.advance(100);
      return stranger.m1?.length === 58;
    };
    world.clock.advance(openedMs + WINDOW_MS - 300 - world.clock.nowMs);
    assert.ok(withWindow(), "open to the last");
    // m1 leaves while the window is open, m2 arrives when it has closed.
    world.clock.advance(openedMs + WINDOW_MS - 50 - world.clock.nowMs);
    const late = world.controller();
    assert.equal(pair(world, late, text)?.kind, "unfinished");
    assert.ok(!withWindow(), "closed");
    assert.deepEqual(world.hardware.display, ["Pairing closed"]);
    assert.equal(pair(world, world.controller(), text)?.kind, "failed");
    assertSound(world);
  });

  it("closes the window at a restart (SR-12)", () => {
    const world = booted(305);
    const text = world.openPairing();
    world.powerCycle(1);
    world.clock.advance(1_000);
    const result = pair(world, world.controller(), text);
    assert.deepEqual(result, { kind: "failed", reason: "windowClosed" });
    assertSound(world);
  });

  it("lets the secret die with the bond that it made (SR-12)", () => {
    const world = booted(306);
    const text = world.openPairing();
    const first = world.controller();
    assert.equal(pair(world, first, text)?.kind, "ok");
    first.close();
    world.clock.advance(1_000);
    assert.deepEqual(pair(world, world.controller(), text), { kind: "failed", reason: "windowClosed" });
    assertSound(world);
  });

  it("can be repeated with the same text when m2 was lost (SR-17)", () => {
    const world = booted(307);
    const text = world.openPairing();
    const controller = world.controller();
    world.air.tap = dropFirst(({ kind, direction }) => kind === "write" && direction === "toPeripheral");
    assert.equal(pair(world, controller, text)?.kind, "unfinished");
    assert.equal(pair(world, controller, text)?.kind, "ok");
    assertSound(world);
  });

  it("finishes by itself when m3 was lost, by mode 03 (SR-16, SR-17)", () => {
    const world = booted(308);
    const controller = world.controller();
    const text = world.openPairing();
    world.air.tap = dropFirst(isM3(1));
    assert.equal(pair(world, controller, text)?.kind, "ok");
    controller.close();
    world.clock.advance(1_000);
    assert.ok(opens(world, controller));
    assertSound(world);
  });

  it("finishes when the answer to mode 03 was lost, also after a restart of the pump (SR-16, SR-17)", () => {
    for (const restart of [false, true]) {
      const world = booted(309);
      const controller = world.controller();
      const text = world.openPairing();
      world.air.tap = dropFirst(isM3(2));
      assert.equal(pair(world, controller, text)?.kind, "unfinished");
      if (restart) world.powerCycle();
      assert.ok(opens(world, controller), `restart: ${restart}`);
      controller.close();
      world.clock.advance(1_000);
      assert.ok(opens(world, controller), `again, restart: ${restart}`);
      assertSound(world);
    }
  });

  it("opens no session with an unconfirmed bond but in mode 03 (SR-16)", () => {
    const world = booted(310);
    const store = new MemoryStore();
    const text = world.openPairing();
    const indications = isM3(1);
    // After the m3 of the pairing nothing of this controller gets through.
    let cut = false;
    world.air.tap = (packet) => {
      if (cut) return DROP;
      cut = indications(packet);
      return PASS;
    };
    assert.equal(pair(world, world.controller(store), text)?.kind, "unfinished");
    world.air.tap = undefined;
    world.clock.advance(10_000);
    const peer = new Peer(world, store);
    assert.ok(!peer.open(5_000, MODE.confirmed), "mode 01");
    assert.ok(peer.open(5_000, MODE.unconfirmed), "mode 03");
    peer.close();
    assert.ok(peer.open(5_000, MODE.confirmed), "mode 01, once confirmed");
    assertSound(world);
  });

  it("refuses a fourth controller with three confirmed, and the three still open sessions (SR-15)", () => {
    const world = booted(311);
    const three = Array.from({ length: 3 }, () => bonded(world).controller);
    const text = world.openPairing();
    const fourth = world.controller();
    assert.equal(pair(world, fourth, text)?.kind, "unfinished");
    assert.ok(!opens(world, fourth));
    for (const [i, controller] of three.entries()) {
      assert.ok(opens(world, controller), `controller ${i + 1}`);
      controller.close();
      world.clock.advance(1_000);
    }
    // One of the three pairs again: its own slot is the one that it needs.
    const again = three[1];
    assert.ok(again);
    assert.equal(pair(world, again, world.openPairing())?.kind, "ok");
    assertSound(world);
  });

  it("replaces the bond of a controller that pairs again when mode 03 succeeds, and not before (SR-16)", () => {
    const world = booted(312);
    const { store } = bonded(world);
    const before = new Peer(world, store);
    const text = world.openPairing();
    const m3 = isM3(1);
    let cut = false;
    world.air.tap = (packet) => {
      if (cut) return DROP;
      cut = m3(packet);
      return PASS;
    };
    const controller = world.controller(store);
    assert.equal(pair(world, controller, text)?.kind, "unfinished");
    world.air.tap = undefined;
    world.clock.advance(10_000);
    assert.ok(before.open(), "the old bond, unconfirmed new one beside it");
    before.close();
    world.powerCycle();
    assert.ok(before.open(), "the old bond after a restart");
    before.close();
    assert.ok(opens(world, controller), "the new bond, by mode 03");
    controller.close();
    world.clock.advance(1_000);
    assert.ok(!before.open(), "the old bond is gone");
    assert.ok(opens(world, controller));
    assertSound(world);
  });
});
