/** Keys of a bond and of a session, as PROTOCOL.md sections 2 and 3 derive them. Owns the labels; keeps no state. */

import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat } from "../base/bytes.js";
import { label } from "../base/label.js";

export const KEY_BYTES = 32;
export const TAG_BYTES = 16;

const LABELS = {
  controllerTagKey: label("CS1 k ctl"),
  pumpTagKey: label("CS1 k pump"),
  sessionKey: label("CS1 k ses"),
  controllerTag: label("CS1 tag C"),
  pumpTag: label("CS1 tag P"),
  pairControllerTagKey: label("CS1 pair C"),
  pairPumpTagKey: label("CS1 pair P"),
  pairing: label("CS1 pairing"),
  session: label("CS1 session"),
  bondAuth: label("CS1 bond auth"),
  bondDose: label("CS1 bond dose"),
} as const;

/** The keys of the two handshake tags: of a bond, or of a pairing secret. Each 32 bytes. */
export interface TagKeys {
  readonly controllerTagKey: Uint8Array;
  readonly pumpTagKey: Uint8Array;
}

/** All keys that a bond keeps. k_auth itself is not among them: nothing needs it again. */
export interface BondKeys extends TagKeys {
  readonly sessionKey: Uint8Array;
  readonly doseKey: Uint8Array;
}

/** 32-byte keys of one session's two directions. */
export interface SessionKeys {
  readonly fromController: Uint8Array;
  readonly fromPump: Uint8Array;
}

export function bondKeys(authKey: Uint8Array, doseKey: Uint8Array): BondKeys {
  return {
    controllerTagKey: expand(sha256, authKey, LABELS.controllerTagKey, KEY_BYTES),
    pumpTagKey: expand(sha256, authKey, LABELS.pumpTagKey, KEY_BYTES),
    sessionKey: expand(sha256, authKey, LABELS.sessionKey, KEY_BYTES),
    doseKey,
  };
}

/** tagC: over m1 and m2 up to its tag. 16 bytes. */
export function controllerTag(key: Uint8Array, role: number, m1: Uint8Array, m2BeforeTag: Uint8Array): Uint8Array {
  return tag(key, concat(LABELS.controllerTag, Uint8Array.of(role), m1, m2BeforeTag));
}

/** tagP, which is m3: over m1 and the whole of m2. 16 bytes. */
export function pumpTag(key: Uint8Array, role: number, m1: Uint8Array, m2: Uint8Array): Uint8Array {
  return tag(key, concat(LABELS.pumpTag, Uint8Array.of(role), m1, m2));
}

/** HMAC-SHA-256 truncated to 16 bytes (RFC 2104 section 5 allows half the output and no less). */
export function tag(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(sha256, key, message).slice(0, TAG_BYTES);
}

export function sessionKeys(sessionKey: Uint8Array, transcript: Uint8Array): SessionKeys {
  const info = concat(LABELS.session, sha256(transcript));
  const keys = expand(sha256, sessionKey, info, 2 * KEY_BYTES);
  const halves = { fromController: keys.slice(0, KEY_BYTES), fromPump: keys.slice(KEY_BYTES) };
  keys.fill(0);
  return halves;
}

/** prk of a pairing secret (PROTOCOL.md section 4). */
export function pairingPrk(secret: Uint8Array): Uint8Array {
  return extract(sha256, secret, LABELS.pairing);
}

export function pairingTagKeys(prk: Uint8Array): TagKeys {
  return {
    controllerTagKey: expand(sha256, prk, LABELS.pairControllerTagKey, KEY_BYTES),
    pumpTagKey: expand(sha256, prk, LABELS.pairPumpTagKey, KEY_BYTES),
  };
}

/** The keys of a new bond from the pairing's prk, the shared X25519 secret z, the role, and m1 || m2 || m3. */
export function pairedBondKeys(prk: Uint8Array, z: Uint8Array, role: number, transcript: Uint8Array): BondKeys {
  const prk2 = extract(sha256, z, prk);
  const context = concat(Uint8Array.of(role), sha256(transcript));
  const authKey = expand(sha256, prk2, concat(LABELS.bondAuth, context), KEY_BYTES);
  const doseKey = expand(sha256, prk2, concat(LABELS.bondDose, context), KEY_BYTES);
  const keys = bondKeys(authKey, doseKey);
  prk2.fill(0);
  authKey.fill(0);
  return keys;
}
