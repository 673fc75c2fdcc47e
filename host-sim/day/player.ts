/**
 * Plays a day on a simulated pump: carries out each entry at its time through the real controller, and tells what came
 * of it. Connects when an entry is due, and disconnects once all that was asked for is known and the next is not near.
 * What the patient received is asked of the plant, never of the pump.
 *
 * One bolus at a time, as controller and pump demand: an entry that finds a bolus under way goes ahead when it is none
 * itself, so that a suspend stops the bolus, and else waits for its end. Before a change of the reservoir begins, the end
 * of the bolus that its Stop stopped is known.
 */

import type { Accepted, CommandResult } from "../controller/commands.js";
import type { DoseId, Outcome } from "../controller/control.js";
import { isFinal } from "../controller/doses.js";
import type { Status, TotalDailyInsulin } from "../controller/idsAnswers.js";
import type { Result } from "../controller/requests.js";
import type { DayEntry } from "./day.js";
import { NO_RADIO, type Operator, type RadioUse, type Totals } from "./operator.js";
import {
  ASK_AGAIN_MS,
  askOutcome,
  DELIVERY_MS_PER_MICROUNIT,
  type Ended,
  GIVEN_UP,
  MOST_ASKS,
  order,
  setProfile,
  stop,
} from "./orders.js";
import { readPlant } from "./plantReading.js";
import { type DayEnd, endOf, notTaken, type PlayedEntry } from "./played.js";
import type { RecordedDose } from "./recording.js";
import { type Changed, ReservoirChanger } from "./reservoirChange.js";

/** An entry due within this time is waited for without disconnecting. */
const STAY_MS = 10_000;

/** A command whose end is not known yet. */
interface Ordered {
  readonly entry: DayEntry;
  readonly atMs: number;
  readonly doseId: DoseId;
  readonly before: Totals | undefined;
  radio: RadioUse;
  askAtMs: number;
  asks: number;
}

type Done<T> = (result: T) => void;

export class DayPlayer {
  readonly #operator: Operator;
  readonly #played: (played: PlayedEntry) => void;
  #startMs = 0;
  #ordered: Ordered | undefined;
  #lastBolus: RecordedDose | undefined;

  /** @param played hears of each entry as soon as its end is known. */
  constructor(operator: Operator, played: (played: PlayedEntry) => void) {
    this.#operator = operator;
    this.#played = played;
  }

  /**
   * Carries out the entries of a day that begins now, on a pump that is bonded. Returns when the end of each is known;
   * a TBR that is still running is not waited for.
   */
  play(entries: readonly DayEntry[]): DayEnd {
    this.#startMs = this.#nowMs;
    for (const entry of entries) {
      const dueMs = this.#startMs + entry.atSeconds * 1_000;
      this.#settle(entry.event === "bolus" ? undefined : dueMs);
      if (this.#ordered === undefined && dueMs - this.#nowMs > STAY_MS) this.#operator.disconnect();
      this.#waitUntil(dueMs);
      this.#carryOut(entry);
    }
    this.#settle(undefined);
    return this.#end();
  }

  get #nowMs(): number {
    return this.#operator.world.clock.nowMs;
  }

  #waitUntil(untilMs: number): void {
    this.#operator.world.clock.advance(Math.max(0, untilMs - this.#nowMs));
  }

  #carryOut(entry: DayEntry): void {
    const why = this.#operator.connect();
    const atMs = this.#nowMs - this.#startMs;
    if (why !== undefined) {
      this.#report({ entry, atMs, doseId: undefined, outcome: { kind: "failed", why }, radio: NO_RADIO });
      return;
    }
    switch (entry.event) {
      case "suspend":
        return this.#compound(entry, atMs, () => ({ doseId: undefined, outcome: stop(this.#operator) }));
      case "profile":
        return this.#compound(entry, atMs, () => setProfile(this.#operator, entry.blocks));
      case "changeReservoir":
        return this.#change(entry, atMs);
      case "bolus":
      case "tempBasal":
      case "resume":
      case "setTime": {
        const before = entry.event === "bolus" ? this.#operator.totals() : undefined;
        const { result, radio } = this.#operator.metered(NO_RADIO, () => order(this.#operator, entry));
        return this.#answered({ entry, atMs, before, radio }, result);
      }
      default:
        return entry satisfies never;
    }
  }

  /** An entry whose end is known when `action` returns. */
  #compound(entry: DayEntry, atMs: number, action: () => Ended): void {
    const { result, radio } = this.#operator.metered(NO_RADIO, action);
    this.#report({ entry, atMs, ...result, radio });
  }

  #change(entry: Extract<DayEntry, { event: "changeReservoir" }>, atMs: number): void {
    const stopped = this.#operator.metered(NO_RADIO, () => stop(this.#operator));
    if (stopped.result.kind !== "applied") {
      this.#report({ entry, atMs, doseId: undefined, outcome: stopped.result, radio: stopped.radio });
      return;
    }
    this.#settle(undefined);
    const { result, radio } = this.#operator.metered(stopped.radio, () =>
      new ReservoirChanger(this.#operator, entry).change(),
    );
    this.#report({ entry, atMs, ...result, change: this.#sinceDayBegan(result), radio });
  }

  #sinceDayBegan({ change }: Changed): Changed["change"] {
    return { ...change, ranAtMs: change.ranAtMs === undefined ? undefined : change.ranAtMs - this.#startMs };
  }

  #answered(sent: Pick<Ordered, "entry" | "atMs" | "before" | "radio">, result: CommandResult<Accepted>): void {
    const { entry, atMs, radio } = sent;
    switch (result.kind) {
      case "ok": {
        const { doseId } = result.value;
        if (entry.event !== "bolus") {
          this.#report({ entry, atMs, doseId, outcome: { kind: "applied" }, radio });
          return;
        }
        const recording = this.#operator.recorder.newest;
        this.#lastBolus = recording && { recording, doseId };
        this.#ordered = {
          ...sent,
          doseId,
          asks: 0,
          askAtMs: this.#nowMs + entry.amountMicrounits * DELIVERY_MS_PER_MICROUNIT,
        };
        return;
      }
      case "lost":
        // Accepted or not: Outcome tells. Until then nothing else can be ordered.
        this.#ordered = { ...sent, doseId: result.doseId, asks: 0, askAtMs: this.#nowMs };
        this.#settle(this.#nowMs);
        return;
      case "refused":
        this.#report({ entry, atMs, doseId: result.doseId, outcome: notTaken(result), radio });
        return;
      case "notSigned":
      case "blocked":
      case "notSent":
        this.#report({ entry, atMs, doseId: undefined, outcome: notTaken(result), radio });
        return;
      default:
        return result satisfies never;
    }
  }

  /** Asks what became of what was ordered until that is known for good, or until `untilMs`, if it is given. */
  #settle(untilMs: number | undefined): void {
    for (;;) {
      const ordered = this.#ordered;
      if (ordered === undefined) return;
      const askAtMs = Math.min(ordered.askAtMs, untilMs ?? ordered.askAtMs);
      const asks = askAtMs === ordered.askAtMs;
      const { result: outcome, radio } = this.#operator.metered(ordered.radio, () => {
        this.#waitUntil(askAtMs);
        return asks ? this.#askOutcome(ordered) : undefined;
      });
      ordered.radio = radio;
      if (!asks) return;
      if (outcome !== undefined && isFinal(outcome.kind)) this.#settled(ordered, outcome);
      else if (ordered.asks >= MOST_ASKS) this.#givenUp(ordered);
    }
  }

  #askOutcome(ordered: Ordered): Outcome | undefined {
    ordered.asks += 1;
    const outcome = askOutcome(this.#operator, ordered.doseId);
    ordered.askAtMs = this.#nowMs + ASK_AGAIN_MS;
    return outcome;
  }

  #settled(ordered: Ordered, outcome: Outcome): void {
    this.#ordered = undefined;
    const { before } = ordered;
    const after = before && this.#operator.totals();
    const received = after && {
      displacedMicrounits: after.displacedMicrounits - before.displacedMicrounits,
      basalMicrounits: after.basalMicrounits - before.basalMicrounits,
    };
    const { entry, atMs, doseId, radio } = ordered;
    this.#report({ entry, atMs, doseId, outcome: endOf(outcome), radio, received });
  }

  #givenUp(ordered: Ordered): void {
    this.#ordered = undefined;
    const { entry, atMs, doseId, radio } = ordered;
    this.#report({ entry, atMs, doseId, outcome: GIVEN_UP, radio });
  }

  #report(played: Omit<PlayedEntry, "received" | "change"> & Partial<Pick<PlayedEntry, "received" | "change">>): void {
    this.#played({ received: undefined, change: undefined, ...played });
  }

  #end(): DayEnd {
    this.#operator.connect();
    const history = this.#operator.history();
    const { controller, world } = this.#operator;
    const last = this.#operator.atRest(() => ({
      status: this.#operator.answer((done: Done<Result<Status>>) => controller.status(done)),
      today: this.#operator.answer((done: Done<Result<TotalDailyInsulin>>) => controller.totalDailyInsulin(done)),
      totals: this.#operator.totals(),
      plant: readPlant(world.hardware.plant),
    }));
    const atMs = this.#nowMs - this.#startMs;
    this.#operator.disconnect();
    return { beganAtMs: this.#startMs, atMs, ...last, history, lastBolus: this.#lastBolus };
  }
}
