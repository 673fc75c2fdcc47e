/**
 * The history read by radio: the Record Access Control Point (channel 27) and History Data (channel 28) of the Insulin
 * Delivery Service 1.0, PROTOCOL.md section 6.4. Reads the log and never writes it; what is sent, and when, is radio.ts.
 *
 *     none --report--> under way --a record a turn...--> response F0 or 06 --> none
 *                          |--abort, the session's end--> none
 *
 * A step reads at most {@link SLOTS_A_TURN} slots and gives at most one message: whatever a report reaches over, pulse,
 * Stop and button wait for no more than that.
 */

import { HistoryRecordValue } from "../ids/history.js";
import {
  Channel,
  RecordAccessFilter,
  RecordAccessOpcode,
  RecordAccessOperator,
  RecordAccessResponse,
} from "../ids/opcodes.js";
import { decodeRecordAccess, numberOfRecords, type RecordSelection, recordAccessOutcome } from "../ids/recordAccess.js";
import type { HistoryLog } from "../storage/history.js";
import type { HistoryRecord } from "../storage/historyRecord.js";
import {
  countRecords,
  type Walk,
  type WalkBack,
  walkBack,
  walkBackFromNewest,
  walkOn,
} from "../storage/historyWalk.js";
import type { Reply } from "./table.js";

/** Slots of 32 bytes that one step reads at most: with their checks less work than the seal of one record. */
export const SLOTS_A_TURN = 16;

/** A report under way. */
export type Report =
  /** `only`: it ends with its first record. `sent`: one has been sent. */
  | { readonly kind: "ascending"; readonly walk: Walk; readonly only: boolean; readonly sent: boolean }
  | { readonly kind: "last"; readonly walk: WalkBack }
  /** All is sent but the response. */
  | { readonly kind: "ended"; readonly code: RecordAccessResponse };

/** `next` is the report that goes on. */
export interface RecordAccessStep {
  readonly next: Report | undefined;
  readonly reply?: Reply;
}

const response = (value: Uint8Array): Reply => ({ channel: Channel.RecordAccessControlPoint, value });

const outcome = (requestOpcode: number, code: RecordAccessResponse): Reply =>
  response(recordAccessOutcome({ requestOpcode, code }));

/** The lowest and the highest sequence that are asked for; First and Last are among all. */
function boundsOf(selection: RecordSelection): { readonly from: number; readonly to: number } {
  const { LessOrEqual, GreaterOrEqual, Range } = RecordAccessOperator;
  const every = { from: 0, to: Number.POSITIVE_INFINITY };
  switch (selection.operator) {
    case LessOrEqual:
      return { ...every, to: selection.sequence };
    case GreaterOrEqual:
      return { ...every, from: selection.sequence };
    case Range:
      return selection;
    default:
      return every;
  }
}

/** A report of what is selected now: what is recorded later is not of it. Undefined where no record can match. */
function reportOf(selection: RecordSelection, log: HistoryLog): Report | undefined {
  const { newest } = log;
  const { from, to } = boundsOf(selection);
  if (!newest || countRecords(log, from, to) === 0) return undefined;
  if (selection.operator === RecordAccessOperator.Last) {
    const walk = walkBackFromNewest(log);
    return walk && { kind: "last", walk };
  }
  const only = selection.operator === RecordAccessOperator.First;
  return { kind: "ascending", walk: { next: from, to: Math.min(to, newest.sequence) }, only, sent: false };
}

function numberOf(selection: RecordSelection, log: HistoryLog): number {
  const { First, Last } = RecordAccessOperator;
  const { from, to } = boundsOf(selection);
  const count = countRecords(log, from, to);
  return selection.operator === First || selection.operator === Last ? Math.min(count, 1) : count;
}

/**
 * Answers one request on channel 27. A report begins with its first turn, not here. While one is under way everything but
 * Abort is refused with NotApplicable, before anything else is looked at. Delete is not supported: the history is the
 * pump's account of what it did, and no bond may change it.
 */
export function requestRecords(report: Report | undefined, value: Uint8Array, log: HistoryLog): RecordAccessStep {
  const { Abort, DeleteRecords, ReportNumberOfRecords } = RecordAccessOpcode;
  const { Success, NotApplicable, NotCompleted, NoRecordsFound } = RecordAccessResponse;
  const { OpcodeNotSupported, OperandNotSupported } = RecordAccessResponse;
  const opcode = value[0] ?? 0;
  const refuse = (code: RecordAccessResponse): RecordAccessStep => ({ next: report, reply: outcome(opcode, code) });
  if (report && opcode !== Abort) return refuse(NotApplicable);
  if (opcode === DeleteRecords) return refuse(OpcodeNotSupported);
  const request = decodeRecordAccess(value);
  if ("code" in request) return refuse(request.code);
  // Also with nothing to abort: the last record may have crossed the request.
  if (!("selection" in request)) return { next: undefined, reply: outcome(opcode, Success) };
  const { selection } = request;
  if (selection.filter !== RecordAccessFilter.Sequence) return refuse(OperandNotSupported);
  try {
    if (opcode === ReportNumberOfRecords)
      return { next: undefined, reply: response(numberOfRecords(numberOf(selection, log))) };
    const next = reportOf(selection, log);
    return next ? { next } : refuse(NoRecordsFound);
  } catch {
    // A history that is not mounted has a fault latched, and its user told.
    return refuse(NotCompleted);
  }
}

/** One turn of a report: reads a few slots, and gives a record or, after the last, the response. */
export function continueReport(report: Report, log: HistoryLog): RecordAccessStep {
  const { NotCompleted, NoRecordsFound, Success } = RecordAccessResponse;
  try {
    switch (report.kind) {
      case "ascending": {
        const { record, walk } = walkOn(log, report.walk, SLOTS_A_TURN);
        if (record) {
          const goesOn = walk !== undefined && !report.only;
          const next: Report = goesOn ? { ...report, walk, sent: true } : { kind: "ended", code: Success };
          return { next, reply: recordReply(record) };
        }
        if (walk) return { next: { ...report, walk } };
        return ended(report.sent ? Success : NoRecordsFound);
      }
      case "last": {
        const { record, walk } = walkBack(log, report.walk, SLOTS_A_TURN);
        if (record) return { next: { kind: "ended", code: Success }, reply: recordReply(record) };
        return walk ? { next: { ...report, walk } } : ended(NoRecordsFound);
      }
      case "ended":
        return ended(report.code);
      default:
        return report satisfies never;
    }
  } catch {
    // The flash cannot be read, or a write to it has failed meanwhile: the latter is a fault, latched where it was found.
    return ended(NotCompleted);
  }
}

const ended = (code: RecordAccessResponse): RecordAccessStep => ({
  next: undefined,
  reply: outcome(RecordAccessOpcode.ReportRecords, code),
});

const recordReply = (record: HistoryRecord): Reply => ({
  channel: Channel.HistoryData,
  value: HistoryRecordValue.encode(record),
});
