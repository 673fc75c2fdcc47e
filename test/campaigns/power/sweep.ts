/** The power cut at every operation of a script in turn, each time in a new world of the same seed. */

import assert from "node:assert/strict";
import type { CutPoint } from "../../../host-sim/hardware.js";
import type { CutPhase } from "../../../host-sim/peripherals/power.js";
import { PowerWent, type Trial } from "./trial.js";

/** A script, from power on; it may be cut short anywhere. */
export type Script = (trial: Trial) => void;

const VIOLATIONS_SHOWN = 12;

/** Runs the script until its end or the cut; false when it came to its end. */
export function runUntilCut(trial: Trial, script: Script): boolean {
  try {
    script(trial);
    return false;
  } catch (error) {
    if (!(error instanceof PowerWent)) throw error;
    return true;
  }
}

/** Operations of the script undisturbed. */
export function operationsOf(make: () => Trial, script: Script): number {
  const trial = make();
  script(trial);
  return trial.world.hardware.operations;
}

/** How many cuts there were, and what went wrong. */
export class Tally {
  cuts = 0;
  readonly violations: string[] = [];
}

/** Runs one trial, and notes what went wrong in it under `name`. */
export function judged(tally: Tally, name: string, trial: Trial, course: () => void): void {
  tally.cuts += 1;
  try {
    course();
  } catch (error) {
    trial.model.violations.push(`${error instanceof Error ? error.stack : error}`);
  }
  for (const violation of trial.model.violations) tally.violations.push(`${name}: ${violation}`);
}

/** Cuts at one point of the script, then lets `after` recover and judge. Returns whether the point was a half-step. */
export function cutOnce(
  tally: Tally,
  name: string,
  make: () => Trial,
  script: Script,
  point: CutPoint,
  after: Script,
): { readonly halfSteps: number } {
  const trial = make();
  const { hardware } = trial.world;
  let halfSteps = 0;
  judged(tally, `${name}, cut ${point.phase} operation ${point.operation}`, trial, () => {
    hardware.cutAt(point);
    if (!runUntilCut(trial, script)) throw new Error("the script never came to the cut");
    halfSteps = hardware.operationCounts.halfStep;
    after(trial);
  });
  return { halfSteps };
}

/** Cuts during and after every operation of the script, and before every operation that is not a half-step. */
export function sweep(tally: Tally, name: string, make: () => Trial, script: Script, after: Script): void {
  const operations = operationsOf(make, script);
  let halfSteps = 0;
  for (let operation = 1; operation <= operations; operation++) {
    const cut = (phase: CutPhase) => cutOnce(tally, name, make, script, { operation, phase }, after);
    const made = cut("after").halfSteps;
    cut("during");
    // Before a half-step is after the operation ahead of it.
    if (made === halfSteps) cut("before");
    halfSteps = made;
  }
}

export function report(tally: Tally): void {
  const { violations, cuts } = tally;
  const shown = violations.slice(0, VIOLATIONS_SHOWN).join("\n");
  assert.equal(violations.length, 0, `${violations.length} violations in ${cuts} cuts:\n${shown}`);
}
