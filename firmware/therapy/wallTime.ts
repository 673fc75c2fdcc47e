/**
 * The time of day: the pump clock and what was set upon it. It picks the basal block and dates the history, and nothing
 * else rests on it: limits, TBRs and lifetimes run on the pump clock, which no set moves. Pure.
 */

import { MS_PER_MINUTE, type PumpClockMs } from "../base/units.js";
import type { DstOffset } from "../ids/deviceTime.js";

export const MINUTES_PER_DAY = 1_440;
export const MS_PER_DAY = MINUTES_PER_DAY * MS_PER_MINUTE;
/** Time zone and DST offset are quarters of an hour (Device Time Service 1.0). */
const SECONDS_PER_QUARTER = 900;

/** A time that was set. */
export interface WallTime {
  /** Pump clock when it was. */
  readonly setAtMs: PumpClockMs;
  /** The time then: seconds since 2000-01-01 00:00:00 UTC. */
  readonly baseTimeS: number;
  /** -48 to 56. */
  readonly timeZoneQuarters: number;
  readonly dstOffset: Exclude<DstOffset, 255>;
  /** Whether the pump has had power ever since: without, the pump clock stood, and the time is behind. */
  readonly certain: boolean;
}

/** Seconds since 2000-01-01 00:00:00 UTC, rounded down. */
export function utcSeconds(time: WallTime, clockMs: PumpClockMs): number {
  return time.baseTimeS + Math.floor((clockMs - time.setAtMs) / 1000);
}

/** Seconds since 2000-01-01 00:00:00 of local time, rounded down. */
export function localSeconds(time: WallTime, clockMs: PumpClockMs): number {
  return utcSeconds(time, clockMs) + (time.timeZoneQuarters + time.dstOffset) * SECONDS_PER_QUARTER;
}

/** Milliseconds since local midnight. As long as no time was set, the day begins where the pump clock did. */
export function msOfDay(time: WallTime | undefined, clockMs: PumpClockMs): number {
  const sinceMs = time ? localSeconds(time, time.setAtMs) * 1000 + (clockMs - time.setAtMs) : clockMs;
  return ((sinceMs % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY;
}
