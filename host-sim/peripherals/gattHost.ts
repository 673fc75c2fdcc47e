/**
 * NimBLE's task, as far as the SDK's C (bleserver.c of 8.2.3) reads the record of a connection in it: where there is
 * none, yet or any more, it reads through a null pointer, and the board restarts. native/link.c makes the task wait for
 * a record that is not there yet. Owns nothing but where a link's record stands.
 */

import type { Clock } from "../air/clock.js";

/** HOLD_MS of native/link.c. */
const HOLD_MS = 1_000;

export class GattHost {
  readonly #clock: Clock;
  readonly #restart: (cause: string) => void;
  #record: "none" | "there" | "freed" = "none";
  /** Whether the firmware has said that it took the connection in. */
  #taken = false;
  #release: (() => void) | undefined;

  /** @param restart what a null pointer does to the board. */
  constructor(clock: Clock, restart: (cause: string) => void) {
    this.#clock = clock;
    this.#restart = restart;
  }

  /** XS has made the record, and calls onConnect. */
  recorded(): void {
    this.#record = "there";
  }

  /** The firmware has told native/link.c: held events go on. */
  taken(): void {
    this.#taken = true;
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  /** The SDK's own close has freed the record. */
  freed(): void {
    this.#record = "freed";
  }

  /** Reads the record: true when it is there. */
  reads(what: string): boolean {
    if (this.#record === "there") return true;
    this.#restart(`bleserver.c: ${what} of a connection without a record`);
    return false;
  }

  /**
   * An event that native/link.c listens to: calls `hold`, and `resume` once the connection was taken in or, after a
   * second, in spite of all. Goes on at once when it was.
   *
   * @param watched whether native/link.c listens.
   */
  event(watched: boolean, hold: () => void, resume: () => void): void {
    if (!watched || this.#taken || this.#release) {
      if (!this.#release) resume();
      return;
    }
    hold();
    this.#release = resume;
    this.#clock.schedule(() => {
      if (this.#release === resume) this.taken();
    }, HOLD_MS);
  }
}
