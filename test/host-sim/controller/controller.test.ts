import { strict as assert } from "node:assert";
import type { CommandResult } from "../../../host-sim/controller/commands.js";
import type { ControllerEvent } from "../../../host-sim/controller/connection.js";
import type { Outcome } from "../../../host-sim/controller/control.js";
import { Controller, type OpenResult, type PairResult } from "../../../host-sim/controller/controller.js";
import type { Result } from "../../../host-sim/controller/requests.js";
import { type Contents, decodeContents } from "../../../host-sim/controller/store.js";
import { ManualClock } from "./manualClock.js";
import { bytes } from "./nodeCrypto.js";
import { ScriptedPump } from "./scriptedPump.js";

const BOLUS_MICROUNITS = 2_300_000;
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

/** One pump, one controller, and what happened between them. */
class Bench {
  readonly clock = new ManualClock();
  readonly pump = new ScriptedPump(this.clock);
  readonly events: ControllerEvent[] = [];
  blob: Uint8Array | undefined;
  storeFull = false;
  #drawn = 0;
  controller = this.newController();

  newController(lifeSeconds = 10): Controller {
    return new Controller({
      transport: this.pump,
      clock: this.clock,
      random: (length) => {
        this.#drawn += 1;
        return new Uint8Array(length).fill(this.#drawn);
      },
      store: {
        read: () => this.blob,
        write: (blob) => {
          if (this.storeFull) throw new Error("full");
          this.blob = blob;
        },
      },
      onEvent: (event) => this.events.push(event),
      lifeSeconds,
    });
  }

  get kept(): Contents {
    assert.ok(this.blob);
    return decodeContents(this.blob);
  }

  /** Calls `start` with a `done` and lets time pass until it was called. */
  await<T>(start: (done: (result: T) => void) => void, limitMs = 20_000): T {
    const results: T[] = [];
    start((result) => results.push(result));
    const endMs = this.clock.nowMs + limitMs;
    while (results.length === 0 && this.clock.nowMs < endMs) this.clock.pass(5);
    const [result] = results;
    assert.ok(result !== undefined, "no answer");
    assert.equal(results.length, 1, "answered twice");
    return result;
  }

  pair(): PairResult {
    this.pump.windowOpen = true;
    return this.await<PairResult>((done) => this.controller.pair(this.pump.shownText, done), 60_000);
  }

  open(): OpenResult {
    return this.await<OpenResult>((done) => this.controller.open(done), 60_000);
  }

  bolus(amountMicrounits = BOLUS_MICROUNITS): CommandResult<{ bolusId: number }> {
    return this.await((done) => this.controller.bolus(amountMicrounits, { meal: true }, done));
  }

  /** Lets the pump's next record on `channel` be lost together with the link. */
  cutAtNext(channel: number): void {
    this.pump.onValue = (on, value) => {
      if (on !== channel) return value;
      this.pump.onValue = (_, later) => later;
      this.pump.disconnect();
      return undefined;
    };
  }
}

/** A bench with a pump that is paired and in session. */
function paired(): Bench {
  const bench = new Bench();
  assert.equal(bench.pair().kind, "ok");
  return bench;
}

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

describe("controller: countersigned commands", () => {
  it("has a bolus delivered once its reading is the one ordered, with the dose ID stored before Commit", () => {
    const bench = paired();
    let keptAtCommit: Contents["pending"] = [];
    bench.pump.onValue = (channel, value) => {
      if (channel === 0x25) keptAtCommit = bench.kept.pending;
      return value;
    };
    const doseId = { epoch: 7, sequence: 1 };
    assert.deepEqual(bench.bolus(), { kind: "ok", value: { doseId, bolusId: 41 } });
    assert.deepEqual(bench.pump.delivered, [BOLUS_MICROUNITS]);
    assert.equal(bench.pump.received[0], "00 0f0a254b111033e6e000000000");
    assert.deepEqual(keptAtCommit, [{ pumpId: bench.pump.pumpId, doseId, isDose: true }]);
    assert.deepEqual(bench.controller.pending(), doseId);
  });

  it("lets a TBR go while a bolus delivers, but no second bolus until the outcome is final", () => {
    const bench = paired();
    const doseId = { epoch: 7, sequence: 1 };
    bench.bolus();
    const order = { rateMicrounitsPerHour: 500_000, durationMinutes: 30, change: false };
    const tbr = bench.await<CommandResult<unknown>>((done) => bench.controller.setTbr(order, done));
    assert.equal(tbr.kind, "ok");
    assert.deepEqual(bench.bolus(), { kind: "blocked", doseId });
    const delivering = bench.await<Result<Outcome>>((done) => bench.controller.resolve(done));
    assert.ok(delivering.kind === "ok" && delivering.value.kind === "delivering");
    assert.deepEqual(bench.bolus(), { kind: "blocked", doseId });
    const amount = bytes("60182300", "60182300", "60182300");
    bench.pump.outcomes.set("0700000001000000", bytes(0x5a, 0, amount));
    const delivered = bench.await<Result<Outcome>>((done) => bench.controller.resolve(done));
    assert.ok(delivered.kind === "ok" && delivered.value.highMicrounits === BOLUS_MICROUNITS);
    assert.equal(bench.controller.pending(), undefined);
    assert.equal(bench.bolus().kind, "ok");
    assert.deepEqual(bench.pump.delivered, [BOLUS_MICROUNITS, BOLUS_MICROUNITS]);
  });

  it("after a lost answer blocks every countersigned command, over a restart too, until Outcome resolves it", () => {
    const bench = paired();
    const doseId = { epoch: 7, sequence: 1 };
    bench.cutAtNext(0x25);
    assert.deepEqual(bench.bolus(), { kind: "lost", doseId });
    bench.clock.pass(100);
    bench.controller = bench.newController();
    assert.equal(bench.open().kind, "ok");
    assert.deepEqual(bench.controller.pending(), doseId);
    assert.deepEqual(bench.bolus(), { kind: "blocked", doseId });
    const run = bench.await<CommandResult<unknown>>((done) => bench.controller.run(() => true, done));
    assert.deepEqual(run, { kind: "blocked", doseId });
    const outcome = bench.await<Result<Outcome>>((done) => bench.controller.resolve(done));
    assert.ok(outcome.kind === "ok" && outcome.value.kind === "delivering");
    assert.equal(bench.bolus().kind, "blocked");
    bench.pump.outcomes.set("0700000001000000", bytes(0x66, 0, "60182300", "00093d00", "00093d00"));
    bench.await<Result<Outcome>>((done) => bench.controller.resolve(done));
    assert.equal(bench.controller.pending(), undefined);
    assert.deepEqual(bench.pump.delivered, [BOLUS_MICROUNITS]);
  });

  it("keeps a dose pending that the pump does not know, until a person accounts for it", () => {
    const bench = paired();
    bench.cutAtNext(0x25);
    bench.bolus();
    bench.clock.pass(100);
    bench.open();
    bench.pump.outcomes.clear();
    const outcome = bench.await<Result<Outcome>>((done) => bench.controller.resolve(done));
    assert.deepEqual(outcome, { kind: "refused", code: 0x71 });
    assert.equal(bench.bolus().kind, "blocked");
    assert.equal(bench.controller.abandon({ epoch: 7, sequence: 1 }), true);
    assert.equal(bench.bolus().kind, "ok");
  });

  it("signs no reading but the one ordered", () => {
    for (const at of [2, 3, 4, 7, 8, 13]) {
      const bench = paired();
      bench.pump.onValue = (_, value) => {
        const altered = value.slice();
        if (value[0] === 0x33) altered[26 + at] = (altered[26 + at] ?? 0) ^ 1;
        return altered;
      };
      assert.equal(bench.bolus().kind, "notSigned", `byte ${at}`);
      assert.equal(bench.pump.received.filter((record) => record.startsWith("00 3c")).length, 0);
      assert.equal(bench.controller.pending(), undefined);
    }
  });

  it("shows the rate of Run and Cancel TBR and signs only what is approved", () => {
    const bench = paired();
    const rates: number[] = [];
    const judge = (verdict: boolean) => (reading: { rateMicrounitsPerHour: number }) => {
      rates.push(reading.rateMicrounitsPerHour);
      return verdict;
    };
    const result = (start: (done: (result: CommandResult<unknown>) => void) => void) => bench.await(start).kind;
    assert.equal(
      result((done) => bench.controller.run(judge(false), done)),
      "notSigned",
    );
    assert.equal(
      result((done) => bench.controller.run(judge(true), done)),
      "ok",
    );
    assert.equal(
      result((done) => bench.controller.cancelTbr(judge(true), done)),
      "ok",
    );
    assert.deepEqual(rates, [850_000, 850_000, 850_000]);
    assert.equal(bench.controller.pending(), undefined);
  });

  it("passes on a refusal of Prepare and of Commit, and keeps nothing pending after either", () => {
    const prepare = paired();
    prepare.pump.onValue = (_, value) => (value[0] === 0x33 ? bytes("660f75") : value);
    assert.deepEqual(prepare.bolus(), { kind: "refused", code: 0x75, doseId: undefined });
    const commit = paired();
    commit.pump.onValue = (_, value) =>
      value[0] === 0x33 ? bytes(value.subarray(0, 9), 0xff, value.subarray(10)) : value;
    const refused = { kind: "refused", code: 0x83, doseId: { epoch: 7, sequence: 1 } };
    assert.deepEqual(commit.bolus(), refused);
    for (const bench of [prepare, commit]) assert.equal(bench.controller.pending(), undefined);
    assert.deepEqual([...prepare.pump.delivered, ...commit.pump.delivered], []);
  });

  it("does not commit when the store is full, when a Stop waits, or when the challenge came over 10 s late", () => {
    const full = paired();
    full.storeFull = true;
    assert.deepEqual(full.bolus(), { kind: "notSent", reason: "storeFailed" });
    assert.equal(full.events.at(-1)?.kind, "storeFailed");
    const overtaken = paired();
    const result = overtaken.await<CommandResult<unknown>>((done) => {
      overtaken.controller.bolus(BOLUS_MICROUNITS, {}, done);
      overtaken.controller.stop(() => {});
    });
    assert.deepEqual(result, { kind: "notSent", reason: "overtaken" });
    const late = paired();
    late.pump.timeLagMs = 10_001;
    assert.deepEqual(late.bolus(), { kind: "notSent", reason: "challengeLate" });
    for (const { pump } of [full, overtaken, late]) assert.deepEqual(pump.delivered, []);
  });

  it("asks for the life it was given and takes no challenge that grants more", () => {
    const bench = paired();
    bench.controller.close();
    bench.clock.pass(100);
    bench.controller = bench.newController(60);
    bench.open();
    assert.equal(bench.bolus().kind, "ok");
    assert.match(bench.pump.received.join(), /00 0f3c25/);
    const longer = paired();
    longer.pump.onValue = (_, value) =>
      value[0] === 0x33 ? bytes(value.subarray(0, 25), 30, value.subarray(26)) : value;
    assert.deepEqual(longer.bolus(), { kind: "notSent", reason: "linkEnded" });
  });

  it("throws for an amount that it cannot express, naming amount and increment", () => {
    const { controller } = paired();
    assert.throws(() => controller.bolus(2_345_678, {}, () => {}), /RangeError.*2345678.*10000/);
    assert.throws(() => controller.bolus(0, {}, () => {}), /RangeError/);
    const order = { rateMicrounitsPerHour: 500_000, durationMinutes: 1441, change: false };
    assert.throws(() => controller.setTbr(order, () => {}), /RangeError.*1441.*1440/);
  });

  it("uses a fresh Nc for every handshake", () => {
    const bench = paired();
    bench.controller.close();
    bench.clock.pass(100);
    bench.open();
    const nonces = bench.pump.m2s.map((m2) => hex(m2.subarray(9, 25)));
    assert.equal(new Set(nonces).size, 3);
  });
});
