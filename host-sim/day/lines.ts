/** A day told to a person, in lines of plain text. Pure. */

import { MICROUNITS_PER_UNIT } from "../../firmware/base/units.js";
import { clockText } from "../clock/clockText.js";
import { CODE_NAMES } from "../controller/ids.js";
import type { DayEntry } from "./day.js";
import type { PlayedEntry, PlayedOutcome } from "./played.js";
import type { Replay } from "./replays.js";
import type { Account, Spread } from "./summary.js";

const ORDER_COLUMNS = 29;
const DOSE_COLUMNS = 5;
const LABEL_COLUMNS = 36;
const OUTCOME_COLUMNS = 20;
const COST_COLUMNS = 24;
const ATTEMPT_COLUMNS = 54;

/** An amount exactly as commands and outcomes give it, or with `places` decimals. */
function units(amountMicrounits: number, places?: number): string {
  const amount = amountMicrounits / MICROUNITS_PER_UNIT;
  return `${places === undefined ? amount : amount.toFixed(places)} U`;
}

function orderText(entry: DayEntry): string {
  switch (entry.event) {
    case "bolus":
      return `bolus ${units(entry.amountMicrounits)}${entry.automatic ? ", automatic" : ""}`;
    case "tempBasal":
      return `TBR ${units(entry.rateMicrounitsPerHour)}/h for ${entry.durationMinutes} min`;
    case "suspend":
      return "suspend: Stop";
    case "resume":
      return "resume: Run";
    default:
      return entry satisfies never;
  }
}

function outcomeText(outcome: PlayedOutcome): string {
  switch (outcome.kind) {
    case "delivered":
      return `delivered ${units(outcome.highMicrounits)}`;
    case "stopped":
      return `stopped at ${units(outcome.highMicrounits)}`;
    case "uncertain":
      return `uncertain: ${units(outcome.lowMicrounits)} to ${units(outcome.highMicrounits)}`;
    case "applied":
      return "applied";
    case "refused":
      return `REFUSED ${CODE_NAMES[outcome.code] ?? "code"} (${outcome.code.toString(16)})`;
    case "failed":
      return `FAILED ${outcome.why}`;
    default:
      return outcome satisfies never;
  }
}

/** One line for one entry: time, what was asked, dose ID, outcome, and for a bolus what the plant received. */
export function entryLine({ entry, atMs, doseId, outcome, radio, received }: PlayedEntry): string {
  const dose = doseId === undefined ? "-" : `${doseId.epoch}-${doseId.sequence}`;
  const head = `${clockText(atMs).padStart(9)}  ${orderText(entry).padEnd(ORDER_COLUMNS)} ${dose.padEnd(DOSE_COLUMNS)}`;
  const cost = `${radio.bytes} B, ${radio.roundTrips} round trips`;
  if (received === undefined) return `${head} ${outcomeText(outcome).padEnd(OUTCOME_COLUMNS)} ${cost}`;
  const { displacedMicrounits, basalMicrounits } = received;
  const basal = basalMicrounits > 0 ? ` and ${units(basalMicrounits)} basal` : "";
  const plant = `plant ${units(displacedMicrounits - basalMicrounits, 4)}${basal}`;
  return `${head} ${outcomeText(outcome).padEnd(OUTCOME_COLUMNS)} ${cost.padEnd(COST_COLUMNS)} ${plant}`;
}

/** One line for one attempt to replay: verdict, what was tried, what moved, and the pump's own reason. */
export function replayLine({ what, refused, halfSteps, reason }: Replay): string {
  const verdict = refused ? "refused" : "NOT REFUSED";
  return `  ${verdict}  ${what.padEnd(ATTEMPT_COLUMNS)}  ${halfSteps} half-steps; trace: ${reason ?? "nothing"}`;
}

/** The account as a table of two columns. */
export function accountLines(account: Account): readonly string[] {
  const { reported, bolusMicrounits, bytesPerDose, roundTripsPerDose } = account;
  const basalMicrounits = reported?.basalMicrounits;
  const rows: readonly (readonly [string, string])[] = [
    ["boluses, sum of outcomes", units(bolusMicrounits)],
    ["basal, the pump's total", basalMicrounits === undefined ? "not known" : units(basalMicrounits)],
    ["commanded in all", units(bolusMicrounits + (basalMicrounits ?? 0))],
    ["received by the plant (displaced)", units(account.displacedMicrounits, 4)],
    ["  of it still in the line", units(account.lineStorageMicrounits, 4)],
    ["half-steps, ideal", account.idealHalfSteps.toFixed(3)],
    ["half-steps, commanded", `${account.commandedHalfSteps}`],
    ["encoder counts, by the screw's angle", account.expectedCounts.toFixed(3)],
    ["encoder counts, counted", `${account.countedCounts}`],
    ["reservoir, the pump's report", reservoirText(account.reservoirReportedMicrounits)],
    ["reservoir, plant", units(account.reservoirMicrounits, 4)],
    ["key-value entries written", `${account.keyValueEntries}`],
    ["history writes", `${account.historyWrites}`],
    [`radio bytes a bolus (${account.doses})`, spreadText(bytesPerDose)],
    ["round trips a bolus", spreadText(roundTripsPerDose)],
  ];
  return rows.map(([label, value]) => `  ${label.padEnd(LABEL_COLUMNS)} ${value}`);
}

function reservoirText(amountMicrounits: number | undefined): string {
  return amountMicrounits === undefined ? "not known" : units(amountMicrounits);
}

function spreadText({ mean, most }: Spread): string {
  return `mean ${mean.toFixed(1)}, most ${most}`;
}
