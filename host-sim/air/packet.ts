/**
 * What travels: GATT operations as discrete packets, and the ends and wires that they travel between. One packet stands
 * for one ATT PDU, for the prepared writes and the execution that make one long write, or for the making or ending of a
 * link. The link layer's own retransmissions are below this.
 */

/** The two ends of a connection. */
export type Side = "central" | "peripheral";

/** Where a packet is bound. */
export type Direction = "toPeripheral" | "toCentral";

/**
 * - `connect` to the peripheral asks for a link; value: the central's ATT_MTU as u16, or empty when it asks for none.
 *   `connect` to the central accepts; value: the agreed ATT_MTU as u16, or empty when it has no Countersign service.
 * - `subscribe` writes the client characteristic configuration of fromPump; value: u16, bit 1 indications.
 * - `write` carries a value to toPump; one over ATT_MTU - 3 stands for a long write.
 *   `writeResponse` answers `write` and `subscribe`: empty, or one ATT error code.
 * - `indication` carries a value of fromPump; `confirmation` answers it, empty.
 * - `disconnect` ends the link, empty.
 */
export type PacketKind =
  | "connect"
  | "subscribe"
  | "write"
  | "writeResponse"
  | "indication"
  | "confirmation"
  | "disconnect";

/** One packet on the air. */
export interface Packet {
  /** Numbered from 1 in the order of the attempts to connect; never used again. */
  readonly connectionId: number;
  readonly direction: Direction;
  readonly kind: PacketKind;
  readonly value: Uint8Array;
}

/**
 * What is not as the ends would have it. What an attacker does with a packet is known as it is sent; `delayed`,
 * `duplicated`, `altered` and `injected` are said again of the packet that arrives. `timeout`: nothing arrived for so
 * long that this end takes the link for ended; the packet is a `disconnect` that nobody sent.
 */
export type AirNote = "dropped" | "delayed" | "duplicated" | "altered" | "injected" | "timeout";

/** A packet leaving an end, before any attacker has it, or reaching an end, after. */
export interface AirEvent {
  readonly timeMs: number;
  readonly what: "sent" | "arrived";
  readonly packet: Packet;
  readonly note?: AirNote;
}

/**
 * One end of a connection. Each value it receives is its own copy. After `disconnect` in either direction the air
 * calls it no more.
 */
export interface LinkEnd {
  receive(kind: PacketKind, value: Uint8Array): void;
}

/**
 * An end's way to the other end. Does nothing once the link has ended at this end; `disconnect` ends it. The sender
 * leaves `value` alone afterwards.
 */
export interface Wire {
  send(kind: PacketKind, value: Uint8Array): void;
}

/** A service as a peripheral declared it: its UUIDs as text, properties as the bits of `PROPERTIES` (gattTable.ts). */
export interface DeclaredService {
  readonly uuid: string;
  readonly characteristics: readonly { readonly uuid: string; readonly properties: number }[];
}

/** What a peripheral lets everybody see. */
export interface Peripheral {
  /** Advertising data while it advertises. */
  readonly advertisement: Uint8Array | undefined;
  /** What discovery finds: none without a server. */
  readonly services: readonly DeclaredService[];
}

/** A peripheral's radio as the air sees it. */
export interface Station extends Peripheral {
  /** Takes a link, whose first packet is `connect`; `undefined` when it does not advertise or has no slot free. */
  accept(wire: Wire): LinkEnd | undefined;
  /**
   * Has no power any more: everything ends at once, and neither the firmware nor the air is told. For the air to
   * call.
   */
  stop(): void;
}

export const EMPTY = new Uint8Array(0);

/** Two bytes, little-endian. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff);
}

/** Reads two little-endian bytes; `undefined` for any other length. */
export function readU16(bytes: Uint8Array): number | undefined {
  return bytes.length === 2 ? (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) : undefined;
}

export function directionTo(side: Side): Direction {
  return side === "peripheral" ? "toPeripheral" : "toCentral";
}

export function receiverOf(direction: Direction): Side {
  return direction === "toPeripheral" ? "peripheral" : "central";
}

export function opposite(side: Side): Side {
  return side === "peripheral" ? "central" : "peripheral";
}
