/**
 * Days of insulin against a model of this test's own: every pulse that was durably begun is put into the day that the
 * test's own calendar says, through clock sets, temporary rates, boluses, stops, stalls, restarts and power cuts.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { microunits, microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { dateTimeOf } from "../../firmware/ids/dateTime.js";
import { decodeSfloatMicrounits, encodeSfloatMicrounits } from "../../firmware/ids/float.js";
import { TotalDailyInsulinData } from "../../firmware/ids/history.js";
import { HistoryEvent, StatusChangedFlag } from "../../firmware/ids/values.js";
import type { Command } from "../../firmware/therapy/commands.js";
import { dayInsulin } from "../../firmware/therapy/day.js";
import type { Journal } from "../../firmware/therapy/journal.js";
import { stop } from "../../firmware/therapy/obey.js";
import { endPulse, passRates, passTime, therapyWakeAt } from "../../firmware/therapy/pulses.js";
import { resolve } from "../../firmware/therapy/resolve.js";
import { newStanding, type Standing } from "../../firmware/therapy/standing.js";
import { STANDING_BLOB } from "../../firmware/therapy/standingBlob.js";
import { clockAt, type Therapy, type TherapyStep } from "../../firmware/therapy/therapy.js";
import { at, bolusStanding, HOUR_MS, obeyed, PULSE, RIG, reportOf, therapyOf } from "./bench.js";
import { booted, eventsOf, intact } from "./bootBench.js";

const DAY_MS = 24 * HOUR_MS;
const PULSE_MS = 196;
const { TotalDailyInsulin } = HistoryEvent;

/** A day as it is recorded: amounts as the SFLOATs say. */
interface Recorded {
  readonly date: readonly [year: number, month: number, day: number];
  readonly bolusMicrounits: number | undefined;
  readonly basalMicrounits: number | undefined;
  readonly timeChanged: boolean;
}

const roundedUp = (amount: number) => decodeSfloatMicrounits(encodeSfloatMicrounits(microunits(amount), "up"));

/** The test's calendar: days since 2000 of local time, or of the pump clock, and what each has had. */
class Calendar {
  readonly closed: Recorded[] = [];
  readonly counted = { bolus: 0, basal: 0 };
  #open = { day: 0, bolus: 0, basal: 0, changed: false };
  #set: { readonly atMs: number; readonly localMs: number } | undefined;

  #dayAt(clockMs: number): number {
    const localMs = this.#set ? this.#set.localMs + clockMs - this.#set.atMs : clockMs;
    return Math.floor(localMs / DAY_MS);
  }

  #close(changed: boolean, nextDay: number): void {
    const { day, bolus, basal } = this.#open;
    const { year, month, day: ofMonth } = dateTimeOf(day * 86_400);
    this.closed.push({
      date: this.#set ? [year, month, ofMonth] : [0, 0, 0],
      bolusMicrounits: roundedUp(bolus),
      basalMicrounits: roundedUp(basal),
      timeChanged: changed,
    });
    this.#open = { day: nextDay, bolus: 0, basal: 0, changed: false };
  }

  passTo(clockMs: number): void {
    while (this.#dayAt(clockMs) > this.#open.day) this.#close(this.#open.changed, this.#open.day + 1);
  }

  pulse(source: "bolus" | "basal", amount: number, clockMs: number): void {
    this.passTo(clockMs);
    this.#open[source] += amount;
    this.counted[source] += amount;
  }

  setTime(localMs: number, clockMs: number): void {
    this.passTo(clockMs);
    const day = Math.floor(localMs / DAY_MS);
    if (!this.#set || day !== this.#open.day) this.#close(true, day);
    this.#set = { atMs: clockMs, localMs };
    this.#open.changed = true;
  }

  /** Of the day under way. */
  get today() {
    return { bolusMicrounits: this.#open.bolus, basalMicrounits: this.#open.basal };
  }
}

const POWER_CUT = new Error("power cut");

/** A therapy with storage behind it, whose power can go before or after any write. */
class Life {
  readonly calendar = new Calendar();
  readonly #recorded = new Map<number, Recorded>();
  #stored: { standing: Standing; journal: Journal };
  therapy: Therapy;
  nowMs = 0;
  #sequence = 0;
  /** Half-writes until the power goes. */
  #cutIn = Number.POSITIVE_INFINITY;

  constructor() {
    const fresh = therapyOf({ reservoir: { ...newStanding(RIG).reservoir, endMicrounits: microunits(1e12) } });
    this.#stored = { standing: fresh.standing, journal: fresh.journal };
    this.therapy = fresh;
    this.boot();
  }

  boot(): void {
    this.nowMs = 0;
    this.#cutIn = Number.POSITIVE_INFINITY;
    const { standing, journal } = this.#stored;
    const { therapy, standing: written } = booted({ standing: intact(standing), journal: intact(journal) });
    this.#keep({ standing: written, journal: therapy.journal });
    this.therapy = therapy;
  }

  #keep(stored: { standing: Standing; journal: Journal }): void {
    this.#stored = stored;
    for (const { sequence, event, data } of stored.standing.history.pending) {
      const fields = event === TotalDailyInsulin ? TotalDailyInsulinData.decode(data) : undefined;
      if (!fields) continue;
      const { year, month, day, bolusSfloat, basalSfloat, flags } = fields;
      this.#recorded.set(sequence, {
        date: [year, month, day],
        bolusMicrounits: decodeSfloatMicrounits(bolusSfloat),
        basalMicrounits: decodeSfloatMicrounits(basalSfloat),
        timeChanged: flags === 1,
      });
    }
  }

  adopt({ next, record }: TherapyStep, onStored: () => void = () => {}): boolean {
    if (record) {
      if (this.#cutIn === 0) throw POWER_CUT;
      if (record.kind === "standing") this.#keep({ ...this.#stored, standing: record.value });
      else this.#stored = { ...this.#stored, journal: record.value };
      if (record.kind === "pulse" && record.value.pulse) {
        const { source, insulinMicrounits } = record.value.pulse;
        assert.ok(source !== "bench" && source !== "priming");
        this.calendar.pulse(source, insulinMicrounits, clockAt(next, at(this.nowMs)));
      }
      onStored();
      if (this.#cutIn === 1) throw POWER_CUT;
      this.#cutIn -= 2;
    }
    this.therapy = next;
    return record !== undefined;
  }

  live(untilMs: number): void {
    for (;;) {
      while (this.adopt(passTime(this.therapy, at(this.nowMs), RIG)))
        if (this.therapy.motion.kind === "pulsing") {
          this.nowMs += PULSE_MS;
          this.adopt(endPulse(this.therapy, reportOf(this.therapy), at(this.nowMs), RIG));
        }
      if (this.nowMs >= untilMs) return;
      this.nowMs = Math.min(untilMs, Math.max(this.nowMs + 1, therapyWakeAt(this.therapy, at(this.nowMs), RIG)));
    }
  }

  /** Nothing is looked at for so long. */
  stall(ms: number): void {
    this.nowMs += ms;
  }

  /** The power goes before a write, or after it. */
  cutAfter(halfWrites: number): void {
    this.#cutIn = halfWrites;
  }

  order(command: Command): void {
    while (this.adopt(passRates(this.therapy, at(this.nowMs))));
    if (!resolve(this.therapy, command, at(this.nowMs), RIG).ok) return;
    const clockMs = clockAt(this.therapy, at(this.nowMs));
    this.#sequence += 1;
    const step = obeyed(this.therapy, command, { epoch: 1, sequence: this.#sequence }, at(this.nowMs));
    this.adopt(step, () => {
      if (command.kind !== "setTime") return;
      const localS = command.baseTimeS + 900 * (command.timeZoneQuarters + command.dstOffset);
      this.calendar.setTime(localS * 1000, clockMs);
    });
  }

  check(): void {
    while (this.adopt(passRates(this.therapy, at(this.nowMs))));
    const { calendar, therapy } = this;
    calendar.passTo(clockAt(therapy, at(this.nowMs)));
    const recorded = [...this.#recorded].sort(([a], [b]) => a - b).map(([, day]) => day);
    assert.deepEqual(recorded, calendar.closed);
    assert.deepEqual(dayInsulin(therapy), calendar.today);
    assert.equal(therapy.journal.bolusTotalMicrounits, calendar.counted.bolus);
    assert.equal(therapy.journal.basalTotalMicrounits, calendar.counted.basal);
  }
}

const time = (baseTimeS: number, timeZoneQuarters = 0): Command => ({
  kind: "setTime",
  baseTimeS,
  timeZoneQuarters,
  dstOffset: 0,
});
const DECEMBER_24_2025 = 819_849_600;

type Act = (life: Life) => void;
const waitMs = fc.integer({ min: 0, max: 30 * HOUR_MS });
const hundredths = (max: number) => fc.integer({ min: 1, max }).map((steps) => microunits(10_000 * steps));
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: waitMs.map(
      (ms): Act =>
        (life) =>
          life.live(life.nowMs + ms),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(80 * HOUR_MS).map(
      (ms): Act =>
        (life) =>
          life.stall(ms),
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({ s: fc.integer({ min: -40 * 3600, max: 40 * 3600 }), zone: fc.integer({ min: -48, max: 56 }) })
      .map(
        ({ s, zone }): Act =>
          (life) =>
            life.order(time(DECEMBER_24_2025 + s, zone)),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(3_000_000_000).map(
      (s): Act =>
        (life) =>
          life.order(time(86_400 + s)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(hundredths(300), fc.integer({ min: 1, max: 1_440 })).map(
      ([rate, durationMinutes]): Act =>
        (life) =>
          life.order({
            kind: "setTbr",
            change: life.therapy.standing.tbr !== undefined,
            amount: { rateMicrounitsPerHour: microunitsPerHour(rate) },
            context: undefined,
            durationMinutes,
          }),
    ),
  },
  {
    weight: 2,
    arbitrary: hundredths(400).map(
      (amountMicrounits): Act =>
        (life) =>
          life.order({ kind: "setBolus", flags: 0, amountMicrounits }),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Act>((life) => void life.adopt(stop(life.therapy, at(life.nowMs), RIG))) },
  { weight: 1, arbitrary: fc.constant<Act>((life) => life.order({ kind: "run" })) },
  { weight: 1, arbitrary: fc.constant<Act>((life) => life.boot()) },
  {
    weight: 2,
    arbitrary: fc.nat(60).map(
      (writes): Act =>
        (life) =>
          life.cutAfter(writes),
    ),
  },
);

/** A therapy whose time was set at uptime 0. */
const timed = (baseTimeS: number, given: Partial<Standing> = {}, journal: Partial<Journal> = {}): Therapy => {
  const { therapy } = booted({
    standing: intact(therapyOf({ control: "run", ...given }).standing),
    journal: intact(therapyOf({}, journal).journal),
  });
  return obeyed(therapy, time(baseTimeS), { epoch: 2, sequence: 1 }, at(0)).next;
};

/** Days that passing to `ms` records, each with the pump clock of its record. */
function daysPassed(given: Therapy, ms: number) {
  const days: [number, number, number][] = [];
  let therapy = given;
  for (;;) {
    const step = passRates(therapy, at(ms));
    therapy = step.next;
    if (!step.record) return { therapy, days };
    for (const { event, data, pumpClockMs: clockMs } of therapy.standing.history.pending)
      if (event === TotalDailyInsulin) days.push([data[7] ?? 0, data[8] ?? 0, clockMs]);
  }
}

describe("total daily insulin", () => {
  it("has every pulse in one day, and all days come to what was counted, whatever is set and cut off (SR-118)", () => {
    let days = 0;
    let cuts = 0;
    fc.assert(
      fc.property(fc.array(act, { minLength: 4, maxLength: 24 }), (acts) => {
        const life = new Life();
        life.order({ kind: "run" });
        for (const each of acts)
          try {
            each(life);
            life.check();
          } catch (error) {
            if (error !== POWER_CUT) throw error;
            cuts++;
            life.boot();
            life.check();
          }
        days += life.calendar.closed.length;
      }),
      { seed: 1181, numRuns: 90 },
    );
    assert.ok(days > 300 && cuts > 30, `${days} days, ${cuts} cuts`);
  });

  it("is recorded at local midnight to the millisecond, with its date, and Status Changed tells (SR-118)", () => {
    const journal = { bolusTotalMicrounits: microunits(1_000_000), basalTotalMicrounits: microunits(500_000) };
    const begun = timed(DECEMBER_24_2025 + 86_390, {}, journal);
    const quiet = { ...begun, changed: 0 };
    assert.equal(therapyWakeAt(quiet, at(9_000), RIG), 10_000);
    assert.deepEqual(daysPassed(quiet, 9_999).days, []);
    const { therapy, days } = daysPassed(quiet, 10_700);
    assert.deepEqual(days, [[12, 24, 10_000]]);
    assert.equal(therapy.changed & StatusChangedFlag.TotalDailyInsulin, StatusChangedFlag.TotalDailyInsulin);
    assert.equal(therapy.standing.day?.endsAtMs, 10_000 + DAY_MS);
    assert.deepEqual(eventsOf(therapy), [TotalDailyInsulin]);
  });

  it("passes several midnights of one stall one by one: none is skipped (SR-118)", () => {
    const { days } = daysPassed(timed(DECEMBER_24_2025 + 86_399), 3 * DAY_MS);
    assert.deepEqual(days, [
      [12, 24, 1_000],
      [12, 25, 1_000 + DAY_MS],
      [12, 26, 1_000 + 2 * DAY_MS],
    ]);
  });

  it("rounds its sums up in the record, and keeps them to the microunit (SR-118, SR-38)", () => {
    const begun = timed(DECEMBER_24_2025);
    const more = { bolusTotalMicrounits: microunits(20_460_001), basalTotalMicrounits: microunits(50_000) };
    const { therapy } = daysPassed({ ...begun, journal: { ...begun.journal, ...more } }, DAY_MS);
    const [event] = therapy.standing.history.pending.slice(-1);
    const fields = TotalDailyInsulinData.decode(event?.data ?? new Uint8Array(0));
    assert.equal(decodeSfloatMicrounits(fields?.bolusSfloat ?? 0), 20_500_000);
    assert.equal(decodeSfloatMicrounits(fields?.basalSfloat ?? 0), 50_000);
    const { bolusTotalMicrounits, basalTotalMicrounits } = therapy.standing.day ?? {};
    assert.deepEqual({ bolusTotalMicrounits, basalTotalMicrounits }, more);
  });

  it("is 24 h of the pump clock, without a date, while no time was ever set (SR-118)", () => {
    const { standing, journal } = therapyOf();
    const { therapy } = booted({ standing: intact(standing), journal: intact(journal) });
    assert.deepEqual(daysPassed(therapy, DAY_MS).days, [[0, 0, DAY_MS]]);
  });

  it("goes on over a restart, which no midnight is in (SR-118)", () => {
    const before = timed(DECEMBER_24_2025 + 86_000);
    const stored = STANDING_BLOB.decode(STANDING_BLOB.encode(before.standing));
    assert.ok(stored);
    const { therapy } = booted({ standing: intact(stored), journal: intact(before.journal) });
    assert.deepEqual(therapy.standing.day, before.standing.day);
  });

  it("begins anew where stored state was lost, or was never there, with the totals of the boot (SR-118, SR-52)", () => {
    const { standing, journal } = timed(DECEMBER_24_2025, { ...bolusStanding(1_000_000) });
    const with3U = { ...journal, basalTotalMicrounits: microunits(3_000_000) };
    for (const found of [
      { standing: { kind: "lost" } as const, journal: intact(with3U) },
      { standing: intact(standing), journal: { kind: "lost" } as const },
      { standing: intact({ ...standing, day: undefined }), journal: intact(with3U) },
    ]) {
      const { therapy } = booted(found);
      assert.deepEqual(dayInsulin(therapy), { bolusMicrounits: 0, basalMicrounits: 0 });
      assert.equal(eventsOf(therapy).includes(TotalDailyInsulin), false);
    }
  });

  it("has nothing negative when the journal's last copy is behind the midnight (SR-118, SR-50)", () => {
    const bolusTotalMicrounits = microunits(100_000);
    const day = { bolusTotalMicrounits, basalTotalMicrounits: PULSE, endsAtMs: pumpClockMs(DAY_MS) };
    const { standing } = therapyOf({ ...bolusStanding(1_000_000), day });
    const { journal } = therapyOf({}, { bolusTotalMicrounits });
    const { therapy } = booted({ standing: intact(standing), journal: { kind: "oneCopy", value: journal } });
    const { bolusMicrounits, basalMicrounits } = dayInsulin(therapy);
    assert.ok(bolusMicrounits >= PULSE && basalMicrounits === 0, `${bolusMicrounits}, ${basalMicrounits}`);
  });

  it("ends at a set that has another date, forward or back, and goes on at one of the same date (SR-118)", () => {
    const begun = timed(DECEMBER_24_2025 + 7_200);
    const after = (s: number) => obeyed(begun, time(DECEMBER_24_2025 + s), { epoch: 2, sequence: 2 }, at(HOUR_MS)).next;
    assert.equal(eventsOf(after(0)).includes(TotalDailyInsulin), false);
    assert.equal(after(0).standing.day?.endsAtMs, HOUR_MS + DAY_MS);
    // Set to midnight itself: at the next one the day has 25 h, and says so; the day after has 24.
    const { therapy: next } = daysPassed(after(0), HOUR_MS + DAY_MS);
    assert.equal(next.standing.history.pending.at(-1)?.data[0], 1);
    assert.equal(daysPassed(next, HOUR_MS + 2 * DAY_MS).therapy.standing.history.pending.at(-1)?.data[0], 0);
    for (const s of [-1, 86_400, -400 * 86_400, 900 * 86_400]) {
      const { standing } = after(s);
      const record = standing.history.pending.find(({ event }) => event === TotalDailyInsulin);
      // Its own date, 24 December, and that its time was changed.
      assert.deepEqual([record?.data[0], ...(record?.data.slice(7) ?? [])], [1, 12, 24], `${s}`);
      assert.deepEqual(standing.day?.basalTotalMicrounits, begun.journal.basalTotalMicrounits);
    }
  });
});
