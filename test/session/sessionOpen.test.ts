/** An open session: records in and out, ticks, silence, an observer's time. */

import assert from "node:assert/strict";
import { open } from "../../firmware/session/record.js";
import { sessionWakeAt } from "../../firmware/session/session.js";
import { flipped } from "./bench.js";
import { opened, openOf, reasonOf } from "./sessionBench.js";

describe("session: records in", () => {
  it("hands a record on with its channel, value, bond and session (SR-20)", () => {
    const { bench, record } = opened();
    const value = Uint8Array.of(1, 2, 3);
    assert.deepEqual(bench.message(record(1_000, 0x25, value)), [
      {
        kind: "received",
        received: { channel: 0x25, value, stale: false, bond: openOf(bench).bond, session: 1 },
      },
    ]);
  });

  it("calls a record stale when its echo is over 10,000 ms old (SR-22)", () => {
    for (const [ageMs, stale] of [
      [0, false],
      [10_000, false],
      [10_001, true],
    ] as const) {
      const { bench, record } = opened();
      bench.nowMs += ageMs;
      const [effect] = bench.message(record(1_000, 0));
      assert.equal(effect?.kind === "received" && effect.received.stale, stale, `${ageMs} ms`);
    }
  });

  it("calls an echo from the future stale, and reckons past the wrap of 2^32 ms (SR-22, SR-68)", () => {
    const future = opened();
    const [ahead] = future.bench.message(future.record(1_001, 0));
    assert.equal(ahead?.kind === "received" && ahead.received.stale, true);
    for (const [ageMs, stale] of [
      [9_000, false],
      [10_001, true],
    ] as const) {
      const { bench, record } = opened("operate", 2 ** 32 - 5_000);
      bench.nowMs += ageMs;
      const [effect] = bench.message(record(2 ** 32 - 5_000, 0));
      assert.equal(effect?.kind === "received" && effect.received.stale, stale);
    }
  });

  it("ends, with the keys overwritten, on a record that is altered, repeated, skipped or reflected (SR-20)", () => {
    const wrong: ((session: ReturnType<typeof opened>) => Uint8Array)[] = [
      ({ record }) => flipped(record(1_000), 3),
      ({ bench, record }) => {
        const first = record(1_000);
        bench.message(first);
        return first;
      },
      ({ record }) => {
        record(1_000);
        return record(1_000);
      },
      ({ hello }) => hello,
      () => new Uint8Array(0),
    ];
    for (const make of wrong) {
      const session = opened();
      const bytes = make(session);
      const { fromController, fromPump } = openOf(session.bench);
      assert.equal(reasonOf(session.bench.message(bytes)), "record does not open");
      assert.equal(session.bench.session.kind, "closed");
      for (const { key } of [fromController, fromPump]) assert.ok(key.every((byte) => byte === 0));
    }
  });

  it("takes a tick in silence and ends on one with a value (SR-23)", () => {
    const { bench, record } = opened();
    bench.nowMs += 3_000;
    assert.deepEqual(bench.message(record(1_000)), []);
    assert.equal(openOf(bench).heardAt, 4_000);
    assert.equal(reasonOf(bench.message(record(1_000, 1, Uint8Array.of(0)))), "tick with a value");
  });
});

describe("session: records out", () => {
  it("counts a message as waiting until an echo is not older than it, and ends rather than send a fifth (SR-05)", () => {
    const { bench, record } = opened();
    const send = () => bench.step({ kind: "send", channel: 0x20, value: new Uint8Array(2) });
    const reasons = [send(), send(), send()].map(reasonOf);
    assert.deepEqual(reasons, ["send", "send", "send"]);
    assert.deepEqual(openOf(bench).waiting, [1_000, 1_000, 1_000, 1_000]);
    bench.nowMs += 10;
    bench.message(record(999));
    assert.equal(openOf(bench).waiting.length, 4);
    bench.message(record(1_000));
    assert.equal(openOf(bench).waiting.length, 0);
    for (let i = 0; i < 4; i++) assert.equal(reasonOf(send()), "send");
    assert.equal(reasonOf(send()), "four messages wait unacknowledged");
    assert.equal(bench.session.kind, "closed");
  });

  it("frees only what the echo covers (SR-05)", () => {
    const { bench, record } = opened();
    for (const nowMs of [1_100, 1_200]) {
      bench.nowMs = nowMs;
      bench.step({ kind: "send", channel: 0x20, value: new Uint8Array(2) });
    }
    bench.nowMs = 1_300;
    bench.message(record(1_100));
    assert.deepEqual(openOf(bench).waiting, [1_200]);
  });

  it("seals each under the next counter with the pump's time (SR-21)", () => {
    const { bench, fromPump } = opened("operate", 2 ** 32 - 1);
    bench.nowMs += 2;
    const [sent] = bench.step({ kind: "send", channel: 0x21, value: Uint8Array.of(5) });
    assert.ok(sent?.kind === "send");
    assert.deepEqual(open({ ...fromPump, counter: 1 }, sent.message)?.plaintext, {
      timeMs: 1,
      channel: 0x21,
      value: Uint8Array.of(5),
    });
  });
});

describe("session: time", () => {
  it("ticks every 5 s and asks to be woken for it (SR-23)", () => {
    const { bench, record, fromPump } = opened();
    assert.equal(sessionWakeAt(bench.session), 6_000);
    assert.deepEqual(bench.time(5_999), []);
    for (const [i, nowMs] of [6_000, 11_000, 16_000].entries()) {
      const [sent] = bench.time(nowMs);
      assert.ok(sent?.kind === "send");
      const plaintext = open({ ...fromPump, counter: i + 1 }, sent.message)?.plaintext;
      assert.deepEqual(plaintext, { timeMs: nowMs, channel: 1, value: new Uint8Array(0) });
      assert.equal(sessionWakeAt(bench.session), nowMs + 5_000);
      bench.message(record(nowMs));
    }
  });

  it("ends after more than 15 s without a record, counted from m3 at first (SR-23)", () => {
    const { bench } = opened();
    bench.time(6_000);
    bench.time(11_000);
    assert.equal(reasonOf(bench.time(16_000)), "send");
    assert.equal(sessionWakeAt(bench.session), 16_001);
    assert.equal(reasonOf(bench.time(16_001)), "silence");

    const heard = opened();
    heard.bench.nowMs += 4_000;
    heard.bench.message(heard.record(1_000));
    assert.equal(reasonOf(heard.bench.time(20_000)), "send");
    assert.equal(reasonOf(heard.bench.time(20_001)), "silence");
  });

  it("ends an observer's session 60 s after m3, and an operator's not (SR-23)", () => {
    for (const role of ["operate", "observe"] as const) {
      const { bench, record } = opened(role);
      for (let nowMs = 6_000; nowMs <= 61_000; nowMs += 5_000) {
        assert.equal(reasonOf(bench.time(nowMs)), "send", `${role} at ${nowMs}`);
        bench.message(record(nowMs));
      }
      assert.equal(sessionWakeAt(bench.session), role === "observe" ? 61_001 : 66_000);
      assert.equal(reasonOf(bench.time(61_001)), role === "observe" ? "observer's time is up" : "");
    }
  });
});
