/** A life with orders in it: each is told to the model before, in and after the doing. */

import type { RigConfig } from "../../../firmware/rig.js";
import type { CommandResult } from "../../../host-sim/controller/commands.js";
import type { DoseId, Outcome } from "../../../host-sim/controller/control.js";
import type { ActiveBasal } from "../../../host-sim/controller/idsAnswers.js";
import type { Result } from "../../../host-sim/controller/requests.js";
import { type Kept, Life } from "./life.js";
import type { Dose } from "./model.js";

/** States that the pump may be in as far as its user knows. */
export interface MayBe {
  readonly run: boolean;
  readonly stop: boolean;
}

const doseText = ({ epoch, sequence }: DoseId): string => `${epoch}/${sequence}`;

export class Trial extends Life {
  mayBe: MayBe;
  /** Whether a temporary rate was accepted and cannot be over. */
  tbrActive = false;
  /** The last outcome heard. */
  outcome: Outcome | undefined;
  /** By ID, of every command signed: the dose, if it is one, and the reboots before it. */
  readonly #signed = new Map<string, { readonly dose: Dose | undefined; readonly reboots: number }>();
  #reboots = 0;

  /** Power is off. A pump that was kept is in Run, a new one in Stop. */
  constructor(kept: Kept | RigConfig, seed: number) {
    super(kept, seed);
    const runs = "keyValue" in kept;
    this.mayBe = { run: runs, stop: !runs };
  }

  get basalRate(): number {
    return this.rig.provisioning.basalMicrounitsPerHour;
  }

  override powerUp(): void {
    const { run, stop } = this.mayBe;
    this.model.rate(this.world.clock.nowMs, stop ? 0 : this.basalRate, run ? this.basalRate : 0);
    this.#reboots += 1;
    super.powerUp();
  }

  /** A command that changes the rate in force to `toRate` when it is obeyed. */
  #rateCommand(toRate: number, start: (done: (result: { readonly kind: string }) => void) => void): string {
    const { clock } = this.world;
    const least = this.mayBe.stop ? 0 : this.basalRate;
    const most = this.mayBe.run ? this.basalRate : 0;
    this.model.rate(clock.nowMs, Math.min(least, toRate), Math.max(most, toRate));
    const { kind } = this.ask(start);
    if (kind === "ok") this.model.rate(clock.nowMs, toRate);
    return kind;
  }

  run(): string {
    const kind = this.#rateCommand(this.basalRate, (done) => {
      this.mayBe = { ...this.mayBe, run: true };
      this.controller.run(
        () => true,
        (result) => done(this.#told(result)),
      );
    });
    if (kind === "ok") this.mayBe = { run: true, stop: false };
    return kind;
  }

  stop(): void {
    const kind = this.#rateCommand(0, (done) => {
      this.mayBe = { ...this.mayBe, stop: true };
      this.controller.stop(done);
    });
    if (kind !== "ok") throw new Error(`Stop ended as ${kind}`);
    this.mayBe = { run: false, stop: true };
  }

  /** A long press: a Stop once it has lasted 0.8 s. */
  stopByButton(): void {
    const { clock, hardware } = this.world;
    this.mayBe = { ...this.mayBe, stop: true };
    this.model.rate(clock.nowMs, 0, this.basalRate);
    hardware.pressButton(1_500);
    this.advance(2_000);
    this.mayBe = { run: false, stop: true };
    this.model.rate(clock.nowMs, 0);
  }

  setTbr(rateMicrounitsPerHour: number, durationMinutes: number): void {
    const order = { rateMicrounitsPerHour, durationMinutes, change: false };
    const kind = this.#rateCommand(rateMicrounitsPerHour, (done) =>
      this.controller.setTbr(order, (result) => done(this.#told(result))),
    );
    if (kind !== "ok") throw new Error(`Set TBR ended as ${kind}`);
    this.tbrActive = true;
  }

  /** Lets a temporary rate run out `leftMs` from now, give or take a second. */
  tbrOver(leftMs: number): void {
    const { clock } = this.world;
    const { tbr } = this.read<ActiveBasal>((done) => this.controller.activeBasal(done));
    if (!tbr) throw new Error("no temporary rate");
    this.advance(leftMs - 1_000);
    this.tbrActive = false;
    const rates = [this.basalRate, tbr.rateMicrounitsPerHour];
    this.model.rate(clock.nowMs, Math.min(...rates), Math.max(...rates));
    this.advance(2_000);
    const after = this.read<ActiveBasal>((done) => this.controller.activeBasal(done));
    if (after.tbr) this.model.violations.push("a temporary rate did not run out");
    this.model.rate(clock.nowMs, this.basalRate);
  }

  /** Orders a bolus and waits until it is accepted; its bolus ID. Undefined when it was refused. */
  bolus(amountMicrounits: number): number | undefined {
    const dose = this.model.ordered(amountMicrounits);
    type Bolus = { readonly doseId: DoseId; readonly bolusId: number };
    const result = this.ask<CommandResult<Bolus>>((done) =>
      this.controller.bolus(amountMicrounits, {}, (answer) => {
        if (answer.kind !== "ok" && answer.kind !== "lost") this.model.void(dose);
        dose.accepted = answer.kind === "ok";
        done(this.#told(answer, dose));
      }),
    );
    if (result.kind === "ok") return result.value.bolusId;
    if (result.kind !== "refused") throw new Error(`the bolus ended as ${result.kind}`);
    return undefined;
  }

  /** Asks what became of the pending command. False while it is being delivered. */
  resolve(): boolean {
    const pending = this.controller.pending();
    const signed = pending && this.#signed.get(doseText(pending));
    const outcome = this.read<Outcome>((done) => this.controller.resolve(done));
    this.outcome = outcome;
    if (signed?.dose) this.model.said(signed.dose, outcome, this.#reboots > signed.reboots);
    return outcome.kind !== "delivering";
  }

  cancel(bolusId: number): void {
    const { kind } = this.ask<Result<number>>((done) => this.controller.cancelBolus(bolusId, done));
    if (kind !== "ok" && kind !== "refused") throw new Error(`Cancel Bolus ended as ${kind}`);
  }

  /** The pump became another: of the doses of the one before nobody can tell. */
  forgetDoses(): void {
    for (const { dose } of this.#signed.values()) if (dose) this.model.untold(dose);
    this.#signed.clear();
  }

  /** Notes the ID of a command that was signed. */
  #told<T extends CommandResult<{ readonly doseId: DoseId }>>(result: T, dose?: Dose): T {
    const doseId = result.kind === "ok" ? result.value.doseId : result.kind === "lost" ? result.doseId : undefined;
    if (!doseId) return result;
    const text = doseText(doseId);
    if (this.#signed.has(text)) this.model.violations.push(`dose ID ${text} again`);
    this.#signed.set(text, { dose, reboots: this.#reboots });
    return result;
  }
}
