/**
 * Reads a pcapng file, whoever wrote it (draft-ietf-opsawg-pcapng; section numbers are the draft's): either byte order,
 * several sections, packets of every kind of block that holds one. Blocks and options that it does not know are
 * skipped, as section 3.1 asks. Allocates nothing by a length that a file claims.
 */

import { ALIGNMENT_BYTES, BLOCK, BYTE_ORDER_MAGIC, OPTION, paddingBytes } from "./pcapng.js";
import { decodeUtf8 } from "./text.js";

/** One packet of a file. */
export interface CapturedPacket {
  /** From 1, as Wireshark numbers frames. */
  readonly number: number;
  readonly linkType: number;
  /** if_name; "" for an interface without one. */
  readonly interfaceName: string;
  /** 0 in a block without a timestamp. */
  readonly timeMicros: number;
  /** A view into the file. */
  readonly bytes: Uint8Array;
  /** What the packet had on the wire, which may be more than was kept. */
  readonly originalBytes: number;
  readonly comments: readonly string[];
}

/** A file read, or what is wrong with it and where. */
export type ReadCapture =
  | {
      readonly kind: "ok";
      readonly packets: readonly CapturedPacket[];
      /** Set when the file breaks off inside a block, as that of a killed writer may: where. */
      readonly cut: string | undefined;
    }
  | { readonly kind: "malformed"; readonly what: string };

interface Interface {
  readonly linkType: number;
  readonly name: string;
  readonly unitsPerSecond: number;
  readonly offsetSeconds: number;
}

/** Type, total length before the body, total length after it (3.1). */
const SMALLEST_BLOCK_BYTES = 12;
const BODY_AT = 8;
const MICROS_PER_SECOND = 1_000_000;
/** if_tsresol: the top bit says powers of 2, else of 10. */
const POWER_OF_TWO = 0x80;
const DEFAULT_RESOLUTION = 6;
/** Magic numbers of the older format, in either byte order, for micro- and nanoseconds. */
const CLASSIC_PCAP = [0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1];

/** What reading stops at. Never leaves this module. */
class Malformed extends Error {}

/** Reads a whole file. */
export function readCapture(bytes: Uint8Array): ReadCapture {
  const reader = new Reader(bytes);
  try {
    reader.readAll();
  } catch (error) {
    if (error instanceof Malformed) return { kind: "malformed", what: error.message };
    throw error;
  }
  return { kind: "ok", packets: reader.packets, cut: reader.cut };
}

class Reader {
  readonly packets: CapturedPacket[] = [];
  cut: string | undefined;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #little = true;
  #interfaces: Interface[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  readAll(): void {
    const end = this.#bytes.length;
    this.#checkMagic();
    for (let at = 0; at < end; ) {
      if (end - at < SMALLEST_BLOCK_BYTES) return this.#cutAt(at, "its last bytes are no whole block");
      const type = this.#u32(at);
      if (type === BLOCK.sectionHeader) this.#setByteOrder(at);
      const total = this.#u32(at + 4);
      const block = `block of type ${shown(type)} at offset ${at}`;
      if (total < SMALLEST_BLOCK_BYTES || total % ALIGNMENT_BYTES !== 0)
        throw new Malformed(`the ${block} says that it is ${total} bytes long`);
      if (total > end - at) return this.#cutAt(at, `the block there says that it is ${total} bytes long`);
      if (this.#u32(at + total - 4) !== total)
        throw new Malformed(`the ${block} says ${total} bytes at its beginning and other at its end`);
      this.#block(type, at + BODY_AT, at + total - 4, block);
      at += total;
    }
  }

  #checkMagic(): void {
    if (this.#bytes.length === 0) throw new Malformed("the file is empty");
    const magic = this.#bytes.length < 4 ? undefined : this.#view.getUint32(0);
    if (magic === BLOCK.sectionHeader) return;
    if (magic !== undefined && CLASSIC_PCAP.includes(magic))
      throw new Malformed("this is a pcap file, not pcapng; `editcap -F pcapng` converts it");
    throw new Malformed("this is no pcapng file: it does not begin with a section header");
  }

  #cutAt(at: number, why: string): void {
    this.cut = `the file breaks off in the block at offset ${at} of ${this.#bytes.length}: ${why}`;
  }

  #setByteOrder(at: number): void {
    this.#little = true;
    if (this.#u32(at + BODY_AT) === BYTE_ORDER_MAGIC) return;
    this.#little = false;
    if (this.#u32(at + BODY_AT) === BYTE_ORDER_MAGIC) return;
    throw new Malformed(`the section header at offset ${at} has no byte-order magic`);
  }

  #block(type: number, from: number, to: number, block: string): void {
    switch (type) {
      case BLOCK.sectionHeader: {
        this.#need(from, to, 16, block);
        const major = this.#u16(from + 4);
        if (major !== 1) throw new Malformed(`the ${block} begins a section of version ${major}; only 1 is known`);
        this.#interfaces = [];
        return;
      }
      case BLOCK.interfaceDescription:
        this.#need(from, to, 8, block);
        this.#interfaces.push(this.#interface(from, to, block));
        return;
      case BLOCK.enhancedPacket:
      case BLOCK.obsoletePacket: {
        this.#need(from, to, 20, block);
        const interfaceId = type === BLOCK.enhancedPacket ? this.#u32(from) : this.#u16(from);
        const time = { high: this.#u32(from + 4), low: this.#u32(from + 8) };
        this.#packet(interfaceId, time, { from: from + 20, to, captured: this.#u32(from + 12) }, from + 16, block);
        return;
      }
      case BLOCK.simplePacket: {
        // Of the first interface, without a timestamp; as much of it as the block has room for (4.4).
        this.#need(from, to, 4, block);
        const captured = Math.min(this.#u32(from), to - from - 4);
        this.#packet(0, undefined, { from: from + 4, to, captured }, from, block);
        return;
      }
      default:
        return;
    }
  }

  #packet(
    interfaceId: number,
    time: { readonly high: number; readonly low: number } | undefined,
    data: { readonly from: number; readonly to: number; readonly captured: number },
    originalAt: number,
    block: string,
  ): void {
    const of = this.#interfaces[interfaceId];
    if (of === undefined) throw new Malformed(`the ${block} is of interface ${interfaceId}, which is not described`);
    const { from, to, captured } = data;
    if (captured > to - from) throw new Malformed(`the ${block} says that it holds ${captured} bytes of a packet`);
    const units = time === undefined ? 0 : time.high * 2 ** 32 + time.low;
    const comments: string[] = [];
    this.#options(from + captured + paddingBytes(captured), to, block, (code, value) => {
      if (code === OPTION.comment) comments.push(decodeUtf8(value) ?? "(not UTF-8)");
    });
    this.packets.push({
      number: this.packets.length + 1,
      linkType: of.linkType,
      interfaceName: of.name,
      timeMicros: time === undefined ? 0 : microsOf(units, of),
      bytes: this.#bytes.subarray(from, from + captured),
      originalBytes: this.#u32(originalAt),
      comments,
    });
  }

  #interface(from: number, to: number, block: string): Interface {
    let name = "";
    let resolution = DEFAULT_RESOLUTION;
    let offsetSeconds = 0;
    this.#options(from + 8, to, block, (code, value, at) => {
      if (code === OPTION.interfaceName) name = decodeUtf8(value) ?? "";
      if (code === OPTION.resolution) resolution = value[0] ?? DEFAULT_RESOLUTION;
      if (code === OPTION.offset && value.length === 8)
        offsetSeconds = Number(this.#view.getBigInt64(at, this.#little));
    });
    const unitsPerSecond = resolution & POWER_OF_TWO ? 2 ** (resolution & ~POWER_OF_TWO) : 10 ** resolution;
    return { linkType: this.#u16(from), name, unitsPerSecond, offsetSeconds };
  }

  /** Reads options up to their end or the block's (3.5). */
  #options(from: number, to: number, block: string, take: (code: number, value: Uint8Array, at: number) => void): void {
    for (let at = from; to - at >= 4; ) {
      const code = this.#u16(at);
      const length = this.#u16(at + 2);
      if (code === OPTION.end) return;
      if (length > to - at - 4) throw new Malformed(`the ${block} has an option ${code} of ${length} bytes`);
      take(code, this.#bytes.subarray(at + 4, at + 4 + length), at + 4);
      at += 4 + length + paddingBytes(length);
    }
  }

  #need(from: number, to: number, lengthBytes: number, block: string): void {
    if (to - from < lengthBytes) throw new Malformed(`the ${block} is too short for its type`);
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#little);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#little);
  }
}

/** Whole seconds apart from the rest, so that no product passes the integers that a number holds exactly. */
function microsOf(units: number, { unitsPerSecond, offsetSeconds }: Interface): number {
  const rest = units % unitsPerSecond;
  const seconds = (units - rest) / unitsPerSecond + offsetSeconds;
  return seconds * MICROS_PER_SECOND + Math.floor((rest * MICROS_PER_SECOND) / unitsPerSecond);
}

function shown(type: number): string {
  return `0x${type.toString(16).padStart(8, "0")}`;
}
