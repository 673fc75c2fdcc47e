/**
 * The account of a day: what was ordered, what the pump says, what its coils and encoder did, and what the plant
 * received, side by side; and the checks that they must pass. Taken at the day's end, before anybody attacks. Pure but
 * for reading the world.
 */

import { exactProduct, stepDenominator } from "../../firmware/motor/geometry.js";
import { DEFAULT_RIG } from "../../firmware/rig.js";
import type { World } from "../world.js";
import type { Totals } from "./operator.js";
import type { DayEnd, PlayedEntry } from "./played.js";
import type { Replay } from "./replays.js";

/** A number of each bolus that was accepted. */
export interface Spread {
  readonly mean: number;
  readonly most: number;
}

/** Amounts in microunits. */
export interface Account {
  /** Sum of the boluses' outcomes, at the upper bound of an uncertain one. */
  readonly bolusMicrounits: number;
  /** The pump's own totals; undefined when it did not answer. */
  readonly reported: Totals | undefined;
  /** What the insulin delivered is in half-steps, by the rig's exact ratio: a fraction. */
  readonly idealHalfSteps: number;
  /** What the coils went through. */
  readonly commandedHalfSteps: number;
  /** Counts that the screw's angle stands for, by the rig's ratio: a fraction. */
  readonly expectedCounts: number;
  readonly countedCounts: number;
  readonly displacedMicrounits: number;
  /** Of it, still in the give of the line. */
  readonly lineStorageMicrounits: number;
  readonly reservoirReportedMicrounits: number | undefined;
  readonly reservoirMicrounits: number;
  readonly keyValueEntries: number;
  readonly historyWrites: number;
  readonly doses: number;
  readonly bytesPerDose: Spread;
  readonly roundTripsPerDose: Spread;
  readonly crashes: number;
}

/** One check of the account, in words that say what must hold. */
export interface Check {
  readonly what: string;
  readonly passed: boolean;
}

/** x4 counts of play in the encoder's coupling, on the first move after a reversal. */
const BACKLASH_COUNTS = 1;
/** The plant's own dimensions differ from the rig's calibration by rounding alone. */
const DISPLACEMENT_TOLERANCE = 0.001;

/** Takes the account of a day that has just been played in `world`. */
export function accountOf(world: World, played: readonly PlayedEntry[], end: DayEnd): Account {
  const { plant, keyValue, operationCounts, crashes } = world.hardware;
  const { drive } = DEFAULT_RIG;
  const { numerator, denominator } = drive.halfStepsPerTurn;
  const countsPerTurn = drive.encoder === "none" ? 0 : drive.encoder.countsPerTurn;
  const bolusMicrounits = played.reduce(
    (sum, { outcome }) => sum + ("highMicrounits" in outcome ? outcome.highMicrounits : 0),
    0,
  );
  const deliveredMicrounits = bolusMicrounits + (end.totals?.basalMicrounits ?? 0);
  const doses = played.filter(({ outcome }) => "highMicrounits" in outcome).map(({ radio }) => radio);
  return {
    bolusMicrounits,
    reported: end.totals,
    idealHalfSteps: exactProduct(deliveredMicrounits, numerator) / stepDenominator(drive),
    commandedHalfSteps: plant.commandedHalfSteps,
    expectedCounts: (plant.screwHalfSteps * countsPerTurn * denominator) / numerator,
    countedCounts: plant.encoderEdges,
    displacedMicrounits: plant.displacedMicrounits,
    lineStorageMicrounits: plant.lineStorageMicrounits,
    reservoirReportedMicrounits: end.status?.reservoirMicrounits,
    reservoirMicrounits: plant.reservoirMicrounits,
    keyValueEntries: keyValue.entriesWritten(),
    historyWrites: operationCounts.flashWrite,
    doses: doses.length,
    bytesPerDose: spread(doses.map(({ bytes }) => bytes)),
    roundTripsPerDose: spread(doses.map(({ roundTrips }) => roundTrips)),
    crashes: crashes.length,
  };
}

function spread(numbers: readonly number[]): Spread {
  const sum = numbers.reduce((total, number) => total + number, 0);
  return { mean: numbers.length === 0 ? 0 : sum / numbers.length, most: Math.max(0, ...numbers) };
}

/** Every check of a day and of the attempts to replay its last bolus. */
export function checksOf(account: Account, replays: readonly Replay[]): readonly Check[] {
  const { drive } = DEFAULT_RIG;
  const { bolusMicrounits, reported, idealHalfSteps, commandedHalfSteps, displacedMicrounits } = account;
  const toleranceCounts = (drive.encoder === "none" ? 0 : drive.encoder.toleranceCounts) + BACKLASH_COUNTS;
  const deliveredMicrounits = bolusMicrounits + (reported?.basalMicrounits ?? 0);
  const halfStepMicrounits = stepDenominator(drive) / drive.halfStepsPerTurn.numerator;
  const displacementMicrounits = deliveredMicrounits * DISPLACEMENT_TOLERANCE + halfStepMicrounits;
  return [
    {
      what: "the pump's total of boluses is the sum of their outcomes",
      passed: reported !== undefined && reported.bolusMicrounits === bolusMicrounits,
    },
    {
      what: "half-steps commanded differ from the ideal by less than one",
      passed: reported !== undefined && Math.abs(commandedHalfSteps - idealHalfSteps) < 1,
    },
    {
      what: `the encoder's counts are within ${toleranceCounts} of the screw's angle`,
      passed: Math.abs(account.countedCounts - account.expectedCounts) <= toleranceCounts,
    },
    {
      what: "the plant displaced what was delivered, to within 0.1 % and a half-step",
      passed: Math.abs(displacedMicrounits - deliveredMicrounits) <= displacementMicrounits,
    },
    { what: "the firmware let no exception out", passed: account.crashes === 0 },
    ...replays.map(({ what, refused }) => ({ what: `refused: ${what}`, passed: refused })),
  ];
}
