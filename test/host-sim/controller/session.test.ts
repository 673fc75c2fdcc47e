import { strict as assert } from "node:assert";
import type { Result } from "../../../host-sim/controller/requests.js";
import { paired } from "./bench.js";
import { bytes } from "./nodeCrypto.js";

describe("controller: session", () => {
  it("ends on a wrong m3 and sends nothing after it", () => {
    const bench = paired();
    bench.controller.close();
    bench.clock.pass(100);
    bench.pump.received = [];
    bench.pump.onSend = (message, what) => (what === "m3" ? bytes(message.subarray(0, 15), 0x5a) : message);
    assert.deepEqual(bench.open(), { kind: "failed", reason: "m3Wrong" });
    assert.deepEqual(bench.pump.received, []);
  });

  it("sends nothing before record 0 and ends when it does not come", () => {
    const bench = paired();
    bench.controller.close();
    bench.clock.pass(100);
    bench.pump.received = [];
    bench.pump.onValue = (channel, value) => (channel === 0 ? undefined : value);
    bench.pump.ticks = false;
    assert.deepEqual(bench.open(), { kind: "failed", reason: "silence" });
    assert.deepEqual(bench.pump.received, []);
  });

  it("refuses a Hello of another role than the bond's", () => {
    const bench = paired();
    bench.controller.close();
    bench.clock.pass(100);
    bench.pump.onValue = (_, value) => (value[0] === 0x69 ? bytes("6902") : value);
    assert.deepEqual(bench.open(), { kind: "failed", reason: "unexpectedMessage" });
  });

  it("answers each tick with one and ends after 15 s of silence", () => {
    const bench = paired();
    bench.clock.pass(20_100);
    assert.deepEqual(bench.pump.received, ["01", "01", "01", "01"]);
    bench.pump.ticks = false;
    bench.clock.pass(14_800);
    assert.equal(bench.controller.state.kind, "open");
    bench.clock.pass(300);
    assert.equal(bench.controller.state.kind, "closed");
    assert.deepEqual(bench.events.at(-1), { kind: "closed", reason: "silence" });
  });

  it("ends on a record that is altered, and on a fragment out of order", () => {
    const altered = paired();
    altered.pump.onSend = (message) => bytes(message.subarray(1), 0);
    altered.clock.pass(5_100);
    assert.deepEqual(altered.events.at(-1), { kind: "closed", reason: "recordNotOpened" });
    const fragment = paired();
    fragment.pump.indicate(bytes("0101"));
    assert.deepEqual(fragment.events.at(-1), { kind: "closed", reason: "fragment" });
  });

  it("ends on an answer to nothing, and when an answer does not come for 15 s though ticks do", () => {
    const unasked = paired();
    unasked.pump.send(0, bytes("663c81"));
    assert.deepEqual(unasked.events.at(-1), { kind: "closed", reason: "unexpectedMessage" });
    const silent = paired();
    silent.pump.onValue = (channel, value) => (channel === 0x21 ? undefined : value);
    assert.deepEqual(
      silent.await<Result<unknown>>((done) => silent.controller.status(done)),
      { kind: "lost" },
    );
    assert.deepEqual(silent.events.at(-1), { kind: "closed", reason: "answerTimeout" });
  });

  it("echoes the newest time of the pump that it has opened", () => {
    const bench = paired();
    const sentAtMs: number[] = [];
    bench.pump.onValue = (_, value) => {
      sentAtMs.push(bench.clock.nowMs);
      return value;
    };
    bench.clock.pass(10_100);
    assert.deepEqual(bench.pump.echoesMs, sentAtMs);
    assert.equal(sentAtMs.length, 2);
  });

  it("ends rather than have a fifth message wait for a pump that acknowledges none", () => {
    const bench = paired();
    bench.pump.acknowledges = false;
    bench.clock.pass(20_100);
    assert.equal(bench.controller.state.kind, "open");
    bench.clock.pass(5_000);
    assert.deepEqual(bench.events.at(-1), { kind: "closed", reason: "queueFull" });
  });

  it("takes 16 requests behind the one under way and no more", () => {
    const bench = paired();
    const ends: Result<unknown>[] = [];
    for (let count = 0; count < 18; count += 1) bench.controller.status((result) => ends.push(result));
    assert.deepEqual(ends, [{ kind: "notSent", reason: "queueFull" }]);
    bench.clock.pass(2_000);
    assert.equal(ends.filter(({ kind }) => kind === "ok").length, 17);
  });

  it("tells of a status change that nobody asked for", () => {
    const bench = paired();
    bench.pump.send(0x20, bytes("4400"));
    assert.deepEqual(bench.events.at(-1), { kind: "statusChanged", flags: 0x44, stale: false });
  });

  it("calls a status stale that comes over 10 s late", () => {
    const bench = paired();
    bench.pump.timeLagMs = 10_001;
    const result = bench.await<Result<unknown>>((done) => bench.controller.status(done));
    assert.equal(result.kind, "stale");
    bench.pump.timeLagMs = 10_000;
    assert.equal(bench.await<Result<unknown>>((done) => bench.controller.status(done)).kind, "ok");
  });

  it("sends requests one at a time, and Stop ahead of all that wait", () => {
    const bench = paired();
    const ends: string[] = [];
    bench.controller.status((result) => ends.push(`status ${result.kind}`));
    bench.controller.status((result) => ends.push(`status ${result.kind}`));
    bench.controller.stop((result) => ends.push(`stop ${result.kind}`));
    bench.clock.pass(200);
    assert.deepEqual(ends, ["status ok", "stop ok", "status ok"]);
    assert.deepEqual(bench.pump.received, ["21", "25 5a0f33", "21"]);
  });

  it("says of each request whether it was sent when the session ends", () => {
    const bench = paired();
    const ends: Result<unknown>[] = [];
    bench.controller.status((result) => ends.push(result));
    bench.controller.stop((result) => ends.push(result));
    bench.controller.close();
    bench.controller.status((result) => ends.push(result));
    assert.deepEqual(ends, [
      { kind: "lost" },
      { kind: "notSent", reason: "noSession" },
      { kind: "notSent", reason: "noSession" },
    ]);
  });
});
