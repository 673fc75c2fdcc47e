/**
 * The attacker's position: what a tap may do to each packet that an end sends. Reordering is delaying some packets and
 * not others. Injecting and holding connections are verbs of the air itself (air.ts); an attacker that relays is also a
 * central of its own (transport.ts).
 */

import { FORGED_VALUE_MAXIMUM_BYTES } from "./bluetooth.js";
import type { Packet } from "./packet.js";

/** What becomes of one packet. */
export type TapAction =
  | { readonly kind: "pass" }
  | { readonly kind: "drop" }
  | { readonly kind: "delay"; readonly delayMs: number }
  | { readonly kind: "duplicate" }
  | { readonly kind: "replace"; readonly value: Uint8Array };

/** Sees a copy of every packet as it is sent, in order. What an attacker injects does not come by. */
export type Tap = (packet: Packet) => TapAction;

/** The packet arrives as it is. */
export const PASS: TapAction = { kind: "pass" };

/**
 * The packet never arrives. A dropped write or response leaves the central waiting until its ATT timeout; a dropped
 * disconnect is noticed by the supervision timeout, unless the connection is held.
 */
export const DROP: TapAction = { kind: "drop" };

/** The packet arrives twice, back to back. */
export const DUPLICATE: TapAction = { kind: "duplicate" };

/**
 * The packet arrives `delayMs` later than it would; later ones overtake it. A whole number of at least 0, else
 * throws.
 */
export function delay(delayMs: number): TapAction {
  if (!Number.isSafeInteger(delayMs) || delayMs < 0) throw new RangeError(`a delay of ${delayMs} ms`);
  return { kind: "delay", delayMs };
}

/** The packet arrives with another value, of any length up to 65,532 bytes, else throws. */
export function replace(value: Uint8Array): TapAction {
  if (value.length > FORGED_VALUE_MAXIMUM_BYTES) throw new RangeError(`a value of ${value.length} bytes`);
  return { kind: "replace", value: value.slice() };
}
