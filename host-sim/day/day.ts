/**
 * A day of insulin delivery as text: a JSON array of entries in time order, read strictly. Whatever is not exactly as
 * described here is refused in one line that names the entry, counted from 1; nothing is skipped, rounded or assumed.
 * A field that an event does not have is refused too: it may be the misspelling of one that matters. Pure.
 */

import { MICROUNITS_PER_UNIT } from "../../firmware/base/units.js";
import { LONGEST_TBR_MINUTES } from "../controller/ids.js";
import { encodeSfloat } from "../controller/sfloat.js";
import { CARTRIDGE_MICROUNITS } from "../plant/syringe.js";

/** One thing that a person or an algorithm asked of the pump. `atSeconds`: since the day began. */
export type DayEntry = { readonly atSeconds: number } & (
  | { readonly event: "bolus"; readonly amountMicrounits: number; readonly automatic: boolean }
  | { readonly event: "tempBasal"; readonly rateMicrounitsPerHour: number; readonly durationMinutes: number }
  | { readonly event: "suspend" }
  | { readonly event: "resume" }
);

/** The entries of a day, at least one, in time order; or what is wrong with the text, in one line. */
export type ParsedDay =
  | { readonly kind: "ok"; readonly entries: readonly DayEntry[] }
  | { readonly kind: "malformed"; readonly what: string };

/** A day of a few events a minute; more is no day. */
const MOST_ENTRIES = 10_000;
/** A month: the longest that one file may span. */
const LATEST_SECONDS = 31 * 24 * 3_600;
/** A line stays readable: longer values are cut. */
const SHOWN_CHARACTERS = 80;

/** One field: what it must be, in words, and whether a value is. */
interface Field {
  readonly rule: string;
  holds(value: unknown): boolean;
}

const WHOLE_STEPS = "in steps of 0.01 (of 0.1 above 20.45, of 1 above 204.5: a command carries no finer)";
const MOST_UNITS = CARTRIDGE_MICROUNITS / MICROUNITS_PER_UNIT;

const AT_SECONDS: Field = {
  rule: `a whole number of seconds from 0 to ${LATEST_SECONDS}`,
  holds: (value) => isWhole(value, 0, LATEST_SECONDS),
};

/** Field names are the file's; beside these every entry has `atSeconds` and `event`. */
const FIELDS: { readonly [Event in DayEntry["event"]]: { readonly [name: string]: Field } } = {
  bolus: {
    units: {
      rule: `a number from 0.01 to ${MOST_UNITS}, what a cartridge holds, ${WHOLE_STEPS}`,
      holds: (value) => isCommandAmount(value) && value !== 0,
    },
    automatic: { rule: "true or false", holds: (value) => typeof value === "boolean" },
  },
  tempBasal: {
    unitsPerHour: {
      rule: `a number from 0 to ${MOST_UNITS}, what a cartridge holds, ${WHOLE_STEPS}`,
      holds: isCommandAmount,
    },
    minutes: {
      rule: `a whole number from 1 to ${LONGEST_TBR_MINUTES}`,
      holds: (value) => isWhole(value, 1, LONGEST_TBR_MINUTES),
    },
  },
  suspend: {},
  resume: {},
};

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

function isCommandAmount(value: unknown): boolean {
  const amountMicrounits = typeof value === "number" ? toMicrounits(value) : undefined;
  if (amountMicrounits === undefined || amountMicrounits < 0 || amountMicrounits > CARTRIDGE_MICROUNITS) return false;
  try {
    encodeSfloat(amountMicrounits);
    return true;
  } catch {
    // It throws for one thing: an amount that a command cannot say exactly.
    return false;
  }
}

/**
 * Units as whole microunits, or undefined when they are not a whole number of them that is exact. A decimal of up to
 * six places reads as the double nearest to it, and so does its number of microunits divided by a million: the two are
 * the same double exactly when the rounding lost nothing.
 */
export function toMicrounits(units: number): number | undefined {
  const rounded = Math.round(units * MICROUNITS_PER_UNIT) + 0;
  return Number.isSafeInteger(rounded) && rounded / MICROUNITS_PER_UNIT === units ? rounded : undefined;
}

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

/** The entry, or what is wrong with it. */
function parseEntry(given: unknown, number: number, earliestSeconds: number): DayEntry | string {
  const entry = `entry ${number}`;
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return `${entry} is ${shown(given)}; it must be an object`;
  const values: { readonly [name: string]: unknown } = { ...given };
  const { atSeconds, event } = values;
  if (!isEvent(event)) return `${entry}: ${fault("event", event)} one of ${Object.keys(FIELDS).join(", ")}`;
  if (!isSeconds(atSeconds)) return `${entry} (${event}): ${fault("atSeconds", atSeconds)} ${AT_SECONDS.rule}`;
  const named = `${entry} (${event} at ${atSeconds} s)`;
  if (atSeconds < earliestSeconds)
    return `${named}: ${fault("atSeconds", atSeconds)} ${earliestSeconds}, as in the entry before, or later`;
  const fields = FIELDS[event];
  for (const [name, { rule, holds }] of Object.entries(fields))
    if (!holds(values[name])) return `${named}: ${fault(name, values[name])} ${rule}`;
  const names = ["atSeconds", "event", ...Object.keys(fields)];
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined) return `${named}: ${shown(unknown)} is no field of it; it has ${names.join(", ")}`;
  switch (event) {
    case "bolus":
      return { atSeconds, event, amountMicrounits: exact(values["units"]), automatic: values["automatic"] === true };
    case "tempBasal": {
      const durationMinutes = Number(values["minutes"]);
      return { atSeconds, event, rateMicrounitsPerHour: exact(values["unitsPerHour"]), durationMinutes };
    }
    case "suspend":
    case "resume":
      return { atSeconds, event };
    default:
      return event satisfies never;
  }
}

function isEvent(value: unknown): value is DayEntry["event"] {
  return typeof value === "string" && Object.hasOwn(FIELDS, value);
}

function isSeconds(value: unknown): value is number {
  return AT_SECONDS.holds(value);
}

/** Microunits of a number that its field's rule has let through. */
function exact(units: unknown): number {
  const amountMicrounits = toMicrounits(Number(units));
  if (amountMicrounits === undefined) throw new Error(`invariant: ${units} passed for an exact amount`);
  return amountMicrounits;
}

function fault(name: string, value: unknown): string {
  return value === undefined ? `${name} is missing; it must be` : `${name} is ${shown(value)}; it must be`;
}

/** A value of the file, short enough for a line. Infinity stands for a number too large to be one. */
function shown(value: unknown): string {
  return typeof value === "number" ? `${value}` : oneLine(JSON.stringify(value));
}

function oneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ");
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}...` : line;
}

function malformed(what: string): ParsedDay {
  return { kind: "malformed", what };
}
