import { Random } from "../../../host-sim/clock/random.js";
import { VirtualClock } from "../../../host-sim/clock/virtualClock.js";
import { Plant, type PlantOptions } from "../../../host-sim/plant/plant.js";

/** Coils of each phase of half-stepping. */
const PHASES = [[0], [0, 1], [1], [1, 2], [2], [2, 3], [3], [3, 0]] as const;

/** A plant and someone who steps its motor. */
export class PlantBench {
  readonly clock = new VirtualClock();
  readonly plant: Plant;
  phase = 0;
  edges = 0;

  constructor(options: PlantOptions = {}, seed = 1) {
    this.plant = new Plant(this.clock, new Random(seed), options);
    this.plant.listenToEncoder((edges) => {
      this.edges += edges;
    });
  }

  energise(phase: number): void {
    this.phase = ((phase % 8) + 8) % 8;
    const coils: readonly number[] = PHASES[this.phase] ?? [];
    for (let coil = 0; coil < 4; coil++) this.plant.setCoil(coil, coils.includes(coil) ? 1 : 0);
  }

  off(): void {
    for (let coil = 0; coil < 4; coil++) this.plant.setCoil(coil, 0);
  }

  /** Half-steps, negative is back; each is given `intervalMs`. */
  step(halfSteps: number, intervalMs = 3): void {
    for (let left = Math.abs(halfSteps); left > 0; left--) {
      this.energise(this.phase + Math.sign(halfSteps));
      this.clock.advance(intervalMs);
    }
    this.plant.settle();
  }

  /** Pulses of 40 half-steps (0.05 U), one every 2 s, coils off in between. */
  pulses(count: number): void {
    for (let i = 0; i < count; i++) {
      this.step(40);
      this.off();
      this.clock.advance(2_000 - 120);
    }
  }
}

export function near(actual: number, expected: number, tolerance: number): void {
  if (!(Math.abs(actual - expected) <= tolerance)) throw new Error(`${actual} is not ${expected} +- ${tolerance}`);
}
