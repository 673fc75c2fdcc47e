/**
 * The push button: active low against a pull-up, so that its pin reads 0 while it is held. The finger knows nothing of
 * power cuts. Owns the press; never filters it.
 */

import type { Clock } from "../air/clock.js";
import type { ScheduledEvent } from "../clock/virtualClock.js";

export class Button {
  readonly #clock: Clock;
  readonly #listeners = new Set<(level: 0 | 1) => void>();
  #release: ScheduledEvent | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get level(): 0 | 1 {
    return this.#release ? 0 : 1;
  }

  /** Holds the button down for `durationMs` from now. One held already is held until then, without another edge. */
  press(durationMs: number): void {
    const held = this.#release !== undefined;
    this.#release?.cancel();
    this.#release = this.#clock.schedule(() => {
      this.#release = undefined;
      this.#edge();
    }, durationMs);
    if (!held) this.#edge();
  }

  /** Hears every edge, with the level after it, until the returned function is called. */
  watch(listener: (level: 0 | 1) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Nobody hears the edges any more. */
  unwatchAll(): void {
    this.#listeners.clear();
  }

  #edge(): void {
    for (const listener of this.#listeners) listener(this.level);
  }
}
