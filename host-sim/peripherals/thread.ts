/**
 * The one thread of a board: runs the firmware's callbacks one after another, and can be stalled before any of them.
 * Owns the timers and the ready queue of one session; never runs a callback inside another.
 */

import type { ScheduledCallback } from "../../firmware/board.js";
import type { Clock } from "../air/clock.js";
import type { ScheduledEvent } from "../clock/virtualClock.js";

/**
 * How long the thread is busy elsewhere before it runs a callback, in whole milliseconds.
 *
 * @param callbackNumber 1 for the first callback since power-up.
 */
export type StallMs = (callbackNumber: number) => number;

interface Job {
  readonly callback: () => void;
  cancelled: boolean;
}

export class BoardThread {
  readonly #clock: Clock;
  readonly #stallMs: StallMs;
  readonly #guard: (callback: () => void) => void;
  readonly #timers = new Set<ScheduledEvent>();
  #ready: Job[] = [];
  #busy = false;
  #callbacks = 0;

  /** @param guard runs a callback and deals with what it throws. */
  constructor(clock: Clock, stallMs: StallMs, guard: (callback: () => void) => void) {
    this.#clock = clock;
    this.#stallMs = stallMs;
    this.#guard = guard;
  }

  /** A one-shot timer of 1 ms resolution: late by as long as the thread is busy, never early. */
  schedule(callback: () => void, delayMs: number): ScheduledCallback {
    const job: Job = { callback, cancelled: false };
    const timer = this.#after(delayMs, () => {
      this.#ready.push(job);
      if (!this.#busy) this.#drain();
    });
    return {
      cancel: () => {
        job.cancelled = true;
        timer.cancel();
        this.#timers.delete(timer);
      },
    };
  }

  /** Drops all callbacks, waiting or pending. The last call: nothing may be scheduled afterwards. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#ready = [];
  }

  #after(delayMs: number, callback: () => void): ScheduledEvent {
    const event = this.#clock.schedule(() => {
      this.#timers.delete(event);
      callback();
    }, delayMs);
    this.#timers.add(event);
    return event;
  }

  #drain(): void {
    this.#busy = true;
    for (let job = this.#ready.shift(); job; job = this.#ready.shift()) {
      if (job.cancelled) continue;
      this.#callbacks += 1;
      const stallMs = this.#stallMs(this.#callbacks);
      if (stallMs > 0) {
        const stalled = job;
        this.#after(stallMs, () => {
          this.#guard(stalled.callback);
          this.#drain();
        });
        return;
      }
      this.#guard(job.callback);
    }
    this.#busy = false;
  }
}
