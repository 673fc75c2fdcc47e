/**
 * History records (Insulin Delivery Service 1.0, channel 28) and the data of each event that a pump without templates of
 * boluses and TBRs, ISF, I:CHO and target ranges records. Layouts only: raw integers as in layouts.ts. Each data is at
 * most 10 bytes. An event in two parts is two records, of which both are always there.
 */

import { layout } from "../base/layout.js";
import { DATE_TIME } from "./dateTime.js";
import { allFlags, flagged } from "./flagged.js";
import {
  AnnunciationPart1Flag,
  AnnunciationPart2Flag,
  BasalRateChangedFlag,
  BolusDeliveredFlag,
  PrimingDoneFlag,
  TbrEndedFlag,
  TbrSetFlag,
  TotalDailyInsulinFlag,
} from "./historyValues.js";
import { BOLUS_OPTIONAL } from "./layouts.js";
import { BolusFlag } from "./values.js";

/** Bytes of an event's data. */
export const EVENT_DATA_MAX_BYTES = 10;

/** A Data Corruption record has this in place of a sequence number of its own. */
export const CORRUPT_SEQUENCE = 0xffffffff;

const Record = layout(["event", "u16"], ["sequence", "u32"], ["relativeOffsetS", "u16"], ["data", "rest"]);

export interface HistoryRecordFields {
  /** u16, a HistoryEvent. */
  readonly event: number;
  /** u32, from 0 on, each the one before plus 1, never twice. */
  readonly sequence: number;
  /** u16, since the last Reference Time or Reference Time Base Offset. */
  readonly relativeOffsetS: number;
  /** 0 to 10 bytes. */
  readonly data: Uint8Array;
}

/** A value of channel 28: one record. */
export const HistoryRecordValue = Object.freeze({
  /** Throws on over 10 bytes of data, and on an integer that does not fit: that is our bug, not input. */
  encode(record: HistoryRecordFields): Uint8Array {
    const { length } = record.data;
    if (length > EVENT_DATA_MAX_BYTES) throw new Error(`invariant: ${length} bytes of event data`);
    return Record.encode(record);
  },
  /** `undefined` on fewer than 8 bytes and on more than 18. */
  decode: (bytes: Uint8Array): HistoryRecordFields | undefined =>
    bytes.length > Record.sizeBytes + EVENT_DATA_MAX_BYTES ? undefined : Record.decode(bytes),
});

/** 000F: local date and time; time zone int8 in quarters of an hour; DST offset u8 (DstOffset). */
export const ReferenceTimeData = layout(["reason", "u8"], ...DATE_TIME, ["timeZoneInt8", "u8"], ["dstOffset", "u8"]);

/** 0033: a base date and time, and minutes to add for local time, int16. */
export const ReferenceTimeBaseOffsetData = layout(["reason", "u8"], ...DATE_TIME, ["offsetMinutesInt16", "u16"]);

/** 005A and 0069, Bolus Programmed and Bolus Delivered, part 1: as asked for, and what came of it. */
export const BolusPart1Data = layout(
  ["bolusId", "u16"],
  ["type", "u8"],
  ["fastSfloat", "u16"],
  ["extendedSfloat", "u16"],
  ["durationMinutes", "u16"],
);

/** 0066. */
export const BolusProgrammedPart2Data = flagged([["flags", "u8"]], allFlags(BolusFlag), ...BOLUS_OPTIONAL);

/** 0096: when delivery began, after the record of its Bolus Programmed, part 1; how, and why it ended. */
export const BolusDeliveredPart2Data = flagged(
  [
    ["flags", "u8"],
    ["startOffsetS", "u32"],
  ],
  allFlags(BolusDeliveredFlag),
  ["activation", BolusDeliveredFlag.ActivationPresent, "u8"],
  ["endReason", BolusDeliveredFlag.EndReasonPresent, "u8"],
  ["annunciationInstance", BolusDeliveredFlag.AnnunciationPresent, "u16"],
);

/** 0099. */
export const BasalRateChangedData = flagged(
  [
    ["flags", "u8"],
    ["oldRateSfloat", "u16"],
    ["newRateSfloat", "u16"],
  ],
  allFlags(BasalRateChangedFlag),
  ["context", BasalRateChangedFlag.ContextPresent, "u8"],
);

/** 00A5: a rate in U/h, or a factor, by the type (TbrType). */
export const TbrStartedData = flagged(
  [
    ["flags", "u8"],
    ["type", "u8"],
    ["rateSfloat", "u16"],
    ["durationMinutes", "u16"],
  ],
  allFlags(TbrSetFlag),
  ["templateNumber", TbrSetFlag.TemplatePresent, "u8"],
);

/** 00AA: the type that was set last, and for how long a TBR was in effect. */
export const TbrEndedData = flagged(
  [
    ["flags", "u8"],
    ["type", "u8"],
    ["effectiveMinutes", "u16"],
    ["reason", "u8"],
  ],
  allFlags(TbrEndedFlag),
  ["templateNumber", TbrEndedFlag.TemplatePresent, "u8"],
  ["annunciationInstance", TbrEndedFlag.AnnunciationPresent, "u16"],
);

/** 00C3: what is set from now on, and for how long a TBR has been in effect. */
export const TbrChangedData = flagged(
  [
    ["flags", "u8"],
    ["type", "u8"],
    ["rateSfloat", "u16"],
    ["programmedMinutes", "u16"],
    ["elapsedMinutes", "u16"],
  ],
  allFlags(TbrSetFlag),
  ["templateNumber", TbrSetFlag.TemplatePresent, "u8"],
);

/** 00CC: number 0 stands for none before. */
export const ProfileActivatedData = layout(["type", "u8"], ["oldTemplateNumber", "u8"], ["newTemplateNumber", "u8"]);

/** 00F0: one block of a basal rate profile, as it is now. */
export const BasalBlockChangedData = layout(
  ["templateNumber", "u8"],
  ["blockNumber", "u8"],
  ["durationMinutes", "u16"],
  ["rateSfloat", "u16"],
);

/** 00FF: what one day's insulin came to, and which day. */
export const TotalDailyInsulinData = flagged(
  [
    ["flags", "u8"],
    ["bolusSfloat", "u16"],
    ["basalSfloat", "u16"],
    ["year", "u16"],
    ["month", "u8"],
    ["day", "u8"],
  ],
  allFlags(TotalDailyInsulinFlag),
);

/** 0303 and 030C: a therapy control state, or an operational state. */
export const StateChangedData = layout(["oldState", "u8"], ["newState", "u8"]);

/** 0330. */
export const ReservoirChangedData = layout(["remainingSfloat", "u16"]);

/** 033F. */
export const AnnunciationPart1Data = flagged(
  [
    ["flags", "u8"],
    ["instance", "u16"],
    ["type", "u16"],
    ["status", "u8"],
  ],
  allFlags(AnnunciationPart1Flag),
  ["auxInfo1", AnnunciationPart1Flag.AuxInfo1Present, "u16"],
  ["auxInfo2", AnnunciationPart1Flag.AuxInfo2Present, "u16"],
);

/** 0356. */
export const AnnunciationPart2Data = flagged(
  [["flags", "u8"]],
  allFlags(AnnunciationPart2Flag),
  ["auxInfo3", AnnunciationPart2Flag.AuxInfo3Present, "u16"],
  ["auxInfo4", AnnunciationPart2Flag.AuxInfo4Present, "u16"],
  ["auxInfo5", AnnunciationPart2Flag.AuxInfo5Present, "u16"],
);

/** 0395. */
export const PrimingStartedData = layout(["amountSfloat", "u16"]);

/** 039A. */
export const PrimingDoneData = flagged(
  [
    ["flags", "u8"],
    ["deliveredSfloat", "u16"],
    ["reason", "u8"],
  ],
  allFlags(PrimingDoneFlag),
  ["annunciationInstance", PrimingDoneFlag.AnnunciationPresent, "u16"],
);

/** 03A6 Data Corruption and 03A9 Pointer Event: nothing. */
export const NoEventData = layout();
