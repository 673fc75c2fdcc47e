/** A turning of the screw in ordinary pulses, and what the encoder says of it. Pure. */

import { type HalfSteps, halfSteps } from "../base/units.js";
import { exactProduct, JUMP_HALF_STEPS } from "../motor/geometry.js";
import type { DriveConfig } from "../rig.js";

/** What has been turned, of what was asked. */
export interface Turned {
  readonly plannedHalfSteps: HalfSteps;
  readonly madeHalfSteps: HalfSteps;
  /** Signed. */
  readonly countedCounts: number;
}

/** A turning of so many hundredths of a turn, to the nearest half-step. */
export function plannedTurning(drive: DriveConfig, hundredths: number): Turned {
  const { numerator, denominator } = drive.halfStepsPerTurn;
  const planned = Math.round(exactProduct(hundredths, numerator) / (100 * denominator));
  return { plannedHalfSteps: halfSteps(planned), madeHalfSteps: halfSteps(0), countedCounts: 0 };
}

/** Half-steps of the next pulse: as many whole ones as are in the insulin of one, or what is left. */
export function nextPulseHalfSteps(drive: DriveConfig, turned: Turned): HalfSteps {
  const { numerator, denominator } = drive.halfStepsPerTurn;
  const owed = exactProduct(drive.pulseMaxMicrounits, numerator);
  const whole = Math.floor(owed / exactProduct(denominator, drive.insulinPerTurnMicrounits));
  return halfSteps(Math.min(whole, turned.plannedHalfSteps - turned.madeHalfSteps));
}

/** Turns finished. */
export function wholeTurns(drive: DriveConfig, steps: number): number {
  const { numerator, denominator } = drive.halfStepsPerTurn;
  return Math.floor(exactProduct(steps, denominator) / numerator);
}

/** Half-steps as turns, to a hundredth. */
export function turnsOf(drive: DriveConfig, steps: number): string {
  const { numerator, denominator } = drive.halfStepsPerTurn;
  return ((steps * denominator) / numerator).toFixed(2);
}

/** `unchecked`: without encoder. `little`: too few half-steps to tell. */
export interface Verdict {
  readonly kind: "right" | "wrong" | "unchecked" | "little";
  readonly line: string;
}

/** Fewer expected counts than this do not stand out of the slack: a twentieth of a turn. */
const COUNTS_TO_JUDGE = 120;

/** What is wrong with an encoder, or with what it sits on, in words. */
export function encoderVerdict(drive: DriveConfig, { madeHalfSteps, countedCounts }: Turned): Verdict {
  const { encoder, halfStepsPerTurn } = drive;
  if (encoder === "none") return { kind: "unchecked", line: "No encoder: motion is not checked" };
  const { numerator, denominator } = halfStepsPerTurn;
  const countsOf = (steps: number) => exactProduct(steps, exactProduct(encoder.countsPerTurn, denominator)) / numerator;
  const expected = countsOf(madeHalfSteps);
  const figures = `${madeHalfSteps} half-steps: ${expected.toFixed(1)} counts expected, ${countedCounts} counted`;
  if (expected < COUNTS_TO_JUDGE) return { kind: "little", line: `${figures}. Too little to judge: turn 0.1 or more` };
  // What a rotor may jump when it finds current again after a cut comes on top of the tolerance.
  const slack = encoder.toleranceCounts + countsOf(JUMP_HALF_STEPS);
  if (Math.abs(countedCounts - expected) <= slack) return { kind: "right", line: `${figures}. As it should be` };
  const wrong = (what: string): Verdict => ({ kind: "wrong", line: `${figures}. ${what}` });
  if (Math.abs(countedCounts) <= slack)
    return wrong("No counts: check the encoder's power and both of its wires, and that the screw turns");
  if (countedCounts < 0)
    return wrong("Counts backwards: swap A and B; if the plunger moved back, reverse the motor's plug instead");
  const percent = Math.round((100 * countedCounts) / expected);
  return countedCounts < expected
    ? wrong(`${percent} % of the counts: the screw slips, the motor stalls, or the encoder has fewer counts a turn`)
    : wrong(`${percent} % of the counts: noise on the encoder's wires, or it has more counts a turn`);
}
