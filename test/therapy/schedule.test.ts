/**
 * What is owed as basal under profiles, temporary rates, stops, clock sets and restarts, against a model of this test's
 * own: minute by minute of local time, integrated millisecond-exactly over its own list of rates.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { microunitsPerHour } from "../../firmware/base/units.js";
import type { Command } from "../../firmware/therapy/commands.js";
import { stop } from "../../firmware/therapy/obey.js";
import { blocksOf, type Profile } from "../../firmware/therapy/profiles.js";
import { passRates, therapyWakeAt } from "../../firmware/therapy/pulses.js";
import { resolve } from "../../firmware/therapy/resolve.js";
import type { Therapy } from "../../firmware/therapy/therapy.js";
import { at, clock, HOUR_MS, obeyed, RIG, therapyOf } from "./bench.js";
import { profile, profileOfRates } from "./profileBench.js";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;

/** The model: what is programmed, and since when of the pump clock local midnight was a multiple of a day away. */
class Model {
  owed = 0;
  #atMs = 0;
  blocks: readonly (readonly [number, number])[] = [[1_440, 900_000]];
  midnightMs = 0;
  running = true;
  tbr: { readonly amount: number; readonly relative: boolean; readonly endMs: number } | undefined;

  #rateAt(ms: number): number {
    if (!this.running) return 0;
    let minute = Math.floor(((((ms - this.midnightMs) % DAY_MS) + DAY_MS) % DAY_MS) / MINUTE_MS);
    let programmed = 0;
    for (const [minutes, rate] of this.blocks) {
      programmed = rate;
      if (minute < minutes) break;
      minute -= minutes;
    }
    if (!this.tbr || ms >= this.tbr.endMs) return programmed;
    return this.tbr.relative ? Math.floor((programmed * this.tbr.amount) / 1_000_000) : this.tbr.amount;
  }

  /** Rates change at whole minutes of the model's day and at the TBR's end alone. */
  passTo(ms: number): void {
    while (this.#atMs < ms) {
      const toMinute = MINUTE_MS - ((((this.#atMs - this.midnightMs) % MINUTE_MS) + MINUTE_MS) % MINUTE_MS);
      let next = Math.min(ms, this.#atMs + toMinute);
      if (this.tbr && this.tbr.endMs > this.#atMs) next = Math.min(next, this.tbr.endMs);
      this.owed += this.#rateAt(this.#atMs) * (next - this.#atMs);
      this.#atMs = next;
    }
  }
}

/** Lets rates pass at `ms`, as the pump does before it asks anything. */
function passed(given: Therapy, ms: number): Therapy {
  let therapy = given;
  for (;;) {
    const step = passRates(therapy, at(ms));
    therapy = step.next;
    if (!step.record) return therapy;
  }
}

type Action =
  | { readonly kind: "write"; readonly to: number; readonly profile: Profile }
  | { readonly kind: "activate"; readonly to: number }
  | { readonly kind: "time"; readonly baseTimeS: number; readonly zone: number; readonly dst: 0 | 2 | 4 | 8 }
  | { readonly kind: "tbr"; readonly relative: boolean; readonly amount: number; readonly minutes: number }
  | { readonly kind: "cancelTbr" | "stop" | "run" };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), to: fc.integer({ min: 1, max: 5 }), profile: profile(3_000_000) }),
  fc.record({ kind: fc.constant("activate" as const), to: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    kind: fc.constant("time" as const),
    baseTimeS: fc.integer({ min: 10 * 86_400, max: 3_000_000_000 }),
    zone: fc.integer({ min: -48, max: 56 }),
    dst: fc.constantFrom(0, 2, 4, 8),
  }),
  fc.record({
    kind: fc.constant("tbr" as const),
    relative: fc.boolean(),
    amount: fc.integer({ min: 0, max: 250 }).map((steps) => 10_000 * steps),
    minutes: fc.integer({ min: 1, max: 1_440 }),
  }),
  fc.record({ kind: fc.constantFrom("cancelTbr" as const, "stop" as const, "run" as const) }),
);

function commandOf(given: Exclude<Action, { kind: "stop" }>, therapy: Therapy): Command {
  switch (given.kind) {
    case "write":
      return { kind: "writeProfile", templateNumber: given.to, firstBlockNumber: 1, profile: given.profile };
    case "activate":
      return { kind: "activateProfile", templateNumber: given.to };
    case "time":
      return { kind: "setTime", baseTimeS: given.baseTimeS, timeZoneQuarters: given.zone, dstOffset: given.dst };
    case "tbr": {
      const { amount, relative, minutes } = given;
      const change = therapy.standing.tbr !== undefined;
      const rates = relative ? { factorMillionths: amount } : { rateMicrounitsPerHour: microunitsPerHour(amount) };
      return { kind: "setTbr", change, amount: rates, context: undefined, durationMinutes: minutes };
    }
    default:
      return { kind: given.kind };
  }
}

/** What an accepted action means to the model. */
function applyTo(
  model: Model,
  templates: Map<number, Profile>,
  active: { number: number },
  given: Action,
  ms: number,
): void {
  const follow = () => {
    const blocks = templates.get(active.number);
    if (blocks) model.blocks = blocksOf(blocks).map((each) => [each.durationMinutes, each.rateMicrounitsPerHour]);
  };
  switch (given.kind) {
    case "write":
      templates.set(given.to, given.profile);
      return follow();
    case "activate":
      active.number = given.to;
      return follow();
    case "time":
      model.midnightMs = ms - (given.baseTimeS + 900 * (given.zone + given.dst)) * 1_000;
      return;
    case "tbr":
      model.tbr = { amount: given.amount, relative: given.relative, endMs: ms + given.minutes * MINUTE_MS };
      return;
    case "cancelTbr":
      model.tbr = undefined;
      return;
    default:
      model.running = given.kind === "run";
      if (!model.running) model.tbr = undefined;
  }
}

describe("basal insulin owed under profiles", () => {
  it("is the integral of the rate in force, whatever is set, and however late it is noticed (SR-59, SR-60)", () => {
    const life = fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 40 * HOUR_MS }), action }), { maxLength: 14 });
    let taken = 0;
    fc.assert(
      fc.property(life, fc.boolean(), (steps, late) => {
        let therapy = therapyOf();
        const model = new Model();
        const templates = new Map<number, Profile>();
        const active = { number: 1 };
        let nowMs = 0;
        let sequence = 1;
        for (const { waitMs, action: given } of steps) {
          nowMs += waitMs;
          // A stall: nothing was asked, and no border noticed, until now. Otherwise only accrued, between two pulses.
          if (!late) therapy = passed(therapy, nowMs);
          model.passTo(nowMs);
          if (given.kind === "stop") {
            const owed = passed(therapy, nowMs).journal.basalOwed;
            assert.equal(owed, model.owed);
            const stopped = stop(therapy, at(nowMs), RIG).next;
            // What a Stop drops, it drops in the model too.
            model.owed = stopped.journal.basalOwed;
            therapy = stopped;
            applyTo(model, templates, active, given, nowMs);
            continue;
          }
          const command = commandOf(given, late ? passed(therapy, nowMs) : therapy);
          const pending = late ? passed(therapy, nowMs) : therapy;
          if (!resolve(pending, command, at(nowMs), RIG).ok) continue;
          taken++;
          therapy = obeyed(pending, command, { epoch: 1, sequence: sequence++ }, at(nowMs)).next;
          applyTo(model, templates, active, given, nowMs);
          assert.equal(therapy.journal.basalOwed, model.owed, given.kind);
          assert.equal(therapy.standing.blockToRecord > 0, given.kind === "write");
        }
        nowMs += 31 * HOUR_MS + 1;
        model.passTo(nowMs);
        therapy = passed(therapy, nowMs);
        assert.equal(therapy.journal.basalOwed, model.owed);
      }),
      { seed: 621, numRuns: 60 },
    );
    assert.ok(taken > 150, `${taken} commands`);
  });

  it("wakes for each border, and passes it at its own millisecond (SR-59)", () => {
    const day = profileOfRates([720, 1_000_000], [720, 2_000_000]);
    const therapy = obeyed(
      obeyed(therapyOf(), { kind: "setTime", baseTimeS: 86_399, timeZoneQuarters: 0, dstOffset: 0 }, DOSE, at(999))
        .next,
      { kind: "writeProfile", templateNumber: 1, firstBlockNumber: 1, profile: day },
      { epoch: 1, sequence: 2 },
      at(1_000),
    ).next;
    // 23:59:59.001 at most: the border is at 1,999 ms.
    assert.equal(therapy.rateEndsAtMs, 1_999);
    const settled = passed(therapy, 1_001);
    assert.equal(therapyWakeAt(settled, at(1_001), RIG), 1_999);
    assert.equal(passed(settled, 1_998).standing.basalMicrounitsPerHour, 2_000_000);
    const begun = passed(settled, 1_999);
    assert.equal(begun.standing.basalMicrounitsPerHour, 1_000_000);
    assert.equal(begun.rateEndsAtMs, 1_999 + 12 * HOUR_MS);
    const [total, event] = begun.standing.history.pending;
    // Total Daily Insulin; Delivered Basal Rate Changed, from 2 to 1 U/h.
    assert.deepEqual([total?.event, event?.event], [0xff, 0x99]);
    assert.deepEqual([...(event?.data ?? [])], [0, 2, 0, 1, 0]);
  });

  it("passes several borders of one stall in their order, each dated to its own moment (SR-59)", () => {
    const day = profileOfRates([60, 100_000], [60, 200_000], [60, 300_000], [1_260, 400_000]);
    const timed = obeyed(
      therapyOf(),
      { kind: "setTime", baseTimeS: 86_400, timeZoneQuarters: 0, dstOffset: 0 },
      DOSE,
      at(0),
    );
    const written = { kind: "writeProfile", templateNumber: 1, firstBlockNumber: 1, profile: day } as const;
    const therapy = passed(obeyed(timed.next, written, { epoch: 1, sequence: 2 }, at(0)).next, 0);
    let state = therapy;
    const rates: [number, number][] = [];
    for (;;) {
      const step = passRates(state, at(4 * HOUR_MS));
      state = step.next;
      if (!step.record) break;
      if (step.next.standing.history.pending.length > 0)
        rates.push([
          step.next.standing.history.pending[0]?.pumpClockMs ?? 0,
          step.next.standing.basalMicrounitsPerHour,
        ]);
    }
    assert.deepEqual(rates, [
      [HOUR_MS, 200_000],
      [2 * HOUR_MS, 300_000],
      [3 * HOUR_MS, 400_000],
    ]);
    assert.equal(state.journal.basalOwed, (100_000 + 200_000 + 300_000 + 400_000) * HOUR_MS);
  });

  it("ends a temporary rate and begins a block of one moment in one step", () => {
    const day = profileOfRates([60, 100_000], [1_380, 200_000]);
    const timed = obeyed(
      therapyOf(),
      { kind: "setTime", baseTimeS: 86_400, timeZoneQuarters: 0, dstOffset: 0 },
      DOSE,
      at(0),
    );
    const write = { kind: "writeProfile", templateNumber: 1, firstBlockNumber: 1, profile: day } as const;
    const written = passed(obeyed(timed.next, write, { epoch: 1, sequence: 2 }, at(0)).next, 0);
    const tbr = { kind: "setTbr", change: false, amount: { factorMillionths: 1_500_000 }, context: undefined } as const;
    const set = obeyed(written, { ...tbr, durationMinutes: 60 }, { epoch: 1, sequence: 3 }, at(0)).next;
    const step = passRates(set, at(HOUR_MS));
    assert.deepEqual(
      step.next.standing.history.pending.map(({ event }) => event),
      [0xaa, 0x99],
    );
    assert.equal(step.next.standing.tbr, undefined);
    assert.equal(step.next.standing.basalMicrounitsPerHour, 200_000);
    assert.equal(step.next.journal.basalOwed, 150_000 * HOUR_MS);
  });
});

describe("what a command would do", () => {
  it("is judged by the block of its own moment, though no step has passed into that yet (SR-29)", () => {
    const day = profileOfRates([60, 1_000_000], [1_380, 2_000_000]);
    const time = { setAtMs: clock(0), baseTimeS: 86_400, timeZoneQuarters: 0, dstOffset: 0, certain: true } as const;
    const write = { kind: "writeProfile", templateNumber: 1, firstBlockNumber: 1, profile: day } as const;
    const therapy = obeyed(therapyOf({ time }), write, DOSE, at(0)).next;
    const tbr = { kind: "setTbr", change: false, amount: { factorMillionths: 2_000_000 }, context: undefined } as const;
    for (const [ms, rate] of [
      [HOUR_MS - 1, 2_000_000],
      [HOUR_MS, 4_000_000],
    ] as const) {
      const meaning = resolve(therapy, { ...tbr, durationMinutes: 1 }, at(ms), RIG);
      assert.ok(meaning.ok && meaning.value.kind === "setTbr");
      assert.equal(meaning.value.rateMicrounitsPerHour, rate);
    }
    const set = obeyed(therapy, { ...tbr, durationMinutes: 1 }, { epoch: 1, sequence: 9 }, at(HOUR_MS + 7)).next;
    assert.equal(set.journal.basalOwed, 1_000_000 * HOUR_MS + 2_000_000 * 7);
    assert.equal(set.standing.basalMicrounitsPerHour, 2_000_000);
  });
});

const DOSE = { epoch: 1, sequence: 1 };

describe("a time that is set", () => {
  const set = (therapy: Therapy, baseTimeS: number, ms: number) =>
    obeyed(therapy, { kind: "setTime", baseTimeS, timeZoneQuarters: 0, dstOffset: 0 }, DOSE, at(ms)).next;

  it("frees no hour, ends no TBR and moves no clock of the pump, by whatever jump (SR-44, SR-60)", () => {
    const busy = therapyOf(
      { tbr: { rateMicrounitsPerHour: microunitsPerHour(0), durationMinutes: 60, endsAtMs: clock(HOUR_MS) } },
      { openHourMicrounits: 14_000_000 as never },
    );
    for (const baseTimeS of [100_000, 100_000 + 3_600, 86_400 * 400, 86_400 * 20_000, 3_100_000_000]) {
      const later = set(set(busy, 800_000_000, 10), baseTimeS, 20);
      assert.deepEqual(later.standing.windows, busy.standing.windows);
      assert.equal(later.journal.openHourMicrounits, 14_000_000);
      assert.deepEqual(later.standing.tbr, busy.standing.tbr);
      assert.equal(later.journal.clockMs, 20);
      const bolus = { kind: "setBolus", flags: 0, amountMicrounits: 1_010_000 as never } as const;
      const answer = resolve(later, bolus, at(HOUR_MS - 1), RIG);
      assert.ok(!answer.ok && answer.refusal === 0x75);
    }
  });

  it("dates a Reference Time with it, confirms Date Time Issue, and is refused out of its century (SR-67)", () => {
    const therapy = set(therapyOf(), 86_400, 1_000);
    const [reference] = therapy.standing.history.pending;
    assert.equal(reference?.event, 0x0f);
    // Time set; 2000-01-02 00:00:00, UTC.
    assert.deepEqual([...(reference?.data ?? [])], [0x33, 0xd0, 0x07, 1, 2, 0, 0, 0, 0, 0]);
    for (const [baseTimeS, zone, ok] of [
      [0, 0, true],
      [0, -1, false],
      [3_155_759_999, 0, true],
      [3_155_760_000, 0, false],
      [3_155_759_999, 1, false],
      [2 ** 32 - 1, -48, false],
    ] as const) {
      const command = { kind: "setTime", baseTimeS, timeZoneQuarters: zone, dstOffset: 0 } as const;
      const answer = resolve(therapyOf(), command, at(0), RIG);
      assert.equal(answer.ok ? "ok" : answer.refusal, ok ? "ok" : 0x73, `${baseTimeS} ${zone}`);
    }
  });
});

describe("a profile by the time of day", () => {
  const day = profileOfRates([60, 1_000_000], [1_380, 2_000_000]);
  const writeOf = (templateNumber: number, given: Profile) =>
    ({ kind: "writeProfile", templateNumber, firstBlockNumber: 1, profile: given }) as const;
  const answer = (therapy: Therapy, command: Command) => {
    const meaning = resolve(therapy, command, at(10), RIG);
    return meaning.ok ? "ok" : meaning.refusal.toString(16);
  };

  it("is not active without one: refused with 74 until the time is set (SR-61)", () => {
    const fresh = therapyOf();
    assert.equal(answer(fresh, writeOf(1, day)), "74");
    assert.equal(answer(fresh, writeOf(2, day)), "ok");
    const written = obeyed(fresh, writeOf(2, day), DOSE, at(0)).next;
    assert.equal(answer(written, { kind: "activateProfile", templateNumber: 2 }), "74");
    assert.equal(answer(written, { kind: "activateProfile", templateNumber: 3 }), "74");
    const timed = obeyed(
      written,
      { kind: "setTime", baseTimeS: 90_000, timeZoneQuarters: 0, dstOffset: 0 },
      DOSE,
      at(5),
    ).next;
    assert.equal(answer(timed, { kind: "activateProfile", templateNumber: 2 }), "ok");
    const lost: Therapy = {
      ...written,
      standing: { ...written.standing, activeTemplate: 2, control: "stopAfterLoss" },
    };
    assert.equal(answer(lost, { kind: "run" }), "74");
  });

  it("is refused with 73 over the limit, and so is what lets a relative TBR come over it (SR-43)", () => {
    const timed = obeyed(
      therapyOf(),
      { kind: "setTime", baseTimeS: 86_400, timeZoneQuarters: 0, dstOffset: 0 },
      DOSE,
      at(0),
    ).next;
    for (const templateNumber of [1, 2]) {
      assert.equal(answer(timed, writeOf(templateNumber, profileOfRates([1_440, 5_000_000]))), "ok");
      assert.equal(answer(timed, writeOf(templateNumber, profileOfRates([1_440, 5_010_000]))), "73");
    }
    for (const templateNumber of [0, 6]) assert.equal(answer(timed, writeOf(templateNumber, day)), "73");
    const active = obeyed(timed, writeOf(1, day), DOSE, at(1)).next;
    const relative = (factorMillionths: number, durationMinutes: number) =>
      ({ kind: "setTbr", change: false, amount: { factorMillionths }, context: undefined, durationMinutes }) as const;
    // 1 U/h until 01:00, 2 U/h from then on: it meets the second block after 60 minutes less 10 ms.
    assert.equal(answer(active, relative(5_000_000, 59)), "ok");
    assert.equal(answer(active, relative(5_010_000, 59)), "73");
    assert.equal(answer(active, relative(2_500_000, 60)), "ok");
    assert.equal(answer(active, relative(2_510_000, 60)), "73");
    const running = obeyed(active, relative(5_000_000, 59), DOSE, at(10)).next;
    const jump = { kind: "setTime", baseTimeS: 86_400 + 3_600, timeZoneQuarters: 0, dstOffset: 0 } as const;
    assert.equal(answer(running, jump), "73");
    assert.equal(answer(running, { ...jump, baseTimeS: 86_400 }), "ok");
    assert.equal(answer(running, writeOf(1, profileOfRates([1_440, 1_010_000]))), "73");
    const other = obeyed(running, writeOf(2, profileOfRates([1_440, 1_010_000])), DOSE, at(11)).next;
    assert.equal(answer(other, { kind: "activateProfile", templateNumber: 2 }), "73");
  });
});
