/**
 * The therapy after a boot: what the two blobs say together, what a power cut left uncertain, and what the user must be
 * told. Nothing is resumed: bolus and temporary rate end at a reboot; basal goes on at the programmed rate. Pure.
 */

import { type Microunits, microunits, type UptimeMs } from "../base/units.js";
import { BolusEndReason, PrimingEndReason, RecordingReason, TbrEndReason } from "../ids/historyValues.js";
import { AnnunciationType } from "../ids/values.js";
import { jumpMicrounits } from "../motor/geometry.js";
import type { RigConfig } from "../rig.js";
import type { Loaded } from "../storage/blob.js";
import {
  annunciated,
  apply,
  beginChange,
  bolusEnded,
  type Change,
  finishChange,
  operated,
  primingEnded,
  rateRecorded,
  stopped,
  tbrStopped,
} from "./change.js";
import { sameDose } from "./commands.js";
import { withDay } from "./day.js";
import { controlStateChanged, dataCorruption } from "./events.js";
import type { PendingHistory } from "./history.js";
import { type Journal, NEW_JOURNAL, totalMicrounits, withCounted } from "./journal.js";
import { activeBolus, activeDose, activePriming, EMPTY_LEDGER, type LedgerEntry, ledgerCount } from "./ledger.js";
import { type Profiles, profileOf } from "./profiles.js";
import { type Day, newStanding, type Standing } from "./standing.js";
import { beginTherapy, bolusDone, type Therapy, type TherapyStep } from "./therapy.js";
import { CLOSED_BINS, closeHours, hourOf } from "./windows.js";

export interface BootFindings {
  readonly standing: Loaded<Standing>;
  readonly journal: Loaded<Journal>;
  readonly profiles: Profiles;
  /** Whether the templates are gone that basal was to follow: `profiles` stands in. */
  readonly profilesLost: boolean;
  /** Sequence that the history log would give its next event: the standing state may not know, when it was lost. */
  readonly historyNextSequence: number;
  /** The epoch that begins: after a loss, nothing is known of any dose before it. */
  readonly epoch: number;
  /**
   * Whether this is still the pump that issued the ledger's dose IDs. One that is new, or that lost its identity,
   * begins with an empty ledger; the loss is annunciated.
   */
  readonly identity: "kept" | "new" | "lost";
  /** Whether the figures that doses were planned by are gone (motor/calibration.ts): the nominal ones stand in. */
  readonly calibrationLost: boolean;
}

/** The state after any boot, and the standing state to make durable before anything else. */
export function bootTherapy(found: BootFindings, now: UptimeMs, rig: RigConfig): TherapyStep {
  const standingKept = "value" in found.standing ? found.standing.value : undefined;
  // An alternating blob with one copy gone may be one pulse behind.
  const unknownPulse = found.journal.kind === "oneCopy" ? rig.drive.pulseMaxMicrounits : microunits(0);
  const journalFound = "value" in found.journal ? found.journal.value : undefined;
  const journalKept =
    journalFound && unknownPulse > 0 ? withUnknownPulse(journalFound, standingKept, rig) : journalFound;
  if (!standingKept || !journalKept) return bootAfterLoss(found, standingKept, journalKept, now, rig);

  const kept = withProgramOf(found, standingKept);
  const { journal, standing } = withWindowsOf(kept, withTotalsOf(kept.day, journalKept));
  const therapy = withDay(beginTherapy(standing, found.profiles, journal, now, rig));
  const change = beginChange(therapy, therapy.journal.clockMs);
  const dose = activeDose(standing.ledger);
  const settled = dose ? interrupted(change, dose, unknownPulse, rig) : change;
  const ended = tbrStopped(halted(settled), TbrEndReason.ErrorAbort);
  const told = standing.tbr ? annunciated(ended, AnnunciationType.TbrCanceled) : ended;
  const sure = found.calibrationLost || found.profilesLost ? stoppedAfterLoss(told, rig) : told;
  const known = withDosesOf(found.identity, sure);
  const closed = withPulseClosed(annunciated(known, AnnunciationType.DateTimeIssue));
  // What was in force when the power went is compared with what is: a temporary rate has ended, or a block begun.
  return finishChange(rateRecorded({ ...therapy, standing }, closed), RecordingReason.TimeLost);
}

/** The standing state without what no boot keeps: the time's certainty, and templates that are lost. */
function withProgramOf({ profiles, profilesLost }: BootFindings, kept: Standing): Standing {
  const { time, activeTemplate, profilesRevision } = kept;
  const active = profilesLost || !profileOf(profiles, profilesRevision, activeTemplate) ? 1 : activeTemplate;
  return { ...kept, activeTemplate: active, time: time && { ...time, certain: false } };
}

/**
 * What is lost makes every dose of unknown size: nothing is delivered by other figures than a person knows of. Stop, as
 * after any loss; a countersigned Run goes on, since no insulin at all is no smaller hazard.
 */
function stoppedAfterLoss(change: Change, rig: RigConfig): Change {
  // Until the bench has stored another, every boot finds it lost.
  if (change.therapy.standing.control === "stopAfterLoss") return annunciated(change, AnnunciationType.SystemIssue);
  const still = stopped(change, rig.drive.pulseMaxMicrounits, "error");
  return annunciated(apply(still, { control: "stopAfterLoss" }, 0, dataCorruption()), AnnunciationType.SystemIssue);
}

/** Dose IDs begin anew with a new identity: the old ones would answer for them. */
function withDosesOf(identity: BootFindings["identity"], change: Change): Change {
  if (identity === "kept") return change;
  const hadDoses = ledgerCount(change.therapy.standing.ledger) > 0;
  const told = identity === "lost" || hadDoses ? annunciated(change, AnnunciationType.SystemIssue) : change;
  const journal = { ...told.therapy.journal, bolus: NEW_JOURNAL.bolus };
  const standing = { ...told.therapy.standing, ledger: EMPTY_LEDGER };
  return { ...told, therapy: { ...told.therapy, journal, standing } };
}

/**
 * The last copy may be one pulse behind: of the bolus under way if there is one, else of basal. Its phase of the coils
 * may be as old, so that they jump on from where that pulse ended.
 */
function withUnknownPulse(journal: Journal, standing: Standing | undefined, rig: RigConfig): Journal {
  const unknown = rig.drive.pulseMaxMicrounits + jumpMicrounits(rig.drive);
  return withCounted(journal, standing && activeBolus(standing.ledger) ? "bolus" : "basal", unknown);
}

/** What a day began with has been delivered, even where the journal's last copy, one pulse behind, has less of it. */
function withTotalsOf(day: Day | undefined, journal: Journal): Journal {
  if (!day) return journal;
  const { bolusTotalMicrounits, basalTotalMicrounits } = journal;
  return {
    ...journal,
    bolusTotalMicrounits: microunits(Math.max(bolusTotalMicrounits, day.bolusTotalMicrounits)),
    basalTotalMicrounits: microunits(Math.max(basalTotalMicrounits, day.basalTotalMicrounits)),
  };
}

/** Brings the two blobs' views of the hour together: either may have been written last. */
function withWindowsOf(
  standing: Standing,
  journal: Journal,
): { readonly standing: Standing; readonly journal: Journal } {
  const sinceClosed = microunits(totalMicrounits(journal) - standing.windowsTotalMicrounits);
  const hour = hourOf(journal.clockMs);
  if (hour <= standing.windows.hour) return { standing, journal: { ...journal, openHourMicrounits: sinceClosed } };
  const missing = microunits(sinceClosed - journal.openHourMicrounits);
  const windows = closeHours(standing.windows, missing, hour);
  const windowsTotalMicrounits = microunits(totalMicrounits(journal) - journal.openHourMicrounits);
  return { standing: { ...standing, windows, windowsTotalMicrounits }, journal };
}

/** A drive that was on its way is somewhere. */
function halted(change: Change): Change {
  const { reservoir } = change.therapy.standing;
  if (reservoir.state !== "rewinding" && reservoir.state !== "seeking") return change;
  return operated(change.therapy, apply(change, { reservoir: { ...reservoir, state: "adrift" } }, 0));
}

/** A bolus or priming that the cut interrupted: certain when no pulse of it was open, else an interval of at most that pulse. */
function interrupted(change: Change, dose: LedgerEntry, unknownPulse: Microunits, rig: RigConfig): Change {
  const { journal } = change.therapy;
  const done = bolusDone(change.therapy, dose);
  const { pulse } = sameDose(journal.bolus.doseId, dose.doseId) ? journal : { pulse: undefined };
  const amid = pulse?.source === "bolus" || pulse?.source === "priming";
  const open = amid ? pulse.insulinMicrounits : microunits(0);
  const uncertain = open + unknownPulse;
  if (uncertain === 0) return doseEnded(change, done >= dose.intendedMicrounits ? "delivered" : "stopped", done, done);
  const jump = jumpMicrounits(rig.drive);
  const low = microunits(Math.max(0, done - jump));
  // What the lost copy may have begun lies within the dose; the open pulse may have gone beyond it.
  const within = Math.min(done + uncertain, dose.intendedMicrounits);
  const high = microunits(Math.max(done + open, within) + jump);
  return doseEnded(change, "uncertain", low, high);
}

/** Ends a bolus or priming at a boot, and tells of a bolus that was cut short. */
function doseEnded(
  change: Change,
  kind: "delivered" | "stopped" | "uncertain",
  low: Microunits,
  high: Microunits,
): Change {
  const whole = kind === "delivered";
  if (activePriming(change.therapy.standing.ledger)) {
    const reason = whole ? PrimingEndReason.AmountReached : PrimingEndReason.ErrorAbort;
    return primingEnded(change, kind, low, high, reason);
  }
  if (whole) return bolusEnded(change, kind, low, high);
  return annunciated(bolusEnded(change, kind, low, high, BolusEndReason.ErrorAbort), AnnunciationType.BolusCanceled);
}

function withPulseClosed(change: Change): Change {
  const journal = { ...change.therapy.journal, pulse: undefined };
  return { ...change, therapy: { ...change.therapy, journal } };
}

/**
 * No bin is known: the hour before this one counts as full, and the day as full but for what basal needs of it. Boluses are
 * refused until the day has moved on; basal insulin is not kept from a person for a day.
 */
function dayFull(rig: RigConfig): readonly Microunits[] {
  const { hourMaxMicrounits, dayMaxMicrounits } = rig.limits;
  const basalDayMicrounits = rig.provisioning.basalMicrounitsPerHour * CLOSED_BINS;
  const rest = Math.max(0, dayMaxMicrounits - basalDayMicrounits - hourMaxMicrounits);
  const each = microunits(Math.floor(rest / (CLOSED_BINS - 1)));
  return [hourMaxMicrounits, ...Array<Microunits>(CLOSED_BINS - 1).fill(each)];
}

/**
 * In the place of a standing state that is lost: nothing is known of any dose so far, nor of the hours before this one. That
 * a reservoir is in place is what is likeliest: whoever signs Run is told to look.
 */
function unknownBefore(found: BootFindings, journal: Journal, rig: RigConfig): Partial<Standing> {
  return {
    ledger: { ...EMPTY_LEDGER, forgottenThrough: { epoch: found.epoch - 1, sequence: 0xffffffff } },
    windows: { hour: hourOf(journal.clockMs), closedMicrounits: dayFull(rig) },
    windowsTotalMicrounits: microunits(totalMicrounits(journal) - journal.openHourMicrounits),
  };
}

/**
 * A blob is gone that a provisioned pump must have: Stop, DataCorruption, and what was delivered counted at an upper
 * bound, until a person who knows better commits Run.
 */
function bootAfterLoss(
  found: BootFindings,
  standingKept: Standing | undefined,
  journalKept: Journal | undefined,
  now: UptimeMs,
  rig: RigConfig,
): TherapyStep {
  // Of templates without a standing state the newest counts: it was nearly always in force.
  const fresh = { ...newStanding(rig), profilesRevision: found.profiles.newest?.revision ?? 0 };
  const kept = standingKept ? withProgramOf(found, standingKept) : fresh;
  const journal: Journal = journalKept ?? {
    ...NEW_JOURNAL,
    clockMs: kept.clockMs,
    // What the hour under way may have held comes on top of what is known.
    basalTotalMicrounits: microunits(kept.windowsTotalMicrounits + rig.limits.hourMaxMicrounits),
    openHourMicrounits: rig.limits.hourMaxMicrounits,
  };
  const known = withWindowsOf(standingKept ? kept : { ...fresh, ...unknownBefore(found, journal, rig) }, journal);
  const history: PendingHistory = {
    ...known.standing.history,
    nextSequence: Math.max(known.standing.history.nextSequence, found.historyNextSequence),
  };
  // The totals are others now: what the day has held is not known, and another begins.
  const standing = { ...known.standing, history, day: undefined };
  const therapy = beginTherapy(standing, found.profiles, { ...known.journal, pulse: undefined }, now, rig);
  return finishLoss(withDay(therapy), standingKept !== undefined, found.identity, rig);
}

function finishLoss(
  therapy: Therapy,
  reservoirKept: boolean,
  identity: BootFindings["identity"],
  rig: RigConfig,
): TherapyStep {
  const lost = annunciated(beginChange(therapy, therapy.journal.clockMs), AnnunciationType.SystemIssue);
  const begun = reservoirKept ? lost : annunciated(lost, AnnunciationType.ReservoirIssue);
  const dose = activeDose(therapy.standing.ledger);
  const jump = jumpMicrounits(rig.drive);
  // The journal that knew how far it came is gone: anything up to the whole may have moved.
  const ended = dose ? doseEnded(begun, "uncertain", microunits(0), microunits(dose.intendedMicrounits + jump)) : begun;
  // What goes on is a countersigned Run: it needs the radio.
  const stateLost = { control: "stopAfterLoss" as const, flightMode: false };
  const stop = therapy.standing.control === "run" ? [controlStateChanged(false)] : [];
  const stilled = apply(tbrStopped(halted(ended), TbrEndReason.ErrorAbort), stateLost, 0, dataCorruption(), ...stop);
  const tbrTold = therapy.standing.tbr ? annunciated(stilled, AnnunciationType.TbrCanceled) : stilled;
  const told = withDosesOf(identity, annunciated(tbrTold, AnnunciationType.DateTimeIssue));
  return finishChange(rateRecorded(therapy, told), RecordingReason.TimeLost);
}
