/**
 * Plays a day on a simulated pump: carries out each entry at its time through the real controller, and tells what came
 * of it. Connects when an entry is due, and disconnects once all that was asked for is known and the next is not near.
 * What the patient received is asked of the plant, never of the pump.
 *
 * One bolus at a time, as controller and pump demand: an entry that finds a bolus under way goes ahead when it is none
 * itself, so that a suspend stops the bolus, and else waits for its end.
 */

import { Refusal } from "../../firmware/base/refusal.js";
import type { Accepted, CommandResult } from "../controller/commands.js";
import type { DoseId, Outcome } from "../controller/control.js";
import type { Controller } from "../controller/controller.js";
import { isFinal } from "../controller/doses.js";
import type { ActiveBasal, Status } from "../controller/idsAnswers.js";
import type { Result } from "../controller/requests.js";
import type { DayEntry } from "./day.js";
import { NO_RADIO, type Operator, type RadioUse, type Totals } from "./operator.js";
import { type DayEnd, endOf, type PlayedEntry, type PlayedOutcome } from "./played.js";
import type { RecordedDose } from "./recording.js";

/** An entry due within this time is waited for without disconnecting. */
const STAY_MS = 10_000;
/** What a bolus takes when nothing else is due: a pulse of 0.05 U every 2 s (SR-53). */
const DELIVERY_MS_PER_MICROUNIT = 2_000 / 50_000;
const ASK_AGAIN_MS = 2_000;
/** Over half an hour beyond its time; then a bolus is given up as unknown. */
const MOST_ASKS = 1_000;
const MOST_TRIES = 2;

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

  get #controller(): Controller {
    return this.#operator.controller;
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
    if (entry.event === "suspend") {
      const { result: outcome, radio } = this.#operator.metered(NO_RADIO, () => this.#stop());
      this.#report({ entry, atMs, doseId: undefined, outcome, radio });
      return;
    }
    const before = entry.event === "bolus" ? this.#operator.totals() : undefined;
    const { result, radio } = this.#operator.metered(NO_RADIO, () => this.#command(entry));
    this.#answered({ entry, atMs, before, radio }, result);
  }

  #command(entry: Exclude<DayEntry, { event: "suspend" }>): CommandResult<Accepted> {
    switch (entry.event) {
      case "bolus":
        return this.#operator.ask((done: Done<CommandResult<Accepted>>) =>
          this.#controller.bolus(entry.amountMicrounits, {}, done),
        );
      case "tempBasal":
        return this.#setTbr(entry);
      case "resume":
        return this.#operator.ask((done: Done<CommandResult<Accepted>>) => this.#controller.run(() => true, done));
      default:
        return entry satisfies never;
    }
  }

  /** Changes the active TBR, or starts one. It may end while we ask: then the pump refuses, and we ask again. */
  #setTbr(entry: Extract<DayEntry, { event: "tempBasal" }>): CommandResult<Accepted> {
    for (let tries = 1; ; tries++) {
      const basal = this.#operator.ask((done: Done<Result<ActiveBasal>>) => this.#controller.activeBasal(done));
      const change = basal.kind === "ok" && basal.value.tbr !== undefined;
      const order = {
        rateMicrounitsPerHour: entry.rateMicrounitsPerHour,
        durationMinutes: entry.durationMinutes,
        change,
      };
      const result = this.#operator.ask((done: Done<CommandResult<Accepted>>) => this.#controller.setTbr(order, done));
      const overtaken = change && result.kind === "refused" && result.code === Refusal.NotApplicable;
      if (!overtaken || tries >= MOST_TRIES) return result;
    }
  }

  #stop(): PlayedOutcome {
    for (let tries = 1; ; tries++) {
      const result = this.#operator.ask((done: Done<Result<undefined>>) => this.#controller.stop(done));
      if (result.kind === "ok" || result.kind === "stale") return { kind: "applied" };
      if (result.kind === "refused") return { kind: "refused", code: result.code };
      const why = this.#operator.connect();
      if (why !== undefined || tries >= MOST_TRIES) return { kind: "failed", why: why ?? "The answer was lost." };
    }
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
        this.#report({ entry, atMs, doseId: result.doseId, outcome: { kind: "refused", code: result.code }, radio });
        return;
      case "notSigned":
        return this.#failed(sent, "The pump read the order as something else: not signed.");
      case "blocked":
        return this.#failed(sent, "The end of an earlier dose is not known.");
      case "notSent":
        return this.#failed(sent, `It was not sent: ${result.reason}.`);
      default:
        return result satisfies never;
    }
  }

  #failed({ entry, atMs, radio }: Pick<Ordered, "entry" | "atMs" | "radio">, why: string): void {
    this.#report({ entry, atMs, doseId: undefined, outcome: { kind: "failed", why }, radio });
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
    this.#operator.connect();
    const result = this.#operator.ask((done: Done<Result<Outcome>>) => this.#controller.outcome(ordered.doseId, done));
    ordered.askAtMs = this.#nowMs + ASK_AGAIN_MS;
    return result.kind === "ok" || result.kind === "stale" ? result.value : undefined;
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
    const why = "The pump did not say what became of it.";
    this.#report({ entry, atMs, doseId, outcome: { kind: "failed", why }, radio });
  }

  #report(played: Omit<PlayedEntry, "received"> & { readonly received?: PlayedEntry["received"] }): void {
    this.#played({ received: undefined, ...played });
  }

  #end(): DayEnd {
    this.#operator.connect();
    const status = this.#operator.ask((done: Done<Result<Status>>) => this.#controller.status(done));
    const totals = this.#operator.totals();
    this.#operator.disconnect();
    return { totals, status: status.kind === "ok" ? status.value : undefined, lastBolus: this.#lastBolus };
  }
}
