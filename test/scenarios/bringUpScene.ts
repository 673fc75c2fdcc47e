/** A pump on a bench: its console as a person has it, its plant as a balance would see it. */

import assert from "node:assert/strict";
import type { Board } from "../../firmware/board.js";
import { startPump } from "../../firmware/pump.js";
import type { Controller } from "../../host-sim/controller/controller.js";
import { type MemoryStore, World, type WorldOptions } from "../../host-sim/world.js";

type Ended = { readonly kind: string };

/** A turning takes 2 s a pulse of 39 half-steps; 4,076 are a turn. */
const MS_PER_TURN = 211_000;
/** As long as a supply takes after the firmware's restart. */
const RESTART_MS = 1_000;
/** Milligrams of water in a microunit of U-100's volume: 10 nl a thousandth of a unit, 0.998 g/ml. */
const MG_PER_MICROUNIT = 0.998 / 100_000;

export interface BenchOptions extends Partial<WorldOptions> {
  /** What the firmware finds in place of the board. */
  readonly change?: (board: Board) => Board;
}

export class BenchScene {
  readonly world: World;
  /** All that the pump has printed. */
  output = "";
  #heard = 0;

  /** Switched on, and booted. */
  constructor({ change = (board) => board, ...options }: BenchOptions = {}) {
    this.world = new World({ seed: 90, firmware: (board) => startPump(change(board)), ...options });
    const { hardware, clock } = this.world;
    hardware.serial.onOutput = (text) => {
      this.output += text;
    };
    hardware.onRestart = () => clock.schedule(() => this.world.powerUp(), RESTART_MS);
    this.world.powerUp();
    clock.advance(1_000);
  }

  get plant() {
    return this.world.hardware.plant;
  }

  /** What the pump has printed since this was asked last. */
  heard(): readonly string[] {
    const { output } = this;
    const lines = output.slice(this.#heard).split("\r\n");
    this.#heard = output.length;
    return lines.filter((line) => line !== "");
  }

  /** Types a line, and gives what is printed within `waitMs`, the line's echo included. */
  say(line: string, waitMs = 500): readonly string[] {
    this.heard();
    this.world.hardware.serial.type(`${line}\n`);
    this.world.clock.advance(waitMs);
    return this.heard();
  }

  /** Turns the screw to the end, and gives what is printed. */
  turn(turns: number): readonly string[] {
    return this.say(`turn ${turns}`, Math.ceil(turns * MS_PER_TURN) + 5_000);
  }

  /** Turns into a vessel and weighs it, to 0.1 mg. */
  weigh(turns: number): string {
    const before = this.plant.deliveredMicrounits;
    assert.match(this.turn(turns).join("\n"), /^Done\./m);
    return ((this.plant.deliveredMicrounits - before) * MG_PER_MICROUNIT).toFixed(1);
  }

  restart(): readonly string[] {
    return this.say("restart", 3_000);
  }

  /** The value of a line of `status`. */
  status(name: string): string {
    const found = this.say("status").find((line) => line.startsWith(`${name}:`));
    return found?.slice(name.length + 1).trim() ?? "";
  }

  /** A controller bonded as people do it, by the text that the console prints; its session is open. */
  pair(store?: MemoryStore): Controller {
    this.heard();
    this.world.tapButton(3);
    const lines = this.heard();
    const text = lines[lines.indexOf("Pair") + 1] ?? "";
    assert.match(text, /^[A-Z2-7]{42}$/);
    const controller = store ? this.world.controller(store) : this.world.controller();
    this.ask((done) => controller.pair(text, done));
    return controller;
  }

  run(controller: Controller): void {
    this.ask((done) => controller.run(() => true, done));
  }

  /** Delivers a bolus and gives what left the syringe by it, with no basal beside it. */
  bolus(controller: Controller, amountMicrounits: number): number {
    const before = this.plant.displacedMicrounits;
    this.ask((done) => controller.bolus(amountMicrounits, {}, done));
    this.world.clock.advance((amountMicrounits / 50_000) * 2_000 + 5_000);
    this.ask((done) => controller.resolve(done));
    return this.plant.displacedMicrounits - before;
  }

  ask(start: (done: (ended: Ended) => void) => void): void {
    const ended = this.world.await(start);
    assert.equal(ended?.kind, "ok", JSON.stringify(ended));
  }

  assertSound(): void {
    assert.deepEqual(this.world.hardware.crashes, []);
    assert.notEqual(this.world.hardware.display[0], "FAULT");
  }
}
