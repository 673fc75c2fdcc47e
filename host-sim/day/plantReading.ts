/** What the plant and its drive are at one moment: what an account compares with the pump's words. */

import type { Plant } from "../plant/plant.js";

/** Half-steps and counts are net: what went back is taken off. */
export interface PlantReading {
  readonly commandedHalfSteps: number;
  readonly screwHalfSteps: number;
  readonly encoderEdges: number;
  readonly displacedMicrounits: number;
  /** Of it, still in the give of the line. */
  readonly lineStorageMicrounits: number;
  readonly reservoirMicrounits: number;
}

/** Reads the plant as it is now. */
export function readPlant(plant: Plant): PlantReading {
  return {
    commandedHalfSteps: plant.commandedHalfSteps,
    screwHalfSteps: plant.screwHalfSteps,
    encoderEdges: plant.encoderEdges,
    displacedMicrounits: plant.displacedMicrounits,
    lineStorageMicrounits: plant.lineStorageMicrounits,
    reservoirMicrounits: plant.reservoirMicrounits,
  };
}
