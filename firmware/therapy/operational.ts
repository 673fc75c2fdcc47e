/** The operational state of the Insulin Delivery Service 1.0: what the drive is about, as far as a controller needs to know. */

import { OperationalState } from "../ids/values.js";
import { activePriming, isConfirmed } from "./ledger.js";
import type { Therapy } from "./therapy.js";

/**
 * Off with a fault latched; Preparing while the drive moves and no insulin with it; Priming; Waiting for somebody at the
 * pump, to confirm a priming or to go on with a change of the reservoir; else Ready, in Stop too.
 */
export function operationalState({ fault, standing }: Pick<Therapy, "fault" | "standing">): OperationalState {
  if (fault) return OperationalState.Off;
  const priming = activePriming(standing.ledger);
  if (priming) return isConfirmed(priming) ? OperationalState.Priming : OperationalState.Waiting;
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

/** Whether somebody at the pump is asked, or has let its drive move: the display is theirs. */
export function isAttended({ leg, offer, standing }: Therapy): boolean {
  return leg !== undefined || offer !== undefined || activePriming(standing.ledger) !== undefined;
}

/** Whether insulin may be delivered to somebody: nobody is asked to let the drive move, either. */
export function isReady(therapy: Therapy): boolean {
  return operationalState(therapy) === OperationalState.Ready && !therapy.offer;
}
