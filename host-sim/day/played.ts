/** What is told of each entry of a day that was played, and of its end. */

import type { DoseId, Outcome } from "../controller/control.js";
import type { Status } from "../controller/idsAnswers.js";
import type { DayEntry } from "./day.js";
import type { RadioUse, Totals } from "./operator.js";
import type { RecordedDose } from "./recording.js";

/** How an entry ended. */
export type PlayedOutcome =
  /** The pump's last word on a dose; low = high unless it is uncertain. */
  | {
      readonly kind: "delivered" | "stopped" | "uncertain";
      readonly lowMicrounits: number;
      readonly highMicrounits: number;
    }
  | { readonly kind: "applied" }
  /** Refused by the pump, with a response code of PROTOCOL.md section 6. */
  | { readonly kind: "refused"; readonly code: number }
  /** The controller got no further, for the reason that `why` gives in words. */
  | { readonly kind: "failed"; readonly why: string };

/** One entry, carried out. */
export interface PlayedEntry {
  readonly entry: DayEntry;
  /** When it was sent, since the day began: later than it asked for by the connecting, or by a bolus in its way. */
  readonly atMs: number;
  /** Undefined for a suspend, which needs none, and where the pump gave none or the controller kept none. */
  readonly doseId: DoseId | undefined;
  readonly outcome: PlayedOutcome;
  /** What the entry's own messages cost, asking after its outcome and ticks meanwhile included; no handshake. */
  readonly radio: RadioUse;
  /** Of a bolus that was accepted: what the plant displaced from its order to its end, and how much of it as basal. */
  readonly received: { readonly displacedMicrounits: number; readonly basalMicrounits: number } | undefined;
}

/** How the day ended: the pump's last words, undefined what it did not answer. */
export interface DayEnd {
  readonly totals: Totals | undefined;
  readonly status: Status | undefined;
  /** The last bolus that was accepted at once; undefined when none was. */
  readonly lastBolus: RecordedDose | undefined;
}

/** How an entry ended whose outcome the pump has given. Throws for `delivering`, which is no end. */
export function endOf({ kind, code, lowMicrounits, highMicrounits }: Outcome): PlayedOutcome {
  switch (kind) {
    case "delivered":
    case "stopped":
    case "uncertain":
      return { kind, lowMicrounits, highMicrounits };
    case "applied":
      return { kind };
    case "refused":
      return { kind, code };
    case "never":
      return { kind: "failed", why: "The order did not reach the pump: nothing was delivered." };
    case "forgotten":
      return { kind: "failed", why: "The pump no longer knows what became of it: see its history." };
    case "delivering":
      throw new Error("invariant: delivering is no end");
    default:
      return kind satisfies never;
  }
}
