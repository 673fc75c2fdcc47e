/**
 * History events of the Insulin Delivery Service, as the therapy produces them: numbered, dated by the pump clock, and
 * carried in the standing state until they are on flash. Pure; the log itself is storage/history.ts.
 */

import { concat } from "../base/bytes.js";
import { layout } from "../base/layout.js";
import { MS_PER_HOUR, type PumpClockMs, pumpClockMs } from "../base/units.js";
import { DATE_TIME_UNKNOWN } from "../ids/dateTime.js";
import { ReferenceTimeData } from "../ids/history.js";
import { RecordingReason } from "../ids/historyValues.js";
import { HistoryEvent } from "../ids/values.js";
import { DATA_MAX_BYTES, type HistoryRecord } from "../storage/history.js";

/** The offset from the reference is a u16 of seconds (Insulin Delivery Service 1.0): 18.2 h at most, here 18 h. */
export const REFERENCE_INTERVAL_MS = 18 * MS_PER_HOUR;
/**
 * Events of one step, at most; bounds what the standing state carries. The most are 13: a boot that ends a bolus and a TBR
 * and stops for a lost calibration.
 */
export const PENDING_EVENTS_MAX = 16;

export interface PendingHistory {
  /** Sequence of the next event. */
  readonly nextSequence: number;
  /** Pump clock at the last Reference Time event. */
  readonly referenceMs: PumpClockMs;
  /** Events of the last change, perhaps not on flash yet. */
  readonly pending: readonly HistoryRecord[];
}

export interface NewEvent {
  readonly event: HistoryEvent;
  /** 0 to 10 bytes. */
  readonly data: Uint8Array;
}

function referenceTime(reason: RecordingReason): NewEvent {
  // This version has no wall clock.
  const data = ReferenceTimeData.encode({ reason, ...DATE_TIME_UNKNOWN, timeZoneInt8: 0, dstOffset: 0 });
  return { event: HistoryEvent.ReferenceTime, data };
}

/**
 * Numbers and dates new events. Those of the change before are dropped: they are on flash. A Reference Time goes before
 * them when the last one is 18 h old, or when `restarted` says that powered time may be missing.
 */
export function withEvents(
  history: PendingHistory,
  events: readonly NewEvent[],
  clockMs: PumpClockMs,
  restarted = false,
): PendingHistory {
  const due = restarted || clockMs - history.referenceMs >= REFERENCE_INTERVAL_MS;
  const all = due
    ? [referenceTime(restarted ? RecordingReason.TimeLost : RecordingReason.Periodic), ...events]
    : events;
  if (all.length > PENDING_EVENTS_MAX) throw new Error(`invariant: ${all.length} history events in one step`);
  const referenceMs = due ? clockMs : history.referenceMs;
  // An event may be dated back, to the end of a temporary rate, but not before its reference.
  const relativeOffsetS = Math.floor(Math.max(0, clockMs - referenceMs) / 1000);
  const pending = all.map(({ event, data }, i) => ({
    sequence: history.nextSequence + i,
    event,
    relativeOffsetS,
    pumpClockMs: clockMs,
    data,
  }));
  return { nextSequence: history.nextSequence + all.length, referenceMs, pending };
}

const Head = layout(["nextSequence", "u32"], ["referenceMs", "u48"], ["count", "u8"]);
const Event = layout(
  ["sequence", "u32"],
  ["event", "u16"],
  ["relativeOffsetS", "u16"],
  ["pumpClockMs", "u48"],
  ["dataLength", "u8"],
  ["data", { bytes: DATA_MAX_BYTES }],
);

export function encodePendingHistory(history: PendingHistory): Uint8Array {
  const events = history.pending.map((record) => {
    const data = new Uint8Array(DATA_MAX_BYTES);
    data.set(record.data);
    return Event.encode({ ...record, dataLength: record.data.length, data });
  });
  return concat(Head.encode({ ...history, count: events.length }), ...events);
}

export function decodePendingHistory(bytes: Uint8Array): PendingHistory | undefined {
  const head = Head.decode(bytes.subarray(0, Head.sizeBytes));
  if (!head || head.count > PENDING_EVENTS_MAX) return undefined;
  if (bytes.length !== Head.sizeBytes + head.count * Event.sizeBytes) return undefined;
  const pending: HistoryRecord[] = [];
  for (let i = 0; i < head.count; i++) {
    const offset = Head.sizeBytes + i * Event.sizeBytes;
    const event = Event.decode(bytes.subarray(offset, offset + Event.sizeBytes));
    if (!event || event.dataLength > DATA_MAX_BYTES) return undefined;
    const { dataLength, ...record } = event;
    pending.push({ ...record, data: record.data.slice(0, dataLength) });
  }
  return { nextSequence: head.nextSequence, referenceMs: pumpClockMs(head.referenceMs), pending };
}
