/** What of a pairing may be seen, and what an exchange with a crafted public key comes to. */

import assert from "node:assert/strict";
import { hex } from "../../firmware/base/bytes.js";
import type { Controller, PairResult } from "../../host-sim/controller/controller.js";
import { answerM1, MODE, ROLE } from "../../host-sim/controller/handshake.js";
import { pairingPrk, pairingTagKeys } from "../../host-sim/controller/keys.js";
import { parseShown } from "../../host-sim/controller/pairing.js";
import { decodeContents } from "../../host-sim/controller/store.js";
import { MemoryStore, World } from "../../host-sim/world.js";
import { Stranger } from "../peers.js";
import { Recorded } from "../recorded.js";
import { assertSound, bolusOf, historyOf } from "./scene.js";

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));

/** Points of low order on Curve25519 and its twist, little-endian, and their other encodings below 2^255. */
const LOW_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(fromHex);

function shownSecret(text: string): Uint8Array {
  const parsed = parseShown(text);
  assert.ok(parsed.kind === "ok");
  return parsed.shown.secret;
}

const pair = (world: World, controller: Controller, text: string): PairResult | undefined =>
  world.await<PairResult>((done) => controller.pair(text, done));

/** Whether `part` occurs anywhere in `whole`. */
const holds = (whole: Uint8Array, part: Uint8Array): boolean => hexOf(whole).includes(hexOf(part));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

describe("secrets of a pairing", () => {
  it("shows the secret on the display and nowhere else: not on the air, in trace, storage or history (SR-11, SR-13)", () => {
    const air = new Recorded();
    const world = new World({ seed: 321, record: air.record });
    world.powerUp();
    world.clock.advance(1_000);
    const store = new MemoryStore();
    const controller = world.controller(store);
    const text = world.openPairing();
    const secret = shownSecret(text);
    const stored = () => Uint8Array.from(Object.values(world.hardware.keyValue.snapshot()).flat());
    assert.ok(!holds(stored(), secret), "stored while the window is open");
    assert.equal(pair(world, controller, text)?.kind, "ok");
    assert.equal(world.await<{ readonly kind: string }>((done) => controller.run(() => true, done))?.kind, "ok");
    assert.equal(world.await<{ readonly kind: string }>((done) => controller.bolus(100_000, {}, done))?.kind, "ok");
    world.clock.advance(10_000);

    const { kCtl, kPump, kSes, kDose } = decodeContents(store.read() ?? new Uint8Array(0)).bonds[0] ?? {};
    assert.ok(kCtl && kPump && kSes && kDose);
    const identity = world.hardware.keyValue.snapshot()["identity.a"] ?? [];
    // Behind version and sequence.
    const deviceSecret = Uint8Array.from(identity).subarray(5, 37);
    const history = historyOf(world);
    const lines = world.hardware.trace.map(({ line }) => line).join("\n");
    assert.ok(lines.length > 0 && holds(stored(), deviceSecret) && holds(stored(), kDose));
    for (const [name, bytes] of Object.entries({ secret, kCtl, kPump, kSes, kDose, deviceSecret })) {
      assert.ok(!holds(air.bytes(), bytes), `${name} on the air`);
      assert.ok(!lines.includes(hex(bytes)), `${name} in the trace`);
      assert.ok(!holds(history, bytes), `${name} in the history`);
      assert.ok(!world.hardware.display.join().includes(hex(bytes)), `${name} on the display`);
    }
    assert.ok(!holds(stored(), secret), "the secret in storage");
    assert.ok(!lines.includes(text) && !world.hardware.display.join().includes(text), "the shown text");
    assertSound(world);
  });

  it("shows no therapy content on the air, and seals equal content differently (SR-21)", () => {
    const air = new Recorded();
    const world = new World({ seed: 322, record: air.record });
    world.powerUp();
    world.clock.advance(1_000);
    const controller = world.controller();
    assert.equal(pair(world, controller, world.openPairing())?.kind, "ok");
    assert.equal(world.await<{ readonly kind: string }>((done) => controller.run(() => true, done))?.kind, "ok");
    const sent = new Set<string>();
    let packets = 0;
    world.air.tap = ({ kind, value }) => {
      if (kind === "write" || kind === "indication") {
        packets += 1;
        sent.add(hex(value));
      }
      return { kind: "pass" };
    };
    for (let i = 0; i < 20; i++)
      assert.equal(world.await<{ readonly kind: string }>((done) => controller.status(done))?.kind, "ok");
    assert.equal(sent.size, packets);
    assert.equal(world.await<{ readonly kind: string }>((done) => controller.bolus(1_230_000, {}, done))?.kind, "ok");
    const amount = new Uint8Array(new Uint32Array([1_230_000]).buffer);
    assert.ok(!holds(air.bytes(), amount) && !holds(air.bytes(), bolusOf(1_230_000)));
    assertSound(world);
  });

  it("refuses a public key of low order from a peer that has the secret, and its window stays open (SR-18)", () => {
    const world = new World({ seed: 323 });
    world.powerUp();
    world.clock.advance(1_000);
    const text = world.openPairing();
    const keys = pairingTagKeys(pairingPrk(shownSecret(text)));
    const stored = world.hardware.keyValue.snapshot();
    for (const ephemeralC of LOW_ORDER) {
      const stranger = new Stranger(world);
      assert.ok(world.clock.runUntil(() => stranger.m1 !== undefined, 10_000));
      const fields = { controllerId: new Uint8Array(8).fill(7), nonceC: new Uint8Array(16).fill(9), ephemeralC };
      const { m2 } = answerM1(stranger.m1 ?? new Uint8Array(0), {
        mode: MODE.pair,
        role: ROLE.operate,
        keys,
        ...fields,
      });
      stranger.write(m2);
      assert.ok(
        world.clock.runUntil(() => stranger.endedMs !== undefined, 1_000),
        hex(ephemeralC),
      );
      assert.equal(stranger.indications.length, 1, `an answer to ${hex(ephemeralC)}`);
      // Its tag was right: the key was what it failed for.
      assert.match(world.hardware.trace.at(-1)?.line ?? "", /low order/);
      assert.deepEqual(world.hardware.keyValue.snapshot(), stored);
      world.clock.advance(100);
    }
    assert.equal(pair(world, world.controller(), text)?.kind, "ok");
    assertSound(world);
  });

  it("gives two controllers, and one that pairs twice, keys that have nothing in common (SR-18)", () => {
    const world = new World({ seed: 324 });
    world.powerUp();
    world.clock.advance(1_000);
    const keys = new Set<string>();
    const store = new MemoryStore();
    for (const each of [store, new MemoryStore(), store]) {
      const controller = world.controller(each);
      assert.equal(pair(world, controller, world.openPairing())?.kind, "ok");
      controller.close();
      world.clock.advance(1_000);
      const { kCtl, kPump, kSes, kDose } = decodeContents(each.read() ?? new Uint8Array(0)).bonds[0] ?? {};
      for (const key of [kCtl, kPump, kSes, kDose]) keys.add(hex(key ?? new Uint8Array(0)));
    }
    assert.equal(keys.size, 12);
    assertSound(world);
  });
});
