import { strict as assert } from "node:assert";
import type { PairResult } from "../../../host-sim/controller/controller.js";
import { Bench, paired } from "./bench.js";
import { bytes } from "./nodeCrypto.js";

describe("controller: pairing with a pump", () => {
  it("stores the provisional bond before m2, confirms it in mode 03 and leaves a session open", () => {
    const bench = new Bench();
    let keptAtM2 = -1;
    bench.pump.onM2 = (m2) => {
      if (m2[0] === 2) keptAtM2 = bench.kept.provisional.length;
      return m2;
    };
    assert.deepEqual(bench.pair(), { kind: "ok", value: { pumpId: bench.pump.pumpId, role: 1 } });
    assert.equal(keptAtM2, 1);
    assert.deepEqual([bench.kept.bonds.length, bench.kept.provisional.length], [1, 0]);
    assert.deepEqual(
      bench.pump.m2s.map((m2) => [m2[0], m2.length]),
      [
        [2, 73],
        [3, 41],
      ],
    );
    assert.equal(bench.controller.state.kind, "open");
    bench.controller.close();
    bench.clock.pass(100);
    assert.equal(bench.open().kind, "ok");
    assert.equal(bench.pump.m2s.at(-1)?.[0], 1);
  });

  it("makes good an m3 that was lost or altered, by mode 03", () => {
    for (const harm of [() => undefined, (m3: Uint8Array) => bytes(m3.subarray(1), 0)]) {
      const bench = new Bench();
      bench.pump.onSend = (message, what) => {
        if (what !== "m3") return message;
        bench.pump.onSend = (later) => later;
        return harm(message);
      };
      assert.equal(bench.pair().kind, "ok");
      assert.deepEqual([bench.kept.bonds.length, bench.kept.provisional.length], [1, 0]);
    }
  });

  it("tries every provisional bond, newest first, until the pump knows one, and then erases the others", () => {
    const bench = new Bench();
    const takesM2 = bench.pump.onM2;
    // The first bond is the pump's; the second m2 never arrives.
    bench.pump.onM2 = (m2) => (m2[0] === 2 ? m2 : undefined);
    assert.equal(bench.pair().kind, "unfinished");
    bench.pump.onM2 = () => undefined;
    assert.equal(bench.pair().kind, "unfinished");
    assert.equal(bench.kept.provisional.length, 2);
    bench.pump.windowOpen = false;
    bench.pump.onM2 = takesM2;
    bench.pump.m2s = [];
    assert.equal(bench.open().kind, "ok");
    assert.deepEqual(
      bench.pump.m2s.map((m2) => m2[0]),
      [3, 3],
    );
    assert.deepEqual([bench.kept.bonds.length, bench.kept.provisional.length], [1, 0]);
  });

  it("falls back to the confirmed bond in mode 01 when the pump knows no provisional one", () => {
    const bench = paired();
    bench.controller.close();
    bench.clock.pass(100);
    const m2s = bench.pump.m2s.length;
    bench.pump.onM2 = () => undefined;
    assert.equal(bench.pair().kind, "unfinished");
    bench.pump.onM2 = (m2) => m2;
    assert.equal(bench.open().kind, "ok");
    assert.deepEqual(
      bench.pump.m2s.slice(m2s).map((m2) => m2[0]),
      [2, 3, 3, 1],
    );
  });

  it("erases a provisional bond 7 minutes after it was stored", () => {
    const bench = new Bench();
    bench.pump.onM2 = () => undefined;
    assert.equal(bench.pair().kind, "unfinished");
    const storedAtMs = bench.kept.provisional[0]?.storedAtMs ?? 0;
    bench.clock.pass(storedAtMs + 420_000 - 1 - bench.clock.nowMs);
    assert.equal(bench.kept.provisional.length, 1);
    bench.clock.pass(1);
    assert.equal(bench.kept.provisional.length, 0);
    assert.deepEqual(bench.open(), { kind: "failed", reason: "noBond" });
  });

  it("sends no m2 when the store does not take the bond, the window is closed, or another pump answers", () => {
    const full = new Bench();
    full.storeFull = true;
    assert.deepEqual(full.pair(), { kind: "failed", reason: "storeFailed" });
    const closed = new Bench();
    const { shownText } = closed.pump;
    const pair = (bench: Bench) => bench.await<PairResult>((done) => bench.controller.pair(shownText, done));
    assert.deepEqual(pair(closed), { kind: "failed", reason: "windowClosed" });
    const other = new Bench();
    other.pump.windowOpen = true;
    other.pump.pumpId = bytes("ffffffffffffffff");
    assert.deepEqual(pair(other), { kind: "failed", reason: "unknownPump" });
    for (const bench of [full, closed, other]) assert.equal(bench.pump.m2s.length, 0);
  });

  it("refuses text that no pump shows without connecting", () => {
    const bench = new Bench();
    assert.equal(bench.await<PairResult>((done) => bench.controller.pair("HELLO", done)).kind, "malformed");
    assert.equal(bench.pump.connections, 0);
  });
});
