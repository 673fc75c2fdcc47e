/**
 * What the controller sends on the channels of the Insulin Delivery Service, and its numbers. PROTOCOL.md section 6.
 * Answers are read in idsAnswers.ts.
 */

import { Layout } from "./layout.js";
import { encodeSfloat } from "./sfloat.js";

/** Channels: the low byte of a characteristic 2B20 to 2B28; C0 and the low byte of one from 2A00 to 2A3F. */
export const CHANNEL = {
  statusChanged: 0x20,
  status: 0x21,
  annunciationStatus: 0x22,
  features: 0x23,
  statusReader: 0x24,
  command: 0x25,
  commandData: 0x26,
  recordAccess: 0x27,
  historyData: 0x28,
  deviceTime: 0x90,
  deviceTimeControl: 0x91,
  batteryLevel: 0xd9,
  modelNumber: 0xe4,
  firmwareRevision: 0xe6,
  softwareRevision: 0xe8,
  manufacturerName: 0xe9,
} as const;

/** Names of the response codes, for people. */
export const CODE_NAMES: Readonly<Record<number, string>> = {
  0x0f: "Success",
  0x70: "OpcodeNotSupported",
  0x71: "InvalidOperand",
  0x72: "NotCompleted",
  0x73: "OutOfRange",
  0x74: "NotApplicable",
  0x75: "Plausibility",
  0x76: "MaxBolusNumber",
  0x80: "Stale",
  0x81: "ChallengeUnknown",
  0x82: "ChallengeExpired",
  0x83: "CountersignatureWrong",
  0x84: "ReadingChanged",
  0x85: "RoleNotPermitted",
};
/** Where an annunciation stands. */
export const ANNUNCIATION_STATUS = { pending: 0x33, snoozed: 0x3c } as const;
/** Names of the types of annunciations, for people (PROTOCOL.md section 6.1). */
export const ANNUNCIATION_NAMES: Readonly<Record<number, string>> = {
  0x000f: "System Issue",
  0x0033: "Mechanical Issue",
  0x003c: "Occlusion",
  0x0055: "Reservoir Issue",
  0x005a: "Reservoir Empty",
  0x0066: "Reservoir Low",
  0x00a5: "Power Insufficient",
  0x00aa: "Battery Empty",
  0x00c3: "Battery Low",
  0x030c: "Bolus Canceled",
  0x033f: "TBR Canceled",
  0x0356: "Max Delivery",
  0x0359: "Date Time Issue",
};
/** The response code of success. */
export const SUCCESS = 0x0f;

/** Opcodes on channel 24. */
export const READER = {
  response: 0x0303,
  resetStatus: 0x030c,
  getActiveBolusIds: 0x0330,
  activeBolusIds: 0x033f,
  getActiveBolusDelivery: 0x0356,
  activeBolusDelivery: 0x0359,
  getActiveBasal: 0x0365,
  activeBasal: 0x036a,
  getTotalDailyInsulin: 0x0395,
  totalDailyInsulin: 0x039a,
  getCounter: 0x03a6,
  counter: 0x03a9,
  getDeliveredInsulin: 0x03c0,
  deliveredInsulin: 0x03cf,
} as const;

/** Opcodes on channel 25. */
export const COMMAND = {
  response: 0x0f55,
  snoozeAnnunciation: 0x0f69,
  snoozeAnnunciationResponse: 0x0f96,
  confirmAnnunciation: 0x0f99,
  confirmAnnunciationResponse: 0x0fa5,
  setTherapyControlState: 0x0f5a,
  setFlightMode: 0x0f66,
  setTbr: 0x0fff,
  cancelTbr: 0x1111,
  setBolus: 0x114b,
  setBolusResponse: 0x1177,
  cancelBolus: 0x1178,
  cancelBolusResponse: 0x1187,
  readProfile: 0x0faa,
  readProfileResponse: 0x0fc3,
  writeProfile: 0x0fcc,
  writeProfileResponse: 0x0ff0,
  activateProfile: 0x122e,
  activateProfileResponse: 0x1247,
  getActivatedProfiles: 0x1248,
  activatedProfiles: 0x1274,
  startPriming: 0x127b,
  stopPriming: 0x1284,
  setReservoirFill: 0x128b,
  resetReservoirTime: 0x12b7,
} as const;

/** Therapy control states. */
export const THERAPY = { stop: 0x33, run: 0x55 } as const;
/** Set Bolus' type and the only one there is. */
export const BOLUS_TYPE_FAST = 0x33;
/** Set Bolus' flags. */
export const BOLUS_FLAG = { correction: 0x08, meal: 0x10 } as const;
/** Set TBR's types: a rate, or a factor on the programmed rate. */
export const TBR_TYPE_ABSOLUTE = 0x33;
export const TBR_TYPE_RELATIVE = 0x3c;
/** Set TBR's flag: changes an active TBR instead of starting one. */
const TBR_FLAG_CHANGE = 0x04;
/** Longest TBR, in minutes (PROTOCOL.md section 6.3). */
export const LONGEST_TBR_MINUTES = 1440;
/** Which amount Get Active Bolus Delivery asks for. */
export const BOLUS_VALUE = { programmed: 0x0f, remaining: 0x33, delivered: 0x3c } as const;

const BARE = new Layout({ opcode: "u16" });
const RESET_STATUS = new Layout({ opcode: "u16", flags: "u16" });
const ACTIVE_BOLUS_DELIVERY = new Layout({ opcode: "u16", bolusId: "u16", value: "u8" });
const GET_COUNTER = new Layout({ opcode: "u16", type: "u8", value: "u8" });
const SET_STATE = new Layout({ opcode: "u16", state: "u8" });
const SET_TBR = new Layout({ opcode: "u16", flags: "u8", type: "u8", rate: "u16", durationMinutes: "u16" });
const SET_BOLUS = new Layout({
  opcode: "u16",
  flags: "u8",
  type: "u8",
  fast: "u16",
  extended: "u16",
  durationMinutes: "u16",
});
const ANNUNCIATION_COMMAND = new Layout({ opcode: "u16", instance: "u16" });
const CANCEL_BOLUS = new Layout({ opcode: "u16", bolusId: "u16" });

/**
 * A request of an opcode alone: Get Active Bolus IDs, Get Active Basal, Get Total Daily Insulin, Get Delivered Insulin,
 * Cancel TBR, Set Flight Mode, Stop Priming, Reset Reservoir Insulin Operation Time.
 */
export function encodeBare(opcode: number): Uint8Array {
  return BARE.encode({ opcode });
}

/** Reset Status: clears the given Status Changed flags. */
export function encodeResetStatus(flags: number): Uint8Array {
  return RESET_STATUS.encode({ opcode: READER.resetStatus, flags });
}

/** Which counter Get Counter asks for: these are the ones that pumps have. */
export const COUNTER_LIFETIME = 0x0f;
export const COUNTER_RESERVOIR = 0x55;
/** Which way Get Counter counts. */
export const COUNTER_VALUE = { remaining: 0x0f, elapsed: 0x33 } as const;

/** Get Counter. */
export function encodeGetCounter(type: number, value: keyof typeof COUNTER_VALUE): Uint8Array {
  return GET_COUNTER.encode({ opcode: READER.getCounter, type, value: COUNTER_VALUE[value] });
}

/** Get Active Bolus Delivery. */
export function encodeGetActiveBolusDelivery(bolusId: number, value: keyof typeof BOLUS_VALUE): Uint8Array {
  return ACTIVE_BOLUS_DELIVERY.encode({ opcode: READER.getActiveBolusDelivery, bolusId, value: BOLUS_VALUE[value] });
}

/** Set Therapy Control State to Stop or Run. */
export function encodeSetTherapyControlState(state: keyof typeof THERAPY): Uint8Array {
  return SET_STATE.encode({ opcode: COMMAND.setTherapyControlState, state: THERAPY[state] });
}

/** A fast bolus. */
export interface BolusOrder {
  /** A positive multiple of 10,000 µU that SFLOAT holds exactly. */
  readonly amountMicrounits: number;
  readonly correction: boolean;
  readonly meal: boolean;
}

/** The flags byte of a bolus. */
export function bolusFlags({ correction, meal }: BolusOrder): number {
  return (correction ? BOLUS_FLAG.correction : 0) | (meal ? BOLUS_FLAG.meal : 0);
}

/** Set Bolus. Throws a RangeError that names amount and increment when SFLOAT cannot hold the amount exactly. */
export function encodeSetBolus(order: BolusOrder): Uint8Array {
  const fast = encodeSfloat(order.amountMicrounits);
  if (fast === 0) throw new RangeError("Amount 0 µU: a bolus takes at least one increment, 10000 µU");
  const flags = bolusFlags(order);
  const opcode = COMMAND.setBolus;
  return SET_BOLUS.encode({ opcode, flags, type: BOLUS_TYPE_FAST, fast, extended: 0, durationMinutes: 0 });
}

const RESERVOIR_AMOUNT = new Layout({ opcode: "u16", amount: "u16" });

/** An amount of the reservoir: a positive multiple of 10,000 µU that SFLOAT holds exactly. */
export interface ReservoirOrder {
  readonly amountMicrounits: number;
}

/** Start Priming or Set Initial Reservoir Fill. Throws a RangeError when SFLOAT cannot hold the amount exactly. */
export function encodeReservoirAmount(
  command: "startPriming" | "setReservoirFill",
  { amountMicrounits }: ReservoirOrder,
): Uint8Array {
  return RESERVOIR_AMOUNT.encode({ opcode: COMMAND[command], amount: encodeSfloat(amountMicrounits) });
}

/** A temporary basal rate. */
export interface TbrOrder {
  /** A multiple of 10,000 µU/h that SFLOAT holds exactly; 0 suspends basal for the duration. */
  readonly rateMicrounitsPerHour: number;
  /** 1 to 1440. */
  readonly durationMinutes: number;
  /** Replaces the active TBR; without it the pump refuses while one is active. */
  readonly change: boolean;
}

/** Set TBR. Throws a RangeError for a rate that SFLOAT cannot hold exactly and for a duration not within 1 to 1440. */
export function encodeSetTbr(order: TbrOrder): Uint8Array {
  return encodeTbr(TBR_TYPE_ABSOLUTE, order.rateMicrounitsPerHour, order);
}

/** A temporary basal rate relative to the programmed one of each moment. */
export interface RelativeTbrOrder extends Pick<TbrOrder, "durationMinutes" | "change"> {
  /** A multiple of 10,000: 1,500,000 is one and a half times the programmed rate. */
  readonly factorMillionths: number;
}

/** Set TBR, relative. Throws as {@link encodeSetTbr}. */
export function encodeRelativeTbr(order: RelativeTbrOrder): Uint8Array {
  return encodeTbr(TBR_TYPE_RELATIVE, order.factorMillionths, order);
}

function encodeTbr(
  type: number,
  amount: number,
  { durationMinutes, change }: Pick<TbrOrder, "durationMinutes" | "change">,
): Uint8Array {
  if (!Number.isInteger(durationMinutes) || durationMinutes < 1 || durationMinutes > LONGEST_TBR_MINUTES)
    throw new RangeError(`Duration ${durationMinutes} min: give a whole number from 1 to ${LONGEST_TBR_MINUTES}`);
  const rate = encodeSfloat(amount);
  const flags = change ? TBR_FLAG_CHANGE : 0;
  return SET_TBR.encode({ opcode: COMMAND.setTbr, flags, type, rate, durationMinutes });
}

/** Snooze Annunciation or Confirm Annunciation, of one instance. */
export function encodeAnnunciationCommand(
  command: "snoozeAnnunciation" | "confirmAnnunciation",
  instance: number,
): Uint8Array {
  return ANNUNCIATION_COMMAND.encode({ opcode: COMMAND[command], instance });
}

/** Cancel Bolus. */
export function encodeCancelBolus(bolusId: number): Uint8Array {
  return CANCEL_BOLUS.encode({ opcode: COMMAND.cancelBolus, bolusId });
}
