/**
 * A basal rate profile that comes in chunks (PROTOCOL.md section 6.3): what the session has of it, until the last chunk,
 * which is countersigned, says the whole. In RAM, of one template, at most a day; nothing durable changes by it.
 */

import { Refusal } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import { microunitsPerHour } from "../base/units.js";
import { WriteBasalRateProfileOperand, type WrittenProfileChunk } from "../ids/basalProfile.js";
import { decodeSfloatMicrounits } from "../ids/float.js";
import type { Command } from "../therapy/commands.js";
import { BLOCKS_MAX, profileOfBlocks, TEMPLATES, type TimeBlock } from "../therapy/profiles.js";
import { MINUTES_PER_DAY } from "../therapy/wallTime.js";

/** Amounts and rates come in steps of 0.01 U (PROTOCOL.md section 6). */
export const INCREMENT_MICROUNITS = 10_000;

/** What has been written so far: chunks that follow on one another, the first of them with block 1. */
export interface ProfileTransaction {
  readonly templateNumber: number;
  readonly blocks: readonly TimeBlock[];
}

const minutesOf = (blocks: readonly TimeBlock[]): number =>
  blocks.reduce((sum, block) => sum + block.durationMinutes, 0);

function blocksOfChunk(chunk: WrittenProfileChunk): readonly TimeBlock[] | undefined {
  const blocks: TimeBlock[] = [];
  for (const { durationMinutes, rateSfloat } of chunk.blocks) {
    const rate = decodeSfloatMicrounits(rateSfloat);
    if (durationMinutes === 0 || rate === undefined || rate % INCREMENT_MICROUNITS !== 0) return undefined;
    blocks.push({ durationMinutes, rateMicrounitsPerHour: microunitsPerHour(rate) });
  }
  return blocks;
}

/**
 * The transaction with one more chunk; one with block 1 begins another. Refusals: InvalidOperand for a duration of 0 and
 * a rate off its increment; OutOfRange for a template that there is not and a 25th block; NotApplicable for a chunk that
 * does not follow; Plausibility over 24 hours.
 */
function withChunk(given: ProfileTransaction | undefined, chunk: WrittenProfileChunk): Result<ProfileTransaction> {
  const { templateNumber, firstBlockNumber } = chunk;
  const more = blocksOfChunk(chunk);
  if (!more) return refuse(Refusal.InvalidOperand);
  if (templateNumber < 1 || templateNumber > TEMPLATES) return refuse(Refusal.OutOfRange);
  const before = firstBlockNumber === 1 ? [] : given?.templateNumber === templateNumber ? given.blocks : undefined;
  if (!before || firstBlockNumber !== before.length + 1) return refuse(Refusal.NotApplicable);
  const blocks = [...before, ...more];
  if (blocks.length > BLOCKS_MAX) return refuse(Refusal.OutOfRange);
  return minutesOf(blocks) > MINUTES_PER_DAY ? refuse(Refusal.Plausibility) : ok({ templateNumber, blocks });
}

/**
 * Takes in a chunk that is not the last. Refusals: InvalidOperand for a malformed one; NotApplicable for the last, which
 * is to be countersigned; those above.
 */
export function stageChunk(
  given: ProfileTransaction | undefined,
  operand: Uint8Array,
): Result<{ readonly transaction: ProfileTransaction; readonly chunk: WrittenProfileChunk }> {
  const chunk = WriteBasalRateProfileOperand.decode(operand);
  if (!chunk) return refuse(Refusal.InvalidOperand);
  if (chunk.endTransaction) return refuse(Refusal.NotApplicable);
  const transaction = withChunk(given, chunk);
  return transaction.ok ? ok({ transaction: transaction.value, chunk }) : transaction;
}

/**
 * The last chunk, which makes a whole of the transaction. Refusals: InvalidOperand for a malformed one; NotApplicable for
 * one that does not end the transaction; Plausibility for a sum that is no day; those above.
 */
export function decodeLastChunk(operand: Uint8Array, given: ProfileTransaction | undefined): Result<Command> {
  const chunk = WriteBasalRateProfileOperand.decode(operand);
  if (!chunk) return refuse(Refusal.InvalidOperand);
  if (!chunk.endTransaction) return refuse(Refusal.NotApplicable);
  const whole = withChunk(given, chunk);
  if (!whole.ok) return whole;
  const { templateNumber, blocks } = whole.value;
  if (minutesOf(blocks) !== MINUTES_PER_DAY) return refuse(Refusal.Plausibility);
  const { firstBlockNumber } = chunk;
  return ok({ kind: "writeProfile", templateNumber, firstBlockNumber, profile: profileOfBlocks(blocks) });
}
