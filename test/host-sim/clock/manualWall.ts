/** A clock on the wall that a test sets. */

import type { WallClock } from "../../../host-sim/clock/realTime.js";

/** A wall clock: time passes as told, and a timer runs when it is reached, or late when the process slept. */
export class ManualWall implements WallClock {
  /** The time now: a test that moves it leaves its timers late. */
  setMs = 5_000.25;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  nowMs(): number {
    return this.setMs;
  }

  schedule(callback: () => void, delayMs: number): () => void {
    const timer = { atMs: this.setMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  get waiting(): number {
    return this.#timers.length;
  }

  pass(durationMs: number): void {
    const endMs = this.setMs + durationMs;
    for (;;) {
      const next = this.#timers.sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#timers.shift();
      this.setMs = Math.max(this.setMs, next.atMs);
      next.callback();
    }
    this.setMs = Math.max(this.setMs, endMs);
  }
}
