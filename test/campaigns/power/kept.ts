/** Pumps that trials begin from, kept with the power off. */

import { microunits, microunitsPerHour } from "../../../firmware/base/units.js";
import { DEFAULT_RIG, type RigConfig } from "../../../firmware/rig.js";
import { type Kept, Trial } from "./trial.js";

export function rigWith(basalMicrounitsPerHour: number): RigConfig {
  const provisioning = {
    ...DEFAULT_RIG.provisioning,
    basalMicrounitsPerHour: microunitsPerHour(basalMicrounitsPerHour),
  };
  return { ...DEFAULT_RIG, provisioning: { ...provisioning, reservoirMicrounits: microunits(300_000_000) } };
}

/** A pump that has booted once and has no bond. */
export function provisioned(seed: number, basalMicrounitsPerHour = 0): Kept {
  const trial = new Trial(rigWith(basalMicrounitsPerHour), seed);
  trial.powerUp();
  return trial.keep();
}

/** A pump bonded with a controller, in state Run, that never moved. */
export function running(seed: number, basalMicrounitsPerHour = 0): Kept {
  const trial = new Trial(rigWith(basalMicrounitsPerHour), seed);
  trial.powerUp();
  trial.pair();
  const kind = trial.run();
  if (kind !== "ok") throw new Error(`Run ended as ${kind}, seed ${seed}`);
  return trial.keep();
}
