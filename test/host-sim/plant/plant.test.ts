import assert from "node:assert/strict";
import { near, PlantBench } from "./bench.js";

/** By hand: 64 x 63.68395 half-steps, and pi/4 x 9.65^2 x 0.7 = 51.197 microlitres = 5.1197 U, in one turn. */
const TURN_HALF_STEPS = 4_075.773;
const TURN_MICROUNITS = 5_119_700;

describe("plant", () => {
  it("displaces 51.197 microlitres in one turn of the screw, seen as 2,400 edges", () => {
    const bench = new PlantBench();
    bench.step(4_076);
    near(bench.plant.displacedMicrounits, (TURN_MICROUNITS * 4_076) / TURN_HALF_STEPS, 100);
    near(bench.edges, 2_400, 1);
    assert.equal(bench.plant.lostSteps, 0);
  });

  it("delivers through an open line all but what drains within seconds, at a force far under an occlusion's", () => {
    const bench = new PlantBench();
    bench.pulses(20);
    const displaced = (TURN_MICROUNITS * 800) / TURN_HALF_STEPS;
    near(bench.plant.displacedMicrounits, displaced, 100);
    // Hagen-Poiseuille: 4.6 N at 1 U/s and 0.2 U/N make a time constant of 0.92 s.
    const stored = bench.plant.lineStorageMicrounits;
    bench.clock.advance(920);
    near(bench.plant.lineStorageMicrounits / stored, Math.exp(-1), 0.001);
    assert.ok(bench.plant.forceNewtons < 0.3);
    bench.clock.advance(20_000);
    near(bench.plant.deliveredMicrounits, displaced, 100);
    near(bench.plant.reservoirMicrounits, 300_000_000 - displaced, 100);
  });

  it("accounts for every microunit at any time, whether looked at or not", () => {
    const watched = new PlantBench();
    const unwatched = new PlantBench();
    for (let i = 0; i < 300; i++) {
      for (const bench of [watched, unwatched]) {
        if (i === 100) bench.plant.setOccluded(true);
        if (i === 200) bench.plant.setOccluded(false);
        bench.energise(bench.phase + 1);
      }
      watched.clock.advance(1);
      const { displacedMicrounits, deliveredMicrounits, lineStorageMicrounits } = watched.plant;
      near(displacedMicrounits, deliveredMicrounits + lineStorageMicrounits, 0.001);
      watched.clock.advance(2);
      unwatched.clock.advance(3);
    }
    assert.equal(watched.plant.deliveredMicrounits, unwatched.plant.deliveredMicrounits);
    assert.equal(watched.plant.displacedMicrounits, unwatched.plant.displacedMicrounits);
  });

  it("builds 15 N, half of the sensor's range, behind an occlusion of 3 U, and lets them out as a bolus on release", () => {
    const bench = new PlantBench();
    bench.plant.setOccluded(true);
    bench.step(2_388);
    near(bench.plant.forceNewtons, 15, 0.02);
    near(bench.plant.forceFraction, 0.5, 0.001);
    near(bench.plant.lineStorageMicrounits, 3_000_000, 2_000);
    assert.equal(bench.plant.deliveredMicrounits, 0);
    bench.clock.advance(3_600_000);
    assert.equal(bench.plant.deliveredMicrounits, 0);
    bench.plant.setOccluded(false);
    bench.clock.advance(920);
    near(bench.plant.deliveredMicrounits, 3_000_000 * (1 - Math.exp(-1)), 3_000);
    bench.clock.advance(20_000);
    near(bench.plant.deliveredMicrounits, 3_000_000, 2_000);
    near(bench.plant.forceNewtons, 0, 0.001);
  });

  it("stalls at 76 N: the motor loses steps, and the force rises no further", () => {
    const bench = new PlantBench();
    bench.plant.setOccluded(true);
    // 76 N are 15.2 U of give: 12,100 half-steps.
    bench.step(12_000);
    assert.equal(bench.plant.lostSteps, 0);
    bench.step(400);
    assert.ok(bench.plant.lostSteps > 200, `${bench.plant.lostSteps}`);
    assert.ok(bench.plant.forceNewtons <= 76 && bench.plant.forceNewtons > 75.8, `${bench.plant.forceNewtons}`);
    near(bench.edges, bench.plant.rotorHalfSteps * (2_400 / TURN_HALF_STEPS), 2);
  });

  it("stops at the end of the reservoir, wedged", () => {
    const bench = new PlantBench({ cartridgeMicrounits: 1_000_000 });
    // 1 U are 796.1 half-steps.
    bench.step(796);
    assert.equal(bench.plant.lostSteps, 0);
    bench.step(1);
    assert.equal(bench.plant.forceNewtons, 76);
    bench.step(99);
    // A stalled rotor is pulled back and forth by up to 8 half-steps.
    near(bench.plant.displacedMicrounits, 1_000_000, 11_000);
    near(bench.plant.reservoirMicrounits, 0, 11_000);
    assert.ok(bench.plant.lostSteps > 80);
    bench.step(-40);
    assert.ok(bench.plant.forceNewtons < 1);
  });

  it("does not draw insulin back when the pusher is withdrawn, and pushes again when the gap is closed", () => {
    const bench = new PlantBench();
    bench.step(800);
    bench.clock.advance(20_000);
    const delivered = bench.plant.deliveredMicrounits;
    bench.step(-200);
    bench.step(200);
    near(bench.plant.displacedMicrounits, delivered, 0.01);
    bench.step(1);
    near(bench.plant.displacedMicrounits, delivered + TURN_MICROUNITS / TURN_HALF_STEPS, 1);
  });

  it("lets stored pressure follow a pusher that is withdrawn", () => {
    const bench = new PlantBench();
    bench.plant.setOccluded(true);
    bench.step(800);
    bench.step(-300);
    near(bench.plant.lineStorageMicrounits, (TURN_MICROUNITS * 500) / TURN_HALF_STEPS, 100);
    bench.step(-600);
    assert.equal(bench.plant.lineStorageMicrounits, 0);
    assert.equal(bench.plant.deliveredMicrounits, 0);
  });

  it("stops at the rear end, 1 mm behind a full cartridge's plunger", () => {
    const bench = new PlantBench();
    bench.step(-6_000);
    // 1 mm is 1/0.7 of a turn: 5,822 half-steps.
    near(bench.plant.rotorHalfSteps, -5_822, 20);
    assert.ok(bench.plant.lostSteps > 100);
  });

  it("takes another cartridge once the pusher is out of its way, and lets the pressure off", () => {
    const bench = new PlantBench({ cartridgeMicrounits: 10_000_000 });
    bench.plant.setOccluded(true);
    bench.step(800);
    const stored = bench.plant.lineStorageMicrounits;
    assert.throws(() => bench.plant.loadCartridge(300_000_000), /withdraw it first/);
    bench.plant.loadCartridge(5_000_000);
    near(bench.plant.ventedMicrounits, stored, 0.01);
    near(bench.plant.displacedMicrounits, stored, 0.01);
    assert.equal(bench.plant.forceNewtons, 0);
    near(bench.plant.reservoirMicrounits, 5_000_000, 0.01);
    bench.plant.setOccluded(false);
    // From 10 U, less the 1.005 U pushed, to the plunger of 5 U: 3,180 half-steps of gap.
    bench.step(3_100);
    assert.equal(bench.plant.deliveredMicrounits, 0);
    bench.step(4_100);
    near(bench.plant.reservoirMicrounits, 0, 11_000);
    near(bench.plant.displacedMicrounits, stored + 5_000_000, 11_000);
    assert.ok(bench.plant.lostSteps > 10);
  });

  it("slips: the rotor turns, screw and encoder do not, and the steps count as lost", () => {
    const bench = new PlantBench();
    bench.plant.slip(100);
    bench.step(300);
    assert.equal(bench.plant.rotorHalfSteps, 300);
    assert.equal(bench.plant.lostSteps, 100);
    near(bench.plant.displacedMicrounits, (TURN_MICROUNITS * 200) / TURN_HALF_STEPS, 100);
    near(bench.edges, 117, 1);
  });

  it("moves insulin and encoder when the screw is turned by force, whatever the rotor does", () => {
    const bench = new PlantBench();
    bench.plant.turnScrew(400);
    assert.equal(bench.plant.rotorHalfSteps, 0);
    near(bench.plant.displacedMicrounits, (TURN_MICROUNITS * 400) / TURN_HALF_STEPS, 100);
    near(bench.edges, 235, 1);
  });

  it("has play in the encoder after a reversal, and only then", () => {
    const bench = new PlantBench({ encoderBacklashEdges: 3 });
    const countsOf = (halfSteps: number) => {
      const before = bench.edges;
      bench.step(halfSteps);
      return bench.edges - before;
    };
    // 100 half-steps are 58.9 edges.
    near(countsOf(100), 58.9, 1);
    near(countsOf(100), 58.9, 1);
    near(countsOf(-100), -55.9, 1);
    near(countsOf(-100), -58.9, 1);
    near(countsOf(100), 55.9, 1);
  });
});
