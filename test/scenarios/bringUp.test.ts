/** Bring-up by the console alone, and doses afterwards: the plant says how much. */

import assert from "node:assert/strict";
import type { Board } from "../../firmware/board.js";
import { DEFAULT_RIG, type RigConfig } from "../../firmware/rig.js";
import { BenchScene } from "./bringUpScene.js";
import { rigWith } from "./scene.js";

const U = 1_000_000;
/** A half-step of the plant, 3 % more included. */
const HALF_STEP_MICROUNITS = 1_300;
/** No basal pulse beside a bolus. */
const QUIET = rigWith({ basalMicrounitsPerHour: 0 });

const swapped = (board: Board): Board => {
  const { signal, control } = board.pins.encoder;
  return { ...board, pins: { ...board.pins, encoder: { signal: control, control: signal } } };
};
const unwired = (board: Board): Board => ({
  ...board,
  pins: { ...board.pins, encoder: { signal: 32, control: 33 } },
});

describe("bring-up of a pump", () => {
  it("whose syringe gives 3 % more a turn ends with doses right to 0.1 % and a half-step (SR-92, SR-54)", () => {
    const plant = { displacementFactor: 1.03, forceOffsetNewtons: 2 };
    const scene = new BenchScene({ rig: QUIET, plant });
    assert.match(scene.turn(0.1).join("\n"), /As it should be/);
    const milligrams = scene.weigh(5);
    assert.match(
      scene.say(`calibrate ${milligrams}`).join("\n"),
      /^Stored: 527\d{4} microunits a turn \(\+(2\.9|3\.0)\d %\)/m,
    );
    assert.match(scene.say("zero").join("\n"), /^Stored: .*force zero 6\.67 %/m);
    scene.restart();
    assert.match(scene.status("Calibration"), /^527\d{4} .*, force zero 6\.67 %$/);

    const controller = scene.pair();
    scene.run(controller);
    for (const amount of [2 * U, 50_000, 10_000, 5 * U]) {
      const displaced = scene.bolus(controller, amount);
      assert.ok(Math.abs(displaced - amount) <= amount / 1_000 + HALF_STEP_MICROUNITS, `${displaced} of ${amount}`);
    }
    scene.assertSound();
  });

  it("without it gives 3 % more: what calibration is for", () => {
    const scene = new BenchScene({ rig: QUIET, plant: { displacementFactor: 1.03 } });
    const controller = scene.pair();
    scene.run(controller);
    const displaced = scene.bolus(controller, 5 * U);
    assert.ok(Math.abs(displaced - 5.15 * U) < 2 * HALF_STEP_MICROUNITS, `${displaced}`);
  });

  it("takes effect at the restart and not before: then, too, half-steps are within one of the plan (SR-92, SR-54)", () => {
    const scene = new BenchScene({ rig: QUIET });
    const { numerator, denominator } = QUIET.drive.halfStepsPerTurn;
    const halfStepsOf = (amount: number, perTurn: number) => (amount * numerator) / (denominator * perTurn);
    scene.weigh(5);
    const [, stored] = /^Stored: (\d+) /m.exec(scene.say("calibrate 260").join("\n")) ?? [];
    assert.ok(Math.abs(Number(stored) - 5_210_400) < 50, `${stored}`);
    const amount = 3 * U;
    const bolusSteps = (perTurn: number) => {
      const controller = scene.pair();
      scene.run(controller);
      const before = scene.plant.commandedHalfSteps;
      scene.bolus(controller, amount - 10_000);
      scene.bolus(controller, 10_000);
      const made = scene.plant.commandedHalfSteps - before;
      const ideal = halfStepsOf(amount, perTurn);
      assert.ok(made <= ideal && ideal - made < 1, `${made} half-steps, ${ideal} are due`);
      controller.close();
    };
    bolusSteps(5_119_676);
    scene.world.powerCycle();
    scene.world.clock.advance(1_000);
    scene.world.holdButton();
    scene.world.holdButton(7);
    bolusSteps(Number(stored));
    scene.assertSound();
  });

  it("sets the occlusion threshold above the zero (SR-57)", () => {
    const occludedAt = (zeroed: boolean): number => {
      const scene = new BenchScene({ rig: QUIET, plant: { forceOffsetNewtons: 2 } });
      if (zeroed) scene.say("zero");
      scene.restart();
      const controller = scene.pair();
      scene.run(controller);
      scene.plant.setOccluded(true);
      scene.ask((done) => controller.bolus(5 * U, {}, done));
      scene.world.clock.advance(400_000);
      assert.ok(scene.world.hardware.display.some((line) => /Occlusion/.test(line)));
      return scene.plant.forceNewtons;
    };
    assert.ok(Math.abs(occludedAt(true) - 15) < 0.6, "15 N of force, whatever the sensor's zero");
    assert.ok(Math.abs(occludedAt(false) - 13) < 0.6, "2 N of it are the sensor's");
  });

  it("tells a swapped encoder, one without wires and none at all, and latches no fault over it (SR-91)", () => {
    for (const [options, says] of [
      [{ change: swapped }, /Counts backwards: swap A and B/],
      [{ change: unwired }, /No counts: check the encoder's power/],
      [
        { rig: { ...DEFAULT_RIG, drive: { ...DEFAULT_RIG.drive, encoder: "none" } } as RigConfig },
        /No encoder: motion/,
      ],
    ] as const) {
      const scene = new BenchScene(options);
      const from = scene.plant.rotorHalfSteps;
      assert.match(scene.turn(0.2).join("\n"), says);
      assert.equal(scene.plant.rotorHalfSteps - from, 815);
      scene.assertSound();
      assert.match(scene.say("encoder").join("\n"), says);
    }
  });

  it("lets no dose follow a turning that the encoder contradicts: without a restart the first pulse is a fault (SR-56)", () => {
    const scene = new BenchScene({ change: swapped });
    assert.match(scene.turn(0.1).join("\n"), /^Put that right and restart before any use$/m);
    scene.run(scene.pair());
    const from = scene.plant.commandedHalfSteps;
    scene.world.clock.advance(3_600_000);
    assert.equal(scene.world.hardware.display[0], "FAULT");
    assert.ok(scene.plant.commandedHalfSteps - from <= 40);
  });

  it("finds a stalled motor and a slipping screw, and stores no calibration over them (SR-92)", () => {
    const scene = new BenchScene();
    scene.plant.setJammed(true);
    assert.match(scene.turn(0.1).join("\n"), /No counts: check .*, and that the screw turns/);
    scene.plant.setJammed(false);
    scene.restart();
    scene.plant.slip(40);
    assert.match(scene.turn(5).join("\n"), /100 % of the counts: the screw slips/);
    assert.match(scene.say("calibrate 255.5").join("\n"), /^Refused: .*the screw slips/m);
    scene.assertSound();
  });

  it("stops pushing at a closed line, at the second pulse over the threshold (SR-91)", () => {
    const scene = new BenchScene();
    scene.plant.setOccluded(true);
    assert.match(scene.turn(1).join("\n"), /^Occluded: is the line free/m);
    assert.ok(scene.plant.forceNewtons < 16, `${scene.plant.forceNewtons} N`);
    scene.assertSound();
  });

  it("says on console and display that a bare board's motion is not checked", () => {
    const rig: RigConfig = { ...DEFAULT_RIG, drive: { ...DEFAULT_RIG.drive, encoder: "none" } };
    const scene = new BenchScene({ rig });
    assert.ok(scene.world.hardware.display.includes("No encoder: motion is not checked"));
    assert.ok(scene.heard().includes("No encoder: motion is not checked"));
    assert.equal(scene.status("Encoder"), "none: motion is not checked");
  });

  it("leaves totals, limits, history and reservoir of the therapy as they were (SR-91)", () => {
    const scene = new BenchScene({ rig: QUIET });
    const of = () => ["Delivered", "Reservoir", "History"].map((name) => scene.status(name));
    const before = of();
    scene.turn(3);
    assert.deepEqual(of(), before);
    // 15.4 U went through the line within the hour; 10 U of 15 are still let through.
    const controller = scene.pair();
    scene.run(controller);
    const displaced = scene.bolus(controller, 10 * U);
    assert.ok(Math.abs(displaced - 10 * U) < 2 * HALF_STEP_MICROUNITS);
    scene.assertSound();
  });
});
