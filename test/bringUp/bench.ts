/** What bring-up's steps are asked with: a pump in Stop, without controllers, on the default rig. */

import { encoderCounts, halfSteps, microunits } from "../../firmware/base/units.js";
import type { Readings } from "../../firmware/bringUp/status.js";
import { type BringUp, type BringUpStep, bringUpAtBoot, stepBringUp } from "../../firmware/bringUp/step.js";
import { NOMINAL } from "../../firmware/motor/calibration.js";
import type { MotorReport } from "../../firmware/motor/motor.js";
import { DEFAULT_RIG } from "../../firmware/rig.js";
import { NO_BONDS } from "../../firmware/session/bonds.js";
import { NEW_JOURNAL } from "../../firmware/therapy/journal.js";
import { newProfiles } from "../../firmware/therapy/profiles.js";
import { newStanding } from "../../firmware/therapy/standing.js";
import { beginTherapy } from "../../firmware/therapy/therapy.js";
import { at } from "../therapy/bench.js";

export function readings(fields: Partial<Readings> = {}): Readings {
  return {
    therapy: beginTherapy(
      newStanding(DEFAULT_RIG),
      newProfiles(DEFAULT_RIG.provisioning.basalMicrounitsPerHour),
      NEW_JOURNAL,
      at(0),
      DEFAULT_RIG,
    ),
    bonds: NO_BONDS,
    now: at(10_000),
    nominal: DEFAULT_RIG,
    rig: DEFAULT_RIG,
    calibration: NOMINAL,
    encoderCounts: encoderCounts(0),
    force: { mean: 0, spread: 0 },
    ...fields,
  };
}

export const FRESH: BringUp = bringUpAtBoot(NOMINAL);

export const line = (state: BringUp, text: string, fields: Partial<Readings> = {}): BringUpStep =>
  stepBringUp(state, { kind: "line", line: text }, readings(fields));

/** The report of a bench pulse, as the motor gives it. */
export function benchReport(steps: number, countedCounts: number, fields: Partial<MotorReport> = {}): MotorReport {
  const nothing = microunits(0);
  return {
    plan: { insulinMicrounits: nothing, halfSteps: halfSteps(steps), remainderBefore: 0, remainderAfter: 0 },
    check: { kind: "inTolerance" },
    countedCounts,
    lowMicrounits: nothing,
    highMicrounits: nothing,
    coilPhase: 0,
    forceFraction: 0,
    occluded: false,
    aborted: false,
    ...fields,
  };
}

/** A state whose last turning made so many half-steps and counts. */
export const afterTurning = (steps: number, counted: number): BringUp => ({
  ...FRESH,
  turned: { plannedHalfSteps: halfSteps(steps), madeHalfSteps: halfSteps(steps), countedCounts: counted },
});
