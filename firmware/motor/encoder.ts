/**
 * The check of commanded against counted motion: short of the plan is a stall or a slip, over it a runaway. The check
 * is cumulative since a baseline, so that slip below the tolerance cannot add up pulse by pulse, and takes in whatever
 * moved between pulses: motion that nobody commanded shows at the next pulse. Pure; owns no hardware and latches nothing.
 */

import { type EncoderCounts, type HalfSteps, halfSteps, type Microunits, microunits } from "../base/units.js";
import type { DriveConfig } from "../rig.js";
import { exactProduct, insulinOfCounts, insulinOfHalfSteps, JUMP_HALF_STEPS, jumpMicrounits } from "./geometry.js";

/**
 * What was commanded and counted since the baseline.
 *
 *     booted --first pulse that energises the coils: new baseline--> tracking
 */
export interface EncoderState {
  /** `booted`: the coils have not been energised since power came, so that the rotor may still jump to their phase. */
  readonly phase: "booted" | "tracking";
  readonly baselineCounts: EncoderCounts;
  readonly commandedHalfSteps: HalfSteps;
  /** The last settled reading: where the counts of the next pulse begin. */
  readonly lastCounts: EncoderCounts;
}

/** Counts are whole counts since the baseline, the expected ones rounded to nearest; the comparison itself is exact. */
export type MotionCheck =
  | { readonly kind: "inTolerance" }
  | { readonly kind: "short" | "over"; readonly countedCounts: number; readonly expectedCounts: number };

/**
 * One pulse, checked. [low, high] is the insulin that moved forwards in this pulse and since the one before it, as far
 * as is known: counts -+ tolerance, 0 <= low <= high. Not `measured` (a drive without encoder): the commanded motion is
 * taken for the counted one.
 */
export interface CheckedMotion {
  readonly next: EncoderState;
  readonly check: MotionCheck;
  readonly measured: boolean;
  readonly lowMicrounits: Microunits;
  readonly highMicrounits: Microunits;
}

/** State at boot. @param counts the encoder's reading then. */
export function encoderAtBoot(counts: EncoderCounts): EncoderState {
  return { phase: "booted", baselineCounts: counts, commandedHalfSteps: halfSteps(0), lastCounts: counts };
}

function atLeastNone(amountMicrounits: number): Microunits {
  return microunits(Math.max(0, amountMicrounits));
}

/**
 * Checks one pulse after it settled.
 *
 * The first pulse that energises the coils is allowed a jump of 4 half-steps more, either way, and the baseline moves
 * behind it: the jump is charged once and does not shift the check of later pulses.
 *
 * @param steps half-steps that this pulse really commanded: fewer than planned if it was cut short.
 * @param counts the encoder's running total; ignored for a drive without encoder.
 */
export function checkMotion(
  drive: DriveConfig,
  state: EncoderState,
  steps: HalfSteps,
  counts: EncoderCounts,
): CheckedMotion {
  const jumps = state.phase === "booted" && steps > 0;
  const commandedHalfSteps = halfSteps(state.commandedHalfSteps + steps);
  const next: EncoderState = jumps
    ? { phase: "tracking", baselineCounts: counts, commandedHalfSteps: halfSteps(0), lastCounts: counts }
    : { ...state, commandedHalfSteps, lastCounts: counts };
  if (drive.encoder === "none") {
    const jump = jumps ? jumpMicrounits(drive) : 0;
    return {
      next,
      check: { kind: "inTolerance" },
      measured: false,
      lowMicrounits: atLeastNone(insulinOfHalfSteps(drive, steps, "down") - jump),
      highMicrounits: atLeastNone(insulinOfHalfSteps(drive, steps, "up") + jump),
    };
  }

  // Counts are compared as multiples of 1/numerator: with n/d half-steps and c counts a turn, s half-steps are
  // s * c * d / n counts.
  const { countsPerTurn, toleranceCounts } = drive.encoder;
  const { numerator, denominator } = drive.halfStepsPerTurn;
  const countsTimesNumeratorPerHalfStep = exactProduct(countsPerTurn, denominator);
  const jumpCounts = jumps ? Math.ceil((JUMP_HALF_STEPS * countsTimesNumeratorPerHalfStep) / numerator) : 0;
  const countedCounts = counts - state.baselineCounts;
  const expected = exactProduct(commandedHalfSteps, countsTimesNumeratorPerHalfStep);
  const deviation = exactProduct(countedCounts, numerator) - expected;
  const inTolerance = Math.abs(deviation) <= exactProduct(toleranceCounts + jumpCounts, numerator);
  const pulseCounts = counts - state.lastCounts;
  return {
    next,
    check: inTolerance
      ? { kind: "inTolerance" }
      : {
          kind: deviation < 0 ? "short" : "over",
          countedCounts,
          expectedCounts: Math.round(expected / numerator),
        },
    measured: true,
    lowMicrounits: atLeastNone(insulinOfCounts(drive, pulseCounts - toleranceCounts, "down")),
    highMicrounits: atLeastNone(insulinOfCounts(drive, pulseCounts + toleranceCounts, "up")),
  };
}
