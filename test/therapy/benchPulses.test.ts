/** The bench's pulses as steps of the therapy: journaled, counted nowhere, never in Run. */

import assert from "node:assert/strict";
import { halfSteps } from "../../firmware/base/units.js";
import { beginBenchPulse, endBenchPulse, endTurning } from "../../firmware/therapy/bench.js";
import { NEW_JOURNAL, totalMicrounits } from "../../firmware/therapy/journal.js";
import { newProfiles } from "../../firmware/therapy/profiles.js";
import { newStanding } from "../../firmware/therapy/standing.js";
import { beginTherapy } from "../../firmware/therapy/therapy.js";
import { at, RIG, reportOf } from "./bench.js";

const stopped = () =>
  beginTherapy(newStanding(RIG), newProfiles(RIG.provisioning.basalMicrounitsPerHour), NEW_JOURNAL, at(0), RIG);

describe("pulses of the bench", () => {
  it("ask for a durable record with the phase after them, and count no insulin (SR-91, SR-49)", () => {
    const given = stopped();
    const { next, record } = beginBenchPulse(given, halfSteps(39), at(5_000), RIG);
    assert.ok(record?.kind === "pulse");
    assert.deepEqual(record.value.pulse, { source: "bench", insulinMicrounits: 0 });
    assert.equal(record.value.coilPhase, 7);
    assert.equal(record.value.plan.halfSteps, 39);
    assert.equal(record.value.stepRemainder, given.journal.stepRemainder);
    assert.equal(totalMicrounits(record.value), 0);
    const ended = endBenchPulse(next, reportOf(next), at(5_186), RIG).next;
    assert.deepEqual(
      [ended.motion, ended.journal.pulse, ended.standing],
      [{ kind: "turning" }, undefined, given.standing],
    );
    assert.ok(ended.nextPulseAt >= 7_000);
    assert.deepEqual(endTurning(ended).next.motion, { kind: "idle" });
    assert.equal(endTurning(given).next, given);
  });

  it("are an invariant in Run, during a pulse, and where none was begun (SR-90)", () => {
    const given = stopped();
    const running = { ...given, standing: { ...given.standing, control: "run" as const } };
    assert.throws(() => beginBenchPulse(running, halfSteps(1), at(5_000), RIG), /invariant: the bench turns/);
    const { next } = beginBenchPulse(given, halfSteps(1), at(5_000), RIG);
    assert.throws(() => beginBenchPulse(next, halfSteps(1), at(5_000), RIG), /invariant: the bench turns/);
    assert.throws(
      () => endBenchPulse({ ...next, journal: given.journal }, reportOf(next), at(6_000), RIG),
      /invariant/,
    );
  });

  it("begin only when what time ends has been recorded", () => {
    const given = stopped();
    const journal = { ...given.journal, openHourMicrounits: 5 as typeof given.journal.openHourMicrounits };
    const step = beginBenchPulse({ ...given, journal }, halfSteps(39), at(3_600_000), RIG);
    assert.equal(step.record?.kind, "standing");
    assert.equal(beginBenchPulse(step.next, halfSteps(39), at(3_600_000), RIG).record?.kind, "pulse");
  });

  it("are nothing under a latched fault", () => {
    const given = { ...stopped(), fault: { cause: { kind: "invariant", message: "x" } as const, stored: true } };
    assert.equal(beginBenchPulse(given, halfSteps(39), at(5_000), RIG).record, undefined);
  });
});
