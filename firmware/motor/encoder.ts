/**
 * The check of commanded against counted motion: short of the plan is a stall or a slip, over it a runaway. The check
 * is cumulative since a baseline, so that slip below the tolerance cannot add up pulse by pulse, and takes in whatever
 * moved between pulses: motion that nobody commanded shows at the next pulse. Pure; owns no hardware and latches
 * nothing.
 */

import { type EncoderCounts, type HalfSteps, halfSteps, type Microunits, microunits } from "../base/units.js";
import type { DriveConfig } from "../rig.js";
import { exactProduct, insulinOfCounts, insulinOfHalfSteps, JUMP_HALF_STEPS, jumpMicrounits } from "./geometry.js";

/**
 * What was commanded and counted since the baseline.
 *
 *     booted --rotor at rest at the phase kept: new baseline--> aligned --first pulse checked--> tracking
 *
 * Since power came, the rotor may rest off the phase that the journal kept: energising that phase before the first
 * half-step makes it jump, up to 4 half-steps either way. Only the jump is allowed so much; the baseline moves behind
 * it, so that a first pulse that stalls is found like any other.
 */
export type EncoderState =
  | {
      readonly phase: "booted";
      readonly baselineCounts: EncoderCounts;
      /** The last settled reading: where the counts of the next pulse begin. */
      readonly lastCounts: EncoderCounts;
    }
  | {
      readonly phase: "aligned";
      readonly baselineCounts: EncoderCounts;
      /** From before the jump: what moved by it belongs to the first pulse. */
      readonly lastCounts: EncoderCounts;
      /** Signed counts since boot, the jump included. */
      readonly jumpedCounts: number;
    }
  | {
      readonly phase: "tracking";
      readonly baselineCounts: EncoderCounts;
      readonly lastCounts: EncoderCounts;
      readonly commandedHalfSteps: HalfSteps;
    };

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
  /** Signed counts since the last settled reading; 0 without an encoder. */
  readonly countedCounts: number;
  readonly lowMicrounits: Microunits;
  readonly highMicrounits: Microunits;
}

/** State at boot. @param counts the encoder's reading then. */
export function encoderAtBoot(counts: EncoderCounts): EncoderState {
  return { phase: "booted", baselineCounts: counts, lastCounts: counts };
}

/**
 * Takes the reading of a rotor that rests at the phase kept, before the first half-step since boot. Throws an invariant
 * when that was done already.
 */
export function encoderAligned(state: EncoderState, counts: EncoderCounts): EncoderState {
  if (state.phase !== "booted") throw new Error("invariant: the rotor is aligned already");
  const { baselineCounts, lastCounts } = state;
  return { phase: "aligned", baselineCounts: counts, lastCounts, jumpedCounts: counts - baselineCounts };
}

function atLeastNone(amountMicrounits: number): Microunits {
  return microunits(Math.max(0, amountMicrounits));
}

/**
 * Checks one pulse after it settled, and with the first one the jump of the alignment before it. Throws an invariant
 * for half-steps that no alignment went before.
 *
 * @param steps half-steps that this pulse really commanded, negative backwards: fewer than planned if it was cut short.
 * @param counts the encoder's running total; ignored for a drive without encoder.
 */
export function checkMotion(
  drive: DriveConfig,
  state: EncoderState,
  steps: HalfSteps,
  counts: EncoderCounts,
): CheckedMotion {
  if (state.phase === "booted" && steps !== 0) throw new Error("invariant: half-steps before the rotor was aligned");
  const commandedBefore = state.phase === "tracking" ? state.commandedHalfSteps : 0;
  const commandedHalfSteps = halfSteps(commandedBefore + steps);
  const { baselineCounts } = state;
  const next: EncoderState =
    state.phase === "booted"
      ? { ...state, lastCounts: counts }
      : { phase: "tracking", baselineCounts, lastCounts: counts, commandedHalfSteps };
  if (drive.encoder === "none") {
    const jump = state.phase === "aligned" ? jumpMicrounits(drive) : 0;
    return {
      next,
      check: { kind: "inTolerance" },
      measured: false,
      countedCounts: 0,
      lowMicrounits: atLeastNone(insulinOfHalfSteps(drive, steps, "down") - jump),
      highMicrounits: atLeastNone(insulinOfHalfSteps(drive, steps, "up") + jump),
    };
  }
  const { toleranceCounts } = drive.encoder;
  const jumped = state.phase === "aligned" ? checkJump(drive, drive.encoder, state.jumpedCounts) : undefined;
  const pulseCounts = counts - state.lastCounts;
  return {
    next,
    check: jumped ?? checkCounts(drive, drive.encoder, commandedHalfSteps, counts - baselineCounts),
    measured: true,
    countedCounts: pulseCounts,
    lowMicrounits: atLeastNone(insulinOfCounts(drive, pulseCounts - toleranceCounts, "down")),
    highMicrounits: atLeastNone(insulinOfCounts(drive, pulseCounts + toleranceCounts, "up")),
  };
}

/**
 * Checks a rotor at rest, any time after its last pulse settled: whether it has moved since that pulse was read. Not
 * cumulative: what a pulse was off by is the pulse's, and a rotor that relaxes by an edge is no runaway. A drive
 * without encoder sees nothing.
 */
export function checkRest(drive: DriveConfig, state: EncoderState, counts: EncoderCounts): CheckedMotion {
  const nothing = {
    check: { kind: "inTolerance" },
    countedCounts: 0,
    lowMicrounits: microunits(0),
    highMicrounits: microunits(0),
  } as const;
  if (drive.encoder === "none") return { next: state, measured: false, ...nothing };
  const { toleranceCounts } = drive.encoder;
  const countedCounts = counts - state.lastCounts;
  if (Math.abs(countedCounts) <= toleranceCounts) return { next: state, measured: true, ...nothing };
  return {
    next: { ...state, lastCounts: counts },
    check: { kind: countedCounts < 0 ? "short" : "over", countedCounts, expectedCounts: 0 },
    measured: true,
    countedCounts,
    lowMicrounits: atLeastNone(insulinOfCounts(drive, countedCounts - toleranceCounts, "down")),
    highMicrounits: atLeastNone(insulinOfCounts(drive, countedCounts + toleranceCounts, "up")),
  };
}

type Encoder = Exclude<DriveConfig["encoder"], "none">;

/** Undefined when the alignment jumped no further than coils can pull, give or take the tolerance. */
function checkJump(drive: DriveConfig, encoder: Encoder, jumpedCounts: number): MotionCheck | undefined {
  const { numerator, denominator } = drive.halfStepsPerTurn;
  const jumpCounts = Math.ceil((JUMP_HALF_STEPS * encoder.countsPerTurn * denominator) / numerator);
  if (Math.abs(jumpedCounts) <= jumpCounts + encoder.toleranceCounts) return undefined;
  return { kind: jumpedCounts < 0 ? "short" : "over", countedCounts: jumpedCounts, expectedCounts: 0 };
}

function checkCounts(
  drive: DriveConfig,
  encoder: Encoder,
  commandedHalfSteps: HalfSteps,
  countedCounts: number,
): MotionCheck {
  // Counts are compared as multiples of 1/numerator: with n/d half-steps and c counts a turn, s half-steps are
  // s * c * d / n counts.
  const { numerator, denominator } = drive.halfStepsPerTurn;
  const expected = exactProduct(commandedHalfSteps, exactProduct(encoder.countsPerTurn, denominator));
  const deviation = exactProduct(countedCounts, numerator) - expected;
  if (Math.abs(deviation) <= exactProduct(encoder.toleranceCounts, numerator)) return { kind: "inTolerance" };
  return {
    kind: deviation < 0 ? "short" : "over",
    countedCounts,
    expectedCounts: Math.round(expected / numerator),
  };
}
