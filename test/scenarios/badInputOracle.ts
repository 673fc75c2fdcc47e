/**
 * What PROTOCOL.md sections 5 to 7 have a pump answer to one record, check by check in the order of the page. The pump
 * it speaks of is in Run, under a temporary rate, without an active bolus or a fault, and with no challenge outstanding.
 */

import { concat } from "../../host-sim/controller/bytes.js";
import { CONTROL } from "../../host-sim/controller/control.js";
import {
  BOLUS_VALUE,
  CHANNEL,
  COMMAND,
  COUNTER_LIFETIME,
  COUNTER_VALUE,
  READER,
  THERAPY,
} from "../../host-sim/controller/ids.js";
import { CHANNEL_CONTROL, CHANNEL_TICK } from "../../host-sim/controller/records.js";
import { COMMAND_INCREMENT_MICROUNITS, decodeSfloat } from "../../host-sim/controller/sfloat.js";
import type { Message } from "../peers.js";
import { CODE } from "./scene.js";

/** How the record comes: by which bond, and how old its echo is. */
export interface Manner {
  readonly observes: boolean;
  readonly stale: boolean;
}

/** A refusal, byte by byte; or an answer that is none; or no answer; or the end of the session. */
export type Expected = Message | "answered" | "silence" | "end";

const GENERAL_BYTES = 2;
const DOSE_ID_BYTES = 8;
const TAG_BYTES = 16;
const CONTROLLER_ID_BYTES = 8;
const BOLUS_MAX_MICROUNITS = 10_000_000;
const RATE_MAX_MICROUNITS_PER_HOUR = 5_000_000;
const TBR_MAX_MINUTES = 1_440;

const u16 = (value: Uint8Array, at: number): number => (value[at] ?? 0) | ((value[at + 1] ?? 0) << 8);

/** Refused on the control channel. */
function refused(request: number, code: number): Message {
  return { channel: CHANNEL_CONTROL, value: Uint8Array.of(CONTROL.refused, request, code) };
}

/** The general response of channel 24 or 25. */
function general(channel: number, request: number, code: number): Message {
  const response = channel === CHANNEL.command ? COMMAND.response : READER.response;
  const words = [response, request].flatMap((word) => [word & 0xff, word >> 8]);
  return { channel, value: concat(Uint8Array.from(words), Uint8Array.of(code)) };
}

/** The answer to a record of `channel` and `value`. */
export function expectedOf(channel: number, value: Uint8Array, manner: Manner): Expected {
  switch (channel) {
    case CHANNEL_CONTROL:
      return control(value, manner);
    case CHANNEL_TICK:
      return value.length === 0 ? "silence" : "end";
    case CHANNEL.statusChanged:
    case CHANNEL.status:
    case CHANNEL.annunciationStatus:
    case CHANNEL.features:
    case CHANNEL.batteryLevel:
    case CHANNEL.modelNumber:
    case CHANNEL.firmwareRevision:
    case CHANNEL.softwareRevision:
    case CHANNEL.manufacturerName:
      return value.length === 0 ? "answered" : refused(channel, CODE.opcodeNotSupported);
    case CHANNEL.statusReader:
    case CHANNEL.command: {
      if (value.length < GENERAL_BYTES) return general(channel, 0, CODE.invalidOperand);
      const code = channel === CHANNEL.command ? commandCode(value, manner) : readerCode(value, manner);
      return code === CODE.success ? "answered" : general(channel, u16(value, 0), code);
    }
    default:
      return refused(channel, CODE.opcodeNotSupported);
  }
}

function control(value: Uint8Array, { observes, stale }: Manner): Expected {
  const [opcode] = value;
  if (opcode === undefined) return refused(0, CODE.invalidOperand);
  const operand = value.subarray(1);
  switch (opcode) {
    case CONTROL.prepare: {
      if (observes) return refused(opcode, CODE.roleNotPermitted);
      if (stale) return refused(opcode, CODE.stale);
      const code = prepareCode(operand);
      return code === CODE.success ? "answered" : refused(opcode, code);
    }
    case CONTROL.commit: {
      if (observes) return refused(opcode, CODE.roleNotPermitted);
      if (operand.length !== DOSE_ID_BYTES + TAG_BYTES) return refused(opcode, CODE.invalidOperand);
      return refused(opcode, stale ? CODE.stale : CODE.challengeUnknown);
    }
    case CONTROL.outcome: {
      // Of epoch 1 and a sequence of four bytes no more than a few were issued, and those are not asked for here.
      return refused(opcode, CODE.invalidOperand);
    }
    case CONTROL.listBonds:
      return operand.length === 0 ? "answered" : refused(opcode, CODE.invalidOperand);
    case CONTROL.revokeBond: {
      // Nobody's own ID is drawn.
      if (operand.length !== CONTROLLER_ID_BYTES) return refused(opcode, CODE.invalidOperand);
      if (observes) return refused(opcode, CODE.roleNotPermitted);
      return refused(opcode, stale ? CODE.stale : CODE.notApplicable);
    }
    default:
      return refused(opcode, CODE.opcodeNotSupported);
  }
}

/** Of Revoke Bond, for a controller that has no bond. */
function revocationCode(command: Uint8Array): number {
  if (command[0] !== CONTROL.revokeBond) return CODE.opcodeNotSupported;
  return command.length === 1 + CONTROLLER_ID_BYTES ? CODE.notApplicable : CODE.invalidOperand;
}

function prepareCode(operand: Uint8Array): number {
  const [lifeSeconds, channel] = operand;
  const command = operand.subarray(2);
  const prepares = channel === CHANNEL.command || channel === CHANNEL_CONTROL;
  if (!lifeSeconds || !prepares || command.length < GENERAL_BYTES) return CODE.invalidOperand;
  if (channel === CHANNEL_CONTROL) return revocationCode(command);
  const code = commandCode(command, { observes: false, stale: false });
  if (code === CODE.success) return CODE.notApplicable;
  return code === CODE.notApplicable ? stateCode(command) : code;
}

/** What channel 25 says to a command of two bytes and more: 74 is what each that needs a countersignature comes to. */
function commandCode(value: Uint8Array, { observes, stale }: Manner): number {
  const opcode = u16(value, 0);
  const operand = value.subarray(GENERAL_BYTES);
  const listed: readonly number[] = [
    COMMAND.setTherapyControlState,
    COMMAND.setTbr,
    COMMAND.cancelTbr,
    COMMAND.setBolus,
    COMMAND.cancelBolus,
    COMMAND.snoozeAnnunciation,
    COMMAND.confirmAnnunciation,
  ];
  if (!listed.includes(opcode)) return CODE.opcodeNotSupported;
  if (observes) return CODE.roleNotPermitted;
  if (stale) return CODE.stale;
  if (!isOperand(opcode, operand)) return CODE.invalidOperand;
  return opcode === COMMAND.setTherapyControlState && operand[0] === THERAPY.stop ? CODE.success : CODE.notApplicable;
}

function isOperand(opcode: number, operand: Uint8Array): boolean {
  const [flags = 0, type] = operand;
  switch (opcode) {
    case COMMAND.setTherapyControlState:
      return operand.length === 1 && (flags === THERAPY.stop || flags === THERAPY.run);
    case COMMAND.cancelTbr:
      return operand.length === 0;
    case COMMAND.cancelBolus:
    case COMMAND.snoozeAnnunciation:
    case COMMAND.confirmAnnunciation:
      return operand.length === 2;
    case COMMAND.setTbr:
      return operand.length === 6 && (flags & ~0x04) === 0 && type === 0x33 && amount(operand, 2) !== undefined;
    default: {
      if (operand.length !== 8 || (flags & ~0x18) !== 0 || type !== 0x33) return false;
      return amount(operand, 2) !== undefined && amount(operand, 4) === 0 && u16(operand, 6) === 0;
    }
  }
}

function amount(operand: Uint8Array, at: number): number | undefined {
  const microunits = decodeSfloat(u16(operand, at));
  if (microunits === undefined || microunits < 0 || microunits % COMMAND_INCREMENT_MICROUNITS !== 0) return undefined;
  return microunits;
}

/** What Prepare says to a countersigned command whose operand is right; 0F for a challenge. */
function stateCode(command: Uint8Array): number {
  const operand = command.subarray(GENERAL_BYTES);
  const microunits = amount(operand, 2) ?? 0;
  switch (u16(command, 0)) {
    case COMMAND.setBolus:
      if (microunits === 0) return CODE.invalidOperand;
      return microunits > BOLUS_MAX_MICROUNITS ? CODE.outOfRange : CODE.success;
    case COMMAND.setTbr: {
      if ((operand[0] ?? 0) === 0) return CODE.notApplicable;
      const minutes = u16(operand, 4);
      if (minutes === 0) return CODE.invalidOperand;
      return microunits > RATE_MAX_MICROUNITS_PER_HOUR || minutes > TBR_MAX_MINUTES ? CODE.outOfRange : CODE.success;
    }
    case COMMAND.cancelTbr:
      return CODE.success;
    default:
      // Run in Run, and Cancel Bolus, which is no countersigned command.
      return CODE.notApplicable;
  }
}

function readerCode(value: Uint8Array, { stale }: Manner): number {
  const operand = value.subarray(GENERAL_BYTES);
  const code = (right: boolean) => (right ? CODE.success : CODE.invalidOperand);
  switch (u16(value, 0)) {
    case READER.resetStatus:
      return stale ? CODE.stale : code(operand.length === 2 && operand[1] === 0);
    case READER.getActiveBolusIds:
    case READER.getActiveBasal:
    case READER.getDeliveredInsulin:
      return code(operand.length === 0);
    case READER.getCounter: {
      const [type = 0, which = 0] = operand;
      const known = [0x0f, 0x33, 0x3c, 0x55].includes(type) && Object.values<number>(COUNTER_VALUE).includes(which);
      if (operand.length !== 2 || !known) return CODE.invalidOperand;
      return type === COUNTER_LIFETIME && which === COUNTER_VALUE.elapsed ? CODE.success : CODE.notApplicable;
    }
    case READER.getActiveBolusDelivery: {
      const known = Object.values<number>(BOLUS_VALUE).includes(operand[2] ?? 0);
      return operand.length === 3 && known ? CODE.notApplicable : CODE.invalidOperand;
    }
    default:
      return CODE.opcodeNotSupported;
  }
}
