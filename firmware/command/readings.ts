/** Readings: a command's resolved meaning as the bytes that a countersignature covers (PROTOCOL.md section 7). */

import { layout } from "../base/layout.js";
import { CommandOpcode } from "../ids/opcodes.js";
import { BolusType, TherapyControlState } from "../ids/values.js";
import type { Meaning } from "../therapy/commands.js";

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
const CancelTbrReading = layout(["opcode", "u16"], ["rateMicrounitsPerHour", "u32"]);
const RunReading = layout(["opcode", "u16"], ["state", "u8"], ["rateMicrounitsPerHour", "u32"]);

const TbrMode = { start: 0x0f, change: 0x33 } as const;

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
      return TbrReading.encode({
        opcode: CommandOpcode.SetTbr,
        mode: meaning.change ? TbrMode.change : TbrMode.start,
        rateMicrounitsPerHour: meaning.rateMicrounitsPerHour,
        durationMinutes: meaning.durationMinutes,
      });
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
    case "stop":
    case "cancelBolus":
    case "snoozeAnnunciation":
    case "confirmAnnunciation":
      throw new Error(`invariant: ${meaning.kind} has no reading`);
    default:
      return meaning satisfies never;
  }
}
