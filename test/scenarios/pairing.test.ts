/** Pairing from the button to the first session, and what is lost on the way. */

import assert from "node:assert/strict";
import { hex } from "../../firmware/base/bytes.js";
import type { PairResult } from "../../host-sim/controller/controller.js";
import { decodeContents } from "../../host-sim/controller/store.js";
import { MemoryStore } from "../../host-sim/world.js";
import { Stranger } from "../peers.js";
import { booted, dropFirst, isM3, opens, pair } from "./pairingScene.js";
import { assertDisplaced, assertSound, MINUTE_MS } from "./scene.js";

const WINDOW_MS = 120_000;

describe("pairing", () => {
  it("bonds a controller that has the shown text, shows it, and keeps the bond over a restart (SR-13, SR-19)", () => {
    const world = booted(301);
    const store = new MemoryStore();
    const controller = world.controller(store);
    const text = world.openPairing();
    assert.match(text, /^[A-Z2-7]{42}$/);
    let result: PairResult | undefined;
    controller.pair(text, (each) => {
      result = each;
    });
    const { controllerId } = decodeContents(store.read() ?? new Uint8Array(0));
    for (const title of ["New controller", "Controller confirmed"]) {
      assert.ok(
        world.clock.runUntil(() => world.hardware.display[0] === title, 10_000),
        title,
      );
      assert.deepEqual(world.hardware.display, [title, hex(controllerId), "operate"]);
    }
    assert.ok(world.clock.runUntil(() => result !== undefined, 10_000));
    assert.equal(result?.kind, "ok");
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
});
