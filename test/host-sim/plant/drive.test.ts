import assert from "node:assert/strict";
import { PlantBench } from "./bench.js";

describe("stepper motor", () => {
  it("follows half-steps both ways, one for one", () => {
    const motor = new PlantBench();
    motor.step(100);
    motor.step(-30);
    assert.deepEqual([motor.plant.rotorHalfSteps, motor.plant.commandedHalfSteps, motor.plant.lostSteps], [70, 70, 0]);
    assert.equal(motor.plant.minStepIntervalMs, 3);
  });

  it("holds by friction without current, and takes up where it was", () => {
    const motor = new PlantBench();
    motor.step(5);
    motor.off();
    motor.clock.advance(10_000);
    motor.step(5);
    assert.deepEqual([motor.plant.rotorHalfSteps, motor.plant.commandedHalfSteps, motor.plant.lostSteps], [10, 10, 0]);
  });

  it("jumps to the nearest equilibrium of the phase switched on, up to 3 half-steps", () => {
    for (const [phase, jump] of [
      [1, 1],
      [3, 3],
      [5, -3],
      [7, -1],
      [0, 0],
    ] as const) {
      const motor = new PlantBench();
      motor.energise(phase);
      assert.equal(motor.plant.rotorHalfSteps, jump);
      assert.equal(motor.plant.commandedHalfSteps, jump);
      assert.equal(motor.plant.lostSteps, 0);
    }
  });

  it("jumps either way from the dead point, as the seed has it", () => {
    const jumps = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const motor = new PlantBench({}, seed);
      motor.energise(4);
      jumps.add(motor.plant.rotorHalfSteps);
      assert.equal(motor.plant.lostSteps, 0);
    }
    assert.deepEqual([...jumps].sort(), [-4, 4]);
  });

  it("takes two coils switched on one after the other in one millisecond for one field", () => {
    const motor = new PlantBench();
    motor.step(3);
    motor.off();
    motor.clock.advance(1_000);
    motor.energise(3);
    motor.clock.advance(5);
    motor.off();
    assert.equal(motor.plant.rotorHalfSteps, 3);
    assert.equal(motor.plant.commandedHalfSteps, 3);
    assert.equal(motor.plant.minStepIntervalMs, 3);
  });

  it("counts on from the phase that was switched off, though the rotor fell behind", () => {
    const motor = new PlantBench();
    motor.plant.setJammed(true);
    motor.step(3);
    motor.off();
    motor.clock.advance(1_000);
    motor.step(1);
    assert.equal(motor.plant.commandedHalfSteps, 4);
    assert.equal(motor.plant.lostSteps, 4);
  });

  it("is not moved by a field of opposite coils", () => {
    const motor = new PlantBench();
    motor.plant.setCoil(1, 1);
    motor.plant.setCoil(3, 1);
    motor.clock.advance(5);
    assert.equal(motor.plant.rotorHalfSteps, 0);
  });

  it("loses half-steps under 1 ms apart, and shows the interval", () => {
    const motor = new PlantBench();
    motor.step(8);
    motor.step(40, 0);
    assert.equal(motor.plant.rotorHalfSteps, 8);
    assert.equal(motor.plant.commandedHalfSteps, 48);
    assert.equal(motor.plant.lostSteps, 40);
    assert.equal(motor.plant.minStepIntervalMs, 0);
  });

  it("keeps up at one half-step a millisecond", () => {
    const motor = new PlantBench();
    motor.step(400, 1);
    assert.equal(motor.plant.rotorHalfSteps, 400);
    assert.equal(motor.plant.lostSteps, 0);
    assert.equal(motor.plant.minStepIntervalMs, 1);
  });

  it("takes a pause of 500 ms for the end of a pulse, and keeps the least time between starts", () => {
    const motor = new PlantBench();
    const pulse = (thenMs: number) => {
      motor.step(10);
      motor.off();
      motor.clock.advance(thenMs - 30);
    };
    pulse(5_000);
    assert.equal(motor.plant.minPulseGapMs, Infinity);
    pulse(2_001);
    pulse(3_000);
    assert.equal(motor.plant.minPulseGapMs, 2_001);
    pulse(400);
    pulse(4_000);
    pulse(4_000);
    assert.equal(motor.plant.minPulseGapMs, 2_001, "two bursts 370 ms apart are one pulse");
    pulse(530);
    pulse(4_000);
    assert.equal(motor.plant.minPulseGapMs, 530);
  });

  it("loses the steps of a jammed gear, a whole cycle at a time", () => {
    const motor = new PlantBench();
    motor.plant.setJammed(true);
    motor.step(16);
    assert.equal(motor.plant.rotorHalfSteps, 0);
    assert.equal(motor.plant.lostSteps, 16);
    motor.plant.setJammed(false);
    motor.step(8);
    assert.equal(motor.plant.rotorHalfSteps, 8);
    assert.equal(motor.plant.lostSteps, 16);
  });
});
