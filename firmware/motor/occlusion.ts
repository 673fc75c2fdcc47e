/**
 * Occlusion from the force on the plunger, read after each settled pulse. Behind a closed line every pulse adds
 * pressure that does not drain away, so the force climbs to the threshold and stays; a knock or a noisy sample is gone
 * at the next pulse. The stall of the motor is no substitute: it comes at about five times the pressure. Pure.
 */

import type { DriveConfig } from "../rig.js";

/** Whether the last settled pulse ended at or over the threshold. */
export interface OcclusionState {
  readonly lastOverThreshold: boolean;
}

export const OPEN_LINE: OcclusionState = { lastOverThreshold: false };

/**
 * Takes one reading. Occluded is two successive pulses at or over `drive.occlusionForceFraction`; one reading is never
 * enough, however high, because that is what a knock looks like. The price is at most one more pulse of insulin.
 * A reading below the threshold starts afresh.
 *
 * @param forceFraction force as a fraction of the sensor's full scale, 0 to 1.
 */
export function checkForce(
  drive: DriveConfig,
  state: OcclusionState,
  forceFraction: number,
): { readonly next: OcclusionState; readonly occluded: boolean } {
  const over = forceFraction >= drive.occlusionForceFraction;
  return { next: { lastOverThreshold: over }, occluded: over && state.lastOverThreshold };
}
