/** Commands obeyed, gestures, faults. */

import assert from "node:assert/strict";
import { microunits, microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { AnnunciationType, HistoryEvent, StatusChangedFlag } from "../../firmware/ids/values.js";
import type { MotorReport } from "../../firmware/motor/motor.js";
import { Authorised } from "../../firmware/therapy/authorised.js";
import { bootTherapy } from "../../firmware/therapy/boot.js";
import type { Meaning } from "../../firmware/therapy/commands.js";
import { latchFault } from "../../firmware/therapy/fault.js";
import { JOURNAL_BLOB } from "../../firmware/therapy/journal.js";
import { ledgerEntries } from "../../firmware/therapy/ledger.js";
import { confirmAnnunciation, obey, resume, stop, tell } from "../../firmware/therapy/obey.js";
import { endPulse, passTime } from "../../firmware/therapy/pulses.js";
import { basalRate, type Therapy, type TherapyStep } from "../../firmware/therapy/therapy.js";
import { at, bolusStanding, HOUR_MS, obeyed, PULSE, RIG, reportOf, therapyOf } from "./bench.js";

const DOSE = { epoch: 3, sequence: 4 };
const TBR = {
  rateMicrounitsPerHour: microunitsPerHour(2_000_000),
  durationMinutes: 60,
  endsAtMs: pumpClockMs(HOUR_MS),
};
const MINUTE = 60_000;

const typesOf = (therapy: Therapy) => therapy.standing.annunciations.pending.map(({ type }) => type);
const eventsOf = ({ next }: TherapyStep) => next.standing.history.pending.map(({ event }) => event);
const entryOfStep = ({ next }: TherapyStep) => ledgerEntries(next.standing.ledger).at(-1);
const pulsing = (therapy: Therapy): Therapy => passTime(therapy, at(2_000), RIG).next;

describe("therapy: commands obeyed", () => {
  it("enters a bolus into the ledger, with a bolus ID of its own, before anything moves (SR-49)", () => {
    const therapy = therapyOf({ nextBolusId: 0xffff });
    const command = { kind: "setBolus", flags: 0x18, amountMicrounits: microunits(130_000) } as const;
    const step = obeyed(therapy, command, DOSE, at(10));
    assert.equal(step.record?.kind, "standing");
    assert.deepEqual(entryOfStep(step), {
      doseId: DOSE,
      kind: "delivering",
      bolusId: 0xffff,
      flags: 0x18,
      intendedMicrounits: 130_000,
      lowMicrounits: 0,
      highMicrounits: 0,
    });
    assert.equal(step.next.standing.nextBolusId, 1);
    assert.deepEqual(eventsOf(step), [HistoryEvent.BolusProgrammedPart1, HistoryEvent.BolusProgrammedPart2]);
    assert.equal(step.next.motion.kind, "idle");
  });

  it("cancels a bolus at what was delivered, and nothing else (SR-36, SR-62)", () => {
    const bolus = { doseId: { epoch: 1, sequence: 1 }, doneMicrounits: microunits(50_000) };
    const therapy = therapyOf({ ...bolusStanding(130_000), tbr: TBR }, { bolus });
    const step = obeyed(therapy, { kind: "cancelBolus", bolusId: 5 }, undefined, at(10));
    assert.deepEqual([entryOfStep(step)?.kind, entryOfStep(step)?.highMicrounits], ["stopped", 50_000]);
    assert.equal(step.next.standing.control, "run");
    assert.equal(step.next.standing.tbr, TBR);
  });

  it("starts, changes and ends a temporary rate from now on, basal so far at the old rate (SR-60)", () => {
    const set = (change: boolean) =>
      ({ kind: "setTbr", change, rateMicrounitsPerHour: microunitsPerHour(0), durationMinutes: 30 }) as const;
    const started = obeyed(therapyOf(), set(false), DOSE, at(MINUTE));
    assert.deepEqual(started.next.standing.tbr, {
      rateMicrounitsPerHour: 0,
      durationMinutes: 30,
      endsAtMs: 31 * MINUTE,
    });
    assert.equal(started.next.journal.basalOwed, 900_000 * MINUTE);
    assert.equal(entryOfStep(started)?.kind, "applied");
    assert.deepEqual(eventsOf(started), [HistoryEvent.TbrStarted, HistoryEvent.DeliveredBasalRateChanged]);
    const changed = obeyed(therapyOf({ tbr: TBR }), set(true), DOSE, at(MINUTE));
    assert.deepEqual(eventsOf(changed), [HistoryEvent.TbrChanged, HistoryEvent.DeliveredBasalRateChanged]);
    const [change] = changed.next.standing.history.pending;
    // 0 U/h for 30 min, after 1 min of the other.
    assert.equal(Buffer.from(change?.data ?? []).toString("hex"), "003300001e000100");
    const ended = obeyed(therapyOf({ tbr: TBR }), { kind: "cancelTbr" }, DOSE, at(15 * MINUTE));
    assert.equal(ended.next.standing.tbr, undefined);
    assert.equal(ended.next.journal.basalOwed, 2_000_000 * 15 * MINUTE);
    const [record] = ended.next.standing.history.pending;
    assert.equal(Buffer.from(record?.data ?? []).toString("hex"), "00330f003c");
  });

  it("runs, and stops with bolus and temporary rate, from now on (SR-62)", () => {
    const ran = obeyed(therapyOf({ control: "stop" }), { kind: "run" }, DOSE, at(10 * MINUTE));
    assert.equal(basalRate(ran.next.standing), 900_000);
    assert.equal(ran.next.journal.basalOwed, 0);
    assert.deepEqual(eventsOf(ran), [HistoryEvent.TherapyControlStateChanged, HistoryEvent.DeliveredBasalRateChanged]);

    const stoppedStep = obeyed(therapyOf({ ...bolusStanding(130_000), tbr: TBR }), { kind: "stop" }, undefined, at(10));
    assert.equal(basalRate(stoppedStep.next.standing), 0);
    assert.equal(stoppedStep.next.standing.tbr, undefined);
    assert.deepEqual(eventsOf(stoppedStep), [
      HistoryEvent.BolusDeliveredPart1,
      HistoryEvent.TbrEnded,
      HistoryEvent.TherapyControlStateChanged,
      HistoryEvent.DeliveredBasalRateChanged,
    ]);
  });

  it("changes and writes nothing on Stop in Stop (SR-62)", () => {
    const therapy = therapyOf({ control: "stop" });
    assert.deepEqual(obeyed(therapy, { kind: "stop" }, undefined, at(10)), { next: therapy });
    assert.deepEqual(stop(therapy, at(10), RIG), { next: therapy });
  });

  it("holds a countersigned command without an ID for our bug", () => {
    const run: Meaning = { kind: "run", rateMicrounitsPerHour: microunitsPerHour(900_000) };
    const obeyWithoutId = () => obey(therapyOf({ control: "stop" }), Authorised.grant(run), undefined, at(0), RIG);
    assert.throws(obeyWithoutId, /invariant: a countersigned command without an ID/);
  });

  it("takes nothing for authorised that only looks like it (SR-24)", () => {
    const stopping: Meaning = { kind: "stop" };
    // @ts-expect-error an object of the same shape is no proof: this line must not compile
    const forged: Authorised<Meaning> = { command: stopping };
    assert.equal(forged.command, stopping);
    assert.deepEqual(Authorised.grant(stopping).command, stopping);
  });
});

describe("therapy: the person at the pump", () => {
  it("resumes basal from Stop, not in Run and not with a fault", () => {
    const step = resume(therapyOf({ control: "stop" }), at(10));
    assert.equal(step.next.standing.control, "run");
    assert.notEqual(step.next.changed & StatusChangedFlag.TherapyControlState, 0);
    const running = therapyOf();
    assert.deepEqual(resume(running, at(10)), { next: running });
    const faulted: Therapy = {
      ...therapyOf({ control: "stop" }),
      fault: { cause: { kind: "invariant", message: "x" }, stored: true },
    };
    assert.deepEqual(resume(faulted, at(10)), { next: faulted });
  });

  it("does not resume by a gesture after stored state was lost: only a countersigned Run does (SR-66)", () => {
    const lost = therapyOf({ control: "stopAfterLoss" });
    assert.deepEqual(resume(lost, at(10)), { next: lost });
    const ran = obeyed(lost, { kind: "run" }, DOSE, at(10));
    assert.equal(ran.next.standing.control, "run");
  });

  it("is told once of each thing, and confirms the oldest", () => {
    const told = tell(therapyOf(), AnnunciationType.SystemIssue, at(10));
    assert.deepEqual(typesOf(told.next), [AnnunciationType.SystemIssue]);
    assert.equal(told.record?.kind, "standing");
    assert.deepEqual(tell(told.next, AnnunciationType.SystemIssue, at(20)), { next: told.next });
    const confirmed = confirmAnnunciation(told.next, at(30));
    assert.deepEqual(typesOf(confirmed.next), []);
    assert.deepEqual(eventsOf(confirmed), [
      HistoryEvent.AnnunciationChangedPart1,
      HistoryEvent.AnnunciationChangedPart2,
    ]);
    assert.deepEqual(confirmAnnunciation(confirmed.next, at(40)), { next: confirmed.next });
  });
});

describe("therapy: faults", () => {
  const short = { kind: "motorShort", counted: 1, expected: 23 } as const;

  it("stop everything until a restart, and say what kind they are (SR-56)", () => {
    for (const [fault, type] of [
      [short, AnnunciationType.MechanicalIssue],
      [{ ...short, kind: "motorOver" }, AnnunciationType.MechanicalIssue],
      [{ kind: "storageFailed", blob: "journal" }, AnnunciationType.SystemIssue],
      [{ kind: "invariant", message: "x" }, AnnunciationType.SystemIssue],
    ] as const) {
      const step = latchFault(therapyOf({ tbr: TBR }), fault, at(10), undefined, RIG);
      assert.deepEqual(step.next.fault?.cause, fault);
      assert.equal(basalRate(step.next.standing), 0);
      assert.deepEqual(typesOf(step.next), [type]);
      assert.ok(eventsOf(step).includes(HistoryEvent.OperationalStateChanged));
      assert.notEqual(step.next.changed & StatusChangedFlag.OperationalState, 0);
      assert.deepEqual(passTime(step.next, at(9 * HOUR_MS), RIG), { next: step.next });
      const second = latchFault(step.next, { kind: "invariant", message: "y" }, at(20), undefined, RIG);
      assert.deepEqual(second, { next: step.next });
    }
  });

  it("leave a bolus whose pulse failed between what is sure and what may have moved (SR-36)", () => {
    const doing = pulsing(
      therapyOf(bolusStanding(130_000), {
        bolus: { doseId: { epoch: 1, sequence: 1 }, doneMicrounits: microunits(50_000) },
      }),
    );
    const check = { kind: "short", countedCounts: 3, expectedCounts: 23 } as const;
    const moved: Partial<MotorReport> = { check, lowMicrounits: microunits(2_000), highMicrounits: microunits(11_000) };
    const report = reportOf(doing, moved);
    const ended = endPulse(doing, report, at(2_200), RIG).next;
    // The coils may yet jump by four half-steps, 5,025 microunits, when they are energised next.
    for (const [given, low, high] of [
      [report, 46_975, 66_025],
      [undefined, 44_975, 105_025],
    ] as const) {
      const entry = entryOfStep(latchFault(ended, short, at(2_200), given, RIG));
      assert.deepEqual([entry?.kind, entry?.lowMicrounits, entry?.highMicrounits], ["uncertain", low, high]);
    }
  });

  it("leave a bolus certain when no pulse of it was under way (SR-36)", () => {
    const done = { doseId: { epoch: 1, sequence: 1 }, doneMicrounits: microunits(50_000) };
    const between = therapyOf(bolusStanding(130_000), { bolus: done });
    const basal = pulsing(therapyOf(bolusStanding(130_000), { bolus: done, basalOwed: PULSE * HOUR_MS }));
    for (const therapy of [between, basal]) {
      const entry = entryOfStep(latchFault(therapy, short, at(2_200), undefined, RIG));
      assert.deepEqual([entry?.kind, entry?.lowMicrounits, entry?.highMicrounits], ["stopped", 50_000, 50_000]);
    }
  });

  it("leave a state that boots, also when hours pass and Stop comes after a runaway (SR-56, SR-66)", () => {
    const begun = passTime(therapyOf({}, { basalOwed: PULSE * HOUR_MS }), at(2_000), RIG);
    assert.ok(begun.record?.kind === "pulse");
    const check = { kind: "over", countedCounts: 60, expectedCounts: 23 } as const;
    const ended = endPulse(
      begun.next,
      reportOf(begun.next, { check, highMicrounits: microunits(130_000) }),
      at(2_200),
      RIG,
    );
    const written: TherapyStep["record"][] = [begun.record, ended.record];
    let therapy = ended.next;
    for (const take of [
      (state: Therapy): TherapyStep => latchFault(state, { ...short, kind: "motorOver" }, at(2_200), undefined, RIG),
      (state: Therapy) => obeyed(state, { kind: "stop" }, undefined, at(HOUR_MS + 5)),
      (state: Therapy) => confirmAnnunciation(state, at(HOUR_MS + 10)),
    ]) {
      const step = take(therapy);
      therapy = step.next;
      written.push(step.record);
    }
    const journal = written.flatMap((record) => (record && record.kind !== "standing" ? [record.value] : [])).at(-1);
    const standing = written.flatMap((record) => (record?.kind === "standing" ? [record.value] : [])).at(-1);
    assert.ok(journal && standing);
    const found = {
      standing: { kind: "intact", value: standing },
      journal: { kind: "intact", value: journal },
      historyNextSequence: 0,
      epoch: 2,
      identity: "kept",
      calibrationLost: false,
    } as const;
    const { next } = bootTherapy(found, at(0), RIG);
    assert.ok(JOURNAL_BLOB.encode(next.journal));
    assert.equal(next.journal.basalTotalMicrounits, 130_000);
    assert.equal(next.journal.openHourMicrounits, 130_000);
  });
});
