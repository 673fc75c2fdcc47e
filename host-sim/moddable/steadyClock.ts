/** A clock on the wall out of the simulator's, which is the computer's time of day: people and networks set it. */

/**
 * A longer step is a clock that was set, a computer that slept or a debugger that held the simulator: it passes in no
 * time. Under it are the longest turns of the simulator itself.
 */
const STEP_MAX_MS = 1_000;

/**
 * Milliseconds that never run backwards, from 0. To be read more often than once in a second: what is over passes in
 * no time.
 *
 * @param ticks the simulator's time (`Time.ticks`).
 * @param delta from one of these to a later one (`Time.delta`).
 */
export function steadyClock(ticks: () => number, delta: (from: number, to: number) => number): () => number {
  let last = ticks();
  let nowMs = 0;
  return () => {
    const now = ticks();
    const stepMs = delta(last, now);
    last = now;
    if (stepMs > 0) nowMs += Math.min(STEP_MAX_MS, stepMs);
    return nowMs;
  };
}
