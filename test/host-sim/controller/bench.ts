/** A controller, a scripted pump and the clock between them. */

import { strict as assert } from "node:assert";
import type { CommandResult } from "../../../host-sim/controller/commands.js";
import type { ControllerEvent } from "../../../host-sim/controller/connection.js";
import { Controller, type OpenResult, type PairResult } from "../../../host-sim/controller/controller.js";
import { type Contents, decodeContents } from "../../../host-sim/controller/store.js";
import { ManualClock } from "./manualClock.js";
import { ScriptedPump } from "./scriptedPump.js";

export const BOLUS_MICROUNITS = 2_300_000;
export const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

/** One pump, one controller, and what happened between them. */
export class Bench {
  readonly clock = new ManualClock();
  readonly pump = new ScriptedPump(this.clock);
  readonly events: ControllerEvent[] = [];
  blob: Uint8Array | undefined;
  storeFull = false;
  #drawn = 0;
  controller = this.newController();

  newController(lifeSeconds = 10): Controller {
    return new Controller({
      transport: this.pump,
      clock: this.clock,
      random: (length) => {
        this.#drawn += 1;
        return new Uint8Array(length).fill(this.#drawn);
      },
      store: {
        read: () => this.blob,
        write: (blob) => {
          if (this.storeFull) throw new Error("full");
          this.blob = blob;
        },
      },
      onEvent: (event) => this.events.push(event),
      lifeSeconds,
    });
  }

  get kept(): Contents {
    assert.ok(this.blob);
    return decodeContents(this.blob);
  }

  /** Calls `start` with a `done` and lets time pass until it was called. */
  await<T>(start: (done: (result: T) => void) => void, limitMs = 20_000): T {
    const results: T[] = [];
    start((result) => results.push(result));
    const endMs = this.clock.nowMs + limitMs;
    while (results.length === 0 && this.clock.nowMs < endMs) this.clock.pass(5);
    const [result] = results;
    assert.ok(result !== undefined, "no answer");
    assert.equal(results.length, 1, "answered twice");
    return result;
  }

  pair(): PairResult {
    this.pump.windowOpen = true;
    return this.await<PairResult>((done) => this.controller.pair(this.pump.shownText, done), 60_000);
  }

  open(): OpenResult {
    return this.await<OpenResult>((done) => this.controller.open(done), 60_000);
  }

  bolus(amountMicrounits = BOLUS_MICROUNITS): CommandResult<{ bolusId: number }> {
    return this.await((done) => this.controller.bolus(amountMicrounits, { meal: true }, done));
  }

  /** Lets the pump's next record on `channel` be lost together with the link. */
  cutAtNext(channel: number): void {
    this.pump.onValue = (on, value) => {
      if (on !== channel) return value;
      this.pump.onValue = (_, later) => later;
      this.pump.disconnect();
      return undefined;
    };
  }
}

/** A bench with a pump that is paired and in session. */
export function paired(): Bench {
  const bench = new Bench();
  assert.equal(bench.pair().kind, "ok");
  return bench;
}
