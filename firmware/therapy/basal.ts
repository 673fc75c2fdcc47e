/**
 * Basal insulin owed, as an exact integer: microunits an hour times milliseconds, so that no rate and no pause loses a
 * part of a microunit. What is owed comes from the clock, never from a count of callbacks. Pure.
 */

import { type Microunits, type MicrounitsPerHour, MS_PER_HOUR } from "../base/units.js";

/** Owed insulin in microunits x ms / h: 3,600,000 of it are one microunit. */
export type Owed = number;

/** What is owed after `elapsedMs` more at a rate. */
export function accrue(owed: Owed, rateMicrounitsPerHour: MicrounitsPerHour, elapsedMs: number): Owed {
  return owed + rateMicrounitsPerHour * elapsedMs;
}

/** Whether a whole pulse is owed. */
export function isDue(owed: Owed, pulseMicrounits: Microunits): boolean {
  return owed >= pulseMicrounits * MS_PER_HOUR;
}

/** What is still owed once a pulse has been begun, or withheld. */
export function pay(owed: Owed, pulseMicrounits: Microunits): Owed {
  return owed - pulseMicrounits * MS_PER_HOUR;
}

/** What is left of it once delivery stops: whole pulses are not made up later, a part of one is kept. */
export function withoutWholePulses(owed: Owed, pulseMicrounits: Microunits): Owed {
  return owed % (pulseMicrounits * MS_PER_HOUR);
}

/** Time until a whole pulse is owed; undefined when the rate is zero. */
export function dueInMs(
  owed: Owed,
  rateMicrounitsPerHour: MicrounitsPerHour,
  pulseMicrounits: Microunits,
): number | undefined {
  const missing = pulseMicrounits * MS_PER_HOUR - owed;
  if (missing <= 0) return 0;
  return rateMicrounitsPerHour === 0 ? undefined : Math.ceil(missing / rateMicrounitsPerHour);
}
