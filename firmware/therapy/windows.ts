/**
 * What was delivered in the last hour and the last 24, in 25 hourly bins of the pump clock counted whole: the bin under
 * way and the 24 before it. Never less than the true sliding sum, and at most one hour's delivery more. Pure.
 */

import { type Microunits, MS_PER_HOUR, microunits, type PumpClockMs } from "../base/units.js";

/** Hours kept beside the one under way. */
export const CLOSED_BINS = 24;

export interface Windows {
  /** Number of the hour under way: pump clock / 1 h, rounded down. */
  readonly hour: number;
  /** The 24 hours before it, newest first. */
  readonly closedMicrounits: readonly Microunits[];
}

export const NO_DELIVERY: Windows = { hour: 0, closedMicrounits: Array(CLOSED_BINS).fill(microunits(0)) };

export const hourOf = (clockMs: PumpClockMs): number => Math.floor(clockMs / MS_PER_HOUR);

/** Moves on to hour `hour`, closing the one under way with what it delivered. */
export function closeHours(windows: Windows, openMicrounits: Microunits, hour: number): Windows {
  const passed = hour - windows.hour;
  if (passed < 0) throw new Error("invariant: the pump clock ran backwards");
  const silent = Array(Math.min(Math.max(passed - 1, 0), CLOSED_BINS)).fill(microunits(0));
  const closed = passed === 0 ? windows.closedMicrounits : [...silent, openMicrounits, ...windows.closedMicrounits];
  return { hour, closedMicrounits: closed.slice(0, CLOSED_BINS) };
}

/** Any 60 minutes up to now: the bin under way and the one before it. */
export function lastHourMicrounits(windows: Windows, openMicrounits: Microunits): Microunits {
  return microunits(openMicrounits + (windows.closedMicrounits[0] ?? 0));
}

/** Any 24 hours up to now: all 25 bins. */
export function lastDayMicrounits(windows: Windows, openMicrounits: Microunits): Microunits {
  const { closedMicrounits } = windows;
  let sum: number = openMicrounits;
  for (let i = 0; i < closedMicrounits.length; i++) sum += closedMicrounits[i] ?? 0;
  return microunits(sum);
}
