/**
 * Labels and key derivations: PROTOCOL.md sections 2 to 4. Pure functions over byte strings; every derivation of the
 * controller stands here and nowhere else.
 */

import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, wipe } from "./bytes.js";

const LABEL_BYTES = 16;
const KEY_BYTES = 32;
/** Tags are the first 16 bytes of an HMAC (PROTOCOL.md). */
export const TAG_BYTES = 16;

/** ASCII `text` padded with zero bytes to the 16 bytes of a label. */
export function label(text: string): Uint8Array {
  const bytes = new Uint8Array(LABEL_BYTES);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** HMAC-SHA-256 of the joined `parts`, cut to 16 bytes. */
export function tag(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return hmac(sha256, key, concat(...parts)).slice(0, TAG_BYTES);
}

/** The two keys of a handshake's tags. */
export interface TagKeys {
  /** Keys tagC, the controller's proof. */
  readonly kCtl: Uint8Array;
  /** Keys tagP, the pump's proof. */
  readonly kPump: Uint8Array;
}

/** What both sides derive from k_auth and keep in its place. */
export interface AuthKeys extends TagKeys {
  /** Root of each session's keys. */
  readonly kSes: Uint8Array;
}

/** k_ctl, k_pump and k_ses of a bond (section 2). */
export function authKeys(kAuth: Uint8Array): AuthKeys {
  return {
    kCtl: expand(sha256, kAuth, label("CS1 k ctl"), KEY_BYTES),
    kPump: expand(sha256, kAuth, label("CS1 k pump"), KEY_BYTES),
    kSes: expand(sha256, kAuth, label("CS1 k ses"), KEY_BYTES),
  };
}

/** A session's record keys. */
export interface SessionKeys {
  /** k_cp: seals what the controller sends. */
  readonly controllerToPump: Uint8Array;
  /** k_pc: seals what the pump sends. */
  readonly pumpToController: Uint8Array;
}

/** k_cp and k_pc (section 3) from k_ses and the three messages, whole, as sent. */
export function sessionKeys(kSes: Uint8Array, m1: Uint8Array, m2: Uint8Array, m3: Uint8Array): SessionKeys {
  const both = expand(sha256, kSes, concat(label("CS1 session"), sha256(concat(m1, m2, m3))), 2 * KEY_BYTES);
  const keys = { controllerToPump: both.slice(0, KEY_BYTES), pumpToController: both.slice(KEY_BYTES) };
  wipe(both);
  return keys;
}

/** prk of pairing (section 4) from the secret that the pump shows. */
export function pairingPrk(secret: Uint8Array): Uint8Array {
  return extract(sha256, secret, label("CS1 pairing"));
}

/** k_ctl and k_pump for the tags of the pairing itself (section 4). */
export function pairingTagKeys(prk: Uint8Array): TagKeys {
  return {
    kCtl: expand(sha256, prk, label("CS1 pair C"), KEY_BYTES),
    kPump: expand(sha256, prk, label("CS1 pair P"), KEY_BYTES),
  };
}

/** k_auth and k_dose of the bond that a pairing makes (section 4); `z` is the X25519 result. */
export function bondKeys(
  prk: Uint8Array,
  z: Uint8Array,
  role: number,
  m1: Uint8Array,
  m2: Uint8Array,
  m3: Uint8Array,
): { readonly kAuth: Uint8Array; readonly kDose: Uint8Array } {
  const prk2 = extract(sha256, z, prk);
  const context = concat(Uint8Array.of(role), sha256(concat(m1, m2, m3)));
  const kAuth = expand(sha256, prk2, concat(label("CS1 bond auth"), context), KEY_BYTES);
  const kDose = expand(sha256, prk2, concat(label("CS1 bond dose"), context), KEY_BYTES);
  wipe(prk2);
  return { kAuth, kDose };
}
