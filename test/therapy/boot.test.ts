/** The therapy after a boot: what a power cut left uncertain, and what a loss means. */

import assert from "node:assert/strict";
import { microunits, microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { AnnunciationType, HistoryEvent } from "../../firmware/ids/values.js";
import { jumpMicrounits } from "../../firmware/motor/geometry.js";
import { JOURNAL_BLOB, type Journal, totalMicrounits } from "../../firmware/therapy/journal.js";
import { ledgerCount, ledgerEntries } from "../../firmware/therapy/ledger.js";
import { STANDING_BLOB } from "../../firmware/therapy/standingBlob.js";
import { lastHourMicrounits } from "../../firmware/therapy/windows.js";
import { bolusStanding, closedBins, entryOf, HOUR_MS, ledgerOf, PULSE, RIG, therapyOf } from "./bench.js";
import { booted, eventsOf, intact, typesOf } from "./bootBench.js";

const JUMP = jumpMicrounits(RIG.drive);

describe("therapy boot: what a cut interrupted", () => {
  const bolusJournal = (doneMicrounits: number, pulse: Journal["pulse"]): Partial<Journal> => ({
    bolus: { doseId: { epoch: 1, sequence: 1 }, doneMicrounits: microunits(doneMicrounits) },
    bolusTotalMicrounits: microunits(doneMicrounits + (pulse?.insulinMicrounits ?? 0)),
    openHourMicrounits: microunits(doneMicrounits + (pulse?.insulinMicrounits ?? 0)),
    pulse,
  });
  const settled = (journal: Partial<Journal>, kind: "intact" | "oneCopy" = "intact") => {
    const { standing, journal: whole } = therapyOf(bolusStanding(130_000), journal);
    const { therapy } = booted({ standing: intact(standing), journal: { kind, value: whole } });
    const [entry] = ledgerEntries(therapy.standing.ledger);
    return { therapy, outcome: [entry?.kind, entry?.lowMicrounits, entry?.highMicrounits] };
  };
  const pulse = { source: "bolus", insulinMicrounits: PULSE } as const;

  it("is certain between two pulses: stopped there, or delivered when nothing was left (SR-50, SR-51)", () => {
    const stopped = settled(bolusJournal(50_000, undefined));
    assert.deepEqual(stopped.outcome, ["stopped", 50_000, 50_000]);
    assert.deepEqual(typesOf(stopped.therapy), [AnnunciationType.BolusCanceled, AnnunciationType.DateTimeIssue]);
    const delivered = settled(bolusJournal(130_000, undefined));
    assert.deepEqual(delivered.outcome, ["delivered", 130_000, 130_000]);
    assert.deepEqual(typesOf(delivered.therapy), [AnnunciationType.DateTimeIssue]);
  });

  it("is uncertain within a pulse and 4 half-steps at each end (SR-50, SR-51)", () => {
    const { therapy, outcome } = settled(bolusJournal(50_000, pulse));
    assert.deepEqual(outcome, ["uncertain", 50_000 - JUMP, 100_000 + JUMP]);
    assert.ok(typesOf(therapy).includes(AnnunciationType.BolusCanceled));
    assert.equal(therapy.journal.pulse, undefined);
    const last = settled(bolusJournal(100_000, { ...pulse, insulinMicrounits: microunits(30_000) }));
    assert.deepEqual(last.outcome, ["uncertain", 100_000 - JUMP, 130_000 + JUMP]);
    assert.deepEqual(settled(bolusJournal(0, pulse)).outcome, ["uncertain", 0, 50_000 + JUMP]);
  });

  it("is uncertain by all that a runaway may have moved, beyond the dose itself (SR-36, SR-56)", () => {
    const runaway = { ...pulse, insulinMicrounits: microunits(900_000) };
    assert.deepEqual(settled(bolusJournal(50_000, runaway)).outcome, ["uncertain", 50_000 - JUMP, 950_000 + JUMP]);
  });

  it("is uncertain by two pulses when a copy was lost as well (SR-50)", () => {
    assert.deepEqual(settled(bolusJournal(0, pulse), "oneCopy").outcome, ["uncertain", 0, 100_000 + JUMP]);
    assert.deepEqual(settled(bolusJournal(50_000, undefined), "oneCopy").outcome, [
      "uncertain",
      50_000 - JUMP,
      100_000 + JUMP,
    ]);
  });

  it("is nothing of the bolus while only basal moved, or only an earlier bolus (SR-50)", () => {
    const basal = settled({ pulse: { source: "basal", insulinMicrounits: PULSE } });
    assert.deepEqual(basal.outcome, ["stopped", 0, 0]);
    const earlier = { doseId: { epoch: 1, sequence: 9 }, doneMicrounits: microunits(70_000) };
    assert.deepEqual(settled({ bolus: earlier, pulse }).outcome, ["stopped", 0, 0]);
    const otherEpoch = { doseId: { epoch: 9, sequence: 1 }, doneMicrounits: microunits(70_000) };
    assert.deepEqual(settled({ bolus: otherEpoch, pulse }).outcome, ["stopped", 0, 0]);
  });

  it("ends a temporary rate and says so; basal goes on at the programmed rate (SR-51, SR-63)", () => {
    const tbr = {
      rateMicrounitsPerHour: microunitsPerHour(0),
      durationMinutes: 60,
      endsAtMs: pumpClockMs(HOUR_MS),
    };
    const { standing, journal } = therapyOf({ tbr });
    const { therapy } = booted({ standing: intact(standing), journal: intact(journal) });
    assert.equal(therapy.standing.tbr, undefined);
    assert.equal(therapy.standing.control, "run");
    assert.deepEqual(typesOf(therapy), [AnnunciationType.TbrCanceled, AnnunciationType.DateTimeIssue]);
    assert.deepEqual(eventsOf(therapy).slice(0, 2), [HistoryEvent.ReferenceTime, HistoryEvent.TbrEnded]);
  });

  it("takes the later of the two clocks and never runs backwards (SR-47)", () => {
    for (const [standingMs, journalMs] of [
      [5_000, 9_000],
      [9_000, 5_000],
    ] as const) {
      const { standing, journal } = therapyOf();
      const { therapy } = booted({
        standing: intact({ ...standing, clockMs: pumpClockMs(standingMs) }),
        journal: intact({ ...journal, clockMs: pumpClockMs(journalMs) }),
      });
      assert.equal(therapy.journal.clockMs, 9_000);
      assert.equal(therapy.bootClockMs, 9_000);
    }
  });
});

describe("therapy boot: with a new identity", () => {
  it("keeps no dose of the old one: their IDs would answer for new ones; its insulin stays counted (SR-33, SR-41)", () => {
    const { standing, journal } = therapyOf(bolusStanding(130_000), {
      bolus: { doseId: { epoch: 1, sequence: 1 }, doneMicrounits: microunits(50_000) },
      bolusTotalMicrounits: microunits(50_000),
      openHourMicrounits: microunits(50_000),
    });
    for (const found of [
      { standing: intact(standing), journal: intact(journal) },
      { standing: intact(standing), journal: { kind: "lost" } },
      { standing: { kind: "lost" }, journal: intact(journal) },
    ] as const) {
      const { therapy } = booted({ ...found, identity: "lost", epoch: 1 });
      assert.deepEqual(therapy.standing.ledger, ledgerOf([]));
      assert.deepEqual(therapy.journal.bolus, { doseId: { epoch: 0, sequence: 0 }, doneMicrounits: 0 });
      assert.ok(typesOf(therapy).includes(AnnunciationType.SystemIssue));
      assert.ok(totalMicrounits(therapy.journal) >= 50_000);
    }
  });
});

describe("therapy boot: after a loss", () => {
  const kept = therapyOf(
    {
      ...bolusStanding(130_000),
      clockMs: pumpClockMs(5 * HOUR_MS),
      windows: { hour: 5, closedMicrounits: closedBins(1, 2, 3) },
      windowsTotalMicrounits: microunits(1_000_000),
      history: { nextSequence: 40, referenceMs: pumpClockMs(0), pending: [] },
    },
    { basalTotalMicrounits: microunits(1_200_000), clockMs: pumpClockMs(5 * HOUR_MS + 7) },
  );
  const lost = { kind: "lost" } as const;
  const without = {
    journal: booted({ standing: intact(kept.standing), journal: lost }).therapy,
    standing: booted({ standing: lost, journal: intact(kept.journal), historyNextSequence: 77 }).therapy,
    both: booted({ standing: lost, journal: lost }).therapy,
  };

  for (const [name, therapy] of Object.entries(without))
    it(`of ${name}: Stop, DataCorruption, and the last hour counted as full (SR-66)`, () => {
      assert.equal(therapy.standing.control, "stopAfterLoss");
      assert.ok(typesOf(therapy).includes(AnnunciationType.SystemIssue));
      assert.ok(eventsOf(therapy).includes(HistoryEvent.DataCorruption));
      const { windows } = therapy.standing;
      assert.ok(lastHourMicrounits(windows, therapy.journal.openHourMicrounits) >= RIG.limits.hourMaxMicrounits);
      assert.ok(JOURNAL_BLOB.encode(therapy.journal));
      assert.ok(STANDING_BLOB.encode(therapy.standing));
    });

  it("keeps what the other blob knows: totals, clock, bins, ledger, sequences (SR-66, SR-67)", () => {
    assert.equal(without.standing.journal.basalTotalMicrounits, 1_200_000);
    assert.equal(without.standing.journal.clockMs, 5 * HOUR_MS + 7);
    assert.equal(without.standing.standing.history.pending[0]?.sequence, 77);
    assert.ok(totalMicrounits(without.journal.journal) >= 1_000_000 + RIG.limits.hourMaxMicrounits);
    assert.deepEqual(without.journal.standing.windows.closedMicrounits.slice(1, 3), [2, 3]);
    assert.equal(without.journal.standing.history.pending[0]?.sequence, 40);
    assert.equal(without.journal.journal.clockMs, 5 * HOUR_MS);
  });

  it("counts the pulse that a lost copy of the journal may have held, with the standing state lost too (SR-50, SR-66)", () => {
    const { journal } = booted({ standing: lost, journal: { kind: "oneCopy", value: kept.journal } }).therapy;
    const known = without.standing.journal;
    assert.equal(totalMicrounits(journal), totalMicrounits(known) + PULSE + JUMP);
    assert.equal(journal.openHourMicrounits, known.openHourMicrounits + PULSE + JUMP);
  });

  it("leaves a bolus under way anywhere between nothing and all of it (SR-50, SR-66)", () => {
    const [entry] = ledgerEntries(without.journal.standing.ledger);
    assert.deepEqual([entry?.kind, entry?.lowMicrounits, entry?.highMicrounits], ["uncertain", 0, 130_000 + JUMP]);
  });

  it("tells of the bolus and the temporary rate that end with it (SR-51, SR-66)", () => {
    const { SystemIssue, ReservoirIssue, BolusCanceled, TbrCanceled, DateTimeIssue } = AnnunciationType;
    assert.deepEqual(typesOf(without.journal), [SystemIssue, BolusCanceled, DateTimeIssue]);
    assert.deepEqual(typesOf(without.standing), [SystemIssue, ReservoirIssue, DateTimeIssue]);
    const tbr = {
      rateMicrounitsPerHour: microunitsPerHour(0),
      durationMinutes: 60,
      endsAtMs: pumpClockMs(6 * HOUR_MS),
    };
    const { therapy } = booted({ standing: intact({ ...kept.standing, tbr }), journal: lost });
    assert.deepEqual(typesOf(therapy), [SystemIssue, BolusCanceled, TbrCanceled, DateTimeIssue]);
  });

  it("forgets every dose of earlier epochs with the ledger, and says never of none (SR-34, SR-66)", () => {
    const { ledger } = without.standing.standing;
    assert.equal(ledgerCount(ledger), 0);
    assert.deepEqual(ledger.forgottenThrough, { epoch: 1, sequence: 0xffffffff });
    assert.deepEqual(without.journal.standing.ledger.forgottenThrough, { epoch: 0, sequence: 0 });
    assert.equal(ledgerCount(without.journal.standing.ledger), 1);
    assert.equal(entryOf(1).kind, "applied");
  });

  it("reads what it wrote at the next boot (SR-65, SR-66)", () => {
    for (const therapy of Object.values(without)) {
      const again = booted({ standing: intact(therapy.standing), journal: intact(therapy.journal) });
      assert.equal(again.therapy.standing.control, "stopAfterLoss");
      const { windows } = again.therapy.standing;
      assert.ok(lastHourMicrounits(windows, again.therapy.journal.openHourMicrounits) >= RIG.limits.hourMaxMicrounits);
    }
  });
});
