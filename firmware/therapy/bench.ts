/**
 * The screw turned on a bench, by the motor's ordinary pulses: journaled with their coil phase before they move, so that
 * a power cut leaves no unknown phase, and no insulin to the therapy: totals, limits, outcomes and history know nothing
 * of them. Whether the bench may turn is judged where it is asked (bringUp/guard.ts); in Run it never may.
 *
 *     idle --beginBenchPulse--> pulsing --endBenchPulse--> turning --beginBenchPulse--> pulsing
 *                                                          turning --endTurning--> idle
 *
 * While turning, motion at rest is no fault: what the encoder says is the bench's to report.
 */

import { type HalfSteps, microunits, type UptimeMs } from "../base/units.js";
import { insulinOfHalfSteps, type PulsePlan } from "../motor/geometry.js";
import type { MotorReport } from "../motor/motor.js";
import { PHASES } from "../motor/stepper.js";
import type { RigConfig } from "../rig.js";
import type { Journal } from "./journal.js";
import { nextPulseAt, passRates } from "./pulses.js";
import type { Therapy, TherapyStep } from "./therapy.js";

/** Begins a pulse of so many half-steps, when what time ends has been recorded; one step at a time, as `passTime`. */
export function beginBenchPulse(given: Therapy, steps: HalfSteps, now: UptimeMs, rig: RigConfig): TherapyStep {
  if (given.standing.control === "run" || given.motion.kind === "pulsing")
    throw new Error("invariant: the bench turns the screw in Run, or during a pulse");
  const passed = passRates(given, now);
  const { next: therapy } = passed;
  if (passed.record || therapy.fault) return passed;
  const { journal } = therapy;
  const plan: PulsePlan = {
    insulinMicrounits: insulinOfHalfSteps(rig.drive, steps, "up"),
    halfSteps: steps,
    remainderBefore: journal.stepRemainder,
    remainderAfter: journal.stepRemainder,
  };
  const begun: Journal = {
    ...journal,
    coilPhase: (journal.coilPhase + steps) % PHASES,
    pulse: { source: "bench", insulinMicrounits: microunits(0) },
  };
  return {
    next: { ...therapy, journal: begun, motion: { kind: "pulsing", plan }, savedAt: now },
    record: { kind: "pulse", value: { ...begun, plan } },
  };
}

/** The motor's report of a pulse of the bench. What the encoder makes of it is no fault. */
export function endBenchPulse(therapy: Therapy, report: MotorReport, now: UptimeMs, rig: RigConfig): TherapyStep {
  if (therapy.journal.pulse?.source !== "bench") throw new Error("invariant: the bench began no pulse");
  const journal = { ...therapy.journal, pulse: undefined };
  const motion = { kind: "turning" } as const;
  return { next: { ...therapy, journal, motion, nextPulseAt: nextPulseAt(report, now, rig.drive) } };
}

/** The bench has done turning, or must: from here on motion at rest is a fault again. */
export function endTurning(therapy: Therapy): TherapyStep {
  return { next: therapy.motion.kind === "turning" ? { ...therapy, motion: { kind: "idle" } } : therapy };
}
