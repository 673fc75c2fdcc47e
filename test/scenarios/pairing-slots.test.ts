/** Where bonds are kept: unconfirmed, confirmed, three of them, and never lost to another's pairing. */

import assert from "node:assert/strict";
import { MODE } from "../../host-sim/controller/handshake.js";
import { MemoryStore } from "../../host-sim/world.js";
import { Peer } from "../peers.js";
import { bonded, booted, dropAfterM3, opens, pair } from "./pairingScene.js";
import { assertSound } from "./scene.js";

describe("bonds", () => {
  it("opens no session with an unconfirmed bond but in mode 03 (SR-16)", () => {
    const world = booted(310);
    const store = new MemoryStore();
    const text = world.openPairing();
    world.air.tap = dropAfterM3();
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
    const stored = world.hardware.keyValue.snapshot();
    assert.equal(pair(world, fourth, text)?.kind, "unfinished");
    assert.ok(!opens(world, fourth));
    assert.deepEqual(world.hardware.keyValue.snapshot(), stored);
    assert.equal(world.hardware.display[0], "Pair");
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
    world.air.tap = dropAfterM3();
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
