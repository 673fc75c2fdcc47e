/** Bonds, messages and contexts for tests of the session layer; both sides' keys come from PROTOCOL.md's reference. */

import { sha256 } from "@noble/hashes/sha2.js";
import { HmacKey } from "../../firmware/base/hmacKey.js";
import { uptimeMs } from "../../firmware/base/units.js";
import { NonceStore } from "../../firmware/nonce/store.js";
import { type Bond, type Bonds, NO_BONDS, type Role } from "../../firmware/session/bonds.js";
import { Handshake } from "../../firmware/session/handshake.js";
import { bondKeys } from "../../firmware/session/keys.js";
import { openPairingWindow, type PairingWindow } from "../../firmware/session/pairing.js";
import type { SessionContext } from "../../firmware/session/session.js";
import { durable, identityOf, soundEntropy, varied } from "../nonce/bench.js";
import * as reference from "../vectors/reference.js";

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
export const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
export const own = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

/** The same bytes with one bit changed. */
export const flipped = (bytes: Uint8Array, index: number, mask = 1): Uint8Array =>
  bytes.map((byte, i) => (i === index ? byte ^ mask : byte));

export const HANDSHAKE = new Handshake(sha256);

export const PUMP_ID = identityOf().pumpId;

/** k_auth of controller `name` (a number below 100), and the bond the pump keeps. */
export const authKey = (name: number): Uint8Array => varied(32, 100 + name);
export const controllerId = (name: number): Uint8Array => varied(8, name);

export const bondOf = (name: number, role: Role = "operate"): Bond => ({
  controllerId: controllerId(name),
  role,
  keys: bondKeys(new HmacKey(sha256, authKey(name)), new HmacKey(sha256, varied(32, 200 + name))),
});

export const bondsOf = (...names: readonly number[]): Bonds => ({
  confirmed: names.map((name) => bondOf(name)),
  unconfirmed: undefined,
});

export interface M2Options {
  readonly mode?: number;
  readonly role?: number;
  readonly kCtl?: Uint8Array;
  readonly publicKey?: Uint8Array;
  readonly nonce?: Uint8Array;
}

/** m2 of controller `name` for `m1`, tagged by the reference. */
export function m2Of(name: number, m1: Uint8Array, options: M2Options = {}): Uint8Array {
  const { mode = 1, role = 1, publicKey = new Uint8Array(0), nonce = varied(16, 50) } = options;
  const kCtl = options.kCtl ?? reference.bondKeys(authKey(name)).kCtl;
  const head = Buffer.concat([Uint8Array.of(mode), controllerId(name), nonce, publicKey]);
  const tag = reference.tag(kCtl, reference.tagCInput(Buffer.of(role), Buffer.from(m1), head));
  return own(Buffer.concat([head, tag]));
}

/** A pairing window whose secret the test knows, as it would be read off the pump. */
export function windowOf(
  role: Role = "operate",
  seed = 3,
): { readonly window: PairingWindow; readonly secret: Uint8Array } {
  const opened = openPairingWindow(PUMP_ID, role, soundEntropy(seed), sha256, uptimeMs(0));
  if (!opened.ok) throw new Error("no window");
  return { window: opened.value, secret: secretOf(opened.value.shownText) };
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The bytes of base32 text. */
export function unbase32(text: string): Uint8Array {
  const bits = Array.from(text, (character) => ALPHABET.indexOf(character).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (octet) => Number.parseInt(octet, 2));
}

/** The secret in what the pump shows: its last 16 of 26 bytes. */
export const secretOf = (shownText: string): Uint8Array => unbase32(shownText).slice(10);

/** What a session sees of its pump. */
export function contextOf(fields: Partial<SessionContext> = {}): SessionContext {
  const entropy = soundEntropy(1);
  return {
    pumpId: PUMP_ID,
    bonds: NO_BONDS,
    nonces: new NonceStore(durable(identityOf()), entropy, sha256, () => {}),
    entropy,
    handshake: HANDSHAKE,
    window: undefined,
    ...fields,
  };
}
