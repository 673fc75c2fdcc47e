/**
 * The four coils of a unipolar stepper behind a ULN2003 (active high). Owns the four pins and the half-step sequence;
 * knows nothing of time or insulin.
 */

import type { Board, DigitalPin } from "../board.js";

/**
 * Half-stepping, one row a phase, one column a pin (IN1 to IN4). One coil alternates with two neighbours; successive
 * phases, the last and the first included, differ in one pin. Rising phases move the plunger forwards.
 */
const SEQUENCE: readonly (readonly [0 | 1, 0 | 1, 0 | 1, 0 | 1])[] = [
  [1, 0, 0, 0],
  [1, 1, 0, 0],
  [0, 1, 0, 0],
  [0, 1, 1, 0],
  [0, 0, 1, 0],
  [0, 0, 1, 1],
  [0, 0, 0, 1],
  [1, 0, 0, 1],
];

/** Phases of one electrical cycle. */
export const PHASES = 8;

export class Coils {
  readonly #pins: readonly DigitalPin[];

  /** Opens the pins, writing each off before the next is opened. */
  constructor(board: Board) {
    this.#pins = board.pins.coils.map((number) => {
      const pin = new board.Digital({ pin: number, mode: board.Digital.Output });
      pin.write(0);
      return pin;
    });
  }

  /** Energises the coils of a phase, 0 to 7. Throws an invariant for any other number. */
  energise(phase: number): void {
    const row = SEQUENCE[phase];
    if (!row) throw new Error(`invariant: ${phase} is no coil phase`);
    this.#pins.forEach((pin, i) => {
      pin.write(row[i] ?? 0);
    });
  }

  off(): void {
    for (const pin of this.#pins) pin.write(0);
  }
}
