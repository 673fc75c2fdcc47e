/** Therapies in a chosen state, commands obeyed, pulses that ended: the steps of the therapy without a pump around it. */

import assert from "node:assert/strict";
import { type Microunits, microunits, pumpClockMs, type UptimeMs, uptimeMs } from "../../firmware/base/units.js";
import { insulinOfHalfSteps } from "../../firmware/motor/geometry.js";
import type { MotorReport } from "../../firmware/motor/motor.js";
import { DEFAULT_RIG, type RigConfig } from "../../firmware/rig.js";
import { Authorised } from "../../firmware/therapy/authorised.js";
import type { Command, DoseId, Meaning } from "../../firmware/therapy/commands.js";
import { type Journal, NEW_JOURNAL } from "../../firmware/therapy/journal.js";
import { addEntry, EMPTY_LEDGER, type Ledger, type LedgerEntry } from "../../firmware/therapy/ledger.js";
import { obey } from "../../firmware/therapy/obey.js";
import { newProfiles } from "../../firmware/therapy/profiles.js";
import { endPulse, passTime } from "../../firmware/therapy/pulses.js";
import { resolve } from "../../firmware/therapy/resolve.js";
import { newStanding, type Reservoir, type Standing } from "../../firmware/therapy/standing.js";
import { beginTherapy, type Therapy, type TherapyStep } from "../../firmware/therapy/therapy.js";

export const RIG = DEFAULT_RIG;
export const HOUR_MS = 3_600_000;
export const at = uptimeMs;
export const PULSE = RIG.drive.pulseMaxMicrounits;

/** A therapy at uptime 0: in Run unless `standing` says otherwise. */
export function therapyOf(
  standing: Partial<Standing> = {},
  journal: Partial<Journal> = {},
  rig: RigConfig = RIG,
): Therapy {
  const state: Standing = { ...newStanding(rig), control: "run", ...standing };
  const profiles = newProfiles(state.basalMicrounitsPerHour);
  return beginTherapy(state, profiles, { ...NEW_JOURNAL, ...journal }, at(0), rig);
}

/** A reservoir in place that is empty at that total. */
export const reservoirOf = (endMicrounits: number): Reservoir => ({
  ...newStanding(RIG).reservoir,
  endMicrounits: microunits(endMicrounits),
});

export const entryOf = (sequence: number, fields: Partial<LedgerEntry> = {}): LedgerEntry => ({
  doseId: { epoch: 1, sequence },
  kind: "applied",
  bolusId: 0,
  flags: 0,
  intendedMicrounits: microunits(0),
  lowMicrounits: microunits(0),
  highMicrounits: microunits(0),
  ...fields,
});

/** A ledger of at most 64 entries, oldest first. */
export function ledgerOf(
  entries: readonly LedgerEntry[],
  forgottenThrough: DoseId = EMPTY_LEDGER.forgottenThrough,
): Ledger {
  return entries.reduce(addEntry, { ...EMPTY_LEDGER, forgottenThrough });
}

/** A standing state with a bolus under way. */
export const bolusStanding = (intended: number, sequence = 1): Pick<Standing, "ledger"> => ({
  ledger: ledgerOf([entryOf(sequence, { kind: "delivering", bolusId: 5, intendedMicrounits: microunits(intended) })]),
});

/** Bins of the last hours: `[newest closed, the one before, ...]`, the rest empty. */
export const closedBins = (...amounts: readonly number[]): readonly Microunits[] =>
  Array.from({ length: 24 }, (_, i) => microunits(amounts[i] ?? 0));

/** Resolves a command and obeys it; throws when it is refused. */
export function obeyed(therapy: Therapy, command: Command, doseId: DoseId | undefined, now: UptimeMs): TherapyStep {
  const meaning = resolve(therapy, command, now, RIG);
  assert.ok(meaning.ok, `${command.kind} is refused`);
  return obey(therapy, Authorised.grant<Meaning>(meaning.value), doseId, now, RIG);
}

/** The report of a pulse that went as planned, or of one that did not. */
export function reportOf(therapy: Therapy, fields: Partial<MotorReport> = {}): MotorReport {
  assert.ok(therapy.motion.kind === "pulsing");
  const { plan } = therapy.motion;
  const moved = (rounding: "up" | "down") => insulinOfHalfSteps(RIG.drive, plan.halfSteps, rounding);
  return {
    plan,
    check: { kind: "inTolerance" },
    countedCounts: 0,
    lowMicrounits: moved("down"),
    highMicrounits: moved("up"),
    coilPhase: 0,
    forceFraction: 0,
    occluded: false,
    aborted: false,
    ...fields,
  };
}

/** Lets time pass until `untilMs`, pulses ending as planned 196 ms after they began; calls `each` on every step. */
export function lived(
  therapy: Therapy,
  fromMs: number,
  untilMs: number,
  rig: RigConfig = RIG,
  each: (step: TherapyStep, nowMs: number) => void = () => {},
  stepMs = 1_000,
): Therapy {
  let state = therapy;
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += stepMs) {
    for (;;) {
      const step = passTime(state, at(nowMs), rig);
      each(step, nowMs);
      state = step.next;
      if (step.record === undefined) break;
      if (step.record.kind !== "pulse") continue;
      const ended = endPulse(state, reportOf(state), at(nowMs + 196), rig);
      each(ended, nowMs + 196);
      state = ended.next;
      break;
    }
  }
  return state;
}

export const clock = pumpClockMs;
