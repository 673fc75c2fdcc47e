/**
 * The therapy over time: hours that end, temporary rates that run out, pulses that are due and pulses that end. Every
 * function is one step (therapy.ts); the pump asks again until a step has nothing to make durable.
 */

import { Refusal } from "../base/refusal.js";
import {
  type Microunits,
  MS_PER_MINUTE,
  microunits,
  type PumpClockMs,
  type UptimeMs,
  uptimeMs,
} from "../base/units.js";
import { BolusEndReason, PrimingEndReason, TbrEndReason } from "../ids/historyValues.js";
import { AnnunciationType } from "../ids/values.js";
import { planPulse } from "../motor/geometry.js";
import type { MotorReport } from "../motor/motor.js";
import { PHASES } from "../motor/stepper.js";
import type { DriveConfig, RigConfig } from "../rig.js";
import { dueInMs, isDue, pay } from "./basal.js";
import {
  annunciated,
  apply,
  beginChange,
  bolusEnded,
  bolusStopped,
  finishChange,
  primingEnded,
  rateProgrammed,
  rateRecorded,
  stopped,
  tbrStopped,
} from "./change.js";
import { midnightPassed } from "./day.js";
import { basalBlockChanged } from "./events.js";
import { type InsulinSource, type Journal, withCounted } from "./journal.js";
import { activeBolus, activeDose, activePriming, isConfirmed } from "./ledger.js";
import { gate } from "./limits.js";
import { dropOffer } from "./offer.js";
import { beginLegPulse } from "./preparation.js";
import { blocksOf, NEVER } from "./profiles.js";
import {
  accrueTo,
  basalRate,
  bolusDone,
  clockAt,
  delivered,
  type Therapy,
  type TherapyStep,
  withHoursClosed,
} from "./therapy.js";

/** Accumulator, remainder and clock are durable at least this often: what a restart may cost in basal (SR-63). */
export const SAVE_INTERVAL_MS = 5 * MS_PER_MINUTE;
/** The first save after a boot; the next come twice as late each, so that restarts in a row do not keep all basal back. */
export const FIRST_SAVE_MS = 20_000;

const saveAt = ({ savedAt }: Therapy): UptimeMs =>
  uptimeMs(
    savedAt < SAVE_INTERVAL_MS
      ? Math.min(SAVE_INTERVAL_MS, Math.max(FIRST_SAVE_MS, 2 * savedAt))
      : savedAt + SAVE_INTERVAL_MS,
  );

/** Blocks of a written template that one step puts into the history. */
const BLOCKS_PER_STEP = 8;

/** What time ends: a temporary rate, a block, a day, an hour; one at a time, in the order of their ends. */
export function passRates(given: Therapy, now: UptimeMs): TherapyStep {
  if (given.fault || given.motion.kind === "pulsing") return { next: given };
  if (given.offer && now >= given.offer.until) return dropOffer(given, now);
  const { tbr, day } = given.standing;
  if (given.standing.blockToRecord > 0) return recordBlocks(given, clockAt(given, now));
  const clockMs = clockAt(given, now);
  const rateEndMs = tbr && tbr.endsAtMs < given.rateEndsAtMs ? tbr.endsAtMs : given.rateEndsAtMs;
  const endMs = day && day.endsAtMs < rateEndMs ? day.endsAtMs : rateEndMs;
  if (clockMs >= endMs) return passEnd(given, endMs);
  const therapy = accrueTo(withHoursClosed(given, clockMs), clockMs);
  if (therapy.standing !== given.standing && given.journal.openHourMicrounits > 0)
    return finishChange(beginChange(therapy, clockMs));
  return { next: therapy };
}

/** The end of a temporary rate, a block, a day, or several, at the moment that it was, however late it is noticed. */
function passEnd(given: Therapy, endMs: PumpClockMs): TherapyStep {
  const change = midnightPassed(beginChange(given, endMs));
  const tbrIsOver = given.standing.tbr !== undefined && given.standing.tbr.endsAtMs <= endMs;
  const ended = tbrIsOver ? tbrStopped(change, TbrEndReason.DurationOver) : change;
  return finishChange(rateRecorded(given, given.rateEndsAtMs <= endMs ? rateProgrammed(ended) : ended));
}

/** Puts the blocks of the template that was written last into the history, as many as one step may. */
function recordBlocks(given: Therapy, clockMs: PumpClockMs): TherapyStep {
  const { blockToRecord: from } = given.standing;
  const { newest } = given.profiles;
  const blocks = newest ? blocksOf(newest.profile) : [];
  const upTo = Math.min(from - 1 + BLOCKS_PER_STEP, blocks.length);
  const events = blocks
    .slice(from - 1, upTo)
    .map((block, i) => basalBlockChanged(newest?.templateNumber ?? 0, from + i, block));
  const fields = { blockToRecord: upTo < blocks.length ? upTo + 1 : 0 };
  return finishChange(apply(beginChange(given, clockMs), fields, 0, ...events));
}

/** What time brings: what it ends, and then a pulse that is due, or a journal to save; one at a time. */
export function passTime(given: Therapy, now: UptimeMs, rig: RigConfig): TherapyStep {
  const passed = passRates(given, now);
  const { next: therapy } = passed;
  if (passed.record || therapy.fault || therapy.motion.kind === "pulsing") return passed;
  return duePulse(therapy, now, rig) ?? dueSave(therapy, now) ?? { next: therapy };
}

function duePulse(therapy: Therapy, now: UptimeMs, rig: RigConfig): TherapyStep | undefined {
  if (now < therapy.nextPulseAt) return undefined;
  if (therapy.leg) return beginLegPulse(therapy, therapy.leg, now);
  if (therapy.standing.control !== "run") return duePrimingPulse(therapy, now, rig);
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

/** Its limit and the reservoir were asked when it was accepted (resolve.ts), and nothing else draws on them in Stop. */
function duePrimingPulse(therapy: Therapy, now: UptimeMs, rig: RigConfig): TherapyStep | undefined {
  const priming = activePriming(therapy.standing.ledger);
  if (!priming || !isConfirmed(priming)) return undefined;
  const left = priming.intendedMicrounits - bolusDone(therapy, priming);
  return beginPulse(therapy, "priming", microunits(Math.min(left, rig.drive.pulseMaxMicrounits)), now, rig);
}

function withheld(therapy: Therapy, refusal: Refusal, clockMs: PumpClockMs): TherapyStep {
  const { ReservoirEmpty, MaxDelivery } = AnnunciationType;
  const type = refusal === Refusal.NotCompleted ? ReservoirEmpty : MaxDelivery;
  const change = annunciated(beginChange(therapy, clockMs), type);
  return change.events.length > 0 ? finishChange(change) : { next: therapy };
}

/** A bolus that no longer fits, because an uncertain pulse was counted at its upper bound, ends where it stands. */
function overLimit(therapy: Therapy, clockMs: PumpClockMs): TherapyStep {
  const ended = bolusStopped(beginChange(therapy, clockMs), BolusEndReason.ErrorAbort);
  return finishChange(annunciated(ended, AnnunciationType.MaxDelivery));
}

function beginPulse(
  therapy: Therapy,
  source: InsulinSource | "priming",
  insulinMicrounits: Microunits,
  now: UptimeMs,
  rig: RigConfig,
): TherapyStep {
  const { journal } = therapy;
  const plan = planPulse(rig.drive, insulinMicrounits, journal.stepRemainder);
  const dose = activeDose(therapy.standing.ledger);
  const begun: Journal = {
    ...withCounted(journal, source, insulinMicrounits),
    stepRemainder: plan.remainderAfter,
    coilPhase: (journal.coilPhase + plan.halfSteps) % PHASES,
    pulse: { source, insulinMicrounits },
    bolus: dose ? { doseId: dose.doseId, doneMicrounits: bolusDone(therapy, dose) } : journal.bolus,
  };
  return {
    next: { ...therapy, journal: begun, motion: { kind: "pulsing", plan }, savedAt: now },
    record: { kind: "pulse", value: { ...begun, plan } },
  };
}

function dueSave(therapy: Therapy, now: UptimeMs): TherapyStep | undefined {
  if (now < saveAt(therapy)) return undefined;
  return { next: { ...therapy, savedAt: now }, record: { kind: "journal", value: therapy.journal } };
}

/**
 * When the next pulse may begin. The one reported began no later than now less the time it takes without delay; so the
 * next never comes too soon.
 */
export function nextPulseAt({ plan }: MotorReport, now: UptimeMs, drive: DriveConfig): UptimeMs {
  const leastMs = Math.max(0, plan.halfSteps - 1) * drive.halfStepMs + drive.holdMs + drive.settleMs;
  return uptimeMs(now - leastMs + drive.pulseIntervalMs);
}

/** The motor's report of the pulse of a bolus, of basal or of a priming that was begun. */
export function endPulse(therapy: Therapy, report: MotorReport, now: UptimeMs, rig: RigConfig): TherapyStep {
  const { pulse } = therapy.journal;
  if (therapy.motion.kind !== "pulsing" || !pulse) throw new Error("invariant: a pulse ended that was not begun");
  const { drive } = rig;
  const dose = pulse.source === "basal" ? undefined : activeDose(therapy.standing.ledger);
  const before = dose ? bolusDone(therapy, dose) : microunits(0);
  const idle: Therapy = { ...therapy, motion: { kind: "idle" }, nextPulseAt: nextPulseAt(report, now, drive) };
  if (report.check.kind !== "inTolerance" || report.aborted) {
    const next = withMotionCounted(idle, pulse.insulinMicrounits, report.highMicrounits);
    return { next, record: { kind: "journal", value: next.journal } };
  }

  const done = microunits(before + pulse.insulinMicrounits);
  const doneDose = dose ? { doseId: dose.doseId, doneMicrounits: done } : therapy.journal.bolus;
  const ended: Therapy = { ...idle, journal: { ...therapy.journal, pulse: undefined, bolus: doneDose } };
  const change = beginChange(ended, clockAt(ended, now));
  if (report.occluded)
    return finishChange(
      rateRecorded(ended, annunciated(stopped(change, drive.pulseMaxMicrounits, "error"), AnnunciationType.Occlusion)),
    );
  if (!dose || done < dose.intendedMicrounits) return { next: ended };
  const settled = bolusEnded(change, "delivered", done, done);
  return finishChange(primingEnded(settled, "delivered", done, done, PrimingEndReason.AmountReached));
}

/**
 * Counts insulin that moved without a command, while the motor was at rest: the limits take it for delivered. It stands
 * as an open pulse, of the bolus under way if there is one, so that a power cut before the fault leaves it uncertain.
 */
export function countUncommanded(therapy: Therapy, highMicrounits: Microunits): TherapyStep {
  const bolus = activeBolus(therapy.standing.ledger);
  const source = bolus ? "bolus" : "basal";
  const journal: Journal = {
    ...withCounted(therapy.journal, source, highMicrounits),
    pulse: { source, insulinMicrounits: highMicrounits },
    bolus: bolus ? { doseId: bolus.doseId, doneMicrounits: bolusDone(therapy, bolus) } : therapy.journal.bolus,
  };
  return { next: { ...therapy, journal }, record: { kind: "journal", value: journal } };
}

/**
 * Counts what moved beyond the plan, if anything did, and keeps the pulse open, as large as it may have been: should
 * the power go before the fault is stored, a boot still finds it uncertain.
 */
function withMotionCounted(therapy: Therapy, planned: Microunits, high: Microunits): Therapy {
  const { journal } = therapy;
  const more = Math.max(0, high - planned);
  const begun = journal.pulse?.source;
  const source: InsulinSource | "priming" = begun === "bolus" || begun === "priming" ? begun : "basal";
  const pulse = { source, insulinMicrounits: microunits(planned + more) };
  return { ...therapy, journal: { ...withCounted(journal, source, more), pulse } };
}

/** When the therapy next wants time to pass, given that the motor is at rest. */
export function therapyWakeAt(therapy: Therapy, now: UptimeMs, rig: RigConfig): UptimeMs {
  const { standing, journal, bootClockMs } = therapy;
  if (therapy.fault) return uptimeMs(now + SAVE_INTERVAL_MS);
  const wakes: number[] = [saveAt(therapy)];
  if (standing.tbr) wakes.push(standing.tbr.endsAtMs - bootClockMs);
  if (standing.day) wakes.push(standing.day.endsAtMs - bootClockMs);
  if (therapy.rateEndsAtMs !== NEVER) wakes.push(therapy.rateEndsAtMs - bootClockMs);
  if (therapy.offer) wakes.push(therapy.offer.until);
  const priming = activePriming(standing.ledger);
  if (therapy.leg || activeBolus(standing.ledger) || (priming && isConfirmed(priming))) wakes.push(therapy.nextPulseAt);
  const dueMs = dueInMs(journal.basalOwed, basalRate(standing), rig.drive.pulseMaxMicrounits);
  if (standing.control === "run" && dueMs !== undefined)
    wakes.push(Math.max(therapy.nextPulseAt, journal.clockMs + dueMs - bootClockMs));
  return uptimeMs(Math.max(now, Math.min(...wakes)));
}
