/**
 * Layouts of the Insulin Delivery Service 1.0 on channels 20 to 25, but for profiles (basalProfile.ts): operands and
 * responses without their leading opcode (see `message`), values of channels 20 to 23 whole. Nothing about which values
 * are taken: enumerations, identifiers and medical floats are raw integers (names in values.ts, floats in float.ts).
 * An amount is an SFLOAT or FLOAT in U, a rate one in U/h.
 */

import { layout } from "../base/layout.js";
import { counted } from "./counted.js";
import { allFlags, flagged, onlyWith } from "./flagged.js";
import {
  AnnunciationFlag,
  AvailableBolusFlag,
  BasalFlag,
  BolusFlag,
  FeatureFlag,
  InsulinOnBoardFlag,
  StatusChangedFlag,
  StatusFlag,
  TbrFlag,
} from "./values.js";

const Message = layout(["opcode", "u16"], ["operand", "rest"]);

/** A message of channel 24 or 25: opcode u16, operand. Throws when the opcode is no u16. */
export function message(opcode: number, operand: Uint8Array): Uint8Array {
  return Message.encode({ opcode, operand });
}

/** The opcode of a message; `undefined` when it is shorter than one. */
export function opcodeOf(value: Uint8Array): number | undefined {
  return Message.decode(value)?.opcode;
}

/** A copy of what follows the opcode of a message; `undefined` when it is shorter than an opcode. */
export function operandOf(value: Uint8Array): Uint8Array | undefined {
  return Message.decode(value)?.operand;
}

/**
 * The operand of the requests that have none: the reads without a choice, Set Flight Mode 0F66, Cancel TBR 1111, Stop
 * Priming 1284, Reset Reservoir Insulin Operation Time 12B7.
 */
export const NoOperand = layout();

/** Channel 20: what changed since it was last reset. */
export const StatusChangedValue = flagged([["flags", "u16"]], allFlags(StatusChangedFlag));

/** Channel 21. */
export const StatusValue = flagged(
  [
    ["therapyControlState", "u8"],
    ["operationalState", "u8"],
    ["reservoirSfloat", "u16"],
    ["flags", "u8"],
  ],
  allFlags(StatusFlag),
);

/**
 * Channel 22: the oldest annunciation that is not confirmed, or none. What its five pieces of auxiliary information mean
 * is the maker's; any of them may be there, but none without an annunciation.
 */
export const AnnunciationStatusValue = onlyWith(
  flagged(
    [["flags", "u8"]],
    allFlags(AnnunciationFlag),
    [
      "annunciation",
      AnnunciationFlag.Present,
      [
        ["instance", "u16"],
        ["type", "u16"],
        ["status", "u8"],
      ],
    ],
    ["auxInfo1", AnnunciationFlag.AuxInfo1Present, "u16"],
    ["auxInfo2", AnnunciationFlag.AuxInfo2Present, "u16"],
    ["auxInfo3", AnnunciationFlag.AuxInfo3Present, "u16"],
    ["auxInfo4", AnnunciationFlag.AuxInfo4Present, "u16"],
    ["auxInfo5", AnnunciationFlag.AuxInfo5Present, "u16"],
  ),
  allFlags(AnnunciationFlag) & ~AnnunciationFlag.Present,
  AnnunciationFlag.Present,
);

/** Channel 23, concentration in IU/ml. The extension bit announces bytes that this layout does not have: reserved. */
export const FeaturesValue = flagged(
  [
    ["e2eCrc", "u16"],
    ["e2eCounter", "u8"],
    ["concentrationSfloat", "u16"],
    ["flags", "u24"],
  ],
  allFlags(FeatureFlag) & ~FeatureFlag.Extension,
);

/** What Features carries in the place of its CRC and counter without E2E protection (Insulin Delivery Service 1.0). */
export const WITHOUT_E2E = { e2eCrc: 0xffff, e2eCounter: 0 } as const;

/** The general responses 0303 (Status Reader) and 0F55 (Command): which request, and how it went. */
export const GeneralResponse = layout(["requestOpcode", "u16"], ["code", "u8"]);

/** 030C: the flags of Status Changed to clear. */
export const ResetStatusOperand = flagged([["flags", "u16"]], allFlags(StatusChangedFlag));

const BolusId = layout(["bolusId", "u16"]);

/** 033F: the IDs of the boluses under way; at most 7 fit the standard's shortest link. */
export const ActiveBolusIdsResponse = counted("bolusId", "u16");

/** 0356: which bolus, and which of its amounts (BolusValue). */
export const ActiveBolusDeliveryOperand = layout(["bolusId", "u16"], ["value", "u8"]);

const BOLUS_FIELDS = [
  ["type", "u8"],
  ["fastSfloat", "u16"],
  ["extendedSfloat", "u16"],
  ["durationMinutes", "u16"],
] as const;
/** What comes with a bolus by its flags (BolusFlag), in a command, in a report and in the history. */
export const BOLUS_OPTIONAL = [
  ["delayMinutes", BolusFlag.DelayPresent, "u16"],
  ["templateNumber", BolusFlag.TemplatePresent, "u8"],
  ["activation", BolusFlag.ActivationPresent, "u8"],
] as const;

/** 0359: flags, bolus ID, the amounts that were asked for. */
export const ActiveBolusDeliveryResponse = flagged(
  [["flags", "u8"], ["bolusId", "u16"], ...BOLUS_FIELDS],
  allFlags(BolusFlag),
  ...BOLUS_OPTIONAL,
);

/** 036A: the programmed basal rate, and the TBR on top of it. `templateNumber` is the TBR's. */
export const ActiveBasalRateDeliveryResponse = flagged(
  [
    ["flags", "u8"],
    ["profileTemplateNumber", "u8"],
    ["rateSfloat", "u16"],
  ],
  allFlags(BasalFlag),
  [
    "tbr",
    BasalFlag.TbrPresent,
    [
      ["type", "u8"],
      ["rateSfloat", "u16"],
      ["programmedMinutes", "u16"],
      ["remainingMinutes", "u16"],
    ],
  ],
  ["templateNumber", BasalFlag.TemplatePresent, "u8"],
  ["context", BasalFlag.ContextPresent, "u8"],
);

/** 039A: insulin delivered since midnight, and the sum of the two. */
export const TotalDailyInsulinResponse = layout(["bolusSfloat", "u16"], ["basalSfloat", "u16"], ["totalSfloat", "u16"]);

/** 03A6: which counter (CounterType), and whether what is left or what is gone (CounterValue). */
export const CounterOperand = layout(["type", "u8"], ["value", "u8"]);

/** 03A9: the request again, and minutes: an int32 (see signed.ts), below zero once a time limit has passed. */
export const CounterResponse = layout(["type", "u8"], ["value", "u8"], ["minutesInt32", "u32"]);

/** 03CF: insulin delivered since provisioning. */
export const DeliveredInsulinResponse = layout(["bolusFloat", "u32"], ["basalFloat", "u32"]);

/** 03FC: insulin still at work, and for how long. */
export const InsulinOnBoardResponse = flagged(
  [
    ["flags", "u8"],
    ["insulinSfloat", "u16"],
  ],
  allFlags(InsulinOnBoardFlag),
  ["remainingMinutes", InsulinOnBoardFlag.RemainingPresent, "u16"],
);

/** 0F69 Snooze and 0F99 Confirm Annunciation, and their responses 0F96 and 0FA5. */
export const AnnunciationInstance = layout(["instance", "u16"]);

/** 0F5A. */
export const SetTherapyControlStateOperand = layout(["state", "u8"]);

/** 0FFF: the rate of a relative TBR is a factor without a unit, of 1 for the basal rate as it is. */
export const SetTbrOperand = flagged(
  [
    ["flags", "u8"],
    ["type", "u8"],
    ["rateSfloat", "u16"],
    ["durationMinutes", "u16"],
  ],
  allFlags(TbrFlag),
  ["templateNumber", TbrFlag.TemplatePresent, "u8"],
  ["context", TbrFlag.ContextPresent, "u8"],
);

/** 114B. */
export const SetBolusOperand = flagged([["flags", "u8"], ...BOLUS_FIELDS], allFlags(BolusFlag), ...BOLUS_OPTIONAL);

/** 1177: the ID that names the bolus from now on. */
export const SetBolusResponse = BolusId;

/** 1178. */
export const CancelBolusOperand = BolusId;

/** 1187. */
export const CancelBolusResponse = BolusId;

/** 11B4: the kinds of bolus that could be set now. */
export const AvailableBolusesResponse = flagged([["flags", "u8"]], allFlags(AvailableBolusFlag));

/** 127B: how much to prime with. */
export const StartPrimingOperand = layout(["amountSfloat", "u16"]);

/** 128B: what a fresh reservoir holds. */
export const SetInitialReservoirFillOperand = layout(["amountSfloat", "u16"]);
