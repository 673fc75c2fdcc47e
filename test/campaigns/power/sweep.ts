/** The power cut at every operation of a script in turn, each time in a new world of the same seed. */

import assert from "node:assert/strict";
import type { CutPoint } from "../../../host-sim/peripherals/operations.js";
import { PowerWent } from "./life.js";
import type { Trial } from "./trial.js";

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

/** Runs the script until the cut at `point`. */
export function cut(trial: Trial, script: Script, point: CutPoint): void {
  trial.world.hardware.cutAt(point);
  if (!runUntilCut(trial, script)) throw new Error(`the script never came to operation ${point.operation}`);
}

/**
 * Cuts during and after every operation of the script, and before every operation that is not a half-step: before a
 * half-step is after the operation ahead of it. With `storageAlone` no half-step is cut; `from` is the first operation
 * to cut, 1 unless given.
 */
export function sweep(
  tally: Tally,
  name: string,
  make: () => Trial,
  script: Script,
  after: Script,
  options: { readonly storageAlone?: boolean; readonly from?: number } = {},
): void {
  const { storageAlone = false, from = 1 } = options;
  const operations = operationsOf(make, script);
  let halfSteps = make().world.hardware.operationCounts.halfStep;
  for (let operation = from; operation <= operations; operation++) {
    let stored = true;
    for (const phase of ["after", "during", "before"] as const) {
      if (!stored && (storageAlone || phase === "before")) continue;
      const trial = make();
      judged(tally, `${name}, cut ${phase} operation ${operation}`, trial, () => {
        cut(trial, script, { operation, phase });
        if (phase === "after") {
          const made = trial.world.hardware.operationCounts.halfStep;
          stored = made === halfSteps;
          halfSteps = made;
        }
        if (stored || !storageAlone) after(trial);
      });
    }
  }
}

export function report(tally: Tally): void {
  const { violations, cuts } = tally;
  const shown = violations.slice(0, VIOLATIONS_SHOWN).join("\n");
  assert.equal(violations.length, 0, `${violations.length} violations in ${cuts} cuts:\n${shown}`);
}
