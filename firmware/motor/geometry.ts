/**
 * Insulin to half-steps and encoder counts to insulin, in exact integer arithmetic. The law is linear: one turn of the
 * lead screw is `insulinPerTurnMicrounits`, `halfStepsPerTurn` half-steps (a rational) and `countsPerTurn` counts.
 * Owns no state: the remainder of a plan is handed back to whoever persists it. Never rounds insulin silently.
 */

import { type HalfSteps, halfSteps, type Microunits, microunits } from "../base/units.js";
import type { DriveConfig } from "../rig.js";

/**
 * Half-steps that the rotor can jump, either way, when coils are energised at a phase it does not rest at: half of the
 * electrical cycle of 8.
 */
export const JUMP_HALF_STEPS = halfSteps(4);

/**
 * One pulse in half-steps. The remainders are numerators of a fraction of a half-step over `stepDenominator(drive)`:
 * what was owed to the plan, and what it owes to the next. Integers, 0 <= remainder < denominator; they fit a u32.
 */
export interface PulsePlan {
  readonly insulinMicrounits: Microunits;
  readonly halfSteps: HalfSteps;
  /** The plunger's drive moves back, off the insulin. */
  readonly backwards?: true;
  readonly remainderBefore: number;
  readonly remainderAfter: number;
}

export type Rounding = "down" | "up";

/**
 * Product of two integers. Throws where it would leave the exact integers (2^53): that is a rig or a use never meant.
 */
export function exactProduct(a: number, b: number): number {
  const product = a * b;
  if (!Number.isSafeInteger(product)) throw new Error(`invariant: ${a} x ${b} is not an exact integer`);
  return product;
}

/** Quotient of integers, rounded towards minus infinity (`down`) or plus infinity (`up`). Exact: `%` loses nothing. */
function divide(dividend: number, divisor: number, rounding: Rounding): number {
  if (rounding === "up") return 0 - divide(0 - dividend, divisor, "down");
  const rest = dividend % divisor;
  const quotient = (dividend - rest) / divisor;
  return rest < 0 ? quotient - 1 : quotient;
}

/**
 * Denominator of every remainder of this drive: with n/d half-steps and I microunits a turn, x microunits are
 * x * n / (d * I) half-steps. Throws an invariant when it reaches 2^32 (a remainder is stored as a u32) or when the
 * largest pulse could leave the exact integers.
 */
export function stepDenominator(drive: DriveConfig): number {
  const { numerator, denominator } = drive.halfStepsPerTurn;
  for (const term of [numerator, denominator, drive.insulinPerTurnMicrounits])
    if (!Number.isSafeInteger(term) || term <= 0)
      throw new Error(`invariant: ${term} in the drive's geometry is not a positive integer`);
  const product = exactProduct(denominator, drive.insulinPerTurnMicrounits);
  if (product >= 2 ** 32) throw new Error(`invariant: step denominator ${product} does not fit 32 bits`);
  if (exactProduct(drive.pulseMaxMicrounits, numerator) + product > Number.MAX_SAFE_INTEGER)
    throw new Error("invariant: the largest pulse is beyond exact integers");
  return product;
}

/**
 * Plans one pulse: the whole half-steps in `insulinMicrounits` and the remainder carried so far. Over any history of
 * plans that hand the remainder on, 0 <= ideal - commanded < 1 half-step. A plan may have no half-steps.
 *
 * Throws an invariant for insulin outside 1 to `drive.pulseMaxMicrounits`, and for a remainder outside 0 to
 * `stepDenominator(drive) - 1`; a new calibration has a new denominator, so it starts from remainder 0.
 */
export function planPulse(drive: DriveConfig, insulinMicrounits: Microunits, remainder: number): PulsePlan {
  const denominator = stepDenominator(drive);
  if (!Number.isInteger(insulinMicrounits) || insulinMicrounits <= 0 || insulinMicrounits > drive.pulseMaxMicrounits)
    throw new Error(
      `invariant: a pulse of ${insulinMicrounits} microunits; 1 to ${drive.pulseMaxMicrounits} are allowed`,
    );
  if (!Number.isInteger(remainder) || remainder < 0 || remainder >= denominator)
    throw new Error(`invariant: remainder ${remainder} is not below ${denominator}`);
  const owed = exactProduct(insulinMicrounits, drive.halfStepsPerTurn.numerator) + remainder;
  const remainderAfter = owed % denominator;
  return {
    insulinMicrounits,
    halfSteps: halfSteps((owed - remainderAfter) / denominator),
    remainderBefore: remainder,
    remainderAfter,
  };
}

/** Insulin that a number of half-steps displaces, rounded as told. */
export function insulinOfHalfSteps(drive: DriveConfig, steps: number, rounding: Rounding): Microunits {
  const dividend = exactProduct(steps, stepDenominator(drive));
  return microunits(divide(dividend, drive.halfStepsPerTurn.numerator, rounding));
}

/** Most insulin that the jump of the coils at the first energising after a power cut can move, rounded up. */
export function jumpMicrounits(drive: DriveConfig): Microunits {
  return insulinOfHalfSteps(drive, JUMP_HALF_STEPS, "up");
}

/**
 * Insulin that a number of encoder counts (negative: backwards) stands for, rounded as told. Throws an invariant for a
 * drive without encoder.
 */
export function insulinOfCounts(drive: DriveConfig, counts: number, rounding: Rounding): Microunits {
  if (drive.encoder === "none") throw new Error("invariant: counts of a drive without encoder");
  const dividend = exactProduct(counts, drive.insulinPerTurnMicrounits);
  return microunits(divide(dividend, drive.encoder.countsPerTurn, rounding));
}
