/**
 * What basal insulin a day's entries come to, by nothing but what was ordered and when: the rate in force at every moment,
 * added up. Beside it the pump's total is checked. Knows of no limit and no fault, for which a pump withholds. Pure.
 */

import { DEFAULT_RIG } from "../../firmware/rig.js";
import type { TimeBlock, TimeOrder } from "../controller/profiles.js";
import type { DayEnd, PlayedEntry } from "./played.js";

const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 86_400_000;
const SECONDS_PER_QUARTER = 900;
/** What a pump is provisioned with. */
const FIRST_PROFILE: readonly TimeBlock[] = [
  { durationMinutes: 1_440, rateMicrounitsPerHour: DEFAULT_RIG.provisioning.basalMicrounitsPerHour },
];

/** Fractions of a microunit are kept. */
export interface BasalInsulin {
  readonly byProfileMicrounits: number;
  readonly byTbrMicrounits: number;
}

/** Seconds since 2000 of local time when it is set. */
export function localSecondsOf({ baseTimeSeconds, timeZoneQuarters, dstQuarters }: TimeOrder): number {
  return baseTimeSeconds + (timeZoneQuarters + dstQuarters) * SECONDS_PER_QUARTER;
}

/** Entries that took effect, boluses apart, in the order in which they did. */
export function appliedOf(played: readonly PlayedEntry[]): readonly PlayedEntry[] {
  return played
    .filter(({ outcome, change }) => outcome.kind === "applied" || change !== undefined)
    .sort((a, b) => a.atMs - b.atMs);
}

/** The basal insulin of a day that began in Run. */
export function basalOf(played: readonly PlayedEntry[], end: DayEnd): BasalInsulin {
  const rates = new Rates();
  for (const each of appliedOf(played)) {
    rates.advance(each.atMs);
    rates.take(each);
  }
  rates.advance(end.atMs);
  return rates.insulin;
}

/** The rate in force, as time goes on. */
class Rates {
  #nowMs = 0;
  #byProfile = 0;
  #byTbr = 0;
  #running = true;
  #blocks = FIRST_PROFILE;
  /** Local time of day is that much more than the time since the day began. */
  #offsetMs = 0;
  #tbr: { readonly rateMicrounitsPerHour: number; readonly endsAtMs: number } | undefined;

  get insulin(): BasalInsulin {
    return { byProfileMicrounits: this.#byProfile / MS_PER_HOUR, byTbrMicrounits: this.#byTbr / MS_PER_HOUR };
  }

  /** Adds up the time until then. */
  advance(untilMs: number): void {
    while (this.#nowMs < untilMs) {
      const block = this.#block();
      const tbr = this.#tbr;
      const nextMs = Math.min(untilMs, block.endsAtMs, tbr?.endsAtMs ?? untilMs);
      const elapsedMs = nextMs - this.#nowMs;
      if (this.#running && tbr !== undefined) this.#byTbr += elapsedMs * tbr.rateMicrounitsPerHour;
      else if (this.#running) this.#byProfile += elapsedMs * block.rateMicrounitsPerHour;
      this.#nowMs = nextMs;
      if (tbr !== undefined && nextMs >= tbr.endsAtMs) this.#tbr = undefined;
    }
  }

  /** An entry takes effect now. */
  take({ entry, atMs, change }: PlayedEntry): void {
    switch (entry.event) {
      case "tempBasal": {
        const { rateMicrounitsPerHour, durationMinutes } = entry;
        this.#tbr = { rateMicrounitsPerHour, endsAtMs: atMs + durationMinutes * MS_PER_MINUTE };
        return;
      }
      case "changeReservoir":
      case "suspend":
        this.#running = false;
        this.#tbr = undefined;
        if (change?.ranAtMs === undefined) return;
        this.advance(change.ranAtMs);
        this.#running = true;
        return;
      case "resume":
        this.#running = true;
        return;
      case "setTime":
        this.#offsetMs = localSecondsOf(entry.time) * 1_000 - atMs;
        return;
      case "profile":
        this.#blocks = entry.blocks;
        return;
      case "bolus":
        return;
      default:
        return entry satisfies never;
    }
  }

  /** The block of now, and when it ends. */
  #block(): { readonly rateMicrounitsPerHour: number; readonly endsAtMs: number } {
    const msOfDay = (this.#nowMs + this.#offsetMs) % MS_PER_DAY;
    const midnightMs = this.#nowMs - msOfDay;
    let endsAtMs = midnightMs;
    for (const { durationMinutes, rateMicrounitsPerHour } of this.#blocks) {
      endsAtMs += durationMinutes * MS_PER_MINUTE;
      if (endsAtMs > this.#nowMs) return { rateMicrounitsPerHour, endsAtMs };
    }
    throw new Error("invariant: the blocks of a profile make no day");
  }
}
