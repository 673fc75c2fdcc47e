/** What is asked of the pump, as those who watch it take it. */

import type { Block, Tbr } from "./program.js";

/** What an order in flight will mean once the pump says that it has obeyed it. */
export type Order =
  | { readonly kind: "setTbr"; readonly tbr: Tbr }
  | { readonly kind: "cancelTbr" | "run" | "stop" | "cancelBolus" }
  | { readonly kind: "setBolus"; readonly dose: Dose }
  | { readonly kind: "setTime"; readonly localMs: number }
  | { readonly kind: "writeProfile"; readonly template: number; readonly blocks: readonly Block[] }
  | { readonly kind: "activateProfile"; readonly template: number };

/** A bolus as the plant received it. */
export interface Dose {
  readonly amountMicrounits: number;
  pulses: number;
  /** Rows of them with no basal pulse in between. */
  runs: number;
  displacedMicrounits: number;
  /** Whether pulses of it may come. */
  active: boolean;
}
