/**
 * The time of day by radio (PROTOCOL.md section 6.5): Device Time is read by every bond, and set by a time update that is
 * countersigned, since it moves the blocks of the basal rate.
 */

import { Refusal } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import type { UptimeMs } from "../base/units.js";
import {
  DeviceTimeFlag,
  DeviceTimeOpcode,
  DeviceTimeOutcomeMessage,
  DeviceTimeResponse,
  DeviceTimeValue,
  DstOffset,
  TIME_ZONE_QUARTERS,
  TimeRejectionFlag,
  TimeSource,
  TimeUpdateFlag,
  TimeUpdateRequest,
} from "../ids/deviceTime.js";
import { Channel } from "../ids/opcodes.js";
import { decodeInt, encodeInt } from "../ids/signed.js";
import type { Command } from "../therapy/commands.js";
import { clockAt, type Therapy } from "../therapy/therapy.js";
import { utcSeconds } from "../therapy/wallTime.js";
import type { CommandRow } from "./table.js";

const { TimeFault, UtcAligned, ProposeTimeUpdateRequest, EpochYear2000 } = DeviceTimeFlag;

/** Channel 90: the time as it is now, and whether another is asked for. */
export function deviceTime(therapy: Therapy, now: UptimeMs): Uint8Array {
  const { time } = therapy.standing;
  if (!time)
    return DeviceTimeValue.encode({
      baseTimeS: 0,
      timeZoneInt8: encodeInt(TIME_ZONE_QUARTERS.unknown, 8),
      dstOffset: DstOffset.Unknown,
      flags: TimeFault | ProposeTimeUpdateRequest | EpochYear2000,
    });
  return DeviceTimeValue.encode({
    baseTimeS: utcSeconds(time, clockAt(therapy, now)),
    timeZoneInt8: encodeInt(time.timeZoneQuarters, 8),
    dstOffset: time.dstOffset,
    flags: EpochYear2000 | (time.certain ? UtcAligned : TimeFault | ProposeTimeUpdateRequest),
  });
}

/** The answer on channel 91 to what was not countersigned: nothing is set by it. */
export function unsignedTimeUpdate(value: Uint8Array): Uint8Array {
  const requestOpcode = value[0] ?? 0;
  if (value.length === 0) return outcomeOf(requestOpcode, DeviceTimeResponse.InvalidOperand);
  if (requestOpcode !== DeviceTimeOpcode.ProposeTimeUpdate)
    return outcomeOf(requestOpcode, DeviceTimeResponse.OpcodeNotSupported);
  if (!TimeUpdateRequest.decode(value)) return outcomeOf(requestOpcode, DeviceTimeResponse.InvalidOperand);
  const rejection = TimeRejectionFlag.NotAuthorized;
  return DeviceTimeOutcomeMessage.encode({ requestOpcode, code: DeviceTimeResponse.Rejected, rejection });
}

const outcomeOf = (requestOpcode: number, code: DeviceTimeResponse): Uint8Array =>
  DeviceTimeOutcomeMessage.encode({ requestOpcode, code });

/** What a time must be worth: seconds since 2000, of UTC. */
const NEEDED = TimeUpdateFlag.UtcAligned | TimeUpdateFlag.EpochYear2000;

function decodeTimeUpdate(operand: Uint8Array): Result<Command> {
  const fields = TimeUpdateRequest.decode(operand);
  if (!fields || (fields.flags & NEEDED) !== NEEDED) return refuse(Refusal.InvalidOperand);
  const timeZoneQuarters = decodeInt(fields.timeZoneInt8, 8);
  const { min, max } = TIME_ZONE_QUARTERS;
  const dstOffset = Object.values(DstOffset).find((each) => each === fields.dstOffset);
  // Without both of them no local time could be told.
  if (timeZoneQuarters < min || timeZoneQuarters > max || dstOffset === undefined || dstOffset === DstOffset.Unknown)
    return refuse(Refusal.InvalidOperand);
  if (!Object.values<number>(TimeSource).includes(fields.source)) return refuse(Refusal.InvalidOperand);
  return ok({ kind: "setTime", baseTimeS: fields.baseTimeS, timeZoneQuarters, dstOffset });
}

/** Propose Time Update, the one command of channel 91. Its opcode is a byte: `decode` takes it with the rest. */
export const TIME_UPDATE: CommandRow = {
  opcode: DeviceTimeOpcode.ProposeTimeUpdate,
  channel: Channel.DeviceTimeControlPoint,
  class: "countersigned",
  why: "moves the blocks of the basal rate",
  decode: decodeTimeUpdate,
  response: () => outcomeOf(DeviceTimeOpcode.ProposeTimeUpdate, DeviceTimeResponse.Success),
};
