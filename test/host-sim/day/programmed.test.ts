/** Times and profiles in a day: what the pump makes of them, and that rates and days of insulin are accounted for. */

import { strict as assert } from "node:assert";
import { daysEnded } from "../../../host-sim/day/insulinDays.js";
import { basalOf } from "../../../host-sim/day/rates.js";
import {
  bolus,
  failuresOf,
  inShort,
  type PlayedDay,
  playDay,
  profile,
  resume,
  SEED,
  setTime,
  suspend,
  tempBasal,
} from "./bench.js";

const HOUR_S = 3_600;

/** Basal that was ordered, in hundredths of a unit: by the profile, by TBRs. */
function ordered({ played, end }: PlayedDay): readonly number[] {
  const { byProfileMicrounits, byTbrMicrounits } = basalOf(played, end);
  return [byProfileMicrounits, byTbrMicrounits].map((amount) => Math.round(amount / 10_000));
}

describe(`a programmed day, seed ${SEED}`, () => {
  it("delivers by the blocks of the profile that was written and activated, TBRs over it (SR-61)", () => {
    const day = playDay([
      setTime(0, "2025-04-28T10:00:00+02:00"),
      profile(0, [660, 500_000], [60, 2_000_000], [720, 1_000_000]),
      tempBasal(3 * HOUR_S, 3_000_000, 60),
      bolus(5 * HOUR_S, 100_000),
    ]);
    assert.deepEqual(day.played.map(inShort), ["applied", "applied", "applied", "delivered 100000"]);
    // 10:00 to 11:00 at 0.5 U/h, to 12:00 at 2, to 15:00 at 1, but from 13:00 to 14:00 at 3 by TBR.
    assert.deepEqual(ordered(day), [450, 300]);
    const basal = day.end.totals?.basalMicrounits ?? 0;
    assert.ok(basal >= 7_450_000 && basal <= 7_550_000, `${basal}`);
    assert.deepEqual(failuresOf(day), []);
  });

  it("writes 24 blocks, and each next profile to another template", () => {
    const blocks = Array.from({ length: 24 }, (_, hour) => [60, hour * 10_000] as const);
    const day = playDay([
      setTime(0, "2025-04-28T10:00:00+00:00"),
      profile(1, ...blocks),
      ...[1, 2, 3, 4, 5].map((tenths) => profile(tenths * 600, [1_440, tenths * 100_000])),
    ]);
    assert.deepEqual(day.played.map(inShort), Array(7).fill("applied"));
    assert.deepEqual(failuresOf(day), []);
  });

  it("shows as refused a profile that needs a time where none was set, and one over the limit, and goes on by the old one", () => {
    const day = playDay([
      profile(0, [720, 500_000], [720, 800_000]),
      profile(10, [1_440, 6_000_000]),
      bolus(HOUR_S, 100_000),
    ]);
    assert.deepEqual(day.played.map(inShort), ["refused NotApplicable", "refused OutOfRange", "delivered 100000"]);
    assert.deepEqual(ordered(day), [90, 0]);
    assert.deepEqual(failuresOf(day), []);
  });

  it("counts nothing while it is suspended, and no TBR that a suspend has ended", () => {
    const day = playDay([
      tempBasal(0, 2_000_000, 120),
      suspend(HOUR_S),
      resume(2 * HOUR_S),
      bolus(3 * HOUR_S, 100_000),
    ]);
    assert.deepEqual(ordered(day), [90, 200]);
    assert.deepEqual(failuresOf(day), []);
  });

  it("accounts for every day of insulin: past midnight, back over it, to another date, to the same", () => {
    const day = playDay([
      bolus(0, 100_000),
      setTime(60, "2025-04-28T23:30:00+02:00"),
      bolus(100, 200_000),
      setTime(HOUR_S, "2025-04-28T23:00:00+02:00"),
      setTime(HOUR_S + 60, "2025-04-28T20:00:00-03:00"),
      bolus(HOUR_S + 100, 300_000),
      bolus(6 * HOUR_S, 400_000),
      setTime(6 * HOUR_S + 60, "2024-02-29T23:59:00-11:00"),
      bolus(6 * HOUR_S + 180, 500_000),
    ]);
    assert.deepEqual(daysEnded(day.played, day.end), [
      "0-0-0",
      "2025-4-28",
      "2025-4-29",
      "2025-4-28",
      "2025-4-29",
      "2024-2-29",
    ]);
    assert.deepEqual(failuresOf(day), []);
  });

  it("accounts for days of 24 h from the first boot on where no time was set", () => {
    const day = playDay([bolus(0, 100_000), bolus(50 * HOUR_S, 100_000)]);
    assert.deepEqual(daysEnded(day.played, day.end), ["0-0-0", "0-0-0"]);
    assert.deepEqual(failuresOf(day), []);
  });
});
