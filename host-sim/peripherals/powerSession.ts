/**
 * One session of a board, from power-up to power cut: whether there is power, the thread, and the pins in use. All of
 * it is gone with the power.
 */

import type { Clock } from "../air/clock.js";
import { PinRegistry, type PoweredPins } from "./pins.js";
import { type CutPhase, type OperationKind, PowerCut } from "./power.js";
import { BoardThread, type StallMs } from "./thread.js";

/** What the world around a session decides and hears. */
export interface PowerSessionEvents {
  readonly stallMs: StallMs;
  /** Counts an operation about to happen; says whether, and when within it, the power goes. */
  readonly onOperation: (kind: OperationKind) => CutPhase | undefined;
  /** Switches the power off: calls `end` and tells the world. */
  readonly cut: () => void;
  /** The firmware let an exception out of a callback. */
  readonly onCrash: (error: unknown) => void;
}

export class PowerSession implements PoweredPins {
  readonly pins = new PinRegistry();
  readonly thread: BoardThread;
  readonly #events: PowerSessionEvents;
  #ended = false;

  constructor(clock: Clock, events: PowerSessionEvents) {
    this.#events = events;
    this.thread = new BoardThread(clock, events.stallMs, (callback) => this.guard(callback));
  }

  check(): void {
    if (this.#ended) throw new PowerCut();
  }

  operate(kind: OperationKind, whole: () => void, torn: () => void): void {
    this.check();
    const phase = this.#events.onOperation(kind);
    if (phase === undefined) {
      whole();
      return;
    }
    if (phase === "during") torn();
    if (phase === "after") whole();
    this.#events.cut();
    throw new PowerCut();
  }

  /** Runs code of the firmware now. What it throws once the power is gone is nobody's; anything else is a crash. */
  guard(callback: () => void): void {
    if (this.#ended) return;
    try {
      callback();
    } catch (error) {
      if (!this.#ended) this.#events.onCrash(error);
    }
  }

  /** The power is gone: no callback runs again, and every use of a peripheral throws. */
  end(): void {
    this.#ended = true;
    this.thread.stop();
  }
}
