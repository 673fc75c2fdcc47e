/**
 * The change of the reservoir, and what somebody at the pump confirms of it. The drive of the plunger moves in legs of
 * pulses that are journaled like any other and count as no insulin: back to its stop, and forwards until it touches the
 * plunger of the new reservoir. What is in that, whoever filled it has told by then: the plunger must come where that has
 * it, so that neither a knock nor a sensor that is dead makes the pump believe in insulin, or push it out. Nothing of this
 * happens but in Stop, after a question on the pump and an answer there: the line must be off the body. Pure.
 *
 *     attached, adrift --rewind--> rewinding --at the stop--> open --told, seek--> seeking --touches--> attached
 *     rewinding, seeking --Stop, hold, restart, stuck, no plunger where it must be--> adrift
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
} from "./change.js";
import { reservoirChanged } from "./events.js";
import { type Journal, totalMicrounits } from "./journal.js";
import { activeDose } from "./ledger.js";
import type { Reservoir } from "./standing.js";
import { clockAt, type Leg, reservoirMicrounits, type Therapy, type TherapyStep } from "./therapy.js";

/** A sixteenth of a turn: over in 0.9 s, so that the radio is not kept waiting longer. */
const LEG_HALF_STEPS: HalfSteps = halfSteps(256);
/** Of the pulse that makes sure of a touch: 0.05 U. */
const TOUCH_HALF_STEPS: HalfSteps = halfSteps(40);
/** Between two pulses of a leg all else has a turn. */
const LEG_PAUSE_MS = 100;
/** Without an encoder nothing tells of the stop: so much further than the whole stroke it cannot be. */
const BLIND_MARGIN_MICROUNITS = microunits(10_000_000);
/** How far from the stop a rotor may come to rest that has run against it, and been aligned since: two cycles of its coils. */
const STOP_SLACK_HALF_STEPS = 2 * PHASES;

/** What a syringe's scale and the way of the drive may differ by: 5 U, and a twentieth. */
const toleranceOf = (toldMicrounits: Microunits): number => 5_000_000 + toldMicrounits / 20;

/** Whether the drive may be moved without insulin: in Stop, with nothing else under way. */
export function mayMove({ standing, fault, motion, leg }: Therapy): boolean {
  return standing.control !== "run" && !fault && !leg && motion.kind === "idle" && !activeDose(standing.ledger);
}

/** Begins to move back, from wherever the drive is. What was known of the reservoir is known no more. */
export function rewind(therapy: Therapy, now: UptimeMs, rig: RigConfig): TherapyStep {
  const reservoir: Reservoir = { ...therapy.standing.reservoir, state: "rewinding", endMicrounits: microunits(0) };
  return legBegun(therapy, reservoir, leastWayBack(therapy, rig), now);
}

/**
 * Begins to move up to the plunger. A force sensor that cannot be read, or already tells of a touch, would find it anywhere:
 * then it does not begin.
 *
 * @param forceFraction of a drive at rest, of the sensor's full scale; undefined when it cannot be read.
 */
export function seek(
  therapy: Therapy,
  forceFraction: number | undefined,
  now: UptimeMs,
  { reservoir }: RigConfig,
): TherapyStep {
  const touching = forceFraction === undefined || forceFraction >= reservoir.contactForceFraction;
  if (touching)
    return finishChange(annunciated(beginChange(therapy, clockAt(therapy, now)), AnnunciationType.MechanicalIssue));
  return legBegun(therapy, { ...therapy.standing.reservoir, state: "seeking" }, microunits(0), now);
}

/** How far the stop at the back must be from a plunger that has so little before it; 0 where that is not known. */
function leastWayBack(therapy: Therapy, { reservoir }: RigConfig): Microunits {
  if (therapy.standing.reservoir.state !== "attached") return microunits(0);
  const left = reservoirMicrounits(therapy);
  // An account that says nothing is left may be none: of stored state that was lost.
  if (left === 0) return left;
  return microunits(Math.max(0, Math.floor(reservoir.strokeMicrounits - left - toleranceOf(left))));
}

function legBegun(therapy: Therapy, reservoir: Reservoir, leastMicrounits: Microunits, now: UptimeMs): TherapyStep {
  const leg: Leg = { movedMicrounits: microunits(0), leastMicrounits, probe: "none", last: "free" };
  const moving: Therapy = { ...therapy, leg, motion: { kind: "turning" }, nextPulseAt: now };
  const change = beginChange(moving, clockAt(therapy, now));
  return finishChange(operated(therapy, apply(change, { reservoir }, StatusChangedFlag.Reservoir)));
}

const movesBack = (state: Reservoir["state"], { probe }: Leg): boolean => state === "rewinding" && probe !== "forwards";

/** Begins the next pulse of a leg. */
export function beginLegPulse(therapy: Therapy, leg: Leg, now: UptimeMs): TherapyStep {
  const { journal, standing } = therapy;
  const back = movesBack(standing.reservoir.state, leg);
  const steps = leg.last === "touched" ? TOUCH_HALF_STEPS : LEG_HALF_STEPS;
  const plan: PulsePlan = {
    insulinMicrounits: microunits(0),
    halfSteps: steps,
    ...(back && { backwards: true }),
    remainderBefore: journal.stepRemainder,
    remainderAfter: journal.stepRemainder,
  };
  const phases = back ? PHASES - (steps % PHASES) : steps;
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
  const journal = { ...given.journal, coilPhase: report.coilPhase, pulse: undefined };
  const nextPulseAt = uptimeMs(now + LEG_PAUSE_MS);
  const therapy: Therapy = { ...given, journal, nextPulseAt, motion: { kind: "turning" } };
  const change = beginChange(therapy, clockAt(therapy, now));
  if (report.aborted) return finishChange(legEnded(change));
  const moved = movedBy(report, rig);
  const planned = insulinOfHalfSteps(rig.drive, report.plan.halfSteps, "down");
  const stuck = rig.drive.encoder !== "none" && 2 * moved < planned;
  const { state } = therapy.standing.reservoir;
  const forwards = state === "rewinding" && !movesBack(state, leg);
  const way = { ...leg, movedMicrounits: microunits(Math.max(0, leg.movedMicrounits + (forwards ? -moved : moved))) };
  return state === "rewinding" ? rewound(change, way, stuck, rig) : sought(change, way, stuck, report, rig);
}

/** What the pulse moved the drive in the direction that it was to, as insulin. */
function movedBy({ plan, countedCounts }: MotorReport, { drive }: RigConfig): Microunits {
  if (drive.encoder === "none") return insulinOfHalfSteps(drive, plan.halfSteps, "up");
  return insulinOfCounts(drive, plan.backwards ? -countedCounts : countedCounts, "up");
}

const goesOn = ({ therapy }: Change, leg: Leg): TherapyStep => ({ next: { ...therapy, leg } });

/**
 * At the stop the drive moves no further back, and up and back again; one that moves neither way is stuck. So is one that
 * stops before it can be there, and out of order one that meets no stop.
 */
function rewound(change: Change, leg: Leg, stuck: boolean, rig: RigConfig): TherapyStep {
  if (leg.movedMicrounits > rig.reservoir.strokeMicrounits + BLIND_MARGIN_MICROUNITS)
    return rig.drive.encoder === "none" ? opened(change) : failed(change, AnnunciationType.MechanicalIssue);
  switch (leg.probe) {
    case "none":
      return goesOn(change, stuck ? { ...leg, probe: "forwards" } : leg);
    case "forwards":
      return stuck ? failed(change, AnnunciationType.MechanicalIssue) : goesOn(change, { ...leg, probe: "back" });
    case "back": {
      if (!stuck) return goesOn(change, leg);
      const tooSoon = leg.movedMicrounits < leg.leastMicrounits;
      return tooSoon ? failed(change, AnnunciationType.MechanicalIssue) : opened(change);
    }
    default:
      return leg.probe satisfies never;
  }
}

/**
 * Two pulses in a row that end at the plunger's force, the second a short one, have found it; it must be where what was told
 * has it. The lesser of both is what there is.
 */
function sought(change: Change, leg: Leg, stuck: boolean, report: MotorReport, rig: RigConfig): TherapyStep {
  const { forceFraction } = report;
  const told = reservoirMicrounits(change.therapy);
  const slack = insulinOfHalfSteps(rig.drive, STOP_SLACK_HALF_STEPS, "up");
  const left = rig.reservoir.strokeMicrounits - leg.movedMicrounits - slack;
  if (left < told - toleranceOf(told)) return failed(change, AnnunciationType.ReservoirIssue);
  const last = reading(forceFraction, rig);
  const outOfOrder = last === "free" ? stuck : last === "unread" && leg.last === "unread";
  if (outOfOrder) return failed(change, AnnunciationType.MechanicalIssue);
  if (last !== "touched" || leg.last !== "touched") return goesOn(change, { ...leg, last });
  if (left > told + toleranceOf(told)) return failed(change, AnnunciationType.ReservoirIssue);
  return attached(change, microunits(Math.min(left, told)));
}

function reading(forceFraction: number | undefined, { reservoir }: RigConfig): Leg["last"] {
  if (forceFraction === undefined) return "unread";
  return forceFraction >= reservoir.contactForceFraction ? "touched" : "free";
}

function failed(change: Change, type: AnnunciationType): TherapyStep {
  return finishChange(annunciated(legEnded(change), type));
}

function still(change: Change): Change {
  return { ...change, therapy: { ...change.therapy, leg: undefined, motion: { kind: "idle" } } };
}

function opened(change: Change): TherapyStep {
  const { therapy } = change;
  const reservoir: Reservoir = { ...therapy.standing.reservoir, state: "open" };
  return finishChange(operated(therapy, apply(still(change), { reservoir }, 0)));
}

function attached(change: Change, left: Microunits): TherapyStep {
  const { therapy, clockMs } = change;
  const endMicrounits = microunits(totalMicrounits(therapy.journal) + left);
  const reservoir: Reservoir = {
    state: "attached",
    endMicrounits,
    sinceMs: clockMs,
    primedMicrounits: microunits(0),
  };
  const filled = apply(still(change), { reservoir }, StatusChangedFlag.Reservoir, reservoirChanged(left));
  const { ReservoirLow, ReservoirEmpty, ReservoirIssue } = AnnunciationType;
  const settled = [ReservoirLow, ReservoirEmpty, ReservoirIssue].reduce(annunciationSettled, filled);
  return finishChange(operated(therapy, settled));
}
