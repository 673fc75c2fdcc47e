import assert from "node:assert/strict";
import { setUp } from "./bench.js";

/** Callbacks of the first pulse since boot before its first half-step. */
const ALIGNMENT_CALLBACKS = 1;

describe("motor/motor, closed loop", () => {
  it("de-energises at once amid a pulse, makes no further half-step, and reports what the encoder saw", () => {
    const { bench, motor, begin, reports } = setUp();
    begin(50_000);
    for (let i = 0; i < ALIGNMENT_CALLBACKS + 12; i++) bench.runNext();
    motor.deenergise();
    const abortedMs = bench.nowMs;
    assert.equal(bench.pattern, "0000");
    assert.equal(bench.pendingCallbacks, 1);
    assert.equal(reports.length, 0);
    bench.runAll();
    assert.equal(bench.nowMs, abortedMs + 50);
    assert.equal(bench.rotorHalfSteps, 12);
    const [report] = reports;
    assert.equal(reports.length, 1);
    assert.equal(report?.aborted, true);
    assert.equal(report?.coilPhase, 4);
    assert.deepEqual(report?.check, { kind: "inTolerance" });
    const movedMicrounits = (12 * 5_119_676 * 405) / (64 * 25_792);
    assert.ok(report && report.lowMicrounits < movedMicrounits && movedMicrounits < report.highMicrounits);
    assert.ok(report && report.highMicrounits < 25_000);
    assert.equal(motor.busy, false);
  });

  it("reports the encoder's view of an aborted pulse that had stalled", () => {
    const { bench, motor, begin, reports, pulse } = setUp();
    pulse(50_000);
    bench.stalled = true;
    begin(50_000);
    for (let i = 0; i < 20; i++) bench.runNext();
    motor.deenergise();
    bench.runAll();
    assert.equal(reports[1]?.check.kind, "short");
    assert.equal(reports[1]?.lowMicrounits, 0);
  });

  it("aborts a pulse that is begun but has not stepped, and one that is held", () => {
    const { bench, motor, begin, reports } = setUp();
    begin(50_000);
    motor.deenergise();
    bench.runAll();
    assert.equal(bench.rotorHalfSteps, 0);
    const plan = begin(50_000);
    for (let i = 0; i < ALIGNMENT_CALLBACKS + plan.halfSteps; i++) bench.runNext();
    motor.deenergise();
    assert.equal(bench.pattern, "0000");
    bench.runAll();
    assert.equal(bench.rotorHalfSteps, plan.halfSteps);
    assert.deepEqual(
      reports.map(({ aborted }) => aborted),
      [true, true],
    );
  });

  it("aborts a pulse that aligns the rotor: no half-step follows, and what the jump moved is reported", () => {
    for (const [off, jumped] of [
      [-3, 3],
      [3, -3],
      [0, 0],
    ] as const) {
      const { bench, motor, begin, reports } = setUp();
      bench.rotorHalfSteps = off;
      begin(50_000);
      bench.runNext();
      motor.deenergise();
      assert.equal(bench.pattern, "0000");
      bench.runAll();
      assert.equal(bench.rotorHalfSteps, off + jumped);
      const [report] = reports;
      assert.deepEqual(report?.check, { kind: "inTolerance" });
      assert.equal(report?.aborted, true);
      assert.equal(report?.lowMicrounits, 0);
      const movedMicrounits = (Math.max(0, jumped) * 5_119_676 * 405) / (64 * 25_792);
      assert.ok(report && report.highMicrounits >= movedMicrounits);
    }
  });

  it("finds a stall of the smallest pulse, the first one after boot", () => {
    for (const off of [-4, -2, 0, 2, 4]) {
      const { bench, begin, reports } = setUp();
      bench.rotorHalfSteps = off;
      begin(10_000);
      bench.runNext();
      bench.stalled = true;
      bench.runAll();
      assert.equal(reports[0]?.check.kind, "short", `${off}`);
    }
    const jammed = setUp();
    jammed.bench.stalled = true;
    assert.equal(jammed.pulse(10_000).check.kind, "short");
  });

  it("lets a pulse that only settles end as whole, and reports an aborted one only once", () => {
    const { bench, motor, begin, reports } = setUp();
    const plan = begin(50_000);
    for (let i = 0; i < ALIGNMENT_CALLBACKS + plan.halfSteps + 1; i++) bench.runNext();
    motor.deenergise();
    bench.runAll();
    begin(50_000);
    bench.runNext();
    motor.deenergise();
    motor.deenergise();
    bench.runAll();
    motor.deenergise();
    bench.runAll();
    assert.deepEqual(
      reports.map(({ aborted }) => aborted),
      [false, true],
    );
  });

  it("keeps later pulses in tolerance after an aborted one", () => {
    const { bench, motor, begin, pulse } = setUp();
    begin(50_000);
    for (let i = 0; i < ALIGNMENT_CALLBACKS + 7; i++) bench.runNext();
    motor.deenergise();
    bench.runAll();
    for (let i = 0; i < 50; i++) assert.deepEqual(pulse(50_000).check, { kind: "inTolerance" });
  });

  it("reports a stall as short and a runaway as over", () => {
    const stall = setUp();
    stall.pulse(50_000);
    stall.bench.stalled = true;
    const short = stall.pulse(50_000);
    assert.equal(short.check.kind, "short");
    assert.equal(short.lowMicrounits, 0);
    assert.equal(short.aborted, false);
    const runaway = setUp();
    runaway.pulse(50_000);
    runaway.bench.extraCounts = 40;
    const over = runaway.pulse(50_000);
    assert.equal(over.check.kind, "over");
    assert.ok(over.lowMicrounits > 50_000);
  });

  it("catches slip of one count a pulse within three pulses", () => {
    const { bench, pulse } = setUp();
    pulse(50_000);
    const kinds = [1, 2, 3].map((slipped) => {
      bench.extraCounts = -slipped;
      return pulse(50_000).check.kind;
    });
    assert.equal(kinds[2], "short");
  });

  it("tolerates the jump of coils at boot that rest up to four half-steps off the phase kept", () => {
    for (const off of [-4, -3, -2, -1, 1, 2, 3, 4]) {
      const { bench, pulse } = setUp();
      bench.rotorHalfSteps = off;
      const report = pulse(50_000);
      assert.deepEqual(report.check, { kind: "inTolerance" }, `${off}`);
      assert.equal((bench.rotorHalfSteps + 8) % 8, report.coilPhase);
      for (let i = 0; i < 50; i++) assert.deepEqual(pulse(50_000).check, { kind: "inTolerance" }, `${off}`);
    }
  });

  it("delivers ten units without a false alarm, less than one half-step under the ideal", () => {
    const { bench, pulse } = setUp();
    for (let i = 0; i < 200; i++) assert.deepEqual(pulse(50_000).check, { kind: "inTolerance" });
    const idealHalfSteps = (10_000_000 * 64 * 25_792) / (405 * 5_119_676);
    assert.ok(bench.rotorHalfSteps <= idealHalfSteps && bench.rotorHalfSteps > idealHalfSteps - 1);
  });

  it("reports an occlusion from the force after settled pulses", () => {
    const { bench, pulse } = setUp();
    const occluded = [1_000, 2_100, 2_400, 2_700].map((force) => {
      bench.force = force;
      return pulse(50_000).occluded;
    });
    assert.deepEqual(occluded, [false, false, true, true]);
  });

  it("takes two failed readings of the force sensor in a row for an occlusion, and one for none (SR-57)", () => {
    const { bench, pulse } = setUp();
    const occluded = [undefined, 0, undefined, undefined, 0, 0].map((force) => {
      bench.force = force;
      return pulse(50_000).occluded;
    });
    assert.deepEqual(occluded, [false, false, false, true, false, false]);
  });
});
