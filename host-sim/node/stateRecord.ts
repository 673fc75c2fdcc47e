/**
 * The lines of a pump's state file. Each is the CRC-32 of what follows its space, in 8 hexadecimal digits, then a JSON
 * object, then a line feed: a line without one was being written when the process was killed.
 *
 *     start  once, first: version of the file, seed, and how many starts this hardware has had
 *     time   the world's time got so far
 *     else   a durable change (durable.ts) at a time; bytes in hexadecimal
 */

import { crc32 } from "node:zlib";
import type { DurableChange } from "../durable.js";

/** Of the file. Another is refused. */
export const STATE_VERSION = 1;

/** Of which start of the hardware a file is. */
export interface StartRecord {
  readonly kind: "start";
  readonly version: number;
  readonly seed: number;
  readonly starts: number;
}

/** One line. */
export type StateRecord =
  | StartRecord
  | { readonly kind: "time"; readonly atMs: number }
  | (DurableChange & { readonly atMs: number });

const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const crcOf = (json: string) => crc32(json).toString(16).padStart(8, "0");

/** The members that hold bytes. */
const BYTES = ["value", "bytes"];

/** A record as a line, its line feed included. */
export function encodeRecord(record: StateRecord): string {
  const json = JSON.stringify(record, (_, member) => (member instanceof Uint8Array ? toHex(member) : member));
  return `${crcOf(json)} ${json}\n`;
}

/** A line, without its line feed, as its record; `undefined` when it is damaged. */
export function decodeRecord(line: string): StateRecord | undefined {
  const json = line.slice(9);
  if (line.slice(0, 9) !== `${crcOf(json)} `) return undefined;
  // What has its check is as `encodeRecord` wrote it.
  return JSON.parse(json, (name, member) => (BYTES.includes(name) ? fromHex(member) : member)) as StateRecord;
}
