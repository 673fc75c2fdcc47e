/**
 * What a command would do now: its full meaning, or the refusal. Asked twice, before the challenge and at the commit; a
 * meaning that has changed in between is refused. Pure.
 */

import { Refusal } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import { type MicrounitsPerHour, MS_PER_MINUTE, type PumpClockMs, pumpClockMs, type UptimeMs } from "../base/units.js";
import type { LimitsConfig, RigConfig } from "../rig.js";
import { findPending, isSnoozed, mayConfirmByRadio } from "./annunciations.js";
import type { Command, Meaning } from "./commands.js";
import { activeBolus, activePriming } from "./ledger.js";
import { gate } from "./limits.js";
import { isReady } from "./operational.js";
import { mayMove } from "./preparation.js";
import { blocksOf, isFlat, profileOf, programmedAt, TEMPLATES } from "./profiles.js";
import { type Tbr, tbrRate } from "./tbr.js";
import {
  activeProfile,
  clockAt,
  delivered,
  reservoirMicrounits,
  type Therapy,
  withHoursClosed,
  withProfile,
  withRatePassed,
} from "./therapy.js";
import { localSeconds, type WallTime } from "./wallTime.js";

/** A day (Insulin Delivery Service 1.0 sets no bound; pumps offer up to 24 h). */
const TBR_MINUTES_MAX = 1_440;
/** Twice the 2 to 2.5 that pumps offer; what it comes to is limited besides. */
const TBR_FACTOR_MAX_MILLIONTHS = 5_000_000;
/** What only ends something is judged as ever while a fault is latched. */
const ENDS: readonly Command["kind"][] = ["stop", "cancelBolus", "stopPriming"];
/** 2100-01-01 00:00:00: a time is set within the century that its seconds, a u32 since 2000, outlast. */
const LOCAL_END_S = 3_155_760_000;

/**
 * Refusals: NotCompleted while a fault is latched or the reservoir holds too little; NotApplicable in the wrong state, for
 * a template that is not configured, for rates by the time of day where that was never set, and for an annunciation that
 * is not there or not to be confirmed by radio; MaxBolusNumber beside an active bolus; InvalidOperand for a zero amount
 * and no duration; OutOfRange over a single limit; Plausibility over a window, and over all priming of a reservoir.
 */
export function resolve(given: Therapy, command: Command, now: UptimeMs, rig: RigConfig): Result<Meaning> {
  const clockMs = clockAt(given, now);
  const therapy = withRatePassed(withHoursClosed(given, clockMs), clockMs);
  const { standing } = therapy;
  const { limits } = rig;
  if (therapy.fault && !ENDS.includes(command.kind)) return refuse(Refusal.NotCompleted);
  switch (command.kind) {
    case "stop":
    case "flightMode":
      return ok(command);
    case "cancelBolus":
      return activeBolus(standing.ledger)?.bolusId === command.bolusId ? ok(command) : refuse(Refusal.NotApplicable);
    case "setBolus": {
      const { amountMicrounits } = command;
      if (standing.control !== "run") return refuse(Refusal.NotApplicable);
      if (activeBolus(standing.ledger)) return refuse(Refusal.MaxBolusNumber);
      if (amountMicrounits <= 0) return refuse(Refusal.InvalidOperand);
      if (amountMicrounits > limits.bolusMaxMicrounits) return refuse(Refusal.OutOfRange);
      const passed = gate(limits, delivered(therapy), amountMicrounits);
      return passed.ok ? ok(command) : passed;
    }
    case "setTbr": {
      const { amount, durationMinutes } = command;
      if (standing.control !== "run" || command.change !== (standing.tbr !== undefined))
        return refuse(Refusal.NotApplicable);
      if (durationMinutes < 1) return refuse(Refusal.InvalidOperand);
      if (durationMinutes > TBR_MINUTES_MAX) return refuse(Refusal.OutOfRange);
      if ("factorMillionths" in amount && amount.factorMillionths > TBR_FACTOR_MAX_MILLIONTHS)
        return refuse(Refusal.OutOfRange);
      const tbr: Tbr = { ...amount, durationMinutes, endsAtMs: tbrEnd(clockMs, durationMinutes) };
      if (highestRate(therapy, tbr, clockMs) > limits.basalMaxMicrounitsPerHour) return refuse(Refusal.OutOfRange);
      return ok({ ...command, rateMicrounitsPerHour: tbrRate(amount, standing.basalMicrounitsPerHour) });
    }
    case "cancelTbr":
      if (!standing.tbr) return refuse(Refusal.NotApplicable);
      return ok({ kind: "cancelTbr", rateMicrounitsPerHour: standing.basalMicrounitsPerHour });
    case "writeProfile": {
      const { templateNumber, profile } = command;
      if (templateNumber < 1 || templateNumber > TEMPLATES) return refuse(Refusal.OutOfRange);
      if (blocksOf(profile).some((block) => block.rateMicrounitsPerHour > limits.basalMaxMicrounitsPerHour))
        return refuse(Refusal.OutOfRange);
      if (templateNumber !== standing.activeTemplate) return ok({ ...command, rateMicrounitsPerHour: undefined });
      const rate = programmedBy(withProfile(therapy, templateNumber, profile), clockMs, limits);
      return rate.ok ? ok({ ...command, rateMicrounitsPerHour: rate.value }) : rate;
    }
    case "activateProfile": {
      const activeTemplate = command.templateNumber;
      if (!profileOf(therapy.profiles, standing.profilesRevision, activeTemplate)) return refuse(Refusal.NotApplicable);
      const rate = programmedBy({ ...therapy, standing: { ...standing, activeTemplate } }, clockMs, limits);
      return rate.ok ? ok({ ...command, rateMicrounitsPerHour: rate.value }) : rate;
    }
    case "setTime": {
      const time = timeSet(command, clockMs);
      const localS = localSeconds(time, clockMs);
      if (localS < 0 || localS >= LOCAL_END_S) return refuse(Refusal.OutOfRange);
      const rate = programmedBy({ ...therapy, standing: { ...standing, time } }, clockMs, limits);
      return rate.ok ? ok({ ...command, rateMicrounitsPerHour: rate.value }) : rate;
    }
    case "startPriming": {
      const { amountMicrounits } = command;
      if (standing.reservoir.state !== "attached" || !isAtRest(therapy)) return refuse(Refusal.NotApplicable);
      if (amountMicrounits <= 0) return refuse(Refusal.InvalidOperand);
      if (amountMicrounits > limits.primingMaxMicrounits) return refuse(Refusal.OutOfRange);
      if (amountMicrounits > reservoirMicrounits(therapy)) return refuse(Refusal.NotCompleted);
      const primed = standing.reservoir.primedMicrounits + amountMicrounits;
      return primed > limits.primingMaxMicrounits ? refuse(Refusal.Plausibility) : ok(command);
    }
    case "stopPriming":
      return activePriming(standing.ledger) ? ok(command) : refuse(Refusal.NotApplicable);
    case "setReservoirFill": {
      const { amountMicrounits } = command;
      const { fillLeastMicrounits, strokeMicrounits } = rig.reservoir;
      if (standing.reservoir.state !== "open" || !isAtRest(therapy)) return refuse(Refusal.NotApplicable);
      if (amountMicrounits <= 0) return refuse(Refusal.InvalidOperand);
      const fits = amountMicrounits >= fillLeastMicrounits && amountMicrounits <= strokeMicrounits;
      return fits ? ok(command) : refuse(Refusal.OutOfRange);
    }
    case "resetReservoirTime":
      return standing.reservoir.state === "attached" ? ok(command) : refuse(Refusal.NotApplicable);
    case "run": {
      if (standing.control === "run" || !isReady(therapy)) return refuse(Refusal.NotApplicable);
      const rate = programmedBy(therapy, clockMs, limits);
      return rate.ok ? ok({ kind: "run", rateMicrounitsPerHour: rate.value }) : rate;
    }
    case "snoozeAnnunciation": {
      const annunciation = findPending(standing.annunciations, command.instance);
      if (!annunciation || isSnoozed(therapy.snoozes, annunciation)) return refuse(Refusal.NotApplicable);
      return ok({ kind: "snoozeAnnunciation", annunciation });
    }
    case "confirmAnnunciation": {
      const annunciation = findPending(standing.annunciations, command.instance);
      if (!annunciation || !mayConfirmByRadio(annunciation.type)) return refuse(Refusal.NotApplicable);
      return ok({ kind: "confirmAnnunciation", annunciation });
    }
    default:
      return command satisfies never;
  }
}

/** In Stop, with nothing under way, and nobody asked. */
const isAtRest = (therapy: Therapy): boolean => mayMove(therapy) && !therapy.offer;

/** The time that a command sets at `clockMs`. */
export function timeSet(command: Extract<Command, { readonly kind: "setTime" }>, clockMs: PumpClockMs): WallTime {
  const { baseTimeS, timeZoneQuarters, dstOffset } = command;
  return { setAtMs: clockMs, baseTimeS, timeZoneQuarters, dstOffset, certain: true };
}

/** When a temporary rate that begins at `clockMs` is over. */
export function tbrEnd(clockMs: PumpClockMs, durationMinutes: number): PumpClockMs {
  return pumpClockMs(clockMs + durationMinutes * MS_PER_MINUTE);
}

/**
 * The programmed rate of now, had the therapy become `next`. Refusals: NotApplicable when it changes over the day and the
 * time of day was never set; OutOfRange when the temporary rate in effect would come to more than a rate may be.
 */
function programmedBy(next: Therapy, clockMs: PumpClockMs, limits: LimitsConfig): Result<MicrounitsPerHour> {
  const { time, tbr } = next.standing;
  const profile = activeProfile(next);
  if (!time && !isFlat(profile)) return refuse(Refusal.NotApplicable);
  if (tbr && highestRate(next, tbr, clockMs) > limits.basalMaxMicrounitsPerHour) return refuse(Refusal.OutOfRange);
  return ok(programmedAt(profile, time, clockMs).rateMicrounitsPerHour);
}

/** The highest rate that a temporary one comes to, from `fromMs` to its end, over all blocks that it meets. */
function highestRate(therapy: Therapy, tbr: Tbr, fromMs: PumpClockMs): number {
  const profile = activeProfile(therapy);
  let highest = 0;
  for (let atMs = fromMs; atMs < tbr.endsAtMs; ) {
    const { rateMicrounitsPerHour, untilMs } = programmedAt(profile, therapy.standing.time, atMs);
    highest = Math.max(highest, tbrRate(tbr, rateMicrounitsPerHour));
    atMs = untilMs;
  }
  return highest;
}
