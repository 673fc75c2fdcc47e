/** Time, as the controller is given it. */

/** Something that will be called later, unless it is cancelled. */
export interface Timer {
  /** Calls off what was scheduled; does nothing once it has been called. */
  cancel(): void;
}

/** A clock and its timers. */
export interface Clock {
  /**
   * Milliseconds that never run backwards. Provisional bonds are aged by it, so it must go on counting across restarts
   * of the controller; a provisional bond from the future is taken for expired.
   */
  readonly nowMs: number;
  /** Calls `callback` once, `delayMs` from now. */
  schedule(callback: () => void, delayMs: number): Timer;
}
