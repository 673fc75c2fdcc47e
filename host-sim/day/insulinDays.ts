/** The days of insulin that a pump must have recorded, and their sums (PROTOCOL.md section 6.4, "Days"). Pure. */

import { dateTimeOf } from "../../firmware/ids/dateTime.js";
import type { Figures } from "../controller/events.js";
import type { Check } from "./check.js";
import type { DayEnd, PlayedEntry } from "./played.js";
import { appliedOf, localSecondsOf } from "./rates.js";
import { reportStep } from "./reported.js";

const SECONDS_PER_DAY = 86_400;
/** A day of a pump whose time was never set. */
const UNDATED = "0-0-0";

/** The dates of the days that ended until the day's end, in order. */
export function daysEnded(played: readonly PlayedEntry[], { beganAtMs, atMs: endedAtMs }: DayEnd): readonly string[] {
  const ended: string[] = [];
  // The clock by which days go: seconds that it is ahead of the time since the day began, and whether they have dates.
  let aheadSeconds = beganAtMs / 1_000;
  let dated = false;
  let day = 0;
  const dayAt = (ms: number) => Math.floor((ms / 1_000 + aheadSeconds) / SECONDS_PER_DAY);
  const end = () => ended.push(dated ? dateOf(day) : UNDATED);
  const goOn = (ms: number) => {
    for (; day < dayAt(ms); day++) end();
  };
  for (const { entry, atMs } of appliedOf(played)) {
    if (entry.event !== "setTime") continue;
    goOn(atMs);
    aheadSeconds = localSecondsOf(entry.time) - atMs / 1_000;
    if (!dated || dayAt(atMs) !== day) end();
    dated = true;
    day = dayAt(atMs);
  }
  goOn(endedAtMs);
  return ended;
}

function dateOf(day: number): string {
  const date = dateTimeOf(day * SECONDS_PER_DAY);
  return `${date.year}-${date.month}-${date.day}`;
}

/** @param records the figures of each day recorded. */
export function dayChecks(records: readonly Figures[], played: readonly PlayedEntry[], end: DayEnd): readonly Check[] {
  const expected = daysEnded(played, end);
  const dates = records.map(({ year, month, day }) => `${year}-${month}-${day}`);
  const due = end.status?.operationalState === "off" ? expected.slice(0, dates.length) : expected;
  return [
    { what: "the days of insulin in the history are those that ended", passed: dates.join() === due.join() },
    {
      what: "days of insulin recorded and the day under way make the totals",
      passed: sumsAgree(records, end, "bolusMicrounits") && sumsAgree(records, end, "basalMicrounits"),
    },
  ];
}

/** Each report is rounded up by itself: together they are at most their steps over the total. */
function sumsAgree(records: readonly Figures[], end: DayEnd, name: "bolusMicrounits" | "basalMicrounits"): boolean {
  if (end.today === undefined || end.totals === undefined) return false;
  const reports = [...records.map((figures) => figures[name] ?? Number.NaN), end.today[name]];
  const over = reports.reduce((sum, each) => sum + each, 0) - end.totals[name];
  return over >= 0 && over <= reports.reduce((sum, each) => sum + reportStep(each), 0);
}
