/**
 * The one gate that every source of insulin passes. Refuses, never reduces. The limits are the rig's, below hard
 * ceilings, and nothing that comes by radio changes them. Pure.
 */

import { Refusal } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import type { Microunits } from "../base/units.js";
import type { LimitsConfig } from "../rig.js";
import { lastDayMicrounits, lastHourMicrounits, type Windows } from "./windows.js";

export interface Delivered {
  readonly windows: Windows;
  /** Delivered, at its upper bound, in the hour under way. */
  readonly openHourMicrounits: Microunits;
  /** Promised to the bolus under way and not yet delivered. */
  readonly reservedMicrounits: Microunits;
  readonly reservoirMicrounits: Microunits;
}

/**
 * Whether `amountMicrounits` more may be delivered. Refusals: NotCompleted when the reservoir holds less, Plausibility
 * when the hour's or the day's limit would be passed.
 */
export function gate(limits: LimitsConfig, delivered: Delivered, amountMicrounits: Microunits): Result<Microunits> {
  const { windows, openHourMicrounits, reservedMicrounits, reservoirMicrounits } = delivered;
  const more = reservedMicrounits + amountMicrounits;
  if (more > reservoirMicrounits) return refuse(Refusal.NotCompleted);
  if (lastHourMicrounits(windows, openHourMicrounits) + more > limits.hourMaxMicrounits)
    return refuse(Refusal.Plausibility);
  if (lastDayMicrounits(windows, openHourMicrounits) + more > limits.dayMaxMicrounits)
    return refuse(Refusal.Plausibility);
  return ok(amountMicrounits);
}
