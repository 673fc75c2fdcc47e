/**
 * The handshake seen from the controller: reading m1, building m2, knowing m3 beforehand. PROTOCOL.md section 3.
 * Pure; keeps nothing.
 */

import { concat } from "./bytes.js";
import { label, type TagKeys, tag } from "./keys.js";
import { Layout } from "./layout.js";

/** The protocol's version byte. */
export const PROTOCOL_VERSION = 1;
/** Bytes of a nonce (Np, Nc). */
export const NONCE_BYTES = 16;
/** m2's first byte. */
export const MODE = { confirmed: 1, pair: 2, unconfirmed: 3 } as const;
/** A bond's role byte. */
export const ROLE = { operate: 1, observe: 2 } as const;

const WINDOW_OPEN = 0x01;
const M1 = new Layout({ version: "u8", flags: "u8", pumpId: 8, nonceP: NONCE_BYTES });
const M1_PAIRING = new Layout({ version: "u8", flags: "u8", pumpId: 8, nonceP: NONCE_BYTES, ephemeralP: 32 });
const M2_HEAD = new Layout({ mode: "u8", controllerId: 8, nonceC: NONCE_BYTES });

/** m1 as received. */
export interface PumpHello {
  /** The whole message, as it stands in the tags. */
  readonly raw: Uint8Array;
  readonly pumpId: Uint8Array;
  readonly nonceP: Uint8Array;
  /** The pump's ephemeral X25519 public key: there exactly while its pairing window is open. */
  readonly ephemeralP: Uint8Array | undefined;
}

/** Why an m1 is refused. */
export type M1Refusal = "m1Version" | "m1Flags" | "m1Length";

/** Reads m1. Refuses a version other than 01, flags other than bit 0 and a length that does not go with the flags. */
export function parseM1(
  raw: Uint8Array,
): { readonly kind: "ok"; readonly m1: PumpHello } | { readonly kind: "refused"; readonly why: M1Refusal } {
  const [version, flags] = raw;
  if (version !== PROTOCOL_VERSION) return { kind: "refused", why: "m1Version" };
  if (flags === undefined) return { kind: "refused", why: "m1Length" };
  if ((flags & ~WINDOW_OPEN) !== 0) return { kind: "refused", why: "m1Flags" };
  const pairing = (flags & WINDOW_OPEN) !== 0 ? M1_PAIRING.decode(raw) : undefined;
  const head = (flags & WINDOW_OPEN) !== 0 ? pairing : M1.decode(raw);
  if (head === undefined) return { kind: "refused", why: "m1Length" };
  const { pumpId, nonceP } = head;
  return { kind: "ok", m1: { raw: raw.slice(), pumpId, nonceP, ephemeralP: pairing?.ephemeralP } };
}

/** What m2 says and the keys that prove it. `ephemeralC` (32 bytes) belongs to mode 02 and to no other. */
export interface Answer {
  readonly mode: number;
  readonly controllerId: Uint8Array;
  readonly nonceC: Uint8Array;
  readonly ephemeralC?: Uint8Array;
  readonly role: number;
  readonly keys: TagKeys;
}

/** m2 for this m1, and the m3 that a pump with the same keys will send. */
export function answerM1(m1: Uint8Array, answer: Answer): { readonly m2: Uint8Array; readonly m3: Uint8Array } {
  const { mode, controllerId, nonceC, ephemeralC = new Uint8Array(0), keys } = answer;
  const role = Uint8Array.of(answer.role);
  const untagged = concat(M2_HEAD.encode({ mode, controllerId, nonceC }), ephemeralC);
  const m2 = concat(untagged, tag(keys.kCtl, label("CS1 tag C"), role, m1, untagged));
  return { m2, m3: tag(keys.kPump, label("CS1 tag P"), role, m1, m2) };
}
