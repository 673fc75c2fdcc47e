/**
 * Counts the computrons of the firmware alone: from when the simulation calls it until it returns, less what the
 * simulation does when the firmware calls it. What is left of the counting itself, some tens of computrons a call,
 * counts as the firmware's.
 */

import type { Board, FlashPartition, KeyValueStore } from "../../../firmware/board.js";

type Callable = (...given: unknown[]) => unknown;

/** The account of one board. */
export class Meter {
  #total = 0;
  /** Where the engine's meter stood when the firmware was entered; undefined outside it. */
  #since: number | undefined;

  /** Computrons of the firmware since the last time that this was asked, or since the start. For the outside. */
  take(): number {
    const total = this.#total;
    this.#total = 0;
    return total;
  }

  /** Runs what is the firmware's. */
  inside<T>(run: () => T): T {
    return this.#run(computrons(), run);
  }

  /** Runs what is the simulation's. */
  outside<T>(run: () => T): T {
    return this.#run(undefined, run);
  }

  #run<T>(since: number | undefined, run: () => T): T {
    const before = this.#since;
    if (before !== undefined) this.#total += computrons() - before;
    this.#since = since;
    try {
      return run();
    } finally {
      if (this.#since !== undefined) this.#total += computrons() - this.#since;
      this.#since = before === undefined ? undefined : computrons();
    }
  }
}

/** A board whose every use by the firmware is the outside, and whose every callback is the inside. */
export function meteredBoard(board: Board, meter: Meter): Board {
  const proxies = new WeakMap<object, object>();

  const entering = (given: unknown): unknown => {
    if (typeof given === "function")
      return function (this: unknown, ...rest: unknown[]) {
        return meter.inside(() => Reflect.apply(given, this, rest.map(leaving)));
      };
    if (Array.isArray(given)) return given.map(entering);
    const isPlain = typeof given === "object" && given !== null && Object.getPrototypeOf(given) === Object.prototype;
    return isPlain ? Object.fromEntries(Object.entries(given).map(([name, value]) => [name, entering(value)])) : given;
  };

  /** What the simulation hands to the firmware: connections, pins, counters. Bytes go as they are. */
  const leaving = (handed: unknown): unknown => {
    if (typeof handed !== "object" || handed === null || handed instanceof ArrayBuffer || ArrayBuffer.isView(handed))
      return handed;
    const known = proxies.get(handed);
    if (known !== undefined) return known;
    const proxy = new Proxy(handed, {
      get: (target, name) =>
        meter.outside(() => {
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? used(value as Callable, target) : value;
        }),
    });
    proxies.set(handed, proxy);
    return proxy;
  };

  const used = (call: Callable, target: unknown) => {
    return (...given: unknown[]) => meter.outside(() => leaving(Reflect.apply(call, target, given.map(entering))));
  };

  const constructed = <C extends abstract new (...given: never[]) => object>(made: C): C =>
    new Proxy(made, {
      construct: (target, given) =>
        meter.outside(() => leaving(Reflect.construct(target, given.map(entering))) as object),
    });

  return {
    Analog: constructed(board.Analog),
    Digital: constructed(board.Digital),
    GATTServer: constructed(board.GATTServer),
    link: leaving(board.link) as Board["link"],
    linkSecurity: board.linkSecurity,
    PulseCount: constructed(board.PulseCount),
    PWM: constructed(board.PWM),
    Serial: constructed(board.Serial),
    openKeyValue: () => leaving(board.openKeyValue()) as KeyValueStore,
    openHistoryFlash: () => leaving(board.openHistoryFlash()) as FlashPartition,
    pins: board.pins,
    rig: board.rig,
    buildHash: board.buildHash,
    ticks: () => meter.outside(() => board.ticks()),
    schedule: (callback, delayMs) => meter.outside(() => board.schedule(() => meter.inside(callback), delayMs)),
    entropy: (lengthBytes) => meter.outside(() => board.entropy(lengthBytes)),
    // The firmware's own work, though it comes with the board.
    sha256: board.sha256,
    restart: () => meter.outside(() => board.restart()),
    show: (lines) => meter.outside(() => board.show(lines)),
    trace: (line) => meter.outside(() => board.trace(line)),
  };
}
