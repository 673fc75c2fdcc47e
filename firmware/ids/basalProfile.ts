/**
 * Basal rate profile templates (Insulin Delivery Service 1.0): a day as time blocks from midnight on, each with a duration
 * and a rate. A message holds three blocks at most, so a profile is written in a transaction of several commands on
 * channel 25, the last of which says so, and read as several messages on channel 26, after which channel 25 answers.
 * Owns the layouts; that the blocks of a transaction follow on one another and fill the day is the therapy's to check.
 *
 * Blocks are numbered from 1. A rate is a raw SFLOAT in U/h (see float.ts), a duration minutes.
 */

import { layout } from "../base/layout.js";
import { counted } from "./counted.js";
import { allFlags, flagged, onlyWith } from "./flagged.js";
import { message } from "./layouts.js";
import { CommandOpcode } from "./opcodes.js";

export interface TimeBlock {
  /** u16; those of a whole profile make 1440. */
  readonly durationMinutes: number;
  readonly rateSfloat: number;
}

/** Consecutive blocks of one template. */
export interface ProfileChunk {
  /** u8. */
  readonly templateNumber: number;
  /** u8: the number of the first of `blocks`. */
  readonly firstBlockNumber: number;
  /** 1 to 3. */
  readonly blocks: readonly TimeBlock[];
}

/** A chunk that is written; the transaction's last one ends it. */
export interface WrittenProfileChunk extends ProfileChunk {
  readonly endTransaction: boolean;
}

/** Time blocks in one message. */
export const BLOCKS_PER_MESSAGE = 3;

const WriteFlag = { EndTransaction: 0x01, SecondPresent: 0x02, ThirdPresent: 0x04 } as const;
const ReadFlag = { SecondPresent: 0x01, ThirdPresent: 0x02 } as const;
const WriteResponseFlag = { TransactionCompleted: 0x01 } as const;

const TIME_BLOCK = [
  ["durationMinutes", "u16"],
  ["rateSfloat", "u16"],
] as const;

/** The two records differ in their flags alone. A third block needs a second. */
const chunkLayout = (known: number, second: number, third: number) =>
  onlyWith(
    flagged(
      [["flags", "u8"], ["templateNumber", "u8"], ["firstBlockNumber", "u8"], ...TIME_BLOCK],
      known,
      ["second", second, TIME_BLOCK],
      ["third", third, TIME_BLOCK],
    ),
    third,
    second,
  );

const WriteLayout = chunkLayout(allFlags(WriteFlag), WriteFlag.SecondPresent, WriteFlag.ThirdPresent);
const ReadLayout = chunkLayout(allFlags(ReadFlag), ReadFlag.SecondPresent, ReadFlag.ThirdPresent);
type ChunkLayout = typeof WriteLayout;

function encodeChunk(
  to: ChunkLayout,
  chunk: ProfileChunk,
  present: { readonly SecondPresent: number; readonly ThirdPresent: number },
  flags: number,
): Uint8Array {
  const { templateNumber, firstBlockNumber, blocks } = chunk;
  const [first, second, third] = blocks;
  if (first === undefined || blocks.length > BLOCKS_PER_MESSAGE)
    throw new Error(`invariant: ${blocks.length} time blocks in a message`);
  return to.encode({
    flags: flags | (second ? present.SecondPresent : 0) | (third ? present.ThirdPresent : 0),
    templateNumber,
    firstBlockNumber,
    ...first,
    ...(second && { second }),
    ...(third && { third }),
  });
}

function chunkOf(values: NonNullable<ReturnType<ChunkLayout["decode"]>>): ProfileChunk {
  const { templateNumber, firstBlockNumber, durationMinutes, rateSfloat, second, third } = values;
  const blocks: TimeBlock[] = [{ durationMinutes, rateSfloat }];
  if (second) blocks.push(second);
  if (third) blocks.push(third);
  return { templateNumber, firstBlockNumber, blocks };
}

/** 0FAA: whose blocks to read. */
export const ReadBasalRateProfileOperand = layout(["templateNumber", "u8"]);

/** 0FC3, on channel 26: flags u8 (bit 0 second block, 1 third), template u8, first block number u8, 1 to 3 blocks. */
export const ReadBasalRateProfileResponse = Object.freeze({
  /** Throws on none or over 3 blocks, and on an integer that does not fit: that is our bug, not input. */
  encode: (chunk: ProfileChunk): Uint8Array => encodeChunk(ReadLayout, chunk, ReadFlag, 0),
  /** `undefined` on a reserved flag, on a third block without a second, and on a length that the flags do not announce. */
  decode(bytes: Uint8Array): ProfileChunk | undefined {
    const values = ReadLayout.decode(bytes);
    return values && chunkOf(values);
  },
});

/**
 * 0FCC: flags u8 (bit 0 end of the transaction, 1 second block, 2 third), template u8, first block number u8, 1 to 3
 * blocks.
 */
export const WriteBasalRateProfileOperand = Object.freeze({
  /** Throws on none or over 3 blocks, and on an integer that does not fit: that is our bug, not input. */
  encode: (chunk: WrittenProfileChunk): Uint8Array =>
    encodeChunk(WriteLayout, chunk, WriteFlag, chunk.endTransaction ? WriteFlag.EndTransaction : 0),
  /** `undefined` on a reserved flag, on a third block without a second, and on a length that the flags do not announce. */
  decode(bytes: Uint8Array): WrittenProfileChunk | undefined {
    const values = WriteLayout.decode(bytes);
    return values && { ...chunkOf(values), endTransaction: (values.flags & WriteFlag.EndTransaction) !== 0 };
  },
});

const WriteResponse = flagged(
  [
    ["flags", "u8"],
    ["templateNumber", "u8"],
    ["firstBlockNumber", "u8"],
  ],
  allFlags(WriteResponseFlag),
);

/** What a chunk is answered with: which one it was, and whether the template is written with it. */
export interface WriteAnswer {
  readonly transactionCompleted: boolean;
  readonly templateNumber: number;
  readonly firstBlockNumber: number;
}

/** 0FF0: flags u8 (bit 0 transaction completed), template u8, first block number u8, those of the chunk. */
export const WriteBasalRateProfileResponse = Object.freeze({
  encode: ({ transactionCompleted, ...chunk }: WriteAnswer): Uint8Array =>
    WriteResponse.encode({ ...chunk, flags: transactionCompleted ? WriteResponseFlag.TransactionCompleted : 0 }),
  /** `undefined` on a reserved flag and on any other length. */
  decode(bytes: Uint8Array): WriteAnswer | undefined {
    const values = WriteResponse.decode(bytes);
    if (!values) return undefined;
    const { flags, ...chunk } = values;
    return { ...chunk, transactionCompleted: (flags & WriteResponseFlag.TransactionCompleted) !== 0 };
  },
});

/**
 * 122E Activate Profile Templates, its response 1247, and 1274, the activated ones: template numbers. A request names 1
 * to 14; none may be activated.
 */
export const TemplateNumbers = counted("templateNumber", "u8");

/** A whole profile as messages of channel 26, in order. Throws on none and on over 255 blocks. */
export function profileMessages(templateNumber: number, blocks: readonly TimeBlock[]): readonly Uint8Array[] {
  if (blocks.length === 0) throw new Error("invariant: a profile without time blocks");
  const messages: Uint8Array[] = [];
  for (let i = 0; i < blocks.length; i += BLOCKS_PER_MESSAGE) {
    const chunk = { templateNumber, firstBlockNumber: i + 1, blocks: blocks.slice(i, i + BLOCKS_PER_MESSAGE) };
    messages.push(
      message(CommandOpcode.ReadBasalRateProfileTemplateResponse, ReadBasalRateProfileResponse.encode(chunk)),
    );
  }
  return messages;
}
