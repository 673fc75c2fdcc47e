/** Keys of a bond and of a session, as PROTOCOL.md sections 2 and 3 derive them. Owns the labels; keeps no state. */

import { extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat } from "../base/bytes.js";
import { HmacKey } from "../base/hmacKey.js";
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
  readonly controllerTagKey: HmacKey;
  readonly pumpTagKey: HmacKey;
}

/** All keys that a bond keeps. k_auth itself is not among them: nothing needs it again. */
export interface BondKeys extends TagKeys {
  readonly sessionKey: HmacKey;
  readonly doseKey: HmacKey;
}

/** 32-byte keys of one session's two directions. */
export interface SessionKeys {
  readonly fromController: Uint8Array;
  readonly fromPump: Uint8Array;
}

/** From k_auth and k_dose, 32 bytes each. Wipes k_auth. */
export function bondKeys(authKey: Uint8Array, doseKey: Uint8Array): BondKeys {
  const auth = new HmacKey(authKey);
  const derived = (label: Uint8Array) => new HmacKey(auth.expand(label, KEY_BYTES));
  const keys = {
    controllerTagKey: derived(LABELS.controllerTagKey),
    pumpTagKey: derived(LABELS.pumpTagKey),
    sessionKey: derived(LABELS.sessionKey),
    doseKey: new HmacKey(doseKey),
  };
  auth.wipe();
  return keys;
}

/** tagC: over m1 and m2 up to its tag. 16 bytes. */
export function controllerTag(key: HmacKey, role: number, m1: Uint8Array, m2BeforeTag: Uint8Array): Uint8Array {
  return tag(key, concat(LABELS.controllerTag, Uint8Array.of(role), m1, m2BeforeTag));
}

/** tagP, which is m3: over m1 and the whole of m2. 16 bytes. */
export function pumpTag(key: HmacKey, role: number, m1: Uint8Array, m2: Uint8Array): Uint8Array {
  return tag(key, concat(LABELS.pumpTag, Uint8Array.of(role), m1, m2));
}

/** HMAC-SHA-256 truncated to 16 bytes (RFC 2104 section 5 allows half the output and no less). */
export function tag(key: HmacKey, message: Uint8Array): Uint8Array {
  return key.tag(message, TAG_BYTES);
}

export function sessionKeys(sessionKey: HmacKey, transcript: Uint8Array): SessionKeys {
  const info = concat(LABELS.session, sha256(transcript));
  const keys = sessionKey.expand(info, 2 * KEY_BYTES);
  const halves = { fromController: keys.slice(0, KEY_BYTES), fromPump: keys.slice(KEY_BYTES) };
  keys.fill(0);
  return halves;
}

/** prk of a pairing secret (PROTOCOL.md section 4). */
export function pairingPrk(secret: Uint8Array): HmacKey {
  return new HmacKey(extract(sha256, secret, LABELS.pairing));
}

export function pairingTagKeys(prk: HmacKey): TagKeys {
  return {
    controllerTagKey: new HmacKey(prk.expand(LABELS.pairControllerTagKey, KEY_BYTES)),
    pumpTagKey: new HmacKey(prk.expand(LABELS.pairPumpTagKey, KEY_BYTES)),
  };
}

/** The keys of a new bond from the pairing's prk, the shared X25519 secret z, the role, and m1 || m2 || m3. */
export function pairedBondKeys(prk: HmacKey, z: Uint8Array, role: number, transcript: Uint8Array): BondKeys {
  // HKDF-Extract with prk as its salt is HMAC with prk as its key (RFC 5869 section 2.2).
  const prk2 = new HmacKey(prk.tag(z, KEY_BYTES));
  const context = concat(Uint8Array.of(role), sha256(transcript));
  const authKey = prk2.expand(concat(LABELS.bondAuth, context), KEY_BYTES);
  const doseKey = prk2.expand(concat(LABELS.bondDose, context), KEY_BYTES);
  prk2.wipe();
  return bondKeys(authKey, doseKey);
}
