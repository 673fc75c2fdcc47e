/** What the events of a pump's history are called, and the figures in their data. PROTOCOL.md section 6.4. */

import type { HistoryRecord } from "./recordAccess.js";
import { decodeSfloat } from "./sfloat.js";

/** `amount`: an SFLOAT, given in millionths: of a unit, of a unit an hour, or (of a relative TBR) of the basal rate. */
type FigureKind = "u8" | "i8" | "u16" | "u32" | "amount";

/** A figure; with `flag`, one that is there when `flags` has that bit. */
type Figure = readonly [name: string, kind: FigureKind, flag?: number];

interface EventRow {
  readonly name: string;
  readonly figures: readonly Figure[];
}

/** Figures by name. */
export type Figures = Readonly<Record<string, number>>;

/** A record read. Without `figures` its data is not what the protocol gives the event, or the event is unknown. */
export interface EventRead {
  readonly name: string | undefined;
  readonly figures: Figures | undefined;
}

/** Event codes. */
export const EVENT = {
  referenceTime: 0x000f,
  bolusProgrammed1: 0x005a,
  bolusProgrammed2: 0x0066,
  bolusDelivered1: 0x0069,
  bolusDelivered2: 0x0096,
  basalRateChanged: 0x0099,
  tbrStarted: 0x00a5,
  tbrEnded: 0x00aa,
  tbrChanged: 0x00c3,
  profileActivated: 0x00cc,
  basalBlockChanged: 0x00f0,
  totalDailyInsulin: 0x00ff,
  therapyControlStateChanged: 0x0303,
  operationalStateChanged: 0x030c,
  reservoirChanged: 0x0330,
  annunciation1: 0x033f,
  annunciation2: 0x0356,
  primingStarted: 0x0395,
  primingDone: 0x039a,
  dataCorruption: 0x03a6,
} as const;

const FLAGS: Figure = ["flags", "u8"];
const BOLUS: readonly Figure[] = [
  ["bolusId", "u16"],
  ["type", "u8"],
  ["fastMicrounits", "amount"],
  ["extendedMicrounits", "amount"],
  ["durationMinutes", "u16"],
];
const STATES: readonly Figure[] = [
  ["oldState", "u8"],
  ["newState", "u8"],
];

const ROWS: Readonly<Record<number, EventRow>> = {
  [EVENT.referenceTime]: {
    name: "Reference Time",
    figures: [
      ["reason", "u8"],
      ["year", "u16"],
      ["month", "u8"],
      ["day", "u8"],
      ["hours", "u8"],
      ["minutes", "u8"],
      ["seconds", "u8"],
      ["timeZoneQuarters", "i8"],
      ["dst", "u8"],
    ],
  },
  [EVENT.bolusProgrammed1]: { name: "Bolus Programmed, part 1", figures: BOLUS },
  [EVENT.bolusProgrammed2]: {
    name: "Bolus Programmed, part 2",
    figures: [FLAGS, ["delayMinutes", "u16", 0x01], ["template", "u8", 0x02], ["activation", "u8", 0x04]],
  },
  [EVENT.bolusDelivered1]: { name: "Bolus Delivered, part 1", figures: BOLUS },
  [EVENT.bolusDelivered2]: {
    name: "Bolus Delivered, part 2",
    figures: [
      FLAGS,
      ["startOffsetS", "u32"],
      ["activation", "u8", 0x01],
      ["endReason", "u8", 0x02],
      ["annunciation", "u16", 0x04],
    ],
  },
  [EVENT.basalRateChanged]: {
    name: "Delivered Basal Rate Changed",
    figures: [FLAGS, ["oldMicrounitsPerHour", "amount"], ["newMicrounitsPerHour", "amount"], ["context", "u8", 0x01]],
  },
  [EVENT.tbrStarted]: {
    name: "TBR Started",
    figures: [FLAGS, ["type", "u8"], ["rate", "amount"], ["durationMinutes", "u16"], ["template", "u8", 0x01]],
  },
  [EVENT.tbrEnded]: {
    name: "TBR Ended",
    figures: [
      FLAGS,
      ["type", "u8"],
      ["effectiveMinutes", "u16"],
      ["endReason", "u8"],
      ["template", "u8", 0x01],
      ["annunciation", "u16", 0x02],
    ],
  },
  [EVENT.tbrChanged]: {
    name: "TBR Changed",
    figures: [
      FLAGS,
      ["type", "u8"],
      ["rate", "amount"],
      ["durationMinutes", "u16"],
      ["elapsedMinutes", "u16"],
      ["template", "u8", 0x01],
    ],
  },
  [EVENT.profileActivated]: {
    name: "Profile Template Activated",
    figures: [
      ["type", "u8"],
      ["oldTemplate", "u8"],
      ["newTemplate", "u8"],
    ],
  },
  [EVENT.basalBlockChanged]: {
    name: "Basal Rate Profile Template Time Block Changed",
    figures: [
      ["template", "u8"],
      ["block", "u8"],
      ["durationMinutes", "u16"],
      ["microunitsPerHour", "amount"],
    ],
  },
  [EVENT.totalDailyInsulin]: {
    name: "Total Daily Insulin Delivery",
    figures: [
      FLAGS,
      ["bolusMicrounits", "amount"],
      ["basalMicrounits", "amount"],
      ["year", "u16"],
      ["month", "u8"],
      ["day", "u8"],
    ],
  },
  [EVENT.therapyControlStateChanged]: { name: "Therapy Control State Changed", figures: STATES },
  [EVENT.operationalStateChanged]: { name: "Operational State Changed", figures: STATES },
  [EVENT.annunciation1]: {
    name: "Annunciation Status Changed, part 1",
    figures: [
      FLAGS,
      ["instance", "u16"],
      ["type", "u16"],
      ["status", "u8"],
      ["aux1", "u16", 0x01],
      ["aux2", "u16", 0x02],
    ],
  },
  [EVENT.annunciation2]: {
    name: "Annunciation Status Changed, part 2",
    figures: [FLAGS, ["aux3", "u16", 0x01], ["aux4", "u16", 0x02], ["aux5", "u16", 0x04]],
  },
  [EVENT.reservoirChanged]: {
    name: "Reservoir Remaining Amount Changed",
    figures: [["remainingMicrounits", "amount"]],
  },
  [EVENT.primingStarted]: { name: "Priming Started", figures: [["amountMicrounits", "amount"]] },
  [EVENT.primingDone]: {
    name: "Priming Done",
    figures: [FLAGS, ["primedMicrounits", "amount"], ["endReason", "u8"], ["annunciation", "u16", 0x01]],
  },
  [EVENT.dataCorruption]: { name: "Data Corruption", figures: [] },
};

const BYTES = { u8: 1, i8: 1, u16: 2, u32: 4, amount: 2 } as const;

function figure(view: DataView, at: number, kind: FigureKind): number | undefined {
  switch (kind) {
    case "u8":
      return view.getUint8(at);
    case "i8":
      return view.getInt8(at);
    case "u16":
      return view.getUint16(at, true);
    case "u32":
      return view.getUint32(at, true);
    case "amount":
      return decodeSfloat(view.getUint16(at, true));
    default:
      return kind satisfies never;
  }
}

function figuresOf(rows: readonly Figure[], data: Uint8Array): Figures | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const figures: Record<string, number> = {};
  let at = 0;
  for (const [name, kind, flag] of rows) {
    if (flag !== undefined && ((figures["flags"] ?? 0) & flag) === 0) continue;
    if (at + BYTES[kind] > data.length) return undefined;
    const value = figure(view, at, kind);
    if (value === undefined) return undefined;
    figures[name] = value;
    at += BYTES[kind];
  }
  return at === data.length ? figures : undefined;
}

/** Reads a record's event. An event that a later pump records, or data of another form, is for its reader to keep as it is. */
export function readEvent({ event, data }: HistoryRecord): EventRead {
  const row = ROWS[event];
  return { name: row?.name, figures: row && figuresOf(row.figures, data) };
}
