import { strict as assert } from "node:assert";
import fc from "fast-check";
import { DATE_TIME_UNKNOWN, type DateTime, dateTimeOf, secondsOf } from "../../firmware/ids/dateTime.js";

const SEED = 0x2a08;
const EPOCH_2000_MS = Date.UTC(2000, 0, 1);

const at = (year: number, month: number, day: number, hours = 0, minutes = 0, seconds = 0): DateTime => ({
  year,
  month,
  day,
  hours,
  minutes,
  seconds,
});

const vectors: readonly (readonly [seconds: number, dateTime: DateTime, what: string])[] = [
  [0, at(2000, 1, 1), "the beginning"],
  [86_399, at(2000, 1, 1, 23, 59, 59), "the first day's end"],
  [5_097_600, at(2000, 2, 29), "a leap day of a century that has one"],
  [5_184_000, at(2000, 3, 1), "the day after it"],
  [31_622_399, at(2000, 12, 31, 23, 59, 59), "a leap year's end"],
  [31_622_400, at(2001, 1, 1), "the next year"],
  [665_640_306, at(2021, 2, 3, 4, 5, 6), "Tidepool's reference time"],
  [568_177_445, at(2018, 1, 2, 3, 4, 5), "the Kotlin parser's reference time"],
  [3_160_771_200, at(2100, 2, 28), "the end of February of a century without a leap day"],
  [3_160_857_600, at(2100, 3, 1), "the day after it"],
  [4_294_967_295, at(2136, 2, 7, 6, 28, 15), "the end of a u32"],
];

const impossible: readonly (readonly [dateTime: DateTime, what: string])[] = [
  [DATE_TIME_UNKNOWN, "not known"],
  [at(2024, 0, 1), "month not known"],
  [at(2024, 1, 0), "day not known"],
  [at(1999, 12, 31, 23, 59, 59), "before 2000"],
  [at(2136, 2, 7, 6, 28, 16), "one second after a u32"],
  [at(2137, 1, 1), "a year after a u32"],
  [at(65_535, 12, 31), "the last year of a u16"],
  [at(2023, 2, 29), "no leap year"],
  [at(2100, 2, 29), "no leap century"],
  [at(2024, 2, 30), "no such day"],
  [at(2024, 4, 31), "no such day"],
  [at(2024, 13, 1), "no such month"],
  [at(2024, 255, 1), "no such month"],
  [at(2024, 1, 32), "no such day"],
  [at(2024, 1, 1, 24), "no such hour"],
  [at(2024, 1, 1, 0, 60), "no such minute"],
  [at(2024, 1, 1, 0, 0, 60), "a leap second"],
];

describe("dates and times", () => {
  for (const [seconds, dateTime, what] of vectors)
    it(`are ${seconds} s after 2000 began: ${what}`, () => {
      assert.deepEqual(dateTimeOf(seconds), dateTime);
      assert.equal(secondsOf(dateTime), seconds);
    });

  for (const [dateTime, what] of impossible)
    it(`have no seconds for ${Object.values(dateTime).join(" ")}: ${what}`, () =>
      assert.equal(secondsOf(dateTime), undefined));

  it("throw on seconds that are no u32", () => {
    for (const seconds of [-1, 2 ** 32, 0.5, Number.NaN]) assert.throws(() => dateTimeOf(seconds), /since 2000/);
  });

  it("are those of the engine's own calendar on the first and the last day of every month", () => {
    for (let year = 2000; year < 2136; year++)
      for (let month = 1; month <= 12; month++)
        for (const ms of [Date.UTC(year, month - 1, 1), Date.UTC(year, month, 0)]) {
          const date = at(year, month, new Date(ms).getUTCDate());
          assert.equal(secondsOf(date), (ms - EPOCH_2000_MS) / 1000);
          assert.deepEqual(dateTimeOf((ms - EPOCH_2000_MS) / 1000), date);
        }
  });

  it(`come back from any second (seed ${SEED})`, () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seconds) =>
        assert.equal(secondsOf(dateTimeOf(seconds)), seconds),
      ),
      { seed: SEED, numRuns: 300 },
    ));
});
