/** The pump's judgement of one m2. */

import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { type UptimeMs, uptimeMs } from "../../firmware/base/units.js";
import { addUnconfirmed, type Bonds, NO_BONDS } from "../../firmware/session/bonds.js";
import { encodeM1, type PairingOffer } from "../../firmware/session/handshake.js";
import { createEphemeral, openPairingWindow, wipeWindow } from "../../firmware/session/pairing.js";
import { scriptedEntropy, soundEntropy, soundSource, varied } from "../nonce/bench.js";
import * as reference from "../vectors/reference.js";
import { X25519_LOW_ORDER } from "../vectors/rfc.js";
import {
  bondOf,
  bondsOf,
  controllerId,
  flipped,
  HANDSHAKE,
  hex,
  m2Of,
  own,
  PUMP_ID,
  secretOf,
  unbase32,
  unhex,
  windowOf,
} from "./bench.js";

const M1 = encodeM1(PUMP_ID, varied(16, 30), undefined);
const reasonOf = (m1: Uint8Array, m2: Uint8Array, bonds: Bonds, offer?: PairingOffer) => {
  const answer = HANDSHAKE.answer(m1, m2, bonds, offer);
  return answer.kind === "refused" ? answer.reason : answer.kind;
};

describe("handshake", () => {
  it("takes m2 of each confirmed controller with its own key and role (SR-07)", () => {
    const bonds: Bonds = { confirmed: [bondOf(1), bondOf(2, "observe")], unconfirmed: undefined };
    for (const [name, role] of [
      [1, 1],
      [2, 2],
    ] as const) {
      const answer = HANDSHAKE.answer(M1, m2Of(name, M1, { role }), bonds, undefined);
      assert.equal(answer.kind, "authenticated");
      if (answer.kind === "authenticated") assert.deepEqual(answer.bond.controllerId, controllerId(name));
      assert.equal(reasonOf(M1, m2Of(name, M1, { role: 3 - role }), bonds), "wrong tag");
    }
  });

  it("refuses m2 altered in any byte, and m2 for an m1 altered in any byte (SR-07)", () => {
    const m2 = m2Of(1, M1);
    for (let i = 0; i < m2.length; i++)
      assert.notEqual(reasonOf(M1, flipped(m2, i, 4), bondsOf(1)), "authenticated", `m2 byte ${i}`);
    for (let i = 0; i < M1.length; i++)
      assert.equal(reasonOf(flipped(M1, i), m2, bondsOf(1)), "wrong tag", `m1 byte ${i}`);
  });

  it("refuses a reflected tag, another bond's key and k_pump in the place of k_ctl (SR-07)", () => {
    const kPump = reference.bondKeys(bondAuth(1)).kPump;
    assert.equal(reasonOf(M1, m2Of(1, M1, { kCtl: kPump }), bondsOf(1, 2)), "wrong tag");
    assert.equal(reasonOf(M1, m2Of(1, M1, { kCtl: reference.bondKeys(bondAuth(2)).kCtl }), bondsOf(1, 2)), "wrong tag");
    const m3 = HANDSHAKE.answer(M1, m2Of(1, M1), bondsOf(1), undefined);
    assert.ok(m3.kind === "authenticated");
    const reflected = own(Buffer.concat([m2Of(1, M1).slice(0, -16), m3.m3]));
    assert.equal(reasonOf(M1, reflected, bondsOf(1)), "wrong tag");
  });

  it("refuses every length but its mode's, and every mode but three (SR-06)", () => {
    for (const mode of [0, 1, 2, 3, 4, 255])
      for (const length of [0, 1, 16, 40, 41, 42, 72, 73, 74, 256]) {
        const m2 = new Uint8Array(length);
        if (length > 0) m2[0] = mode;
        const fits = length === (mode === 2 ? 73 : 41);
        const expected = !fits
          ? `m2 of ${length} bytes`
          : mode < 1 || mode > 3
            ? `mode ${mode}`
            : mode === 2
              ? "window closed"
              : "unknown controller";
        assert.equal(reasonOf(M1, m2, NO_BONDS), expected, `mode ${mode}, ${length} bytes`);
      }
  });

  it("does not know a controller by the key of zeros that stands in for an unknown one (SR-10)", () => {
    assert.equal(reasonOf(M1, m2Of(5, M1, { kCtl: new Uint8Array(32) }), bondsOf(1)), "unknown controller");
  });

  it("selects by mode: 01 the confirmed bond, 03 the unconfirmed one, else the confirmed (SR-16)", () => {
    const anew = { ...bondOf(2), controllerId: controllerId(1) };
    const both = addUnconfirmed(bondsOf(1), anew);
    const kCtl = reference.bondKeys(bondAuth(2)).kCtl;
    const answers = [
      [m2Of(1, M1, { mode: 1 }), both, false],
      [m2Of(1, M1, { mode: 3, kCtl }), both, true],
      [m2Of(1, M1, { mode: 3 }), bondsOf(1), false],
    ] as const;
    for (const [m2, bonds, confirms] of answers) {
      const answer = HANDSHAKE.answer(M1, m2, bonds, undefined);
      assert.equal(answer.kind === "authenticated" && answer.confirms, confirms);
    }
    assert.equal(reasonOf(M1, m2Of(1, M1, { mode: 3 }), both), "wrong tag");
    assert.equal(reasonOf(M1, m2Of(1, M1, { mode: 1, kCtl }), both), "wrong tag");
    assert.equal(reasonOf(M1, m2Of(2, M1, { mode: 1 }), addUnconfirmed(bondsOf(1), bondOf(2))), "unknown controller");
  });

  it("ends a confirmation when the slots are full of others, and replaces the same controller's (SR-15)", () => {
    const full = bondsOf(1, 2, 3);
    assert.equal(reasonOf(M1, m2Of(4, M1, { mode: 3 }), addUnconfirmed(full, bondOf(4))), "bond slots full");
    assert.equal(reasonOf(M1, m2Of(2, M1, { mode: 3 }), addUnconfirmed(full, bondOf(2))), "authenticated");
  });
});

const bondAuth = (name: number): Uint8Array => varied(32, 100 + name);

/** A pairing exchange as far as m1, with what the test needs to answer it. */
function pairingExchange(role: "operate" | "observe" = "operate") {
  const { window, secret } = windowOf(role);
  const made = createEphemeral(soundEntropy(9));
  assert.ok(made.ok);
  const offer: PairingOffer = { window, ephemeral: made.value };
  const m1 = encodeM1(PUMP_ID, varied(16, 30), made.value.publicKey);
  const kCtl = reference.pairingKeys(secret).kCtl;
  const controllerScalar = varied(32, 60);
  const publicKey = own(reference.x25519Public(controllerScalar));
  const roleByte = role === "operate" ? 1 : 2;
  const m2 = m2Of(7, m1, { mode: 2, role: roleByte, kCtl, publicKey });
  return { offer, m1, m2, kCtl, secret, roleByte, controllerScalar };
}

describe("pairing", () => {
  for (const role of ["operate", "observe"] as const)
    it(`makes the bond that the secret, X25519, role ${role} and the transcript give (SR-18)`, () => {
      const { offer, m1, m2, secret, roleByte, controllerScalar } = pairingExchange(role);
      const pumpPublic = offer.ephemeral.publicKey.slice();
      const answer = HANDSHAKE.answer(m1, m2, NO_BONDS, offer);
      assert.ok(answer.kind === "paired");
      const { prk, kPump } = reference.pairingKeys(secret);
      const m3 = reference.tag(kPump, reference.tagPInput(Buffer.of(roleByte), m1, m2));
      assert.equal(hex(answer.m3), hex(m3));
      const z = reference.x25519(controllerScalar, pumpPublic);
      const transcript = reference.sha256(Buffer.concat([m1, m2, m3]));
      const { kAuth, kDose } = reference.newBond(prk, z, Buffer.of(roleByte), transcript);
      assert.equal(hex(answer.bond.keys.doseKey.bytes), hex(kDose));
      assert.equal(hex(answer.bond.keys.controllerTagKey.bytes), hex(reference.bondKeys(kAuth).kCtl));
      assert.equal(hex(answer.bond.keys.sessionKey.bytes), hex(reference.bondKeys(kAuth).kSes));
      assert.equal(answer.bond.role, role);
      assert.ok(offer.ephemeral.scalar.every((byte) => byte === 0));
    });

  it("refuses a wrong secret, a wrong role, an altered byte, and keeps the window as it was (SR-14)", () => {
    const { offer, m1, m2, kCtl } = pairingExchange();
    const wrongSecret = reference.pairingKeys(varied(16, 1)).kCtl;
    const publicKey = m2.slice(25, 57);
    assert.equal(reasonOf(m1, m2Of(7, m1, { mode: 2, kCtl: wrongSecret, publicKey }), NO_BONDS, offer), "wrong tag");
    assert.equal(reasonOf(m1, m2Of(7, m1, { mode: 2, role: 2, kCtl, publicKey }), NO_BONDS, offer), "wrong tag");
    for (let i = 1; i < m2.length; i++)
      assert.equal(reasonOf(m1, flipped(m2, i), NO_BONDS, offer), "wrong tag", `byte ${i}`);
    assert.equal(reasonOf(m1, m2, NO_BONDS, offer), "paired");
  });

  it("refuses without an offer, whatever the tag (SR-12)", () => {
    const { m1, m2 } = pairingExchange();
    assert.equal(reasonOf(m1, m2, NO_BONDS, undefined), "window closed");
  });

  it("refuses a right tag when three other controllers fill the slots, and not for one of the three (SR-15)", () => {
    const first = pairingExchange();
    assert.equal(reasonOf(first.m1, first.m2, bondsOf(1, 2, 3), first.offer), "bond slots full");
    assert.equal(reasonOf(first.m1, first.m2, bondsOf(1, 2, 7), first.offer), "paired");
  });

  it("refuses a public key of low order though its tag is right (SR-18)", () => {
    for (const u of X25519_LOW_ORDER) {
      const { offer, m1, kCtl } = pairingExchange();
      const m2 = m2Of(7, m1, { mode: 2, kCtl, publicKey: unhex(u) });
      assert.equal(reasonOf(m1, m2, NO_BONDS, offer), "public key of low order", u);
    }
  });
});

describe("pairing window", () => {
  it("shows version, pumpId, role and a secret of tested entropy, as 42 characters (SR-13)", () => {
    const { window, secret } = windowOf("observe");
    assert.equal(window.shownText.length, 42);
    const shown = unbase32(window.shownText);
    assert.equal(hex(shown), `01${hex(PUMP_ID)}02${hex(secret)}`);
    assert.equal(hex(window.prk.bytes), hex(reference.pairingKeys(secret).prk));
    const other = windowOf("observe", 4).window;
    assert.notEqual(hex(secretOf(other.shownText)), hex(secret));
  });

  it("closes 120 s after it opened (SR-12)", () => {
    const opened = openPairingWindow(PUMP_ID, "operate", soundEntropy(3), sha256, uptimeMs(500));
    assert.ok(opened.ok);
    assert.equal(opened.value.closesAt, 120_500 as UptimeMs);
  });

  it("does not open, and makes no ephemeral key, when the entropy fails its tests (SR-40)", () => {
    const failed = { ok: false, refusal: { kind: "entropyFailed", test: "source" } };
    assert.deepEqual(openPairingWindow(PUMP_ID, "operate", scriptedEntropy(), sha256, uptimeMs(0)), failed);
    assert.deepEqual(createEphemeral(scriptedEntropy(soundSource(1)(31))), failed);
  });

  it("overwrites what it knew when it is wiped (SR-11)", () => {
    const { window } = windowOf();
    wipeWindow(window);
    for (const key of [window.prk, window.tagKeys.controllerTagKey, window.tagKeys.pumpTagKey]) {
      assert.ok(key.bytes.every((byte) => byte === 0));
      assert.throws(() => key.tag(new Uint8Array(1), 16), "its state is still there");
    }
  });
});
