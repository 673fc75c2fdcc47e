import assert from "node:assert/strict";
import { microunits } from "../../firmware/base/units.js";
import { planPulse } from "../../firmware/motor/geometry.js";
import { Motor } from "../../firmware/motor/motor.js";
import { Bench, proofOf, setUp } from "./bench.js";

const HALF_STEPS = ["1000", "1100", "0100", "0110", "0010", "0011", "0001", "1001"];

describe("motor/motor", () => {
  it("writes every coil off before anything else", () => {
    const bench = new Bench();
    new Motor(bench.board, () => {});
    assert.deepEqual(bench.log, [
      "open 11 mode 8",
      "write 11 0",
      "open 12 mode 8",
      "write 12 0",
      "open 13 mode 8",
      "write 13 0",
      "open 14 mode 8",
      "write 14 0",
      "encoder 4 5",
    ]);
    assert.equal(bench.pendingCallbacks, 0);
  });

  it("opens the force sensor when it is aligned, after the boot has drawn its entropy from that converter", () => {
    const bench = new Bench();
    const motor = new Motor(bench.board, () => {});
    assert.equal(motor.forceFraction, 1);
    motor.align(0, bench.board.rig.drive);
    assert.equal(bench.log.at(-1), "analog 6");
    assert.equal(motor.forceFraction, 0);
  });

  it("opens no encoder on a bare board", () => {
    const bench = new Bench({ encoder: "none" });
    new Motor(bench.board, () => {});
    assert.ok(!bench.log.some((line) => line.startsWith("encoder")));
  });

  it("makes one half-step a callback in phase order, 3 ms apart, holds, and takes the current off", () => {
    const { bench, begin, pulse } = setUp();
    const first = pulse(10_000).plan;
    bench.nowMs = 0;
    bench.patterns.length = 0;
    const plan = begin(50_000);
    assert.equal(bench.pattern, "0000");
    bench.runAll();
    const expected = Array.from({ length: plan.halfSteps }, (_, i) => ({
      atMs: 3 * i,
      pattern: HALF_STEPS[(first.halfSteps + i + 1) % 8] ?? "",
    }));
    const lastMs = 3 * (plan.halfSteps - 1);
    assert.deepEqual(bench.patterns, [...expected, { atMs: lastMs + 20, pattern: "0000" }]);
    assert.equal(bench.nowMs, lastMs + 20 + 50);
    assert.equal(bench.rotorHalfSteps, first.halfSteps + plan.halfSteps);
  });

  it("holds the phase it was aligned to for 20 ms before the first half-step since boot, and only before that", () => {
    const { bench, begin, pulse } = setUp();
    bench.rotorHalfSteps = -3;
    const plan = begin(10_000);
    assert.equal(bench.pattern, "0000");
    bench.runNext();
    assert.deepEqual([bench.pattern, bench.nowMs, bench.rotorHalfSteps], [HALF_STEPS[0], 0, 0]);
    bench.runNext();
    assert.deepEqual([bench.pattern, bench.nowMs, bench.rotorHalfSteps], [HALF_STEPS[1], 20, 1]);
    bench.runAll();
    assert.equal(bench.rotorHalfSteps, plan.halfSteps);
    bench.patterns.length = 0;
    const second = pulse(50_000).plan;
    assert.equal(bench.patterns[0]?.pattern, HALF_STEPS[(plan.halfSteps + 1) % 8]);
    assert.equal(bench.patterns.length, second.halfSteps + 1);
  });

  it("goes on from the phase the last pulse ended at, and from the phase it was aligned to", () => {
    const bench = new Bench();
    bench.rotorHalfSteps = 5;
    const motor = new Motor(bench.board, () => {});
    motor.align(5, bench.board.rig.drive);
    assert.equal(motor.coilPhase, 5);
    const first = planPulse(bench.board.rig.drive, microunits(10_000), 0);
    motor.begin(first, proofOf(first));
    bench.runAll();
    assert.equal(bench.patterns[0]?.pattern, HALF_STEPS[5]);
    for (const amount of [10_000, 20_000, 50_000]) {
      const plan = planPulse(bench.board.rig.drive, microunits(amount), 0);
      const before: number = motor.coilPhase;
      const after = (before + plan.halfSteps) % 8;
      bench.patterns.length = 0;
      motor.begin(plan, proofOf(plan));
      bench.runAll();
      assert.equal(bench.patterns[0]?.pattern, HALF_STEPS[(before + 1) % 8]);
      assert.equal(bench.patterns.at(-2)?.pattern, HALF_STEPS[after]);
      assert.equal(motor.coilPhase, after);
    }
  });

  it("re-arms from now when a callback is late: no half-step is early, none is made twice", () => {
    const { bench, begin, reports } = setUp();
    const plan = begin(50_000);
    for (let i = 0; bench.runNext(i % 7 === 3 ? 600 : 0); i++);
    const steps = bench.patterns.slice(1, -1);
    assert.equal(steps.length, plan.halfSteps);
    assert.ok(steps.every(({ atMs }, i) => i === 0 || atMs - (steps[i - 1]?.atMs ?? 0) >= 3));
    assert.equal(bench.rotorHalfSteps, plan.halfSteps);
    assert.deepEqual(reports[0]?.check, { kind: "inTolerance" });
  });

  it("keeps one callback pending, and none when idle", () => {
    const { bench, begin } = setUp();
    begin(50_000);
    do assert.equal(bench.pendingCallbacks, 1);
    while (bench.runNext() && bench.pendingCallbacks > 0);
    assert.equal(bench.runNext(), false);
  });

  it("reports a whole pulse once, from a callback, when it is idle again", () => {
    const { bench, motor, begin, reports } = setUp();
    const plan = begin(50_000);
    assert.equal(motor.busy, true);
    assert.equal(reports.length, 0);
    bench.runAll();
    assert.equal(motor.busy, false);
    assert.equal(reports.length, 1);
    const report = reports[0];
    assert.equal(report?.plan, plan);
    assert.deepEqual(report?.check, { kind: "inTolerance" });
    assert.equal(report?.coilPhase, plan.halfSteps % 8);
    assert.equal(report?.aborted, false);
    assert.equal(report?.occluded, false);
    assert.ok(report && report.lowMicrounits < 50_000 && report.highMicrounits > 48_000);
  });

  it("takes a force sensor that cannot be read for full force: two pulses in a row are an occlusion (SR-57)", () => {
    const { bench, begin, reports } = setUp();
    const occluded = (...readings: readonly (number | undefined)[]) =>
      readings.map((reading) => {
        bench.force = reading;
        begin(50_000);
        bench.runAll();
        return reports.at(-1)?.occluded;
      });
    assert.deepEqual(occluded(undefined, 0, undefined, undefined), [false, false, false, true]);
    assert.deepEqual(occluded(0, 0), [false, false]);
  });

  it("can begin the next pulse from within the report", () => {
    const bench = new Bench();
    const plan = planPulse(bench.board.rig.drive, microunits(50_000), 0);
    let ended = 0;
    const motor = new Motor(bench.board, () => {
      if (++ended === 1) motor.begin(plan, proofOf(plan));
    });
    motor.align(0, bench.board.rig.drive);
    motor.begin(plan, proofOf(plan));
    bench.runAll();
    assert.equal(ended, 2);
    assert.equal(bench.rotorHalfSteps, 2 * plan.halfSteps);
  });

  it("energises nothing for a plan without half-steps, and still reports it", () => {
    const { bench, reports, begin } = setUp();
    begin(10);
    bench.runAll();
    assert.equal(reports.length, 1);
    assert.deepEqual(
      bench.patterns.filter(({ pattern }) => pattern !== "0000"),
      [],
    );
    assert.deepEqual(reports[0]?.check, { kind: "inTolerance" });
  });

  it("refuses a proof of another plan, equal in value or not, and moves nothing", () => {
    const { bench, motor } = setUp();
    const plan = planPulse(bench.board.rig.drive, microunits(50_000), 0);
    assert.throws(() => motor.begin(plan, proofOf({ ...plan })), /invariant: the pulse made durable/);
    assert.equal(motor.busy, false);
    assert.equal(bench.pendingCallbacks, 0);
  });

  it("refuses a second pulse while one runs, until it was reported", () => {
    const { bench, begin } = setUp();
    begin(50_000);
    do assert.throws(() => begin(50_000), /invariant: a pulse is running/);
    while (bench.runNext() && bench.pendingCallbacks > 0);
    begin(50_000);
  });

  it("refuses to move before it is aligned, and to be aligned twice or to no phase", () => {
    const bench = new Bench();
    const motor = new Motor(bench.board, () => {});
    const plan = planPulse(bench.board.rig.drive, microunits(50_000), 0);
    assert.throws(() => motor.begin(plan, proofOf(plan)), /not aligned/);
    assert.throws(() => motor.coilPhase, /not aligned/);
    for (const phase of [-1, 8, 1.5, Number.NaN])
      assert.throws(() => motor.align(phase, bench.board.rig.drive), /no coil phase/);
    motor.align(7, bench.board.rig.drive);
    assert.throws(() => motor.align(7, bench.board.rig.drive), /already aligned/);
    assert.equal(bench.pendingCallbacks, 0);
  });
});
