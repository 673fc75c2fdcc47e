/**
 * One life of a pump with power cuts in it: what outlives it can be kept and put into a new world, the controller's
 * phone keeps its store, and everything is told to the model.
 */

import type { RigConfig } from "../../../firmware/rig.js";
import type { CommandResult } from "../../../host-sim/controller/commands.js";
import type { DoseId, Outcome } from "../../../host-sim/controller/control.js";
import type { Controller } from "../../../host-sim/controller/controller.js";
import type { ActiveBasal, Annunciation, DeliveredInsulin, Status } from "../../../host-sim/controller/idsAnswers.js";
import type { Result } from "../../../host-sim/controller/requests.js";
import type { KeyValueSnapshot } from "../../../host-sim/peripherals/keyValue.js";
import type { Power } from "../../../host-sim/peripherals/power.js";
import { MemoryStore, World } from "../../../host-sim/world.js";
import { type Dose, HALF_STEP_MICROUNITS, historyOf, Model } from "./model.js";

/** What outlives a power cut of a pump that never moved, and what its controller and the air have seen. */
export interface Kept {
  readonly rig: RigConfig;
  readonly keyValue: KeyValueSnapshot;
  readonly flash: Uint8Array;
  readonly phone: Uint8Array | undefined;
  readonly nonces: readonly string[];
  readonly run: boolean;
}

/** Thrown out of a step of a script when the power has gone. */
export class PowerWent extends Error {}

/** Of the history partition; no trial writes more. */
const FLASH_BYTES = 8_192;
const MAINS: Power = { check() {}, operate: (_kind, whole) => whole() };
const SMALL_BOLUS_MICROUNITS = 20_000;
/** Insulin Delivery Service 1.0: annunciation System Issue, history event Data Corruption. */
const SYSTEM_ISSUE = 0x000f;
const DATA_CORRUPTION = 0x03a6;
/** Longer than any supervision timeout and any answer awaited. */
const SETTLE_MS = 20_000;

const doseText = ({ epoch, sequence }: DoseId): string => `${epoch}/${sequence}`;

export class Trial {
  readonly world: World;
  readonly model = new Model();
  controller: Controller;
  #phone: MemoryStore;
  readonly #phones = [new MemoryStore(), new MemoryStore()] as const;
  readonly #rig: RigConfig;
  readonly #nonces = new Set<string>();
  /** By ID, of every command signed: the dose, if it is one, and the reboots before it. */
  readonly #signed = new Map<string, { readonly dose: Dose | undefined; readonly reboots: number }>();
  readonly #m1Seen = new Set<number>();
  #mayRun = false;
  #mayStop = true;
  #reboots = 0;

  /** Power is off. */
  constructor(kept: Kept | RigConfig, seed: number) {
    const before = "keyValue" in kept ? kept : undefined;
    this.#phone = this.#phones[0];
    this.#rig = "keyValue" in kept ? kept.rig : kept;
    this.world = new World({
      // Chance goes on where the kept pump's ended, rather than repeating it.
      seed: before ? seed + 1 : seed,
      rig: this.#rig,
      observer: ({ what, packet }) => {
        if (what === "sent" && packet.kind === "indication") this.#sawIndication(packet.connectionId, packet.value);
      },
    });
    if (before) {
      this.world.hardware.keyValue.restore(before.keyValue);
      this.world.hardware.flash.open(MAINS).write(before.flash, 0);
      if (before.phone) this.#phone.write(before.phone);
      for (const nonce of before.nonces) this.#nonces.add(nonce);
      this.#mayRun = before.run;
      this.#mayStop = !before.run;
    }
    this.controller = this.world.controller(this.#phone);
    const { hardware, clock } = this.world;
    const tellRadio = hardware.onPowerLost;
    hardware.onPowerLost = () => {
      this.model.cut(clock.nowMs);
      tellRadio?.();
    };
  }

  /** What is left when the power is cut now. The motor must never have moved. */
  keep(): Kept {
    const { hardware } = this.world;
    hardware.cut();
    if (hardware.plant.rotorHalfSteps !== 0) throw new Error("a rotor that moved cannot be kept");
    return {
      rig: this.#rig,
      keyValue: hardware.keyValue.snapshot(),
      flash: this.#flash(),
      phone: this.#phone.read(),
      nonces: [...this.#nonces],
      run: this.#mayRun,
    };
  }

  get #basalRate(): number {
    return this.#rig.provisioning.basalMicrounitsPerHour;
  }

  powerUp(): void {
    const { clock, hardware } = this.world;
    this.model.rate(clock.nowMs, this.#mayStop ? 0 : this.#basalRate, this.#mayRun ? this.#basalRate : 0);
    this.#reboots += 1;
    this.world.powerUp();
    if (!hardware.powered) throw new PowerWent();
    this.advance(200);
  }

  advance(durationMs: number): void {
    this.world.clock.advance(durationMs);
    if (!this.world.hardware.powered) throw new PowerWent();
  }

  /** Starts something and waits for its end. */
  ask<T>(start: (done: (result: T) => void) => void): T {
    const result = this.world.await(start);
    if (!this.world.hardware.powered) throw new PowerWent();
    if (result === undefined) throw new Error("no answer within a minute");
    return result;
  }

  /** The answer to a read, which must come. */
  read<T>(start: (done: (result: Result<T>) => void) => void): T {
    const result = this.ask(start);
    if (result.kind !== "ok") throw new Error(`a read ended as ${result.kind}`);
    return result.value;
  }

  open(): void {
    const opened = this.ask<{ readonly kind: string; readonly reason?: string }>((done) => this.controller.open(done));
    if (opened.kind !== "ok") throw new Error(`not opened: ${opened.kind} ${opened.reason ?? ""}`);
  }

  pair(): void {
    const shown = this.world.openPairing();
    if (!this.world.hardware.powered) throw new PowerWent();
    const paired = this.ask<{ readonly kind: string }>((done) => this.controller.pair(shown, done));
    if (paired.kind !== "ok") throw new Error(`not paired: ${paired.kind}`);
  }

  /** A command that changes the rate in force to `toRate` when it is obeyed. */
  #rateCommand(toRate: number, start: (done: (result: { readonly kind: string }) => void) => void): string {
    const { clock } = this.world;
    const least = this.#mayStop ? 0 : this.#basalRate;
    const most = this.#mayRun ? this.#basalRate : 0;
    this.model.rate(clock.nowMs, Math.min(least, toRate), Math.max(most, toRate));
    const { kind } = this.ask(start);
    if (kind === "ok") this.model.rate(clock.nowMs, toRate);
    return kind;
  }

  run(): string {
    const kind = this.#rateCommand(this.#basalRate, (done) => {
      this.#mayRun = true;
      this.controller.run(
        () => true,
        (result) => done(this.#told(result)),
      );
    });
    if (kind === "ok") this.#mayStop = false;
    return kind;
  }

  stop(): void {
    const kind = this.#rateCommand(0, (done) => {
      this.#mayStop = true;
      this.controller.stop(done);
    });
    if (kind !== "ok") throw new Error(`Stop ended as ${kind}`);
    this.#mayRun = false;
  }

  setTbr(rateMicrounitsPerHour: number, durationMinutes: number): void {
    const order = { rateMicrounitsPerHour, durationMinutes, change: false };
    const kind = this.#rateCommand(rateMicrounitsPerHour, (done) =>
      this.controller.setTbr(order, (result) => done(this.#told(result))),
    );
    if (kind !== "ok") throw new Error(`Set TBR ended as ${kind}`);
  }

  /** Lets a temporary rate run out `leftMs` from now, give or take a second. */
  tbrOver(leftMs: number): void {
    const { clock } = this.world;
    const { tbr } = this.read<ActiveBasal>((done) => this.controller.activeBasal(done));
    if (!tbr) throw new Error("no temporary rate");
    this.advance(leftMs - 1_000);
    const rates = [this.#basalRate, tbr.rateMicrounitsPerHour];
    this.model.rate(clock.nowMs, Math.min(...rates), Math.max(...rates));
    this.advance(2_000);
    const after = this.read<ActiveBasal>((done) => this.controller.activeBasal(done));
    if (after.tbr) this.model.violations.push("a temporary rate did not run out");
    this.model.rate(clock.nowMs, this.#basalRate);
  }

  /** Orders a bolus and waits until it is accepted; its bolus ID. Undefined when it was refused. */
  bolus(amountMicrounits: number): number | undefined {
    const dose = this.model.ordered(amountMicrounits);
    type Bolus = { readonly doseId: DoseId; readonly bolusId: number };
    const result = this.ask<CommandResult<Bolus>>((done) =>
      this.controller.bolus(amountMicrounits, {}, (answer) => {
        if (answer.kind !== "ok" && answer.kind !== "lost") this.model.void(dose);
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
    if (signed?.dose) this.model.said(signed.dose, outcome, this.#reboots > signed.reboots);
    return outcome.kind !== "delivering";
  }

  cancel(bolusId: number): void {
    const { kind } = this.ask<Result<number>>((done) => this.controller.cancelBolus(bolusId, done));
    if (kind !== "ok" && kind !== "refused") throw new Error(`Cancel Bolus ended as ${kind}`);
  }

  /** Waits until the phone has noticed that the pump is gone, and starts its controller again. */
  restartController(): void {
    this.world.clock.runUntil(() => this.controller.state.kind === "closed", SETTLE_MS);
    if (this.controller.state.kind !== "closed")
      throw new Error(`the controller is still ${this.controller.state.kind}`);
    this.controller = this.world.controller(this.#phone);
  }

  /** Puts the phone away and takes the kept one (0) or another (1), which has no bond at first. */
  takePhone(which: 0 | 1): void {
    this.controller.close();
    this.#phone = this.#phones[which];
    this.restartController();
  }

  /** After a cut: power, and a session by the bond that the phone has, or else by a pairing of its own. */
  recoverPairing(): void {
    this.world.clock.advance(50);
    this.powerUp();
    this.restartController();
    const opened = this.ask<{ readonly kind: string }>((done) => this.controller.open(done));
    if (opened.kind === "ok") return;
    this.restartController();
    this.pair();
  }

  /** After a cut: power, a session, and what the pump says of the time before. */
  recover(): void {
    this.world.clock.advance(50);
    this.powerUp();
    this.restartController();
    this.open();
    this.settle();
  }

  /** After a cut that lost therapy state: the pump must be in Stop, say why, and go on by a countersigned Run alone. */
  recoverStopped(): void {
    const fail = (what: string) => this.model.violations.push(what);
    this.#mayRun = false;
    this.#mayStop = true;
    this.recover();
    if (!this.annunciations().includes(SYSTEM_ISSUE)) fail("the loss is not annunciated");
    if (!historyOf(this.#flash()).some(({ event }) => event === DATA_CORRUPTION))
      fail("the loss is not in the history");
    this.world.holdButton(1);
    const status = this.read<Status>((done) => this.controller.status(done));
    if (status.therapyControlState !== "stop") fail("the button went on after a loss");
    if (this.run() !== "ok") fail("Run was not accepted");
  }

  /** After a cut that lost the identity: the old controller must find a stranger, and a new one a new pump. */
  recoverStranger(): void {
    this.world.clock.advance(50);
    this.powerUp();
    this.restartController();
    type Opened = { readonly kind: string; readonly reason?: string };
    const opened = this.ask<Opened>((done) => this.controller.open(done));
    if (opened.reason !== "unknownPump")
      this.model.violations.push(`the old controller: ${opened.kind} ${opened.reason ?? ""}`);
    for (const { dose } of this.#signed.values()) if (dose) this.model.untold(dose);
    this.#signed.clear();
    this.takePhone(1);
    this.pair();
    this.settle();
  }

  /** Types of all pending annunciations; confirms them on the pump. */
  annunciations(): readonly number[] {
    const types: number[] = [];
    for (;;) {
      type Oldest = { readonly annunciation: Annunciation | undefined };
      const { annunciation } = this.read<Oldest>((done) => this.controller.annunciation(done));
      if (!annunciation) return types;
      types.push(annunciation.type);
      this.world.tapButton(1);
    }
  }

  /** Time in which the phone is away. */
  passHours(hours: number): void {
    this.controller.close();
    this.restartController();
    this.advance(hours * 3_600_000);
    this.open();
  }

  /** Whole keys of the storage are gone. */
  remove(...keys: readonly string[]): void {
    const { keyValue } = this.world.hardware;
    keyValue.restore(Object.fromEntries(Object.entries(keyValue.snapshot()).filter(([key]) => !keys.includes(key))));
  }

  /** Resolves what is pending and judges. */
  settle(): void {
    while (this.controller.pending() !== undefined) if (!this.resolve()) throw new Error("still delivering");
    this.#readState();
    this.judge();
  }

  #readState(): void {
    const { clock, hardware } = this.world;
    const status = this.read<Status>((done) => this.controller.status(done));
    const runs = status.therapyControlState === "run";
    const fail = (what: string) => this.model.violations.push(what);
    if (runs ? !this.#mayRun : !this.#mayStop) fail(`the state is ${status.therapyControlState}`);
    if (status.operationalState !== "ready") fail("the pump is out of service");
    const left = hardware.plant.reservoirMicrounits;
    if ((status.reservoirMicrounits ?? Infinity) > left + HALF_STEP_MICROUNITS)
      fail(`the reservoir says ${status.reservoirMicrounits} and holds ${Math.round(left)}`);
    this.#mayRun = runs;
    this.#mayStop = !runs;
    this.model.rate(clock.nowMs, runs ? this.#basalRate : 0);
    if (!runs) return;
    const basal = this.read<ActiveBasal>((done) => this.controller.activeBasal(done));
    if (basal.tbr) fail("a temporary rate outlived the reboot");
    if (basal.programmedMicrounitsPerHour !== this.#basalRate) fail(`basal ${basal.programmedMicrounitsPerHour}`);
  }

  judge(): void {
    const { clock, hardware } = this.world;
    const counted = this.read<DeliveredInsulin>((done) => this.controller.deliveredInsulin(done));
    const { displacedMicrounits } = hardware.plant;
    this.model.judge(clock.nowMs, displacedMicrounits, counted.bolusMicrounits + counted.basalMicrounits);
  }

  /** A small bolus, if the state permits it or can be made to, is whole and exact; then all invariants of the trial. */
  finish(): void {
    if (this.#mayStop && this.run() !== "ok") this.model.violations.push("Run was not accepted");
    this.smallBolus();
    this.world.hardware.cut();
    this.audit();
  }

  smallBolus(): void {
    const { plant } = this.world.hardware;
    const before = plant.displacedMicrounits;
    const slack = HALF_STEP_MICROUNITS + this.model.jumpMicrounits;
    if (this.bolus(SMALL_BOLUS_MICROUNITS) === undefined) {
      this.model.violations.push("a small bolus was refused");
      return;
    }
    for (let i = 0; !this.resolve() && i < 10; i++) this.advance(1_000);
    if (this.controller.pending()) this.model.violations.push("a small bolus did not end");
    const moved = plant.displacedMicrounits - before;
    const basal = this.#basalRate > 0 && this.#mayRun ? 50_000 : 0;
    if (moved < SMALL_BOLUS_MICROUNITS - slack || moved > SMALL_BOLUS_MICROUNITS + slack + basal)
      this.model.violations.push(`a small bolus displaced ${Math.round(moved)}`);
    this.judge();
  }

  /** What must hold of the whole life. */
  audit(): void {
    const { hardware } = this.world;
    const fail = (what: string) => this.model.violations.push(what);
    for (const crash of hardware.crashes) fail(`crash: ${crash}`);
    for (const { line } of hardware.trace) if (line.startsWith("fault")) fail(line);
    if (hardware.plant.minPulseGapMs < 2_000) fail(`pulses ${hardware.plant.minPulseGapMs} ms apart`);
    const history = historyOf(this.#flash());
    for (const [i, { sequence }] of history.entries()) {
      const previous = history[i - 1]?.sequence;
      if (previous === undefined || sequence === previous + 1) continue;
      if (sequence <= previous || this.model.stateLost === undefined) fail(`history ${sequence} follows ${previous}`);
    }
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

  /** The first indication of a connection is m1: after the fragment's header version, flags and pumpId, then the nonce. */
  #sawIndication(connectionId: number, value: Uint8Array): void {
    if (this.#m1Seen.has(connectionId)) return;
    this.#m1Seen.add(connectionId);
    const nonce = value.subarray(11, 27).join(" ");
    if (this.#nonces.has(nonce)) this.model.violations.push(`nonce ${nonce} again`);
    this.#nonces.add(nonce);
  }

  #flash(): Uint8Array {
    return new Uint8Array(this.world.hardware.flash.open(MAINS).read(FLASH_BYTES, 0));
  }
}
