/** PROTOCOL.md's vectors, run through the firmware's own session code and through the controller's. */

import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { base32 } from "../../firmware/base/base32.js";
import { HmacKey } from "../../firmware/base/hmacKey.js";
import { label } from "../../firmware/base/label.js";
import { layout } from "../../firmware/base/layout.js";
import { fragments, Reassembler } from "../../firmware/link/fragment.js";
import type { Bond, Bonds } from "../../firmware/session/bonds.js";
import { encodeM1 } from "../../firmware/session/handshake.js";
import * as keys from "../../firmware/session/keys.js";
import { open, seal } from "../../firmware/session/record.js";
import { x25519PublicKey, x25519SharedSecret } from "../../firmware/session/x25519.js";
import { decodeControl } from "../../host-sim/controller/control.js";
import { countersign } from "../../host-sim/controller/countersignature.js";
import { split, Reassembler as TheirReassembler } from "../../host-sim/controller/fragments.js";
import { answerM1, parseM1 } from "../../host-sim/controller/handshake.js";
import * as theirs from "../../host-sim/controller/keys.js";
import { answerPairing, parseShown } from "../../host-sim/controller/pairing.js";
import { Lateness, openRecord, STALE_MS, sealRecord } from "../../host-sim/controller/records.js";
import { vectorsOf } from "../vectors/appendix.js";
import { HANDSHAKE, hex, unhex } from "./bench.js";
import { opened } from "./sessionBench.js";

const same = (actual: Uint8Array | undefined, expected: string, what: string) =>
  assert.equal(actual && hex(actual), expected, what);
const byteOf = (text: string): number => Number.parseInt(text, 16);
const roleOf = (text: string) => (byteOf(text) === 1 ? "operate" : "observe");
const DoseId = layout(["epoch", "u32"], ["sequence", "u32"]);

describe("labels of PROTOCOL.md", () => {
  for (const { name, inputs, outputs } of vectorsOf("labels"))
    it(`are made alike by pump and controller: ${name}`, () => {
      for (const text of inputs.texts) {
        same(label(text), outputs[text] ?? "", text);
        same(theirs.label(text), outputs[text] ?? "", text);
      }
    });
});

describe("handshakes of PROTOCOL.md", () => {
  for (const { name, inputs, outputs } of vectorsOf("handshake")) {
    const kDose = new Uint8Array(32).fill(9);
    const role = roleOf(inputs.role);
    const bond: Bond = {
      controllerId: unhex(inputs.controllerId),
      role,
      keys: keys.bondKeys(new HmacKey(sha256, unhex(inputs.kAuth)), new HmacKey(sha256, kDose)),
    };
    const [m1, m2] = [unhex(outputs.m1), unhex(outputs.m2)];

    it(`pump: bond keys, m1, m2 taken, m3, session keys: ${name} (SR-07)`, () => {
      same(bond.keys.controllerTagKey.bytes, outputs.kCtl, "kCtl");
      same(bond.keys.pumpTagKey.bytes, outputs.kPump, "kPump");
      same(bond.keys.sessionKey.bytes, outputs.kSes, "kSes");
      assert.equal(bond.keys.doseKey.bytes, kDose);
      const scalar = inputs.ephemeralPrivateP;
      const ephemeral = scalar === undefined ? undefined : x25519PublicKey(unhex(scalar));
      same(ephemeral ?? new Uint8Array(0), outputs.ephemeralP, "ephemeralP");
      same(encodeM1(unhex(inputs.pumpId), unhex(inputs.np), ephemeral), outputs.m1, "m1");
      same(
        keys.controllerTag(bond.keys.controllerTagKey, byteOf(inputs.role), m1, m2.slice(0, -16)),
        outputs.tagC,
        "tagC",
      );

      const unconfirmed = inputs.mode === "03";
      const bonds: Bonds = unconfirmed
        ? { confirmed: [], unconfirmed: bond }
        : { confirmed: [bond], unconfirmed: undefined };
      const answer = HANDSHAKE.answer(m1, m2, bonds, undefined);
      assert.equal(answer.kind, "authenticated");
      if (answer.kind !== "authenticated") return;
      same(answer.m3, outputs.m3, "m3");
      assert.equal(answer.bond, bond);
      assert.equal(answer.confirms, unconfirmed);
      same(answer.keys.fromController, outputs.kCp, "kCp");
      same(answer.keys.fromPump, outputs.kPc, "kPc");
    });

    it(`controller: bond keys, m1 read, m2, m3 foreseen, session keys: ${name} (SR-08)`, () => {
      const auth = theirs.authKeys(unhex(inputs.kAuth));
      assert.deepEqual([auth.kCtl, auth.kPump, auth.kSes].map(hex), [outputs.kCtl, outputs.kPump, outputs.kSes]);
      const read = parseM1(m1);
      assert.equal(read.kind, "ok");
      if (read.kind !== "ok") return;
      same(read.m1.pumpId, inputs.pumpId, "pumpId");
      same(read.m1.nonceP, inputs.np, "np");
      same(read.m1.ephemeralP ?? new Uint8Array(0), outputs.ephemeralP, "ephemeralP");
      const answer = answerM1(read.m1.raw, {
        mode: byteOf(inputs.mode),
        controllerId: unhex(inputs.controllerId),
        nonceC: unhex(inputs.nc),
        role: byteOf(inputs.role),
        keys: auth,
      });
      same(answer.m2, outputs.m2, "m2");
      same(answer.m3, outputs.m3, "m3");
      const session = theirs.sessionKeys(auth.kSes, m1, answer.m2, answer.m3);
      same(session.controllerToPump, outputs.kCp, "kCp");
      same(session.pumpToController, outputs.kPc, "kPc");
    });
  }
});

describe("pairing of PROTOCOL.md", () => {
  for (const { name, inputs, outputs } of vectorsOf("pairing")) {
    const role = roleOf(inputs.role);
    const [m1, m2] = [unhex(outputs.m1), unhex(outputs.m2)];

    it(`pump: shown text, keys of the secret, m1, m2 taken, m3, keys of the bond: ${name} (SR-18)`, () => {
      assert.equal(base32(unhex(outputs.shown)), outputs.shownBase32);
      const prk = keys.pairingPrk(sha256, unhex(inputs.secret));
      same(prk.bytes, outputs.prk, "prk");
      const tagKeys = keys.pairingTagKeys(prk);
      same(tagKeys.controllerTagKey.bytes, outputs.kCtl, "kCtl");
      same(tagKeys.pumpTagKey.bytes, outputs.kPump, "kPump");
      const scalar = unhex(inputs.ephemeralPrivateP);
      const publicKey = x25519PublicKey(scalar);
      same(publicKey, outputs.ephemeralP, "ephemeralP");
      same(encodeM1(unhex(inputs.pumpId), unhex(inputs.np), publicKey), outputs.m1, "m1");
      same(x25519SharedSecret(scalar, unhex(outputs.ephemeralC)), outputs.z, "z");

      const window = { role, prk, tagKeys, closesAt: 0 as never, shownText: outputs.shownBase32 } as const;
      const answer = HANDSHAKE.answer(
        m1,
        m2,
        { confirmed: [], unconfirmed: undefined },
        { window, ephemeral: { scalar, publicKey } },
      );
      assert.equal(answer.kind, "paired");
      if (answer.kind !== "paired") return;
      same(answer.m3, outputs.m3, "m3");
      same(answer.bond.controllerId, inputs.controllerId, "controllerId");
      assert.equal(answer.bond.role, role);
      assert.deepEqual(
        answer.bond.keys,
        keys.bondKeys(new HmacKey(sha256, unhex(outputs.kAuth)), new HmacKey(sha256, unhex(outputs.kDose))),
      );
      assert.ok(scalar.every((byte) => byte === 0));
    });

    it(`controller: shown text read, m2, m3 foreseen, keys of the bond: ${name} (SR-18)`, () => {
      const parsed = parseShown(outputs.shownBase32);
      assert.equal(parsed.kind, "ok");
      const read = parseM1(m1);
      assert.equal(read.kind, "ok");
      if (parsed.kind !== "ok" || read.kind !== "ok") return;
      same(parsed.shown.secret, inputs.secret, "secret");
      const random = (length: number) => unhex(length === 32 ? inputs.ephemeralPrivateC : inputs.nc);
      const answer = answerPairing(parsed.shown, read.m1, unhex(inputs.controllerId), random);
      assert.ok(answer);
      same(answer.m2, outputs.m2, "m2");
      same(answer.m3, outputs.m3, "m3");
      same(answer.bond.kDose, outputs.kDose, "kDose");
      const auth = theirs.authKeys(unhex(outputs.kAuth));
      assert.deepEqual([answer.bond.kCtl, answer.bond.kPump, answer.bond.kSes], [auth.kCtl, auth.kPump, auth.kSes]);
    });
  }
});

describe("records of PROTOCOL.md", () => {
  for (const { name, inputs, outputs } of vectorsOf("record")) {
    const direction = { key: unhex(inputs.key), counter: inputs.counter };
    const content = { timeMs: inputs.timeMs, channel: byteOf(inputs.channel), value: unhex(outputs.value) };

    it(`pump and controller seal and open alike: ${name} (SR-20)`, () => {
      const sealed = seal(direction, content);
      same(sealed.message, outputs.record, "firmware");
      assert.equal(sealed.next.counter, inputs.counter + 1);
      assert.deepEqual(open(direction, unhex(outputs.record))?.plaintext, content);
      same(sealRecord(direction.key, inputs.counter, content), outputs.record, "controller");
      assert.deepEqual(openRecord(direction.key, inputs.counter, unhex(outputs.record)), content);
    });

    if (inputs.sender === "pump" && inputs.channel === "00")
      it(`controller reads the message: ${name}`, () => assert.ok(decodeControl(content.value)));
  }
});

describe("countersignatures of PROTOCOL.md", () => {
  for (const { name, inputs, outputs } of vectorsOf("countersignature"))
    it(`controller makes the tag, the pump's HMAC agrees: ${name} (SR-25)`, () => {
      const doseId = DoseId.decode(unhex(inputs.doseId));
      assert.ok(doseId);
      const made = countersign(unhex(inputs.kDose), {
        pumpId: unhex(inputs.pumpId),
        controllerId: unhex(inputs.controllerId),
        doseId,
        challenge: unhex(inputs.challenge),
        channel: byteOf(inputs.channel),
        command: unhex(outputs.command),
        reading: unhex(outputs.reading),
      });
      same(made, outputs.tag, "controller");
      same(keys.tag(new HmacKey(sha256, unhex(inputs.kDose)), unhex(outputs.tagInput)), outputs.tag, "firmware");
    });
});

describe("fragments of PROTOCOL.md", () => {
  for (const { name, inputs, outputs } of vectorsOf("fragmentation"))
    it(`pump and controller split and join alike: ${name} (SR-01)`, () => {
      const message = unhex(inputs.message);
      assert.deepEqual(fragments(message, inputs.mtu - 3).map(hex), outputs.fragments);
      assert.deepEqual(split(message, inputs.mtu - 3).map(hex), outputs.fragments);
      const [ours, others] = [new Reassembler(), new TheirReassembler()];
      const joined = outputs.fragments.map((fragment) => ours.accept(unhex(fragment))).at(-1);
      const theirJoined = outputs.fragments.map((fragment) => others.push(unhex(fragment))).at(-1);
      assert.deepEqual(joined, { kind: "message", bytes: message });
      assert.deepEqual(theirJoined, { kind: "message", message });
    });
});

describe("refusals of PROTOCOL.md", () => {
  for (const { name, inputs, outputs } of vectorsOf("brokenFragments"))
    it(`pump and controller end at the same value: ${name} (SR-01)`, () => {
      inputs.sequences.forEach((values, i) => {
        const [ours, others] = [new Reassembler(), new TheirReassembler()];
        const [at, theirAt] = [
          values.map((value) => ours.accept(unhex(value)).kind).indexOf("violation"),
          values.map((value) => others.push(unhex(value)).kind).indexOf("violation"),
        ];
        assert.deepEqual([at, theirAt], [outputs.endsAt[i], outputs.endsAt[i]], values.join());
      });
    });

  for (const { name, inputs, outputs } of vectorsOf("refusedM1"))
    it(`controller refuses each: ${name}`, () => {
      const shown = { pumpId: unhex(inputs.pumpId), role: 1, secret: new Uint8Array(16) };
      const why = inputs.m1.map((message) => {
        const read = parseM1(unhex(message));
        if (read.kind === "refused") return { m1Version: "version", m1Flags: "flags", m1Length: "length" }[read.why];
        if (hex(read.m1.pumpId) !== inputs.pumpId) return "pumpId";
        const random = (length: number) => new Uint8Array(length).fill(1);
        return answerPairing(shown, read.m1, new Uint8Array(8), random) === undefined ? "ephemeralP" : "";
      });
      assert.deepEqual(why, outputs.why);
    });

  for (const { name, inputs, outputs } of vectorsOf("staleEchoes"))
    it(`pump: ${name} (SR-22, SR-68)`, () => {
      inputs.pumpMs.forEach((pumpMs, i) => {
        const { bench, record } = opened("operate", 2 ** 32 + pumpMs);
        const [effect] = bench.message(record(inputs.echoesMs[i] ?? 0, 0));
        assert.equal(effect?.kind === "received" && effect.received.stale, outputs.stale[i], `${i}`);
      });
    });

  for (const { name, inputs, outputs } of vectorsOf("staleTimes"))
    it(`controller: ${name}`, () => {
      const lateness = new Lateness();
      const late = inputs.arrivedMs.map((nowMs, i) => lateness.measureMs(nowMs, inputs.timesMs[i] ?? 0));
      assert.deepEqual(
        late.map((lateMs) => lateMs > STALE_MS),
        outputs.stale,
      );
    });
});
