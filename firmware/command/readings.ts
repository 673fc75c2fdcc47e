/** Readings: a command's resolved meaning as the bytes that a countersignature covers (PROTOCOL.md section 7). */

import { concat } from "../base/bytes.js";
import { layout } from "../base/layout.js";
import { pumpClockMs } from "../base/units.js";
import { DATE_TIME, dateTimeOf } from "../ids/dateTime.js";
import { DeviceTimeOpcode } from "../ids/deviceTime.js";
import { CommandOpcode } from "../ids/opcodes.js";
import { encodeInt } from "../ids/signed.js";
import { BolusType, TherapyControlState } from "../ids/values.js";
import type { Meaning } from "../therapy/commands.js";
import { blocksOf } from "../therapy/profiles.js";
import { timeSet } from "../therapy/resolve.js";
import { localSeconds } from "../therapy/wallTime.js";

const MINUTES_PER_HOUR = 60;

const BolusReading = layout(
  ["opcode", "u16"],
  ["flags", "u8"],
  ["type", "u8"],
  ["fastMicrounits", "u32"],
  ["extendedMicrounits", "u32"],
  ["durationMinutes", "u16"],
);
const TbrReading = layout(
  ["opcode", "u16"],
  ["mode", "u8"],
  ["rateMicrounitsPerHour", "u32"],
  ["durationMinutes", "u16"],
);
const RelativeTbrReading = layout(
  ["opcode", "u16"],
  ["mode", "u8"],
  ["factorMillionths", "u32"],
  ["rateMicrounitsPerHour", "u32"],
  ["durationMinutes", "u16"],
);
const ContextReading = layout(["context", "u8"]);
const ProfileReading = layout(
  ["opcode", "u16"],
  ["templateNumber", "u8"],
  ["state", "u8"],
  ["rateMicrounitsPerHour", "u32"],
  ["dayMicrounits", "u32"],
  ["blocks", "u8"],
);
const BlockReading = layout(["durationMinutes", "u16"], ["rateMicrounitsPerHour", "u32"]);
const ActivationReading = layout(["opcode", "u16"], ["templateNumber", "u8"], ["rateMicrounitsPerHour", "u32"]);
const TimeReading = layout(
  ["opcode", "u8"],
  ...DATE_TIME,
  ["timeZoneInt8", "u8"],
  ["dstOffset", "u8"],
  ["rateMicrounitsPerHour", "u32"],
);
const FlightModeReading = layout(["opcode", "u16"]);
const CancelTbrReading = layout(["opcode", "u16"], ["rateMicrounitsPerHour", "u32"]);
const RunReading = layout(["opcode", "u16"], ["state", "u8"], ["rateMicrounitsPerHour", "u32"]);

const AmountReading = layout(["opcode", "u16"], ["amountMicrounits", "u32"]);
const BareReading = layout(["opcode", "u16"]);

const TbrMode = { start: 0x0f, change: 0x33, startRelative: 0x3c, changeRelative: 0x55 } as const;
const ProfileState = { inactive: 0x0f, active: 0x33 } as const;

/** The reading of a countersigned command. Throws for a one-step command: it has none. */
export function readingOf(meaning: Meaning): Uint8Array {
  switch (meaning.kind) {
    case "setBolus":
      return BolusReading.encode({
        opcode: CommandOpcode.SetBolus,
        flags: meaning.flags,
        type: BolusType.Fast,
        fastMicrounits: meaning.amountMicrounits,
        extendedMicrounits: 0,
        durationMinutes: 0,
      });
    case "setTbr":
      return tbrReading(meaning);
    case "writeProfile":
      return profileReading(meaning);
    case "activateProfile":
      return ActivationReading.encode({ ...meaning, opcode: CommandOpcode.ActivateProfileTemplates });
    case "setTime": {
      const { timeZoneQuarters, dstOffset, rateMicrounitsPerHour } = meaning;
      const localS = localSeconds(timeSet(meaning, pumpClockMs(0)), pumpClockMs(0));
      return TimeReading.encode({
        opcode: DeviceTimeOpcode.ProposeTimeUpdate,
        ...dateTimeOf(localS),
        timeZoneInt8: encodeInt(timeZoneQuarters, 8),
        dstOffset,
        rateMicrounitsPerHour,
      });
    }
    case "flightMode":
      return FlightModeReading.encode({ opcode: CommandOpcode.SetFlightMode });
    case "cancelTbr":
      return CancelTbrReading.encode({
        opcode: CommandOpcode.CancelTbr,
        rateMicrounitsPerHour: meaning.rateMicrounitsPerHour,
      });
    case "run":
      return RunReading.encode({
        opcode: CommandOpcode.SetTherapyControlState,
        state: TherapyControlState.Run,
        rateMicrounitsPerHour: meaning.rateMicrounitsPerHour,
      });
    case "startPriming":
      return AmountReading.encode({ opcode: CommandOpcode.StartPriming, ...meaning });
    case "setReservoirFill":
      return AmountReading.encode({ opcode: CommandOpcode.SetInitialReservoirFill, ...meaning });
    case "resetReservoirTime":
      return BareReading.encode({ opcode: CommandOpcode.ResetReservoirInsulinOperationTime });
    case "stop":
    case "stopPriming":
    case "cancelBolus":
    case "snoozeAnnunciation":
    case "confirmAnnunciation":
      throw new Error(`invariant: ${meaning.kind} has no reading`);
    default:
      return meaning satisfies never;
  }
}

function tbrReading(meaning: Extract<Meaning, { readonly kind: "setTbr" }>): Uint8Array {
  const { amount, change, context, rateMicrounitsPerHour, durationMinutes } = meaning;
  const opcode = CommandOpcode.SetTbr;
  const common = { opcode, rateMicrounitsPerHour, durationMinutes };
  const reading =
    "factorMillionths" in amount
      ? RelativeTbrReading.encode({ ...common, ...amount, mode: TbrMode[change ? "changeRelative" : "startRelative"] })
      : TbrReading.encode({ ...common, mode: TbrMode[change ? "change" : "start"] });
  return context === undefined ? reading : concat(reading, ContextReading.encode({ context }));
}

function profileReading(meaning: Extract<Meaning, { readonly kind: "writeProfile" }>): Uint8Array {
  const { templateNumber, profile, rateMicrounitsPerHour } = meaning;
  const blocks = blocksOf(profile);
  const day = blocks.reduce((sum, block) => sum + block.durationMinutes * block.rateMicrounitsPerHour, 0);
  const head = ProfileReading.encode({
    opcode: CommandOpcode.WriteBasalRateProfileTemplate,
    templateNumber,
    state: ProfileState[rateMicrounitsPerHour === undefined ? "inactive" : "active"],
    rateMicrounitsPerHour: rateMicrounitsPerHour ?? 0,
    dayMicrounits: Math.floor(day / MINUTES_PER_HOUR),
    blocks: blocks.length,
  });
  return concat(head, ...blocks.map((block) => BlockReading.encode(block)));
}
