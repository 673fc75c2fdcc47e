/** What the pump's history, as its controller fetched it, tells of its states, reservoirs, primings and days. */

import { EVENT, readEvent } from "../../../host-sim/controller/events.js";
import type { HistoryRecord } from "../../../host-sim/controller/recordAccess.js";
import { localMsOf } from "./recordedTime.js";

/** Codes of the operational state (PROTOCOL.md 6.7) and of the therapy control state, as the standard has them. */
export const OPERATIONAL = { preparing: 0x55, priming: 0x5a, ready: 0x96 } as const;
const CONTROL = { stop: 0x33, run: 0x55 } as const;

/** A change of the therapy control state, by the pump's local time. */
export interface Turn {
  readonly running: boolean;
  readonly localMs: number;
}

export interface RecordedPriming {
  readonly programmedMicrounits: number;
  primedMicrounits: number | undefined;
  endReason: number | undefined;
}

export interface StateHistory {
  readonly wrong: readonly string[];
  readonly turns: readonly Turn[];
  /** What each reservoir held when it was put in. */
  readonly reservoirsMicrounits: readonly number[];
  readonly primings: readonly RecordedPriming[];
  readonly days: readonly { readonly bolusMicrounits: number; readonly basalMicrounits: number }[];
  /** Operational states entered, in their order; what the pump began with is Ready. */
  readonly entered: readonly number[];
}

/** Reads the records of a history that begins with the pump's first one. */
export function stateHistoryOf(records: readonly HistoryRecord[]): StateHistory {
  const wrong: string[] = [];
  const turns: Turn[] = [];
  const reservoirsMicrounits: number[] = [];
  const primings: RecordedPriming[] = [];
  const days: { readonly bolusMicrounits: number; readonly basalMicrounits: number }[] = [];
  const entered: number[] = [];
  let referenceMs = Number.NaN;
  for (const record of records) {
    const { event, sequence, relativeOffsetS } = record;
    const figures = readEvent(record).figures ?? {};
    const { oldState = -1, newState = -1 } = figures;
    switch (event) {
      case EVENT.referenceTime:
        referenceMs = localMsOf(figures);
        break;
      case EVENT.therapyControlStateChanged: {
        const running = newState === CONTROL.run;
        if (oldState + newState !== CONTROL.stop + CONTROL.run || turns.at(-1)?.running === running)
          wrong.push(`record ${sequence}: from control state ${oldState} to ${newState}`);
        turns.push({ running, localMs: referenceMs + 1_000 * relativeOffsetS });
        break;
      }
      case EVENT.operationalStateChanged:
        if (oldState !== (entered.at(-1) ?? OPERATIONAL.ready) || oldState === newState)
          wrong.push(`record ${sequence}: from operational state ${oldState} to ${newState}`);
        entered.push(newState);
        break;
      case EVENT.reservoirChanged:
        reservoirsMicrounits.push(figures["remainingMicrounits"] ?? Number.NaN);
        break;
      case EVENT.primingStarted: {
        const programmedMicrounits = figures["amountMicrounits"] ?? Number.NaN;
        primings.push({ programmedMicrounits, primedMicrounits: undefined, endReason: undefined });
        break;
      }
      case EVENT.primingDone: {
        const priming = primings.at(-1);
        if (!priming || priming.endReason !== undefined)
          wrong.push(`record ${sequence}: a priming ended that never began`);
        else {
          priming.primedMicrounits = figures["primedMicrounits"];
          priming.endReason = figures["endReason"];
        }
        break;
      }
      case EVENT.totalDailyInsulin: {
        const { bolusMicrounits = Number.NaN, basalMicrounits = Number.NaN } = figures;
        days.push({ bolusMicrounits, basalMicrounits });
        break;
      }
      default:
    }
  }
  return { wrong, turns, reservoirsMicrounits, primings, days, entered };
}
