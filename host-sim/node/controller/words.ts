/** Orders, outcomes and dose IDs in words. Pure. */

import { formatAmount } from "../../controller/amount.js";
import type { DoseId, Outcome } from "../../controller/control.js";
import { ROLE } from "../../controller/handshake.js";
import { CODE_NAMES } from "../../controller/ids.js";
import type { End, JournalOrder } from "./journal.js";

const DOSE = /^(\d{1,10})-(\d{1,10})$/;
const LARGEST_U32 = 0xffff_ffff;

/** "1-3" is the third dose ID of the pump's first boot. */
export function doseText({ epoch, sequence }: DoseId): string {
  return `${epoch}-${sequence}`;
}

/** Reads a dose ID; undefined when it is none. */
export function parseDose(text: string): DoseId | undefined {
  const [epoch = 0, sequence = 0] = (DOSE.exec(text) ?? []).slice(1).map(Number);
  const fits = (part: number) => part >= 1 && part <= LARGEST_U32;
  return fits(epoch) && fits(sequence) ? { epoch, sequence } : undefined;
}

/** An amount in U. */
export function units(microunits: number): string {
  return `${formatAmount(microunits)} U`;
}

/** A rate in U/h. */
export function rate(microunitsPerHour: number): string {
  return `${units(microunitsPerHour)}/h`;
}

/** What a refusal comes from, by response code (PROTOCOL.md sections 6 and 6.3). */
const REASONS: Readonly<Record<number, string>> = {
  0x71: "the pump does not know that",
  0x72: "the reservoir holds too little, or the pump has a fault",
  0x73: "over the pump's limit for one order",
  0x74: "not in this state: status shows it",
  0x75: "over the pump's limit for an hour or a day",
  0x76: "a bolus is being delivered",
  0x80: "it came too late",
  0x82: "it came too late",
  0x84: "another rate is in force by now",
  0x85: "this bond may only read",
};

/** A bond's role. */
export function roleText(role: number): "operate" | "observe" {
  return role === ROLE.operate ? "operate" : "observe";
}

/** A response code in words, by name and number. */
export function codeText(code: number): string {
  const reason = REASONS[code];
  return `${CODE_NAMES[code] ?? "code"} (${code.toString(16)})${reason === undefined ? "" : `, ${reason}`}`;
}

/** What was ordered. */
export function orderText(order: JournalOrder): string {
  switch (order.command) {
    case "setBolus": {
      const purposes = `${order.correction ? ", correction" : ""}${order.meal ? ", meal" : ""}`;
      return `bolus ${units(order.amountMicrounits)}${purposes}`;
    }
    case "setTbr": {
      const text = `TBR ${rate(order.rateMicrounitsPerHour)} for ${order.durationMinutes} min`;
      return order.change ? `${text}, change` : text;
    }
    case "cancelTbr":
      return `end of TBR, then ${rate(order.rateMicrounitsPerHour)}`;
    case "relativeTbr":
      return `relative TBR, now ${rate(order.rateMicrounitsPerHour)}`;
    case "writeProfile":
      return `active basal profile, now ${rate(order.rateMicrounitsPerHour)}`;
    case "writeInactiveProfile":
      return `basal profile ${order.templateNumber}`;
    case "activateProfile":
      return `another basal profile, now ${rate(order.rateMicrounitsPerHour)}`;
    case "setTime":
      return `time, and with it ${rate(order.rateMicrounitsPerHour)}`;
    case "run":
      return `Run at ${rate(order.rateMicrounitsPerHour)}`;
    case "startPriming":
      return `priming of ${units(order.amountMicrounits)}`;
    case "setReservoirFill":
      return `reservoir of ${units(order.amountMicrounits)}`;
    case "resetReservoirTime":
      return "operation time of the reservoir, from now on";
    case "stopPriming":
      return "stop of a priming";
    case "flightMode":
      return "flight mode";
    case "stop":
      return "Stop";
    case "cancelBolus":
      return `cancel of bolus ${order.bolusId}`;
    case "revokeBond":
      return `end of bond ${order.controller} (${roleText(order.role)})`;
    default:
      return order satisfies never;
  }
}

function between(end: Pick<Outcome, "lowMicrounits" | "highMicrounits" | "intendedMicrounits">): string {
  const { lowMicrounits: low, highMicrounits: high, intendedMicrounits } = end;
  const amount = low === high ? formatAmount(low) : `${formatAmount(low)} to ${formatAmount(high)}`;
  return `${amount} of ${units(intendedMicrounits)}`;
}

/** What became of an order. */
export function endText(end: End): string {
  switch (end.kind) {
    case "never":
      return "never carried out, and it cannot be any more";
    case "refused":
      return `refused: ${codeText(end.code)}`;
    case "applied":
      return "applied";
    case "delivering":
      return `being delivered: ${between(end)}`;
    case "delivered":
      return `delivered ${units(end.highMicrounits)}`;
    case "stopped":
      return `stopped at ${between(end)}`;
    case "uncertain":
      return `uncertain: ${between(end)}; it will not go on`;
    case "forgotten":
      return "forgotten by the pump: take it as delivered";
    case "lost":
      return "answer lost";
    case "notSent":
      return "not sent";
    case "abandoned":
      return "abandoned: accounted for by a person";
    default:
      return end satisfies never;
  }
}
