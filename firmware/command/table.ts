/**
 * The commands of the Command Control Point, one row each: opcode, class, why it has that class, how its operand reads,
 * and the standard's response. What is not listed is not supported. A later command is one more row and its meaning in
 * the therapy.
 */

import { Refusal, SUCCESS } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import { type Microunits, microunitsPerHour } from "../base/units.js";
import { TemplateNumbers, type WriteAnswer, WriteBasalRateProfileResponse } from "../ids/basalProfile.js";
import { decodeSfloatMicrounits } from "../ids/float.js";
import {
  AnnunciationInstance,
  CancelBolusOperand,
  CancelBolusResponse,
  GeneralResponse,
  message,
  NoOperand,
  opcodeOf,
  operandOf,
  SetBolusOperand,
  SetBolusResponse,
  SetInitialReservoirFillOperand,
  SetTbrOperand,
  SetTherapyControlStateOperand,
  StartPrimingOperand,
} from "../ids/layouts.js";
import { type Channel, CommandOpcode } from "../ids/opcodes.js";
import { BolusFlag, BolusType, TbrContext, TbrFlag, TbrType, TherapyControlState } from "../ids/values.js";
import type { Command } from "../therapy/commands.js";
import type { TbrAmount } from "../therapy/tbr.js";
import { decodeLastChunk, INCREMENT_MICROUNITS, type ProfileTransaction } from "./profileWrite.js";

/** `oneStep`: at once. `countersigned`: through Prepare and Commit. `refused`: never by radio. */
export type CommandClass = "oneStep" | "countersigned" | "refused";

/** What one record to a controller says. */
export interface Reply {
  readonly channel: number;
  readonly value: Uint8Array;
}

export interface CommandRow {
  readonly opcode: number;
  /** Where it is not the Command Control Point. */
  readonly channel?: Channel;
  /** First byte of the operand that this row is for, where the class depends on it. */
  readonly operand?: number;
  readonly class: CommandClass;
  readonly why: string;
  /** Its sender no longer wants insulin: it ends an outstanding challenge, even when it is refused. */
  readonly withdraws?: true;
  /** `transaction`: the chunks that came before it. */
  readonly decode: (operand: Uint8Array, transaction: ProfileTransaction | undefined) => Result<Command>;
  /** The response to a command that took effect. `bolusId` is the new bolus's, for Set Bolus. */
  readonly response: (command: Command, bolusId: number) => Uint8Array;
}

const done = (opcode: CommandOpcode) => (): Uint8Array => commandResponse(opcode, SUCCESS);

/** The general response 0F55. */
export function commandResponse(requestOpcode: number, code: number): Uint8Array {
  return message(CommandOpcode.Response, GeneralResponse.encode({ requestOpcode, code }));
}

/** The response 0FF0 to a chunk of a profile. */
export function chunkResponse(answer: WriteAnswer): Uint8Array {
  return message(CommandOpcode.WriteBasalRateProfileTemplateResponse, WriteBasalRateProfileResponse.encode(answer));
}

const setState = (state: number, command: Command) => (operand: Uint8Array) =>
  SetTherapyControlStateOperand.decode(operand)?.state === state ? ok(command) : refuse(Refusal.InvalidOperand);

/** In U and exact, or not at all: the standard's SFLOAT is exact for every step of 0.01 U up to 20.45 U. */
function decodeAmount(sfloat: number): Microunits | undefined {
  const amount = decodeSfloatMicrounits(sfloat);
  return amount !== undefined && amount % INCREMENT_MICROUNITS === 0 ? amount : undefined;
}

function decodeSetBolus(operand: Uint8Array): Result<Command> {
  const fields = SetBolusOperand.decode(operand);
  if (!fields || fields.type !== BolusType.Fast) return refuse(Refusal.InvalidOperand);
  if ((fields.flags & ~(BolusFlag.Correction | BolusFlag.Meal)) !== 0) return refuse(Refusal.InvalidOperand);
  const extended = decodeSfloatMicrounits(fields.extendedSfloat);
  const amountMicrounits = decodeAmount(fields.fastSfloat);
  if (extended !== 0 || fields.durationMinutes !== 0 || amountMicrounits === undefined)
    return refuse(Refusal.InvalidOperand);
  return ok({ kind: "setBolus", flags: fields.flags, amountMicrounits });
}

function decodeSetTbr(operand: Uint8Array): Result<Command> {
  const fields = SetTbrOperand.decode(operand);
  if (!fields) return refuse(Refusal.InvalidOperand);
  if ((fields.flags & TbrFlag.TemplatePresent) !== 0) return refuse(Refusal.NotApplicable);
  const amount = tbrAmountOf(fields.type, decodeAmount(fields.rateSfloat));
  const context = Object.values(TbrContext).find((each) => each === fields.context);
  if (!amount || context !== fields.context) return refuse(Refusal.InvalidOperand);
  const change = (fields.flags & TbrFlag.Change) !== 0;
  return ok({ kind: "setTbr", change, amount, context, durationMinutes: fields.durationMinutes });
}

/** A relative TBR's factor has steps of 0.01 too: then it comes to whole microunits of every rate. */
function tbrAmountOf(type: number, amount: Microunits | undefined): TbrAmount | undefined {
  if (amount === undefined) return undefined;
  if (type === TbrType.Absolute) return { rateMicrounitsPerHour: microunitsPerHour(amount) };
  return type === TbrType.Relative ? { factorMillionths: amount } : undefined;
}

function decodeActivation(operand: Uint8Array): Result<Command> {
  const [templateNumber, ...more] = TemplateNumbers.decode(operand) ?? [];
  if (templateNumber === undefined || more.length > 0) return refuse(Refusal.InvalidOperand);
  return ok({ kind: "activateProfile", templateNumber });
}

function decodeCancelBolus(operand: Uint8Array): Result<Command> {
  const fields = CancelBolusOperand.decode(operand);
  return fields ? ok({ kind: "cancelBolus", bolusId: fields.bolusId }) : refuse(Refusal.InvalidOperand);
}

const decodeInstance =
  (kind: "snoozeAnnunciation" | "confirmAnnunciation") =>
  (operand: Uint8Array): Result<Command> => {
    const fields = AnnunciationInstance.decode(operand);
    return fields ? ok({ kind, instance: fields.instance }) : refuse(Refusal.InvalidOperand);
  };

const instanceResponse =
  (opcode: CommandOpcode) =>
  (command: Command): Uint8Array =>
    message(opcode, AnnunciationInstance.encode({ instance: "instance" in command ? command.instance : 0 }));

const decodeBare =
  <C extends Command>(command: C) =>
  (operand: Uint8Array): Result<C> =>
    NoOperand.decode(operand) ? ok(command) : refuse(Refusal.InvalidOperand);

const decodeReservoirAmount =
  (kind: "startPriming" | "setReservoirFill", layout: typeof StartPrimingOperand) =>
  (operand: Uint8Array): Result<Command> => {
    const fields = layout.decode(operand);
    const amountMicrounits = fields && decodeAmount(fields.amountSfloat);
    return amountMicrounits === undefined ? refuse(Refusal.InvalidOperand) : ok({ kind, amountMicrounits });
  };

export const COMMANDS: readonly CommandRow[] = [
  {
    opcode: CommandOpcode.SetTherapyControlState,
    operand: TherapyControlState.Stop,
    class: "oneStep",
    why: "stopping must never wait for a second message",
    withdraws: true,
    decode: setState(TherapyControlState.Stop, { kind: "stop" }),
    response: done(CommandOpcode.SetTherapyControlState),
  },
  {
    opcode: CommandOpcode.SetTherapyControlState,
    operand: TherapyControlState.Run,
    class: "countersigned",
    why: "starts insulin",
    decode: setState(TherapyControlState.Run, { kind: "run" }),
    response: done(CommandOpcode.SetTherapyControlState),
  },
  {
    opcode: CommandOpcode.SetTherapyControlState,
    class: "refused",
    why: "Pause would have missed insulin made up on Run; no other state can be set",
    decode: () => refuse(Refusal.InvalidOperand),
    response: done(CommandOpcode.SetTherapyControlState),
  },
  {
    opcode: CommandOpcode.SetFlightMode,
    class: "countersigned",
    why: "takes remote Stop and every follower away, and only somebody at the pump gives them back",
    decode: (operand) => (NoOperand.decode(operand) ? ok({ kind: "flightMode" }) : refuse(Refusal.InvalidOperand)),
    response: done(CommandOpcode.SetFlightMode),
  },
  {
    opcode: CommandOpcode.SetTbr,
    class: "countersigned",
    why: "changes the rate of insulin",
    decode: decodeSetTbr,
    response: done(CommandOpcode.SetTbr),
  },
  {
    opcode: CommandOpcode.CancelTbr,
    class: "countersigned",
    why: "adds insulin when the temporary rate is the lower one",
    decode: decodeBare({ kind: "cancelTbr" }),
    response: done(CommandOpcode.CancelTbr),
  },
  {
    opcode: CommandOpcode.SetBolus,
    class: "countersigned",
    why: "delivers insulin",
    decode: decodeSetBolus,
    response: (_, bolusId) => message(CommandOpcode.SetBolusResponse, SetBolusResponse.encode({ bolusId })),
  },
  {
    opcode: CommandOpcode.CancelBolus,
    class: "oneStep",
    why: "stopping must never wait for a second message",
    withdraws: true,
    decode: decodeCancelBolus,
    response: (command) =>
      message(
        CommandOpcode.CancelBolusResponse,
        CancelBolusResponse.encode({ bolusId: command.kind === "cancelBolus" ? command.bolusId : 0 }),
      ),
  },
  {
    opcode: CommandOpcode.WriteBasalRateProfileTemplate,
    class: "countersigned",
    why: "the last chunk changes what is delivered from day to day; those before it change nothing (profileWrite.ts)",
    decode: decodeLastChunk,
    response: (command) => {
      const { templateNumber, firstBlockNumber } =
        command.kind === "writeProfile" ? command : { templateNumber: 0, firstBlockNumber: 0 };
      return chunkResponse({ transactionCompleted: true, templateNumber, firstBlockNumber });
    },
  },
  {
    opcode: CommandOpcode.ActivateProfileTemplates,
    class: "countersigned",
    why: "changes the rate of insulin",
    decode: decodeActivation,
    response: (command) =>
      message(
        CommandOpcode.ActivateProfileTemplatesResponse,
        TemplateNumbers.encode([command.kind === "activateProfile" ? command.templateNumber : 0]),
      ),
  },
  {
    opcode: CommandOpcode.StartPriming,
    class: "countersigned",
    why: "moves insulin, once somebody at the pump has confirmed that the line is off the body",
    decode: decodeReservoirAmount("startPriming", StartPrimingOperand),
    response: done(CommandOpcode.StartPriming),
  },
  {
    opcode: CommandOpcode.StopPriming,
    class: "oneStep",
    why: "stopping must never wait for a second message",
    withdraws: true,
    decode: decodeBare({ kind: "stopPriming" }),
    response: done(CommandOpcode.StopPriming),
  },
  {
    opcode: CommandOpcode.SetInitialReservoirFill,
    class: "countersigned",
    why: "decides how far the drive comes up, and when the pump warns that insulin runs out",
    decode: decodeReservoirAmount("setReservoirFill", SetInitialReservoirFillOperand),
    response: done(CommandOpcode.SetInitialReservoirFill),
  },
  {
    opcode: CommandOpcode.ResetReservoirInsulinOperationTime,
    class: "countersigned",
    why: "hides how old the insulin is",
    decode: decodeBare({ kind: "resetReservoirTime" }),
    response: done(CommandOpcode.ResetReservoirInsulinOperationTime),
  },
  {
    opcode: CommandOpcode.SnoozeAnnunciation,
    class: "oneStep",
    why: "delivers nothing; the light stays on, and it comes back by itself",
    decode: decodeInstance("snoozeAnnunciation"),
    response: instanceResponse(CommandOpcode.SnoozeAnnunciationResponse),
  },
  {
    opcode: CommandOpcode.ConfirmAnnunciation,
    class: "oneStep",
    why: "delivers nothing; what needs somebody at the pump is not confirmed so",
    decode: decodeInstance("confirmAnnunciation"),
    response: instanceResponse(CommandOpcode.ConfirmAnnunciationResponse),
  },
];

/** The row of a command, by opcode and operand, or undefined when the opcode is not listed. */
export function rowOf(value: Uint8Array): CommandRow | undefined {
  const opcode = opcodeOf(value);
  const first = operandOf(value)?.[0];
  return COMMANDS.find((row) => row.opcode === opcode && (row.operand === undefined || row.operand === first));
}

/** The operand of a listed command, decoded. Refusals: what the row's decoder refuses. */
export function decodeCommand(
  row: CommandRow,
  value: Uint8Array,
  transaction: ProfileTransaction | undefined,
): Result<Command> {
  return row.decode(operandOf(value) ?? new Uint8Array(0), transaction);
}
