/**
 * The genuine controller after an attack: started again over its store, it gets in, learns what became of every dose,
 * and delivers another.
 */

import assert from "node:assert/strict";
import type { DoseId, Outcome } from "../../../host-sim/controller/control.js";
import type { Controller, OpenResult, PairResult } from "../../../host-sim/controller/controller.js";
import { isFinal } from "../../../host-sim/controller/doses.js";
import type { Status } from "../../../host-sim/controller/idsAnswers.js";
import type { Result } from "../../../host-sim/controller/requests.js";
import type { MemoryStore } from "../../../host-sim/world.js";
import { type BolusResult, PULSE_MS } from "./scripts.js";
import type { Stage } from "./stage.js";

/** SECURITY.md, SR-71. */
const OPEN_WITHIN_MS = 20_000;
/** A bolus of the scripts is over in four pulses; as many questions and some more. */
const QUESTIONS_MAX = 8;
/** Most by which what the plant displaced may differ from a report: what is planned is carried below a half-step. */
export const HALF_STEP_MICROUNITS = (5_119_676 * 405) / (64 * 25_792);
const FURTHER_BOLUS_MICROUNITS = 10_000;

/** What the pump says when asked afterwards. */
export interface Account {
  /** Of every dose ID asked for, in order; final. */
  readonly outcomes: readonly Outcome[];
  readonly therapyControlState: Status["therapyControlState"];
}

/** What the genuine controller does. */
export interface Recovery {
  /** Asked for, in this order. */
  readonly doseIds: readonly DoseId[];
  /** Given to a newcomer whose pairing failed: it pairs again with what the pump still shows. */
  readonly shownText?: string;
  /** Delivers a bolus of its own. */
  readonly delivers?: boolean;
}

/** Opens a session over `store`, asks for outcomes, and puts a pump that was stopped back into Run. */
export function recover(stage: Stage, store: MemoryStore, { doseIds, shownText, delivers }: Recovery): Account {
  const controller = stage.controller(store);
  if (shownText === undefined) enter(stage, controller);
  else pairAgain(stage, controller, shownText);
  const outcomes = doseIds.map((doseId) => finalOutcome(stage, controller, doseId));
  assert.equal(controller.pending(), undefined, "a dose is pending that the pump issued no ID for");
  const status = stage.world.await<Result<Status>>((done) => controller.status(done));
  assert.equal(status?.kind, "ok", "Status");
  const { therapyControlState, operationalState } = status.value;
  assert.equal(operationalState, "ready", "operational state");
  if (therapyControlState === "stop") stage.runWithoutBasal(controller);
  if (delivers) deliver(stage, controller);
  stage.leave(controller);
  return { outcomes, therapyControlState };
}

function enter({ world }: Stage, controller: Controller): void {
  const startedMs = world.clock.nowMs;
  const opened = world.await<OpenResult>((done) => controller.open(done));
  const tookMs = world.clock.nowMs - startedMs;
  assert.equal(opened?.kind, "ok", `opening again: ${JSON.stringify(opened)}`);
  assert.ok(tookMs <= OPEN_WITHIN_MS, `opening again took ${tookMs} ms`);
}

function pairAgain({ world }: Stage, controller: Controller, shownText: string): void {
  const paired = world.await<PairResult>((done) => controller.pair(shownText, done));
  assert.equal(paired?.kind, "ok", `pairing again: ${JSON.stringify(paired)}`);
}

function finalOutcome(stage: Stage, controller: Controller, doseId: DoseId): Outcome {
  for (let question = 0; question < QUESTIONS_MAX; question += 1) {
    const outcome = stage.world.await<Result<Outcome>>((done) => controller.outcome(doseId, done));
    assert.equal(outcome?.kind, "ok", `Outcome of ${doseId.sequence}: ${JSON.stringify(outcome)}`);
    if (isFinal(outcome.value.kind)) return outcome.value;
    stage.world.clock.advance(PULSE_MS);
  }
  throw new Error(`dose ${doseId.sequence} is being delivered without an end`);
}

/** Delivers one small bolus, and sees that the plant received it. */
function deliver(stage: Stage, controller: Controller): void {
  const { world } = stage;
  const { plant } = world.hardware;
  const beforeMicrounits = plant.displacedMicrounits;
  const bolus = world.await<BolusResult>((done) => controller.bolus(FURTHER_BOLUS_MICROUNITS, {}, done));
  assert.equal(bolus?.kind, "ok", `a further bolus: ${JSON.stringify(bolus)}`);
  world.clock.advance(PULSE_MS);
  const { kind } = finalOutcome(stage, controller, bolus.value.doseId);
  assert.equal(kind, "delivered", "a further bolus");
  const displacedMicrounits = plant.displacedMicrounits - beforeMicrounits;
  assert.ok(
    Math.abs(displacedMicrounits - FURTHER_BOLUS_MICROUNITS) <= HALF_STEP_MICROUNITS,
    `a further bolus of ${FURTHER_BOLUS_MICROUNITS} µU displaced ${displacedMicrounits} µU`,
  );
}
