/** The nonce store: what a nonce is made of, and that each is taken at most once. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { uptimeMs } from "../../firmware/base/units.js";
import { Entropy, type EntropyFault } from "../../firmware/nonce/entropy.js";
import { NonceStore } from "../../firmware/nonce/store.js";
import { integer, label } from "../vectors/reference.js";
import { durable, identityOf, scriptedEntropy, soundEntropy, varied } from "./bench.js";

const SESSION = 7;
const at = uptimeMs;

function storeWith(entropy = soundEntropy(1), epoch = 1) {
  const faults: EntropyFault[] = [];
  const store = new NonceStore(durable(identityOf({ epoch })), entropy, sha256, (fault) => faults.push(fault));
  return { store, faults };
}

describe("nonce store", () => {
  it("makes a nonce of secret, epoch, sequence, purpose and entropy, and of nothing less (SR-39)", () => {
    const draw = varied(32, 77);
    for (const [purpose, code] of [
      ["handshake", 1],
      ["dose", 2],
    ] as const) {
      const { store } = storeWith(scriptedEntropy(varied(32, 3), draw), 0x01020304);
      store.issue(purpose, SESSION, at(10));
      const { epoch, sequence, bytes } = store.issue(purpose, SESSION, at(10));
      const parts = [label("CS1 nonce"), integer(0x01020304, 4), integer(2, 4), Uint8Array.of(code), draw];
      const mac = createHmac("sha256", identityOf().deviceSecret).update(Buffer.concat(parts)).digest();
      assert.deepEqual(Buffer.from(bytes), mac.subarray(0, 16));
      assert.deepEqual({ epoch, sequence }, { epoch: 0x01020304, sequence: 2 });
    }
  });

  it("gives a nonce back once, whoever asks again (SR-26)", () => {
    const { store } = storeWith();
    const nonce = store.issue("dose", SESSION, at(10));
    assert.deepEqual(store.take("dose", SESSION, 1, 1, at(5)), { kind: "alive", nonce });
    assert.deepEqual(store.take("dose", SESSION, 1, 1, at(5)), { kind: "unknown" });
  });

  it("takes a nonce through its last millisecond and calls it expired from the next (SR-27)", () => {
    for (const [now, kind] of [
      [0, "alive"],
      [9_999, "alive"],
      [10_000, "alive"],
      [10_001, "expired"],
      [2 ** 40, "expired"],
    ] as const) {
      const { store } = storeWith();
      store.issue("dose", SESSION, at(10_000));
      assert.equal(store.take("dose", SESSION, 1, 1, at(now)).kind, kind, `at ${now}`);
      assert.equal(store.take("dose", SESSION, 1, 1, at(0)).kind, "unknown", `after ${now}`);
    }
  });

  it("spends a nonce on a wrong epoch, sequence or session alike (SR-26)", () => {
    for (const [session, epoch, sequence] of [
      [SESSION + 1, 1, 1],
      [SESSION, 2, 1],
      [SESSION, 1, 2],
      [SESSION, 1, 0],
      [SESSION, 0, 0],
    ] as const) {
      const { store } = storeWith();
      store.issue("dose", SESSION, at(10));
      const named = `${session} ${epoch} ${sequence}`;
      assert.equal(store.take("dose", session, epoch, sequence, at(5)).kind, "unknown", named);
      assert.equal(store.take("dose", SESSION, 1, 1, at(5)).kind, "unknown", named);
    }
  });

  it("keeps the purposes apart: sequences, nonces, taking and revoking", () => {
    const { store } = storeWith();
    const handshake = store.issue("handshake", SESSION, at(10));
    const dose = store.issue("dose", SESSION, at(10));
    assert.deepEqual([handshake.sequence, dose.sequence], [1, 1]);
    assert.notDeepEqual(handshake.bytes, dose.bytes);
    assert.equal(store.take("handshake", SESSION, 1, 1, at(5)).kind, "alive");
    store.revoke("handshake");
    assert.equal(store.take("dose", SESSION, 1, 1, at(5)).kind, "alive");
  });

  it("kills the outstanding nonce of a purpose at the next one and at a revocation (SR-28)", () => {
    const { store } = storeWith();
    store.issue("dose", SESSION, at(10));
    const second = store.issue("dose", SESSION, at(10));
    assert.deepEqual(store.take("dose", SESSION, 1, 2, at(5)), { kind: "alive", nonce: second });
    store.issue("dose", SESSION, at(10));
    store.revoke("dose");
    assert.equal(store.take("dose", SESSION, 1, 3, at(5)).kind, "unknown");
  });

  it("counts what it issued, by purpose, and knows its epoch (SR-33)", () => {
    const { store } = storeWith(soundEntropy(2), 9);
    assert.deepEqual([store.issued("dose"), store.epoch], [0, 9]);
    for (let i = 1; i <= 3; i++) {
      assert.equal(store.issue("dose", SESSION, at(10)).sequence, i);
      assert.equal(store.issued("dose"), i);
    }
    assert.equal(store.issued("handshake"), 0);
  });

  it("never repeats a nonce over purposes, sequences and epochs, with an entropy source that gives nothing (SR-39)", () => {
    const seen = new Set<string>();
    for (let epoch = 1; epoch <= 10; epoch++) {
      const { store, faults } = storeWith(scriptedEntropy(), epoch);
      for (let i = 0; i < 20; i++)
        for (const purpose of ["handshake", "dose"] as const)
          seen.add(Buffer.from(store.issue(purpose, SESSION, at(10)).bytes).toString("hex"));
      assert.equal(faults.length, 40);
    }
    assert.equal(seen.size, 400);
  });

  it("reports each failure of the source and issues all the same (SR-39, SR-40)", () => {
    const { store, faults } = storeWith(new Entropy((length) => new Uint8Array(length), sha256));
    const nonces = [store.issue("dose", SESSION, at(10)), store.issue("dose", SESSION, at(10))];
    assert.deepEqual(
      faults.map(({ test }) => test),
      ["repetition", "repetition"],
    );
    assert.notDeepEqual(nonces[0]?.bytes, nonces[1]?.bytes);
  });

  it("matches a model under any sequence of issuing, taking and revoking (SR-26)", () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant("issue" as const), session: fc.nat(2), lifeMs: fc.nat(5) }),
      fc.record({ kind: fc.constant("take" as const), session: fc.nat(2), sequence: fc.nat(6) }),
      fc.record({ kind: fc.constant("revoke" as const) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const { store } = storeWith();
        let model: { session: number; sequence: number; expiresAt: number } | undefined;
        let issued = 0;
        operations.forEach((step, now) => {
          if (step.kind === "issue") {
            store.issue("dose", step.session, at(now + step.lifeMs));
            model = { session: step.session, sequence: ++issued, expiresAt: now + step.lifeMs };
          } else if (step.kind === "revoke") {
            store.revoke("dose");
            model = undefined;
          } else {
            const known = model?.session === step.session && model.sequence === step.sequence;
            const expected = !known ? "unknown" : now > (model?.expiresAt ?? 0) ? "expired" : "alive";
            assert.equal(store.take("dose", step.session, 1, step.sequence, at(now)).kind, expected);
            model = undefined;
          }
        });
      }),
      { seed: 11, numRuns: 100 },
    );
  });
});
