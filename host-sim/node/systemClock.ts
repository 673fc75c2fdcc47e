/** Real time, for a controller (host-sim/controller/clock.ts). */

import type { Clock, Timer } from "../controller/clock.js";

/**
 * Wall-clock time at the start of the process, counted on from there by a clock that nobody sets: it never runs
 * backwards in a process, and goes on over restarts.
 */
export class SystemClock implements Clock {
  readonly #timers = new Set<NodeJS.Timeout>();

  get nowMs(): number {
    return Math.floor(performance.timeOrigin + performance.now());
  }

  schedule(callback: () => void, delayMs: number): Timer {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, delayMs);
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        clearTimeout(timer);
      },
    };
  }

  /** Calls off all that is scheduled, so that the process can end. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
