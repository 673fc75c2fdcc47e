/** A day as text: what is read, exactly, and what is refused, in one line that names the entry. */

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { type DayEntry, parseDay, toMicrounits } from "../../../host-sim/day/day.js";

const DAY = "host-sim/day/closed-loop-day.json";

const BOLUS = { atSeconds: 10, event: "bolus", units: 0.1, automatic: true };
const TBR = { atSeconds: 10, event: "tempBasal", unitsPerHour: 1.2, minutes: 30 };
const UNITS =
  "a number from 0.01 to 300, what a cartridge holds, in steps of 0.01 (of 0.1 above 20.45, of 1 above 204.5: a command carries no finer)";
const SECONDS = "a whole number of seconds from 0 to 2678400";

/** The second entry of a day, and the one line that refuses it. */
const REFUSED: readonly (readonly [entry: unknown, line: string])[] = [
  [{ ...BOLUS, units: -0.1 }, `entry 2 (bolus at 10 s): units is -0.1; it must be ${UNITS}`],
  [{ ...BOLUS, units: 0 }, `entry 2 (bolus at 10 s): units is 0; it must be ${UNITS}`],
  [{ ...BOLUS, units: "0.1" }, `entry 2 (bolus at 10 s): units is "0.1"; it must be ${UNITS}`],
  [{ ...BOLUS, units: null }, `entry 2 (bolus at 10 s): units is null; it must be ${UNITS}`],
  [{ ...BOLUS, units: [0.1] }, `entry 2 (bolus at 10 s): units is [0.1]; it must be ${UNITS}`],
  [{ ...BOLUS, units: undefined }, `entry 2 (bolus at 10 s): units is missing; it must be ${UNITS}`],
  [{ ...BOLUS, units: 0.005 }, `entry 2 (bolus at 10 s): units is 0.005; it must be ${UNITS}`],
  [{ ...BOLUS, units: 0.1 + 0.2 }, `entry 2 (bolus at 10 s): units is 0.30000000000000004; it must be ${UNITS}`],
  [{ ...BOLUS, units: 20.46 }, `entry 2 (bolus at 10 s): units is 20.46; it must be ${UNITS}`],
  [{ ...BOLUS, units: 300.1 }, `entry 2 (bolus at 10 s): units is 300.1; it must be ${UNITS}`],
  [{ ...BOLUS, units: 1e300 }, `entry 2 (bolus at 10 s): units is 1e+300; it must be ${UNITS}`],
  [{ ...BOLUS, automatic: 1 }, "entry 2 (bolus at 10 s): automatic is 1; it must be true or false"],
  [{ ...BOLUS, automatic: undefined }, "entry 2 (bolus at 10 s): automatic is missing; it must be true or false"],
  [
    { ...BOLUS, unit: 1 },
    'entry 2 (bolus at 10 s): "unit" is no field of it; it has atSeconds, event, units, automatic',
  ],
  [
    { atSeconds: 10, event: "suspend", minutes: 5 },
    'entry 2 (suspend at 10 s): "minutes" is no field of it; it has atSeconds, event',
  ],
  [
    { ...TBR, unitsPerHour: -1 },
    `entry 2 (tempBasal at 10 s): unitsPerHour is -1; it must be ${UNITS.replace("0.01", "0")}`,
  ],
  [{ ...TBR, minutes: 0 }, "entry 2 (tempBasal at 10 s): minutes is 0; it must be a whole number from 1 to 1440"],
  [{ ...TBR, minutes: 1441 }, "entry 2 (tempBasal at 10 s): minutes is 1441; it must be a whole number from 1 to 1440"],
  [{ ...TBR, minutes: 2.5 }, "entry 2 (tempBasal at 10 s): minutes is 2.5; it must be a whole number from 1 to 1440"],
  [{ ...BOLUS, atSeconds: -1 }, `entry 2 (bolus): atSeconds is -1; it must be ${SECONDS}`],
  [{ ...BOLUS, atSeconds: 0.5 }, `entry 2 (bolus): atSeconds is 0.5; it must be ${SECONDS}`],
  [{ ...BOLUS, atSeconds: 2_678_401 }, `entry 2 (bolus): atSeconds is 2678401; it must be ${SECONDS}`],
  [{ ...BOLUS, atSeconds: undefined }, `entry 2 (bolus): atSeconds is missing; it must be ${SECONDS}`],
  [
    { ...BOLUS, atSeconds: 4 },
    "entry 2 (bolus at 4 s): atSeconds is 4; it must be 5, as in the entry before, or later",
  ],
  [{ ...BOLUS, event: "square" }, 'entry 2: event is "square"; it must be one of bolus, tempBasal, suspend, resume'],
  [
    { ...BOLUS, event: "toString" },
    'entry 2: event is "toString"; it must be one of bolus, tempBasal, suspend, resume',
  ],
  [{}, "entry 2: event is missing; it must be one of bolus, tempBasal, suspend, resume"],
  [null, "entry 2 is null; it must be an object"],
  [[BOLUS], 'entry 2 is [{"atSeconds":10,"event":"bolus","units":0.1,"automatic":true}]; it must be an object'],
  ["bolus", 'entry 2 is "bolus"; it must be an object'],
  [7, "entry 2 is 7; it must be an object"],
];

/** A whole text, and the one line that refuses it. */
const REFUSED_TEXTS: readonly (readonly [text: string, line: RegExp])[] = [
  ["", /^the day is not JSON: /],
  ["[\n{\n}", /^the day is not JSON: /],
  ['[{"atSeconds": NaN}]', /^the day is not JSON: /],
  ["{}", /^the day is \{\}; it must be an array of entries$/],
  ["null", /^the day is null; it must be an array of entries$/],
  ["[]", /^the day has 0 entries; it must have 1 to 10000$/],
  [`[${Array(10_001).fill("0").join()}]`, /^the day has 10001 entries; it must have 1 to 10000$/],
  [
    '[{"atSeconds": 0, "event": "bolus", "units": 1e999, "automatic": true}]',
    /^entry 1 \(bolus at 0 s\): units is Infinity; it must be a number from 0\.01/,
  ],
  [
    '[{"atSeconds": 1e999, "event": "suspend"}]',
    /^entry 1 \(suspend\): atSeconds is Infinity; it must be a whole number/,
  ],
];

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
