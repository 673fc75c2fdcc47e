/**
 * Days of insulin: from one local midnight to the next, or 24 h of the pump clock while no time was ever set. A day is the
 * totals (journal.ts) at its begin; what it holds is what they have grown by. The next begins with the totals that it ends
 * with, so that every microunit is of one day alone: all days recorded and the one under way make the totals. Pure.
 */

import { type Microunits, microunits, type PumpClockMs, pumpClockMs } from "../base/units.js";
import { DATE_TIME_UNKNOWN, dateTimeOf } from "../ids/dateTime.js";
import { StatusChangedFlag } from "../ids/values.js";
import { apply, type Change } from "./change.js";
import { totalDailyInsulin } from "./events.js";
import type { Journal } from "./journal.js";
import type { Day } from "./standing.js";
import type { Therapy } from "./therapy.js";
import { localSeconds, MS_PER_DAY, msOfDay, type WallTime } from "./wallTime.js";

const SECONDS_PER_DAY = MS_PER_DAY / 1000;

/** Insulin by its source. */
export interface DayInsulin {
  readonly bolusMicrounits: Microunits;
  readonly basalMicrounits: Microunits;
}

/** The day that is under way at `clockMs`, as if it began now. */
export function beginDay(journal: Journal, time: WallTime | undefined, clockMs: PumpClockMs): Day {
  const { bolusTotalMicrounits, basalTotalMicrounits } = journal;
  const endsAtMs = pumpClockMs(clockMs + MS_PER_DAY - msOfDay(time, clockMs));
  return { bolusTotalMicrounits, basalTotalMicrounits, endsAtMs };
}

/** The therapy with a day under way: the one that was, or one that begins where its clock stands. */
export function withDay(therapy: Therapy): Therapy {
  const { standing, journal } = therapy;
  return standing.day
    ? therapy
    : { ...therapy, standing: { ...standing, day: beginDay(journal, standing.time, journal.clockMs) } };
}

/** What was delivered since the day under way began, each pulse whole from when it began. */
export function dayInsulin({ standing, journal }: Pick<Therapy, "standing" | "journal">): DayInsulin {
  const { bolusTotalMicrounits: bolus = 0, basalTotalMicrounits: basal = 0 } = standing.day ?? {};
  return {
    bolusMicrounits: microunits(journal.bolusTotalMicrounits - bolus),
    basalMicrounits: microunits(journal.basalTotalMicrounits - basal),
  };
}

/** Its last second, by the clock that its end was computed by: seconds since 2000 of local time. */
const lastSecond = (day: Day, time: WallTime): number => localSeconds(time, pumpClockMs(day.endsAtMs - 1));
const dayNumber = (seconds: number): number => Math.floor(seconds / SECONDS_PER_DAY);

/**
 * Records the day under way and begins the next at the change's moment; without one, begins one. `timeChanged`: a set of
 * the time ends it, or was in it.
 */
function dayEnded(change: Change, timeChanged: boolean): Change {
  const { therapy, clockMs } = change;
  const { day, time } = therapy.standing;
  const next = { day: beginDay(therapy.journal, time, clockMs) };
  if (!day) return apply(change, next, 0);
  const date = time ? dateTimeOf(lastSecond(day, time)) : DATE_TIME_UNKNOWN;
  const { bolusMicrounits, basalMicrounits } = dayInsulin(therapy);
  const event = totalDailyInsulin(bolusMicrounits, basalMicrounits, date, timeChanged);
  return apply(change, next, StatusChangedFlag.TotalDailyInsulin, event);
}

/** Ends the day whose midnight is the change's moment, or was before. */
export function midnightPassed(change: Change): Change {
  const { day, time } = change.therapy.standing;
  if (!day || day.endsAtMs > change.clockMs) return change;
  // A day has 24 h of the time that was set last, unless that was in it.
  return dayEnded(change, time !== undefined && time.setAtMs >= day.endsAtMs - MS_PER_DAY);
}

/**
 * Sets the time. By one that has another date, or where there was none, the day under way ends here and now and another
 * begins; else it goes on, to the midnight of the new time.
 */
export function timeAdopted(change: Change, time: WallTime): Change {
  const { clockMs } = change;
  const { day, time: before } = change.therapy.standing;
  const sameDate = day && before && dayNumber(lastSecond(day, before)) === dayNumber(localSeconds(time, clockMs));
  const passed = sameDate ? change : dayEnded(change, true);
  const under = passed.therapy.standing.day;
  const { endsAtMs } = beginDay(passed.therapy.journal, time, clockMs);
  return apply(passed, { time, day: under && { ...under, endsAtMs } }, 0);
}
