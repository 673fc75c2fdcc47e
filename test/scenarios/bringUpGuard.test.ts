/** What the console may not do: to a pump in use, by noise, by flood, to the plant's surprise. */

import assert from "node:assert/strict";
import { Random } from "../../host-sim/clock/random.js";
import { MemoryStore } from "../../host-sim/world.js";
import { BenchScene } from "./bringUpScene.js";
import { rigWith } from "./scene.js";

const U = 1_000_000;
const HALF_STEP_MICROUNITS = 1_300;
const QUIET = rigWith({ basalMicrounitsPerHour: 0 });
const DOING = ["turn 1", "zero", "calibrate 511", "forget", "restart"];
const PULSE_HALF_STEPS = 40;

describe("the bench of a pump in use", () => {
  it("moves, stores and restarts nothing in Run, and answers all the same (SR-90)", () => {
    const scene = new BenchScene({ rig: QUIET });
    const controller = scene.pair();
    scene.run(controller);
    scene.world.clock.advance(10 * 60_000);
    const { halfStep, kvWrite } = scene.world.hardware.operationCounts;
    for (const command of DOING) assert.match(scene.say(command)[1] ?? "", /^Refused: the pump is in Run/);
    scene.world.clock.advance(60_000);
    const after = scene.world.hardware.operationCounts;
    assert.deepEqual([after.halfStep, after.kvWrite], [halfStep, kvWrite]);
    assert.equal(scene.status("State"), "Run");
    scene.assertSound();
  });

  it("nor in Stop with a controller, observers included, until all are revoked (SR-90)", () => {
    for (const role of ["operate", "observe"] as const) {
      const scene = new BenchScene({ rig: QUIET });
      const controller = scene.world.controller();
      const text = scene.world.openPairing(role);
      scene.ask((done) => controller.pair(text, done));
      const { halfStep } = scene.world.hardware.operationCounts;
      for (const command of DOING) assert.match(scene.say(command)[1] ?? "", /^Refused: a controller is paired/);
      scene.world.clock.advance(60_000);
      assert.equal(scene.world.hardware.operationCounts.halfStep, halfStep);
      scene.world.holdButton(7);
      assert.match(scene.turn(0.01).join("\n"), /^Done\./m);
      scene.assertSound();
    }
  });

  it("knows the controllers of a pump whose radio does not start, and that they were revoked (SR-90, SR-72)", () => {
    let broken = false;
    const scene = new BenchScene({
      rig: QUIET,
      change: (board) =>
        broken
          ? {
              ...board,
              GATTServer: class {
                static readonly properties = board.GATTServer.properties;
                constructor() {
                  throw new Error("no radio");
                }
                startAdvertising(): void {}
                stopAdvertising(): void {}
                close(): void {}
              },
            }
          : board,
    });
    scene.pair();
    broken = true;
    scene.world.powerCycle();
    scene.world.clock.advance(1_000);
    assert.match(scene.say("turn 0.01")[1] ?? "", /^Refused: a controller is paired/);
    scene.world.holdButton(7);
    assert.match(scene.turn(0.01).join("\n"), /^Done\./m);
    scene.assertSound();
  });

  it("ends a turning before its next pulse when a controller pairs half-way (SR-90)", () => {
    const scene = new BenchScene({ rig: QUIET });
    scene.say("turn 5", 10_000);
    scene.pair();
    const from = scene.plant.commandedHalfSteps;
    scene.world.clock.advance(600_000);
    assert.ok(scene.plant.commandedHalfSteps - from <= PULSE_HALF_STEPS);
    assert.match(scene.heard().join("\n"), /^Refused: a controller is paired.* of 5\.00 turns made$/m);
    scene.assertSound();
  });

  it("ends a turning when the button puts the pump in Run: what moves then is basal (SR-90, SR-59)", () => {
    const scene = new BenchScene({ rig: rigWith({ basalMicrounitsPerHour: 1_000_000 }) });
    scene.say("turn 5", 10_000);
    scene.world.holdButton(1);
    assert.match(scene.heard().join("\n"), /^The button was held\./m);
    assert.equal(scene.status("State"), "Run");
    const from = scene.plant.displacedMicrounits;
    scene.world.clock.advance(3_600_000);
    const displaced = scene.plant.displacedMicrounits - from;
    assert.ok(Math.abs(displaced - U) <= 50_000 + 2 * HALF_STEP_MICROUNITS, `${displaced}`);
    scene.assertSound();
  });

  it("ends a turning within a second of a hold (SR-91, SR-64)", () => {
    for (let offsetMs = 0; offsetMs < 2_000; offsetMs += 130) {
      const scene = new BenchScene();
      scene.say("turn 5", 6_000 + offsetMs);
      scene.world.hardware.pressButton(1_100);
      scene.world.clock.advance(1_100);
      const stopped = scene.plant.commandedHalfSteps;
      scene.world.clock.advance(60_000);
      assert.equal(scene.plant.commandedHalfSteps, stopped, `pressed ${offsetMs} ms into a pulse's interval`);
      assert.match(scene.heard().join("\n"), /^The button was held\. 0\.0\d of 5\.00 turns made/m);
      scene.assertSound();
    }
  });

  it("turns in pulses 2 s apart of half-steps 3 ms apart, also when the thread stalls (SR-91, SR-53, SR-55)", () => {
    const scene = new BenchScene();
    const random = new Random(5, 1);
    scene.world.hardware.stallMs = () => (random.below(8) === 0 ? random.below(300) : 0);
    assert.match(scene.say("turn 0.2", 120_000).join("\n"), /As it should be/);
    assert.ok(scene.plant.minStepIntervalMs >= 3);
    assert.ok(scene.plant.minPulseGapMs >= 2_000, `${scene.plant.minPulseGapMs}`);
    assert.equal(scene.plant.lostSteps, 0);
  });
});

describe("the console's line", () => {
  it("prints what the display shows, the pairing text included, and no key (SR-94, SR-11)", () => {
    const store = new MemoryStore();
    const scene = new BenchScene({ rig: QUIET });
    scene.pair(store).close();
    for (const command of ["status", "encoder", "force", "entropy", "help"]) scene.say(command);
    const { output } = scene;
    assert.match(output, /^New controller$/m);
    const hex = (bytes: Iterable<number>) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
    const kept = Object.values(scene.world.hardware.keyValue.snapshot()).map(hex).join();
    for (const [run] of output.matchAll(/[0-9a-f]{17,}/g)) assert.ok(!kept.includes(run), run);
  });

  it("is not needed: with the port taken by a debugger the pump pairs, runs and doses", () => {
    const scene = new BenchScene({
      rig: QUIET,
      change: (board) => ({
        ...board,
        Serial: class {
          constructor() {
            throw new RangeError("port in use");
          }
          read = () => undefined;
          write(): void {}
        },
      }),
    });
    const controller = scene.world.controller();
    const text = scene.world.openPairing();
    scene.ask((done) => controller.pair(text, done));
    scene.run(controller);
    assert.ok(Math.abs(scene.bolus(controller, U) - U) < HALF_STEP_MICROUNITS);
    assert.equal(scene.output, "");
    scene.assertSound();
  });

  it("may be noise at any time, in Stop, in a turning and in a bolus, and nothing comes of it (SR-94)", () => {
    const scene = new BenchScene({ rig: QUIET });
    const random = new Random(17, 1);
    const { clock, hardware } = scene.world;
    const noise = (durationMs: number) => {
      for (let passedMs = 0; passedMs < durationMs; passedMs += 50) {
        hardware.serial.send(random.bytes(1 + random.below(200)));
        clock.advance(50);
      }
    };
    noise(5_000);
    assert.equal(scene.plant.commandedHalfSteps, 0);
    const turning = scene.say("\nturn 0.1", 3_000).length > 0;
    noise(25_000);
    assert.ok(turning);
    assert.equal(scene.plant.commandedHalfSteps, 408);
    const controller = scene.pair();
    scene.run(controller);
    const before = scene.plant.displacedMicrounits;
    scene.ask((done) => controller.bolus(U, {}, done));
    noise(45_000);
    assert.ok(Math.abs(scene.plant.displacedMicrounits - before - U) < HALF_STEP_MICROUNITS);
    assert.ok(scene.plant.minStepIntervalMs >= 3);
    assert.ok(scene.plant.minPulseGapMs >= 2_000);
    scene.assertSound();
  });

  it("may be a flood of commands or one line without end, unread, beside a bolus (SR-94)", () => {
    for (const flood of ["help\nstatus\nentropy\nturn 1\n", "turn 1 "]) {
      const scene = new BenchScene({ rig: QUIET });
      const controller = scene.pair();
      scene.run(controller);
      scene.world.hardware.serial.type(flood.repeat(400));
      const displaced = scene.bolus(controller, U);
      assert.ok(Math.abs(displaced - U) < HALF_STEP_MICROUNITS, `${displaced}`);
      scene.assertSound();
      assert.match(scene.say("\nstatus").join("\n"), /^State: +Run$/m);
    }
  });

  it("answers one line a turn, and none between a restart that was asked for and it (SR-90)", () => {
    const scene = new BenchScene();
    let samples = 0;
    const { entropy } = scene.world.hardware;
    const draw = entropy.draw.bind(entropy);
    const turns: number[] = [];
    entropy.draw = (lengthBytes) => {
      samples += 1;
      turns.push(scene.world.timeMicros);
      return draw(lengthBytes);
    };
    scene.say("entropy\nentropy\nentropy", 2_000);
    assert.equal(new Set(turns).size, 3, `${samples} draws`);
    const said = scene.say("restart\nturn 1\nstatus", 50).join("\n");
    assert.match(said, /Restarting/);
    assert.doesNotMatch(said, /Turning|State/);
    scene.world.clock.advance(60_000);
    assert.match(scene.say("restart", 20).join("\n"), /Restarting/);
    assert.doesNotMatch(scene.say("turn 1", 50).join("\n"), /Turning/);
    scene.world.clock.advance(60_000);
    assert.equal(scene.plant.commandedHalfSteps, 0);
  });
});
