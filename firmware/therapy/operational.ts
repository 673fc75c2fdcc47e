/** The operational state of the Insulin Delivery Service 1.0: what the drive is about, as far as a controller needs to know. */

import { OperationalState } from "../ids/values.js";
import { activePriming } from "./ledger.js";
import type { Therapy } from "./therapy.js";

/**
 * Off with a fault latched; Preparing while the drive moves and no insulin with it; Priming; Waiting for somebody at the
 * pump, to confirm a priming or to go on with a change of the reservoir; else Ready, in Stop too.
 */
export function operationalState({ fault, standing, offer }: Therapy): OperationalState {
  if (fault) return OperationalState.Off;
  if (activePriming(standing.ledger)) return offer ? OperationalState.Waiting : OperationalState.Priming;
  switch (standing.reservoir.state) {
    case "attached":
      return OperationalState.Ready;
    case "rewinding":
    case "seeking":
      return OperationalState.Preparing;
    case "open":
    case "adrift":
      return OperationalState.Waiting;
    default:
      return standing.reservoir.state satisfies never;
  }
}

/** Whether insulin may be delivered to somebody. */
export function isReady(therapy: Therapy): boolean {
  return operationalState(therapy) === OperationalState.Ready;
}
