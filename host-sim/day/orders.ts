/**
 * What an entry of a day has the controller order: one command, or several that make one. In an open session. Owns no
 * time: when, and what to wait for, is the player's.
 */

import { Refusal } from "../../firmware/base/refusal.js";
import type { Accepted, CommandResult } from "../controller/commands.js";
import type { DoseId, Outcome } from "../controller/control.js";
import { isFinal } from "../controller/doses.js";
import type { ActiveBasal } from "../controller/idsAnswers.js";
import type { TimeBlock } from "../controller/profiles.js";
import type { Result } from "../controller/requests.js";
import type { DayEntry } from "./day.js";
import type { Operator } from "./operator.js";
import { endOf, notTaken, type PlayedOutcome } from "./played.js";

/** What a dose takes when nothing else is due: a pulse of 0.05 U every 2 s (SR-53). */
export const DELIVERY_MS_PER_MICROUNIT = 2_000 / 50_000;
/** Between two questions after a dose. */
export const ASK_AGAIN_MS = 2_000;
/** Over half an hour beyond its time; then a dose is given up as unknown. */
export const MOST_ASKS = 1_000;
export const GIVEN_UP: PlayedOutcome = { kind: "failed", why: "The pump did not say what became of it." };
const MOST_TRIES = 2;
/** Basal rate profile templates of the pump (PROTOCOL.md section 6.3). */
const TEMPLATES = 5;

type Done<T> = (result: T) => void;
type Ordered = (done: Done<CommandResult<Accepted>>) => void;

/** A command's end. */
export interface Ended {
  readonly doseId: DoseId | undefined;
  readonly outcome: PlayedOutcome;
}

/** Orders what is one command. */
export function order(
  operator: Operator,
  entry: Extract<DayEntry, { event: "bolus" | "tempBasal" | "resume" | "setTime" }>,
): CommandResult<Accepted> {
  const { controller } = operator;
  switch (entry.event) {
    case "bolus":
      return operator.ask((done: Done<CommandResult<Accepted>>) => controller.bolus(entry.amountMicrounits, {}, done));
    case "tempBasal":
      return setTbr(operator, entry);
    case "resume":
      return operator.ask((done: Done<CommandResult<Accepted>>) => controller.run(() => true, done));
    case "setTime":
      return operator.ask((done: Done<CommandResult<Accepted>>) => controller.setTime(entry.time, () => true, done));
    default:
      return entry satisfies never;
  }
}

/** Changes the active TBR, or starts one. It may end while we ask: then the pump refuses, and we ask again. */
function setTbr(operator: Operator, entry: Extract<DayEntry, { event: "tempBasal" }>): CommandResult<Accepted> {
  const { controller } = operator;
  const { rateMicrounitsPerHour, durationMinutes } = entry;
  for (let tries = 1; ; tries++) {
    const basal = operator.ask((done: Done<Result<ActiveBasal>>) => controller.activeBasal(done));
    const change = basal.kind === "ok" && basal.value.tbr !== undefined;
    const result = operator.ask((done: Done<CommandResult<Accepted>>) =>
      controller.setTbr({ rateMicrounitsPerHour, durationMinutes, change }, done),
    );
    const overtaken = change && result.kind === "refused" && result.code === Refusal.NotApplicable;
    if (!overtaken || tries >= MOST_TRIES) return result;
  }
}

/** Stops all delivery. */
export function stop(operator: Operator): PlayedOutcome {
  for (let tries = 1; ; tries++) {
    const result = operator.ask((done: Done<Result<undefined>>) => operator.controller.stop(done));
    if (result.kind === "ok" || result.kind === "stale") return { kind: "applied" };
    if (result.kind === "refused") return { kind: "refused", code: result.code };
    const why = operator.connect();
    if (why !== undefined || tries >= MOST_TRIES) return { kind: "failed", why: why ?? "The answer was lost." };
  }
}

/** Writes a profile to the template after the active one, and activates it. */
export function setProfile(operator: Operator, blocks: readonly TimeBlock[]): Ended {
  const { controller } = operator;
  const active = operator.ask((done: Done<Result<number>>) => controller.activeTemplate(done));
  if (active.kind !== "ok")
    return { doseId: undefined, outcome: { kind: "failed", why: "The pump did not say which profile is active." } };
  const templateNumber = (active.value % TEMPLATES) + 1;
  const written = carryOut(operator, (done) => controller.writeProfile({ templateNumber, blocks }, () => true, done));
  if (written.outcome.kind !== "applied") return written;
  return carryOut(operator, (done) => controller.activateProfile(templateNumber, () => true, done));
}

/** Has one command carried out; `applied` when the pump has taken it. Where the answer is lost, Outcome tells. */
export function carryOut(operator: Operator, ordered: Ordered): Ended {
  const result = operator.ask(ordered);
  switch (result.kind) {
    case "ok":
      return { doseId: result.value.doseId, outcome: { kind: "applied" } };
    case "lost":
      return { doseId: result.doseId, outcome: lastWord(operator, result.doseId) };
    case "refused":
      return { doseId: result.doseId, outcome: notTaken(result) };
    default:
      return { doseId: undefined, outcome: notTaken(result) };
  }
}

/** Asks what became of a command until that is known for good. */
export function lastWord(operator: Operator, doseId: DoseId): PlayedOutcome {
  for (let asks = 0; asks < MOST_ASKS; asks++) {
    const outcome = askOutcome(operator, doseId);
    if (outcome !== undefined && isFinal(outcome.kind)) return endOf(outcome);
    operator.world.clock.advance(ASK_AGAIN_MS);
  }
  return GIVEN_UP;
}

/** Asks once; undefined when there is no answer. Opens a session unless one is open. */
export function askOutcome(operator: Operator, doseId: DoseId): Outcome | undefined {
  operator.connect();
  const result = operator.ask((done: Done<Result<Outcome>>) => operator.controller.outcome(doseId, done));
  return result.kind === "ok" || result.kind === "stale" ? result.value : undefined;
}
