import { strict as assert } from "node:assert";
import { countersign } from "../../../host-sim/controller/countersignature.js";
import { answerM1, parseM1 } from "../../../host-sim/controller/handshake.js";
import { authKeys, sessionKeys } from "../../../host-sim/controller/keys.js";
import { answerPairing, parseShown } from "../../../host-sim/controller/pairing.js";
import { Lateness, openRecord, RecordKey, sealRecord } from "../../../host-sim/controller/records.js";
import { base32, bytes, expand, extractAndExpand, hmac, label, publicKey, seal, sha256, x25519 } from "./nodeCrypto.js";

const fill = (length: number, first: number) => Uint8Array.from({ length }, (_, index) => (first + index) & 0xff);
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");
const same = (actual: Uint8Array, expected: Uint8Array) => assert.equal(hex(actual), hex(expected));

const PUMP_ID = fill(8, 0x11);
const CONTROLLER_ID = fill(8, 0x21);
const M1 = bytes(1, 0, PUMP_ID, fill(16, 0x31));

describe("controller: handshake", () => {
  const kAuth = fill(32, 0x41);
  const role = Uint8Array.of(1);

  for (const mode of [1, 3])
    it(`answers m1 in mode 0${mode} with the 41 bytes that node:crypto makes, and knows m3 and both session keys`, () => {
      const keys = authKeys(kAuth);
      const answer = { mode, controllerId: CONTROLLER_ID, nonceC: fill(16, 0x61), role: 1, keys };
      const { m2, m3 } = answerM1(M1, answer);
      const head = bytes(mode, CONTROLLER_ID, fill(16, 0x61));
      const kCtl = expand(kAuth, label("CS1 k ctl"), 32);
      const expectedM2 = bytes(head, hmac(kCtl, label("CS1 tag C"), role, M1, head).subarray(0, 16));
      same(m2, expectedM2);
      assert.equal(m2.length, 41);
      const kPump = expand(kAuth, label("CS1 k pump"), 32);
      same(m3, hmac(kPump, label("CS1 tag P"), role, M1, expectedM2).subarray(0, 16));
      const both = expand(expand(kAuth, label("CS1 k ses"), 32), bytes(label("CS1 session"), sha256(M1, m2, m3)), 64);
      const session = sessionKeys(keys.kSes, M1, m2, m3);
      same(bytes(session.controllerToPump, session.pumpToController), both);
    });

  it("refuses an m1 of another version, with other flags, or of a length that does not go with its flags", () => {
    const why = (m1: Uint8Array) => {
      const parsed = parseM1(m1);
      return parsed.kind === "ok" ? "ok" : parsed.why;
    };
    assert.equal(why(M1), "ok");
    assert.equal(why(bytes(1, 1, M1.subarray(2), fill(32, 9))), "ok");
    assert.equal(why(bytes(2, M1.subarray(1))), "m1Version");
    assert.equal(why(bytes(1, 2, M1.subarray(2))), "m1Flags");
    assert.equal(why(bytes(1, 1, M1.subarray(2))), "m1Length");
    assert.equal(why(bytes(M1, fill(32, 9))), "m1Length");
    assert.equal(why(M1.subarray(0, 25)), "m1Length");
    assert.equal(why(Uint8Array.of(1)), "m1Length");
  });
});

describe("controller: pairing", () => {
  const secret = fill(16, 0x71);
  const text = base32(bytes(1, PUMP_ID, 2, secret));
  const pumpPrivate = fill(32, 0x81);
  const random = (length: number) => fill(length, length === 32 ? 0xa1 : 0xc1);

  it("reads the 42 characters that the pump shows, however a person typed them", () => {
    assert.equal(text.length, 42);
    const parsed = parseShown(text.toLowerCase().replace(/(.{6})/g, "$1 -"));
    assert.equal(parsed.kind, "ok");
    if (parsed.kind !== "ok") return;
    same(parsed.shown.pumpId, PUMP_ID);
    same(parsed.shown.secret, secret);
    assert.equal(parsed.shown.role, 2);
  });

  it("refuses text with a character too few, an unknown one, spare bits set, another version or another role", () => {
    const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(text.slice(-1));
    const spare = text.slice(0, -1) + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(last | 1);
    for (const wrong of [
      text.slice(1),
      `1${text.slice(1)}`,
      spare,
      base32(bytes(2, PUMP_ID, 2, secret)),
      base32(bytes(1, PUMP_ID, 3, secret)),
    ])
      assert.equal(parseShown(wrong).kind, "malformed", wrong);
  });

  it("answers in mode 02 with the 73 bytes and the bond that node:crypto makes", () => {
    const m1 = bytes(1, 1, PUMP_ID, fill(16, 0x31), publicKey(pumpPrivate));
    const hello = parseM1(m1);
    const shown = { pumpId: PUMP_ID, role: 2, secret };
    assert.equal(hello.kind, "ok");
    if (hello.kind !== "ok") return;
    const answer = answerPairing(shown, hello.m1, CONTROLLER_ID, random);
    assert.ok(answer);
    const prk = hmac(label("CS1 pairing"), secret);
    const role = Uint8Array.of(2);
    const head = bytes(2, CONTROLLER_ID, fill(16, 0xc1), publicKey(fill(32, 0xa1)));
    const tagC = hmac(expand(prk, label("CS1 pair C"), 32), label("CS1 tag C"), role, m1, head).subarray(0, 16);
    same(answer.m2, bytes(head, tagC));
    assert.equal(answer.m2.length, 73);
    same(
      answer.m3,
      hmac(expand(prk, label("CS1 pair P"), 32), label("CS1 tag P"), role, m1, answer.m2).subarray(0, 16),
    );
    const z = x25519(pumpPrivate, publicKey(fill(32, 0xa1)));
    const context = bytes(role, sha256(m1, answer.m2, answer.m3));
    const kAuth = extractAndExpand(prk, z, bytes(label("CS1 bond auth"), context), 32);
    same(answer.bond.kDose, extractAndExpand(prk, z, bytes(label("CS1 bond dose"), context), 32));
    same(answer.bond.kCtl, expand(kAuth, label("CS1 k ctl"), 32));
    same(answer.bond.kPump, expand(kAuth, label("CS1 k pump"), 32));
    same(answer.bond.kSes, expand(kAuth, label("CS1 k ses"), 32));
  });

  it("refuses a key of low order, with which X25519 gives all zero", () => {
    for (const low of [new Uint8Array(32), bytes(1, new Uint8Array(31))]) {
      const hello = parseM1(bytes(1, 1, PUMP_ID, fill(16, 0x31), low));
      assert.equal(hello.kind, "ok");
      if (hello.kind === "ok")
        assert.equal(answerPairing({ pumpId: PUMP_ID, role: 1, secret }, hello.m1, CONTROLLER_ID, random), undefined);
    }
  });
});

describe("controller: records", () => {
  const key = fill(32, 0x51);
  const content = { timeMs: 0xdeadbeef, channel: 0x25, value: fill(235, 3) };
  const plaintext = bytes("efbeadde25", content.value);

  it("seals under the counter given, up to 256 bytes, as node:crypto does", () => {
    for (const counter of [0, 1, 2 ** 32 + 5]) same(sealRecord(key, counter, content), seal(key, counter, plaintext));
    assert.equal(sealRecord(key, 0, content).length, 256);
    assert.throws(() => sealRecord(key, 0, { ...content, value: new Uint8Array(236) }), /236.*235/);
  });

  it("opens the record due and none that is altered, repeated, skipped or cut", () => {
    const incoming = new RecordKey(key.slice());
    const first = seal(key, 0, plaintext);
    const altered = first.slice();
    altered[7] = (altered[7] ?? 0) ^ 1;
    assert.equal(incoming.open(altered), undefined);
    assert.equal(incoming.open(seal(key, 1, plaintext)), undefined);
    assert.equal(incoming.open(first.subarray(0, 20)), undefined);
    assert.deepEqual(incoming.open(first), content);
    assert.equal(incoming.open(first), undefined);
    assert.deepEqual(openRecord(key, 0, seal(key, 0, bytes("0400000001"))), {
      timeMs: 4,
      channel: 1,
      value: new Uint8Array(),
    });
  });

  it("measures lateness against the promptest record, past the wrap of either clock", () => {
    const lateness = new Lateness();
    assert.equal(lateness.measureMs(2 ** 32 + 500, 2 ** 32 - 1_000), 0);
    assert.equal(lateness.measureMs(2 ** 32 + 3_400, 2_000), 0);
    assert.equal(lateness.measureMs(2 ** 32 + 20_000, 7_000), 11_600);
  });
});

describe("controller: countersignature", () => {
  it("tags every field that PROTOCOL.md lists, with both lengths", () => {
    const [kDose, challenge] = [fill(32, 0x91), fill(16, 0xb1)];
    const command = bytes("4b111033e6e000000000");
    const reading = bytes("4b111033a02526000000000000000000");
    const doseId = { epoch: 0x01020304, sequence: 0x0a0b0c0d };
    const covered = {
      pumpId: PUMP_ID,
      controllerId: CONTROLLER_ID,
      doseId,
      challenge,
      channel: 0x25,
      command,
      reading,
    };
    const signed = bytes(PUMP_ID, CONTROLLER_ID, "040302010d0c0b0a", challenge, "250a00", command, "1000", reading);
    same(countersign(kDose, covered), hmac(kDose, label("CS1 dose"), signed).subarray(0, 16));
  });
});
