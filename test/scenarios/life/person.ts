/**
 * One who lives with the pump: its controller and its button. Opens a session for what is to be done and closes it again,
 * and finds out what became of an order whose answer the power took.
 */

import type { Accepted, AcceptedBolus, CommandResult } from "../../../host-sim/controller/commands.js";
import { type DoseId, type Outcome, sameDoseId } from "../../../host-sim/controller/control.js";
import type { Controller } from "../../../host-sim/controller/controller.js";
import type { FetchResult, HistoryStore } from "../../../host-sim/controller/historyFetch.js";
import type {
  ActiveBasal,
  Annunciation,
  DeliveredInsulin,
  Status,
  TotalDailyInsulin,
} from "../../../host-sim/controller/idsAnswers.js";
import type { PumpTime, TimeOrder } from "../../../host-sim/controller/profiles.js";
import type { RateReading } from "../../../host-sim/controller/readings.js";
import type { Result } from "../../../host-sim/controller/requests.js";
import type { MemoryStore, World } from "../../../host-sim/world.js";
import { type Dose, newDose, type Order } from "./orders.js";
import type { Block, Tbr } from "./program.js";
import type { Witness } from "./witness.js";

type Ordered = CommandResult<Accepted>;

/** What became of a dose, as the pump says. */
export interface Told {
  readonly doseId: DoseId;
  readonly bolusId: number | undefined;
  readonly dose: Dose;
  outcome: Outcome | undefined;
}

/** Longer than any answer and any time-out of the link; and for a whole history. */
const PATIENCE_MS = 120_000;
const FETCH_PATIENCE_MS = 3_600_000;
const LONGEST_OFF_MS = 3_600_000;
const TRIES = 20;
const MOST_ANNUNCIATIONS = 8;

export class Person {
  readonly told: Told[] = [];
  /** Temporary rates whose answer was lost. */
  lostTbrs = 0;
  readonly controller: Controller;
  readonly #world: World;
  readonly #witness: Witness;

  constructor(world: World, witness: Witness, store: MemoryStore) {
    this.#world = world;
    this.#witness = witness;
    this.controller = world.controller(store);
  }

  /** Does something in a session: in another one when the power took the first. Undefined when that one went too. */
  inSession<T>(what: () => T): T | undefined {
    if (!this.#open()) return undefined;
    const done = what();
    this.close();
    return done;
  }

  close(): void {
    this.controller.close();
    this.#world.clock.runUntil(() => this.controller.state.kind === "closed", PATIENCE_MS);
  }

  /** A temporary rate: a change where the pump has one. */
  setTbr(tbr: Tbr): Ordered | undefined {
    const change = this.activeBasal()?.tbr !== undefined;
    const ordered = this.#order<Ordered>({ kind: "setTbr", tbr }, (done) => {
      if ("factorMillionths" in tbr) this.controller.relativeTbr({ ...tbr, change }, this.#approved(tbr), done);
      else this.controller.setTbr({ ...tbr, change }, done);
    });
    if (ordered?.kind === "lost") this.lostTbrs += 1;
    return ordered;
  }

  cancelTbr(): Ordered | undefined {
    return this.#order<Ordered>({ kind: "cancelTbr" }, (done) => this.controller.cancelTbr(this.#approved(), done));
  }

  run(): Ordered | undefined {
    return this.#order<Ordered>({ kind: "run" }, (done) => this.controller.run(this.#approved(), done));
  }

  stop(): void {
    this.#order<Result<undefined>>({ kind: "stop" }, (done) => this.controller.stop(done));
  }

  setTime(order: TimeOrder): Ordered | undefined {
    const localMs = (order.baseTimeSeconds + 900 * (order.timeZoneQuarters + order.dstQuarters)) * 1_000;
    return this.#order<Ordered>({ kind: "setTime", localMs }, (done) =>
      this.controller.setTime(order, () => true, done),
    );
  }

  writeProfile(template: number, blocks: readonly Block[]): Ordered | undefined {
    const order = { templateNumber: template, blocks };
    return this.#order<Ordered>({ kind: "writeProfile", template, blocks }, (done) =>
      this.controller.writeProfile(order, () => true, done),
    );
  }

  activateProfile(template: number): Ordered | undefined {
    return this.#order<Ordered>({ kind: "activateProfile", template }, (done) =>
      this.controller.activateProfile(template, () => true, done),
    );
  }

  /** Orders a bolus. One whose answer was lost may have been accepted: its outcome will say. */
  bolus(amountMicrounits: number): Told | undefined {
    const dose = newDose("bolus", amountMicrounits);
    const result = this.#order<CommandResult<AcceptedBolus>>({ kind: "setBolus", dose }, (done) =>
      this.controller.bolus(amountMicrounits, { meal: true }, done),
    );
    if (result?.kind !== "ok" && result?.kind !== "lost") return undefined;
    const { doseId, bolusId } = result.kind === "ok" ? result.value : { doseId: result.doseId, bolusId: undefined };
    const told: Told = { doseId, bolusId, dose, outcome: undefined };
    this.told.push(told);
    return told;
  }

  /** Orders a priming: it waits for a yes at the pump. */
  startPriming(amountMicrounits: number): Told | undefined {
    const dose = newDose("priming", amountMicrounits);
    const result = this.#order<Ordered>({ kind: "startPriming", dose }, (done) =>
      this.controller.startPriming(amountMicrounits, done),
    );
    if (result?.kind !== "ok") return undefined;
    const told: Told = { doseId: result.value.doseId, bolusId: undefined, dose, outcome: undefined };
    this.told.push(told);
    return told;
  }

  setReservoirFill(amountMicrounits: number): Ordered | undefined {
    return this.#order<Ordered>({ kind: "setReservoirFill" }, (done) =>
      this.controller.setReservoirFill(amountMicrounits, done),
    );
  }

  cancelBolus(bolusId: number): void {
    this.#order<Result<number>>({ kind: "cancelBolus" }, (done) => this.controller.cancelBolus(bolusId, done));
  }

  /** Finds out what became of all that is pending, waiting for a bolus to end. False when the session went. */
  resolve(): boolean {
    while (this.controller.pending()) {
      const outcome = this.read<Outcome>((done) => this.controller.resolve(done));
      if (!outcome) return false;
      const told = this.told.find(({ doseId }) => sameDoseId(doseId, outcome.doseId));
      if (told) told.outcome = outcome;
      if (outcome.kind === "delivering") this.#world.clock.advance(1_000);
    }
    return true;
  }

  /** What the pump says of a dose now. */
  outcome(doseId: DoseId): Outcome | undefined {
    return this.read<Outcome>((done) => this.controller.outcome(doseId, done));
  }

  status(): Status | undefined {
    return this.read<Status>((done) => this.controller.status(done));
  }

  delivered(): DeliveredInsulin | undefined {
    return this.read<DeliveredInsulin>((done) => this.controller.deliveredInsulin(done));
  }

  today(): TotalDailyInsulin | undefined {
    return this.read<TotalDailyInsulin>((done) => this.controller.totalDailyInsulin(done));
  }

  time(): PumpTime | undefined {
    return this.read<{ readonly time: PumpTime | undefined }>((done) => this.controller.time(done))?.time;
  }

  /** Undefined in Stop, too. */
  activeBasal(): ActiveBasal | undefined {
    return this.read<ActiveBasal>((done) => this.controller.activeBasal(done));
  }

  /** Takes in what the pump has to tell. */
  confirmAll(): void {
    for (let i = 0; i < MOST_ANNUNCIATIONS; i++) {
      const told = this.read<{ readonly annunciation: Annunciation | undefined }>((done) =>
        this.controller.annunciation(done),
      );
      const instance = told?.annunciation?.instance;
      if (instance === undefined) return;
      this.read<undefined>((done) => this.controller.confirmAnnunciation(instance, done));
    }
  }

  fetch(store: HistoryStore): FetchResult | undefined {
    return this.#world.await<FetchResult>((done) => this.controller.fetchHistory(store, done), FETCH_PATIENCE_MS);
  }

  /** The answer to a read; undefined when there is none, or a refusal. */
  read<T>(start: (done: (result: Result<T>) => void) => void): T | undefined {
    const result = this.#world.await<Result<T>>(start, PATIENCE_MS);
    return result?.kind === "ok" ? result.value : undefined;
  }

  #order<T>(order: Order, start: (done: (result: T) => void) => void): T | undefined {
    this.#witness.inFlight = order;
    const result = this.#world.await<T>(start, PATIENCE_MS);
    this.#witness.inFlight = undefined;
    return result;
  }

  /** Signs when the pump's rate is the one that the profile, or a temporary rate of it, comes to. */
  #approved(tbr?: Tbr): (reading: RateReading) => boolean {
    return ({ command, rateMicrounitsPerHour }) => {
      this.#witness.pass();
      const { program } = this.#witness;
      const expected = tbr ? program.rateOf(tbr) : program.programmed;
      if (rateMicrounitsPerHour !== expected)
        this.#witness.wrong.push(`${command} would come to ${rateMicrounitsPerHour} µU/h, not ${expected}`);
      return true;
    };
  }

  /** Whether a session is open now. */
  #open(): boolean {
    const { controller } = this;
    const { clock } = this.#world;
    if (controller.state.kind === "open") return true;
    clock.runUntil(() => this.#world.hardware.powered, LONGEST_OFF_MS);
    for (let i = 0; i < TRIES; i++) {
      const opened = this.#world.await<{ readonly kind: string }>((done) => controller.open(done), PATIENCE_MS);
      if (opened?.kind === "ok") return true;
      clock.runUntil(() => controller.state.kind === "closed", PATIENCE_MS);
      clock.advance(5_000);
    }
    this.#witness.wrong.push(`no session within ${TRIES} tries, at ${clock.nowMs} ms`);
    return false;
  }
}
