/** A day told to a person, in lines of plain text. Pure. */

import { MICROUNITS_PER_UNIT } from "../../firmware/base/units.js";
import { clockText } from "../clock/clockText.js";
import { CODE_NAMES } from "../controller/ids.js";
import type { DayEntry } from "./day.js";
import type { PlayedEntry, PlayedOutcome, ReservoirChange } from "./played.js";
import type { Replay } from "./replays.js";

const ORDER_COLUMNS = 37;
const DOSE_COLUMNS = 5;
const OUTCOME_COLUMNS = 20;
const COST_COLUMNS = 24;
const ATTEMPT_COLUMNS = 54;

/** An amount exactly as commands and outcomes give it, or with `places` decimals. */
export function units(amountMicrounits: number, places?: number): string {
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
    case "setTime":
      return `time: ${entry.localTime}`;
    case "profile": {
      const rates = entry.blocks.map(({ rateMicrounitsPerHour }) => rateMicrounitsPerHour);
      const range = `${units(Math.min(...rates))}/h to ${units(Math.max(...rates))}/h`;
      return `profile of ${entry.blocks.length}, ${range}`;
    }
    case "changeReservoir":
      return `reservoir: ${units(entry.fillMicrounits)}, primes ${units(entry.primingMicrounits)}`;
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

/**
 * One line for one entry: time, what was asked, dose ID, outcome, what it cost on the air, for a bolus what the plant
 * received, and for a change of the reservoir what moved.
 */
export function entryLine({ entry, atMs, doseId, outcome, radio, received, change }: PlayedEntry): string {
  const dose = doseId === undefined ? "-" : `${doseId.epoch}-${doseId.sequence}`;
  const head = `${clockText(atMs).padStart(9)}  ${orderText(entry).padEnd(ORDER_COLUMNS)} ${dose.padEnd(DOSE_COLUMNS)}`;
  const cost = `${radio.bytes} B, ${radio.roundTrips} round trips`;
  const line = `${head} ${outcomeText(outcome).padEnd(OUTCOME_COLUMNS)} ${cost.padEnd(COST_COLUMNS)}`;
  if (received !== undefined) return `${line} ${receivedText(received)}`;
  return change === undefined ? line.trimEnd() : `${line} ${changeText(change)}`;
}

function receivedText({ displacedMicrounits, basalMicrounits }: NonNullable<PlayedEntry["received"]>): string {
  const basal = basalMicrounits > 0 ? ` and ${units(basalMicrounits)} basal` : "";
  return `plant ${units(displacedMicrounits - basalMicrounits, 4)}${basal}`;
}

function changeText({ backHalfSteps, upHalfSteps, pushedMicrounits, primed, ranAtMs }: ReservoirChange): string {
  const moves = `drive ${backHalfSteps} and ${upHalfSteps} half-steps, touch ${units(pushedMicrounits, 4)}`;
  const priming = primed === undefined ? "" : `, primed ${units(primed.highMicrounits)}`;
  return `${moves}${priming}, ${ranAtMs === undefined ? "in Stop" : `Run at ${clockText(ranAtMs)}`}`;
}

/** One line for one attempt to replay: verdict, what was tried, what moved, and the pump's own reason. */
export function replayLine({ what, refused, halfSteps, reason }: Replay): string {
  const verdict = refused ? "refused" : "NOT REFUSED";
  return `  ${verdict}  ${what.padEnd(ATTEMPT_COLUMNS)}  ${halfSteps} half-steps; trace: ${reason ?? "nothing"}`;
}
