/**
 * The account of a day: what was ordered, what the pump says, what its coils and encoder did, and what the plant
 * received, side by side. Taken at the day's end, before anybody attacks; checks.ts says what of it must agree. Pure but
 * for reading the world's counters.
 */

import { exactProduct, stepDenominator } from "../../firmware/motor/geometry.js";
import { DEFAULT_RIG } from "../../firmware/rig.js";
import { EVENT, readEvent } from "../controller/events.js";
import { ANNUNCIATION_NAMES } from "../controller/ids.js";
import type { HistoryRecord } from "../controller/recordAccess.js";
import type { World } from "../world.js";
import type { Check } from "./check.js";
import { historyChecks } from "./historyChecks.js";
import type { PlantReading } from "./plantReading.js";
import type { DayEnd, PlayedEntry, PlayedOutcome, ReservoirChange } from "./played.js";
import { type BasalInsulin, basalOf } from "./rates.js";

/** Annunciations of what keeps basal insulin back (PROTOCOL.md section 6.1). */
const WITHHOLDING: readonly string[] = [
  "System Issue",
  "Mechanical Issue",
  "Occlusion",
  "Reservoir Empty",
  "Max Delivery",
];

/** A number of each bolus that was accepted. */
export interface Spread {
  readonly mean: number;
  readonly most: number;
}

/** What the drive moved without insulin, over all changes of the reservoir; net half-steps. */
export interface Moves {
  readonly backHalfSteps: number;
  readonly upHalfSteps: number;
  /** How often it came up. */
  readonly waysUp: number;
  /** What the touch of the plungers displaced. */
  readonly pushedMicrounits: number;
}

/** Amounts in microunits. */
export interface Account extends PlantReading {
  /** Sum of the boluses' outcomes, at the upper bound of an uncertain one; of the primings' likewise. */
  readonly bolusMicrounits: number;
  readonly primedMicrounits: number;
  /** What the rates in force come to, by what was ordered and when. */
  readonly ordered: BasalInsulin;
  /** The pump's own totals; undefined when it did not answer. */
  readonly reported: { readonly bolusMicrounits: number; readonly basalMicrounits: number } | undefined;
  /** Reservoirs that were put in. */
  readonly reservoirs: number;
  readonly moves: Moves;
  /** What the insulin delivered and primed is in half-steps, by the rig's exact ratio: a fraction. */
  readonly idealHalfSteps: number;
  /** Counts that the screw's angle stands for, by the rig's ratio: a fraction. */
  readonly expectedCounts: number;
  /** Undefined when the pump did not answer, or has no reservoir in place. */
  readonly reservoirReportedMicrounits: number | undefined;
  /** Whether the pump has a reservoir in place; undefined when it did not answer. */
  readonly attached: boolean | undefined;
  readonly entries: number;
  /** Whether the pump has recorded a reason to withhold basal insulin, or cannot tell. */
  readonly withheld: boolean;
  readonly historyRecords: number | undefined;
  readonly historyChecks: readonly Check[];
  readonly keyValueEntries: number;
  readonly historyWrites: number;
  readonly doses: number;
  readonly bytesPerDose: Spread;
  readonly roundTripsPerDose: Spread;
  readonly crashes: number;
}

/** Takes the account of a day that has just been played in `world`. */
export function accountOf(world: World, played: readonly PlayedEntry[], end: DayEnd): Account {
  const { keyValue, operationCounts, crashes } = world.hardware;
  const { drive } = DEFAULT_RIG;
  const { numerator, denominator } = drive.halfStepsPerTurn;
  const countsPerTurn = drive.encoder === "none" ? 0 : drive.encoder.countsPerTurn;
  const bolusMicrounits = sum(played.map(({ outcome }) => amountOf(outcome)));
  const changes = played.flatMap(({ change }) => change ?? []);
  const primedMicrounits = sum(changes.map(({ primed }) => primed?.highMicrounits ?? 0));
  const pumpedMicrounits = bolusMicrounits + (end.totals?.basalMicrounits ?? 0) + primedMicrounits;
  const doses = played.filter(({ outcome }) => "highMicrounits" in outcome).map(({ radio }) => radio);
  return {
    ...end.plant,
    bolusMicrounits,
    primedMicrounits,
    ordered: basalOf(played, end),
    reported: end.totals,
    reservoirs: changes.filter(({ attached }) => attached).length,
    moves: movesOf(changes),
    idealHalfSteps: exactProduct(pumpedMicrounits, numerator) / stepDenominator(drive),
    expectedCounts: (end.plant.screwHalfSteps * countsPerTurn * denominator) / numerator,
    reservoirReportedMicrounits: end.status?.reservoirMicrounits,
    attached: end.status?.reservoirAttached,
    entries: played.length,
    withheld: hasWithheld(end),
    historyRecords: end.history?.length,
    historyChecks: historyChecks(played, end),
    keyValueEntries: keyValue.entriesWritten(),
    historyWrites: operationCounts.flashWrite,
    doses: doses.length,
    bytesPerDose: spread(doses.map(({ bytes }) => bytes)),
    roundTripsPerDose: spread(doses.map(({ roundTrips }) => roundTrips)),
    crashes: crashes.length,
  };
}

/** A fault, an occlusion, an empty reservoir, a limit: the history has an annunciation of each. */
function hasWithheld({ history }: DayEnd): boolean {
  return history?.some(withholds) ?? true;
}

function withholds(record: HistoryRecord): boolean {
  const name = ANNUNCIATION_NAMES[readEvent(record).figures?.["type"] ?? 0];
  return record.event === EVENT.annunciation1 && name !== undefined && WITHHOLDING.includes(name);
}

const amountOf = (outcome: PlayedOutcome): number => ("highMicrounits" in outcome ? outcome.highMicrounits : 0);

function movesOf(changes: readonly ReservoirChange[]): Moves {
  return {
    backHalfSteps: sum(changes.map(({ backHalfSteps }) => backHalfSteps)),
    upHalfSteps: sum(changes.map(({ upHalfSteps }) => upHalfSteps)),
    waysUp: changes.filter((change) => change.upHalfSteps !== 0).length,
    pushedMicrounits: sum(changes.map(({ pushedMicrounits }) => pushedMicrounits)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function spread(numbers: readonly number[]): Spread {
  return { mean: numbers.length === 0 ? 0 : sum(numbers) / numbers.length, most: Math.max(0, ...numbers) };
}
