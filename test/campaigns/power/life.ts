/**
 * One life of a pump and of the phones around it, over power cuts: what outlives a cut can be kept and put into a new
 * world. Notes what goes over the air and must never repeat.
 */

import type { RigConfig } from "../../../firmware/rig.js";
import type { Controller } from "../../../host-sim/controller/controller.js";
import type { Result } from "../../../host-sim/controller/requests.js";
import type { KeyValueSnapshot } from "../../../host-sim/peripherals/keyValue.js";
import type { Power } from "../../../host-sim/peripherals/power.js";
import { MemoryStore, World } from "../../../host-sim/world.js";
import { historyOf, Model } from "./model.js";

/** What outlives a power cut of a pump that never moved, and what its controller and the air have seen. */
export interface Kept {
  readonly rig: RigConfig;
  readonly keyValue: KeyValueSnapshot;
  readonly flash: Uint8Array;
  readonly phone: Uint8Array | undefined;
  readonly nonces: readonly string[];
}

/** Thrown out of a step of a script when the power has gone. */
export class PowerWent extends Error {}

/** How a session that was asked for came about, or did not. */
export interface Opened {
  readonly kind: string;
  readonly reason?: string;
}

/** Of the history partition; no trial writes more. */
const FLASH_BYTES = 8_192;
const MAINS: Power = { check() {}, operate: (_kind, whole) => whole() };
/** 0.7 mm of lead on a bore of 9.65 mm, U-100. */
const PLANT_MICROUNITS_PER_TURN = 5_119_676;
/** Longer than any supervision timeout and any answer awaited. */
const SETTLE_MS = 20_000;

export class Life {
  readonly world: World;
  readonly model: Model;
  readonly rig: RigConfig;
  controller: Controller;
  #phone: MemoryStore;
  readonly #phones = [new MemoryStore(), new MemoryStore()] as const;
  readonly #nonces = new Set<string>();
  readonly #m1Seen = new Set<number>();

  /** Power is off. */
  constructor(kept: Kept | RigConfig, seed: number) {
    const before = "keyValue" in kept ? kept : undefined;
    this.#phone = this.#phones[0];
    this.rig = "keyValue" in kept ? kept.rig : kept;
    this.model = new Model(this.rig.drive.insulinPerTurnMicrounits);
    this.world = new World({
      // Chance goes on where the kept pump's ended, rather than repeating it.
      seed: before ? seed + 1 : seed,
      rig: this.rig,
      observer: ({ what, packet }) => {
        if (what === "sent" && packet.kind === "indication") this.#sawIndication(packet.connectionId, packet.value);
      },
    });
    if (before) {
      this.world.hardware.keyValue.restore(before.keyValue);
      this.world.hardware.flash.open(MAINS).write(before.flash, 0);
      if (before.phone) this.#phone.write(before.phone);
      for (const nonce of before.nonces) this.#nonces.add(nonce);
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
      rig: this.rig,
      keyValue: hardware.keyValue.snapshot(),
      flash: this.#flash(),
      phone: this.#phone.read(),
      nonces: [...this.#nonces],
    };
  }

  /** What the plunger displaced. A cartridge of another bore than the plant's holds more or less to the turn. */
  get displacedMicrounits(): number {
    const { insulinPerTurnMicrounits } = this.rig.drive;
    return (this.world.hardware.plant.displacedMicrounits * insulinPerTurnMicrounits) / PLANT_MICROUNITS_PER_TURN;
  }

  /** The sound records of the history. */
  get history(): ReturnType<typeof historyOf> {
    return historyOf(this.#flash());
  }

  powerUp(): void {
    this.world.powerUp();
    if (!this.world.hardware.powered) throw new PowerWent();
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

  tryOpen(): Opened {
    return this.ask<Opened>((done) => this.controller.open(done));
  }

  open(): void {
    const opened = this.tryOpen();
    if (opened.kind !== "ok") throw new Error(`not opened: ${opened.kind} ${opened.reason ?? ""}`);
  }

  pair(): void {
    const shown = this.world.openPairing();
    if (!this.world.hardware.powered) throw new PowerWent();
    const paired = this.ask<{ readonly kind: string }>((done) => this.controller.pair(shown, done));
    if (paired.kind !== "ok") throw new Error(`not paired: ${paired.kind}`);
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

  /** Time in which the phone is away. */
  phoneAway(durationMs: number): void {
    this.controller.close();
    this.restartController();
    this.advance(durationMs);
    this.open();
  }

  /** Whether the pump's bonds name the controller of this phone. */
  get isBonded(): boolean {
    // After the format's byte the store begins with the controller's ID.
    const controllerId = this.#phone.read()?.subarray(1, 9).join();
    const stored = Object.entries(this.world.hardware.keyValue.snapshot());
    const bonds = stored.filter(([key]) => key.startsWith("bonds.")).map(([, bytes]) => bytes.join());
    return controllerId !== undefined && bonds.some((bytes) => bytes.includes(controllerId));
  }

  /** Flips one bit of what is stored under a key; `pick` says which. */
  rot(key: string, pick: number): void {
    const { keyValue } = this.world.hardware;
    const { length } = keyValue.snapshot()[key] ?? [];
    keyValue.corrupt(key, (pick * 13) % length, 1 << (pick % 8));
  }

  /** Whole keys of the storage are gone. */
  remove(...keys: readonly string[]): void {
    const { keyValue } = this.world.hardware;
    keyValue.restore(Object.fromEntries(Object.entries(keyValue.snapshot()).filter(([key]) => !keys.includes(key))));
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
