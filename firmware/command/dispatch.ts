/**
 * What one record asks for: the way from channel and value to a reply, and to the command that the therapy is to obey.
 * Checks go from the outside in: length, opcode, role, staleness, operand, class, state. Nothing throws for input.
 */

import { layout } from "../base/layout.js";
import { Refusal, refusalName } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import { opcodeOf, operandOf } from "../ids/layouts.js";
import { Channel, CommandOpcode } from "../ids/opcodes.js";
import { type BondAsker, bondRevoked, listBonds, type Revocation, revokeOwn } from "./bondMessages.js";
import { Control } from "./control.js";
import {
  type Accepted,
  type AcceptedRevocation,
  type Asker,
  acceptOneStep,
  type CommandContext,
  type Countersign,
  commit,
  killChallenge,
  prepare,
} from "./countersign.js";
import { deviceValue } from "./device.js";
import { unsignedTimeUpdate } from "./deviceTime.js";
import { outcome } from "./outcome.js";
import { readProfiles } from "./profileRead.js";
import { stageChunk } from "./profileWrite.js";
import { readStatus, statusValue } from "./reader.js";
import { chunkResponse, commandResponse, type Reply, rowOf } from "./table.js";

/** An opened record and who sent it. */
export interface Request extends Asker, BondAsker {
  readonly channel: number;
  readonly value: Uint8Array;
  readonly stale: boolean;
  /** Whether an answer of several messages is on its way. */
  readonly answering: boolean;
}

export interface Dispatched {
  readonly next: Countersign;
  readonly reply?: Reply;
  /** An answer of several messages, in their order; they go out as the controller takes them in. */
  readonly replies?: readonly Reply[];
  /** To be obeyed now; its own response follows once it is durable. */
  readonly accepted?: Accepted;
  /** A bond to be revoked now; the answer follows once that is durable. */
  readonly revocation?: AcceptedRevocation;
  /** Status Changed flags to reset. */
  readonly reset?: number;
  /** The record asks for history records (recordAccess.ts). */
  readonly asksRecords?: boolean;
  /** Why something was refused, for the local trace. */
  readonly refused?: string;
}

const Refused = layout(["opcode", "u8"], ["requestOpcode", "u8"], ["code", "u8"]);

const controlReply = (opcode: number, operand: Uint8Array): Reply => {
  const value = new Uint8Array(1 + operand.length);
  value[0] = opcode;
  value.set(operand, 1);
  return { channel: Channel.Control, value };
};

function refusedReply(next: Countersign, requestOpcode: number, code: Refusal, what: string): Dispatched {
  const value = Refused.encode({ opcode: Control.Refused, requestOpcode, code });
  return { next, reply: { channel: Channel.Control, value }, refused: `${what}: ${refusalName(code)}` };
}

/** Handles one record. */
export function dispatch(state: Countersign, request: Request, context: CommandContext): Dispatched {
  switch (request.channel) {
    case Channel.Control:
      return control(state, request, context);
    case Channel.CommandControlPoint:
      return command(state, request, context);
    case Channel.StatusReaderControlPoint: {
      const answer = readStatus(request.value, request.stale, context);
      const reply = { channel: Channel.StatusReaderControlPoint, value: answer.value };
      return answer.reset === undefined ? { next: state, reply } : { next: state, reply, reset: answer.reset };
    }
    case Channel.RecordAccessControlPoint:
      return { next: state, asksRecords: true };
    case Channel.DeviceTimeControlPoint:
      return { next: state, reply: { channel: request.channel, value: unsignedTimeUpdate(request.value) } };
    default: {
      const { channel } = request;
      const answer = request.value.length === 0 ? readValue(channel, context) : undefined;
      if (answer?.ok) return { next: state, reply: { channel, value: answer.value } };
      return refusedReply(state, channel, answer?.refusal ?? Refusal.OpcodeNotSupported, "channel");
    }
  }
}

/** What a read of a channel gives; undefined when it has no value. */
function readValue(channel: number, context: CommandContext): Result<Uint8Array> | undefined {
  const status = statusValue(channel, context);
  return status ? ok(status) : deviceValue(channel, context.device);
}

function control(state: Countersign, request: Request, context: CommandContext): Dispatched {
  const opcode = request.value[0];
  const operand = request.value.subarray(1);
  switch (opcode) {
    case undefined:
      return refusedReply(state, 0, Refusal.InvalidOperand, "empty control message");
    case Control.Prepare: {
      const barred = preparationBarred(request);
      if (barred !== undefined) return refusedReply(state, opcode, barred, "Prepare");
      const { next, answer } = prepare(state, operand, request, context);
      return reply(next, opcode, Control.Challenge, answer, "Prepare");
    }
    case Control.Commit: {
      if (!request.mayOperate) return refusedReply(state, opcode, Refusal.RoleNotPermitted, "Commit");
      const { next, answer } = commit(state, operand, request.stale, request, context);
      if (!answer.ok) return refusedReply(next, opcode, answer.refusal, "Commit");
      return "row" in answer.value ? { next, accepted: answer.value } : { next, revocation: answer.value };
    }
    case Control.Outcome: {
      const { next, answer } = outcome(state, operand, context);
      return reply(next, opcode, Control.OutcomeIs, answer, "Outcome");
    }
    case Control.ListBonds:
      return reply(state, opcode, Control.BondsAre, listBonds(operand, request, context.bonds), "List Bonds");
    case Control.RevokeBond: {
      const answer = revokeOwn(operand, request.stale, request, context.bonds);
      if (!answer.ok) return refusedReply(state, opcode, answer.refusal, "Revoke Bond");
      return { next: state, revocation: { authorised: answer.value, doseId: undefined } };
    }
    default:
      return refusedReply(state, opcode, Refusal.OpcodeNotSupported, "control message");
  }
}

function preparationBarred(request: Request): Refusal | undefined {
  if (!request.mayOperate) return Refusal.RoleNotPermitted;
  return request.stale ? Refusal.Stale : undefined;
}

function reply(
  next: Countersign,
  request: number,
  opcode: number,
  answer: Result<Uint8Array>,
  what: string,
): Dispatched {
  return answer.ok
    ? { next, reply: controlReply(opcode, answer.value) }
    : refusedReply(next, request, answer.refusal, what);
}

function command(state: Countersign, request: Request, context: CommandContext): Dispatched {
  const { value } = request;
  const opcode = opcodeOf(value);
  const operand = operandOf(value) ?? new Uint8Array(0);
  const read = opcode === undefined ? undefined : readProfiles(opcode, operand, request.answering, context.therapy);
  if (read) return { next: state, ...read };
  const row = rowOf(value);
  const isWrite = opcode === CommandOpcode.WriteBasalRateProfileTemplate;
  if (isWrite && request.mayOperate && !request.stale) return stage(state, operand);
  const answer = ((): Result<Accepted> => {
    if (opcode === undefined) return refuse(Refusal.InvalidOperand);
    if (!row) return refuse(Refusal.OpcodeNotSupported);
    if (!request.mayOperate) return refuse(Refusal.RoleNotPermitted);
    if (request.stale) return refuse(Refusal.Stale);
    return acceptOneStep(row, value, context);
  })();
  // Stop and Cancel Bolus end a challenge even when they are refused: their sender no longer wants insulin.
  const next = row?.withdraws && request.mayOperate ? killChallenge(state, context.nonces) : state;
  if (answer.ok) return { next, accepted: answer.value };
  const response = commandResponse(opcode ?? 0, answer.refusal);
  return {
    next,
    reply: { channel: Channel.CommandControlPoint, value: response },
    refused: `command: ${refusalName(answer.refusal)}`,
  };
}

/** The answer to a command that was accepted and could not be stored: it has not been obeyed and will not be. */
export function failureOf(accepted: Accepted | AcceptedRevocation): Reply {
  const code = Refusal.NotCompleted;
  const oneStep = accepted.doseId === undefined;
  if (oneStep && "row" in accepted)
    return { channel: Channel.CommandControlPoint, value: commandResponse(accepted.row.opcode, code) };
  const requestOpcode = oneStep ? Control.RevokeBond : Control.Commit;
  const value = Refused.encode({ opcode: Control.Refused, requestOpcode, code });
  return { channel: Channel.Control, value };
}

/** The answer to a revocation that is durable. */
export function revokedReply(revocation: Revocation): Reply {
  return controlReply(Control.BondRevoked, bondRevoked(revocation));
}

/** The response to a command that has been obeyed. `bolusId` is that of the newest bolus. */
export function responseOf(accepted: Accepted, bolusId: number): Reply {
  const { row, command } = accepted;
  return { channel: row.channel ?? Channel.CommandControlPoint, value: row.response(command, bolusId) };
}

/** A chunk of a profile: taken into the session, or refused, and then the transaction is over. */
function stage(state: Countersign, operand: Uint8Array): Dispatched {
  const staged = stageChunk(state.transaction, operand);
  const channel = Channel.CommandControlPoint;
  if (!staged.ok)
    return {
      next: { ...state, transaction: undefined },
      reply: { channel, value: commandResponse(CommandOpcode.WriteBasalRateProfileTemplate, staged.refusal) },
      refused: `command: ${refusalName(staged.refusal)}`,
    };
  const { transaction, chunk } = staged.value;
  const { templateNumber, firstBlockNumber } = chunk;
  const value = chunkResponse({ transactionCompleted: false, templateNumber, firstBlockNumber });
  return { next: { ...state, transaction }, reply: { channel, value } };
}
