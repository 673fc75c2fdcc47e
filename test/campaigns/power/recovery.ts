/** What comes after a cut: power, a session, the pump's account of the time before, and the verdict on all of it. */

import type { ActiveBasal, Annunciation, DeliveredInsulin, Status } from "../../../host-sim/controller/idsAnswers.js";
import type { Trial } from "./trial.js";

const SMALL_BOLUS_MICROUNITS = 20_000;
const PULSE_MICROUNITS = 50_000;
/** Insulin Delivery Service 1.0: types of annunciations. */
const SYSTEM_ISSUE = 0x000f;
export const BOLUS_CANCELED = 0x030c;
export const TBR_CANCELED = 0x033f;
/** Insulin Delivery Service 1.0: a history event. */
const DATA_CORRUPTION = 0x03a6;

/** Power again, and the phone's controller begun again. */
function restart(trial: Trial): void {
  trial.world.clock.advance(50);
  trial.powerUp();
  trial.restartController();
}

/** Power, a session, and what the pump says of the time before. */
export function recover(trial: Trial): void {
  restart(trial);
  trial.open();
  settle(trial);
}

/** The same, with a session by the bond that the phone has, or else by a pairing of its own. */
export function recoverPairing(trial: Trial): void {
  restart(trial);
  if (trial.tryOpen().kind !== "ok") {
    trial.restartController();
    trial.pair();
  }
  settle(trial);
}

/** After the loss of therapy state: the pump must be in Stop, say why, and go on by a countersigned Run alone. */
export function recoverStopped(trial: Trial): void {
  const fail = (what: string) => trial.model.violations.push(what);
  trial.mayBe = { run: false, stop: true };
  recover(trial);
  expectAnnunciation(trial, SYSTEM_ISSUE);
  if (!trial.history.some(({ event }) => event === DATA_CORRUPTION)) fail("the loss is not in the history");
  trial.world.holdButton(1);
  if (readStatus(trial).therapyControlState !== "stop") fail("the button went on after a loss");
  if (trial.run() !== "ok") fail("Run was not accepted");
}

/** After the loss of the identity: the old controller must find a stranger, and a new one a new pump. */
export function recoverStranger(trial: Trial): void {
  restart(trial);
  const opened = trial.tryOpen();
  if (opened.reason !== "unknownPump") trial.model.violations.push(`the old controller: ${JSON.stringify(opened)}`);
  if (trial.isBonded) trial.model.violations.push("a bond outlived the identity");
  trial.forgetDoses();
  trial.takePhone(1);
  trial.pair();
  settle(trial);
}

export function expectAnnunciation(trial: Trial, type: number): void {
  if (!takeAnnunciations(trial).includes(type)) trial.model.violations.push(`no annunciation ${type.toString(16)}`);
}

/** Types of all pending annunciations; confirms them on the pump. */
function takeAnnunciations(trial: Trial): readonly number[] {
  const types: number[] = [];
  for (;;) {
    type Oldest = { readonly annunciation: Annunciation | undefined };
    const { annunciation } = trial.read<Oldest>((done) => trial.controller.annunciation(done));
    if (!annunciation) return types;
    types.push(annunciation.type);
    trial.world.tapButton(1);
  }
}

function readStatus(trial: Trial): Status {
  return trial.read<Status>((done) => trial.controller.status(done));
}

/** Resolves what is pending, compares the state, and judges. */
export function settle(trial: Trial): void {
  while (trial.controller.pending() !== undefined) if (!trial.resolve()) throw new Error("still delivering");
  const { model, mayBe, rig, basalRate } = trial;
  const fail = (what: string) => model.violations.push(what);
  const status = readStatus(trial);
  const runs = status.therapyControlState === "run";
  if (runs ? !mayBe.run : !mayBe.stop) fail(`the state is ${status.therapyControlState}`);
  if (status.operationalState !== "ready") fail("the pump is out of service");
  const left = rig.provisioning.reservoirMicrounits - trial.displacedMicrounits;
  if ((status.reservoirMicrounits ?? Infinity) > left + model.halfStepMicrounits)
    fail(`the reservoir says ${status.reservoirMicrounits} and holds ${Math.round(left)}`);
  trial.mayBe = { run: runs, stop: !runs };
  model.rate(trial.world.clock.nowMs, runs ? basalRate : 0);
  if (runs) {
    const basal = trial.read<ActiveBasal>((done) => trial.controller.activeBasal(done));
    if (basal.tbr) fail("a temporary rate outlived the reboot");
    if (basal.programmedMicrounitsPerHour !== basalRate) fail(`basal ${basal.programmedMicrounitsPerHour}`);
  }
  judge(trial);
}

function judge(trial: Trial): void {
  const counted = trial.read<DeliveredInsulin>((done) => trial.controller.deliveredInsulin(done));
  const sum = counted.bolusMicrounits + counted.basalMicrounits;
  trial.model.judge(trial.world.clock.nowMs, trial.displacedMicrounits, sum);
}

/** Nothing of what moved may be free again: a bolus over the hour's limit is refused, one within it is not. */
export function fillHour(trial: Trial, hourMaxMicrounits: number): void {
  const { model } = trial;
  const free = hourMaxMicrounits - trial.displacedMicrounits;
  const tooMuch = Math.ceil((free + model.halfStepMicrounits) / 10_000) * 10_000;
  if (trial.bolus(tooMuch) !== undefined) model.violations.push(`${tooMuch} was accepted over the hour's limit`);
  const allowed = Math.floor((hourMaxMicrounits - model.mostDoseMicrounits) / 10_000) * 10_000;
  if (allowed <= 0) return;
  if (trial.bolus(allowed) === undefined) model.violations.push(`${allowed} was refused within the hour's limit`);
}

/** A small bolus, if the state permits it or can be made to, is whole and exact; then all that must hold of the life. */
export function finish(trial: Trial): void {
  if (trial.mayBe.stop && trial.run() !== "ok") trial.model.violations.push("Run was not accepted");
  smallBolus(trial);
  trial.world.hardware.cut();
  audit(trial);
}

export function smallBolus(trial: Trial): void {
  const { model } = trial;
  const before = trial.displacedMicrounits;
  const slack = model.halfStepMicrounits + model.jumpMicrounits;
  if (trial.bolus(SMALL_BOLUS_MICROUNITS) === undefined) {
    model.violations.push("a small bolus was refused");
    return;
  }
  for (let i = 0; !trial.resolve() && i < 10; i++) trial.advance(1_000);
  if (trial.controller.pending()) model.violations.push("a small bolus did not end");
  const moved = trial.displacedMicrounits - before;
  const basal = trial.basalRate > 0 ? PULSE_MICROUNITS : 0;
  if (moved < SMALL_BOLUS_MICROUNITS - slack || moved > SMALL_BOLUS_MICROUNITS + slack + basal)
    model.violations.push(`a small bolus displaced ${Math.round(moved)}`);
  judge(trial);
}

/** What must hold of the whole life. */
export function audit(trial: Trial): void {
  const { world, model, history } = trial;
  const { crashes, trace, plant } = world.hardware;
  for (const crash of crashes) model.violations.push(`crash: ${crash}`);
  const faults = trace.map(({ line }) => line).filter((line) => line.startsWith("fault"));
  for (const fault of faults) if (!model.mayJam || !fault.endsWith("(stall or slip)")) model.violations.push(fault);
  if (plant.minPulseGapMs < 2_000) model.violations.push(`pulses ${plant.minPulseGapMs} ms apart`);
  for (const [i, { sequence }] of history.entries()) {
    const previous = history[i - 1]?.sequence;
    if (previous === undefined || sequence === previous + 1) continue;
    if (sequence <= previous || model.stateLost === undefined)
      model.violations.push(`history ${sequence} follows ${previous}`);
  }
}
