/**
 * The one clock and the one event queue of a simulation: time stands still while a callback runs and then jumps to the
 * next event. Events of the same millisecond run in the order in which they were scheduled. Owns time; reads no other.
 */

interface ClockEvent {
  readonly dueMs: number;
  readonly sequence: number;
  readonly callback: () => void;
  state: "pending" | "run" | "cancelled";
}

/** A pending event. Cancelling it twice, or after it ran, does nothing. */
export interface ScheduledEvent {
  cancel(): void;
}

/** Events that may run in one millisecond. More means that something schedules itself without delay, for ever. */
const STANDSTILL_EVENTS = 100_000;

const before = (a: ClockEvent, b: ClockEvent): boolean =>
  a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence);

function checkMs(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} is ${value}, not whole milliseconds`);
}

export class VirtualClock {
  /** Binary heap: the children of entry i are entries 2i + 1 and 2i + 2, and neither is due before it. */
  #heap: ClockEvent[] = [];
  #cancelled = 0;
  #sequence = 0;
  #nowMs = 0;
  #eventsThisMs = 0;

  /** Milliseconds since the simulation began, an integer that never falls. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** When the next event is due; `undefined` when there is none. */
  get nextEventMs(): number | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.dueMs;
  }

  /** Runs `callback` once, `delayMs` from now (an integer of at least 0, else a RangeError). */
  schedule(callback: () => void, delayMs: number): ScheduledEvent {
    checkMs("delayMs", delayMs);
    const event: ClockEvent = { dueMs: this.#nowMs + delayMs, sequence: this.#sequence++, callback, state: "pending" };
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return {
      cancel: () => {
        if (event.state !== "pending") return;
        event.state = "cancelled";
        this.#cancelled += 1;
        if (this.#cancelled > this.#heap.length / 2) this.#compact();
      },
    };
  }

  /** Jumps to the next event and runs it. False, and no time passes, when there is none. */
  runNext(): boolean {
    this.#dropCancelled();
    const event = this.#heap[0];
    if (!event) return false;
    this.#removeFirst();
    if (event.dueMs > this.#nowMs) this.#eventsThisMs = 0;
    this.#eventsThisMs += 1;
    if (this.#eventsThisMs > STANDSTILL_EVENTS) throw new Error(`the clock stands still at ${this.#nowMs} ms`);
    this.#nowMs = event.dueMs;
    event.state = "run";
    event.callback();
    return true;
  }

  /**
   * Runs events until `predicate` holds, and says whether it does. It is asked before the first event and after each.
   * Gives up when no event is left within `limitMs` from now, and then `limitMs` have passed.
   */
  runUntil(predicate: () => boolean, limitMs: number): boolean {
    checkMs("limitMs", limitMs);
    const endMs = this.#nowMs + limitMs;
    while (!predicate()) {
      const nextMs = this.nextEventMs;
      if (nextMs === undefined || nextMs > endMs) {
        this.#pass(endMs);
        return predicate();
      }
      this.runNext();
    }
    return true;
  }

  /** Lets `durationMs` pass, running every event due until then, the last millisecond's included. */
  advance(durationMs: number): void {
    this.runUntil(() => false, durationMs);
  }

  /** Lets time pass until `untilMs`, running every event due before it and none due at it. A time past does nothing. */
  runBefore(untilMs: number): void {
    checkMs("untilMs", untilMs);
    for (let nextMs = this.nextEventMs; nextMs !== undefined && nextMs < untilMs; nextMs = this.nextEventMs)
      this.runNext();
    this.#pass(untilMs);
  }

  #pass(untilMs: number): void {
    if (untilMs <= this.#nowMs) return;
    this.#nowMs = untilMs;
    this.#eventsThisMs = 0;
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.state === "cancelled") {
      this.#removeFirst();
      this.#cancelled -= 1;
    }
  }

  #compact(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap
      .filter(({ state }) => state === "pending")
      .sort((a, b) => a.dueMs - b.dueMs || a.sequence - b.sequence);
    this.#cancelled = 0;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (!last || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const left = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      if (!left) return;
      const child = right && before(right, left) ? 2 * at + 2 : 2 * at + 1;
      if (!this.#swapIfBefore(child, at)) return;
      at = child;
    }
  }

  /** Swaps a child with its parent when the child is due first. */
  #swapIfBefore(child: number, parent: number): boolean {
    const a = this.#heap[child];
    const b = this.#heap[parent];
    if (!a || !b || !before(a, b)) return false;
    this.#heap[child] = b;
    this.#heap[parent] = a;
    return true;
  }
}
