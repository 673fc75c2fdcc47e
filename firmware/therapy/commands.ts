/**
 * What can be asked of the therapy, once as asked (`Command`) and once fully resolved (`Meaning`): every amount and
 * rate spelled out, nothing left to look up. A countersignature covers the meaning.
 */

import type { Microunits, MicrounitsPerHour } from "../base/units.js";
import type { TbrContext } from "../ids/values.js";
import type { Annunciation } from "./annunciations.js";
import type { Profile } from "./profiles.js";
import type { TbrAmount } from "./tbr.js";
import type { WallTime } from "./wallTime.js";

export type Command =
  | { readonly kind: "setBolus"; readonly flags: number; readonly amountMicrounits: Microunits }
  | { readonly kind: "cancelBolus"; readonly bolusId: number }
  | {
      readonly kind: "setTbr";
      readonly change: boolean;
      readonly amount: TbrAmount;
      readonly context: TbrContext | undefined;
      readonly durationMinutes: number;
    }
  | { readonly kind: "cancelTbr" }
  | {
      readonly kind: "writeProfile";
      readonly templateNumber: number;
      /** Of the chunk that ends the transaction: names it in the response. */
      readonly firstBlockNumber: number;
      readonly profile: Profile;
    }
  | { readonly kind: "activateProfile"; readonly templateNumber: number }
  | {
      readonly kind: "setTime";
      /** Seconds since 2000-01-01 00:00:00 UTC. */
      readonly baseTimeS: number;
      readonly timeZoneQuarters: number;
      readonly dstOffset: WallTime["dstOffset"];
    }
  | { readonly kind: "startPriming"; readonly amountMicrounits: Microunits }
  /** What the reservoir was filled with. */
  | { readonly kind: "setReservoirFill"; readonly amountMicrounits: Microunits }
  | { readonly kind: "resetReservoirTime" }
  | { readonly kind: "stopPriming" }
  | { readonly kind: "flightMode" }
  | { readonly kind: "run" }
  | { readonly kind: "stop" }
  | { readonly kind: "snoozeAnnunciation" | "confirmAnnunciation"; readonly instance: number };

export type Meaning =
  | Extract<
      Command,
      {
        readonly kind:
          | "setBolus"
          | "cancelBolus"
          | "flightMode"
          | "startPriming"
          | "setReservoirFill"
          | "stopPriming"
          | "resetReservoirTime"
          | "stop";
      }
    >
  /** The rate that begins. */
  | (Extract<Command, { readonly kind: "setTbr" }> & { readonly rateMicrounitsPerHour: MicrounitsPerHour })
  /** The programmed rate from now on, when it is the active one that is written. */
  | (Extract<Command, { readonly kind: "writeProfile" }> & {
      readonly rateMicrounitsPerHour: MicrounitsPerHour | undefined;
    })
  /** The programmed rate from now on. */
  | (Extract<Command, { readonly kind: "activateProfile" | "setTime" }> & {
      readonly rateMicrounitsPerHour: MicrounitsPerHour;
    })
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
