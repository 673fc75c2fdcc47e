/**
 * The decisions of the therapy over time: pulses begun and ended, commands obeyed, rates that run out, faults. Every
 * function is one step (therapy.ts); the pump asks again until a step has nothing to make durable.
 */

import type { Fault } from "../base/fault.js";
import { Refusal } from "../base/refusal.js";
import {
  type Microunits,
  MS_PER_MINUTE,
  microunits,
  type PumpClockMs,
  pumpClockMs,
  type UptimeMs,
  uptimeMs,
} from "../base/units.js";
import { AnnunciationType, StatusChangedFlag } from "../ids/values.js";
import { jumpMicrounits, planPulse } from "../motor/geometry.js";
import type { MotorReport } from "../motor/motor.js";
import { PHASES } from "../motor/stepper.js";
import type { RigConfig } from "../rig.js";
import type { Authorised } from "./authorised.js";
import { dueInMs, isDue, pay } from "./basal.js";
import {
  annunciated,
  apply,
  beginChange,
  bolusEnded,
  bolusStopped,
  type Change,
  confirmed,
  finishChange,
  rateRecorded,
  stopped,
  tbrStopped,
} from "./change.js";
import type { DoseId, Meaning } from "./commands.js";
import { bolusProgrammed, controlStateChanged, operationalStateOff, TbrEndReason, tbrStarted } from "./events.js";
import type { Journal, PulseSource } from "./journal.js";
import { activeBolus, addEntry, type LedgerEntry } from "./ledger.js";
import { gate } from "./limits.js";
import type { Tbr } from "./standing.js";
import { accrueTo, basalRate, bolusDone, clockAt, delivered, type Therapy, type TherapyStep } from "./therapy.js";
import { withHoursClosed } from "./windowsStep.js";

/** Accumulator, remainder and clock are durable at least this often: what a restart may cost in basal (SR-63). */
export const SAVE_INTERVAL_MS = 5 * MS_PER_MINUTE;
const BOLUS_IDS = 0xffff;

/** What time brings: an hour's end, a temporary rate's end, a pulse that is due, a journal to save; one at a time. */
export function passTime(given: Therapy, now: UptimeMs, rig: RigConfig): TherapyStep {
  if (given.fault || given.motion.kind === "pulsing") return { next: given };
  const clockMs = clockAt(given, now);
  const { tbr } = given.standing;
  if (tbr && clockMs >= tbr.endsAtMs) {
    const ended = tbrStopped(beginChange(given, tbr.endsAtMs), TbrEndReason.DurationOver);
    return finishChange(rateRecorded(given, ended));
  }
  const therapy = accrueTo(withHoursClosed(given, clockMs), clockMs);
  if (therapy.standing !== given.standing && given.journal.openHourMicrounits > 0)
    return finishChange(beginChange(therapy, clockMs));
  return duePulse(therapy, now, rig) ?? dueSave(therapy, now) ?? { next: therapy };
}

function duePulse(therapy: Therapy, now: UptimeMs, rig: RigConfig): TherapyStep | undefined {
  if (now < therapy.nextPulseAt || !therapy.standing.run) return undefined;
  const { drive, limits } = rig;
  const pulse = drive.pulseMaxMicrounits;
  if (isDue(therapy.journal.basalOwed, pulse)) {
    const passed = gate(limits, delivered(therapy), pulse);
    const journal = { ...therapy.journal, basalOwed: pay(therapy.journal.basalOwed, pulse) };
    // Withheld insulin is not made up later: it is paid without a pulse.
    return passed.ok
      ? beginPulse({ ...therapy, journal }, "basal", pulse, now, rig)
      : withheld({ ...therapy, journal }, passed.refusal, clockAt(therapy, now));
  }
  const bolus = activeBolus(therapy.standing.ledger);
  if (!bolus) return undefined;
  const left = bolus.intendedMicrounits - bolusDone(therapy, bolus);
  const amount = microunits(Math.min(left, pulse));
  // What the bolus still has coming is reserved already; nothing more is asked for.
  const passed = gate(limits, delivered(therapy), microunits(0));
  return passed.ok ? beginPulse(therapy, "bolus", amount, now, rig) : overLimit(therapy, clockAt(therapy, now));
}

function withheld(therapy: Therapy, refusal: Refusal, clockMs: PumpClockMs): TherapyStep {
  const { ReservoirEmpty, MaxDelivery } = AnnunciationType;
  const type = refusal === Refusal.NotCompleted ? ReservoirEmpty : MaxDelivery;
  const change = annunciated(beginChange(therapy, clockMs), type);
  return change.events.length > 0 ? finishChange(change) : { next: therapy };
}

/** A bolus that no longer fits, because an uncertain pulse was counted at its upper bound, ends where it stands. */
function overLimit(therapy: Therapy, clockMs: PumpClockMs): TherapyStep {
  return finishChange(annunciated(bolusStopped(beginChange(therapy, clockMs)), AnnunciationType.MaxDelivery));
}

function beginPulse(
  therapy: Therapy,
  source: PulseSource,
  insulinMicrounits: Microunits,
  now: UptimeMs,
  rig: RigConfig,
): TherapyStep {
  const { journal } = therapy;
  const plan = planPulse(rig.drive, insulinMicrounits, journal.stepRemainder);
  const bolus = activeBolus(therapy.standing.ledger);
  const total = source === "bolus" ? "bolusTotalMicrounits" : "basalTotalMicrounits";
  const begun: Journal = {
    ...journal,
    [total]: microunits(journal[total] + insulinMicrounits),
    openHourMicrounits: microunits(journal.openHourMicrounits + insulinMicrounits),
    stepRemainder: plan.remainderAfter,
    coilPhase: (journal.coilPhase + plan.halfSteps) % PHASES,
    pulse: { source, insulinMicrounits },
    bolus: bolus ? { doseId: bolus.doseId, doneMicrounits: bolusDone(therapy, bolus) } : journal.bolus,
  };
  return {
    next: { ...therapy, journal: begun, motion: { kind: "pulsing", plan }, savedAt: now },
    record: { kind: "pulse", value: { ...begun, plan } },
  };
}

function dueSave(therapy: Therapy, now: UptimeMs): TherapyStep | undefined {
  if (now - therapy.savedAt < SAVE_INTERVAL_MS) return undefined;
  return { next: { ...therapy, savedAt: now }, record: { kind: "journal", value: therapy.journal } };
}

/** The motor's report of the pulse that was begun. */
export function endPulse(therapy: Therapy, report: MotorReport, now: UptimeMs, rig: RigConfig): TherapyStep {
  const { pulse } = therapy.journal;
  if (therapy.motion.kind !== "pulsing" || !pulse) throw new Error("invariant: a pulse ended that was not begun");
  const { drive } = rig;
  // The pulse began no later than now less the time it takes without delay; so the next never comes too soon.
  const leastMs = Math.max(0, report.plan.halfSteps - 1) * drive.halfStepMs + drive.holdMs + drive.settleMs;
  const nextPulseAt = uptimeMs(now - leastMs + drive.pulseIntervalMs);
  const bolus = pulse.source === "bolus" ? activeBolus(therapy.standing.ledger) : undefined;
  const before = bolus ? bolusDone(therapy, bolus) : microunits(0);
  const idle: Therapy = { ...therapy, motion: { kind: "idle" }, nextPulseAt };
  if (report.check.kind !== "inTolerance" || report.aborted) {
    const next = withMotionCounted(idle, pulse.insulinMicrounits, report.highMicrounits);
    return { next, record: { kind: "journal", value: next.journal } };
  }

  const done = microunits(before + pulse.insulinMicrounits);
  const doneBolus = bolus ? { doseId: bolus.doseId, doneMicrounits: done } : therapy.journal.bolus;
  const ended: Therapy = { ...idle, journal: { ...therapy.journal, pulse: undefined, bolus: doneBolus } };
  const change = beginChange(ended, clockAt(ended, now));
  if (report.occluded)
    return finishChange(
      rateRecorded(ended, annunciated(stopped(change, drive.pulseMaxMicrounits), AnnunciationType.Occlusion)),
    );
  if (bolus && done >= bolus.intendedMicrounits) return finishChange(bolusEnded(change, "delivered", done, done));
  return { next: ended };
}

/**
 * Counts what moved beyond the plan, if anything did, and keeps the pulse open, as large as it may have been: should
 * the power go before the fault is stored, a boot still finds it uncertain.
 */
function withMotionCounted(therapy: Therapy, planned: Microunits, high: Microunits): Therapy {
  const { journal } = therapy;
  const more = Math.max(0, high - planned);
  const source = journal.pulse?.source ?? "basal";
  const total = source === "bolus" ? "bolusTotalMicrounits" : "basalTotalMicrounits";
  const counted: Journal = {
    ...journal,
    pulse: { source, insulinMicrounits: microunits(planned + more) },
    [total]: microunits(journal[total] + more),
    openHourMicrounits: microunits(journal.openHourMicrounits + more),
  };
  return { ...therapy, journal: counted };
}

/** Obeys a command whose meaning `resolve` gave in the same turn. `doseId` names a countersigned one. */
export function obey(
  therapy: Therapy,
  authorised: Authorised<Meaning>,
  doseId: DoseId | undefined,
  now: UptimeMs,
  rig: RigConfig,
): TherapyStep {
  const meaning = authorised.command;
  const closed = withHoursClosed(therapy, clockAt(therapy, now));
  const change = beginChange(closed, clockAt(therapy, now));
  const { standing } = closed;
  const { ActiveBasal, ActiveBolus, TherapyControlState } = StatusChangedFlag;
  switch (meaning.kind) {
    case "stop":
      return stop(therapy, now, rig);
    case "cancelBolus":
      return finishChange(bolusStopped(change));
    case "setBolus": {
      const { amountMicrounits, flags } = meaning;
      const bolusId = standing.nextBolusId;
      const entry = ledgerEntry(doseId, "delivering", { bolusId, flags, intendedMicrounits: amountMicrounits });
      const events = bolusProgrammed(bolusId, amountMicrounits, flags);
      const fields = { ledger: addEntry(standing.ledger, entry), nextBolusId: (bolusId % BOLUS_IDS) + 1 };
      return finishChange(apply(change, fields, ActiveBolus, ...events));
    }
    case "setTbr": {
      const tbr: Tbr = {
        rateMicrounitsPerHour: meaning.rateMicrounitsPerHour,
        durationMinutes: meaning.durationMinutes,
        endsAtMs: pumpClockMs(change.clockMs + meaning.durationMinutes * MS_PER_MINUTE),
      };
      const fields = { tbr, ledger: addEntry(standing.ledger, ledgerEntry(doseId, "applied", {})) };
      return finishChange(rateRecorded(closed, apply(change, fields, ActiveBasal, tbrStarted(tbr, meaning.change))));
    }
    case "cancelTbr": {
      const ended = tbrStopped(change, TbrEndReason.Canceled);
      const fields = { ledger: addEntry(standing.ledger, ledgerEntry(doseId, "applied", {})) };
      return finishChange(rateRecorded(closed, apply(ended, fields, ActiveBasal)));
    }
    case "run": {
      const fields = {
        run: true,
        stateWasLost: false,
        ledger: addEntry(standing.ledger, ledgerEntry(doseId, "applied", {})),
      };
      const running = apply(change, fields, TherapyControlState | ActiveBasal, controlStateChanged(true));
      return finishChange(rateRecorded(closed, running));
    }
    default:
      return meaning satisfies never;
  }
}

function ledgerEntry(
  doseId: DoseId | undefined,
  kind: "applied" | "delivering",
  fields: Partial<LedgerEntry>,
): LedgerEntry {
  if (doseId === undefined) throw new Error("invariant: a countersigned command without an ID");
  const nothing = microunits(0);
  return {
    doseId,
    kind,
    bolusId: 0,
    flags: 0,
    intendedMicrounits: nothing,
    lowMicrounits: nothing,
    highMicrounits: nothing,
    ...fields,
  };
}

/** Stop, by radio or by button. In Stop already, it changes nothing and writes nothing. */
export function stop(therapy: Therapy, now: UptimeMs, rig: RigConfig): TherapyStep {
  const change = stopped(beginChange(therapy, clockAt(therapy, now)), rig.drive.pulseMaxMicrounits);
  return change.events.length > 0 ? finishChange(rateRecorded(therapy, change)) : { next: therapy };
}

/** Run, by a deliberate gesture on the pump. Does nothing in Run, with a fault, or after stored state was lost. */
export function resume(therapy: Therapy, now: UptimeMs): TherapyStep {
  if (therapy.standing.run || therapy.fault || therapy.standing.stateWasLost) return { next: therapy };
  const { TherapyControlState, ActiveBasal } = StatusChangedFlag;
  const change = beginChange(therapy, clockAt(therapy, now));
  const running = apply(change, { run: true }, TherapyControlState | ActiveBasal, controlStateChanged(true));
  return finishChange(rateRecorded(therapy, running));
}

/** The user's confirmation of the oldest annunciation, on the pump. */
export function confirmAnnunciation(therapy: Therapy, now: UptimeMs): TherapyStep {
  const change = confirmed(beginChange(therapy, clockAt(therapy, now)));
  return change.events.length > 0 ? finishChange(change) : { next: therapy };
}

/** Tells the user of something that does not stop therapy. */
export function tell(therapy: Therapy, type: AnnunciationType, now: UptimeMs): TherapyStep {
  const change = annunciated(beginChange(therapy, clockAt(therapy, now)), type);
  return change.events.length > 0 ? finishChange(change) : { next: therapy };
}

/**
 * Latches a fault: everything stops until a restart. `report` is the pulse that failed, if one did: what moved of it
 * is reported as an interval. A second fault changes nothing.
 */
export function latchFault(
  therapy: Therapy,
  fault: Fault,
  now: UptimeMs,
  report: MotorReport | undefined,
  rig: RigConfig,
): TherapyStep {
  if (therapy.fault) return { next: therapy };
  const idle: Therapy = { ...therapy, motion: { kind: "idle" }, journal: { ...therapy.journal, pulse: undefined } };
  const begun = beginChange(idle, clockAt(idle, now));
  const bolus = activeBolus(therapy.standing.ledger);
  const { pulse } = therapy.journal;
  const amid = bolus && pulse?.source === "bolus";
  const settled = amid ? failed(begun, bolus, pulse.insulinMicrounits, report, rig) : begun;
  const ended = stopped(settled, rig.drive.pulseMaxMicrounits);
  const type = fault.kind === "motorShort" || fault.kind === "motorOver" ? "MechanicalIssue" : "SystemIssue";
  const flags = StatusChangedFlag.OperationalState;
  const off = apply(annunciated(ended, AnnunciationType[type]), {}, flags, operationalStateOff());
  const step = finishChange(rateRecorded(therapy, off));
  return { ...step, next: { ...step.next, fault } };
}

/**
 * The bolus whose pulse failed: between what the encoder is sure of and what it may have moved, and the jump of a rotor
 * that rests amid the pulse when the coils are energised next.
 */
function failed(
  change: Change,
  bolus: LedgerEntry,
  pulse: Microunits,
  report: MotorReport | undefined,
  rig: RigConfig,
): Change {
  const done = bolusDone(change.therapy, bolus);
  const jump = jumpMicrounits(rig.drive);
  const low = microunits(Math.max(0, done + (report?.lowMicrounits ?? 0) - jump));
  const high = microunits(done + (report?.highMicrounits ?? pulse) + jump);
  return bolusEnded(change, "uncertain", low, high);
}

/** When the therapy next wants time to pass, given that the motor is at rest. */
export function therapyWakeAt(therapy: Therapy, now: UptimeMs, rig: RigConfig): UptimeMs {
  const { standing, journal, bootClockMs } = therapy;
  const saveAt = therapy.savedAt + SAVE_INTERVAL_MS;
  if (therapy.fault) return uptimeMs(now + SAVE_INTERVAL_MS);
  const wakes: number[] = [saveAt];
  if (standing.tbr) wakes.push(standing.tbr.endsAtMs - bootClockMs);
  if (activeBolus(standing.ledger)) wakes.push(therapy.nextPulseAt);
  const dueMs = dueInMs(journal.basalOwed, basalRate(standing), rig.drive.pulseMaxMicrounits);
  if (standing.run && dueMs !== undefined)
    wakes.push(Math.max(therapy.nextPulseAt, journal.clockMs + dueMs - bootClockMs));
  return uptimeMs(Math.max(now, Math.min(...wakes)));
}
