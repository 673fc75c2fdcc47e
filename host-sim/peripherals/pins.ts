/** Which pins of a board are in use, and the peripherals that use them. */

import type { Power } from "./power.js";

/** ESP32: opening a pin that is in use throws. */
export class PinRegistry {
  readonly #used = new Set<number>();

  /** Takes all of `pins` or, when one of them is in use already, none, and throws. */
  claim(...pins: readonly number[]): void {
    for (const [i, pin] of pins.entries())
      if (this.#used.has(pin) || pins.indexOf(pin) !== i) throw new Error(`pin ${pin}: in use`);
    for (const pin of pins) this.#used.add(pin);
  }

  free(...pins: readonly number[]): void {
    for (const pin of pins) this.#used.delete(pin);
  }
}

/** Power and pins of one session of the board. */
export interface PoweredPins extends Power {
  readonly pins: PinRegistry;
}

/** A peripheral: has its pins to itself from its making until it is closed. Closing it again does nothing. */
export class PinUser {
  readonly #board: PoweredPins;
  readonly #pins: readonly number[];
  #open = true;

  /** Throws without power, and when a pin is in use. */
  constructor(board: PoweredPins, ...pins: readonly number[]) {
    board.check();
    board.pins.claim(...pins);
    this.#board = board;
    this.#pins = pins;
  }

  close(): void {
    this.#board.check();
    if (!this.#open) return;
    this.release();
    this.#open = false;
    this.#board.pins.free(...this.#pins);
  }

  protected get isOpen(): boolean {
    return this.#open;
  }

  /** Throws without power, and once it is closed. */
  protected checkOpen(): void {
    this.#board.check();
    if (!this.#open) throw new Error("closed");
  }

  /** What closing does before the pins are free. */
  protected release(): void {}
}
