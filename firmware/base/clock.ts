import { type UptimeMs, uptimeMs } from "./units.js";

/**
 * Extends a signed 32-bit millisecond counter that wraps every 49.7 days into an uptime that does not.
 * Owns nothing but the last reading. Correct as long as it is read at least once in 2^31 ms (24.8 days);
 * the pump reads it at least every 5 s of a session and every 5 minutes without one.
 */
export class UptimeClock {
  readonly #ticks: () => number;
  #last: number;
  #uptime = 0;

  /** @param ticks the platform's counter in ms, a signed 32-bit integer (Moddable Time.ticks). */
  constructor(ticks: () => number) {
    this.#ticks = ticks;
    this.#last = ticks() | 0;
  }

  now(): UptimeMs {
    const ticks = this.#ticks() | 0;
    const elapsedMs = (ticks - this.#last) | 0;
    // A counter never runs backwards; a negative difference would be a step of over 24.8 days and counts as none.
    if (elapsedMs > 0) {
      this.#uptime += elapsedMs;
      this.#last = ticks;
    }
    return uptimeMs(this.#uptime);
  }
}
