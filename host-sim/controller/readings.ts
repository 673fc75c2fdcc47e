/**
 * Readings: a countersigned command's resolved meaning, as the pump spells it out. The controller works out the reading
 * of the order that it was given and signs no other. PROTOCOL.md section 7.
 */

import { equalBytes } from "./bytes.js";
import {
  BOLUS_TYPE_FAST,
  type BolusOrder,
  bolusFlags,
  COMMAND,
  encodeBare,
  encodeSetBolus,
  encodeSetTbr,
  encodeSetTherapyControlState,
  type TbrOrder,
  THERAPY,
} from "./ids.js";
import { Layout } from "./layout.js";

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

/** An order for a countersigned command, with what it takes to judge the pump's reading of it. */
export type Order =
  | ({ readonly command: "setBolus" } & BolusOrder)
  | ({ readonly command: "setTbr" } & TbrOrder)
  | { readonly command: "cancelTbr"; readonly approve: Approve }
  | { readonly command: "run"; readonly approve: Approve };

/** What a command will do once it is signed: the order itself, or the rate that it lets begin. */
export type Meaning =
  | ({ readonly command: "setBolus" } & BolusOrder)
  | ({ readonly command: "setTbr" } & TbrOrder)
  | RateReading;

/** The command's bytes on channel 25. Throws a RangeError for an order that they cannot express. */
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
  }
}

/** The reading of a bolus or TBR order, which the pump's must equal byte for byte. */
export function expectedReading(order: Extract<Order, { command: "setBolus" | "setTbr" }>): Uint8Array {
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
    case "cancelTbr":
    case "run":
      return decodeRateReading(order.command, reading);
    default:
      return order satisfies never;
  }
}
