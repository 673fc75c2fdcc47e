/**
 * Date Time (2A08) as the Insulin Delivery Service and its history write it, and the seconds since 2000 that the Device
 * Time Service counts in. Dates from 2000 on alone. Owns no clock, and knows no time zone: a date is
 * local or not as the seconds are.
 */

import type { Values } from "../base/layout.js";

/** The fields of a Date Time, to be spread into a layout. Year, month and day 0 mean "not known". */
export const DATE_TIME = [
  ["year", "u16"],
  ["month", "u8"],
  ["day", "u8"],
  ["hours", "u8"],
  ["minutes", "u8"],
  ["seconds", "u8"],
] as const;

export type DateTime = Values<typeof DATE_TIME>;

/** A Date Time that is not known. */
export const DATE_TIME_UNKNOWN: DateTime = Object.freeze({
  year: 0,
  month: 0,
  day: 0,
  hours: 0,
  minutes: 0,
  seconds: 0,
});

const FIRST_YEAR = 2000;
const SECONDS_MAX = 2 ** 32 - 1;
const SECONDS_PER_DAY = 86_400;
const MONTHS = Object.freeze([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]);
const FEBRUARY = 2;

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysInYear = (year: number): number => (isLeap(year) ? 366 : 365);
const daysInMonth = (year: number, month: number): number =>
  (MONTHS[month - 1] ?? 0) + (month === FEBRUARY && isLeap(year) ? 1 : 0);

/** The date and time so many seconds after 2000-01-01 00:00:00. Throws when `seconds` is no u32. */
export function dateTimeOf(seconds: number): DateTime {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > SECONDS_MAX)
    throw new Error(`invariant: ${seconds} s since ${FIRST_YEAR}`);
  const ofDay = seconds % SECONDS_PER_DAY;
  let days = (seconds - ofDay) / SECONDS_PER_DAY;
  let year = FIRST_YEAR;
  for (; days >= daysInYear(year); year++) days -= daysInYear(year);
  let month = 1;
  for (; days >= daysInMonth(year, month); month++) days -= daysInMonth(year, month);
  const ofMinute = ofDay % 60;
  const ofHour = (ofDay - ofMinute) % 3600;
  return {
    year,
    month,
    day: days + 1,
    hours: (ofDay - ofMinute - ofHour) / 3600,
    minutes: ofHour / 60,
    seconds: ofMinute,
  };
}

/**
 * Seconds from 2000-01-01 00:00:00 to a date and time; `undefined` when there is no such date, it is not known, or the
 * seconds are no u32: before 2000, or after 2136-02-07 06:28:15.
 */
export function secondsOf(dateTime: DateTime): number | undefined {
  const { year, month, day, hours, minutes, seconds } = dateTime;
  if (year < FIRST_YEAR || year > dateTimeOf(SECONDS_MAX).year) return undefined;
  if (day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  let days = day - 1;
  for (let each = FIRST_YEAR; each < year; each++) days += daysInYear(each);
  for (let each = 1; each < month; each++) days += daysInMonth(year, each);
  const total = days * SECONDS_PER_DAY + hours * 3600 + minutes * 60 + seconds;
  return total <= SECONDS_MAX ? total : undefined;
}
