import * as layouts from "../../firmware/ids/layouts.js";

/** What every layout can do, whatever it describes. */
export interface Codec {
  encode(values: never): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** Name, codec, the bytes written out by hand from PROTOCOL.md sections 6.1 to 6.3, and what they say. */
export const layoutVectors: readonly (readonly [name: string, codec: Codec, bytes: string, values: unknown])[] = [
  ["Status Changed", layouts.StatusChangedValue, "4100", { flags: 0x41 }],
  [
    "Status, 150 U attached",
    layouts.StatusValue,
    "55960f1001",
    { therapyControlState: 0x55, operationalState: 0x96, reservoirSfloat: 0x100f, flags: 1 },
  ],
  [
    "Status, detached",
    layouts.StatusValue,
    "3333ff0700",
    { therapyControlState: 0x33, operationalState: 0x33, reservoirSfloat: 0x07ff, flags: 0 },
  ],
  ["no annunciation", layouts.AnnunciationStatusValue, "00", { flags: 0 }],
  [
    "an occlusion",
    layouts.AnnunciationStatusValue,
    "0102013c0033",
    { flags: 1, annunciation: { instance: 0x0102, type: 0x003c, status: 0x33 } },
  ],
  [
    "Features",
    layouts.FeaturesValue,
    "ffff00012026a000",
    { e2eCrc: 0xffff, e2eCounter: 0, concentrationSfloat: 0x2001, flags: 0x00a026 },
  ],
  ["general response", layouts.GeneralResponse, "4b1174", { requestOpcode: 0x114b, code: 0x74 }],
  ["Reset Status", layouts.ResetStatusOperand, "8800", { flags: 0x88 }],
  ["no operand", layouts.NoOperand, "", {}],
  ["no active bolus", layouts.ActiveBolusIdsResponse, "00", []],
  ["two active boluses", layouts.ActiveBolusIdsResponse, "0201000203", [0x0001, 0x0302]],
  ["Get Active Bolus Delivery", layouts.ActiveBolusDeliveryOperand, "07013c", { bolusId: 0x0107, value: 0x3c }],
  [
    "active bolus delivery for a meal",
    layouts.ActiveBolusDeliveryResponse,
    "100701" + "3305e000000000",
    { flags: 0x10, bolusId: 0x0107, type: 0x33, fastSfloat: 0xe005, extendedSfloat: 0, durationMinutes: 0 },
  ],
  [
    "active bolus delivery with everything",
    layouts.ActiveBolusDeliveryResponse,
    "1f0701" + "5505e006e03c00" + "0a01" + "02" + "5a",
    {
      flags: 0x1f,
      bolusId: 0x0107,
      type: 0x55,
      fastSfloat: 0xe005,
      extendedSfloat: 0xe006,
      durationMinutes: 60,
      delayMinutes: 266,
      templateNumber: 2,
      activation: 0x5a,
    },
  ],
  [
    "active basal rate without a TBR",
    layouts.ActiveBasalRateDeliveryResponse,
    "000109f0",
    { flags: 0, profileTemplateNumber: 1, rateSfloat: 0xf009 },
  ],
  [
    "active basal rate under a TBR",
    layouts.ActiveBasalRateDeliveryResponse,
    "010109f0" + "3302f03c001e00",
    {
      flags: 1,
      profileTemplateNumber: 1,
      rateSfloat: 0xf009,
      tbr: { type: 0x33, rateSfloat: 0xf002, programmedMinutes: 60, remainingMinutes: 30 },
    },
  ],
  [
    "active basal rate with everything",
    layouts.ActiveBasalRateDeliveryResponse,
    "070109f0" + "3302f0a0051e00" + "04" + "3c",
    {
      flags: 7,
      profileTemplateNumber: 1,
      rateSfloat: 0xf009,
      tbr: { type: 0x33, rateSfloat: 0xf002, programmedMinutes: 1440, remainingMinutes: 30 },
      templateNumber: 4,
      context: 0x3c,
    },
  ],
  [
    "delivered insulin",
    layouts.DeliveredInsulinResponse,
    "050000fe" + "02000001",
    { bolusFloat: 0xfe000005, basalFloat: 0x01000002 },
  ],
  ["Set Therapy Control State", layouts.SetTherapyControlStateOperand, "33", { state: 0x33 }],
  [
    "Set TBR",
    layouts.SetTbrOperand,
    "04330cf0a005",
    { flags: 4, type: 0x33, rateSfloat: 0xf00c, durationMinutes: 1440 },
  ],
  [
    "Set TBR with everything",
    layouts.SetTbrOperand,
    "07330cf01e000355",
    { flags: 7, type: 0x33, rateSfloat: 0xf00c, durationMinutes: 30, templateNumber: 3, context: 0x55 },
  ],
  [
    "Set Bolus",
    layouts.SetBolusOperand,
    "083305e000000000",
    { flags: 8, type: 0x33, fastSfloat: 0xe005, extendedSfloat: 0, durationMinutes: 0 },
  ],
  [
    "Set Bolus with everything",
    layouts.SetBolusOperand,
    "1f5505e006e03c000a010233",
    {
      flags: 0x1f,
      type: 0x55,
      fastSfloat: 0xe005,
      extendedSfloat: 0xe006,
      durationMinutes: 60,
      delayMinutes: 266,
      templateNumber: 2,
      activation: 0x33,
    },
  ],
  ["Set Bolus Response", layouts.SetBolusResponse, "0201", { bolusId: 0x0102 }],
  ["Cancel Bolus", layouts.CancelBolusOperand, "0201", { bolusId: 0x0102 }],
  ["Cancel Bolus Response", layouts.CancelBolusResponse, "ffff", { bolusId: 0xffff }],
];
