/**
 * One attempt on a pump, watched: what moved, and why the pump says that nothing did. Whether it was refused the plant
 * says; why, the pump's local trace. On the air a stranger sees no more than a closed connection.
 *
 * Every attempt begins 5 s after a basal pulse, so that none is due while it lasts: the fastest basal there is (5 U/h,
 * rig.ts) gives a pulse every 36 s. A single half-step is then the attacker's.
 */

import type { World } from "../world.js";

/** What came of an attempt. */
export interface Attempted {
  /** True when the attempt reached the pump, the pump traced why it turned it away, and nothing moved. */
  readonly refused: boolean;
  /** Half-steps that the coils went through from its beginning to 9 s after its end. */
  readonly halfSteps: number;
  /** The pump's own line on why, from its local trace; undefined when there is none. */
  readonly reason: string | undefined;
}

/** Where in the pump's trace the reason stands: at a session's end, or at the refusal of a message in one. */
export const TRACED = { session: "session: ended: ", message: "refused: " } as const;

/**
 * Half of the 36 s between the fastest pulses, for an attempt and for watching what comes of it: a bolus begins at
 * once.
 */
export const ATTEMPT_MS = 9_000;
const WATCH_MS = 9_000;
/** Basal pulses come closer than this at 0.05 U/h and more; below, none is near. */
const LONGEST_PULSE_WAIT_MS = 70 * 60_000;
const AFTER_PULSE_MS = 5_000;
/** The plant reckons in floating point; a half-step is 1,256 of these. */
const LEAST_MICROUNITS = 1;

/**
 * Waits for a quiet moment, lets `before` happen, and watches `attack`.
 *
 * @param traced how the line begins in which the pump says why.
 * @param attack takes up to ATTEMPT_MS.
 */
export function attempt(
  { clock, hardware }: World,
  traced: (typeof TRACED)[keyof typeof TRACED],
  before: () => void,
  attack: () => void,
): Attempted {
  const halfSteps = () => hardware.plant.commandedHalfSteps;
  const steps = halfSteps();
  clock.runUntil(() => halfSteps() !== steps, LONGEST_PULSE_WAIT_MS);
  clock.advance(AFTER_PULSE_MS);
  before();
  const startMs = clock.nowMs;
  const begun = halfSteps();
  const displaced = hardware.plant.displacedMicrounits;
  attack();
  clock.advance(WATCH_MS);
  const reason = hardware.trace.findLast(({ atMs, line }) => atMs > startMs && line.startsWith(traced))?.line;
  const moved = halfSteps() - begun;
  const received = Math.abs(hardware.plant.displacedMicrounits - displaced) >= LEAST_MICROUNITS;
  return { refused: reason !== undefined && moved === 0 && !received, halfSteps: moved, reason };
}
