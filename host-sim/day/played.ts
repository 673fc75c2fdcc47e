/** What is told of each entry of a day that was played, and of its end. */

import type { Accepted, CommandResult } from "../controller/commands.js";
import type { DoseId, Outcome } from "../controller/control.js";
import type { Status, TotalDailyInsulin } from "../controller/idsAnswers.js";
import type { HistoryRecord } from "../controller/recordAccess.js";
import type { DayEntry } from "./day.js";
import type { RadioUse, Totals } from "./operator.js";
import type { PlantReading } from "./plantReading.js";
import type { RecordedDose } from "./recording.js";

/** Insulin of which the exact amount may not be known. */
export interface Interval {
  readonly lowMicrounits: number;
  readonly highMicrounits: number;
}

/** How an entry ended. */
export type PlayedOutcome =
  /** The pump's last word on a dose; low = high unless it is uncertain. */
  | ({ readonly kind: "delivered" | "stopped" | "uncertain" } & Interval)
  | { readonly kind: "applied" }
  /** Refused by the pump, with a response code of PROTOCOL.md section 6. */
  | { readonly kind: "refused"; readonly code: number }
  /** The controller, or the hands, got no further, for the reason that `why` gives in words. */
  | { readonly kind: "failed"; readonly why: string };

/** What moved while a reservoir was changed. It got as far as `outcome` says. */
export interface ReservoirChange {
  /** Net half-steps of the coils on the way back to the stop, and up to the plunger: no insulin is meant by them. */
  readonly backHalfSteps: number;
  readonly upHalfSteps: number;
  /** What the plant displaced on both ways: what the touch of the plunger pushed. */
  readonly pushedMicrounits: number;
  /** Whether the pump found the new reservoir. */
  readonly attached: boolean;
  /** What was primed, by the pump's last word; undefined when no priming was accepted. */
  readonly primed: Interval | undefined;
  /** When Run was committed, since the day began; undefined when the pump was left in Stop. */
  readonly ranAtMs: number | undefined;
}

/** One entry, carried out. */
export interface PlayedEntry {
  readonly entry: DayEntry;
  /** When it was sent, since the day began: later than it asked for by the connecting, or by what was in its way. */
  readonly atMs: number;
  /**
   * Of a profile its activation's, of a change its priming's. Undefined for a suspend, which needs none, and where the
   * pump gave none or the controller kept none.
   */
  readonly doseId: DoseId | undefined;
  readonly outcome: PlayedOutcome;
  /** What the entry's own messages cost, asking after its outcome and ticks meanwhile included; no handshake but a change's. */
  readonly radio: RadioUse;
  /** Of a bolus that was accepted: what the plant displaced from its order to its end, and how much of it as basal. */
  readonly received: { readonly displacedMicrounits: number; readonly basalMicrounits: number } | undefined;
  /** Of a change of the reservoir that the pump was stopped for. */
  readonly change: ReservoirChange | undefined;
}

/** How the day ended: the pump's last words, undefined what it did not answer, and the plant at the same moment. */
export interface DayEnd {
  /** The world's clock when the day began, and the time since. */
  readonly beganAtMs: number;
  readonly atMs: number;
  readonly totals: Totals | undefined;
  readonly today: TotalDailyInsulin | undefined;
  readonly status: Status | undefined;
  /** All that the pump recorded, in order; undefined when it could not be read, or not whole. */
  readonly history: readonly HistoryRecord[] | undefined;
  readonly plant: PlantReading;
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

/** How a command ended that the pump has not taken. */
export function notTaken(result: Exclude<CommandResult<Accepted>, { readonly kind: "ok" | "lost" }>): PlayedOutcome {
  switch (result.kind) {
    case "refused":
      return { kind: "refused", code: result.code };
    case "notSigned":
      return { kind: "failed", why: "The pump read the order as something else: not signed." };
    case "blocked":
      return { kind: "failed", why: "The end of an earlier dose is not known." };
    case "notSent":
      return { kind: "failed", why: `It was not sent: ${result.reason}.` };
    default:
      return result satisfies never;
  }
}
