/**
 * Layouts of the Insulin Delivery Service 1.0 that PROTOCOL.md sections 6.1 to 6.3 use: operands and responses
 * without their leading opcode (see `message`), values of channels 20 to 23 whole. Nothing about which values are
 * taken: enumerations, identifiers and medical floats are raw integers (names in values.ts, floats in float.ts).
 * An amount is an SFLOAT or FLOAT in U, a rate one in U/h.
 */

import { concat } from "../base/bytes.js";
import { layout } from "../base/layout.js";
import { allFlags, flagged } from "./flagged.js";
import {
  AnnunciationFlag,
  BasalFlag,
  BolusFlag,
  FeatureFlag,
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

/** The operand of the requests that have none. */
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

/** Channel 22: the oldest pending annunciation, or none. */
export const AnnunciationStatusValue = flagged([["flags", "u8"]], allFlags(AnnunciationFlag), [
  "annunciation",
  AnnunciationFlag.Present,
  [
    ["instance", "u16"],
    ["type", "u16"],
    ["status", "u8"],
  ],
]);

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

const BolusIds = layout(["count", "u8"], ["ids", "rest"]);
const BolusId = layout(["bolusId", "u16"]);

/** 033F: a counted list of bolus IDs. Encoding throws on an ID that is no u16 and on over 255 IDs. */
export const ActiveBolusIdsResponse = {
  encode(bolusIds: readonly number[]): Uint8Array {
    const ids = concat(...bolusIds.map((bolusId) => BolusId.encode({ bolusId })));
    return BolusIds.encode({ count: bolusIds.length, ids });
  },
  /** `undefined` when the bytes are not exactly the count and that many IDs. */
  decode(bytes: Uint8Array): readonly number[] | undefined {
    const list = BolusIds.decode(bytes);
    if (list === undefined || list.ids.length !== list.count * BolusId.sizeBytes) return undefined;
    const bolusIds: number[] = [];
    for (let offset = 0; offset < list.ids.length; offset += BolusId.sizeBytes) {
      const entry = BolusId.decode(list.ids.subarray(offset, offset + BolusId.sizeBytes));
      if (entry !== undefined) bolusIds.push(entry.bolusId);
    }
    return bolusIds;
  },
} as const;

/** 0356: which bolus, and which of its amounts (BolusValue). */
export const ActiveBolusDeliveryOperand = layout(["bolusId", "u16"], ["value", "u8"]);

const BOLUS_FIELDS = [
  ["type", "u8"],
  ["fastSfloat", "u16"],
  ["extendedSfloat", "u16"],
  ["durationMinutes", "u16"],
] as const;
const BOLUS_OPTIONAL = [
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

/** 03CF: insulin delivered since provisioning. */
export const DeliveredInsulinResponse = layout(["bolusFloat", "u32"], ["basalFloat", "u32"]);

/** 0F5A. */
export const SetTherapyControlStateOperand = layout(["state", "u8"]);

/** 0FFF. */
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
