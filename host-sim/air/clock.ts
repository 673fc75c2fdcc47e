/** The time that the air runs on. */

/** A clock and its queue of events; the simulation's virtual clock is one. */
export interface Clock {
  readonly nowMs: number;
  /** Calls back once, `delayMs` from now; callbacks due at the same time run in the order they were scheduled. */
  schedule(callback: () => void, delayMs: number): { cancel(): void };
}
