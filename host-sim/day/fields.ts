/**
 * The fields of a day's entries: what each must be, in words, and whether a value is. Pure; days as text are day.ts's.
 */

import { MICROUNITS_PER_UNIT } from "../../firmware/base/units.js";
import { secondsOf } from "../../firmware/ids/dateTime.js";
import { LONGEST_TBR_MINUTES } from "../controller/ids.js";
import { MOST_BLOCKS, type TimeOrder } from "../controller/profiles.js";
import { encodeSfloat } from "../controller/sfloat.js";
import { CARTRIDGE_MICROUNITS } from "../plant/syringe.js";

/** Says what is wrong with the value of the field of that name, in words; undefined when nothing is. */
export type Field = (name: string, value: unknown) => string | undefined;
export type Fields = Readonly<Record<string, Field>>;
/** What JSON gives for an object. */
export type Values = Readonly<Record<string, unknown>>;

/** A line stays readable: longer values are cut. */
const SHOWN_CHARACTERS = 80;
const WHOLE_STEPS = "in steps of 0.01 (of 0.1 above 20.45, of 1 above 204.5: a command carries no finer)";
const MOST_UNITS = CARTRIDGE_MICROUNITS / MICROUNITS_PER_UNIT;
const MINUTES_OF_DAY = 1_440;
const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_QUARTER = 900;
/** Of the time zones that can be set (PROTOCOL.md section 6.5), in quarters of an hour. */
const ZONE_QUARTERS = { least: -48, most: 56 } as const;
const LAST_YEAR = 2099;
const TIME_TEXT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)([+-])(\d\d):(\d\d)$/;

export function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
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

/** Microunits of a number that its field has let through. */
export function exact(units: unknown): number {
  const amountMicrounits = toMicrounits(Number(units));
  if (amountMicrounits === undefined) throw new Error(`invariant: ${units} passed for an exact amount`);
  return amountMicrounits;
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

/** Local time with its offset from UTC (RFC 3339), from 2000 UTC to the end of 2099; undefined for any other text. */
export function timeOf(text: string): TimeOrder | undefined {
  const [whole, year, month, day, hours, minutes, seconds, sign, zoneHours, zoneMinutes] = TIME_TEXT.exec(text) ?? [];
  if (whole === undefined || Number(zoneMinutes) >= SECONDS_PER_MINUTE) return undefined;
  const zoneSeconds = (Number(zoneHours) * 60 + Number(zoneMinutes)) * SECONDS_PER_MINUTE * (sign === "-" ? -1 : 1);
  const timeZoneQuarters = zoneSeconds / SECONDS_PER_QUARTER + 0;
  const localSeconds = secondsOf({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hours: Number(hours),
    minutes: Number(minutes),
    seconds: Number(seconds),
  });
  if (localSeconds === undefined || Number(year) > LAST_YEAR || localSeconds < zoneSeconds) return undefined;
  if (!isWhole(timeZoneQuarters, ZONE_QUARTERS.least, ZONE_QUARTERS.most)) return undefined;
  return { baseTimeSeconds: localSeconds - zoneSeconds, timeZoneQuarters, dstQuarters: 0 };
}

/** A field that must be what `rule` says, in words. */
export const field =
  (rule: string, holds: (value: unknown) => boolean): Field =>
  (name, value) =>
    holds(value) ? undefined : `${fault(name, value)} ${rule}`;

const amount = (least: string, holds: (value: unknown) => boolean): Field =>
  field(`a number from ${least} to ${MOST_UNITS}, what a cartridge holds, ${WHOLE_STEPS}`, holds);

export const AMOUNT: Field = amount("0.01", (value) => isCommandAmount(value) && value !== 0);
export const RATE: Field = amount("0", isCommandAmount);
export const BOOLEAN: Field = field("true or false", (value) => typeof value === "boolean");
export const MINUTES: Field = field(`a whole number from 1 to ${LONGEST_TBR_MINUTES}`, (value) =>
  isWhole(value, 1, LONGEST_TBR_MINUTES),
);
export const LOCAL_TIME: Field = field(
  "a local time and its offset from UTC such as 2025-04-28T16:00:00+02:00, from 2000 to 2099, the offset of whole quarters of an hour from -12:00 to +14:00",
  (value) => typeof value === "string" && timeOf(value) !== undefined,
);

const BLOCK: Fields = { minutes: MINUTES, unitsPerHour: RATE };

/** The blocks of a basal rate profile: a day from local midnight on. */
export const BLOCKS: Field = (name, value) => {
  if (!Array.isArray(value)) return `${fault(name, value)} an array of blocks`;
  if (value.length < 1 || value.length > MOST_BLOCKS)
    return `${name} has ${value.length} entries; it must have 1 to ${MOST_BLOCKS}`;
  const list: readonly unknown[] = value;
  for (const [index, given] of list.entries()) {
    const block = valuesOf(given);
    const wrong = block === undefined ? `it is ${shown(given)}; it must be an object` : wrongOf(block, BLOCK);
    if (wrong !== undefined) return `block ${index + 1} of ${name}: ${wrong}`;
  }
  const minutes = list.reduce((sum: number, block) => sum + Number(valuesOf(block)?.["minutes"]), 0);
  return minutes === MINUTES_OF_DAY ? undefined : `${name} make ${minutes} minutes; they must make ${MINUTES_OF_DAY}`;
};

/** The members of an object; undefined for what is none. */
export function valuesOf(given: unknown): Values | undefined {
  return typeof given === "object" && given !== null && !Array.isArray(given) ? { ...given } : undefined;
}

/**
 * The first thing that is wrong with the values of these fields, a field that is none of them included.
 * @param checked names of fields that were looked at before.
 */
export function wrongOf(values: Values, fields: Fields, checked: readonly string[] = []): string | undefined {
  for (const [name, check] of Object.entries(fields)) {
    const wrong = check(name, values[name]);
    if (wrong !== undefined) return wrong;
  }
  const names = [...checked, ...Object.keys(fields)];
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  return unknown === undefined ? undefined : `${shown(unknown)} is no field of it; it has ${names.join(", ")}`;
}

export function fault(name: string, value: unknown): string {
  return value === undefined ? `${name} is missing; it must be` : `${name} is ${shown(value)}; it must be`;
}

/** A value of the file, short enough for a line. Infinity stands for a number too large to be one. */
export function shown(value: unknown): string {
  return typeof value === "number" ? `${value}` : oneLine(JSON.stringify(value));
}

export function oneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ");
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}...` : line;
}
