/** Why a handshake failed cannot be seen: before authentication every refusal is the same end. */

import assert from "node:assert/strict";
import { concat } from "../../host-sim/controller/bytes.js";
import { answerM1, MODE, parseM1, ROLE } from "../../host-sim/controller/handshake.js";
import { pairingPrk, pairingTagKeys } from "../../host-sim/controller/keys.js";
import { answerPairing, parseShown, type Shown } from "../../host-sim/controller/pairing.js";
import { MemoryStore, type World } from "../../host-sim/world.js";
import { runningWorld } from "../bench.js";
import { Peer } from "../peers.js";
import { assertServes, RawCentral, type Seen } from "./badInputCentral.js";
import { rigWith } from "./scene.js";

const SEED = 61;
const NO_BASAL = rigWith({ basalMicrounitsPerHour: 0 });
const WHOLE = 0xc0;
const M2_BYTES = 41;
const M2_PAIRING_BYTES = 73;
const NONCE = new Uint8Array(16).fill(7);
const NOBODY = new Uint8Array(8).fill(9);

type Forger = (m1: Uint8Array) => Uint8Array;

/** What a central sees from the moment that it writes the m2 that `forge` made. */
function seenAfter(world: World, forge: Forger): readonly Seen[] {
  const central = new RawCentral(world);
  const m2 = forge(central.challenged());
  central.mark();
  central.write(concat(Uint8Array.of(WHOLE), m2));
  central.untilEnded();
  return central.seen;
}

/** Every forgery is seen to end just as the first one does, and writes nothing. */
function assertAlike(world: World, forgeries: readonly (readonly [string, Forger])[]): void {
  let expected: readonly Seen[] | undefined;
  for (const [name, forge] of forgeries) {
    const before = world.hardware.operationCounts;
    const seen = seenAfter(world, forge);
    assert.deepEqual(world.hardware.operationCounts, before, `${name}: writes`);
    expected ??= seen;
    assert.deepEqual(seen, expected, name);
  }
  assert.deepEqual(
    expected?.map(({ what }) => what),
    ["written", "ended"],
  );
}

function shownBy(world: World): Shown {
  const text = parseShown(world.openPairing());
  assert.ok(text.kind === "ok");
  return text.shown;
}

/** The last byte altered: the tag's. */
const wrongTag = (m2: Uint8Array): Uint8Array => m2.map((byte, index) => (index === m2.length - 1 ? byte ^ 1 : byte));

describe(`a refusal before authentication (seed ${SEED})`, () => {
  it("is the same for every wrong m2 while the window is closed (SR-06, SR-10, SR-69)", () => {
    const { world, controller, store } = runningWorld({ seed: SEED, rig: NO_BASAL });
    controller.close();
    world.clock.advance(1_000);
    const peer = new Peer(world, store);
    const answer =
      (mode: number, controllerId: Uint8Array, role: number = peer.bond.role): Forger =>
      (m1) =>
        answerM1(m1, { mode, controllerId, nonceC: NONCE, role, keys: peer.bond }).m2;
    const { m2: recorded } = answerM1(new RawCentral(world).challenged(), {
      mode: MODE.confirmed,
      controllerId: peer.controllerId,
      nonceC: NONCE,
      role: peer.bond.role,
      keys: peer.bond,
    });
    world.clock.advance(10_000);
    const genuine = answer(MODE.confirmed, peer.controllerId);
    assertAlike(world, [
      ["unknown controller", answer(MODE.confirmed, NOBODY)],
      ["unknown controller, mode 03", answer(MODE.unconfirmed, NOBODY)],
      ["wrong tag", (m1) => wrongTag(genuine(m1))],
      ["another role", answer(MODE.confirmed, peer.controllerId, ROLE.observe)],
      ["m2 of an earlier connection", () => recorded],
      ["m1 reflected", (m1) => m1],
      ["closed window", (m1) => concat(answer(MODE.pair, NOBODY)(m1), new Uint8Array(32))],
      ["closed window, known controller", (m1) => concat(answer(MODE.pair, peer.controllerId)(m1), new Uint8Array(32))],
      ["mode 00", answer(0, peer.controllerId)],
      ["mode 04", answer(4, peer.controllerId)],
      ["mode FF", answer(0xff, peer.controllerId)],
      ["mode 02 in the length of mode 01", answer(MODE.pair, peer.controllerId)],
      ["mode 01 in the length of mode 02", (m1) => concat(genuine(m1), new Uint8Array(32))],
      ["one byte short", (m1) => genuine(m1).subarray(0, M2_BYTES - 1)],
      ["one byte long", (m1) => concat(genuine(m1), Uint8Array.of(0))],
      ["one byte", () => Uint8Array.of(MODE.confirmed)],
      ["243 bytes", () => new Uint8Array(243)],
    ]);
    assertServes({ world, store, peer });
  });

  it("is the same for every wrong m2 while the window is open, full slots among them (SR-06, SR-14, SR-15, SR-69)", () => {
    const { world, controller, store } = runningWorld({ seed: SEED, rig: NO_BASAL });
    controller.close();
    world.clock.advance(1_000);
    for (let slot = 2; slot <= 3; slot += 1) {
      const other = world.controller(new MemoryStore());
      const text = world.openPairing();
      const paired = world.await<{ readonly kind: string }>((done) => other.pair(text, done));
      assert.equal(paired?.kind, "ok");
      other.close();
      world.clock.advance(1_000);
    }
    const peer = new Peer(world, store);
    const shown = shownBy(world);
    const pair =
      (secret: Uint8Array, controllerId: Uint8Array): Forger =>
      (raw) => {
        const parsed = parseM1(raw);
        assert.ok(parsed.kind === "ok");
        const answer = answerPairing({ ...shown, secret }, parsed.m1, controllerId, anyBytes);
        assert.ok(answer);
        return answer.m2;
      };
    const lowOrder =
      (controllerId: Uint8Array): Forger =>
      (m1) => {
        const keys = pairingTagKeys(pairingPrk(shown.secret));
        const { role } = shown;
        return answerM1(m1, {
          mode: MODE.pair,
          controllerId,
          nonceC: NONCE,
          ephemeralC: new Uint8Array(32),
          role,
          keys,
        }).m2;
      };
    const right = pair(shown.secret, NOBODY);
    const bonded =
      (controllerId: Uint8Array): Forger =>
      (m1) =>
        answerM1(m1, { mode: MODE.confirmed, controllerId, nonceC: NONCE, role: peer.bond.role, keys: peer.bond }).m2;
    assertAlike(world, [
      ["full slots", right],
      ["wrong secret", pair(NONCE, NOBODY)],
      ["wrong secret of a known controller", pair(NONCE, peer.controllerId)],
      ["wrong tag", (m1) => wrongTag(right(m1))],
      ["public key of low order", lowOrder(peer.controllerId)],
      ["public key of low order, full slots", lowOrder(NOBODY)],
      ["unknown controller", bonded(NOBODY)],
      ["wrong tag of a bond", (m1) => wrongTag(bonded(peer.controllerId)(m1))],
      ["one byte short", (m1) => right(m1).subarray(0, M2_PAIRING_BYTES - 1)],
      ["one byte long", (m1) => concat(right(m1), Uint8Array.of(0))],
      ["mode 04", (m1) => right(m1).map((byte, index) => (index === 0 ? 4 : byte))],
    ]);
    assert.equal(world.hardware.display[0], "Pair", "the window is still open");
    assertServes({ world, store, peer });
  });
});

/** For a nonce and a private key that nothing hangs on. */
function anyBytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(5);
}
