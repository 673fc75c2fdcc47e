/**
 * One part's view of the clock: the same time, and a count of the part's own events. What comes from outside between
 * two of them can so be told to have come there, and put there again in another run where the other parts are not.
 */

import type { ScheduledEvent } from "./virtualClock.js";

/** The clock and queue that are shared; the virtual clock is one. */
interface SharedClock {
  readonly nowMs: number;
  schedule(callback: () => void, delayMs: number): ScheduledEvent;
}

export class CountingClock {
  readonly #shared: SharedClock;
  #countedMs = 0;
  #events = 0;

  constructor(shared: SharedClock) {
    this.#shared = shared;
  }

  get nowMs(): number {
    return this.#shared.nowMs;
  }

  /** Events of this part that have begun in the present millisecond. */
  get eventsThisMs(): number {
    return this.#countedMs === this.nowMs ? this.#events : 0;
  }

  schedule(callback: () => void, delayMs: number): ScheduledEvent {
    return this.#shared.schedule(() => {
      this.#events = this.eventsThisMs + 1;
      this.#countedMs = this.nowMs;
      callback();
    }, delayMs);
  }
}
