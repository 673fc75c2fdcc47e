/**
 * Whoever uses the pump in a simulated day: a bonded controller, its store, and the patience to wait for answers. Owns
 * the session's ups and downs and the meters on air and plant; decides nothing about doses.
 */

import type { Traffic } from "../air/traffic.js";
import type { Controller } from "../controller/controller.js";
import { END_ADVICE } from "../controller/ends.js";
import type { FetchResult, HistoryItem, HistoryStore } from "../controller/historyFetch.js";
import type { DeliveredInsulin } from "../controller/idsAnswers.js";
import type { HistoryRecord } from "../controller/recordAccess.js";
import type { Result } from "../controller/requests.js";
import { MemoryStore, World, type WorldOptions } from "../world.js";
import { Recorder } from "./recording.js";

/** Cost on the air: bytes of ATT PDUs both ways, and packets that were answered. */
export interface RadioUse {
  readonly bytes: number;
  readonly roundTrips: number;
}

export const NO_RADIO: RadioUse = { bytes: 0, roundTrips: 0 };

/** At one moment: what the pump counts as delivered since it was provisioned, and what its plunger displaced. */
export interface Totals {
  readonly bolusMicrounits: number;
  readonly basalMicrounits: number;
  readonly displacedMicrounits: number;
}

const BOOT_MS = 1_000;
/** Over the controller's own limits (30 s to connect, 15 s for an answer), several connections in a row included. */
const LONGEST_ANSWER_MS = 120_000;
/** 32,000 records, the most that a pump keeps, at 5 a second. */
const LONGEST_HISTORY_MS = 6_400_000;
const MOST_TRIES = 3;
/** The pump advertises again within 5 s of a connection's end. */
const RETRY_MS = 5_000;

/** A pump's history in memory. */
class KeptHistory implements HistoryStore {
  readonly records: HistoryRecord[] = [];
  /** Whether it has no gap, and none ever took the place of another. */
  whole = true;

  newest(): HistoryRecord | undefined {
    return this.records.at(-1);
  }

  append(_pumpId: Uint8Array, items: readonly HistoryItem[]): void {
    for (const item of items)
      if (item.kind === "record") this.records.push(item.record);
      else this.whole = false;
  }
}

export class Operator {
  readonly world: World;
  readonly controller: Controller;
  readonly store = new MemoryStore();
  /** An eavesdropper: hears every connection. */
  readonly recorder = new Recorder();

  constructor(options: WorldOptions) {
    const { observer = () => {} } = options;
    this.world = new World({
      ...options,
      observer: (event) => {
        this.recorder.observe(event);
        observer(event);
      },
    });
    this.controller = this.world.controller(this.store);
  }

  /** Boots the pump and opens its pairing window by the button. Returns the text that it shows. */
  powerUp(): string {
    this.world.powerUp();
    this.world.clock.advance(BOOT_MS);
    return this.world.openPairing();
  }

  /** Pairs with the pump that shows `pairingText` and commits Run. Leaves no session open. Throws when either fails. */
  begin(pairingText: string): void {
    const paired = this.ask((done: (result: { readonly kind: string }) => void) =>
      this.controller.pair(pairingText, done),
    );
    if (paired.kind !== "ok") throw new Error(`pairing with the simulated pump ended as ${paired.kind}`);
    const running = this.ask((done: (result: { readonly kind: string }) => void) =>
      this.controller.run(() => true, done),
    );
    if (running.kind !== "ok") throw new Error(`the first Run ended as ${running.kind}`);
    this.disconnect();
  }

  /** Asks the controller, and lets time pass until it calls back. Throws when it breaks its promise to. */
  ask<T extends object>(start: (done: (result: T) => void) => void): T {
    const result = this.world.await(start, LONGEST_ANSWER_MS);
    if (result === undefined) throw new Error(`the controller did not call back within ${LONGEST_ANSWER_MS} ms`);
    return result;
  }

  /** Opens a session unless one is open. Returns why there is none after three tries, else undefined. */
  connect(): string | undefined {
    let why: string | undefined;
    for (let tries = 0; this.controller.state.kind !== "open" && tries < MOST_TRIES; tries++) {
      if (tries > 0) this.world.clock.advance(RETRY_MS);
      this.#untilDown();
      const opened = this.ask(
        (done: (result: { readonly kind: string; readonly reason?: keyof typeof END_ADVICE }) => void) =>
          this.controller.open(done),
      );
      why = opened.kind === "failed" && opened.reason ? END_ADVICE[opened.reason] : undefined;
    }
    return this.controller.state.kind === "open" ? undefined : (why ?? "The controller did not open a session.");
  }

  /** Closes the session, if one is open, and waits until the link is down. */
  disconnect(): void {
    this.controller.close();
    this.#untilDown();
  }

  /** Asks in an open session; undefined when the pump does not answer, or later than that it could be the present. */
  answer<T>(start: (done: (result: Result<T>) => void) => void): T | undefined {
    const result = this.ask(start);
    return result.kind === "ok" ? result.value : undefined;
  }

  /** Reads the totals with no motion between the pump's answer and the look at the plant; as `answer`. */
  totals(): Totals | undefined {
    return this.atRest(() => {
      const { plant } = this.world.hardware;
      const delivered = this.answer((done: (result: Result<DeliveredInsulin>) => void) =>
        this.controller.deliveredInsulin(done),
      );
      return delivered && { ...delivered, displacedMicrounits: plant.displacedMicrounits };
    });
  }

  /** What `look` gives while the motor does not move: looks again, up to three times, until it has not. */
  atRest<T>(look: () => T): T {
    const { plant } = this.world.hardware;
    for (let tries = 1; ; tries++) {
      const halfSteps = plant.rotorHalfSteps;
      const seen = look();
      if (plant.rotorHalfSteps === halfSteps || tries >= MOST_TRIES) return seen;
    }
  }

  /**
   * Reads the pump's history by radio, whole, what is recorded meanwhile included; in an open session. Undefined when it
   * cannot, or when records are missing.
   */
  history(): readonly HistoryRecord[] | undefined {
    const kept = new KeptHistory();
    for (;;) {
      const before = kept.records.length;
      const result = this.world.await(
        (done: (result: FetchResult) => void) => this.controller.fetchHistory(kept, done),
        LONGEST_HISTORY_MS,
      );
      if (result?.kind !== "ok" || !kept.whole) return undefined;
      if (kept.records.length === before) return kept.records;
    }
  }

  /** What an action gives, and what it cost on the air, added to `soFar`. */
  metered<T>(soFar: RadioUse, action: () => T): { readonly result: T; readonly radio: RadioUse } {
    const before = this.world.air.traffic;
    const result = action();
    const after = this.world.air.traffic;
    const bytes = soFar.bytes + bytesOf(after) - bytesOf(before);
    return { result, radio: { bytes, roundTrips: soFar.roundTrips + after.roundTrips - before.roundTrips } };
  }

  #untilDown(): void {
    const settled = () => this.controller.state.kind !== "closing";
    this.world.clock.runUntil(settled, LONGEST_ANSWER_MS);
  }
}

function bytesOf({ toPeripheral, toCentral }: Traffic): number {
  return toPeripheral.bytes + toCentral.bytes;
}
