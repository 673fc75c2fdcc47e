/** The two blobs brought together after a cut at any write around the turn of an hour, whichever was written last. */

import assert from "node:assert/strict";
import { microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { AnnunciationType } from "../../firmware/ids/values.js";
import { jumpMicrounits } from "../../firmware/motor/geometry.js";
import type { Loaded } from "../../firmware/storage/blob.js";
import { JOURNAL_BLOB, type Journal, totalMicrounits } from "../../firmware/therapy/journal.js";
import { confirmAnnunciation, resume, stop } from "../../firmware/therapy/obey.js";
import type { Standing } from "../../firmware/therapy/standing.js";
import { STANDING_BLOB } from "../../firmware/therapy/standingBlob.js";
import type { Therapy, TherapyStep } from "../../firmware/therapy/therapy.js";
import { lastDayMicrounits, lastHourMicrounits } from "../../firmware/therapy/windows.js";
import { at, bolusStanding, HOUR_MS, lived, PULSE, RIG, therapyOf } from "./bench.js";
import { booted, type Found, intact } from "./bootBench.js";

const MINUTE = 60_000;

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
  [
    "hours without a pulse between pulses, which write no state as they close",
    () => begin({ basalMicrounitsPerHour: microunitsPerHour(20_000) }).live(0, 9 * HOUR_MS, MINUTE),
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

    it(`accounts for it with the journal's last copy gone, a pulse and a jump too much at most: ${name} (SR-50, SR-65)`, () => {
      for (const { standing, journalBefore, delivered, what } of live().writes) {
        const journal: Loaded<Journal> = { kind: "oneCopy", value: journalBefore };
        accounts({ standing: intact(standing), journal }, delivered, PULSE + jumpMicrounits(RIG.drive), what);
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
