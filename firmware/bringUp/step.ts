/**
 * Bring-up of a pump on a bench, through its console. Decides; never writes, moves or prints: a step returns the next
 * state, lines to print and at most one effect, which whoever performs it does before the next state is adopted.
 *
 *     resting --turn: guard passed--> turning --time: guard passed, pulse due: effect `pulse`--> turning
 *     turning --pulse ended, none left | halt | button held | guard broken | occluded: effect `endTurning`--> resting
 *
 * The guard (guard.ts) is asked at every command that moves, stores or restarts, and before every pulse: a pairing or a
 * Run half-way ends a turning. A calibration that is stored takes effect at the next start alone.
 */

import { type HalfSteps, halfSteps } from "../base/units.js";
import { type Calibration, calibrationErrors, FORCE_SCALE, FORCE_ZERO_MAX, NOMINAL } from "../motor/calibration.js";
import type { MotorReport } from "../motor/motor.js";
import type { EntropyFigures } from "../nonce/entropy.js";
import { type Command, HELP, parseCommand } from "./command.js";
import { guardRefusal, inUseRefusal } from "./guard.js";
import { calibrationText, entropyLines, forceLine, type Readings, statusLines } from "./status.js";
import { encoderVerdict, nextPulseHalfSteps, plannedTurning, type Turned, turnsOf, wholeTurns } from "./turning.js";
import { insulinPerTurn } from "./weighing.js";

export interface BringUp {
  readonly turning: Turned | undefined;
  /** The last turning that ended, whole or not, since the start. */
  readonly turned: Turned | undefined;
  /** What the next start takes. */
  readonly stored: Calibration;
}

export type BringUpEvent =
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "time" }
  | { readonly kind: "pulseEnded"; readonly report: MotorReport }
  | { readonly kind: "held" }
  | { readonly kind: "sampled"; readonly figures: EntropyFigures };

export type BringUpEffect =
  | { readonly kind: "pulse"; readonly halfSteps: HalfSteps }
  | { readonly kind: "endTurning" | "sample" | "restart" }
  | { readonly kind: "store"; readonly calibration: Calibration };

export interface BringUpStep {
  readonly next: BringUp;
  readonly lines: readonly string[];
  readonly effect?: BringUpEffect;
}

/** Readings further apart than this, of full scale, are of a sensor that something touches. */
const FORCE_SPREAD_MAX = 0.01;
const TAKES_EFFECT = "In force after a restart. Type restart";

const said = (next: BringUp, ...lines: readonly string[]): BringUpStep => ({ next, lines });

export function bringUpAtBoot(stored: Calibration): BringUp {
  return { turning: undefined, turned: undefined, stored };
}

export function stepBringUp(state: BringUp, event: BringUpEvent, readings: Readings): BringUpStep {
  switch (event.kind) {
    case "line":
      return stepLine(state, event.line, readings);
    case "time":
      return stepTime(state, readings);
    case "pulseEnded":
      return stepPulseEnded(state, event.report, readings);
    case "held":
      return ended(state, readings, "The button was held.");
    case "sampled":
      return said(state, ...entropyLines(event.figures));
    default:
      return event satisfies never;
  }
}

function stepLine(state: BringUp, line: string, readings: Readings): BringUpStep {
  const echo = `> ${line}`;
  const parsed = parseCommand(line);
  if (!parsed.ok) return said(state, echo, parsed.refusal);
  const step = obey(state, parsed.value, readings);
  return { ...step, lines: [echo, ...step.lines] };
}

function obey(state: BringUp, command: Command, readings: Readings): BringUpStep {
  switch (command.kind) {
    case "help":
      return said(state, ...HELP);
    case "status":
      return said(state, ...statusLines(readings, state.stored));
    case "force":
      return said(state, forceLine(readings));
    case "encoder":
      return encoder(state, readings);
    case "entropy":
      return { next: state, lines: [], effect: { kind: "sample" } };
    case "halt":
      return state.turning ? ended(state, readings, "Halted.") : said(state, "Nothing turns.");
    case "turn":
    case "zero":
    case "calibrate":
    case "forget":
    case "restart":
      return guarded(state, command, readings);
    default:
      return command satisfies never;
  }
}

type GuardedCommand = Exclude<Command, { kind: "help" | "status" | "encoder" | "force" | "entropy" | "halt" }>;

function guarded(state: BringUp, command: GuardedCommand, readings: Readings): BringUpStep {
  const refusal = command.kind === "restart" ? inUseRefusal(readings) : guardRefusal(readings);
  if (refusal !== undefined) return said(state, refusal);
  if (state.turning) return said(state, "Refused: the screw is turning. Type halt, or wait.");
  switch (command.kind) {
    case "turn":
      return turn(state, command.hundredths, readings);
    case "zero":
      return zero(state, readings);
    case "calibrate": {
      const { hundredthsOfMilligram } = command;
      const found = insulinPerTurn(readings.nominal, state.turned, hundredthsOfMilligram);
      if (!found.ok) return said(state, found.refusal);
      return store(state, { ...state.stored, insulinPerTurnMicrounits: found.value }, readings);
    }
    case "forget":
      return store(state, NOMINAL, readings);
    case "restart":
      return { next: state, lines: ["Restarting"], effect: { kind: "restart" } };
    default:
      return command satisfies never;
  }
}

function encoder(state: BringUp, { rig, encoderCounts }: Readings): BringUpStep {
  const turned = state.turning ?? state.turned;
  const { drive } = rig;
  if (drive.encoder === "none") return said(state, "No encoder: motion is not checked");
  const counts = `Encoder: ${encoderCounts} counts since start`;
  return said(state, counts, turned ? encoderVerdict(drive, turned).line : "Nothing was turned yet. Type turn 0.1");
}

function turn(state: BringUp, hundredths: number, { rig }: Readings): BringUpStep {
  const { drive } = rig;
  const turning = plannedTurning(drive, hundredths);
  const pulses = Math.ceil(turning.plannedHalfSteps / nextPulseHalfSteps(drive, turning));
  const seconds = Math.ceil((pulses * drive.pulseIntervalMs) / 1_000);
  return said(
    { ...state, turning, turned: undefined },
    `Turning ${(hundredths / 100).toFixed(2)} turns: ${turning.plannedHalfSteps} half-steps, ${pulses} pulses, ${seconds} s`,
  );
}

function zero(state: BringUp, readings: Readings): BringUpStep {
  const { mean, spread } = readings.force;
  if (spread > FORCE_SPREAD_MAX)
    return said(state, `${forceLine(readings)}. Refused: the reading is not steady. Hands off, and again`);
  const forceZero = Math.round(mean * FORCE_SCALE);
  if (forceZero > FORCE_ZERO_MAX)
    return said(state, `${forceLine(readings)}. Refused: a zero is at most 10 %. Take the load off the plunger`);
  return store(state, { ...state.stored, forceZero }, readings);
}

/** The last gate before storage: what a boot would not take is not stored. */
function store(state: BringUp, calibration: Calibration, { nominal }: Readings): BringUpStep {
  const errors = calibrationErrors(nominal, calibration);
  if (errors.length > 0) return said(state, `Refused: ${errors.join("; ")}`);
  return {
    next: { ...state, stored: calibration },
    lines: [`Stored: ${calibrationText(nominal, calibration)}`, TAKES_EFFECT],
    effect: { kind: "store", calibration },
  };
}

function stepTime(state: BringUp, readings: Readings): BringUpStep {
  const { turning } = state;
  if (!turning) return said(state);
  const refusal = guardRefusal(readings);
  if (refusal !== undefined) return ended(state, readings, refusal);
  if (readings.now < readings.therapy.nextPulseAt) return said(state);
  return {
    next: state,
    lines: [],
    effect: { kind: "pulse", halfSteps: nextPulseHalfSteps(readings.rig.drive, turning) },
  };
}

function stepPulseEnded(state: BringUp, report: MotorReport, readings: Readings): BringUpStep {
  if (!state.turning) return said(state);
  const { drive } = readings.rig;
  const before = state.turning;
  const turning: Turned = {
    ...before,
    madeHalfSteps: halfSteps(before.madeHalfSteps + (report.aborted ? 0 : report.plan.halfSteps)),
    countedCounts: before.countedCounts + report.countedCounts,
  };
  const next = { ...state, turning };
  if (report.occluded) return ended(next, readings, "Occluded: is the line free, the plunger at its end?");
  if (report.aborted) return ended(next, readings, "The pulse was cut short.");
  if (turning.madeHalfSteps === turning.plannedHalfSteps) return ended(next, readings, "Done.");
  const turns = wholeTurns(drive, turning.madeHalfSteps);
  return turns > wholeTurns(drive, before.madeHalfSteps)
    ? said(next, `${turns} of ${turnsOf(drive, turning.plannedHalfSteps)} turns`)
    : said(next);
}

function ended(state: BringUp, { rig }: Readings, why: string): BringUpStep {
  const { turning } = state;
  if (!turning) return said(state);
  const { drive } = rig;
  const made = `${turnsOf(drive, turning.madeHalfSteps)} of ${turnsOf(drive, turning.plannedHalfSteps)} turns`;
  const verdict = encoderVerdict(drive, turning);
  const wrong = verdict.kind === "wrong" ? ["Put that right and restart before any use"] : [];
  return {
    next: { ...state, turning: undefined, turned: turning },
    lines: [`${why} ${made} made`, verdict.line, ...wrong],
    effect: { kind: "endTurning" },
  };
}
