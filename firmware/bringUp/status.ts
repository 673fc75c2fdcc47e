/** What the bench says of the pump, line by line. No secrets: nothing that the display would not show. Pure. */

import { faultText } from "../base/fault.js";
import { MICROUNITS_PER_UNIT, type UptimeMs } from "../base/units.js";
import { type Calibration, FORCE_SCALE } from "../motor/calibration.js";
import {
  type EntropyFigures,
  PROPORTION_CUTOFF,
  PROPORTION_WINDOW_BYTES,
  REPETITION_CUTOFF,
} from "../nonce/entropy.js";
import type { RigConfig } from "../rig.js";
import { reservoirMicrounits, type Therapy } from "../therapy/therapy.js";
import type { Guarded } from "./guard.js";

/** Of this firmware. */
export const VERSION = "0.1.0";

/** Several readings of the force sensor, as fractions of full scale. */
export interface ForceReading {
  readonly mean: number;
  /** Largest less smallest. */
  readonly spread: number;
}

/** What is read of the pump for one line. */
export interface Readings extends Guarded {
  readonly now: UptimeMs;
  /** The board's rig, and the one in force. */
  readonly nominal: RigConfig;
  readonly rig: RigConfig;
  readonly calibration: Calibration;
  readonly encoderCounts: number;
  readonly force: ForceReading;
}

const units = (amountMicrounits: number): string => `${(amountMicrounits / MICROUNITS_PER_UNIT).toFixed(3)} U`;
function percent(fraction: number): string {
  const text = (100 * fraction).toFixed(2);
  // A little below zero is zero.
  return `${text === "-0.00" ? "0.00" : text} %`;
}

/** One line for a calibration of a rig. */
export function calibrationText(nominal: RigConfig, { insulinPerTurnMicrounits, forceZero }: Calibration): string {
  const { insulinPerTurnMicrounits: nominalMicrounits } = nominal.drive;
  const figure = insulinPerTurnMicrounits ?? nominalMicrounits;
  const off = ((100 * figure) / nominalMicrounits - 100).toFixed(2);
  const turn = insulinPerTurnMicrounits === undefined ? "nominal" : `${off.startsWith("-") ? "" : "+"}${off} %`;
  return `${figure} microunits a turn (${turn}), force zero ${percent(forceZero / FORCE_SCALE)}`;
}

const sameCalibration = (a: Calibration, b: Calibration): boolean =>
  a.insulinPerTurnMicrounits === b.insulinPerTurnMicrounits && a.forceZero === b.forceZero;

function stateText({ standing, fault }: Therapy): string {
  if (fault) return `FAULT: ${faultText(fault.cause)}`;
  if (standing.control === "run") return "Run";
  return standing.control === "stop" ? "Stop" : "Stop, after stored state was lost";
}

/** @param stored the calibration that the next start takes. */
export function statusLines(readings: Readings, stored: Calibration): readonly string[] {
  const { therapy, bonds, calibration, nominal, rig, now } = readings;
  const { journal, standing } = therapy;
  const { encoder } = rig.drive;
  const waiting = sameCalibration(calibration, stored)
    ? []
    : [`Stored:       ${calibrationText(nominal, stored)}; in force after a restart`];
  return [
    `Countersign ${VERSION}, up ${Math.floor(now / 1_000)} s`,
    `State:        ${stateText(therapy)}${standing.flightMode ? "; flight mode" : ""}`,
    `Controllers:  ${bonds.confirmed.length} paired${bonds.unconfirmed ? ", 1 not yet confirmed" : ""}`,
    `Calibration:  ${calibrationText(nominal, calibration)}`,
    ...waiting,
    `Encoder:      ${encoder === "none" ? "none: motion is not checked" : `${readings.encoderCounts} counts since start`}`,
    `Delivered:    bolus ${units(journal.bolusTotalMicrounits)}, basal ${units(journal.basalTotalMicrounits)}`,
    `Reservoir:    ${units(reservoirMicrounits(therapy))} by the count; bench turnings are not counted`,
    `History:      ${standing.history.nextSequence} events; ${standing.annunciations.pending.length} annunciations pending`,
  ];
}

/** What the force sensor says, above its zero in force, and where an occlusion begins. */
export function forceLine({ force, rig, calibration }: Readings): string {
  const zero = calibration.forceZero / FORCE_SCALE;
  const threshold = rig.drive.occlusionForceFraction - zero;
  return `Force ${percent(force.mean - zero)} of full scale above zero, spread ${percent(force.spread)}; occlusion at ${percent(threshold)}`;
}

/** The figures of the health tests and what they mean. */
export function entropyLines(figures: EntropyFigures): readonly string[] {
  const { windows, failedDraws, longestRun, mostFrequent, periodic } = figures;
  const failed =
    failedDraws > 0 || longestRun >= REPETITION_CUTOFF || mostFrequent >= PROPORTION_CUTOFF || periodic > 0;
  return [
    `Entropy: ${windows} windows of ${PROPORTION_WINDOW_BYTES} bytes, ${failedDraws} draws failed`,
    `  longest run of one byte     ${longestRun}, fails at ${REPETITION_CUTOFF}`,
    `  most frequent in a window   ${mostFrequent}, fails at ${PROPORTION_CUTOFF}`,
    `  windows that repeat         ${periodic}, fails at 1`,
    failed ? "FAILED: this pump can make no key. Check that the radio is on" : "Passed",
  ];
}
