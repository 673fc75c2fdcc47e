/** The therapy's steps: pulses, rates and time. */

import assert from "node:assert/strict";
import { microunits, microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { AnnunciationType, HistoryEvent, StatusChangedFlag } from "../../firmware/ids/values.js";
import { stepDenominator } from "../../firmware/motor/geometry.js";
import { ledgerEntries } from "../../firmware/therapy/ledger.js";
import { stop } from "../../firmware/therapy/obey.js";
import {
  countUncommanded,
  endPulse,
  FIRST_SAVE_MS,
  passTime,
  SAVE_INTERVAL_MS,
  therapyWakeAt,
} from "../../firmware/therapy/pulses.js";
import { accrueTo, bolusDone, reservoirMicrounits, type Therapy } from "../../firmware/therapy/therapy.js";
import {
  at,
  bolusStanding,
  closedBins,
  entryOf,
  HOUR_MS,
  ledgerOf,
  lived,
  PULSE,
  RIG,
  reportOf,
  reservoirOf,
  therapyOf,
} from "./bench.js";

const owedPulse = PULSE * HOUR_MS;
const typesOf = (therapy: Therapy) => therapy.standing.annunciations.pending.map(({ type }) => type);

/** The therapy with a pulse under way, begun at `nowMs`. */
function pulsing(therapy: Therapy, nowMs: number): Therapy {
  const step = passTime(therapy, at(nowMs), RIG);
  assert.equal(step.record?.kind, "pulse");
  return step.next;
}

describe("therapy: pulses", () => {
  it("begins none before 2 s after boot, and asks for durability before motion (SR-49, SR-53)", () => {
    const therapy = therapyOf({}, { basalOwed: owedPulse, stepRemainder: 5, coilPhase: 7 });
    assert.equal(passTime(therapy, at(1_999), RIG).record, undefined);
    const { next, record } = passTime(therapy, at(2_000), RIG);
    assert.ok(record?.kind === "pulse" && next.motion.kind === "pulsing");
    const { plan, ...journal } = record.value;
    assert.deepEqual(journal, next.journal);
    assert.equal(plan, next.motion.plan);
    assert.deepEqual(journal.pulse, { source: "basal", insulinMicrounits: PULSE });
    assert.equal(journal.basalTotalMicrounits, PULSE);
    assert.equal(journal.openHourMicrounits, PULSE);
    assert.equal(journal.coilPhase, (7 + plan.halfSteps) % 8);
    assert.equal(journal.stepRemainder, plan.remainderAfter);
    assert.ok(plan.remainderAfter < stepDenominator(RIG.drive));
  });

  it("begins none in Stop, though one is owed, and Run does not make it up (SR-62)", () => {
    const owed = therapyOf({ control: "stop" }, { basalOwed: 3 * PULSE * HOUR_MS });
    assert.equal(passTime(owed, at(10_000), RIG).record, undefined);
    const running = therapyOf({}, { basalOwed: 2.5 * PULSE * HOUR_MS });
    const stopped = stop(running, at(10), RIG).next;
    assert.equal(stopped.journal.basalOwed < PULSE * HOUR_MS, true);
    assert.equal(passTime(stopped, at(10_000), RIG).record, undefined);
  });

  it("lets nothing else happen while one runs", () => {
    const therapy = pulsing(therapyOf({}, { basalOwed: 2 * owedPulse }), 2_000);
    assert.deepEqual(passTime(therapy, at(900_000), RIG), { next: therapy });
  });

  it("begins pulses at least 2 s apart, reckoned from the least time the last one took (SR-53)", () => {
    const therapy = pulsing(therapyOf({}, { basalOwed: 3 * owedPulse }), 2_000);
    assert.ok(therapy.motion.kind === "pulsing");
    const leastMs = (therapy.motion.plan.halfSteps - 1) * 3 + 20 + 50;
    const { next } = endPulse(therapy, reportOf(therapy), at(2_000 + leastMs + 40), RIG);
    assert.equal(next.nextPulseAt, 2_000 + 40 + 2_000);
    assert.equal(passTime(next, at(4_039), RIG).record, undefined);
    assert.equal(passTime(next, at(4_040), RIG).record?.kind, "pulse");
  });

  it("delivers a bolus whole, in pulses of 0.05 U and the rest, basal first (SR-45, SR-53)", () => {
    const amounts: string[] = [];
    const standing = bolusStanding(130_000);
    const end = lived(therapyOf(standing, { basalOwed: owedPulse }), 2_000, 20_000, RIG, ({ record }) => {
      if (record?.kind !== "pulse") return;
      const { pulse } = record.value;
      amounts.push(`${pulse?.source} ${pulse?.insulinMicrounits}`);
    });
    assert.deepEqual(amounts, ["basal 50000", "bolus 50000", "bolus 50000", "bolus 30000"]);
    const [entry] = ledgerEntries(end.standing.ledger);
    assert.deepEqual(
      [entry?.kind, entry?.lowMicrounits, entry?.highMicrounits, entry?.intendedMicrounits],
      ["delivered", 130_000, 130_000, 130_000],
    );
    assert.equal(end.journal.bolusTotalMicrounits, 130_000);
    assert.notEqual(end.changed & StatusChangedFlag.ActiveBolus, 0);
    assert.equal(reservoirMicrounits(end), 300_000_000 - 180_000);
  });

  it("counts a pulse as delivered only once it has ended well (SR-36)", () => {
    const therapy = pulsing(therapyOf(bolusStanding(130_000)), 2_000);
    const [bolus] = ledgerEntries(therapy.standing.ledger);
    assert.ok(bolus);
    assert.equal(bolusDone(therapy, bolus), 0);
    const { next, record } = endPulse(therapy, reportOf(therapy), at(2_200), RIG);
    assert.equal(bolusDone(next, bolus), 50_000);
    assert.equal(next.journal.pulse, undefined);
    assert.equal(record, undefined);
  });

  it("knows no end of a pulse that it did not begin", () => {
    const therapy = therapyOf();
    const report = reportOf(pulsing(therapyOf({}, { basalOwed: owedPulse }), 2_000));
    assert.throws(() => endPulse(therapy, report, at(1), RIG), /invariant: a pulse ended/);
  });

  it("stops everything on an occlusion, the pulse counted, and annunciates it (SR-57)", () => {
    const therapy = pulsing(therapyOf(bolusStanding(130_000)), 2_000);
    const { next, record } = endPulse(therapy, reportOf(therapy, { occluded: true }), at(2_200), RIG);
    assert.equal(record?.kind, "standing");
    assert.equal(next.standing.control, "stop");
    const [entry] = ledgerEntries(next.standing.ledger);
    assert.deepEqual([entry?.kind, entry?.lowMicrounits, entry?.highMicrounits], ["stopped", 50_000, 50_000]);
    assert.deepEqual(typesOf(next), [AnnunciationType.Occlusion]);
  });

  it("keeps a pulse open that failed, makes durable what moved beyond its plan, and counts it (SR-44, SR-56)", () => {
    for (const [source, standing, journal] of [
      ["bolus", bolusStanding(130_000), {}],
      ["basal", {}, { basalOwed: owedPulse }],
    ] as const) {
      const therapy = pulsing(therapyOf(standing, journal), 2_000);
      const check = { kind: "over", countedCounts: 60, expectedCounts: 23 } as const;
      const report = reportOf(therapy, { check, highMicrounits: microunits(130_000) });
      const { next, record } = endPulse(therapy, report, at(2_200), RIG);
      assert.equal(next.motion.kind, "idle");
      assert.deepEqual(next.journal.pulse, { source, insulinMicrounits: 130_000 });
      assert.equal(next.journal.openHourMicrounits, 130_000);
      assert.equal(next.journal[source === "bolus" ? "bolusTotalMicrounits" : "basalTotalMicrounits"], 130_000);
      assert.deepEqual(record, { kind: "journal", value: next.journal });
    }
  });

  it("counts motion at rest as an open pulse, of the bolus under way if there is one (SR-36, SR-44, SR-56)", () => {
    for (const [source, standing] of [
      ["bolus", bolusStanding(130_000)],
      ["basal", {}],
    ] as const) {
      const { next, record } = countUncommanded(therapyOf(standing), microunits(125_000));
      assert.deepEqual(next.journal.pulse, { source, insulinMicrounits: 125_000 });
      assert.equal(next.journal.openHourMicrounits, 125_000);
      assert.equal(next.journal.bolus.doseId.sequence, source === "bolus" ? 1 : 0);
      assert.deepEqual(record, { kind: "journal", value: next.journal });
    }
  });

  it("counts a pulse that fell short, or was cut off, whole (SR-36, SR-44)", () => {
    const therapy = pulsing(therapyOf({}, { basalOwed: owedPulse }), 2_000);
    const short = { kind: "short", countedCounts: 1, expectedCounts: 23 } as const;
    for (const fields of [{ check: short }, { aborted: true }]) {
      const report = reportOf(therapy, { ...fields, lowMicrounits: microunits(0), highMicrounits: microunits(9_000) });
      const { next } = endPulse(therapy, report, at(2_200), RIG);
      assert.equal(next.journal.openHourMicrounits, PULSE);
      assert.deepEqual(next.journal.pulse, { source: "basal", insulinMicrounits: PULSE });
    }
  });
});

describe("therapy: limits on pulses", () => {
  const full = { windows: { hour: 0, closedMicrounits: closedBins(15_000_000) } };

  it("withholds a basal pulse over a limit, annunciates once, and does not make it up (SR-46)", () => {
    const therapy = therapyOf(full, { basalOwed: 2 * owedPulse });
    const first = passTime(therapy, at(2_000), RIG);
    assert.equal(first.record?.kind, "standing");
    assert.deepEqual(typesOf(first.next), [AnnunciationType.MaxDelivery]);
    const second = passTime(first.next, at(2_000), RIG);
    assert.equal(second.record, undefined);
    assert.ok(second.next.journal.basalOwed < owedPulse);
    assert.equal(second.next.journal.basalTotalMicrounits, 0);
  });

  it("withholds a basal pulse that the reservoir no longer holds, and says that it is empty (SR-46)", () => {
    const therapy = therapyOf({ reservoir: reservoirOf(49_999) }, { basalOwed: owedPulse });
    const { next } = passTime(therapy, at(2_000), RIG);
    assert.deepEqual(typesOf(next), [AnnunciationType.ReservoirEmpty]);
    assert.equal(next.motion.kind, "idle");
  });

  it("ends a bolus where it stands when a limit no longer has room for it, and annunciates (SR-44)", () => {
    const therapy = therapyOf(
      { ...full, ...bolusStanding(130_000) },
      { bolus: { doseId: { epoch: 1, sequence: 1 }, doneMicrounits: microunits(50_000) } },
    );
    const { next, record } = passTime(therapy, at(2_000), RIG);
    assert.equal(record?.kind, "standing");
    assert.deepEqual(
      ledgerEntries(next.standing.ledger).map(({ kind, lowMicrounits, highMicrounits }) => [
        kind,
        lowMicrounits,
        highMicrounits,
      ]),
      [["stopped", 50_000, 50_000]],
    );
    assert.deepEqual(typesOf(next), [AnnunciationType.MaxDelivery]);
  });
});

describe("therapy: time", () => {
  it("follows the rate in force to within a pulse over hours (SR-59)", () => {
    const end = lived(therapyOf(), 0, 3 * HOUR_MS);
    const owed = 3 * 900_000;
    assert.ok(Math.abs(end.journal.basalTotalMicrounits - owed) <= PULSE, `${end.journal.basalTotalMicrounits}`);
  });

  it("holds a temporary rate to its last millisecond and the basal rate from then on (SR-60)", () => {
    const tbr = {
      rateMicrounitsPerHour: microunitsPerHour(0),
      durationMinutes: 10,
      endsAtMs: pumpClockMs(600_000),
    };
    const therapy = therapyOf({ tbr });
    assert.equal(passTime(therapy, at(599_999), RIG).next.standing.tbr, tbr);
    const { next, record } = passTime(therapy, at(700_000), RIG);
    assert.equal(record?.kind, "standing");
    assert.equal(next.standing.tbr, undefined);
    assert.equal(next.journal.basalOwed, 0);
    assert.deepEqual(
      next.standing.history.pending.map(({ event }) => event),
      [HistoryEvent.TbrEnded, HistoryEvent.DeliveredBasalRateChanged],
    );
    assert.equal(accrueTo(next, pumpClockMs(700_000)).journal.basalOwed, 100_000 * 900_000);
  });

  it("accounts for basal across a temporary rate's end in one go, and for none in Stop (SR-60, SR-62)", () => {
    const tbr = {
      rateMicrounitsPerHour: microunitsPerHour(2_000_000),
      durationMinutes: 1,
      endsAtMs: pumpClockMs(60_000),
    };
    const owed = accrueTo(therapyOf({ tbr }), pumpClockMs(100_000)).journal.basalOwed;
    assert.equal(owed, 60_000 * 2_000_000 + 40_000 * 900_000);
    assert.equal(accrueTo(therapyOf({ control: "stop" }), pumpClockMs(100_000)).journal.basalOwed, 0);
  });

  it("makes the closing of an hour durable before the first pulse of the next (SR-47)", () => {
    const therapy = therapyOf({}, { openHourMicrounits: microunits(100), basalOwed: owedPulse });
    const { next, record } = passTime(therapy, at(HOUR_MS), RIG);
    assert.equal(record?.kind, "standing");
    assert.deepEqual(next.standing.windows, { hour: 1, closedMicrounits: closedBins(100) });
    assert.equal(passTime(next, at(HOUR_MS), RIG).record?.kind, "pulse");
    const silent = therapyOf({}, { basalOwed: owedPulse });
    assert.equal(passTime(silent, at(HOUR_MS), RIG).record?.kind, "pulse");
  });

  it("makes the journal durable every 5 minutes without a pulse (SR-63)", () => {
    const therapy = { ...therapyOf({ control: "stop" }), savedAt: at(HOUR_MS / 2) };
    const dueMs = HOUR_MS / 2 + SAVE_INTERVAL_MS;
    assert.equal(passTime(therapy, at(dueMs - 1), RIG).record, undefined);
    const { next, record } = passTime(therapy, at(dueMs), RIG);
    assert.deepEqual(record, { kind: "journal", value: next.journal });
    assert.equal(next.journal.clockMs, dueMs);
    assert.equal(passTime(next, at(dueMs), RIG).record, undefined);
    assert.ok(SAVE_INTERVAL_MS <= 300_000);
  });

  it("makes the journal durable soon after a boot, and then twice as late each time (SR-63)", () => {
    let therapy = therapyOf({ control: "stop" });
    for (const dueMs of [20_000, 40_000, 80_000, 160_000, 300_000, 600_000, 900_000]) {
      assert.equal(therapyWakeAt(therapy, at(dueMs - 1), RIG), dueMs);
      assert.equal(passTime(therapy, at(dueMs - 1), RIG).record, undefined);
      const { next, record } = passTime(therapy, at(dueMs), RIG);
      assert.equal(record?.kind, "journal");
      therapy = next;
    }
  });

  it("asks to be woken when a pulse is due, a rate ends, or the journal must be saved", () => {
    const wake = (therapy: Therapy, now = 0) => therapyWakeAt(therapy, at(now), RIG);
    const stopped = therapyOf({ control: "stop" });
    assert.equal(wake(stopped), FIRST_SAVE_MS);
    assert.equal(wake({ ...therapyOf(), savedAt: at(180_000) }, 190_000), 200_000);
    assert.equal(wake(therapyOf({}, { basalOwed: owedPulse })), 2_000);
    assert.equal(wake(therapyOf(bolusStanding(130_000))), 2_000);
    assert.equal(wake(therapyOf(bolusStanding(130_000)), 2_500), 2_500);
    const tbr = { rateMicrounitsPerHour: microunitsPerHour(0), durationMinutes: 1, endsAtMs: pumpClockMs(60_000) };
    assert.equal(wake({ ...therapyOf({ tbr }), savedAt: at(40_000) }, 50_000), 60_000);
    const faulted: Therapy = { ...stopped, fault: { cause: { kind: "invariant", message: "x" }, stored: true } };
    assert.equal(wake(faulted, 7), 7 + SAVE_INTERVAL_MS);
  });

  it("wakes just in time: at the time it asked for, something is due (SR-59)", () => {
    let therapy = therapyOf({ ledger: ledgerOf([entryOf(1)]) });
    let nowMs = 0;
    for (let i = 0; i < 40; i++) {
      nowMs = therapyWakeAt(therapy, at(nowMs), RIG);
      const step = passTime(therapy, at(nowMs), RIG);
      assert.ok(step.record, `at ${nowMs}`);
      therapy = step.next;
      if (therapy.motion.kind === "pulsing") {
        therapy = endPulse(therapy, reportOf(therapy), at(nowMs + 200), RIG).next;
        nowMs += 200;
      }
    }
    assert.ok(nowMs > HOUR_MS);
  });
});
