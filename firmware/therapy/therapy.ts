/**
 * The therapy: what the pump delivers, and what it may. Decides; never writes, moves or sends: each decision is a step
 * that returns the next state and at most one record to make durable before anything else happens.
 *
 *     motion:   idle --pulse begun (journal durable)--> pulsing --pulse ended--> idle
 *     control:  stop --Run--> run --Stop, occlusion, fault, lost state--> stop
 *     a bolus:  see ledger.ts
 *
 * Insulin that is due comes from the pump clock; the motor's reports say what moved.
 */

import type { Fault } from "../base/fault.js";
import {
  type Microunits,
  type MicrounitsPerHour,
  microunits,
  microunitsPerHour,
  type PumpClockMs,
  pumpClockMs,
  type UptimeMs,
  uptimeMs,
} from "../base/units.js";
import { allFlags } from "../ids/flagged.js";
import { StatusChangedFlag } from "../ids/values.js";
import { stepDenominator } from "../motor/geometry.js";
import type { PulseBegun } from "../motor/motor.js";
import type { RigConfig } from "../rig.js";
import type { Snooze } from "./annunciations.js";
import { accrue } from "./basal.js";
import { sameDose } from "./commands.js";
import { type Journal, type JournalBegun, totalMicrounits } from "./journal.js";
import { activeBolus, activePriming, type LedgerEntry } from "./ledger.js";
import type { Delivered } from "./limits.js";
import { NEVER, type Profile, type Profiles, profileOf, programmedAt, withWritten } from "./profiles.js";
import type { Standing } from "./standing.js";
import { tbrRate } from "./tbr.js";
import { closeHours, hourOf } from "./windows.js";

/** What an answer at the pump would let begin, and from when until when it is one (offer.ts). */
export interface Offer {
  readonly kind: "rewind" | "seek" | "prime";
  readonly from: UptimeMs;
  readonly until: UptimeMs;
}

/** A move of the drive without insulin (preparation.ts). */
export interface Leg {
  /** What it has moved so far, as insulin; never negative. */
  readonly movedMicrounits: Microunits;
  /** What it must have moved at least when it meets the stop at the back. */
  readonly leastMicrounits: Microunits;
  /** Back, against something: whether it moves up again, and then back. */
  readonly probe: "none" | "forwards" | "back";
  /** Up: whether the last pulse ended at the plunger's force, or at one that could not be read. */
  readonly last: "free" | "touched" | "unread";
}

/** `stored`: whether the state at the fault is durable; while it is not, what a restart will find is not known. */
export interface LatchedFault {
  readonly cause: Fault;
  readonly stored: boolean;
}

export interface Therapy {
  readonly standing: Standing;
  /** As it is now, ahead of what is durable. Its `clockMs` is how far basal insulin has been accounted for. */
  readonly journal: Journal;
  readonly profiles: Profiles;
  /** When the programmed rate next changes. */
  readonly rateEndsAtMs: PumpClockMs;
  /** The pump clock when uptime was 0. */
  readonly bootClockMs: PumpClockMs;
  /** `turning`: at rest between two pulses of the bench (bench.ts), or of a leg. */
  readonly motion: { readonly kind: "idle" | "turning" } | ({ readonly kind: "pulsing" } & PulseBegun);
  /** No pulse begins before. */
  readonly nextPulseAt: UptimeMs;
  /** When the journal was last made durable. */
  readonly savedAt: UptimeMs;
  /** Status Changed flags, latched until they are reset. */
  readonly changed: number;
  /** Of annunciations that are quiet for now: at most one each. A restart forgets them. */
  readonly snoozes: readonly Snooze[];
  /** A restart forgets it. */
  readonly offer: Offer | undefined;
  /** Just while the reservoir is `rewinding` or `seeking`. */
  readonly leg: Leg | undefined;
  /** Latched until a restart: the motor stands still. */
  readonly fault: LatchedFault | undefined;
}

/** What to make durable before `next` is adopted. `pulse` begins motion once it is. */
export type TherapyRecord =
  | { readonly kind: "journal"; readonly value: Journal }
  | { readonly kind: "pulse"; readonly value: JournalBegun }
  /** `profiles`, where there are any, first: they count once the standing state is durable. */
  | { readonly kind: "standing"; readonly value: Standing; readonly profiles?: Profiles };

export interface TherapyStep {
  readonly next: Therapy;
  readonly record?: TherapyRecord;
}

/** After a boot everything may have changed. */
const EVERYTHING_CHANGED = allFlags(StatusChangedFlag);

export const clockAt = (therapy: Therapy, now: UptimeMs): PumpClockMs => pumpClockMs(therapy.bootClockMs + now);

/** The rate in force: zero in Stop, the temporary rate while there is one. */
export function basalRate({ control, tbr, basalMicrounitsPerHour }: Standing): MicrounitsPerHour {
  if (control !== "run") return microunitsPerHour(0);
  return tbr ? tbrRate(tbr, basalMicrounitsPerHour) : basalMicrounitsPerHour;
}

/** The template that basal follows. */
export function activeProfile({ profiles, standing }: Pick<Therapy, "profiles" | "standing">): Profile {
  const profile = profileOf(profiles, standing.profilesRevision, standing.activeTemplate);
  if (!profile) throw new Error("invariant: the active template is not configured");
  return profile;
}

/**
 * Accounts for basal insulin up to `clockMs`, at what was in force at each moment of it: at the temporary rate up to its
 * end, at the programmed rate after it, and at every block's own.
 */
export function accrueTo(therapy: Therapy, clockMs: PumpClockMs): Therapy {
  const { journal, standing } = therapy;
  if (clockMs <= journal.clockMs) return therapy;
  if (clockMs > therapy.rateEndsAtMs) return accrueOverBlocks(therapy, clockMs);
  const rate = basalRate(standing);
  const untilMs = Math.min(clockMs, Math.max(journal.clockMs, standing.tbr?.endsAtMs ?? clockMs));
  const owedUntil = accrue(journal.basalOwed, rate, untilMs - journal.clockMs);
  const afterwards = standing.control === "run" ? standing.basalMicrounitsPerHour : rate;
  const basalOwed = accrue(owedUntil, afterwards, clockMs - untilMs);
  return { ...therapy, journal: { ...journal, clockMs, basalOwed } };
}

function accrueOverBlocks(therapy: Therapy, clockMs: PumpClockMs): Therapy {
  const { journal, standing } = therapy;
  const profile = activeProfile(therapy);
  let { basalOwed } = journal;
  for (let fromMs = journal.clockMs; fromMs < clockMs; ) {
    const programmed = programmedAt(profile, standing.time, fromMs);
    const tbr = standing.tbr && fromMs < standing.tbr.endsAtMs ? standing.tbr : undefined;
    const basalMicrounitsPerHour = programmed.rateMicrounitsPerHour;
    const rate = basalRate({ ...standing, tbr, basalMicrounitsPerHour });
    const untilMs = pumpClockMs(Math.min(clockMs, programmed.untilMs, tbr?.endsAtMs ?? clockMs));
    basalOwed = accrue(basalOwed, rate, untilMs - fromMs);
    fromMs = untilMs;
  }
  return { ...therapy, journal: { ...journal, clockMs, basalOwed } };
}

/** The therapy with the programmed rate of `clockMs`: a block may have begun that no step has recorded yet. */
export function withRatePassed(therapy: Therapy, clockMs: PumpClockMs): Therapy {
  return clockMs < therapy.rateEndsAtMs ? therapy : reprogrammed(accrueTo(therapy, clockMs), clockMs);
}

/** The therapy with the programmed rate that its active template has for `clockMs`. Basal is accounted for up to then. */
export function reprogrammed(therapy: Therapy, clockMs: PumpClockMs): Therapy {
  const { standing } = therapy;
  const programmed = programmedAt(activeProfile(therapy), standing.time, clockMs);
  return {
    ...therapy,
    rateEndsAtMs: programmed.untilMs,
    standing: { ...standing, basalMicrounitsPerHour: programmed.rateMicrounitsPerHour },
  };
}

/** The therapy with a template written. */
export function withProfile(therapy: Therapy, templateNumber: number, profile: Profile): Therapy {
  const { standing } = therapy;
  const { profilesRevision } = standing;
  return {
    ...therapy,
    profiles: withWritten(therapy.profiles, profilesRevision, templateNumber, profile),
    standing: { ...standing, profilesRevision: profilesRevision + 1 },
  };
}

/** What of the active bolus or priming is known to be delivered. */
export function bolusDone(therapy: Therapy, entry: LedgerEntry): Microunits {
  const { doseId, doneMicrounits } = therapy.journal.bolus;
  return sameDose(doseId, entry.doseId) ? doneMicrounits : microunits(0);
}

/** What is left in the reservoir, at least. */
export function reservoirMicrounits(therapy: Therapy): Microunits {
  const { standing, journal } = therapy;
  const priming = activePriming(standing.ledger);
  const moving = journal.pulse?.source === "priming" ? journal.pulse.insulinMicrounits : 0;
  const primed = priming ? bolusDone(therapy, priming) + moving : 0;
  return microunits(Math.max(0, standing.reservoir.endMicrounits - totalMicrounits(journal) - primed));
}

/** Whether the reservoir in place holds no more than what the user is told of. */
export function isReservoirLow(therapy: Therapy, { reservoir }: RigConfig): boolean {
  return therapy.standing.reservoir.state === "attached" && reservoirMicrounits(therapy) <= reservoir.lowMicrounits;
}

/** What the gate judges by: windows, reservoir, and what the active bolus still has coming. */
export function delivered(therapy: Therapy): Delivered {
  const bolus = activeBolus(therapy.standing.ledger);
  return {
    windows: therapy.standing.windows,
    openHourMicrounits: therapy.journal.openHourMicrounits,
    reservedMicrounits: microunits(bolus ? bolus.intendedMicrounits - bolusDone(therapy, bolus) : 0),
    reservoirMicrounits: reservoirMicrounits(therapy),
  };
}

/** The carried fraction of a half-step, as far as it is this drive's: a new calibration begins with none. */
function remainderFor(journal: Journal, rig: RigConfig): Pick<Journal, "stepRemainder" | "stepDenominator"> {
  const denominator = stepDenominator(rig.drive);
  const same = journal.stepDenominator === denominator;
  return { stepRemainder: same ? journal.stepRemainder : 0, stepDenominator: denominator };
}

/** A new pump's therapy, or one whose blobs have been read (boot.ts), at uptime `now`. */
export function beginTherapy(
  standing: Standing,
  profiles: Profiles,
  journal: Journal,
  now: UptimeMs,
  rig: RigConfig,
): Therapy {
  const clockMs = pumpClockMs(Math.max(standing.clockMs, journal.clockMs));
  const therapy: Therapy = {
    standing,
    profiles,
    rateEndsAtMs: NEVER,
    journal: { ...journal, ...remainderFor(journal, rig), clockMs },
    bootClockMs: pumpClockMs(clockMs - now),
    motion: { kind: "idle" },
    nextPulseAt: uptimeMs(now + rig.drive.pulseIntervalMs),
    savedAt: now,
    changed: EVERYTHING_CHANGED,
    snoozes: [],
    offer: undefined,
    leg: undefined,
    fault: undefined,
  };
  return reprogrammed(therapy, clockMs);
}

/**
 * The therapy with every hour closed that has passed by `clockMs`. The step that writes it must come before the
 * journal's first write of the new hour, or the amount of the old hour would be lost in a power cut.
 */
export function withHoursClosed(therapy: Therapy, clockMs: PumpClockMs): Therapy {
  const { standing, journal } = therapy;
  const hour = hourOf(clockMs);
  if (hour === standing.windows.hour) return therapy;
  return {
    ...therapy,
    standing: {
      ...standing,
      windows: closeHours(standing.windows, journal.openHourMicrounits, hour),
      windowsTotalMicrounits: totalMicrounits(journal),
    },
    journal: { ...journal, openHourMicrounits: microunits(0) },
  };
}
