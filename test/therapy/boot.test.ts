/** The therapy after a boot: the two blobs brought together, whichever was written last, and what a loss means. */

import assert from "node:assert/strict";
import { microunits, microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { AnnunciationType, HistoryEvent } from "../../firmware/ids/values.js";
import { jumpMicrounits } from "../../firmware/motor/geometry.js";
import type { Loaded } from "../../firmware/storage/blob.js";
import { type BootFindings, bootTherapy } from "../../firmware/therapy/boot.js";
import { JOURNAL_BLOB, type Journal, totalMicrounits } from "../../firmware/therapy/journal.js";
import { STANDING_BLOB, type Standing } from "../../firmware/therapy/standing.js";
import { confirmAnnunciation, resume, stop } from "../../firmware/therapy/step.js";
import type { Therapy, TherapyStep } from "../../firmware/therapy/therapy.js";
import { lastDayMicrounits, lastHourMicrounits } from "../../firmware/therapy/windows.js";
import { at, bolusStanding, closedBins, entryOf, HOUR_MS, lived, PULSE, RIG, therapyOf } from "./bench.js";

const JUMP = jumpMicrounits(RIG.drive);
const MINUTE = 60_000;

type Found = Partial<BootFindings> & Pick<BootFindings, "standing" | "journal">;

function booted(found: Found): { readonly therapy: Therapy; readonly standing: Standing } {
  const step = bootTherapy({ historyNextSequence: 0, epoch: 2, identityKept: true, ...found }, at(0), RIG);
  assert.ok(step.record?.kind === "standing");
  return { therapy: step.next, standing: step.record.value };
}

const intact = <T>(value: T): Loaded<T> => ({ kind: "intact", value });
const typesOf = ({ standing }: Therapy) => standing.annunciations.pending.map(({ type }) => type);
const eventsOf = ({ standing }: Therapy) => standing.history.pending.map(({ event }) => event);

interface Written {
  readonly standing: Standing;
  readonly journal: Journal;
  /** The journal's commit before this one. */
  readonly journalBefore: Journal;
  /** What a power cut right here would have to account for. */
  readonly delivered: readonly { readonly atMs: number; readonly amount: number }[];
  readonly what: string;
}

/** What is on storage after each write of a life: a power cut may come after any of them. */
class Recorder {
  readonly writes: Written[] = [];
  #therapy: Therapy;
  #standing: Standing;
  #journals: readonly [Journal, Journal];
  #delivered: Written["delivered"] = [];

  constructor(therapy: Therapy) {
    this.#therapy = therapy;
    this.#standing = therapy.standing;
    this.#journals = [therapy.journal, therapy.journal];
  }

  live(fromMs: number, untilMs: number, stepMs = 1_000): this {
    this.#therapy = lived(this.#therapy, fromMs, untilMs, RIG, (step, nowMs) => this.#write(step, nowMs), stepMs);
    return this;
  }

  take(change: (therapy: Therapy) => TherapyStep, nowMs: number): this {
    const step = change(this.#therapy);
    this.#write(step, nowMs);
    this.#therapy = step.next;
    return this;
  }

  #write({ record, next }: TherapyStep, nowMs: number): void {
    if (!record) return;
    const atMs = next.bootClockMs + nowMs;
    if (record.kind === "standing")
      this.#standing = STANDING_BLOB.decode(STANDING_BLOB.encode(record.value)) as Standing;
    else {
      const journal = JOURNAL_BLOB.decode(JOURNAL_BLOB.encode(record.value)) as Journal;
      this.#journals = [this.#journals[1], journal];
      const { pulse } = record.value;
      if (record.kind === "pulse" && pulse)
        this.#delivered = [...this.#delivered, { atMs, amount: pulse.insulinMicrounits }];
    }
    this.writes.push({
      standing: this.#standing,
      journal: this.#journals[1],
      journalBefore: this.#journals[0],
      delivered: this.#delivered,
      what: `${record.kind} at ${atMs} ms, write ${this.writes.length}`,
    });
  }
}

/** Asserts that a boot accounts for everything delivered, within `unknown` microunits too much at most. */
function accounts(found: Found, delivered: Written["delivered"], unknown: number, what: string): void {
  const { therapy, standing } = booted(found);
  const { windows } = therapy.standing;
  const { openHourMicrounits, clockMs } = therapy.journal;
  assert.ok(openHourMicrounits >= 0, `${what}: ${openHourMicrounits}`);
  const whole = delivered.reduce((sum, { amount }) => sum + amount, 0);
  const lastHour = delivered
    .filter(({ atMs }) => atMs > clockMs - HOUR_MS)
    .reduce((sum, { amount }) => sum + amount, 0);
  assert.ok(lastHourMicrounits(windows, openHourMicrounits) >= lastHour, `${what}: last hour`);
  const day = lastDayMicrounits(windows, openHourMicrounits);
  assert.ok(day >= whole && day <= whole + unknown, `${what}: ${day} of ${whole}`);
  const total = totalMicrounits(therapy.journal);
  assert.ok(total >= whole && total <= whole + unknown, `${what}: total ${total} of ${whole}`);
  assert.ok(JOURNAL_BLOB.encode(therapy.journal));
  assert.ok(STANDING_BLOB.encode(standing));
}

const TURN = HOUR_MS - 60_000;
const begin = (standing: Partial<Standing> = {}, clockMs = TURN) =>
  new Recorder(
    therapyOf(
      { basalMicrounitsPerHour: microunitsPerHour(5_000_000), clockMs: pumpClockMs(clockMs), ...standing },
      { clockMs: pumpClockMs(clockMs), basalOwed: 0 },
    ),
  );

/** Lives that put every write around the turn of an hour, or several turns. */
const LIVES: readonly (readonly [name: string, live: () => Recorder])[] = [
  ["basal over an hour's turn", () => begin().live(0, 200_000)],
  ["a bolus over an hour's turn", () => begin(bolusStanding(2_000_000)).live(0, 120_000)],
  [
    "a stop just after the turn, before the hour is closed",
    () =>
      begin(bolusStanding(2_000_000))
        .live(0, 59_000)
        .take((therapy) => stop(therapy, at(60_500), RIG), 60_500)
        .live(61_000, 90_000),
  ],
  [
    "a confirmation just after the turn",
    () =>
      begin({ annunciations: { nextInstance: 1, pending: [{ instance: 0, type: AnnunciationType.Occlusion }] } })
        .live(0, 59_000)
        .take((therapy) => confirmAnnunciation(therapy, at(60_500)), 60_500)
        .live(61_000, 200_000),
  ],
  [
    "hours of Stop between hours of delivery",
    () =>
      begin()
        .live(0, 70_000)
        .take((therapy) => stop(therapy, at(71_000), RIG), 71_000)
        .live(72_000, 3 * HOUR_MS, MINUTE)
        .take((therapy) => resume(therapy, at(3 * HOUR_MS + 1)), 3 * HOUR_MS + 1)
        .live(3 * HOUR_MS + 1_000, 3 * HOUR_MS + 120_000),
  ],
  ["two turns with a pulse each minute", () => begin().live(0, 2 * HOUR_MS + MINUTE, 20_000)],
];

describe("therapy boot: reconciliation", () => {
  for (const [name, live] of LIVES) {
    it(`accounts for all that was delivered after a cut at any write of ${name} (SR-47, SR-65)`, () => {
      const { writes } = live();
      assert.ok(writes.length > 3 && writes.some(({ what }) => what.startsWith("standing")), name);
      for (const { standing, journal, delivered, what } of writes)
        accounts({ standing: intact(standing), journal: intact(journal) }, delivered, 0, what);
    });

    it(`accounts for it with the journal's last copy gone, a pulse too much at most: ${name} (SR-50, SR-65)`, () => {
      for (const { standing, journalBefore, delivered, what } of live().writes) {
        const journal: Loaded<Journal> = { kind: "oneCopy", value: journalBefore };
        accounts({ standing: intact(standing), journal }, delivered, PULSE, what);
      }
    });

    it(`accounts for it after a second cut between the two writes of the boot itself: ${name} (SR-65)`, () => {
      for (const { standing, journal, delivered, what } of live().writes) {
        const first = booted({ standing: intact(standing), journal: intact(journal) });
        for (const kept of [journal, first.therapy.journal])
          accounts({ standing: intact(first.standing), journal: intact(kept) }, delivered, 0, `${what}, again`);
      }
    });
  }
});

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
    const [entry] = therapy.standing.ledger.entries;
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
    assert.equal(therapy.standing.run, true);
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
      assert.equal(therapy.standing.run, false);
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

  it("leaves a bolus under way anywhere between nothing and all of it (SR-50, SR-66)", () => {
    const [entry] = without.journal.standing.ledger.entries;
    assert.deepEqual([entry?.kind, entry?.lowMicrounits, entry?.highMicrounits], ["uncertain", 0, 130_000 + JUMP]);
  });

  it("forgets every dose of earlier epochs with the ledger, and says never of none (SR-34, SR-66)", () => {
    const { ledger } = without.standing.standing;
    assert.deepEqual(ledger.entries, []);
    assert.deepEqual(ledger.forgottenThrough, { epoch: 1, sequence: 0xffffffff });
    assert.deepEqual(without.journal.standing.ledger.forgottenThrough, { epoch: 0, sequence: 0 });
    assert.equal(without.journal.standing.ledger.entries.length, 1);
    assert.equal(entryOf(1).kind, "applied");
  });

  it("reads what it wrote at the next boot (SR-65, SR-66)", () => {
    for (const therapy of Object.values(without)) {
      const again = booted({ standing: intact(therapy.standing), journal: intact(therapy.journal) });
      assert.equal(again.therapy.standing.run, false);
      const { windows } = again.therapy.standing;
      assert.ok(lastHourMicrounits(windows, again.therapy.journal.openHourMicrounits) >= RIG.limits.hourMaxMicrounits);
    }
  });
});
