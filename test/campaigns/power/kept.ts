/** Pumps that trials begin from, kept with the power off. */

import { microunits, microunitsPerHour } from "../../../firmware/base/units.js";
import { DEFAULT_RIG, type RigConfig } from "../../../firmware/rig.js";
import type { Kept } from "./life.js";
import { Trial } from "./trial.js";

/** What differs from the default rig. Basal is zero unless given. */
export interface RigOptions {
  readonly basalMicrounitsPerHour?: number;
  /** Calibration of another cartridge. */
  readonly insulinPerTurnMicrounits?: number;
  readonly hourMaxMicrounits?: number;
}

export function rigWith(options: RigOptions = {}): RigConfig {
  const { drive, limits, provisioning } = DEFAULT_RIG;
  const { basalMicrounitsPerHour = 0, insulinPerTurnMicrounits, hourMaxMicrounits } = options;
  return {
    ...DEFAULT_RIG,
    drive: {
      ...drive,
      insulinPerTurnMicrounits: microunits(insulinPerTurnMicrounits ?? drive.insulinPerTurnMicrounits),
    },
    limits: { ...limits, hourMaxMicrounits: microunits(hourMaxMicrounits ?? limits.hourMaxMicrounits) },
    provisioning: { ...provisioning, basalMicrounitsPerHour: microunitsPerHour(basalMicrounitsPerHour) },
  };
}

/** A pump that has booted once and has no bond. */
export function provisioned(seed: number): Kept {
  const trial = new Trial(rigWith(), seed);
  trial.powerUp();
  return trial.keep();
}

/** A pump bonded with a controller, in state Run, that never moved. @param poweredMs how long it has run, at basal zero. */
export function running(seed: number, options: RigOptions = {}, poweredMs = 0): Kept {
  const trial = new Trial(rigWith(options), seed);
  trial.powerUp();
  trial.pair();
  const kind = trial.run();
  if (kind !== "ok") throw new Error(`Run ended as ${kind}, seed ${seed}`);
  if (poweredMs > 0) trial.phoneAway(poweredMs);
  return trial.keep();
}
