/**
 * The bench made real: takes lines from the console to bring-up's steps, and performs what they decide: a pulse, through
 * the delivery and its journal; a calibration, committed; a restart. Owns the state of bring-up.
 */

import type { UptimeMs } from "./base/units.js";
import type { Board } from "./board.js";
import type { Booted } from "./boot.js";
import { type ForceReading, type Readings, VERSION } from "./bringUp/status.js";
import { type BringUp, type BringUpEffect, type BringUpEvent, bringUpAtBoot, stepBringUp } from "./bringUp/step.js";
import type { Console } from "./console.js";
import type { Delivery } from "./delivery.js";
import { CALIBRATION_BLOB } from "./motor/calibration.js";
import type { Motor, MotorReport } from "./motor/motor.js";
import { measureEntropy } from "./nonce/entropy.js";
import type { Bonds } from "./session/bonds.js";
import { beginBenchPulse, endTurning } from "./therapy/bench.js";

/** Readings of the force sensor for one figure: enough to see one that is not steady. */
const FORCE_READINGS = 16;
const ENTROPY_WINDOWS = 4;
/** For the last lines to leave the port: 256 bytes at 115,200 baud take 22 ms. */
const RESTART_DELAY_MS = 100;

export class Workbench {
  readonly #board: Board;
  readonly #booted: Booted;
  readonly #motor: Motor;
  readonly #delivery: Delivery;
  readonly #terminal: Console;
  readonly #bonds: () => Bonds;
  readonly #now: () => UptimeMs;
  #state: BringUp;
  #restarting = false;

  /** @param bonds those of now. */
  constructor(
    board: Board,
    booted: Booted,
    motor: Motor,
    delivery: Delivery,
    terminal: Console,
    bonds: () => Bonds,
    now: () => UptimeMs,
  ) {
    this.#board = board;
    this.#booted = booted;
    this.#motor = motor;
    this.#delivery = delivery;
    this.#terminal = terminal;
    this.#bonds = bonds;
    this.#now = now;
    this.#state = bringUpAtBoot(booted.calibration);
    terminal.print([`Countersign ${VERSION}. Type help.`]);
  }

  /** When a pulse of the bench may begin; infinity when none waits. */
  wakeAt(): number {
    if (this.#restarting) return Number.POSITIVE_INFINITY;
    if (this.#terminal.lineWaits) return this.#now();
    return this.#state.turning ? this.#delivery.therapy.nextPulseAt : Number.POSITIVE_INFINITY;
  }

  /**
   * Answers a line that waits, one at a time, since some take long and therapy has its turn in between; and begins a pulse
   * that is due. The motor is at rest. Nothing is answered any more once a restart is on its way.
   */
  passTime(): void {
    if (this.#restarting) return;
    const line = this.#terminal.takeLine();
    if (line !== undefined) this.#step({ kind: "line", line });
    this.#step({ kind: "time" });
  }

  /** The motor's report of any pulse, after the therapy has taken it. */
  pulseEnded(report: MotorReport): void {
    if (this.#state.turning) this.#step({ kind: "pulseEnded", report });
  }

  /** The button was held: what turns ends. */
  held(): void {
    this.#step({ kind: "held" });
  }

  #step(event: BringUpEvent): void {
    const { next, lines, effect } = stepBringUp(this.#state, event, this.#readings());
    if (effect?.kind === "store" && !this.#store(effect.calibration)) return;
    this.#state = next;
    this.#terminal.print(lines);
    if (effect) this.#perform(effect);
  }

  /** Commits before anything is said of it. */
  #store(calibration: BringUp["stored"]): boolean {
    const { calibration: blob } = this.#booted.stores;
    try {
      blob.commit(calibration);
      return true;
    } catch {
      this.#delivery.latch({ kind: "storageFailed", blob: CALIBRATION_BLOB.name });
      this.#terminal.print(["Not stored, or stored in part: a restart will tell"]);
      return false;
    }
  }

  #perform(effect: BringUpEffect): void {
    const delivery = this.#delivery;
    switch (effect.kind) {
      case "pulse":
        delivery.adopt(beginBenchPulse(delivery.therapy, effect.halfSteps, this.#now(), this.#booted.rig));
        return;
      case "endTurning":
        delivery.adopt(endTurning(delivery.therapy));
        return;
      case "sample":
        return this.#step({ kind: "sampled", figures: measureEntropy(this.#board.entropy, ENTROPY_WINDOWS) });
      case "restart":
        this.#restarting = true;
        this.#board.schedule(() => this.#board.restart(), RESTART_DELAY_MS);
        return;
      case "store":
        return;
      default:
        effect satisfies never;
    }
  }

  #readings(): Readings {
    const { calibration, rig } = this.#booted;
    return {
      therapy: this.#delivery.therapy,
      bonds: this.#bonds(),
      now: this.#now(),
      nominal: this.#board.rig,
      rig,
      calibration,
      encoderCounts: this.#motor.encoderCounts,
      force: this.#readForce(),
    };
  }

  #readForce(): ForceReading {
    let [sum, least, most] = [0, 1, 0];
    for (let i = 0; i < FORCE_READINGS; i++) {
      const fraction = this.#motor.forceFraction;
      sum += fraction;
      least = Math.min(least, fraction);
      most = Math.max(most, fraction);
    }
    return { mean: sum / FORCE_READINGS, spread: most - least };
  }
}
