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
  encodeRelativeTbr,
  encodeReservoirAmount,
  encodeSetBolus,
  encodeSetTbr,
  encodeSetTherapyControlState,
  type RelativeTbrOrder,
  type ReservoirOrder,
  type TbrOrder,
  THERAPY,
} from "./ids.js";
import { Layout } from "./layout.js";
import { encodeActivation, encodeProfile, encodeTimeUpdate, type ProfileOrder, type TimeOrder } from "./profiles.js";
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
const RESERVOIR = new Layout({ opcode: "u16", amountMicrounits: "u32" });
const TBR_MODE = { new: 0x0f, change: 0x33 } as const;

const RELATIVE_TBR = new Layout({
  opcode: "u16",
  mode: "u8",
  factorMillionths: "u32",
  rateMicrounitsPerHour: "u32",
  durationMinutes: "u16",
});
const RELATIVE_MODE = { new: 0x3c, change: 0x55 } as const;
const PROFILE = new Layout({
  opcode: "u16",
  templateNumber: "u8",
  state: "u8",
  rateMicrounitsPerHour: "u32",
  dayMicrounits: "u32",
  blocks: "u8",
});
const PROFILE_STATE = { inactive: 0x0f, active: 0x33 } as const;
const PROFILE_BLOCK = new Layout({ durationMinutes: "u16", rateMicrounitsPerHour: "u32" });
const ACTIVATION = new Layout({ opcode: "u16", templateNumber: "u8", rateMicrounitsPerHour: "u32" });
const TIME = new Layout({
  opcode: "u8",
  year: "u16",
  month: "u8",
  day: "u8",
  hours: "u8",
  minutes: "u8",
  seconds: "u8",
  timeZone: "u8",
  dstQuarters: "u8",
  rateMicrounitsPerHour: "u32",
});

/** What a command would bring about, for the user to approve: this basal rate begins, takes over or is programmed. */
export interface RateReading {
  readonly command: "run" | "cancelTbr" | "relativeTbr" | "writeProfile" | "activateProfile" | "setTime";
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
  | ({ readonly command: "relativeTbr"; readonly approve: Approve } & RelativeTbrOrder)
  /** Its last chunk: those before it have been sent. Approved when it is the active template that is written. */
  | ({ readonly command: "writeProfile"; readonly approve: Approve } & ProfileOrder)
  | { readonly command: "activateProfile"; readonly templateNumber: number; readonly approve: Approve }
  | ({ readonly command: "setTime"; readonly approve: Approve } & TimeOrder)
  | ({ readonly command: "startPriming" } & ReservoirOrder)
  | ({ readonly command: "setReservoirFill" } & ReservoirOrder)
  | { readonly command: "resetReservoirTime" }
  | { readonly command: "flightMode" }
  | ({ readonly command: "revokeBond" } & RevocationOrder);

/** What a command will do once it is signed: the order itself, or the rate that it lets begin. */
export type Meaning =
  | ({ readonly command: "setBolus" } & BolusOrder)
  | ({ readonly command: "setTbr" } & TbrOrder)
  | ({ readonly command: "startPriming" } & ReservoirOrder)
  | ({ readonly command: "setReservoirFill" } & ReservoirOrder)
  | { readonly command: "resetReservoirTime" }
  | { readonly command: "flightMode" }
  /** A template that is not active: no rate begins. */
  | { readonly command: "writeInactiveProfile"; readonly templateNumber: number }
  /** The controller's ID in hexadecimal. */
  | { readonly command: "revokeBond"; readonly controller: string; readonly role: number }
  | RateReading;

/** The channel that a command belongs to. */
export function channelOf({ command }: Order): number {
  if (command === "revokeBond") return CHANNEL_CONTROL;
  return command === "setTime" ? CHANNEL.deviceTimeControl : CHANNEL.command;
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
    case "relativeTbr":
      return encodeRelativeTbr(order);
    case "writeProfile":
      return encodeProfile(order).at(-1) ?? new Uint8Array(0);
    case "activateProfile":
      return encodeActivation(order.templateNumber);
    case "setTime":
      return encodeTimeUpdate(order);
    case "startPriming":
    case "setReservoirFill":
      return encodeReservoirAmount(order.command, order);
    case "resetReservoirTime":
      return encodeBare(COMMAND.resetReservoirTime);
    case "flightMode":
      return encodeBare(COMMAND.setFlightMode);
    case "revokeBond":
      return encodeRevokeBond(order.controllerId);
  }
}

/** Where a reading has the pump's own rate; all the rest of it is the order's. */
function ratedReading(order: RatedOrder, rateMicrounitsPerHour: number): Uint8Array {
  switch (order.command) {
    case "relativeTbr": {
      const { factorMillionths, durationMinutes, change } = order;
      const mode = change ? RELATIVE_MODE.change : RELATIVE_MODE.new;
      return RELATIVE_TBR.encode({
        opcode: COMMAND.setTbr,
        mode,
        factorMillionths,
        rateMicrounitsPerHour,
        durationMinutes,
      });
    }
    case "writeProfile":
      return profileReading(order, PROFILE_STATE.active, rateMicrounitsPerHour);
    case "activateProfile":
      return ACTIVATION.encode({
        opcode: COMMAND.activateProfile,
        templateNumber: order.templateNumber,
        rateMicrounitsPerHour,
      });
    case "setTime": {
      const { baseTimeSeconds, timeZoneQuarters, dstQuarters } = order;
      const local = civilOf(baseTimeSeconds + 900 * (timeZoneQuarters + dstQuarters));
      const timeZone = timeZoneQuarters < 0 ? timeZoneQuarters + 0x100 : timeZoneQuarters;
      return TIME.encode({ opcode: TIME_OPCODE, ...local, timeZone, dstQuarters, rateMicrounitsPerHour });
    }
  }
}

type RatedOrder = Extract<Order, { command: "relativeTbr" | "writeProfile" | "activateProfile" | "setTime" }>;

/** Where the rate is in each of these readings. */
const RATE_AT = { relativeTbr: 7, writeProfile: 4, activateProfile: 3, setTime: 10 } as const;
const TIME_OPCODE = 2;

function profileReading(order: ProfileOrder, state: number, rateMicrounitsPerHour: number): Uint8Array {
  const { templateNumber, blocks } = order;
  const day = blocks.reduce((sum, block) => sum + block.durationMinutes * block.rateMicrounitsPerHour, 0);
  const opcode = COMMAND.writeProfile;
  const dayMicrounits = Math.floor(day / 60);
  const head = PROFILE.encode({
    opcode,
    templateNumber,
    state,
    rateMicrounitsPerHour,
    dayMicrounits,
    blocks: blocks.length,
  });
  const bytes = new Uint8Array(head.length + blocks.length * PROFILE_BLOCK.size);
  bytes.set(head);
  blocks.forEach(({ durationMinutes, rateMicrounitsPerHour }, index) => {
    bytes.set(
      PROFILE_BLOCK.encode({ durationMinutes, rateMicrounitsPerHour }),
      head.length + index * PROFILE_BLOCK.size,
    );
  });
  return bytes;
}

/** Date and time so many seconds after 2000-01-01 00:00:00, in the Gregorian calendar from March to March. */
function civilOf(seconds: number) {
  const ofDay = ((seconds % 86_400) + 86_400) % 86_400;
  // Days since 1600-03-01, a leap day being the last of its year.
  const days = (seconds - ofDay) / 86_400 + 146_037;
  const century = Math.min(3, Math.floor((days % 146_097) / 36_524));
  const ofCentury = (days % 146_097) - century * 36_524;
  const four = Math.floor(ofCentury / 1_461);
  const ofFour = ofCentury % 1_461;
  const one = Math.min(3, Math.floor(ofFour / 365));
  const ofYear = ofFour - one * 365;
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = 1_600 + 400 * Math.floor(days / 146_097) + 100 * century + 4 * four + one + (month < 3 ? 1 : 0);
  return {
    year,
    month,
    day: ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
    hours: Math.floor(ofDay / 3_600),
    minutes: Math.floor((ofDay % 3_600) / 60),
    seconds: ofDay % 60,
  };
}

/** Takes the pump's rate out of a reading, and the reading for the order's when nothing else in it differs. */
function ratedMeaning(order: RatedOrder, reading: Uint8Array): Meaning | undefined {
  const at = RATE_AT[order.command];
  if (reading.length < at + 4) return undefined;
  const rateMicrounitsPerHour = new DataView(reading.buffer, reading.byteOffset).getUint32(at, true);
  if (equalBytes(reading, ratedReading(order, rateMicrounitsPerHour)))
    return { command: order.command, rateMicrounitsPerHour };
  if (order.command !== "writeProfile") return undefined;
  const { templateNumber } = order;
  const inactive = equalBytes(reading, profileReading(order, PROFILE_STATE.inactive, 0));
  return inactive ? { command: "writeInactiveProfile", templateNumber } : undefined;
}

type Unquestioned = Extract<
  Order,
  { command: "setBolus" | "setTbr" | "startPriming" | "setReservoirFill" | "flightMode" | "revokeBond" }
>;

/** The reading of an order that leaves nothing to approve, which the pump's must equal byte for byte. */
export function expectedReading(order: Unquestioned): Uint8Array {
  if (order.command === "flightMode") return encodeOrder(order);
  if (order.command === "startPriming" || order.command === "setReservoirFill")
    return RESERVOIR.encode({ opcode: COMMAND[order.command], amountMicrounits: order.amountMicrounits });
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
function decodeRateReading(command: "run" | "cancelTbr", reading: Uint8Array): RateReading | undefined {
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
    case "startPriming":
    case "setReservoirFill":
    case "flightMode":
      return equalBytes(reading, expectedReading(order)) ? order : undefined;
    case "resetReservoirTime":
      return equalBytes(reading, encodeBare(COMMAND.resetReservoirTime)) ? order : undefined;
    case "revokeBond": {
      const { command, controllerId, role } = order;
      const expected = equalBytes(reading, expectedReading(order));
      return expected ? { command, controller: toHex(controllerId), role } : undefined;
    }
    case "cancelTbr":
    case "run":
      return decodeRateReading(order.command, reading);
    case "relativeTbr":
    case "writeProfile":
    case "activateProfile":
    case "setTime":
      return ratedMeaning(order, reading);
    default:
      return order satisfies never;
  }
}
