import { strict as assert } from "node:assert";
import type { CommandResult } from "../../../host-sim/controller/commands.js";
import type { Outcome } from "../../../host-sim/controller/control.js";
import type { Result } from "../../../host-sim/controller/requests.js";
import type { Contents } from "../../../host-sim/controller/store.js";
import { BOLUS_MICROUNITS, hex, paired } from "./bench.js";
import { bytes } from "./nodeCrypto.js";

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

  it("asks no other pump about a pending dose, and has it block there too", () => {
    const bench = paired();
    bench.cutAtNext(0x25);
    const lost = bench.bolus();
    assert.equal(lost.kind, "lost");
    bench.clock.pass(100);
    bench.pump.pumpId = bytes("9988776655443322");
    assert.equal(bench.pair().kind, "ok");
    bench.pump.received = [];
    const resolved = bench.await<Result<Outcome>>((done) => bench.controller.resolve(done));
    assert.deepEqual(resolved, { kind: "notSent", reason: "otherPump" });
    assert.equal(bench.bolus().kind, "blocked");
    assert.deepEqual(bench.pump.received, []);
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
