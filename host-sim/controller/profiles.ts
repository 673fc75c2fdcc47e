/** Basal rate profiles and the time of day: what goes out and what comes back. PROTOCOL.md sections 6.3 and 6.5. */

import { CHANNEL, COMMAND, SUCCESS } from "./ids.js";
import { decodeResponse } from "./idsAnswers.js";
import { Layout } from "./layout.js";
import type { Incoming, Operation, Result, SimpleRequest, Step } from "./requests.js";
import { decodeSfloat, encodeSfloat } from "./sfloat.js";

/** Most blocks of a profile, and in one chunk; minutes that they make. */
export const MOST_BLOCKS = 24;
const BLOCKS_IN_CHUNK = 3;
const MINUTES_OF_DAY = 1440;

/** A part of the day, from where the one before ended; the first from local midnight on. */
export interface TimeBlock {
  readonly durationMinutes: number;
  /** A multiple of 10,000 µU/h that SFLOAT holds exactly. */
  readonly rateMicrounitsPerHour: number;
}

/** A template and the whole of its day. */
export interface ProfileOrder {
  /** 1 to 5. */
  readonly templateNumber: number;
  readonly blocks: readonly TimeBlock[];
}

/** A time to set. */
export interface TimeOrder {
  /** Seconds since 2000-01-01 00:00:00 UTC. */
  readonly baseTimeSeconds: number;
  /** Quarters of an hour, -48 to 56. */
  readonly timeZoneQuarters: number;
  /** Quarters of an hour: 0, 2, 4 or 8. */
  readonly dstQuarters: number;
}

/** The pump's time. Undefined where none was ever set. */
export interface PumpTime extends TimeOrder {
  /** False from a restart on until it is set: it may be behind. */
  readonly certain: boolean;
}

const CHUNK = new Layout({ opcode: "u16", flags: "u8", templateNumber: "u8", firstBlock: "u8" });
const BLOCK = new Layout({ durationMinutes: "u16", rate: "u16" });
const READ = new Layout({ opcode: "u16", templateNumber: "u8" });
const NUMBERS = new Layout({ opcode: "u16", count: "u8", templateNumber: "u8" });
const TIME_UPDATE = new Layout({
  opcode: "u8",
  flags: "u16",
  baseTimeSeconds: "u32",
  timeZone: "u8",
  dstQuarters: "u8",
  source: "u8",
  accuracy: "u8",
});
const DEVICE_TIME = new Layout({ baseTimeSeconds: "u32", timeZone: "u8", dstQuarters: "u8", flags: "u16" });

const CHUNK_FLAG = { last: 1, second: 2, third: 4 } as const;
const READ_FLAG = { second: 1, third: 2 } as const;
const CHUNK_WRITTEN = 1;
/** Of UTC, since 2000. */
const UPDATE_FLAGS = 0x41;
const TIME_FLAG_FAULT = 1;
const DST_UNKNOWN = 0xff;
const ACCURACY_UNKNOWN = 0xff;
/** Propose Time Update, and its answer that it is set. */
const PROPOSE = 2;
const TIME_SET: readonly number[] = [9, PROPOSE, 1];
const CHANNEL_TICK = 1;

const signed = (byte: number): number => (byte < 0x80 ? byte : byte - 0x100);
const unsigned = (value: number): number => (value < 0 ? value + 0x100 : value);

/** A profile's chunks in their order; the last is countersigned. Throws a RangeError for what is no day. */
export function encodeProfile({ templateNumber, blocks }: ProfileOrder): readonly Uint8Array[] {
  const minutes = blocks.reduce((sum, block) => sum + block.durationMinutes, 0);
  if (blocks.length > MOST_BLOCKS) throw new RangeError(`${blocks.length} blocks: give at most ${MOST_BLOCKS}`);
  if (minutes !== MINUTES_OF_DAY)
    throw new RangeError(`The blocks make ${minutes} min: give durations that make ${MINUTES_OF_DAY}`);
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < blocks.length; from += BLOCKS_IN_CHUNK) {
    const some = blocks.slice(from, from + BLOCKS_IN_CHUNK);
    const last = from + BLOCKS_IN_CHUNK >= blocks.length ? CHUNK_FLAG.last : 0;
    const flags = last | (some.length > 1 ? CHUNK_FLAG.second : 0) | (some.length > 2 ? CHUNK_FLAG.third : 0);
    const head = CHUNK.encode({ opcode: COMMAND.writeProfile, flags, templateNumber, firstBlock: from + 1 });
    const encoded = some.map(({ durationMinutes, rateMicrounitsPerHour }) => {
      if (durationMinutes < 1) throw new RangeError(`Duration ${durationMinutes} min: give at least 1`);
      return BLOCK.encode({ durationMinutes, rate: encodeSfloat(rateMicrounitsPerHour) });
    });
    const chunk = new Uint8Array(head.length + encoded.length * BLOCK.size);
    chunk.set(head);
    for (const [index, block] of encoded.entries()) chunk.set(block, head.length + index * BLOCK.size);
    chunks.push(chunk);
  }
  return chunks;
}

/** Whether an answer is the 0FF0 to this chunk. */
export function isChunkAnswer(answer: Uint8Array, chunk: Uint8Array, written: boolean): boolean {
  const head = CHUNK.decode(answer);
  if (head?.opcode !== COMMAND.writeProfileResponse || head.flags !== (written ? CHUNK_WRITTEN : 0)) return false;
  return head.templateNumber === chunk[3] && head.firstBlock === chunk[4];
}

/** Sends a chunk that is not the last. */
export function writeChunk(chunk: Uint8Array): Omit<SimpleRequest<undefined>, "done"> {
  return {
    channel: CHANNEL.command,
    value: chunk,
    reply: ({ channel, value }) => {
      if (channel !== CHANNEL.command) return undefined;
      if (isChunkAnswer(value, chunk, false)) return { kind: "ok", value: undefined };
      const general = decodeResponse(value, COMMAND.response);
      if (general?.request !== COMMAND.writeProfile || general.code === SUCCESS) return undefined;
      return { kind: "refused", code: general.code };
    },
    passes: () => false,
  };
}

/** Activate Profile Templates, of one. */
export function encodeActivation(templateNumber: number): Uint8Array {
  return NUMBERS.encode({ opcode: COMMAND.activateProfile, count: 1, templateNumber });
}

/** The template number in the answer to Activate or to Get Activated. */
export function decodeTemplateNumber(
  value: Uint8Array,
  opcode: typeof COMMAND.activateProfileResponse | typeof COMMAND.activatedProfiles,
): number | undefined {
  const answer = NUMBERS.decode(value);
  return answer?.opcode === opcode && answer.count === 1 ? answer.templateNumber : undefined;
}

/** Propose Time Update. Throws a RangeError for what cannot be set. */
export function encodeTimeUpdate({ baseTimeSeconds, timeZoneQuarters, dstQuarters }: TimeOrder): Uint8Array {
  if (!Number.isInteger(timeZoneQuarters) || timeZoneQuarters < -48 || timeZoneQuarters > 56)
    throw new RangeError(`Time zone ${timeZoneQuarters}: give quarters of an hour, -48 to 56`);
  if (![0, 2, 4, 8].includes(dstQuarters)) throw new RangeError(`DST ${dstQuarters}: give 0, 2, 4 or 8 quarters`);
  const timeZone = unsigned(timeZoneQuarters);
  const fixed = { opcode: PROPOSE, flags: UPDATE_FLAGS, source: 0, accuracy: ACCURACY_UNKNOWN };
  return TIME_UPDATE.encode({ ...fixed, baseTimeSeconds, timeZone, dstQuarters });
}

/** Whether an answer says that the time is set. */
export function isTimeSet(value: Uint8Array): boolean {
  return value.length === TIME_SET.length && TIME_SET.every((byte, index) => value[index] === byte);
}

/** Reads channel 90. */
export function decodeTime(value: Uint8Array): { readonly time: PumpTime | undefined } | undefined {
  const fields = DEVICE_TIME.decode(value);
  if (fields === undefined) return undefined;
  const { baseTimeSeconds, dstQuarters, flags } = fields;
  if (dstQuarters === DST_UNKNOWN) return { time: undefined };
  const certain = (flags & TIME_FLAG_FAULT) === 0;
  return { time: { baseTimeSeconds, timeZoneQuarters: signed(fields.timeZone), dstQuarters, certain } };
}

/** Reads one message of channel 26: the blocks that go on from the ones before. */
function decodeBlocks(value: Uint8Array, templateNumber: number, before: number): readonly TimeBlock[] | undefined {
  const chunk = CHUNK.decodeHead(value);
  if (chunk?.values.opcode !== COMMAND.readProfileResponse || chunk.values.templateNumber !== templateNumber)
    return undefined;
  const { flags, firstBlock } = chunk.values;
  const count = 1 + (flags & READ_FLAG.second ? 1 : 0) + (flags & READ_FLAG.third ? 1 : 0);
  if (firstBlock !== before + 1 || chunk.tail.length !== count * BLOCK.size) return undefined;
  const blocks: TimeBlock[] = [];
  for (let at = 0; at < chunk.tail.length; at += BLOCK.size) {
    const block = BLOCK.decode(chunk.tail.slice(at, at + BLOCK.size));
    const rateMicrounitsPerHour = block && decodeSfloat(block.rate);
    if (block === undefined || rateMicrounitsPerHour === undefined) return undefined;
    blocks.push({ durationMinutes: block.durationMinutes, rateMicrounitsPerHour });
  }
  return blocks;
}

/** Reads a whole template: a message for each three blocks, each asked on with a tick, and an answer that ends it. */
export function readProfile(templateNumber: number, done: (result: Result<readonly TimeBlock[]>) => void): Operation {
  let blocks: readonly TimeBlock[] = [];
  const accept = ({ channel, value }: Incoming): Step | undefined => {
    if (channel === CHANNEL.commandData) {
      const more = decodeBlocks(value, templateNumber, blocks.length);
      if (more === undefined || blocks.length + more.length > MOST_BLOCKS) return undefined;
      blocks = [...blocks, ...more];
      return { kind: "next", exchange: { channel: CHANNEL_TICK, value: new Uint8Array(0), accept } };
    }
    const general = channel === CHANNEL.command ? decodeResponse(value, COMMAND.response) : undefined;
    if (general?.request !== COMMAND.readProfile) return undefined;
    const { code } = general;
    if (code !== SUCCESS) return { kind: "done", report: () => done({ kind: "refused", code }) };
    const minutes = blocks.reduce((sum, block) => sum + block.durationMinutes, 0);
    return minutes === MINUTES_OF_DAY ? { kind: "done", report: () => done({ kind: "ok", value: blocks }) } : undefined;
  };
  const value = READ.encode({ opcode: COMMAND.readProfile, templateNumber });
  return {
    begin: () => ({ kind: "next", exchange: { channel: CHANNEL.command, value, accept } }),
    ended: (begun) => done(begun ? { kind: "lost" } : { kind: "notSent", reason: "noSession" }),
  };
}
