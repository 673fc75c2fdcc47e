/**
 * What the therapy does when it is told to: by a command that has been authorised, by the button, by the pump itself.
 */

import { microunits, type UptimeMs } from "../base/units.js";
import { RecordingReason, TbrEndReason } from "../ids/historyValues.js";
import { AnnunciationType, StatusChangedFlag } from "../ids/values.js";
import type { RigConfig } from "../rig.js";
import { findPending } from "./annunciations.js";
import type { Authorised } from "./authorised.js";
import {
  annunciated,
  annunciationSettled,
  apply,
  beginChange,
  bolusStopped,
  confirmed,
  finishChange,
  minutesInEffect,
  operated,
  pendingAgain,
  preparationEnded,
  primingStopped,
  rateProgrammed,
  rateRecorded,
  snoozed,
  stopped,
  tbrStopped,
} from "./change.js";
import type { DoseId, Meaning } from "./commands.js";
import { timeAdopted } from "./day.js";
import { bolusProgrammed, controlStateChanged, profileActivated, tbrChanged, tbrStarted } from "./events.js";
import { totalMicrounits } from "./journal.js";
import { addEntry, type LedgerEntry, NO_BOLUS } from "./ledger.js";
import { offerOf } from "./offer.js";
import { isReady } from "./operational.js";
import { tbrEnd, timeSet } from "./resolve.js";
import type { Tbr } from "./tbr.js";
import { clockAt, type Therapy, type TherapyStep, withHoursClosed, withProfile, withRatePassed } from "./therapy.js";

/** Bolus IDs run from 1 to this and begin again: the standard's u16, without 0. */
const BOLUS_IDS = 0xffff;

/** Obeys a command whose meaning `resolve` gave in the same turn. `doseId` names a countersigned one. */
export function obey(
  therapy: Therapy,
  authorised: Authorised<Meaning>,
  doseId: DoseId | undefined,
  now: UptimeMs,
  rig: RigConfig,
): TherapyStep {
  const meaning = authorised.command;
  const clockMs = clockAt(therapy, now);
  const passed = withRatePassed(withHoursClosed(therapy, clockMs), clockMs);
  const change = beginChange(passed, clockMs);
  const { standing } = passed;
  const settled = () => addEntry(standing.ledger, ledgerEntry(doseId, "applied", {}));
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
      const { amount, context, durationMinutes } = meaning;
      const endsAtMs = tbrEnd(clockMs, durationMinutes);
      const tbr: Tbr = { ...amount, ...(context !== undefined && { context }), durationMinutes, endsAtMs };
      const before = standing.tbr;
      const event = before ? tbrChanged(tbr, minutesInEffect(before, clockMs)) : tbrStarted(tbr);
      return finishChange(rateRecorded(therapy, apply(change, { tbr, ledger: settled() }, ActiveBasal, event)));
    }
    case "cancelTbr": {
      const ended = tbrStopped(change, TbrEndReason.Canceled);
      return finishChange(rateRecorded(therapy, apply(ended, { ledger: settled() }, ActiveBasal)));
    }
    case "writeProfile": {
      const { templateNumber, profile } = meaning;
      const written = withProfile(change.therapy, templateNumber, profile);
      const kept = apply({ ...change, therapy: written }, { ledger: settled(), blockToRecord: 1 }, 0);
      return finishChange({ ...rateRecorded(therapy, rateProgrammed(kept)), profiles: written.profiles });
    }
    case "activateProfile": {
      const activeTemplate = meaning.templateNumber;
      const event = profileActivated(standing.activeTemplate, activeTemplate);
      const activated = apply(change, { activeTemplate, ledger: settled() }, ActiveBasal, event);
      return finishChange(rateRecorded(therapy, rateProgrammed(activated)));
    }
    case "setTime": {
      const set = apply(timeAdopted(change, timeSet(meaning, clockMs)), { ledger: settled() }, 0);
      const told = annunciationSettled(rateProgrammed(set), AnnunciationType.DateTimeIssue);
      return finishChange(rateRecorded(therapy, told), RecordingReason.TimeSet);
    }
    case "startPriming": {
      const entry = ledgerEntry(doseId, "delivering", { intendedMicrounits: meaning.amountMicrounits });
      const asked = { ...change, therapy: { ...change.therapy, offer: offerOf("prime", now) } };
      return finishChange(operated(passed, apply(asked, { ledger: addEntry(standing.ledger, entry) }, 0)));
    }
    case "stopPriming":
      return finishChange(primingStopped(change));
    case "setReservoirFill": {
      const endMicrounits = microunits(totalMicrounits(passed.journal) + meaning.amountMicrounits);
      const fields = { reservoir: { ...standing.reservoir, endMicrounits }, ledger: settled() };
      return finishChange(apply(change, fields, 0));
    }
    case "resetReservoirTime": {
      const reservoir = { ...standing.reservoir, sinceMs: clockMs };
      return finishChange(apply(change, { reservoir, ledger: settled() }, 0));
    }
    case "flightMode":
      return finishChange(apply(change, { flightMode: true, ledger: settled() }, 0));
    case "run": {
      const fields = { control: "run" as const, ledger: settled() };
      const running = apply(change, fields, TherapyControlState | ActiveBasal, controlStateChanged(true));
      return finishChange(rateRecorded(therapy, running));
    }
    case "snoozeAnnunciation":
      return finishChange(snoozed(change, meaning.annunciation, now));
    case "confirmAnnunciation":
      return finishChange(confirmed(change, meaning.annunciation));
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
    bolusId: NO_BOLUS,
    flags: 0,
    intendedMicrounits: nothing,
    lowMicrounits: nothing,
    highMicrounits: nothing,
    ...fields,
  };
}

/** Remembers a countersigned command that was carried out elsewhere: its outcome is `applied`. */
export function noteApplied(therapy: Therapy, doseId: DoseId, now: UptimeMs): TherapyStep {
  const change = beginChange(therapy, clockAt(therapy, now));
  const ledger = addEntry(therapy.standing.ledger, ledgerEntry(doseId, "applied", {}));
  return finishChange(apply(change, { ledger }, 0));
}

/** Stop, by radio or by button. In Stop already, with nothing under way, it changes nothing and writes nothing. */
export function stop(therapy: Therapy, now: UptimeMs, rig: RigConfig): TherapyStep {
  const change = stopped(beginChange(therapy, clockAt(therapy, now)), rig.drive.pulseMaxMicrounits);
  return change.events.length > 0
    ? finishChange(rateRecorded(therapy, change))
    : { next: { ...therapy, offer: undefined } };
}

/** Ends what moves the drive in Stop, or is asked about; what Run delivers goes on. */
export function endPreparation(therapy: Therapy, now: UptimeMs): TherapyStep {
  const change = preparationEnded(beginChange(therapy, clockAt(therapy, now)));
  return change.events.length > 0 ? finishChange(change) : { next: { ...therapy, offer: undefined } };
}

/**
 * Run, by a deliberate gesture on the pump. Does nothing in Run, with a fault, after stored state was lost, or while the
 * reservoir is not in place.
 */
export function resume(therapy: Therapy, now: UptimeMs): TherapyStep {
  if (therapy.standing.control !== "stop" || !isReady(therapy)) return { next: therapy };
  const { TherapyControlState, ActiveBasal } = StatusChangedFlag;
  const change = beginChange(therapy, clockAt(therapy, now));
  const running = apply(change, { control: "run" }, TherapyControlState | ActiveBasal, controlStateChanged(true));
  return finishChange(rateRecorded(therapy, running));
}

/** Ends flight mode, by a gesture on the pump. Nothing is written where there is none. */
export function endFlightMode(therapy: Therapy, now: UptimeMs): TherapyStep {
  if (!therapy.standing.flightMode) return { next: therapy };
  return finishChange(apply(beginChange(therapy, clockAt(therapy, now)), { flightMode: false }, 0));
}

/** The user's confirmation of the oldest annunciation, on the pump. */
export function confirmAnnunciation(therapy: Therapy, now: UptimeMs): TherapyStep {
  const [oldest] = therapy.standing.annunciations.pending;
  return oldest ? finishChange(confirmed(beginChange(therapy, clockAt(therapy, now)), oldest)) : { next: therapy };
}

/** Makes an annunciation pending again whose snooze has run out, one a step. With a fault latched nothing is written. */
export function endSnooze(therapy: Therapy, now: UptimeMs): TherapyStep {
  const over = therapy.snoozes.find(({ until }) => now >= until);
  const annunciation = over && findPending(therapy.standing.annunciations, over.instance);
  if (!annunciation || therapy.fault) return { next: therapy };
  return finishChange(pendingAgain(beginChange(therapy, clockAt(therapy, now)), annunciation));
}

/** Tells the user of something that does not stop therapy. */
export function tell(therapy: Therapy, type: AnnunciationType, now: UptimeMs): TherapyStep {
  const change = annunciated(beginChange(therapy, clockAt(therapy, now)), type);
  return change.events.length > 0 ? finishChange(change) : { next: therapy };
}
