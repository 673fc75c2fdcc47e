/** How a run began and ended, out of a file. Trusts nothing that it reads. Pure. */

import { DEFAULT_RIG, type RigConfig } from "../../firmware/rig.js";
import { type Beginning, type Ending, RECORDING_VERSION } from "./recorder.js";
import { hasShape, isObject } from "./shape.js";

type Members = { readonly [name: string]: unknown };

/** The beginning, or what is wrong with it. */
export function beginningOf({ version, seed, rig, ticksStartMs, plant, earlierStarts }: Members): Beginning | string {
  if (version !== RECORDING_VERSION)
    return `a recording of version ${JSON.stringify(version)}; only ${RECORDING_VERSION} is known`;
  if (!Number.isInteger(seed)) return "seed must be an integer";
  if (rig !== undefined && !isRig(rig)) return "rig is not a whole configuration";
  if (ticksStartMs !== undefined && !Number.isSafeInteger(ticksStartMs)) return "ticksStartMs must be an integer";
  if (earlierStarts !== undefined && !Number.isSafeInteger(earlierStarts)) return "earlierStarts must be an integer";
  if (plant !== undefined && !(isObject(plant) && Object.values(plant).every(Number.isFinite)))
    return "plant must hold numbers";
  return {
    seed: Number(seed),
    ...(rig !== undefined && { rig }),
    ...(ticksStartMs !== undefined && { ticksStartMs: Number(ticksStartMs) }),
    ...(plant !== undefined && { plant }),
    ...(earlierStarts !== undefined && { earlierStarts: Number(earlierStarts) }),
  };
}

/** The ending; undefined when it is none. */
export function endingOf({ halfSteps, displacedMicrounits }: Members): Ending | undefined {
  if (!Number.isSafeInteger(halfSteps) || !Number.isFinite(displacedMicrounits)) return undefined;
  return { halfSteps: Number(halfSteps), displacedMicrounits: Number(displacedMicrounits) };
}

/** Of the same shape as the configuration that we know; what its numbers mean is the firmware's to judge. */
function isRig(value: unknown): value is RigConfig {
  if (!isObject(value) || !isObject(value["drive"])) return false;
  const { drive, ...others } = DEFAULT_RIG;
  const { encoder, ...driveOthers } = drive;
  const given = value["drive"]["encoder"];
  return (
    hasShape(value, others) && hasShape(value["drive"], driveOthers) && (given === "none" || hasShape(given, encoder))
  );
}
