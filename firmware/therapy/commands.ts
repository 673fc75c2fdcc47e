/**
 * What can be asked of the therapy, once as asked (`Command`) and once fully resolved (`Meaning`): every amount and
 * rate spelled out, nothing left to look up. A countersignature covers the meaning.
 */

import type { Microunits, MicrounitsPerHour } from "../base/units.js";
import type { Annunciation } from "./annunciations.js";

export type Command =
  | { readonly kind: "setBolus"; readonly flags: number; readonly amountMicrounits: Microunits }
  | { readonly kind: "cancelBolus"; readonly bolusId: number }
  | {
      readonly kind: "setTbr";
      readonly change: boolean;
      readonly rateMicrounitsPerHour: MicrounitsPerHour;
      readonly durationMinutes: number;
    }
  | { readonly kind: "cancelTbr" }
  | { readonly kind: "run" }
  | { readonly kind: "stop" }
  | { readonly kind: "snoozeAnnunciation" | "confirmAnnunciation"; readonly instance: number };

export type Meaning =
  | Extract<Command, { readonly kind: "setBolus" | "cancelBolus" | "setTbr" | "stop" }>
  | { readonly kind: "snoozeAnnunciation" | "confirmAnnunciation"; readonly annunciation: Annunciation }
  /** The rate that takes over. */
  | { readonly kind: "cancelTbr"; readonly rateMicrounitsPerHour: MicrounitsPerHour }
  /** The rate that begins. */
  | { readonly kind: "run"; readonly rateMicrounitsPerHour: MicrounitsPerHour };

/** What a countersigned command is remembered by: epoch, then sequence. Unique and ordered for one pumpId. */
export interface DoseId {
  readonly epoch: number;
  readonly sequence: number;
}

export function sameDose(a: DoseId, b: DoseId): boolean {
  return a.epoch === b.epoch && a.sequence === b.sequence;
}

/** Whether `a` was issued before `b`, or is `b`. */
export function notAfter(a: DoseId, b: DoseId): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.sequence <= b.sequence);
}
