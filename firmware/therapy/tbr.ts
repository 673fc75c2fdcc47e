/** Temporary basal rates: what one is, and what it comes to. Pure. */

import { MICROUNITS_PER_UNIT, type MicrounitsPerHour, microunitsPerHour, type PumpClockMs } from "../base/units.js";
import type { TbrContext } from "../ids/values.js";

/** What a temporary rate is: so much an hour, or so many millionths of the programmed rate of each moment. */
export type TbrAmount = { readonly rateMicrounitsPerHour: MicrounitsPerHour } | { readonly factorMillionths: number };

/** A temporary basal rate. Ends at a reboot whatever its duration. */
export type Tbr = TbrAmount & {
  /** Who runs it, where the command said so. */
  readonly context?: TbrContext;
  /** As commanded, 1 to 1440. */
  readonly durationMinutes: number;
  readonly endsAtMs: PumpClockMs;
};

/** A temporary rate where the programmed one is `programmed`; a part of a microunit an hour is left out. */
export function tbrRate(tbr: TbrAmount, programmed: MicrounitsPerHour): MicrounitsPerHour {
  if (!("factorMillionths" in tbr)) return tbr.rateMicrounitsPerHour;
  return microunitsPerHour(Math.floor((programmed * tbr.factorMillionths) / MICROUNITS_PER_UNIT));
}
