/** The operations of a board's whole life, numbered across its power cuts, and the one among them that loses power. */

import type { CutPhase, OperationKind } from "./power.js";

/** A point to lose power at: within operation number `operation`, counted from 1 over the life of the hardware. */
export interface CutPoint {
  readonly operation: number;
  readonly phase: CutPhase;
}

export class Operations {
  readonly #counts = { kvWrite: 0, kvDelete: 0, flashWrite: 0, flashErase: 0, halfStep: 0 };
  #total = 0;
  #cutPoint: CutPoint | undefined;

  get total(): number {
    return this.#total;
  }

  /** A snapshot of how many of each kind there were. */
  get counts(): { readonly [Kind in OperationKind]: number } {
    return { ...this.#counts };
  }

  /** Where to lose power: one point at a time, and `undefined` takes it back. Throws for an operation that is past. */
  cutAt(point: CutPoint | undefined): void {
    if (point && point.operation <= this.#total) throw new RangeError(`operation ${point.operation} is past`);
    this.#cutPoint = point;
  }

  /** Numbers an operation about to happen. Says when within it the power goes, if it does. */
  next(kind: OperationKind): CutPhase | undefined {
    this.#total += 1;
    this.#counts[kind] += 1;
    if (this.#cutPoint?.operation !== this.#total) return undefined;
    const { phase } = this.#cutPoint;
    this.#cutPoint = undefined;
    return phase;
  }
}
