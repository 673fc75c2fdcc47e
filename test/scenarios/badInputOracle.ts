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
    case CHANNEL.deviceTime:
    case CHANNEL.batteryLevel:
    case CHANNEL.modelNumber:
    case CHANNEL.firmwareRevision:
    case CHANNEL.softwareRevision:
    case CHANNEL.manufacturerName:
      return value.length === 0 ? "answered" : refused(channel, CODE.opcodeNotSupported);
    case CHANNEL.deviceTimeControl:
      return { channel, value: timeAnswer(value) };
    case CHANNEL.statusReader:
    case CHANNEL.command: {
      if (value.length < GENERAL_BYTES) return general(channel, 0, CODE.invalidOperand);
      const read = channel === CHANNEL.command ? profileReadCode(value) : undefined;
      if (read !== undefined) return read === CODE.success ? "answered" : general(channel, u16(value, 0), read);
      const code = channel === CHANNEL.command ? commandCode(value, manner) : readerCode(value, manner);
      return code === CODE.success ? "answered" : general(channel, u16(value, 0), code);
    }
    case CHANNEL.recordAccess: {
      const code = recordAccessCode(value);
      return code === undefined ? "answered" : { channel, value: Uint8Array.of(0x0f, 0x0f, value[0] ?? 0, code) };
    }
    default:
      return refused(channel, CODE.opcodeNotSupported);
  }
}

/** What channel 27 says to a request that it refuses while no report runs; undefined for one that it takes. */
export function recordAccessCode(value: Uint8Array): number | undefined {
  const [opcode = 0, operator = 0, filter] = value;
  if (opcode === 0x55) {
    if (operator !== 0x0f) return 0x03;
    return value.length === 2 ? undefined : 0x05;
  }
  if (opcode !== 0x33 && opcode !== 0x5a) return 0x02;
  const length = new Map([
    [0x33, 3],
    [0x66, 3],
    [0x69, 3],
    [0x3c, 7],
    [0x55, 7],
    [0x5a, 11],
  ]).get(operator);
  if (value.length < 2 || operator === 0x0f) return 0x03;
  if (length === undefined) return 0x04;
  if (value.length !== length) return 0x05;
  if (filter !== 0x0f && filter !== 0x33 && filter !== 0x3c) return 0x09;
  if (operator === 0x5a && u32(value, 3) > u32(value, 7)) return 0x05;
  return filter === 0x0f ? undefined : 0x09;
}

const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) + u16(bytes, at + 2) * 0x10000;

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
  const ofTime = channel === CHANNEL.deviceTimeControl;
  const prepares = channel === CHANNEL.command || channel === CHANNEL_CONTROL || ofTime;
  if (!lifeSeconds || !prepares || command.length < GENERAL_BYTES) return CODE.invalidOperand;
  if (channel === CHANNEL_CONTROL) return revocationCode(command);
  if (ofTime) return timeCode(command);
  const code = commandCode(command, { observes: false, stale: false });
  if (u16(command, 0) === COMMAND.writeProfile && (command[GENERAL_BYTES] ?? 0) % 2 === 0)
    return code === CODE.invalidOperand ? code : CODE.notApplicable;
  if (code === CODE.success) return CODE.notApplicable;
  return code === CODE.notApplicable ? stateCode(command) : code;
}

/** What channel 25 says to a command of two bytes and more: 74 is what each that needs a countersignature comes to. */
function commandCode(value: Uint8Array, { observes, stale }: Manner): number {
  const opcode = u16(value, 0);
  const operand = value.subarray(GENERAL_BYTES);
  const listed: readonly number[] = [
    COMMAND.setTherapyControlState,
    COMMAND.setFlightMode,
    COMMAND.setTbr,
    COMMAND.cancelTbr,
    COMMAND.setBolus,
    COMMAND.cancelBolus,
    COMMAND.writeProfile,
    COMMAND.activateProfile,
    COMMAND.snoozeAnnunciation,
    COMMAND.confirmAnnunciation,
  ];
  if (!listed.includes(opcode)) return CODE.opcodeNotSupported;
  if (observes) return CODE.roleNotPermitted;
  if (stale) return CODE.stale;
  if (!isOperand(opcode, operand)) return CODE.invalidOperand;
  if (opcode === COMMAND.writeProfile && (operand[0] ?? 0) % 2 === 0) return chunkCode(operand);
  return opcode === COMMAND.setTherapyControlState && operand[0] === THERAPY.stop ? CODE.success : CODE.notApplicable;
}

function isOperand(opcode: number, operand: Uint8Array): boolean {
  const [flags = 0, type] = operand;
  switch (opcode) {
    case COMMAND.setTherapyControlState:
      return operand.length === 1 && (flags === THERAPY.stop || flags === THERAPY.run);
    case COMMAND.setFlightMode:
    case COMMAND.cancelTbr:
      return operand.length === 0;
    case COMMAND.cancelBolus:
    case COMMAND.snoozeAnnunciation:
    case COMMAND.confirmAnnunciation:
      return operand.length === 2;
    case COMMAND.setTbr: {
      if ((flags & ~0x07) !== 0 || operand.length !== 6 + (flags & 1) + ((flags >> 1) & 1)) return false;
      if ((flags & 1) !== 0) return true;
      const context = operand[6] ?? 0x33;
      return (
        [0x33, 0x3c].includes(type ?? 0) && [0x33, 0x3c, 0x55].includes(context) && amount(operand, 2) !== undefined
      );
    }
    case COMMAND.activateProfile:
      return operand.length === 2 && flags === 1;
    case COMMAND.writeProfile:
      return isChunk(operand);
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
      if (((operand[0] ?? 0) & 0x05) !== 0x04) return CODE.notApplicable;
      const minutes = u16(operand, 4);
      if (minutes === 0) return CODE.invalidOperand;
      return microunits > RATE_MAX_MICROUNITS_PER_HOUR || minutes > TBR_MAX_MINUTES ? CODE.outOfRange : CODE.success;
    }
    case COMMAND.setFlightMode:
    case COMMAND.cancelTbr:
      return CODE.success;
    case COMMAND.activateProfile:
      return operand[1] === 1 ? CODE.success : CODE.notApplicable;
    case COMMAND.writeProfile:
      return lastChunkCode(operand);
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
    case READER.getTotalDailyInsulin:
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

/** What the two reads of profiles on channel 25 say, whoever asks; undefined for any other opcode. */
function profileReadCode(value: Uint8Array): number | undefined {
  const operand = value.subarray(GENERAL_BYTES);
  const [template = 0] = operand;
  switch (u16(value, 0)) {
    case COMMAND.getActivatedProfiles:
      return operand.length === 0 ? CODE.success : CODE.invalidOperand;
    case COMMAND.readProfile:
      if (operand.length !== 1) return CODE.invalidOperand;
      if (template < 1 || template > TEMPLATES) return CODE.outOfRange;
      return template === 1 ? CODE.success : CODE.notApplicable;
    default:
      return undefined;
  }
}

const TEMPLATES = 5;
const DAY_MINUTES = 1_440;

function blocksOf(operand: Uint8Array): readonly { readonly minutes: number; readonly rate: number | undefined }[] {
  return Array.from({ length: Math.floor((operand.length - 3) / 4) }, (_, i) => ({
    minutes: u16(operand, 3 + 4 * i),
    rate: amount(operand, 5 + 4 * i),
  }));
}

function isChunk(operand: Uint8Array): boolean {
  const [flags = 0] = operand;
  const blocks = 1 + ((flags >> 1) & 1) + ((flags >> 2) & 1);
  if ((flags & ~0x07) !== 0 || (flags & 0x06) === 0x04 || operand.length !== 3 + 4 * blocks) return false;
  return blocksOf(operand).every(({ minutes, rate }) => minutes > 0 && rate !== undefined);
}

/** A chunk where none came before. */
function chunkCode(operand: Uint8Array): number {
  const [, template = 0, first = 0] = operand;
  if (template < 1 || template > TEMPLATES) return CODE.outOfRange;
  if (first !== 1) return CODE.notApplicable;
  return minutesOf(operand) > DAY_MINUTES ? CODE.plausibility : CODE.success;
}

function lastChunkCode(operand: Uint8Array): number {
  const code = chunkCode(operand);
  if (code !== CODE.success) return code;
  if (minutesOf(operand) !== DAY_MINUTES) return CODE.plausibility;
  const rates = blocksOf(operand).map(({ rate = 0 }) => rate);
  if (rates.some((rate) => rate > RATE_MAX_MICROUNITS_PER_HOUR)) return CODE.outOfRange;
  return operand[1] === 1 && rates.some((rate) => rate !== rates[0]) ? CODE.notApplicable : CODE.success;
}

const minutesOf = (operand: Uint8Array): number => blocksOf(operand).reduce((sum, { minutes }) => sum + minutes, 0);

const TIME_UPDATE_BYTES = 12;

/** What channel 91 says without countersignature: nothing is set. */
function timeAnswer(value: Uint8Array): Uint8Array {
  const [opcode] = value;
  if (opcode === undefined) return Uint8Array.of(9, 0, 3);
  if (opcode !== 2) return Uint8Array.of(9, opcode, 2);
  const isUpdate = value.length === TIME_UPDATE_BYTES && value[2] === 0;
  return isUpdate ? Uint8Array.of(9, 2, 5, 2, 0) : Uint8Array.of(9, 2, 3);
}

/** What Prepare says to a command of channel 91. */
function timeCode(command: Uint8Array): number {
  const [opcode, low = 0, high = 0] = command;
  if (opcode !== 2) return CODE.opcodeNotSupported;
  const zone = ((command[7] ?? 0) << 24) >> 24;
  const [dst = 0, source = 0] = command.subarray(8);
  if (command.length !== TIME_UPDATE_BYTES || high !== 0 || (low & 0x41) !== 0x41) return CODE.invalidOperand;
  if (zone < -48 || zone > 56 || ![0, 2, 4, 8].includes(dst) || source > 6) return CODE.invalidOperand;
  const local = u16(command, 3) + u16(command, 5) * 65_536 + 900 * (zone + dst);
  return local < 0 || local >= 3_155_760_000 ? CODE.outOfRange : CODE.success;
}
