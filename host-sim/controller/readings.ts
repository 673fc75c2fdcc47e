/**
 * Readings: a countersigned command's resolved meaning, as the pump spells it out. The controller works out the reading
 * of the order that it was given and signs no other. PROTOCOL.md section 7.
 */

import { equalBytes, toHex } from "./bytes.js";
import { CONTROL, encodeRevokeBond } from "./control.js";
import {
  BOLUS_TYPE_FAST,
  type BolusOrder,
  bolusFlags,
  CHANNEL,
  COMMAND,
  encodeBare,
  encodeSetBolus,
  encodeSetTbr,
  encodeSetTherapyControlState,
  type TbrOrder,
  THERAPY,
} from "./ids.js";
import { Layout } from "./layout.js";
import { CHANNEL_CONTROL } from "./records.js";

const BOLUS = new Layout({
  opcode: "u16",
  flags: "u8",
  type: "u8",
  fastMicrounits: "u32",
  extendedMicrounits: "u32",
  durationMinutes: "u16",
});
const TBR = new Layout({ opcode: "u16", mode: "u8", rateMicrounitsPerHour: "u32", durationMinutes: "u16" });
const CANCEL_TBR = new Layout({ opcode: "u16", rateMicrounitsPerHour: "u32" });
const RUN = new Layout({ opcode: "u16", state: "u8", rateMicrounitsPerHour: "u32" });
const REVOCATION = new Layout({ opcode: "u8", controllerId: 8, role: "u8" });
const TBR_MODE = { new: 0x0f, change: 0x33 } as const;

/** What Run or Cancel TBR would bring about, for the user to approve: this basal rate begins or takes over. */
export interface RateReading {
  readonly command: "run" | "cancelTbr";
  readonly rateMicrounitsPerHour: number;
}

/**
 * Shows the reading to whoever ordered, and says whether to sign it: at once, by returning true or false, or later, by
 * returning nothing and calling `answer`. Only the first answer counts, and none once the challenge's life has passed.
 */
export type Approve = (reading: RateReading, answer: (approved: boolean) => void) => boolean | undefined;

/** Another controller's bond, as the pump has listed it. */
export interface RevocationOrder {
  /** 8 bytes. */
  readonly controllerId: Uint8Array;
  /** 01 operate, 02 observe. */
  readonly role: number;
}

/** An order for a countersigned command, with what it takes to judge the pump's reading of it. */
export type Order =
  | ({ readonly command: "setBolus" } & BolusOrder)
  | ({ readonly command: "setTbr" } & TbrOrder)
  | { readonly command: "cancelTbr"; readonly approve: Approve }
  | { readonly command: "run"; readonly approve: Approve }
  | ({ readonly command: "revokeBond" } & RevocationOrder);

/** What a command will do once it is signed: the order itself, or the rate that it lets begin. */
export type Meaning =
  | ({ readonly command: "setBolus" } & BolusOrder)
  | ({ readonly command: "setTbr" } & TbrOrder)
  /** The controller's ID in hexadecimal. */
  | { readonly command: "revokeBond"; readonly controller: string; readonly role: number }
  | RateReading;

/** The channel that a command belongs to. */
export function channelOf({ command }: Order): number {
  return command === "revokeBond" ? CHANNEL_CONTROL : CHANNEL.command;
}

/** The command's bytes on its channel. Throws a RangeError for an order that they cannot express. */
export function encodeOrder(order: Order): Uint8Array {
  switch (order.command) {
    case "setBolus":
      return encodeSetBolus(order);
    case "setTbr":
      return encodeSetTbr(order);
    case "cancelTbr":
      return encodeBare(COMMAND.cancelTbr);
    case "run":
      return encodeSetTherapyControlState("run");
    case "revokeBond":
      return encodeRevokeBond(order.controllerId);
  }
}

/** The reading of an order that leaves nothing to approve, which the pump's must equal byte for byte. */
export function expectedReading(order: Extract<Order, { command: "setBolus" | "setTbr" | "revokeBond" }>): Uint8Array {
  if (order.command === "revokeBond") {
    const { controllerId, role } = order;
    return REVOCATION.encode({ opcode: CONTROL.revokeBond, controllerId, role });
  }
  if (order.command === "setBolus")
    return BOLUS.encode({
      opcode: COMMAND.setBolus,
      flags: bolusFlags(order),
      type: BOLUS_TYPE_FAST,
      fastMicrounits: order.amountMicrounits,
      extendedMicrounits: 0,
      durationMinutes: 0,
    });
  const { rateMicrounitsPerHour, durationMinutes, change } = order;
  const mode = change ? TBR_MODE.change : TBR_MODE.new;
  return TBR.encode({ opcode: COMMAND.setTbr, mode, rateMicrounitsPerHour, durationMinutes });
}

/** The pump's reading of Run or Cancel TBR; undefined when it is a reading of anything else. */
function decodeRateReading(command: RateReading["command"], reading: Uint8Array): RateReading | undefined {
  if (command === "cancelTbr") {
    const decoded = CANCEL_TBR.decode(reading);
    if (decoded?.opcode !== COMMAND.cancelTbr) return undefined;
    return { command, rateMicrounitsPerHour: decoded.rateMicrounitsPerHour };
  }
  const decoded = RUN.decode(reading);
  if (decoded?.opcode !== COMMAND.setTherapyControlState || decoded.state !== THERAPY.run) return undefined;
  return { command, rateMicrounitsPerHour: decoded.rateMicrounitsPerHour };
}

/**
 * What the pump's reading of an order means: for a bolus or TBR the order, when the reading is the expected one, byte for
 * byte; else the rate, which is still to be approved. Undefined when the reading is of anything else: never signed.
 */
export function meaningOf(order: Order, reading: Uint8Array): Meaning | undefined {
  switch (order.command) {
    case "setBolus":
    case "setTbr":
      return equalBytes(reading, expectedReading(order)) ? order : undefined;
    case "revokeBond": {
      const { command, controllerId, role } = order;
      const expected = equalBytes(reading, expectedReading(order));
      return expected ? { command, controller: toHex(controllerId), role } : undefined;
    }
    case "cancelTbr":
    case "run":
      return decodeRateReading(order.command, reading);
    default:
      return order satisfies never;
  }
}
