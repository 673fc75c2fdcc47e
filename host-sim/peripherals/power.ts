/** Power as the peripherals see it: it can go at any numbered operation, and nothing works afterwards. Owns nothing. */

/** Thrown out of every use of a peripheral whose board has lost power, the use that lost it included. */
export class PowerCut extends Error {
  constructor() {
    super("the board has no power");
    this.name = "PowerCut";
  }
}

/** The operations that leave a trace beyond a power cut. `halfStep` is any write that changes the level of a coil. */
export type OperationKind = "kvWrite" | "kvDelete" | "flashWrite" | "flashErase" | "halfStep";

/** When within an operation the power goes: nothing of it, some of it, or all of it takes effect. */
export type CutPhase = "before" | "during" | "after";

/** The power of one session, from switching on to the cut. */
export interface Power {
  /** Throws PowerCut once the power is gone. */
  check(): void;
  /**
   * Counts one operation and performs it, or loses power at it.
   *
   * @param whole its whole effect.
   * @param torn what is left of it when the power goes in the middle.
   */
  operate(kind: OperationKind, whole: () => void, torn: () => void): void;
}
