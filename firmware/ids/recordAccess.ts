/**
 * The Record Access Control Point (Insulin Delivery Service 1.0, channel 27): requests for stored history records, and
 * what ends them. Every message is opcode u8, operator u8, operand. A request but Abort has an operator that says which
 * sequence numbers, and begins its operand with a filter; both bounds are included:
 *
 *     All, First, Last              filter u8
 *     LessOrEqual, GreaterOrEqual   filter u8, sequence u32
 *     Range                         filter u8, lowest sequence u32, highest sequence u32
 *
 * Owns no record: which there are, and whether any may be deleted, is the history's.
 */

import { layout } from "../base/layout.js";
import {
  RecordAccessFilter,
  RecordAccessOpcode,
  RecordAccessOperator,
  RecordAccessResponse as ResponseCode,
} from "./opcodes.js";

/** Which records: one field for each that the operator has. */
export type RecordSelection =
  | { readonly operator: All | First | Last; readonly filter: RecordAccessFilter }
  | { readonly operator: LessOrEqual | GreaterOrEqual; readonly filter: RecordAccessFilter; readonly sequence: number }
  | { readonly operator: Range; readonly filter: RecordAccessFilter; readonly from: number; readonly to: number };
type All = typeof RecordAccessOperator.All;
type First = typeof RecordAccessOperator.First;
type Last = typeof RecordAccessOperator.Last;
type LessOrEqual = typeof RecordAccessOperator.LessOrEqual;
type GreaterOrEqual = typeof RecordAccessOperator.GreaterOrEqual;
type Range = typeof RecordAccessOperator.Range;

export type RecordAccessRequest =
  | { readonly opcode: typeof RecordAccessOpcode.Abort }
  | {
      readonly opcode:
        | typeof RecordAccessOpcode.ReportRecords
        | typeof RecordAccessOpcode.DeleteRecords
        | typeof RecordAccessOpcode.ReportNumberOfRecords;
      readonly selection: RecordSelection;
    };

/** How a request went: the operand of the response 0F. */
export interface RecordAccessOutcome {
  /** u8; 0 stands for that of a request without one. */
  readonly requestOpcode: number;
  readonly code: ResponseCode;
}

const Head = layout(["opcode", "u8"], ["operator", "u8"], ["operand", "rest"]);
const Filter = layout(["filter", "u8"]);
const Bound = layout(["filter", "u8"], ["sequence", "u32"]);
const Bounds = layout(["filter", "u8"], ["from", "u32"], ["to", "u32"]);
const Outcome = layout(["requestOpcode", "u8"], ["code", "u8"]);
const Count = layout(["count", "u32"]);

const isFilter = (filter: number): filter is RecordAccessFilter =>
  Object.values<number>(RecordAccessFilter).includes(filter);

/** The selection, or why there is none. */
function selectionOf(operator: number, operand: Uint8Array): RecordSelection | ResponseCode {
  const { All, First, Last, LessOrEqual, GreaterOrEqual, Range, Null } = RecordAccessOperator;
  switch (operator) {
    case All:
    case First:
    case Last: {
      const fields = Filter.decode(operand);
      if (!fields) return ResponseCode.InvalidOperand;
      const { filter } = fields;
      return isFilter(filter) ? { operator, filter } : ResponseCode.OperandNotSupported;
    }
    case LessOrEqual:
    case GreaterOrEqual: {
      const fields = Bound.decode(operand);
      if (!fields) return ResponseCode.InvalidOperand;
      const { filter, sequence } = fields;
      return isFilter(filter) ? { operator, filter, sequence } : ResponseCode.OperandNotSupported;
    }
    case Range: {
      const fields = Bounds.decode(operand);
      if (!fields) return ResponseCode.InvalidOperand;
      const { filter, from, to } = fields;
      if (!isFilter(filter)) return ResponseCode.OperandNotSupported;
      return from <= to ? { operator, filter, from, to } : ResponseCode.InvalidOperand;
    }
    case Null:
      return ResponseCode.InvalidOperator;
    default:
      return ResponseCode.OperatorNotSupported;
  }
}

/**
 * A request from the channel, or the response that refuses it. The first that fits of: OpcodeNotSupported (a response's
 * opcode too, and no byte at all), InvalidOperator (missing; Null but for Abort, another for Abort),
 * OperatorNotSupported, InvalidOperand (its length), OperandNotSupported (the filter), InvalidOperand again (a range that
 * ends before it begins).
 */
export function decodeRecordAccess(bytes: Uint8Array): RecordAccessRequest | RecordAccessOutcome {
  const { ReportRecords, DeleteRecords, Abort, ReportNumberOfRecords } = RecordAccessOpcode;
  const opcode = bytes[0];
  const refused = (code: ResponseCode): RecordAccessOutcome => ({ requestOpcode: opcode ?? 0, code });
  switch (opcode) {
    case Abort:
    case ReportRecords:
    case DeleteRecords:
    case ReportNumberOfRecords:
      break;
    default:
      return refused(ResponseCode.OpcodeNotSupported);
  }
  const head = Head.decode(bytes);
  if (!head) return refused(ResponseCode.InvalidOperator);
  if (opcode === Abort) {
    if (head.operator !== RecordAccessOperator.Null) return refused(ResponseCode.InvalidOperator);
    return head.operand.length === 0 ? { opcode } : refused(ResponseCode.InvalidOperand);
  }
  const selection = selectionOf(head.operator, head.operand);
  return typeof selection === "number" ? refused(selection) : { opcode, selection };
}

function encodeOperand(selection: RecordSelection): Uint8Array {
  if ("sequence" in selection) return Bound.encode(selection);
  if (!("from" in selection)) return Filter.encode(selection);
  if (selection.from > selection.to) throw new Error(`invariant: range ${selection.from} to ${selection.to}`);
  return Bounds.encode(selection);
}

/** A request as it is sent. Throws on a sequence that is no u32 and on a range that ends before it begins. */
export function encodeRecordAccess(request: RecordAccessRequest): Uint8Array {
  const { opcode } = request;
  if (!("selection" in request))
    return Head.encode({ opcode, operator: RecordAccessOperator.Null, operand: new Uint8Array(0) });
  const { selection } = request;
  return Head.encode({ opcode, operator: selection.operator, operand: encodeOperand(selection) });
}

/** A response as it is sent: its operator is Null. */
const response = (opcode: RecordAccessOpcode, operand: Uint8Array): Uint8Array =>
  Head.encode({ opcode, operator: RecordAccessOperator.Null, operand });

/** 0F: what ends a report (after its last record), and answers Delete and Abort and whatever is refused. */
export function recordAccessOutcome(outcome: RecordAccessOutcome): Uint8Array {
  return response(RecordAccessOpcode.Response, Outcome.encode(outcome));
}

/** 66: how many records there are, 0 too. Throws when the count is no u32. */
export function numberOfRecords(count: number): Uint8Array {
  return response(RecordAccessOpcode.NumberOfRecordsResponse, Count.encode({ count }));
}

/** A response from the channel; `undefined` when it is none, or has a code that the standard lacks. */
export function decodeRecordAccessResponse(
  bytes: Uint8Array,
): RecordAccessOutcome | { readonly count: number } | undefined {
  const head = Head.decode(bytes);
  if (head?.operator !== RecordAccessOperator.Null) return undefined;
  if (head.opcode === RecordAccessOpcode.NumberOfRecordsResponse) return Count.decode(head.operand);
  if (head.opcode !== RecordAccessOpcode.Response) return undefined;
  const outcome = Outcome.decode(head.operand);
  const code = Object.values(ResponseCode).find((each) => each === outcome?.code);
  return outcome && code !== undefined ? { requestOpcode: outcome.requestOpcode, code } : undefined;
}
