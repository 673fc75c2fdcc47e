/**
 * A day of insulin delivery as text: a JSON array of entries in time order, read strictly. Whatever is not exactly as
 * described here is refused in one line that names the entry, counted from 1; nothing is skipped, rounded or assumed.
 * A field that an event does not have is refused too: it may be the misspelling of one that matters. Pure.
 */

import type { TimeBlock, TimeOrder } from "../controller/profiles.js";
import {
  AMOUNT,
  BLOCKS,
  BOOLEAN,
  exact,
  type Fields,
  fault,
  field,
  isWhole,
  LOCAL_TIME,
  MINUTES,
  oneLine,
  RATE,
  shown,
  timeOf,
  type Values,
  valuesOf,
  wrongOf,
} from "./fields.js";

/** One thing that a person or an algorithm asked of the pump. `atSeconds`: since the day began. */
export type DayEntry = { readonly atSeconds: number } & (
  | { readonly event: "bolus"; readonly amountMicrounits: number; readonly automatic: boolean }
  | { readonly event: "tempBasal"; readonly rateMicrounitsPerHour: number; readonly durationMinutes: number }
  | { readonly event: "suspend" }
  | { readonly event: "resume" }
  /** The text as it was, too. */
  | { readonly event: "setTime"; readonly localTime: string; readonly time: TimeOrder }
  /** A basal rate profile, written to a template and activated. */
  | { readonly event: "profile"; readonly blocks: readonly TimeBlock[] }
  /** Another cartridge of so much insulin, and so much of it into the line. */
  | { readonly event: "changeReservoir"; readonly fillMicrounits: number; readonly primingMicrounits: number }
);

/** The entries of a day, at least one, in time order; or what is wrong with the text, in one line. */
export type ParsedDay =
  | { readonly kind: "ok"; readonly entries: readonly DayEntry[] }
  | { readonly kind: "malformed"; readonly what: string };

/** A day of a few events a minute; more is no day. */
const MOST_ENTRIES = 10_000;
/** A month: the longest that one file may span. */
const LATEST_SECONDS = 31 * 24 * 3_600;

const isSeconds = (value: unknown): value is number => isWhole(value, 0, LATEST_SECONDS);
const AT_SECONDS = field(`a whole number of seconds from 0 to ${LATEST_SECONDS}`, isSeconds);

/** Field names are the file's; beside these every entry has `atSeconds` and `event`. */
const FIELDS: { readonly [Event in DayEntry["event"]]: Fields } = {
  bolus: { units: AMOUNT, automatic: BOOLEAN },
  tempBasal: { unitsPerHour: RATE, minutes: MINUTES },
  suspend: {},
  resume: {},
  setTime: { localTime: LOCAL_TIME },
  profile: { blocks: BLOCKS },
  changeReservoir: { fillUnits: AMOUNT, primingUnits: AMOUNT },
};

/** Reads a day. */
export function parseDay(text: string): ParsedDay {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return malformed(`the day is not JSON: ${oneLine(error instanceof Error ? error.message : "unreadable")}`);
  }
  if (!Array.isArray(parsed)) return malformed(`the day is ${shown(parsed)}; it must be an array of entries`);
  if (parsed.length < 1 || parsed.length > MOST_ENTRIES)
    return malformed(`the day has ${parsed.length} entries; it must have 1 to ${MOST_ENTRIES}`);
  const entries: DayEntry[] = [];
  for (const [index, given] of parsed.entries()) {
    const entry = parseEntry(given, index + 1, entries.at(-1)?.atSeconds ?? 0);
    if (typeof entry === "string") return malformed(entry);
    entries.push(entry);
  }
  return { kind: "ok", entries };
}

/** Days laid over each other: in time order, and of one second the entries of an earlier day first. */
export function mergeDays(days: readonly (readonly DayEntry[])[]): readonly DayEntry[] {
  return days.flat().sort((a, b) => a.atSeconds - b.atSeconds);
}

/** The entry, or what is wrong with it. */
function parseEntry(given: unknown, number: number, earliestSeconds: number): DayEntry | string {
  const entry = `entry ${number}`;
  const values = valuesOf(given);
  if (values === undefined) return `${entry} is ${shown(given)}; it must be an object`;
  const { atSeconds, event } = values;
  if (!isEvent(event)) return `${entry}: ${fault("event", event)} one of ${Object.keys(FIELDS).join(", ")}`;
  if (!isSeconds(atSeconds)) return `${entry} (${event}): ${AT_SECONDS("atSeconds", atSeconds)}`;
  const named = `${entry} (${event} at ${atSeconds} s)`;
  if (atSeconds < earliestSeconds)
    return `${named}: ${fault("atSeconds", atSeconds)} ${earliestSeconds}, as in the entry before, or later`;
  const wrong = wrongOf(values, FIELDS[event], ["atSeconds", "event"]);
  return wrong === undefined ? entryOf(event, atSeconds, values) : `${named}: ${wrong}`;
}

/** The entry whose values its fields have let through. */
function entryOf(event: DayEntry["event"], atSeconds: number, values: Values): DayEntry {
  switch (event) {
    case "bolus":
      return { atSeconds, event, amountMicrounits: exact(values["units"]), automatic: values["automatic"] === true };
    case "tempBasal":
      return { atSeconds, event, ...rateOf(values) };
    case "suspend":
    case "resume":
      return { atSeconds, event };
    case "setTime": {
      const localTime = `${values["localTime"]}`;
      const time = timeOf(localTime);
      if (time === undefined) throw new Error(`invariant: ${localTime} passed for a time`);
      return { atSeconds, event, localTime, time };
    }
    case "profile": {
      const blocks: readonly unknown[] = Array.isArray(values["blocks"]) ? values["blocks"] : [];
      return { atSeconds, event, blocks: blocks.map((block) => rateOf(valuesOf(block) ?? {})) };
    }
    case "changeReservoir": {
      const { fillUnits, primingUnits } = values;
      return { atSeconds, event, fillMicrounits: exact(fillUnits), primingMicrounits: exact(primingUnits) };
    }
    default:
      return event satisfies never;
  }
}

function rateOf({ unitsPerHour, minutes }: Values): TimeBlock {
  return { rateMicrounitsPerHour: exact(unitsPerHour), durationMinutes: Number(minutes) };
}

function isEvent(value: unknown): value is DayEntry["event"] {
  return typeof value === "string" && Object.hasOwn(FIELDS, value);
}

function malformed(what: string): ParsedDay {
  return { kind: "malformed", what };
}
