/** Basal rate profiles: their blob, what they have for a moment, and the day that they make of it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { microunitsPerHour } from "../../firmware/base/units.js";
import {
  blocksOf,
  isFlat,
  NEVER,
  newProfiles,
  PROFILES_BLOB,
  profileOf,
  profileOfBlocks,
  programmedAt,
  withWritten,
} from "../../firmware/therapy/profiles.js";
import { localSeconds, msOfDay, type WallTime } from "../../firmware/therapy/wallTime.js";
import { clock, HOUR_MS } from "./bench.js";
import { profile, profileOfRates } from "./profileBench.js";

const DAY_MS = 24 * HOUR_MS;
const flat = (rate: number) => profileOfRates([1_440, rate]);

describe("a profile's moment", () => {
  const day = profileOfRates([60, 100_000], [60, 100_000], [600, 0], [720, 250_000]);

  it("has the rate of its block to the last millisecond, and blocks of one rate are one", () => {
    for (const [atMs, rate, untilMs] of [
      [0, 100_000, 2 * HOUR_MS],
      [HOUR_MS, 100_000, 2 * HOUR_MS],
      [2 * HOUR_MS - 1, 100_000, 2 * HOUR_MS],
      [2 * HOUR_MS, 0, 12 * HOUR_MS],
      [12 * HOUR_MS, 250_000, DAY_MS],
      [DAY_MS - 1, 250_000, DAY_MS],
      [DAY_MS, 100_000, DAY_MS + 2 * HOUR_MS],
      [400 * DAY_MS - 1, 250_000, 400 * DAY_MS],
    ] as const)
      assert.deepEqual(programmedAt(day, undefined, clock(atMs)), { rateMicrounitsPerHour: rate, untilMs }, `${atMs}`);
  });

  it("has no end with one rate all day, in however many blocks, and over midnight with one rate around it", () => {
    for (const each of [flat(900_000), profileOfRates([1, 0], [1_439, 0])]) {
      assert.ok(isFlat(each));
      assert.equal(programmedAt(each, undefined, clock(77)).untilMs, NEVER);
    }
    const around = profileOfRates([60, 100_000], [1_320, 0], [60, 100_000]);
    assert.equal(isFlat(around), false);
    assert.equal(programmedAt(around, undefined, clock(23 * HOUR_MS)).untilMs, DAY_MS + HOUR_MS);
  });

  it("is found by local time: UTC, time zone and DST, on either side of a day and before the clock was set", () => {
    const time: WallTime = {
      setAtMs: clock(5_000_000),
      baseTimeS: 86_400 * 9_000 + 3_600,
      timeZoneQuarters: -20,
      dstOffset: 4,
      certain: true,
    };
    // 01:00 UTC is 21:00 of the day before, at five hours west with an hour of DST.
    assert.equal(localSeconds(time, clock(5_000_000)) % 86_400, 21 * 3_600);
    assert.equal(msOfDay(time, clock(5_000_000)), 21 * HOUR_MS);
    assert.equal(msOfDay(time, clock(5_000_123)), 21 * HOUR_MS + 123);
    assert.equal(msOfDay(time, clock(4_999_999)), 21 * HOUR_MS - 1);
    assert.equal(msOfDay(time, clock(5_000_000 + 3 * HOUR_MS)), 0);
    assert.equal(msOfDay({ ...time, baseTimeS: 0, timeZoneQuarters: -48 }, clock(5_000_000)), 13 * HOUR_MS);
  });
});

describe("templates", () => {
  it("begin with one rate all day, and four that are not configured", () => {
    const profiles = newProfiles(microunitsPerHour(900_000));
    const [first] = blocksOf(profileOf(profiles, 0, 1) ?? flat(0));
    assert.deepEqual(first, { durationMinutes: 1_440, rateMicrounitsPerHour: 900_000 });
    for (const number of [0, 2, 3, 4, 5, 6, 255]) assert.equal(profileOf(profiles, 0, number), undefined);
  });

  it("count once their revision does, and one that never did is dropped by the next", () => {
    const [a, b, c] = [flat(10_000), flat(20_000), flat(30_000)];
    const one = withWritten(newProfiles(microunitsPerHour(0)), 0, 2, a);
    assert.equal(profileOf(one, 0, 2), undefined);
    assert.equal(profileOf(one, 1, 2), a);
    // Written and cut: revision 2 never counted.
    const cut = withWritten(one, 1, 2, b);
    assert.equal(profileOf(cut, 1, 2), a);
    const next = withWritten(cut, 1, 3, c);
    assert.equal(profileOf(next, 2, 2), a);
    assert.equal(profileOf(next, 2, 3), c);
  });

  it("take no blocks that make no day", () => {
    const block = { durationMinutes: 60, rateMicrounitsPerHour: microunitsPerHour(0) };
    for (const blocks of [[], Array(23).fill(block), Array(25).fill(block)])
      assert.throws(() => profileOfBlocks(blocks), /invariant: \d+ time blocks are no day/);
    assert.throws(() => profileOfRates([0, 0], [1_440, 0]), /invariant/);
  });

  it("are read back as they were stored, and are none with a byte changed in their shape (SR-04)", () => {
    const template = fc.option(profile(5_000_000), { nil: undefined });
    const templates = fc.array(template, { minLength: 5, maxLength: 5 });
    const newest = fc.option(
      fc.record(
        {
          revision: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
          templateNumber: fc.integer({ min: 1, max: 5 }),
          profile: profile(0),
        },
        { noNullPrototype: true },
      ),
      { nil: undefined },
    );
    fc.assert(
      fc.property(fc.record({ templates, newest }, { noNullPrototype: true }), (profiles) => {
        const bytes = PROFILES_BLOB.encode(profiles);
        assert.deepEqual(PROFILES_BLOB.decode(bytes), profiles);
        assert.equal(PROFILES_BLOB.decode(bytes.slice(0, -1)), undefined);
        assert.equal(PROFILES_BLOB.decode(Uint8Array.from([...bytes, 0])), undefined);
      }),
      { seed: 611, numRuns: 40 },
    );
    const bytes = PROFILES_BLOB.encode(newProfiles(microunitsPerHour(1)));
    for (const [at, value] of [
      [4, 1],
      [5, 2],
      [6, 0],
      [12, 1],
    ] as const) {
      const broken = bytes.slice();
      broken[at] = value;
      assert.equal(PROFILES_BLOB.decode(broken), undefined, `byte ${at}`);
    }
  });
});
