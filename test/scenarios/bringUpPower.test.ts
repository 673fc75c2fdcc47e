/** Power cuts in a turning and at the writes of a calibration; a calibration that is lost. */

import assert from "node:assert/strict";
import type { CutPhase } from "../../host-sim/peripherals/power.js";
import { MemoryStore } from "../../host-sim/world.js";
import { withFailingWrites } from "../failingStore.js";
import { BenchScene } from "./bringUpScene.js";
import { rigWith } from "./scene.js";

const U = 1_000_000;
const HALF_STEP_MICROUNITS = 1_300;
const QUIET = rigWith({ basalMicrounitsPerHour: 0 });
const PHASES: readonly CutPhase[] = ["before", "during", "after"];
const ZEROED = /force zero 3\.35 %$/;
const ONE_NEWTON = { rig: QUIET, plant: { forceOffsetNewtons: 1 } };

const operationsOf = (scene: BenchScene) => scene.world.hardware.operations;

/** Cuts the power in turn at every operation of `act`, told from a run without a cut. */
function cutEverywhere(
  make: () => BenchScene,
  act: (scene: BenchScene) => void,
  after: (scene: BenchScene, name: string) => void,
): number {
  const whole = make();
  const from = operationsOf(whole);
  act(whole);
  const to = operationsOf(whole);
  for (let operation = from + 1; operation <= to; operation++)
    for (const phase of PHASES) {
      const scene = make();
      scene.world.hardware.cutAt({ operation, phase });
      act(scene);
      const name = `cut ${phase} operation ${operation - from} of ${to - from}`;
      assert.equal(scene.world.hardware.powered, false, name);
      scene.world.powerUp();
      scene.world.clock.advance(1_000);
      after(scene, name);
      scene.assertSound();
    }
  return to - from;
}

describe("a power cut on the bench", () => {
  it("at every operation of a turning leaves a known coil phase, no dose and no fault (SR-91, SR-49)", () => {
    const made = cutEverywhere(
      () => new BenchScene({ rig: QUIET }),
      (scene) => scene.say("turn 0.02", 7_000),
      (scene, name) => {
        assert.deepEqual(scene.world.hardware.display, ["Annunciation: DateTimeIssue"], name);
        assert.equal(scene.status("Delivered"), "bolus 0.000 U, basal 0.000 U", name);
        assert.equal(scene.status("State"), "Stop", name);
        const from = scene.plant.rotorHalfSteps;
        assert.match(scene.turn(0.06).join("\n"), /As it should be/, name);
        // The rotor may rest up to 4 half-steps from the phase that was kept.
        assert.ok(Math.abs(scene.plant.rotorHalfSteps - from - 245) <= 4, name);
      },
    );
    // 82 half-steps, three coils switched on or off between pulses, and a write a pulse at least.
    assert.ok(made > 85, `${made}`);
  });

  it("between two pulses of a turning moves nothing at all: the phase is the one kept (SR-91, SR-49)", () => {
    // 39 half-steps a pulse and 2 s apart: the phase is another after each.
    for (const waitMs of [1_500, 3_500, 5_500, 7_500]) {
      const scene = new BenchScene({ rig: QUIET });
      scene.say("turn 0.05", waitMs);
      const before = scene.plant.rotorHalfSteps;
      scene.world.powerCycle();
      scene.world.clock.advance(1_000);
      assert.match(scene.turn(0.06).join("\n"), /As it should be/);
      assert.equal(scene.plant.rotorHalfSteps - before, 245, `after ${waitMs} ms`);
      scene.assertSound();
    }
  });

  it("in a turning leaves the pump able to dose, right to a half-step and the coils' jump (SR-91, SR-54)", () => {
    for (const operation of [20, 45, 60]) {
      const scene = new BenchScene({ rig: QUIET });
      scene.world.hardware.cutAt({ operation: operationsOf(scene) + operation, phase: "during" });
      scene.say("turn 0.02", 7_000);
      scene.world.powerUp();
      scene.world.clock.advance(1_000);
      const controller = scene.pair();
      scene.run(controller);
      const displaced = scene.bolus(controller, U);
      assert.ok(Math.abs(displaced - U) < 5 * HALF_STEP_MICROUNITS, `${displaced}`);
      scene.assertSound();
    }
  });

  it("at every write of a calibration leaves the old or the new one, and loses none (SR-65, SR-93)", () => {
    const seen = new Set<string>();
    cutEverywhere(
      () => new BenchScene(ONE_NEWTON),
      (scene) => scene.say("zero"),
      (scene, name) => {
        assert.equal(scene.status("State"), "Stop", name);
        seen.add(scene.status("Calibration"));
        assert.match(scene.say("zero").join("\n"), /^Stored: /m, name);
        scene.restart();
        assert.match(scene.status("Calibration"), ZEROED, name);
      },
    );
    assert.deepEqual(
      [...seen].map((each) => ZEROED.test(each)).sort(),
      [false, true],
      "both the old and the new were found",
    );
  });

  it("at every operation of the start that takes it in loses none (SR-93)", () => {
    const made = cutEverywhere(
      () => {
        const scene = new BenchScene(ONE_NEWTON);
        scene.say("zero");
        scene.world.hardware.cut();
        return scene;
      },
      (scene) => {
        scene.world.powerUp();
        scene.world.clock.advance(1_000);
      },
      (scene, name) => {
        assert.equal(scene.status("State"), "Stop", name);
        assert.match(scene.status("Calibration"), ZEROED, name);
      },
    );
    assert.ok(made >= 8, `${made}`);
  });
});

/** A pump that has run on a calibration, in Run with basal and a controller. */
function calibratedScene(): { readonly scene: BenchScene; readonly store: MemoryStore } {
  const store = new MemoryStore();
  const scene = new BenchScene({ plant: { forceOffsetNewtons: 1 } });
  scene.say("zero");
  scene.restart();
  const controller = scene.pair(store);
  scene.run(controller);
  controller.close();
  scene.world.clock.advance(60_000);
  return { scene, store };
}

function lose(scene: BenchScene, how: "rot" | "missing", ...slots: readonly string[]): void {
  const { hardware } = scene.world;
  hardware.cut();
  for (const slot of slots) {
    if (how === "rot") hardware.keyValue.corrupt(`calibration.${slot}`, 3, 0xff);
  }
  if (how === "missing") {
    const kept = Object.entries(hardware.keyValue.snapshot()).filter(([key]) => !key.startsWith("calibration."));
    hardware.keyValue.restore(Object.fromEntries(kept));
  }
  scene.heard();
  scene.world.powerUp();
  scene.world.clock.advance(1_000);
}

describe("a calibration that is lost", () => {
  for (const how of ["rot", "missing"] as const)
    it(`(${how}) stops the pump at every start, with an alarm, until a countersigned Run (SR-93, SR-66)`, () => {
      const { scene, store } = calibratedScene();
      lose(scene, how, "a", "b");
      for (let starts = 0; starts < 2; starts++) {
        const said = scene.heard();
        assert.ok(said.includes("Calibration was lost: stopped"), said.join("\n"));
        assert.ok(said.includes("Annunciation: SystemIssue"));
        assert.match(scene.status("State"), /^Stop, after stored state was lost$/);
        const from = scene.plant.commandedHalfSteps;
        scene.world.holdButton(1);
        scene.world.clock.advance(3_600_000);
        assert.equal(scene.plant.commandedHalfSteps, from);
        scene.world.powerCycle();
        scene.world.clock.advance(1_000);
      }
      const controller = scene.world.controller(store);
      scene.ask((done) => controller.open(done));
      scene.run(controller);
      const from = scene.plant.commandedHalfSteps;
      scene.world.clock.advance(3_600_000);
      assert.ok(scene.plant.commandedHalfSteps > from);
      scene.world.powerCycle();
      scene.world.clock.advance(1_000);
      assert.match(scene.status("State"), /^Stop, after stored state was lost$/);
      scene.assertSound();
    });

  it("is made good on the bench, by forget or by another, and stops no start after that", () => {
    for (const remedy of ["forget", "zero"]) {
      const { scene } = calibratedScene();
      lose(scene, "rot", "a", "b");
      assert.match(scene.say(remedy)[1] ?? "", /^Refused: a controller is paired/);
      scene.world.holdButton(7);
      assert.match(scene.say(remedy)[1] ?? "", /^Stored: /);
      scene.heard();
      scene.restart();
      const controller = scene.pair();
      scene.run(controller);
      scene.world.powerCycle();
      scene.world.clock.advance(1_000);
      assert.equal(scene.status("State"), "Run", remedy);
      scene.assertSound();
    }
  });

  it("in one copy alone is not lost, and is whole again at the next start (SR-65)", () => {
    for (const slot of ["a", "b"]) {
      const { scene } = calibratedScene();
      lose(scene, "rot", slot);
      assert.equal(scene.status("State"), "Run");
      assert.match(scene.status("Calibration"), ZEROED);
      lose(scene, "rot", slot === "a" ? "b" : "a");
      assert.match(scene.status("Calibration"), ZEROED);
      scene.assertSound();
    }
  });

  it("is not what storage failing in a turning is: that latches a fault and ends it, unmoved (SR-52, SR-90)", () => {
    let failing = false;
    const scene = new BenchScene({
      change: (board) => withFailingWrites(board, "journal", () => failing),
    });
    scene.say("turn 1", 9_000);
    failing = true;
    const from = scene.plant.commandedHalfSteps;
    scene.world.clock.advance(60_000);
    assert.equal(scene.plant.commandedHalfSteps, from);
    assert.match(
      scene.heard().join("\n"),
      /storage: writing journal failed[\s\S]*Refused: a fault is latched.* turns made$/m,
    );
    assert.deepEqual(scene.world.hardware.crashes, []);
  });

  it("that cannot be stored latches a fault and is not said to be stored (SR-52)", () => {
    let failing = false;
    const scene = new BenchScene({
      change: (board) => withFailingWrites(board, "calibration", () => failing),
    });
    failing = true;
    const said = scene.say("zero").join("\n");
    assert.doesNotMatch(said, /^Stored/m);
    assert.match(said, /^storage: writing calibration failed$/m);
    assert.match(said, /^Not stored, or stored in part: a restart will tell$/m);
    assert.match(scene.say("turn 1").join("\n"), /^Refused: a fault is latched/m);
    failing = false;
    scene.restart();
    assert.equal(scene.status("State"), "Stop");
    assert.deepEqual(scene.world.hardware.crashes, []);
  });
});
