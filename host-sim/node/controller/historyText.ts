/** The pump's history in words, and as reports. Pure. */

import { toHex } from "../../controller/bytes.js";
import { EVENT, type Figures, readEvent } from "../../controller/events.js";
import type { HistoryItem } from "../../controller/historyFetch.js";
import { ANNUNCIATION_NAMES } from "../../controller/ids.js";
import { rate, units } from "./words.js";

/** One record, gap or new beginning of a pump's history. What is not known is null. */
export type HistoryReport =
  | {
      readonly event: "recorded";
      readonly pump: string;
      readonly sequence: number;
      readonly type: number;
      readonly name: string | null;
      /** Local date and time of the pump, where it had them. */
      readonly at: string | null;
      readonly relativeOffsetS: number;
      readonly figures: Figures | null;
      /** As it came, in hexadecimal. */
      readonly data: string;
    }
  | { readonly event: "gap"; readonly pump: string; readonly from: number; readonly to: number }
  | { readonly event: "restarted"; readonly pump: string };

const SEQUENCE_COLUMNS = 6;
const TIME_COLUMNS = 19;
const STATES: Readonly<Record<number, string>> = { 0x33: "Stop", 0x55: "Run" };
const OPERATIONAL: Readonly<Record<number, string>> = {
  0x33: "Off",
  0x55: "Preparing",
  0x5a: "Priming",
  0x66: "Waiting",
  0x96: "Ready",
};
const REASONS: Readonly<Record<number, string>> = { 0x33: "time set", 0x3c: "as due", 0x55: "time lost" };
const ENDS: Readonly<Record<number, string>> = { 0x33: "as programmed", 0x3c: "cancelled", 0x55: "by an error" };
const PRIMING_ENDS: Readonly<Record<number, string>> = {
  0x33: "stopped",
  0x3c: "with its amount",
  0x55: "by an error",
};
const STATUSES: Readonly<Record<number, string>> = { 0x33: "pending", 0x3c: "snoozed", 0x55: "confirmed" };
const TBR_RELATIVE = 0x3c;
const TIME_CHANGED = 0x01;

const named = (names: Readonly<Record<number, string>>, value = 0): string =>
  names[value] ?? `code ${value.toString(16)}`;

function tbrText({ type, rate: value = 0, durationMinutes }: Figures): string {
  const amount = type === TBR_RELATIVE ? `${value / 10_000} %` : rate(value);
  return `${amount} for ${durationMinutes} min`;
}

/** A day and its sums. */
function dayText({
  flags = 0,
  bolusMicrounits = 0,
  basalMicrounits = 0,
  year = 0,
  month = 0,
  day = 0,
}: Figures): string {
  const two = (value: number) => `${value}`.padStart(2, "0");
  const date = year > 0 ? `${year}-${two(month)}-${two(day)}` : "a day without a date";
  const sums = `bolus ${units(bolusMicrounits)}, basal ${units(basalMicrounits)}`;
  return `insulin of ${date}: ${sums}${flags & TIME_CHANGED ? "; its time was set" : ""}`;
}

/** An event in words; undefined where there are none for it. */
function eventText(type: number, figures: Figures): string | undefined {
  const { bolusId, endReason, oldState, newState } = figures;
  switch (type) {
    case EVENT.referenceTime:
      return `time reference: ${named(REASONS, figures["reason"])}`;
    case EVENT.bolusProgrammed1:
      return `bolus ${bolusId} programmed: ${units(figures["fastMicrounits"] ?? 0)}`;
    case EVENT.bolusProgrammed2: {
      const flags = figures["flags"] ?? 0;
      return `  ${[flags & 0x08 ? "correction" : "", flags & 0x10 ? "meal" : ""].filter(Boolean).join(", ") || "-"}`;
    }
    case EVENT.bolusDelivered1:
      return `bolus ${bolusId} delivered: ${units(figures["fastMicrounits"] ?? 0)} at most`;
    case EVENT.bolusDelivered2:
      return `  ended ${named(ENDS, endReason)}`;
    case EVENT.basalRateChanged: {
      const { oldMicrounitsPerHour = 0, newMicrounitsPerHour = 0 } = figures;
      return `basal rate from ${rate(oldMicrounitsPerHour)} to ${rate(newMicrounitsPerHour)}`;
    }
    case EVENT.tbrStarted:
      return `TBR started: ${tbrText(figures)}`;
    case EVENT.tbrChanged:
      return `TBR changed: ${tbrText(figures)}, ${figures["elapsedMinutes"]} min after the one before`;
    case EVENT.tbrEnded:
      return `TBR ended ${named(ENDS, endReason)}, after ${figures["effectiveMinutes"]} min`;
    case EVENT.profileActivated:
      return `profile ${figures["newTemplate"]} activated, in the place of ${figures["oldTemplate"]}`;
    case EVENT.basalBlockChanged: {
      const { template, block, durationMinutes, microunitsPerHour = 0 } = figures;
      return `profile ${template}, block ${block}: ${rate(microunitsPerHour)} for ${durationMinutes} min`;
    }
    case EVENT.totalDailyInsulin:
      return dayText(figures);
    case EVENT.therapyControlStateChanged:
      return `from ${named(STATES, oldState)} to ${named(STATES, newState)}`;
    case EVENT.operationalStateChanged:
      return `operational state from ${named(OPERATIONAL, oldState)} to ${named(OPERATIONAL, newState)}`;
    case EVENT.reservoirChanged:
      return `reservoir holds ${units(figures["remainingMicrounits"] ?? 0)}`;
    case EVENT.primingStarted:
      return `priming started: ${units(figures["amountMicrounits"] ?? 0)}`;
    case EVENT.primingDone:
      return `priming ended ${named(PRIMING_ENDS, endReason)}: ${units(figures["primedMicrounits"] ?? 0)} at most`;
    case EVENT.annunciation1: {
      const about = figures["type"] ?? 0;
      return `annunciation ${ANNUNCIATION_NAMES[about] ?? about.toString(16)}: ${named(STATUSES, figures["status"])}`;
    }
    case EVENT.annunciation2:
      return "  no more to it";
    case EVENT.dataCorruption:
      return "data were lost";
    default:
      return undefined;
  }
}

/** Local time of a Reference Time's figures in ms, as if it were UTC; undefined where the pump had no date. */
function referenceMs({ year = 0, month = 0, day = 0, hours, minutes, seconds }: Figures): number | undefined {
  return year > 0 && month > 0 && day > 0 ? Date.UTC(year, month - 1, day, hours, minutes, seconds) : undefined;
}

/** Reports of a history, oldest first. Dates are counted from the Reference Time before. */
export function historyReports(pump: string, items: readonly HistoryItem[]): readonly HistoryReport[] {
  let since: number | undefined;
  return items.map((item) => {
    if (item.kind !== "record") {
      // The reference may be among what is missing.
      since = undefined;
      return item.kind === "gap" ? { event: "gap", pump, from: item.from, to: item.to } : { event: "restarted", pump };
    }
    const { sequence, event: type, relativeOffsetS, data } = item.record;
    const { name = null, figures = null } = readEvent(item.record);
    if (type === EVENT.referenceTime) since = figures === null ? undefined : referenceMs(figures);
    const at = since === undefined ? null : new Date(since + relativeOffsetS * 1_000).toISOString().slice(0, 19);
    return { event: "recorded", pump, sequence, type, name, at, relativeOffsetS, figures, data: toHex(data) };
  });
}

function offsetText(offsetS: number): string {
  const two = (value: number) => `${value}`.padStart(2, "0");
  return `+${Math.floor(offsetS / 3600)}:${two(Math.floor(offsetS / 60) % 60)}:${two(offsetS % 60)}`;
}

/** One line for people. */
export function historyText(report: HistoryReport): string {
  switch (report.event) {
    case "recorded": {
      const { sequence, at, relativeOffsetS, type, name, figures, data } = report;
      const time = at === null ? offsetText(relativeOffsetS) : at.replace("T", " ");
      const raw = `${name ?? `event ${type.toString(16).padStart(4, "0")}`}${data === "" ? "" : `: ${data}`}`;
      const text = (figures && eventText(type, figures)) ?? raw;
      return `${`${sequence}`.padStart(SEQUENCE_COLUMNS)}  ${time.padEnd(TIME_COLUMNS)}  ${text}`;
    }
    case "gap":
      return `Records ${report.from} to ${report.to} were lost or overwritten before they could be fetched.`;
    case "restarted":
      return `Here the history of pump ${report.pump} begins anew.`;
    default:
      return report satisfies never;
  }
}
