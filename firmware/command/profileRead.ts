/** The reads of basal rate profiles (PROTOCOL.md section 6.3): every bond may, however old its echo is. */

import { Refusal, SUCCESS } from "../base/refusal.js";
import { type Microunits, microunits } from "../base/units.js";
import { profileMessages, ReadBasalRateProfileOperand, TemplateNumbers } from "../ids/basalProfile.js";
import { encodeSfloatMicrounits } from "../ids/float.js";
import { message, NoOperand } from "../ids/layouts.js";
import { Channel, CommandOpcode } from "../ids/opcodes.js";
import { blocksOf, profileOf, TEMPLATES } from "../therapy/profiles.js";
import type { Therapy } from "../therapy/therapy.js";
import { commandResponse, type Reply } from "./table.js";

const onCommand = (value: Uint8Array): Reply => ({ channel: Channel.CommandControlPoint, value });
const refusal = (opcode: CommandOpcode, code: number): { readonly reply: Reply } => ({
  reply: onCommand(commandResponse(opcode, code)),
});

/**
 * The answer to a read on channel 25, of one message or of several in their order; undefined when the opcode is that of no
 * read. A profile is read as it stands now, whatever is written while its messages go out. `busy`: one is being read.
 */
export function readProfiles(
  opcode: number,
  operand: Uint8Array,
  busy: boolean,
  { standing, profiles }: Therapy,
): { readonly reply: Reply } | { readonly replies: readonly Reply[] } | undefined {
  const { activeTemplate, profilesRevision } = standing;
  switch (opcode) {
    case CommandOpcode.GetActivatedProfileTemplates: {
      if (!NoOperand.decode(operand)) return refusal(opcode, Refusal.InvalidOperand);
      const numbers = TemplateNumbers.encode([activeTemplate]);
      return { reply: onCommand(message(CommandOpcode.GetActivatedProfileTemplatesResponse, numbers)) };
    }
    case CommandOpcode.ReadBasalRateProfileTemplate: {
      const fields = ReadBasalRateProfileOperand.decode(operand);
      if (!fields) return refusal(opcode, Refusal.InvalidOperand);
      const { templateNumber } = fields;
      if (templateNumber < 1 || templateNumber > TEMPLATES) return refusal(opcode, Refusal.OutOfRange);
      const profile = profileOf(profiles, profilesRevision, templateNumber);
      if (!profile || busy) return refusal(opcode, Refusal.NotApplicable);
      const blocks = blocksOf(profile).map(({ durationMinutes, rateMicrounitsPerHour }) => {
        const rate: Microunits = microunits(rateMicrounitsPerHour);
        return { durationMinutes, rateSfloat: encodeSfloatMicrounits(rate, "up") };
      });
      const data = profileMessages(templateNumber, blocks).map((value) => ({ channel: Channel.CommandData, value }));
      return { replies: [...data, onCommand(commandResponse(opcode, SUCCESS))] };
    }
    default:
      return undefined;
  }
}
