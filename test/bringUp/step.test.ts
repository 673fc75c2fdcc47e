/** Bring-up's steps: what each command says and asks for, its refusals, and the end of a turning. */

import assert from "node:assert/strict";
import { HELP, parseCommand } from "../../firmware/bringUp/command.js";
import { VERSION } from "../../firmware/bringUp/status.js";
import { type BringUp, stepBringUp } from "../../firmware/bringUp/step.js";
import { calibrationErrors, FORCE_SCALE, NOMINAL } from "../../firmware/motor/calibration.js";
import { DEFAULT_RIG } from "../../firmware/rig.js";
import type { Bonds } from "../../firmware/session/bonds.js";
import { bondsOf } from "../session/bench.js";
import { at, therapyOf } from "../therapy/bench.js";
import { afterTurning, benchReport, FRESH, line, readings } from "./bench.js";

const { numerator, denominator } = DEFAULT_RIG.drive.halfStepsPerTurn;
const TEN_TURNS = Math.round((10 * numerator) / denominator);
const WEIGHED = afterTurning(TEN_TURNS, 24_000);
/** 51.197 microlitres a turn, 0.998 g/ml. */
const NOMINAL_MG = "510.9";

const running = () => {
  const { therapy } = readings();
  return { ...therapy, standing: { ...therapy.standing, control: "run" as const } };
};
const faulty = () => {
  const { therapy } = readings();
  return { ...therapy, fault: { cause: { kind: "invariant", message: "x" } as const, stored: true } };
};
const [bond] = bondsOf(1).confirmed;
const unconfirmed: Bonds = { confirmed: [], unconfirmed: bond };

const DOING = ["turn 1", "zero", `calibrate ${NOMINAL_MG}`, "forget"];

describe("bring-up: the guard", () => {
  for (const [what, fields, says] of [
    ["in Run", { therapy: running() }, /^Refused: the pump is in Run\. Hold the button/],
    ["with a controller", { bonds: bondsOf(1) }, /^Refused: a controller is paired\. Tap the button seven times/],
    ["with one not yet confirmed", { bonds: unconfirmed }, /^Refused: a controller is paired\./],
  ] as const)
    it(`refuses all that moves, stores or restarts ${what}, and says what to do (SR-90)`, () => {
      for (const text of [...DOING, "restart"]) {
        const { next, lines, effect } = line(WEIGHED, text, fields);
        assert.deepEqual([next, effect, lines[0]], [WEIGHED, undefined, `> ${text}`]);
        assert.match(lines[1] ?? "", says);
      }
      for (const text of ["help", "status", "encoder", "force", "halt"])
        assert.doesNotMatch(line(WEIGHED, text, fields).lines.join(), /Refused/);
    });

  it("refuses what moves or stores with a fault, and lets the restart through that ends it (SR-90)", () => {
    for (const text of DOING) {
      const { lines, effect } = line(WEIGHED, text, { therapy: faulty() });
      assert.match(lines[1] ?? "", /^Refused: a fault is latched\. .*restart/);
      assert.equal(effect, undefined);
    }
    assert.deepEqual(line(WEIGHED, "restart", { therapy: faulty() }).effect, { kind: "restart" });
  });

  it("is asked before every pulse: Run, a pairing or a fault half-way ends a turning (SR-90)", () => {
    const turning = line(FRESH, "turn 1").next;
    const due = stepBringUp(turning, { kind: "time" }, readings());
    assert.deepEqual(due.effect, { kind: "pulse", halfSteps: 39 });
    for (const fields of [
      { therapy: running() },
      { bonds: bondsOf(1) },
      { bonds: unconfirmed },
      { therapy: faulty() },
    ]) {
      const { next, effect, lines } = stepBringUp(turning, { kind: "time" }, readings(fields));
      assert.deepEqual([next.turning, effect], [undefined, { kind: "endTurning" }]);
      assert.match(lines[0] ?? "", /^Refused: .* 0\.00 of 1\.00 turns made$/);
    }
  });
});

describe("bring-up: commands", () => {
  it("are echoed with their answer, and explained when they are none", () => {
    for (const text of ["", "x", "TURN 1", "constructor", "turn", "turn 0", "turn 20.01", "turn 1 2", "turn 1e1"]) {
      const { next, lines, effect } = line(FRESH, text);
      assert.deepEqual([next, lines[0], effect], [FRESH, `> ${text}`, undefined]);
      assert.match(lines[1] ?? "", /^(No such command|turn takes turns of the screw, 0\.01 to 20)/);
    }
    for (const text of ["turn -1", "turn 1.", "turn .5", "turn 1.234", "turn 00001", "turn 1,5", "turn NaN"])
      assert.equal(parseCommand(text).ok, false, text);
    for (const [text, hundredths] of [
      ["turn 0.01", 1],
      ["turn  20", 2_000],
      ["turn 1.5", 150],
      ["turn 1.05", 105],
    ] as const)
      assert.deepEqual(parseCommand(text), { ok: true, value: { kind: "turn", hundredths } });
    for (const text of ["calibrate", "calibrate 0", "calibrate 3000.01", "calibrate 5 10"])
      assert.match(line(FRESH, text).lines[1] ?? "", /^calibrate takes milligrams/, text);
    assert.match(line(FRESH, "restart now").lines[1] ?? "", /^restart takes nothing more/);
  });

  it("are all in the help, each on a line that a terminal of 80 columns shows", () => {
    assert.deepEqual(line(FRESH, "help").lines.slice(1), HELP);
    for (const each of HELP) assert.ok(each.length <= 80, each);
    const named = HELP.flatMap((each) => (/^([a-z]+) /.exec(each) ? [each.split(" ")[0]] : []));
    assert.deepEqual(named.sort(), [
      ...["calibrate", "encoder", "entropy", "force", "forget", "halt", "restart", "status", "turn", "zero"],
    ]);
  });

  it("tell the pump's state, what is in force and what waits for a restart", () => {
    const said = line({ ...FRESH, stored: { ...NOMINAL, forceZero: 655 } }, "status").lines.join("\n");
    assert.ok(said.includes(`Countersign ${VERSION}, up 10 s`));
    assert.match(said, /^State: +Stop$/m);
    assert.match(said, /^Controllers: +0 paired$/m);
    assert.match(said, /^Calibration: +5119676 microunits a turn \(nominal\), force zero 0\.00 %$/m);
    assert.match(said, /^Stored: .*force zero 1\.00 %; in force after a restart$/m);
    assert.match(line(FRESH, "status", { therapy: faulty() }).lines.join("\n"), /State: +FAULT: invariant: x/);
    const silent = line(FRESH, "status", { therapy: therapyOf({ control: "stop", flightMode: true }) });
    assert.match(silent.lines.join("\n"), /^State: +Stop; flight mode$/m);
    assert.match(line(FRESH, "status", { bonds: unconfirmed }).lines.join("\n"), /0 paired, 1 not yet confirmed/);
  });

  it("show the figures of the entropy tests and none of its bytes (SR-94)", () => {
    assert.deepEqual(line(FRESH, "entropy").effect, { kind: "sample" });
    const good = { windows: 4, failedDraws: 0, longestRun: 2, mostFrequent: 9, periodic: 0 };
    const said = (figures: typeof good) => stepBringUp(FRESH, { kind: "sampled", figures }, readings()).lines;
    assert.equal(said(good).at(-1), "Passed");
    for (const bad of [{ failedDraws: 1 }, { longestRun: 9 }, { mostFrequent: 71 }, { periodic: 1 }])
      assert.match(said({ ...good, ...bad }).at(-1) ?? "", /^FAILED/);
  });

  it("are refused while the screw turns, but for those that only look, and halt", () => {
    const { next: turning } = line(WEIGHED, "turn 1");
    for (const text of [...DOING, "restart"])
      assert.match(line(turning, text).lines[1] ?? "", /^Refused: the screw is turning/, text);
    const halted = line(turning, "halt");
    assert.deepEqual([halted.next.turning, halted.effect], [undefined, { kind: "endTurning" }]);
    assert.equal(line(halted.next, "halt").lines[1], "Nothing turns.");
  });
});

describe("bring-up: turning", () => {
  const turned = (state: BringUp, hundredCounts: number) => {
    let now = state;
    const lines: string[] = [];
    for (let pulses = 0; now.turning && pulses < 1_000; pulses++) {
      const { effect } = stepBringUp(now, { kind: "time" }, readings());
      assert.ok(effect?.kind === "pulse");
      const counts = Math.round((effect.halfSteps * hundredCounts) / 100);
      const step = stepBringUp(now, { kind: "pulseEnded", report: benchReport(effect.halfSteps, counts) }, readings());
      now = step.next;
      lines.push(...step.lines);
    }
    return { state: now, lines };
  };

  it("makes the half-steps asked for, no more and no fewer, none before a pulse is due", () => {
    const { next, lines } = line(FRESH, "turn 1");
    assert.equal(lines[1], "Turning 1.00 turns: 4076 half-steps, 105 pulses, 210 s");
    assert.equal(stepBringUp(next, { kind: "time" }, readings({ now: at(1_999) })).effect, undefined);
    const { state } = turned(next, 59);
    assert.equal(state.turned?.madeHalfSteps, 4_076);
    assert.deepEqual(stepBringUp(state, { kind: "time" }, readings()).effect, undefined);
  });

  it("says in words what is wrong with the encoder", () => {
    for (const [counts, says] of [
      [2_400, /As it should be/],
      [2_405, /% of the counts: noise/],
      [2_394, /% of the counts: the screw slips/],
      [1_200, /50 % of the counts: the screw slips/],
      [-2_400, /backwards: swap A and B/],
      [1, /No counts: check the encoder's power/],
      [4_800, /200 % of the counts: noise/],
    ] as const)
      assert.match(line(afterTurning(4_076, counts), "encoder").lines.join(), says, `${counts}`);
    assert.match(line(afterTurning(100, 59), "encoder").lines.join(), /Too little to judge: turn 0\.1/);
    assert.match(line(FRESH, "encoder").lines.join(), /Nothing was turned yet/);
    const rig = { ...DEFAULT_RIG, drive: { ...DEFAULT_RIG.drive, encoder: "none" as const } };
    assert.match(line(afterTurning(4_076, 0), "encoder", { rig }).lines.join(), /No encoder: motion is not checked/);
  });

  it("ends at a hold of the button, at an occlusion and at a pulse that was cut short (SR-91)", () => {
    const { next: turning } = line(FRESH, "turn 1");
    for (const [event, why] of [
      [{ kind: "held" }, /^The button was held\./],
      [{ kind: "pulseEnded", report: benchReport(39, 23, { occluded: true }) }, /^Occluded/],
      [{ kind: "pulseEnded", report: benchReport(39, 23, { aborted: true }) }, /cut short/],
    ] as const) {
      const { next, lines, effect } = stepBringUp(turning, event, readings());
      assert.deepEqual([next.turning, effect], [undefined, { kind: "endTurning" }]);
      assert.match(lines[0] ?? "", why);
    }
    assert.deepEqual(stepBringUp(FRESH, { kind: "held" }, readings()), { next: FRESH, lines: [] });
  });
});

describe("bring-up: calibration", () => {
  it("makes the weight of a turning the insulin of a turn: water of 0.998 g/ml, U-100 (SR-92)", () => {
    for (const [milligrams, expected] of [
      ["510.94", 5_119_639],
      ["526.28", 5_273_347],
      ["500", 5_010_020],
    ] as const) {
      const { effect, next } = line(WEIGHED, `calibrate ${milligrams}`);
      assert.ok(effect?.kind === "store", milligrams);
      assert.ok(Math.abs((effect.calibration.insulinPerTurnMicrounits ?? 0) - expected) < 60, milligrams);
      assert.deepEqual(next.stored, effect.calibration);
    }
  });

  it("refuses what no part varies by, and a weight that nothing was turned for (SR-92)", () => {
    for (const milligrams of ["485", "537", "51.1", "0.51", "1022"])
      assert.match(line(WEIGHED, `calibrate ${milligrams}`).lines[1] ?? "", /^Refused: that makes .* at most 5 %/);
    assert.match(line(FRESH, "calibrate 511").lines[1] ?? "", /^Refused: nothing was turned/);
    const fourTurns = afterTurning(Math.round((4.99 * numerator) / denominator), 11_976);
    assert.match(line(fourTurns, "calibrate 255").lines[1] ?? "", /too short to weigh/);
    const slipped = afterTurning(TEN_TURNS, 23_000);
    assert.match(line(slipped, "calibrate 511").lines[1] ?? "", /^Refused: .*screw slips/);
    const fiveTurns = afterTurning(Math.round((5 * numerator) / denominator), 12_000);
    assert.equal(line(fiveTurns, "calibrate 255.47").effect?.kind, "store");
  });

  it("never asks for a calibration that a boot would not take (SR-92)", () => {
    for (let tenths = 0; tenths <= 30_000; tenths += 37) {
      const { effect } = line(WEIGHED, `calibrate ${Math.floor(tenths / 10)}.${tenths % 10}`);
      if (effect?.kind === "store") assert.deepEqual(calibrationErrors(DEFAULT_RIG, effect.calibration), []);
    }
  });

  it("takes a steady force of at most 10 % for the zero, and keeps the insulin of a turn (SR-92)", () => {
    const calibratedOnce = line(WEIGHED, "calibrate 520").next;
    const { effect } = line(calibratedOnce, "zero", { force: { mean: 0.03, spread: 0.001 } });
    assert.ok(effect?.kind === "store");
    assert.equal(effect.calibration.forceZero, Math.round(0.03 * FORCE_SCALE));
    assert.equal(effect.calibration.insulinPerTurnMicrounits, calibratedOnce.stored.insulinPerTurnMicrounits);
    for (const [force, says] of [
      [{ mean: 0.03, spread: 0.02 }, /not steady/],
      [{ mean: 0.11, spread: 0 }, /at most 10 %.*Take the load off/],
    ] as const) {
      const refused = line(FRESH, "zero", { force });
      assert.equal(refused.effect, undefined);
      assert.match(refused.lines[1] ?? "", says);
    }
  });

  it("forgets to the nominal figures, stored as such", () => {
    const { next, effect } = line(line(WEIGHED, "calibrate 520").next, "forget");
    assert.deepEqual([next.stored, effect], [NOMINAL, { kind: "store", calibration: NOMINAL }]);
  });
});
