/** Building blocks of a change to the standing state: each returns the change so far, made durable once, at the end. */

import {
  type Microunits,
  MS_PER_MINUTE,
  microunits,
  type PumpClockMs,
  type UptimeMs,
  uptimeMs,
} from "../base/units.js";
import { BolusEndReason, PrimingEndReason, type RecordingReason, TbrEndReason } from "../ids/historyValues.js";
import { type AnnunciationType, StatusChangedFlag } from "../ids/values.js";
import { type Annunciation, annunciate, confirm, SNOOZE_MS } from "./annunciations.js";
import { withoutWholePulses } from "./basal.js";
import {
  annunciationChanged,
  basalRateChanged,
  bolusDelivered,
  controlStateChanged,
  operationalStateChanged,
  primingDone,
  tbrEnded,
} from "./events.js";
import { type NewEvent, withEvents } from "./history.js";
import { activeBolus, activePriming, type EntryKind, isConfirmed, settle } from "./ledger.js";
import { operationalState } from "./operational.js";
import type { Profiles } from "./profiles.js";
import type { Standing } from "./standing.js";
import type { Tbr } from "./tbr.js";
import { accrueTo, basalRate, bolusDone, reprogrammed, type Therapy, type TherapyStep } from "./therapy.js";

/** A change under way. */
export interface Change {
  readonly therapy: Therapy;
  readonly clockMs: PumpClockMs;
  readonly events: readonly NewEvent[];
  /** Templates to make durable with it. */
  readonly profiles?: Profiles;
}

/** Begins a change at `clockMs`, with basal insulin accounted for up to then at the rate that was in force. */
export function beginChange(therapy: Therapy, clockMs: PumpClockMs): Change {
  return { therapy: accrueTo(therapy, clockMs), clockMs, events: [] };
}

/** Changes fields of the standing state, sets Status Changed flags, adds history events. */
export function apply(
  change: Change,
  standing: Partial<Standing>,
  flags: number,
  ...events: readonly NewEvent[]
): Change {
  const { therapy } = change;
  const next = { ...therapy, standing: { ...therapy.standing, ...standing }, changed: therapy.changed | flags };
  return { ...change, therapy: next, events: [...change.events, ...events] };
}

/**
 * Ends a change: numbers its events and asks for the standing state to be made durable. `reason` has a Reference Time
 * recorded before them.
 */
export function finishChange(change: Change, reason?: RecordingReason): TherapyStep {
  const { therapy, clockMs, events, profiles } = change;
  const { time } = therapy.standing;
  const history = withEvents(therapy.standing.history, events, clockMs, { time, reason });
  const recorded = history.pending.length > 0 ? StatusChangedFlag.HistoryEvent : 0;
  // A change may be dated back, to the end of a temporary rate; the clock that is stored never runs backwards.
  const standing = { ...therapy.standing, clockMs: laterOf(therapy.standing.clockMs, clockMs), history };
  const next = { ...therapy, standing, changed: therapy.changed | recorded };
  const record = { kind: "standing", value: standing } as const;
  return { next, record: profiles ? { ...record, profiles } : record };
}

/** Lets the programmed rate be the active template's of now. */
export function rateProgrammed(change: Change): Change {
  const { therapy, clockMs } = change;
  const next = reprogrammed(therapy, clockMs);
  const same = next.standing.basalMicrounitsPerHour === therapy.standing.basalMicrounitsPerHour;
  const flags = same || therapy.standing.control !== "run" ? 0 : StatusChangedFlag.ActiveBasal;
  return apply({ ...change, therapy: next }, {}, flags);
}

export function annunciated(change: Change, type: AnnunciationType): Change {
  const annunciations = annunciate(change.therapy.standing.annunciations, type);
  const newest = annunciations?.pending.at(-1);
  if (!annunciations || !newest) return change;
  return apply(change, { annunciations }, StatusChangedFlag.Annunciation, ...annunciationChanged(newest, "Pending"));
}

/** What an annunciation was about is put right: it is confirmed, where it is pending. */
export function annunciationSettled(change: Change, type: AnnunciationType): Change {
  const settled = change.therapy.standing.annunciations.pending.find((pending) => pending.type === type);
  return settled ? confirmed(change, settled) : change;
}

/** Ends an annunciation: a person has taken it in. */
export function confirmed(change: Change, annunciation: Annunciation): Change {
  const annunciations = confirm(change.therapy.standing.annunciations, annunciation);
  const events = annunciationChanged(annunciation, "Confirmed");
  return apply(unsnoozed(change, annunciation), { annunciations }, StatusChangedFlag.Annunciation, ...events);
}

/** Makes an annunciation quiet for a while, from `now` on. */
export function snoozed(change: Change, annunciation: Annunciation, now: UptimeMs): Change {
  const { therapy } = unsnoozed(change, annunciation);
  const snooze = { instance: annunciation.instance, until: uptimeMs(now + SNOOZE_MS) };
  const quiet = { ...change, therapy: { ...therapy, snoozes: [...therapy.snoozes, snooze] } };
  return apply(quiet, {}, StatusChangedFlag.Annunciation, ...annunciationChanged(annunciation, "Snoozed"));
}

/** Makes a snoozed annunciation pending again. */
export function pendingAgain(change: Change, annunciation: Annunciation): Change {
  const events = annunciationChanged(annunciation, "Pending");
  return apply(unsnoozed(change, annunciation), {}, StatusChangedFlag.Annunciation, ...events);
}

function unsnoozed(change: Change, { instance }: Annunciation): Change {
  const snoozes = change.therapy.snoozes.filter((snooze) => snooze.instance !== instance);
  return { ...change, therapy: { ...change.therapy, snoozes } };
}

/** Why a bolus ended, where its kind says it all; one that something other than a person stopped says so itself. */
const END_REASONS = {
  delivered: BolusEndReason.Delivered,
  stopped: BolusEndReason.Canceled,
  uncertain: BolusEndReason.ErrorAbort,
} as const;

/** Ends the active bolus, if there is one. */
export function bolusEnded(
  change: Change,
  kind: Exclude<EntryKind, "applied" | "delivering">,
  lowMicrounits: Microunits,
  highMicrounits: Microunits,
  endReason: BolusEndReason = END_REASONS[kind],
): Change {
  const bolus = activeBolus(change.therapy.standing.ledger);
  if (!bolus) return change;
  const ledger = settle(change.therapy.standing.ledger, kind, lowMicrounits, highMicrounits);
  const events = bolusDelivered(bolus.bolusId, highMicrounits, endReason);
  return apply(change, { ledger }, StatusChangedFlag.ActiveBolus, ...events);
}

/** Ends the active bolus where it stands, between two pulses: the amount is certain. */
export function bolusStopped(change: Change, endReason: BolusEndReason = BolusEndReason.Canceled): Change {
  const bolus = activeBolus(change.therapy.standing.ledger);
  if (!bolus) return change;
  const done = bolusDone(change.therapy, bolus);
  return bolusEnded(change, "stopped", done, done, endReason);
}

/** Ends the priming under way, if there is one: what it took is out of the reservoir. */
export function primingEnded(
  change: Change,
  kind: Exclude<EntryKind, "applied" | "delivering">,
  lowMicrounits: Microunits,
  highMicrounits: Microunits,
  reason: PrimingEndReason,
): Change {
  const { therapy } = change;
  const { ledger, reservoir } = therapy.standing;
  const priming = activePriming(ledger);
  if (!priming) return change;
  const fields = {
    ledger: settle(ledger, kind, lowMicrounits, highMicrounits),
    reservoir: {
      ...reservoir,
      endMicrounits: microunits(Math.max(0, reservoir.endMicrounits - highMicrounits)),
      primedMicrounits: microunits(reservoir.primedMicrounits + highMicrounits),
    },
  };
  const events = isConfirmed(priming) ? [primingDone(highMicrounits, reason)] : [];
  const answered = { ...change, therapy: { ...therapy, offer: undefined } };
  return operated(therapy, apply(answered, fields, StatusChangedFlag.Reservoir, ...events));
}

/** Ends the priming under way where it stands, between two pulses. */
export function primingStopped(change: Change, reason: PrimingEndReason = PrimingEndReason.Aborted): Change {
  const priming = activePriming(change.therapy.standing.ledger);
  if (!priming) return change;
  const done = bolusDone(change.therapy, priming);
  return primingEnded(change, "stopped", done, done, reason);
}

/** Ends a question on the pump, and a priming that waits for its answer. */
export function offerEnded(change: Change): Change {
  const { therapy } = change;
  if (!therapy.offer) return change;
  if (therapy.offer.kind === "prime") return primingStopped(change);
  return { ...change, therapy: { ...therapy, offer: undefined } };
}

/** Ends what moves the drive in Stop, or is asked about: a priming, a leg, a question. */
export function preparationEnded(change: Change, reason: PrimingEndReason = PrimingEndReason.Aborted): Change {
  return legEnded(primingStopped(offerEnded(change), reason));
}

/** Leaves the drive of the plunger where it is, if it is on its way. */
export function legEnded(change: Change): Change {
  const { therapy } = change;
  const { reservoir } = therapy.standing;
  if (!therapy.leg) return change;
  const halted = { ...change, therapy: { ...therapy, leg: undefined, motion: { kind: "idle" } as const } };
  return operated(therapy, apply(halted, { reservoir: { ...reservoir, state: "adrift" } }, 0));
}

/** Records the change of the operational state that `change` made since `before`, if it made one. */
export function operated(before: Therapy, change: Change): Change {
  const from = operationalState(before);
  const to = operationalState(change.therapy);
  return from === to
    ? change
    : apply(change, {}, StatusChangedFlag.OperationalState, operationalStateChanged(from, to));
}

/** For how long a temporary rate has been in effect, in whole minutes. */
export function minutesInEffect(tbr: Tbr, clockMs: PumpClockMs): number {
  const leftMs = Math.max(0, tbr.endsAtMs - clockMs);
  return Math.floor((tbr.durationMinutes * MS_PER_MINUTE - leftMs) / MS_PER_MINUTE);
}

/** Ends the temporary rate, if there is one; `reason` is a TbrEndReason. */
export function tbrStopped(change: Change, reason: number): Change {
  const { tbr } = change.therapy.standing;
  if (!tbr) return change;
  const ended = tbrEnded(tbr, minutesInEffect(tbr, change.clockMs), reason);
  return apply(change, { tbr: undefined }, StatusChangedFlag.ActiveBasal, ended);
}

/**
 * Stops everything: bolus, priming, temporary rate, basal, what moves without insulin; a whole basal pulse that is owed is
 * not made up by a later Run. `cause` is an error's when nobody asked for it.
 */
export function stopped(change: Change, pulseMicrounits: Microunits, cause: "asked" | "error" = "asked"): Change {
  const { therapy } = change;
  const basalOwed = withoutWholePulses(therapy.journal.basalOwed, pulseMicrounits);
  const halted = { ...change, therapy: { ...therapy, journal: { ...therapy.journal, basalOwed } } };
  const error = cause === "error";
  const bolusHalted = bolusStopped(halted, error ? BolusEndReason.ErrorAbort : BolusEndReason.Canceled);
  const unprepared = preparationEnded(bolusHalted, error ? PrimingEndReason.ErrorAbort : PrimingEndReason.Aborted);
  const ended = tbrStopped(unprepared, error ? TbrEndReason.ErrorAbort : TbrEndReason.Canceled);
  if (ended.therapy.standing.control !== "run") return ended;
  const flags = StatusChangedFlag.TherapyControlState | StatusChangedFlag.ActiveBasal;
  return apply(ended, { control: "stop" }, flags, controlStateChanged(false));
}

/** Records the change of the rate in force that `change` made, if it made one. */
export function rateRecorded(before: Therapy, change: Change): Change {
  const from = basalRate(before.standing);
  const to = basalRate(change.therapy.standing);
  if (from === to) return change;
  const { context } = change.therapy.standing.tbr ?? {};
  return apply(change, {}, StatusChangedFlag.ActiveBasal, basalRateChanged(from, to, context));
}

const laterOf = (a: PumpClockMs, b: PumpClockMs): PumpClockMs => (a > b ? a : b);
