/**
 * The reminder of a pump that stands still: when it is due. It sounds and is told of by radio; it is no annunciation,
 * since the standard has no type for it, and nothing is stored or recorded for it. Pure.
 */

import { MS_PER_MINUTE, type UptimeMs, uptimeMs } from "../base/units.js";
import { totalMicrounits } from "./journal.js";
import type { Therapy } from "./therapy.js";

/**
 * t:slim X2 sounds its Resume Pump Alarm 15 minutes after a stop and again 15 minutes after each acknowledgement
 * (support.tandemdiabetes.com, Suspend Insulin); Omnipod DASH beeps every 15 minutes until insulin is resumed (its user
 * guide, Modifying Basal Insulin Delivery).
 */
export const STOP_REMINDER_MS = 15 * MS_PER_MINUTE;

/** When the next reminder is due; undefined while there is nothing to be reminded of. */
export type RemindAt = UptimeMs | undefined;

/**
 * Asked now and then while the pump has power. Stop is counted from the first time it is seen here, so from the boot after
 * a restart. A pump that has never delivered is not in use: it reminds of a fault alone.
 */
export function passReminder(
  remindAt: RemindAt,
  therapy: Therapy,
  now: UptimeMs,
): { readonly next: RemindAt; readonly due: boolean } {
  const inUse = therapy.fault !== undefined || totalMicrounits(therapy.journal) > 0;
  if (therapy.standing.control === "run" || !inUse) return { next: undefined, due: false };
  const due = remindAt !== undefined && now >= remindAt;
  return { next: due || remindAt === undefined ? uptimeMs(now + STOP_REMINDER_MS) : remindAt, due };
}
