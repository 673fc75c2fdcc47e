/** What a fault does to the therapy: everything stops, and what is not known is said to be uncertain. */

import type { Fault } from "../base/fault.js";
import { type Microunits, microunits, type UptimeMs } from "../base/units.js";
import { PrimingEndReason } from "../ids/historyValues.js";
import { AnnunciationType, OperationalState, StatusChangedFlag } from "../ids/values.js";
import { jumpMicrounits } from "../motor/geometry.js";
import type { MotorReport } from "../motor/motor.js";
import type { RigConfig } from "../rig.js";
import {
  annunciated,
  apply,
  beginChange,
  bolusEnded,
  type Change,
  finishChange,
  primingEnded,
  rateRecorded,
  stopped,
} from "./change.js";
import { operationalStateChanged } from "./events.js";
import { activeDose, type LedgerEntry } from "./ledger.js";
import { operationalState } from "./operational.js";
import { bolusDone, clockAt, type Therapy, type TherapyStep } from "./therapy.js";

/** What moved, as far as the encoder knows: of a pulse that failed, or while the motor was at rest. */
export type Moved = Pick<MotorReport, "lowMicrounits" | "highMicrounits">;

/**
 * Latches a fault: everything stops until a restart. `moved` tells of the pulse that failed, or of motion at rest, when
 * that is the fault: it is reported as an interval. A second fault changes nothing.
 */
export function latchFault(
  therapy: Therapy,
  fault: Fault,
  now: UptimeMs,
  moved: Moved | undefined,
  rig: RigConfig,
): TherapyStep {
  if (therapy.fault) return { next: therapy };
  const idle: Therapy = { ...therapy, motion: { kind: "idle" }, journal: { ...therapy.journal, pulse: undefined } };
  const begun = beginChange(idle, clockAt(idle, now));
  const dose = activeDose(therapy.standing.ledger);
  const { pulse } = therapy.journal;
  const amid = dose && (pulse?.source === "bolus" || pulse?.source === "priming");
  const settled = amid ? doseUncertain(begun, dose, pulse.insulinMicrounits, moved, rig) : begun;
  const ended = stopped(settled, rig.drive.pulseMaxMicrounits, "error");
  const type = fault.kind === "motorShort" || fault.kind === "motorOver" ? "MechanicalIssue" : "SystemIssue";
  const flags = StatusChangedFlag.OperationalState;
  const event = operationalStateChanged(operationalState(ended.therapy), OperationalState.Off);
  const off = apply(annunciated(ended, AnnunciationType[type]), {}, flags, event);
  const step = finishChange(rateRecorded(therapy, off));
  return { ...step, next: { ...step.next, fault: { cause: fault, stored: false } } };
}

/**
 * The bolus or priming whose pulse failed: between what the encoder is sure of and what it may have moved, and the jump
 * of a rotor that rests amid the pulse when the coils are energised next.
 */
function doseUncertain(
  change: Change,
  dose: LedgerEntry,
  pulse: Microunits,
  moved: Moved | undefined,
  rig: RigConfig,
): Change {
  const done = bolusDone(change.therapy, dose);
  const jump = jumpMicrounits(rig.drive);
  const low = microunits(Math.max(0, done + (moved?.lowMicrounits ?? 0) - jump));
  const high = microunits(done + (moved?.highMicrounits ?? pulse) + jump);
  const ended = bolusEnded(change, "uncertain", low, high);
  return primingEnded(ended, "uncertain", low, high, PrimingEndReason.ErrorAbort);
}
