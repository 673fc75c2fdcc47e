/**
 * Drives a simulated world by a clock on the wall: its events run when they are due, at real speed or faster. Owns how
 * much of the world's time is due. A machine that cannot keep up, or a process that was stopped, leaves the world
 * behind; it then catches up in short turns, so that nobody waits for long, and forgets what is left when the speed
 * changes.
 */

import type { VirtualClock } from "./virtualClock.js";

/** The longest turn: the wall's time that events may take before others have theirs. */
const TURN_MS = 20;
/** The longest sleep: setTimeout takes 31 bits of milliseconds. */
const SLEEP_MAX_MS = 60_000;

/** A clock on the wall; `node:perf_hooks` and `setTimeout` are one. */
export interface WallClock {
  /** Monotonic, fractions included. */
  nowMs(): number;
  /** Calls back once; the function returned takes it back. */
  schedule(callback: () => void, delayMs: number): () => void;
}

export interface RealTimeOptions {
  readonly clock: VirtualClock;
  readonly wall: WallClock;
  /** How many times faster than the wall the world runs, asked after every event and action. Over 0. */
  readonly speed: () => number;
  /** Called when time has passed, before anything from outside has its turn. */
  readonly onPassed: (nowMs: number) => void;
}

export class RealTime {
  readonly #options: RealTimeOptions;
  /** From here on `#speed` holds. */
  #anchor = { wallMs: 0, worldMs: 0 };
  #speed = 1;
  #skipMs = 0;
  #wake: (() => void) | undefined;
  #running = false;

  constructor(options: RealTimeOptions) {
    this.#options = options;
  }

  /** Time begins to pass. */
  start(): void {
    this.#running = true;
    this.#setSpeed();
    this.#turn();
  }

  /** Time stands still for good. */
  stop(): void {
    this.#running = false;
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Something from outside acts on the world now: what was due by then has happened before. */
  act(action: () => void): void {
    this.#turn();
    action();
    this.#turn();
  }

  /** Lets time of the world pass at once, as soon as the event or action under way has returned. */
  skip(durationMs: number): void {
    this.#skipMs += durationMs;
  }

  #turn(): void {
    if (!this.#running) return;
    const { clock, wall, speed, onPassed } = this.#options;
    const endMs = wall.nowMs() + TURN_MS;
    do {
      if (speed() !== this.#speed) this.#setSpeed();
    } while (this.#running && this.#runNext() && wall.nowMs() < endMs);
    onPassed(clock.nowMs);
    this.#sleep();
  }

  /** Runs one event that is due, or all of a skip. False, and the world's time is up to date, when none is due. */
  #runNext(): boolean {
    const { clock } = this.#options;
    if (this.#skipMs > 0) {
      const skippedMs = this.#skipMs;
      this.#skipMs = 0;
      clock.advance(skippedMs);
      this.#setSpeed();
      return true;
    }
    const dueMs = this.#dueMs();
    const nextMs = clock.nextEventMs;
    if (nextMs !== undefined && nextMs <= dueMs) return clock.runNext();
    if (dueMs > clock.nowMs) clock.advance(dueMs - clock.nowMs);
    return false;
  }

  /** The time that it should be in the world. */
  #dueMs(): number {
    const { wallMs, worldMs } = this.#anchor;
    return worldMs + Math.floor((this.#options.wall.nowMs() - wallMs) * this.#speed);
  }

  #setSpeed(): void {
    const { clock, wall, speed } = this.#options;
    this.#anchor = { wallMs: wall.nowMs(), worldMs: clock.nowMs };
    this.#speed = speed();
  }

  #sleep(): void {
    this.#wake?.();
    this.#wake = undefined;
    if (!this.#running) return;
    const { clock, wall } = this.#options;
    const nextMs = clock.nextEventMs;
    const { wallMs, worldMs } = this.#anchor;
    const wakeMs = nextMs === undefined ? SLEEP_MAX_MS : wallMs + (nextMs - worldMs) / this.#speed - wall.nowMs();
    // Up: a timer that fires early would find nothing due.
    this.#wake = wall.schedule(() => this.#turn(), Math.min(SLEEP_MAX_MS, Math.max(0, Math.ceil(wakeMs))));
  }
}
