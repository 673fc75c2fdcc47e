/** What goes over channels 27 and 28: requests for history records, their end, and the records. PROTOCOL.md section 6.4. */

import { Layout } from "./layout.js";

/** Opcodes on channel 27. */
export const RECORD_ACCESS = { response: 0x0f, report: 0x33, abort: 0x55 } as const;
/** Response codes on channel 27. */
export const RECORD_CODE = { success: 0xf0, noRecordsFound: 0x06 } as const;
const OPERATOR = { none: 0x0f, atLeast: 0x55 } as const;
const FILTER_SEQUENCE = 0x0f;

const AT_LEAST = new Layout({ opcode: "u8", operator: "u8", filter: "u8", sequence: "u32" });
const ABORT = new Layout({ opcode: "u8", operator: "u8" });
const RESPONSE = new Layout({ opcode: "u8", operator: "u8", request: "u8", code: "u8" });
const RECORD = new Layout({ event: "u16", sequence: "u32", relativeOffsetS: "u16" });
const MOST_DATA_BYTES = 10;

/** One event of the pump's history, as the pump sent it. */
export interface HistoryRecord {
  /** Numbered from 0 without a break, never twice. */
  readonly sequence: number;
  /** What happened: events.ts has the names, and reads `data`. */
  readonly event: number;
  /** Seconds since the last Reference Time before it. */
  readonly relativeOffsetS: number;
  /** 0 to 10 bytes. */
  readonly data: Uint8Array;
}

/** Report Stored Records with sequences of `sequence` and above. */
export function encodeReportFrom(sequence: number): Uint8Array {
  return AT_LEAST.encode({
    opcode: RECORD_ACCESS.report,
    operator: OPERATOR.atLeast,
    filter: FILTER_SEQUENCE,
    sequence,
  });
}

/** Abort Operation. */
export function encodeAbort(): Uint8Array {
  return ABORT.encode({ opcode: RECORD_ACCESS.abort, operator: OPERATOR.none });
}

/** A response on channel 27; undefined when malformed. */
export function decodeRecordResponse(
  value: Uint8Array,
): { readonly request: number; readonly code: number } | undefined {
  const response = RESPONSE.decode(value);
  if (response?.opcode !== RECORD_ACCESS.response || response.operator !== OPERATOR.none) return undefined;
  return { request: response.request, code: response.code };
}

/** A value of channel 28; undefined when malformed. */
export function decodeRecord(value: Uint8Array): HistoryRecord | undefined {
  const head = RECORD.decodeHead(value);
  return head && head.tail.length <= MOST_DATA_BYTES ? { ...head.values, data: head.tail } : undefined;
}
