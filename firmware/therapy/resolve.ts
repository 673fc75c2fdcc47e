/**
 * What a command would do now: its full meaning, or the refusal. Asked twice, before the challenge and at the commit; a
 * meaning that has changed in between is refused. Pure.
 */

import { Refusal } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import type { UptimeMs } from "../base/units.js";
import type { RigConfig } from "../rig.js";
import { findPending, isSnoozed, mayConfirmByRadio } from "./annunciations.js";
import type { Command, Meaning } from "./commands.js";
import { activeBolus } from "./ledger.js";
import { gate } from "./limits.js";
import { clockAt, delivered, type Therapy, withHoursClosed } from "./therapy.js";

/** A day (Insulin Delivery Service 1.0 sets no bound; pumps offer up to 24 h). */
const TBR_MINUTES_MAX = 1_440;

/**
 * Refusals: NotCompleted while a fault is latched or the reservoir holds too little; NotApplicable in the wrong state,
 * and for an annunciation that is not there or not to be confirmed by radio;
 * MaxBolusNumber beside an active bolus; InvalidOperand for a zero amount and no duration; OutOfRange
 * over a single limit; Plausibility over a window.
 */
export function resolve(given: Therapy, command: Command, now: UptimeMs, rig: RigConfig): Result<Meaning> {
  const therapy = withHoursClosed(given, clockAt(given, now));
  const { standing } = therapy;
  const { limits } = rig;
  if (therapy.fault && command.kind !== "stop" && command.kind !== "cancelBolus") return refuse(Refusal.NotCompleted);
  switch (command.kind) {
    case "stop":
      return ok(command);
    case "cancelBolus":
      return activeBolus(standing.ledger)?.bolusId === command.bolusId ? ok(command) : refuse(Refusal.NotApplicable);
    case "setBolus": {
      const { amountMicrounits } = command;
      if (standing.control !== "run") return refuse(Refusal.NotApplicable);
      if (activeBolus(standing.ledger)) return refuse(Refusal.MaxBolusNumber);
      if (amountMicrounits <= 0) return refuse(Refusal.InvalidOperand);
      if (amountMicrounits > limits.bolusMaxMicrounits) return refuse(Refusal.OutOfRange);
      const passed = gate(limits, delivered(therapy), amountMicrounits);
      return passed.ok ? ok(command) : passed;
    }
    case "setTbr": {
      const { rateMicrounitsPerHour, durationMinutes } = command;
      if (standing.control !== "run" || command.change !== (standing.tbr !== undefined))
        return refuse(Refusal.NotApplicable);
      if (durationMinutes < 1) return refuse(Refusal.InvalidOperand);
      if (rateMicrounitsPerHour > limits.basalMaxMicrounitsPerHour || durationMinutes > TBR_MINUTES_MAX)
        return refuse(Refusal.OutOfRange);
      return ok(command);
    }
    case "cancelTbr":
      if (!standing.tbr) return refuse(Refusal.NotApplicable);
      return ok({ kind: "cancelTbr", rateMicrounitsPerHour: standing.basalMicrounitsPerHour });
    case "run":
      if (standing.control === "run") return refuse(Refusal.NotApplicable);
      return ok({ kind: "run", rateMicrounitsPerHour: standing.basalMicrounitsPerHour });
    case "snoozeAnnunciation": {
      const annunciation = findPending(standing.annunciations, command.instance);
      if (!annunciation || isSnoozed(therapy.snoozes, annunciation)) return refuse(Refusal.NotApplicable);
      return ok({ kind: "snoozeAnnunciation", annunciation });
    }
    case "confirmAnnunciation": {
      const annunciation = findPending(standing.annunciations, command.instance);
      if (!annunciation || !mayConfirmByRadio(annunciation.type)) return refuse(Refusal.NotApplicable);
      return ok({ kind: "confirmAnnunciation", annunciation });
    }
    default:
      return command satisfies never;
  }
}
