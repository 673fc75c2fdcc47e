/**
 * A record of the history as it stands in a slot of 32 bytes, with its check and its format.
 *
 * Every record says its own format, so that those of several versions share a block, and none is ever converted: the
 * ring drops the old in time. Slots of 32 bytes with the sequence first and the check last hold in every version; the
 * format's byte is FF in version 1, whose records had no such byte but a reserve of FF in its place, and the version in
 * all later ones. (A header in each block would cost a slot and a second write that a cut can part from the erase, and
 * old blocks have none.) Newer firmware records at its boot, if nothing else a Reference Time: so what it leaves is
 * found in the block being filled. Then nothing is appended: the ring would erase what this version cannot read.
 */

import { layout } from "../base/layout.js";
import { CHECK_BYTES, checkedContent, withCheck } from "./checked.js";

export interface HistoryRecord {
  /** u32, ascending, never used twice. */
  readonly sequence: number;
  /** u16, the event type of the Insulin Delivery Service. */
  readonly event: number;
  /** u16, seconds since the last Reference Time event. */
  readonly relativeOffsetS: number;
  /** u48, pump clock. */
  readonly pumpClockMs: number;
  /** 0 to 10 bytes, the event's own. */
  readonly data: Uint8Array;
}

/** Bytes of an event's own data (Insulin Delivery Service 1.0). */
export const DATA_MAX_BYTES = 10;
/** The first of them says the format. */
const RESERVED_BYTES = 3;
const ERASED_BYTE = 0xff;
/** Of the format below. */
export const HISTORY_VERSION = 1;
const FORMAT_OF_VERSION_1 = ERASED_BYTE;

const RECORD = layout(
  ["sequence", "u32"],
  ["event", "u16"],
  ["relativeOffsetS", "u16"],
  ["pumpClockMs", "u48"],
  ["dataLength", "u8"],
  ["data", { bytes: DATA_MAX_BYTES }],
  ["reserved", { bytes: RESERVED_BYTES }],
);
/** Of one record on flash. */
export const SLOT_BYTES = RECORD.sizeBytes + CHECK_BYTES;
/** Whether a slot holds nothing yet. */
export function isErased(bytes: Uint8Array): boolean {
  let i = 0;
  while (i < bytes.length && bytes[i] === ERASED_BYTE) i++;
  return i === bytes.length;
}

/** A record as it stands in its slot. Throws an invariant when a field does not fit. */
export function encodeRecord(record: HistoryRecord): Uint8Array {
  const { data } = record;
  if (data.length > DATA_MAX_BYTES) throw new Error(`invariant: ${data.length} bytes of event data do not fit`);
  const padded = new Uint8Array(DATA_MAX_BYTES).fill(ERASED_BYTE);
  padded.set(data);
  const reserved = new Uint8Array(RESERVED_BYTES).fill(FORMAT_OF_VERSION_1);
  return withCheck(RECORD.encode({ ...record, dataLength: data.length, data: padded, reserved }));
}

/** A record, or what version a sound one is that is not of this; undefined for a slot that is neither. */
export function decodeRecord(bytes: Uint8Array): HistoryRecord | { readonly otherVersion: number } | undefined {
  const content = checkedContent(bytes);
  const fields = content && RECORD.decode(content);
  if (!fields) return undefined;
  const [format = FORMAT_OF_VERSION_1] = fields.reserved;
  if (format !== FORMAT_OF_VERSION_1) return { otherVersion: format };
  const { sequence, event, relativeOffsetS, pumpClockMs } = fields;
  return { sequence, event, relativeOffsetS, pumpClockMs, data: fields.data.slice(0, fields.dataLength) };
}
