/**
 * What the bench asks before anything moves, is stored or restarts, and again before every pulse. A calibration changes
 * what every dose means, and a turned screw is insulin that nobody counts: neither may happen to a pump that anyone
 * relies on. So it must be in Stop and know no controller at all, and no fault may be latched. Pure.
 */

import type { Bonds } from "../session/bonds.js";
import { activePriming } from "../therapy/ledger.js";
import type { Therapy } from "../therapy/therapy.js";

/** Who may rely on this pump, and whether it can be relied on. */
export interface Guarded {
  readonly therapy: Therapy;
  readonly bonds: Bonds;
}

/** Why the pump is not on the bench, and what to do; undefined when it is. */
export function inUseRefusal({ therapy, bonds }: Guarded): string | undefined {
  const { ledger } = therapy.standing;
  if (therapy.leg || therapy.offer || therapy.standing.reservoir.state !== "attached" || activePriming(ledger))
    return "Refused: the reservoir is being changed, or the line primed. Finish that first, or hold the button to halt it.";
  if (therapy.standing.control === "run") return "Refused: the pump is in Run. Hold the button to stop it.";
  if (bonds.confirmed.length > 0 || bonds.unconfirmed)
    return "Refused: a controller is paired. Tap the button seven times and hold it: that revokes all.";
  return undefined;
}

/** The same where the motor moves or something is stored: not with a fault either. */
export function guardRefusal(guarded: Guarded): string | undefined {
  const inUse = inUseRefusal(guarded);
  if (inUse !== undefined || !guarded.therapy.fault) return inUse;
  return "Refused: a fault is latched. See status; then restart the pump.";
}
