/** A clock that moves when the test says so. */

import type { Clock, Timer } from "../../../host-sim/controller/clock.js";

export class ManualClock implements Clock {
  nowMs = 1_000;
  #events: { atMs: number; callback: () => void }[] = [];

  schedule(callback: () => void, delayMs: number): Timer {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), callback };
    const index = this.#events.findIndex((other) => other.atMs > event.atMs);
    this.#events.splice(index < 0 ? this.#events.length : index, 0, event);
    const cancel = () => {
      this.#events = this.#events.filter((other) => other !== event);
    };
    return { cancel };
  }

  /** Lets `durationMs` pass, calling all that falls due. */
  pass(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    for (let next = this.#events[0]; next !== undefined && next.atMs <= endMs; next = this.#events[0]) {
      this.#events.shift();
      this.nowMs = next.atMs;
      next.callback();
    }
    this.nowMs = endMs;
  }
}
