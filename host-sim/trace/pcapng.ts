/**
 * Blocks of a pcapng file, to write (draft-ietf-opsawg-pcapng): one section, little-endian, of a length not known in
 * advance, so that a file may grow while it is read and every whole block of one that broke off counts. Reading is
 * pcapngReader.ts. Section numbers are the draft's.
 */

import { concat } from "../../firmware/base/bytes.js";
import { layout } from "../../firmware/base/layout.js";
import { encodeAscii } from "./text.js";

/** Block types (section 11.1). */
export const BLOCK = {
  sectionHeader: 0x0a0d0d0a,
  interfaceDescription: 0x00000001,
  obsoletePacket: 0x00000002,
  simplePacket: 0x00000003,
  enhancedPacket: 0x00000006,
} as const;

/** Options that are written or read: of every block (3.5), the section header (4.1) and the interface (4.2). */
export const OPTION = { end: 0, comment: 1, userApplication: 4, interfaceName: 2, resolution: 9, offset: 14 } as const;

/** Link types of the tcpdump registry. */
export const LINKTYPE = {
  /** HCI UART packets, each behind its direction, u32 big-endian: 0 sent by the host, 1 received. */
  hciH4WithDirection: 201,
  /** For private use. */
  user0: 147,
} as const;

/** Of a section's first block: tells the byte order (4.1). */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Blocks, options and packet data begin at multiples of 4 bytes (3.1, 3.5, 4.3). */
export const ALIGNMENT_BYTES = 4;
/** if_tsresol of timestamps in units of 10^-6 s (4.2). */
const MICROSECONDS = 6;
const TWO_TO_32 = 2 ** 32;

const BLOCK_HEAD = layout(["type", "u32"], ["totalBytes", "u32"], ["body", "rest"]);
const BLOCK_TAIL = layout(["totalBytes", "u32"]);
const OPTION_HEAD = layout(["code", "u16"], ["lengthBytes", "u16"], ["value", "rest"]);
const SECTION = layout(
  ["magic", "u32"],
  ["majorVersion", "u16"],
  ["minorVersion", "u16"],
  ["sectionLength", { bytes: 8 }],
  ["options", "rest"],
);
const INTERFACE = layout(["linkType", "u16"], ["reserved", "u16"], ["snapBytes", "u32"], ["options", "rest"]);
const PACKET = layout(
  ["interfaceId", "u32"],
  ["timeHigh", "u32"],
  ["timeLow", "u32"],
  ["capturedBytes", "u32"],
  ["originalBytes", "u32"],
  ["data", "rest"],
);
/** -1: not specified. */
const LENGTH_UNKNOWN = new Uint8Array(8).fill(0xff);
const EMPTY = new Uint8Array(0);

/** Bytes to the next multiple of 4. */
export function paddingBytes(lengthBytes: number): number {
  return (ALIGNMENT_BYTES - (lengthBytes % ALIGNMENT_BYTES)) % ALIGNMENT_BYTES;
}

function padded(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array(paddingBytes(bytes.length)));
}

function block(type: number, body: Uint8Array): Uint8Array {
  const totalBytes = BLOCK_HEAD.sizeBytes + body.length + BLOCK_TAIL.sizeBytes;
  return concat(BLOCK_HEAD.encode({ type, totalBytes, body }), BLOCK_TAIL.encode({ totalBytes }));
}

function option(code: number, value: Uint8Array): Uint8Array {
  return padded(OPTION_HEAD.encode({ code, lengthBytes: value.length, value }));
}

/** The options, and the one that ends them. */
function options(...all: readonly Uint8Array[]): Uint8Array {
  return concat(...all, option(OPTION.end, EMPTY));
}

/** The first block of a file. @param application what wrote it; ASCII. */
export function sectionHeader(application: string): Uint8Array {
  return block(
    BLOCK.sectionHeader,
    SECTION.encode({
      magic: BYTE_ORDER_MAGIC,
      majorVersion: 1,
      minorVersion: 0,
      sectionLength: LENGTH_UNKNOWN,
      options: options(option(OPTION.userApplication, encodeAscii(application))),
    }),
  );
}

/** Describes the next interface, numbered from 0, whose timestamps are microseconds. @param name ASCII. */
export function interfaceDescription(linkType: number, name: string): Uint8Array {
  return block(
    BLOCK.interfaceDescription,
    INTERFACE.encode({
      linkType,
      reserved: 0,
      snapBytes: 0,
      options: options(
        option(OPTION.interfaceName, encodeAscii(name)),
        option(OPTION.resolution, Uint8Array.of(MICROSECONDS)),
      ),
    }),
  );
}

/** What one packet is made of. */
export interface PacketBlock {
  readonly interfaceId: number;
  /** Since 1970 as the format has it; since the simulation began for us. Up to 2^53. */
  readonly timeMicros: number;
  readonly bytes: Uint8Array;
  /** ASCII. */
  readonly comment?: string | undefined;
}

/** One packet, whole. */
export function enhancedPacket({ interfaceId, timeMicros, bytes, comment }: PacketBlock): Uint8Array {
  const commentOptions = comment === undefined ? EMPTY : options(option(OPTION.comment, encodeAscii(comment)));
  return block(
    BLOCK.enhancedPacket,
    PACKET.encode({
      interfaceId,
      timeHigh: Math.floor(timeMicros / TWO_TO_32),
      timeLow: timeMicros % TWO_TO_32,
      capturedBytes: bytes.length,
      originalBytes: bytes.length,
      data: concat(padded(bytes), commentOptions),
    }),
  );
}
