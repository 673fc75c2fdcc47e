/**
 * What setting the time needs of the Device Time Service 1.0 (Bluetooth SIG, service 1847): the Device Time (2B90), and
 * on its Control Point (2B91) a time update and its answer. No E2E-CRC, no fractions of a second, no log of time changes,
 * no timeline of the user's own. Names, numbers and layouts; raw integers as in layouts.ts. Whether a proposed time is
 * taken is not decided here.
 *
 * Base time is a u32 of seconds since 2000-01-01 00:00:00 UTC (with its flag; else since 1900). Local time is base time +
 * time zone + DST offset.
 */

import { layout } from "../base/layout.js";
import { allFlags, flagged } from "./flagged.js";

/** Opcodes of the Device Time Control Point, u8. */
export const DeviceTimeOpcode = {
  ProposeTimeUpdate: 0x02,
  ForceTimeUpdate: 0x03,
  ProposeNonLoggedTimeAdjustmentLimit: 0x04,
  RetrieveActiveTimeAdjustments: 0x05,
  ReportActiveTimeAdjustments: 0x07,
  Response: 0x09,
} as const;
export type DeviceTimeOpcode = (typeof DeviceTimeOpcode)[keyof typeof DeviceTimeOpcode];

/** Response values of the Device Time Control Point, u8. */
export const DeviceTimeResponse = {
  Success: 0x01,
  OpcodeNotSupported: 0x02,
  InvalidOperand: 0x03,
  OperationFailed: 0x04,
  Rejected: 0x05,
  DeviceBusy: 0x07,
} as const;
export type DeviceTimeResponse = (typeof DeviceTimeResponse)[keyof typeof DeviceTimeResponse];

/** Bit masks of a Device Time, u16. */
export const DeviceTimeFlag = {
  TimeFault: 0x0001,
  UtcAligned: 0x0002,
  QualifiedLocalTimeSynchronized: 0x0004,
  ProposeTimeUpdateRequest: 0x0008,
  EpochYear2000: 0x0010,
  NonLoggedTimeChangeActive: 0x0020,
  LogConsolidationActive: 0x0040,
} as const;
export type DeviceTimeFlag = (typeof DeviceTimeFlag)[keyof typeof DeviceTimeFlag];

/** Bit masks of a time update, u16: what its time is worth, and why it comes. */
export const TimeUpdateFlag = {
  UtcAligned: 0x0001,
  QualifiedLocalTime: 0x0002,
  AdjustmentManual: 0x0004,
  AdjustmentExternal: 0x0008,
  AdjustmentTimeZone: 0x0010,
  AdjustmentDstOffset: 0x0020,
  EpochYear2000: 0x0040,
  SecondFractionsNotValid: 0x0080,
} as const;
export type TimeUpdateFlag = (typeof TimeUpdateFlag)[keyof typeof TimeUpdateFlag];

/** Bit masks of why a time update is rejected, u16. Bit 7 is reserved. */
export const TimeRejectionFlag = {
  Unrealistic: 0x0001,
  NotAuthorized: 0x0002,
  OperandOutOfRange: 0x0004,
  NotUtcAligned: 0x0008,
  AccuracyOutOfRange: 0x0010,
  SourceOfLowerQuality: 0x0020,
  EpochYearDiffers: 0x0040,
  PrecisionLacking: 0x0100,
  BaseTimeRejected: 0x0200,
  TimeZoneAndDstRejected: 0x0400,
} as const;
export type TimeRejectionFlag = (typeof TimeRejectionFlag)[keyof typeof TimeRejectionFlag];

/** Where a time comes from, u8. */
export const TimeSource = {
  Unknown: 0,
  NetworkTimeProtocol: 1,
  Gps: 2,
  RadioTimeSignal: 3,
  Manual: 4,
  AtomicClock: 5,
  CellularNetwork: 6,
} as const;
export type TimeSource = (typeof TimeSource)[keyof typeof TimeSource];

/** Daylight saving time, u8: 0, 1/2, 1, 2 h. In a Reference Time too. */
export const DstOffset = { Standard: 0, HalfHour: 2, Hour: 4, TwoHours: 8, Unknown: 255 } as const;
export type DstOffset = (typeof DstOffset)[keyof typeof DstOffset];

/** A time zone is an int8 of quarters of an hour from UTC, -48 to 56, or "not known". In a Reference Time too. */
export const TIME_ZONE_QUARTERS = { min: -48, max: 56, unknown: -128 } as const;

/** The accuracy of a time, u8 in eighths of a second, that is not known. */
export const TIME_ACCURACY_UNKNOWN = 255;

/** Characteristic 2B90. */
export const DeviceTimeValue = flagged(
  [
    ["baseTimeS", "u32"],
    ["timeZoneInt8", "u8"],
    ["dstOffset", "u8"],
    ["flags", "u16"],
  ],
  allFlags(DeviceTimeFlag),
);

/** Propose (02) and Force (03) Time Update, on characteristic 2B91. Nothing about the opcode. */
export const TimeUpdateRequest = flagged(
  [
    ["opcode", "u8"],
    ["flags", "u16"],
    ["baseTimeS", "u32"],
    ["timeZoneInt8", "u8"],
    ["dstOffset", "u8"],
    ["source", "u8"],
    ["accuracy", "u8"],
  ],
  allFlags(TimeUpdateFlag),
);

const Answer = layout(["opcode", "u8"], ["requestOpcode", "u8"], ["code", "u8"]);
const Rejection = flagged(
  [
    ["opcode", "u8"],
    ["requestOpcode", "u8"],
    ["code", "u8"],
    ["flags", "u16"],
  ],
  allFlags(TimeRejectionFlag),
);

/** How a request went. `rejection`, TimeRejectionFlags, comes with the code Rejected and with no other. */
export interface DeviceTimeOutcome {
  readonly requestOpcode: number;
  readonly code: DeviceTimeResponse;
  readonly rejection?: number;
}

/** Response 09, on characteristic 2B91: request opcode u8, code u8; if Rejected: flags u16. */
export const DeviceTimeOutcomeMessage = Object.freeze({
  /** Throws when code and rejection disagree, and on a reserved flag: that is our bug, not input. */
  encode({ requestOpcode, code, rejection }: DeviceTimeOutcome): Uint8Array {
    if ((rejection !== undefined) !== (code === DeviceTimeResponse.Rejected))
      throw new Error("invariant: rejection flags and their code disagree");
    const answer = { opcode: DeviceTimeOpcode.Response, requestOpcode, code };
    return rejection === undefined ? Answer.encode(answer) : Rejection.encode({ ...answer, flags: rejection });
  },
  /** `undefined` on another opcode, a code or flag that the standard lacks, and on any other length. */
  decode(bytes: Uint8Array): DeviceTimeOutcome | undefined {
    const rejected = bytes[2] === DeviceTimeResponse.Rejected ? Rejection.decode(bytes) : undefined;
    const answer = rejected ?? Answer.decode(bytes);
    const code = Object.values(DeviceTimeResponse).find((each) => each === answer?.code);
    if (answer?.opcode !== DeviceTimeOpcode.Response || code === undefined) return undefined;
    if (code === DeviceTimeResponse.Rejected && !rejected) return undefined;
    const { requestOpcode } = answer;
    return { requestOpcode, code, ...(rejected && { rejection: rejected.flags }) };
  },
});
