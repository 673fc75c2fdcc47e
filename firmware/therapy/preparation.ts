/**
 * The change of the reservoir, and what somebody at the pump confirms of it. The drive of the plunger moves in legs of
 * pulses that are journaled like any other and count as no insulin: back to its stop, and forwards until it touches the
 * plunger of the new reservoir; how far it was from the stop says what the reservoir holds. Nothing of this happens but in
 * Stop, after a question on the pump and a hold of its button: the line must be off the body. Pure.
 *
 *     attached, adrift --rewind--> rewinding --at the stop--> open --seek--> seeking --touches--> attached
 *     rewinding, seeking --Stop, hold, restart, stuck, nothing there--> adrift
 */

import { type HalfSteps, halfSteps, type Microunits, microunits, type UptimeMs, uptimeMs } from "../base/units.js";
import { AnnunciationType, StatusChangedFlag } from "../ids/values.js";
import { insulinOfCounts, insulinOfHalfSteps, type PulsePlan } from "../motor/geometry.js";
import type { MotorReport } from "../motor/motor.js";
import { PHASES } from "../motor/stepper.js";
import type { RigConfig } from "../rig.js";
import {
  annunciated,
  annunciationSettled,
  apply,
  beginChange,
  type Change,
  finishChange,
  legEnded,
  operated,
  primingStopped,
} from "./change.js";
import { primingStarted, reservoirChanged } from "./events.js";
import { type Journal, totalMicrounits } from "./journal.js";
import { activeDose, activePriming } from "./ledger.js";
import type { Reservoir } from "./standing.js";
import { clockAt, type Leg, reservoirMicrounits, type Therapy, type TherapyStep } from "./therapy.js";

/** A question on the pump waits so long for its answer. */
export const OFFER_MS = 60_000;
/** A sixteenth of a turn: over in 0.9 s, so that the button and the radio are not kept waiting longer. */
const LEG_HALF_STEPS: HalfSteps = halfSteps(256);
/** Without an encoder nothing tells of the stop: so much further than the whole stroke it cannot be. */
const BLIND_MARGIN_MICROUNITS = 10_000_000;
/** How far from the stop a rotor may come to rest that has run against it, and been aligned since: two cycles of its coils. */
const STOP_SLACK_HALF_STEPS = 2 * PHASES;
/** What the account of a reservoir and the way of the drive may differ by: 5 U, and a twentieth of a full one. */
const ACCOUNT_TOLERANCE_MICROUNITS = 20_000_000;

/** Whether the drive may be moved without insulin: in Stop, with nothing else under way. */
function mayMove({ standing, fault, motion, leg }: Therapy): boolean {
  return standing.control !== "run" && !fault && !leg && motion.kind === "idle" && !activeDose(standing.ledger);
}

/** Somebody at the pump asks to change the reservoir: the pump asks back. Nothing where it may not be. */
export function offerMove(therapy: Therapy, now: UptimeMs): TherapyStep {
  if (!mayMove(therapy)) return { next: therapy };
  const kind = therapy.standing.reservoir.state === "open" ? "seek" : "rewind";
  return { next: { ...therapy, offer: { kind, until: uptimeMs(now + OFFER_MS) } } };
}

/** Nobody answered. */
export function offerOver(therapy: Therapy, now: UptimeMs): TherapyStep {
  if (therapy.offer?.kind !== "prime") return { next: { ...therapy, offer: undefined } };
  return finishChange(primingStopped(beginChange(therapy, clockAt(therapy, now))));
}

/** Somebody at the pump confirmed. @param forceFraction of a drive at rest, of the sensor's full scale. */
export function takeOffer(therapy: Therapy, forceFraction: number, now: UptimeMs, rig: RigConfig): TherapyStep {
  const { offer } = therapy;
  if (!offer || therapy.fault) return { next: therapy };
  const answered: Therapy = { ...therapy, offer: undefined };
  const change = beginChange(answered, clockAt(therapy, now));
  switch (offer.kind) {
    case "prime": {
      const priming = activePriming(therapy.standing.ledger);
      const events = priming ? [primingStarted(priming.intendedMicrounits)] : [];
      return finishChange(operated(therapy, apply(change, {}, 0, ...events)));
    }
    case "rewind":
      return legBegun(change, "rewinding", leastWayBack(therapy, rig), forceFraction);
    case "seek":
      return legBegun(change, "seeking", microunits(0), forceFraction);
    default:
      return offer.kind satisfies never;
  }
}

/** How far the stop at the back must be from a plunger that has so little before it; 0 where that is not known. */
function leastWayBack(therapy: Therapy, { reservoir }: RigConfig): Microunits {
  if (therapy.standing.reservoir.state !== "attached") return microunits(0);
  const way = reservoir.strokeMicrounits - reservoirMicrounits(therapy) - ACCOUNT_TOLERANCE_MICROUNITS;
  return microunits(Math.max(0, way));
}

function legBegun(
  change: Change,
  state: Reservoir["state"],
  leastMicrounits: Microunits,
  restForceFraction: number,
): TherapyStep {
  const { therapy } = change;
  const leg: Leg = { movedMicrounits: microunits(0), leastMicrounits, restForceFraction };
  const moving = { ...change, therapy: { ...therapy, leg, motion: { kind: "turning" } as const } };
  const reservoir = { ...therapy.standing.reservoir, state };
  return finishChange(operated(therapy, apply(moving, { reservoir }, StatusChangedFlag.Reservoir)));
}

/** Begins the next pulse of a leg. */
export function beginLegPulse(therapy: Therapy, now: UptimeMs): TherapyStep {
  const { journal, standing } = therapy;
  const back = standing.reservoir.state === "rewinding";
  const plan: PulsePlan = {
    insulinMicrounits: microunits(0),
    halfSteps: LEG_HALF_STEPS,
    ...(back && { backwards: true }),
    remainderBefore: journal.stepRemainder,
    remainderAfter: journal.stepRemainder,
  };
  const phases = back ? PHASES - (LEG_HALF_STEPS % PHASES) : LEG_HALF_STEPS;
  const begun: Journal = {
    ...journal,
    coilPhase: (journal.coilPhase + phases) % PHASES,
    pulse: { source: "bench", insulinMicrounits: microunits(0) },
  };
  return {
    next: { ...therapy, journal: begun, motion: { kind: "pulsing", plan }, savedAt: now },
    record: { kind: "pulse", value: { ...begun, plan } },
  };
}

/** The motor's report of a pulse of a leg. */
export function endLegPulse(given: Therapy, report: MotorReport, now: UptimeMs, rig: RigConfig): TherapyStep {
  const { leg } = given;
  if (!leg) throw new Error("invariant: a leg's pulse ended that was not begun");
  const moved = movedBy(report, rig);
  const way = { ...leg, movedMicrounits: microunits(Math.max(0, leg.movedMicrounits + moved)) };
  const journal = { ...given.journal, coilPhase: report.coilPhase, pulse: undefined };
  const therapy: Therapy = { ...given, journal, leg: way, motion: { kind: "turning" } };
  const change = beginChange(therapy, clockAt(therapy, now));
  if (report.aborted) return finishChange(legEnded(change));
  const stuck = rig.drive.encoder !== "none" && 2 * moved < insulinOfHalfSteps(rig.drive, LEG_HALF_STEPS, "down");
  const end =
    therapy.standing.reservoir.state === "rewinding"
      ? rewound(change, way, stuck, rig)
      : sought(change, way, stuck || report.occluded, report.forceFraction, rig);
  return end ?? { next: therapy };
}

/** What the pulse moved the drive in the direction that it was to, as insulin. */
function movedBy({ plan, countedCounts }: MotorReport, { drive }: RigConfig): Microunits {
  if (drive.encoder === "none") return insulinOfHalfSteps(drive, plan.halfSteps, "up");
  return insulinOfCounts(drive, plan.backwards ? -countedCounts : countedCounts, "up");
}

/** At the stop the reservoir may be taken out. A drive that is stuck before it, or finds none, is out of order. */
function rewound(change: Change, leg: Leg, stuck: boolean, rig: RigConfig): TherapyStep | undefined {
  const beyond = leg.movedMicrounits > rig.reservoir.strokeMicrounits + BLIND_MARGIN_MICROUNITS;
  if (!stuck && !beyond) return undefined;
  const atStop = stuck ? leg.movedMicrounits >= leg.leastMicrounits : rig.drive.encoder === "none";
  return atStop ? legDone(change, "open") : failed(change, AnnunciationType.MechanicalIssue);
}

/** At the plunger the reservoir is in place: it holds what of the stroke is left. */
function sought(
  change: Change,
  leg: Leg,
  stuck: boolean,
  forceFraction: number,
  { reservoir, drive }: RigConfig,
): TherapyStep | undefined {
  const touches = stuck || forceFraction - leg.restForceFraction >= reservoir.contactForceFraction;
  const slack = insulinOfHalfSteps(drive, STOP_SLACK_HALF_STEPS, "up");
  const left = reservoir.strokeMicrounits - leg.movedMicrounits - slack;
  if (left < reservoir.fillLeastMicrounits) return failed(change, AnnunciationType.ReservoirIssue);
  if (!touches) return undefined;
  // A plunger that is touched pushes back before it stops the drive.
  if (forceFraction - leg.restForceFraction < reservoir.contactForceFraction)
    return failed(change, AnnunciationType.MechanicalIssue);
  return legDone(change, "attached", microunits(left));
}

function failed(change: Change, type: AnnunciationType): TherapyStep {
  return finishChange(annunciated(legEnded(change), type));
}

function legDone(change: Change, state: Reservoir["state"], left?: Microunits): TherapyStep {
  const { therapy, clockMs } = change;
  const still = { ...change, therapy: { ...therapy, leg: undefined, motion: { kind: "idle" } as const } };
  if (left === undefined) {
    const reservoir = { ...therapy.standing.reservoir, state };
    return finishChange(operated(therapy, apply(still, { reservoir }, 0)));
  }
  const endMicrounits = microunits(totalMicrounits(therapy.journal) + left);
  const reservoir: Reservoir = { state, endMicrounits, sinceMs: clockMs, primedMicrounits: microunits(0) };
  const filled = apply(still, { reservoir }, StatusChangedFlag.Reservoir, reservoirChanged(left));
  const { ReservoirLow, ReservoirEmpty, ReservoirIssue } = AnnunciationType;
  const settled = [ReservoirLow, ReservoirEmpty, ReservoirIssue].reduce(annunciationSettled, filled);
  return finishChange(operated(therapy, settled));
}
