/** What is asked of the pump, as those who watch it take it. */

import type { Block, Tbr } from "./program.js";

/** What an order in flight will mean once the pump says that it has obeyed it. */
export type Order =
  | { readonly kind: "setTbr"; readonly tbr: Tbr }
  | { readonly kind: "cancelTbr" | "run" | "stop" | "cancelBolus" | "setReservoirFill" }
  | { readonly kind: "setBolus" | "startPriming"; readonly dose: Dose }
  | { readonly kind: "setTime"; readonly localMs: number }
  | { readonly kind: "writeProfile"; readonly template: number; readonly blocks: readonly Block[] }
  | { readonly kind: "activateProfile"; readonly template: number };

/** A bolus or a priming as the plant made it. */
export interface Dose {
  readonly kind: "bolus" | "priming";
  readonly amountMicrounits: number;
  pulses: number;
  /** Rows of them with no basal pulse in between. */
  runs: number;
  displacedMicrounits: number;
  /** Whether pulses of it may come. */
  active: boolean;
  /** The motor's first pulse since a boot is of it: what the coils jump by is its. */
  hasJump: boolean;
}

/** One that nothing has moved of yet. */
export const newDose = (kind: Dose["kind"], amountMicrounits: number): Dose => ({
  kind,
  amountMicrounits,
  pulses: 0,
  runs: 0,
  displacedMicrounits: 0,
  active: false,
  hasJump: false,
});
