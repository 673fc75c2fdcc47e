/** Changes of the reservoir in a day: hands and controller together, what moved, and that the account holds it all. */

import { strict as assert } from "node:assert";
import type { DayEntry } from "../../../host-sim/day/day.js";
import type { Operator } from "../../../host-sim/day/operator.js";
import type { ReservoirChange } from "../../../host-sim/day/played.js";
import {
  bolus,
  changeReservoir,
  doseReceivedMicrounits,
  failuresOf,
  inShort,
  type PlayedDay,
  playDay,
  resume,
  SEED,
  suspend,
  tempBasal,
} from "./bench.js";

const U = 1_000_000;
const HALF_STEP_MICROUNITS = 1_257;
/** Of the line off the body: what a touch may push (checks.ts). */
const TOUCH_MICROUNITS = 0.7 * U;

function changesOf({ played }: PlayedDay): readonly ReservoirChange[] {
  return played.flatMap(({ change }) => change ?? []);
}

/** Plays a day to which `what` happens so many seconds after it began. */
function playWith(entries: readonly DayEntry[], seconds: number, what: (operator: Operator) => void): PlayedDay {
  return playDay(
    entries,
    () => {},
    (operator) => operator.world.clock.schedule(() => what(operator), seconds * 1_000),
  );
}

describe(`a change of the reservoir in a day, seed ${SEED}`, () => {
  it("leaves a pump that runs on the new reservoir, its line primed, and every check passes (SR-126, SR-128, SR-129)", () => {
    const day = playDay([bolus(0, 2 * U), changeReservoir(600, 150 * U, 5 * U), bolus(3_600, U)]);
    assert.deepEqual(day.played.map(inShort), ["delivered 2000000", "applied", "delivered 1000000"]);
    const [change] = changesOf(day);
    assert.ok(change?.attached && change.ranAtMs !== undefined);
    assert.deepEqual([change.primed?.lowMicrounits, change.primed?.highMicrounits], [5 * U, 5 * U]);
    // 300 U less 2.15 delivered and 7.3 behind them to the stop; up to 150 U: 157.3, of 796 half-steps a unit.
    assert.ok(change.backHalfSteps < -7_000 && change.backHalfSteps > -8_000, `${change.backHalfSteps}`);
    assert.ok(change.upHalfSteps > 125_000 && change.upHalfSteps < 126_000, `${change.upHalfSteps}`);
    assert.ok(change.pushedMicrounits > 0 && change.pushedMicrounits < TOUCH_MICROUNITS, `${change.pushedMicrounits}`);
    const after = day.played.at(-1);
    assert.ok(after && Math.abs(doseReceivedMicrounits(after) - U) <= HALF_STEP_MICROUNITS);
    assert.equal(day.end.status?.therapyControlState, "run");
    assert.ok((day.end.status?.reservoirMicrounits ?? 0) > 140 * U);
    assert.deepEqual(failuresOf(day), []);
  });

  it("stops a bolus and a temporary rate, and knows the bolus's end before the drive moves (SR-36, SR-62)", () => {
    const day = playDay([tempBasal(0, 3 * U, 120), bolus(0, 3 * U), changeReservoir(30, 200 * U, 2 * U), bolus(31, U)]);
    const [, stopped, change, late] = day.played;
    assert.ok(stopped?.outcome.kind === "stopped");
    const { lowMicrounits, highMicrounits } = stopped.outcome;
    assert.ok(lowMicrounits === highMicrounits && highMicrounits >= 500_000 && highMicrounits <= 800_000);
    assert.ok(Math.abs(doseReceivedMicrounits(stopped) - highMicrounits) <= HALF_STEP_MICROUNITS);
    assert.equal(change && inShort(change), "applied");
    assert.equal(late && inShort(late), "delivered 1000000");
    assert.ok((late?.atMs ?? 0) >= (change?.change?.ranAtMs ?? Number.NaN), "the next entry waits for the change");
    assert.deepEqual(failuresOf(day), []);
  });

  it("is done twice, to a fuller and to an emptier cartridge, from Stop too (SR-129)", () => {
    const day = playDay([
      changeReservoir(0, 40 * U, 3 * U),
      suspend(4_000),
      changeReservoir(4_001, 300 * U, 20 * U),
      bolus(8_000, U),
    ]);
    assert.deepEqual(day.played.map(inShort), ["applied", "applied", "applied", "delivered 1000000"]);
    const [first, second] = changesOf(day);
    assert.ok(first && second && second.backHalfSteps < -first.upHalfSteps, "back beyond where it came up");
    assert.deepEqual(failuresOf(day), []);
  });

  it("ends where the cartridge holds less than 10 U: the pump refuses it and stays in Stop, until another (SR-129)", () => {
    const day = playDay([
      changeReservoir(0, 5 * U, U),
      bolus(3_600, U),
      resume(3_700),
      changeReservoir(3_800, 100 * U, U),
      bolus(9_000, U),
    ]);
    const [small, ...rest] = day.played;
    assert.equal(small && inShort(small), "refused OutOfRange");
    assert.deepEqual([small?.change?.attached, small?.change?.ranAtMs], [false, undefined]);
    assert.deepEqual(rest.map(inShort), [
      "refused NotApplicable",
      "refused NotApplicable",
      "applied",
      "delivered 1000000",
    ]);
    assert.deepEqual(failuresOf(day), []);
  });

  it("ends where the priming is refused, with the reservoir in place and the pump in Stop (SR-128)", () => {
    const day = playDay([changeReservoir(0, 200 * U, 31 * U), bolus(3_600, U), resume(3_700), bolus(3_800, U)]);
    assert.deepEqual(day.played.map(inShort), [
      "refused OutOfRange",
      "refused NotApplicable",
      "applied",
      "delivered 1000000",
    ]);
    const [change] = changesOf(day);
    assert.deepEqual([change?.attached, change?.primed, change?.ranAtMs], [true, undefined, undefined]);
    assert.deepEqual(failuresOf(day), []);
  });

  it("ends where the drive is stuck on its way up, and what it moved stays accounted for (SR-127, SR-129)", () => {
    const day = playWith([changeReservoir(0, 150 * U, 5 * U), bolus(3_600, U)], 120, ({ world }) =>
      world.hardware.plant.setJammed(true),
    );
    const [stuck, refused] = day.played;
    assert.ok(stuck?.outcome.kind === "failed");
    assert.match(stuck.outcome.why, /MechanicalIssue|ReservoirIssue/);
    assert.equal(refused && inShort(refused), "refused NotApplicable");
    assert.deepEqual(failuresOf(day), []);
  });

  it("ends where the line is closed while it is primed: the pump stops the priming, and the controller does not run it (SR-128)", () => {
    const day = playWith([changeReservoir(0, 290 * U, 20 * U), bolus(3_600, U)], 90, ({ world }) =>
      world.hardware.plant.setOccluded(true),
    );
    const [change, refused] = day.played;
    assert.deepEqual(change?.outcome, {
      kind: "failed",
      why: "The priming ended as stopped; the pump is left in Stop.",
    });
    const primed = change?.change?.primed;
    assert.ok(primed && primed.highMicrounits > U && primed.highMicrounits < 10 * U, `${primed?.highMicrounits}`);
    assert.equal(refused && inShort(refused), "refused NotApplicable");
    assert.deepEqual(failuresOf(day), []);
  });

  it("comes out the same from the same seed (SV-01)", () => {
    const entries = [changeReservoir(0, 290 * U, U), bolus(600, U)];
    assert.deepEqual(playDay(entries).played, playDay(entries).played);
  });
});
