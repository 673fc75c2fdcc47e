/** The session's state machine, step by step under a clock that the test turns. */

import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { uptimeMs } from "../../firmware/base/units.js";
import { Entropy } from "../../firmware/nonce/entropy.js";
import { NonceStore } from "../../firmware/nonce/store.js";
import { addUnconfirmed, type Bonds, NO_BONDS } from "../../firmware/session/bonds.js";
import { open } from "../../firmware/session/record.js";
import { CLOSED, sessionWakeAt } from "../../firmware/session/session.js";
import { durable, identityOf, soundEntropy } from "../nonce/bench.js";
import * as reference from "../vectors/reference.js";
import { bondOf, bondsOf, flipped, hex, m2Of, own, unhex, windowOf } from "./bench.js";
import { Bench, opened, reasonOf } from "./sessionBench.js";

describe("session: up to m1", () => {
  it("sends nothing before the subscription, then m1 with a nonce of its own for each connection (SR-06, SR-09)", () => {
    const bench = new Bench();
    assert.deepEqual(bench.step({ kind: "connected", id: 1 }), []);
    bench.step({ kind: "broken", reason: "gone" });
    const first = bench.challenge();
    bench.step({ kind: "broken", reason: "gone" });
    const second = bench.challenge();
    for (const m1 of [first, second]) {
      assert.equal(m1.length, 26);
      assert.equal(hex(m1.slice(0, 10)), `0100${hex(bench.context.pumpId)}`);
    }
    assert.notDeepEqual(first.slice(10), second.slice(10));
  });

  it("ends when another connection turns up in its place (SR-06)", () => {
    const bench = new Bench();
    bench.challenge();
    assert.equal(reasonOf(bench.step({ kind: "connected", id: 2 })), "connected out of turn");
  });

  it("ends on a message before the subscription and on a second subscription (SR-06)", () => {
    const early = new Bench();
    early.step({ kind: "connected", id: 1 });
    assert.equal(reasonOf(early.message(new Uint8Array(41))), "message out of turn");
    const twice = new Bench();
    twice.challenge();
    assert.equal(reasonOf(twice.step({ kind: "subscribed" })), "subscribed out of turn");
    assert.equal(twice.session.kind, "closed");
  });

  it("does nothing when closed, whatever comes", () => {
    for (const event of [
      { kind: "subscribed" },
      { kind: "message", bytes: new Uint8Array(41) },
      { kind: "send", channel: 0, value: new Uint8Array(1) },
      { kind: "broken", reason: "x" },
      { kind: "time" },
    ] as const) {
      const bench = new Bench();
      assert.deepEqual(bench.step(event), []);
      assert.equal(bench.session.kind, "closed");
    }
    assert.equal(sessionWakeAt(CLOSED), undefined);
  });

  it("adds an ephemeral key, new for each connection, while the window is open (SR-12)", () => {
    const { window } = windowOf();
    const bench = new Bench({ window });
    const first = bench.challenge();
    bench.step({ kind: "broken", reason: "gone" });
    const second = bench.challenge();
    assert.deepEqual([first.length, first[1], second.length], [58, 1, 58]);
    assert.notDeepEqual(first.slice(26), second.slice(26));
  });

  it("offers no pairing when the entropy fails, says so, and challenges all the same (SR-40)", () => {
    const { window } = windowOf();
    const entropy = new Entropy((length) => new Uint8Array(length), sha256);
    const bench = new Bench({ window, entropy });
    bench.step({ kind: "connected", id: 1 });
    const effects = bench.step({ kind: "subscribed" });
    assert.deepEqual(
      effects.map((effect) => effect.kind),
      ["entropyFault", "send"],
    );
    assert.equal(effects[1]?.kind === "send" && effects[1].message.length, 26);
  });
});

describe("session: deadlines of the handshake", () => {
  it("waits 2 s for m2, to the millisecond (SR-09)", () => {
    for (const [afterMs, kind] of [
      [2_000, "open"],
      [2_001, "closed"],
    ] as const) {
      const bench = new Bench();
      const m2 = m2Of(1, bench.challenge());
      bench.nowMs += afterMs;
      bench.message(m2);
      assert.equal(bench.session.kind, kind, `after ${afterMs} ms`);
    }
  });

  it("waits 30 s from the first LE passkey of a connection, to the millisecond, and not longer for a second (SR-09)", () => {
    for (const [afterMs, kind] of [
      [30_000, "connected"],
      [30_001, "closed"],
    ] as const) {
      const bench = new Bench();
      bench.step({ kind: "connected", id: 1 });
      bench.nowMs += 4_000;
      bench.step({ kind: "linkPairing" });
      bench.nowMs += afterMs;
      bench.step({ kind: "linkPairing" });
      bench.step({ kind: "time" });
      assert.equal(bench.session.kind, kind, `after ${afterMs} ms`);
    }
  });

  it("takes no LE passkey for a reason to wait once m1 is out, or before a connection (SR-09)", () => {
    const bench = new Bench();
    bench.step({ kind: "linkPairing" });
    assert.equal(bench.session.kind, "closed");
    bench.challenge();
    bench.step({ kind: "linkPairing" });
    bench.nowMs += 2_001;
    bench.step({ kind: "time" });
    assert.equal(bench.session.kind, "closed");
  });

  it("waits 5 s from the connection, to the millisecond, however late the subscription came (SR-09)", () => {
    for (const [afterMs, kind] of [
      [1_000, "open"],
      [1_001, "closed"],
    ] as const) {
      const bench = new Bench();
      bench.step({ kind: "connected", id: 1 });
      bench.nowMs += 4_000;
      const [sent] = bench.step({ kind: "subscribed" });
      assert.ok(sent?.kind === "send");
      bench.nowMs += afterMs;
      bench.message(m2Of(1, sent.message));
      assert.equal(bench.session.kind, kind, `${afterMs} ms after m1`);
    }
  });

  it("ends by time alone at each deadline, and asks to be woken just then (SR-09)", () => {
    const connected = new Bench();
    connected.step({ kind: "connected", id: 1 });
    assert.equal(sessionWakeAt(connected.session), 6_001);
    assert.deepEqual(connected.time(6_000), []);
    assert.equal(reasonOf(connected.time(6_001)), "handshake took too long");

    const challenged = new Bench();
    challenged.challenge();
    assert.equal(sessionWakeAt(challenged.session), 3_001);
    assert.deepEqual(challenged.time(3_000), []);
    assert.equal(reasonOf(challenged.time(3_001)), "no answer in time");

    const late = new Bench();
    late.step({ kind: "connected", id: 1 });
    late.nowMs = 5_500;
    late.step({ kind: "subscribed" });
    assert.equal(sessionWakeAt(late.session), 6_001);
    assert.equal(reasonOf(late.time(6_001)), "no answer in time");
  });

  it("takes one answer to an m1: a wrong one ends it, and the right one is then too late (SR-09)", () => {
    const bench = new Bench();
    const m1 = bench.challenge();
    assert.equal(reasonOf(bench.message(flipped(m2Of(1, m1), 30))), "wrong tag");
    assert.deepEqual(bench.message(m2Of(1, m1)), []);
    assert.equal(bench.session.kind, "closed");
  });

  it("takes no answer to an earlier connection's m1 (SR-07)", () => {
    const bench = new Bench();
    const old = m2Of(1, bench.challenge());
    bench.step({ kind: "broken", reason: "gone" });
    bench.challenge();
    assert.equal(reasonOf(bench.message(old)), "wrong tag");
  });
});

describe("session: pairing", () => {
  /** Pairs controller 2 as far as its answer. */
  function pairing(bonds: Bonds = NO_BONDS) {
    const { window, secret } = windowOf();
    const bench = new Bench({ bonds, window });
    const m1 = bench.challenge();
    const publicKey = own(reference.x25519Public(unhex("11".repeat(32))));
    const m2 = m2Of(2, m1, { mode: 2, kCtl: reference.pairingKeys(secret).kCtl, publicKey });
    return { bench, m1, m2, window };
  }

  it("records the unconfirmed bond before m3, opens no session, and ends at the deadline (SR-16, SR-17)", () => {
    const { bench, m2 } = pairing(bondsOf(1));
    const effects = bench.message(m2);
    assert.deepEqual(
      effects.map((effect) => effect.kind),
      ["send", "bonded"],
    );
    assert.deepEqual(bench.recorded?.confirmed, bondsOf(1).confirmed);
    assert.deepEqual(bench.recorded?.unconfirmed?.controllerId, bondOf(2).controllerId);
    assert.equal(bench.session.kind, "done");
    assert.equal(sessionWakeAt(bench.session), 6_001);
    assert.equal(reasonOf(bench.time(6_001)), "handshake took too long");
  });

  it("takes nothing more after m3 and sends nothing more (SR-06)", () => {
    const { bench, m2 } = pairing();
    bench.message(m2);
    assert.deepEqual(bench.step({ kind: "send", channel: 0, value: new Uint8Array(1) }), []);
    assert.equal(reasonOf(bench.message(new Uint8Array(30))), "message out of turn");
  });

  it("refuses an answer once the window that m1 offered has closed or another has opened (SR-12)", () => {
    for (const window of [undefined, windowOf("operate", 4).window]) {
      const { bench, m2 } = pairing();
      bench.context = { ...bench.context, window };
      assert.equal(reasonOf(bench.message(m2)), "window closed");
    }
  });

  it("overwrites its private key at any end (SR-11)", () => {
    const { bench } = pairing();
    assert.ok(bench.session.kind === "challenged" && bench.session.offer);
    const { scalar } = bench.session.offer.ephemeral;
    bench.step({ kind: "broken", reason: "gone" });
    assert.ok(scalar.every((byte) => byte === 0));
  });
});

describe("session: opening", () => {
  it("answers m2 with m3 and record 0, Hello with the role, and says who it is (SR-06)", () => {
    for (const [role, code] of [
      ["operate", 1],
      ["observe", 2],
    ] as const) {
      const { bench, effects, hello, fromPump } = opened(role);
      assert.deepEqual(
        effects.map((effect) => effect.kind),
        ["send", "send", "opened"],
      );
      assert.deepEqual(open(fromPump, hello)?.plaintext, {
        timeMs: 1_000,
        channel: 0,
        value: Uint8Array.of(0x69, code),
      });
      assert.equal(bench.recorded, undefined);
    }
  });

  it("confirms the bond in mode 03, to be durable before m3 (SR-16)", () => {
    const bench = new Bench({ bonds: addUnconfirmed(bondsOf(2), bondOf(1)) });
    const m1 = bench.challenge();
    bench.message(m2Of(1, m1, { mode: 3 }));
    assert.deepEqual(bench.recorded, { confirmed: [bondOf(2), bondOf(1)], unconfirmed: undefined });
    assert.equal(bench.session.kind, "open");
  });
});

describe("session: nonces", () => {
  it("spends the handshake's nonce with the answer, right or wrong (SR-09)", () => {
    const nonces = new NonceStore(durable(identityOf()), soundEntropy(2), sha256, () => {});
    const bench = new Bench({ nonces });
    bench.challenge();
    bench.message(new Uint8Array(3));
    assert.equal(nonces.take("handshake", 1, 1, 1, uptimeMs(1_000)).kind, "unknown");
  });
});
