/** A day as text: what is read, exactly, and what is refused, in one line that names the entry. */

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { type DayEntry, mergeDays, parseDay } from "../../../host-sim/day/day.js";
import { toMicrounits } from "../../../host-sim/day/fields.js";
import { BOLUS, CHANGE, PROFILE, REFUSED, REFUSED_TEXTS, TIME } from "./refusedDays.js";

const DAY = "host-sim/day/closed-loop-day.json";
const PROGRAMMED = "host-sim/day/programmed-day.json";

function refusal(text: string): string {
  const day = parseDay(text);
  if (day.kind === "ok") throw new Error("it was read");
  assert.doesNotMatch(day.what, /\p{Cc}/u);
  return day.what;
}

function entriesOf(text: string): readonly DayEntry[] {
  const day = parseDay(text);
  if (day.kind !== "ok") throw new Error(day.what);
  return day.entries;
}

describe("a day as text", () => {
  const first = { atSeconds: 5, event: "resume" };
  for (const [entry, line] of REFUSED)
    it(`refuses ${JSON.stringify(entry)} in a line that names the entry`, () => {
      assert.equal(refusal(JSON.stringify([first, entry])), line);
    });

  for (const [text, line] of REFUSED_TEXTS)
    it(`refuses the text ${JSON.stringify(text.slice(0, 40))} in one line`, () => {
      assert.match(refusal(text), line);
    });

  it("reads every amount that a command can say to the exact microunit", () => {
    for (let hundredths = 1; hundredths <= 2_045; hundredths++) {
      const text = `${Math.floor(hundredths / 100)}.${`${hundredths % 100}`.padStart(2, "0")}`;
      const [entry] = entriesOf(`[{"atSeconds": 0, "event": "bolus", "units": ${text}, "automatic": false}]`);
      assert.deepEqual(entry, {
        atSeconds: 0,
        event: "bolus",
        amountMicrounits: hundredths * 10_000,
        automatic: false,
      });
    }
    const [coarse] = entriesOf('[{"atSeconds": 0, "event": "bolus", "units": 20.5, "automatic": false}]');
    assert.ok(coarse?.event === "bolus" && coarse.amountMicrounits === 20_500_000);
  });

  it("takes no number of units that is not whole microunits", () => {
    assert.equal(toMicrounits(0.000_001), 1);
    assert.equal(toMicrounits(299.999_999), 299_999_999);
    assert.equal(Object.is(toMicrounits(-0), 0), true);
    for (const units of [0.000_000_1, 0.1 + 0.2, 0.7 + 0.1, 1e22, Number.NaN, Number.POSITIVE_INFINITY])
      assert.equal(toMicrounits(units), undefined, `${units}`);
  });

  it("takes a zero rate, entries of one time, and the fields in any order", () => {
    const [zero, same] = entriesOf(
      '[{"minutes": 60, "unitsPerHour": -0, "event": "tempBasal", "atSeconds": 3}, {"event": "suspend", "atSeconds": 3}]',
    );
    assert.deepEqual(zero, { atSeconds: 3, event: "tempBasal", rateMicrounitsPerHour: 0, durationMinutes: 60 });
    assert.deepEqual(same, { atSeconds: 3, event: "suspend" });
  });

  it("reads a time to the second and the quarter of an hour, to either side of UTC and both ends of what can be set", () => {
    // By Date of ECMAScript: seconds from 2000-01-01 00:00:00 UTC.
    const since2000 = (text: string) => (Date.parse(text) - Date.UTC(2000, 0, 1)) / 1_000;
    for (const [localTime, timeZoneQuarters] of [
      ["2025-04-28T16:00:00+02:00", 8],
      ["2024-02-29T23:59:59-03:30", -14],
      ["2000-01-01T00:00:00+00:00", 0],
      ["2000-01-01T14:00:00+14:00", 56],
      ["2099-12-31T23:59:59-12:00", -48],
      ["2025-04-28T16:00:00-00:00", 0],
    ] as const) {
      const [entry] = entriesOf(JSON.stringify([{ ...TIME, localTime }]));
      const time = { baseTimeSeconds: since2000(localTime), timeZoneQuarters, dstQuarters: 0 };
      assert.deepEqual(entry, { atSeconds: 10, event: "setTime", localTime, time });
    }
  });

  it("reads a profile of one block and of 24, and a change of the reservoir, to the microunit", () => {
    const blocks = Array.from({ length: 24 }, (_, hour) => ({ minutes: 60, unitsPerHour: hour / 100 }));
    const [one, most, change] = entriesOf(JSON.stringify([PROFILE, { ...PROFILE, blocks }, CHANGE]));
    assert.deepEqual(one, {
      atSeconds: 10,
      event: "profile",
      blocks: [{ durationMinutes: 1_440, rateMicrounitsPerHour: 900_000 }],
    });
    assert.deepEqual(most, {
      atSeconds: 10,
      event: "profile",
      blocks: blocks.map((_, hour) => ({ durationMinutes: 60, rateMicrounitsPerHour: hour * 10_000 })),
    });
    assert.deepEqual(change, {
      atSeconds: 10,
      event: "changeReservoir",
      fillMicrounits: 180_000_000,
      primingMicrounits: 10_000_000,
    });
  });

  it("lays days over each other in time order, and of one second the first day's entries first", () => {
    const days = [
      [TIME, { ...CHANGE, atSeconds: 20 }],
      [BOLUS, { atSeconds: 15, event: "suspend" }, { atSeconds: 20, event: "resume" }],
    ].map((entries) => entriesOf(JSON.stringify(entries)));
    assert.deepEqual(
      mergeDays(days).map(({ event }) => event),
      ["setTime", "bolus", "suspend", "changeReservoir", "resume"],
    );
  });

  it("reads the programmed day that is laid under the real one: a time, a profile, a change of the reservoir", () => {
    const entries = entriesOf(readFileSync(PROGRAMMED, "utf8"));
    assert.deepEqual(
      entries.map(({ event }) => event),
      ["setTime", "profile", "changeReservoir"],
    );
  });

  it("reads the real day whole: 23 boluses, 26 temporary basals, a suspend and a resume", () => {
    const entries = entriesOf(readFileSync(DAY, "utf8"));
    const count = (event: DayEntry["event"]) => entries.filter((entry) => entry.event === event).length;
    const counts = [count("bolus"), count("tempBasal"), count("suspend"), count("resume"), entries.length];
    assert.deepEqual(counts, [23, 26, 1, 1, 51]);
    const boluses = entries.map((entry) => (entry.event === "bolus" ? entry.amountMicrounits : 0));
    assert.equal(
      boluses.reduce((sum, amount) => sum + amount, 0),
      8_100_000,
    );
    assert.equal(entries.at(-1)?.atSeconds, 48_497);
  });
});
