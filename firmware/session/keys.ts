/** Keys of a bond and of a session, as PROTOCOL.md sections 2 and 3 derive them. Owns the labels; keeps no state. */

import { concat } from "../base/bytes.js";
import { HmacKey } from "../base/hmacKey.js";
import { label } from "../base/label.js";
import type { Sha256 } from "../base/sha256.js";

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

/** From k_auth and k_dose. Wipes k_auth; keeps k_dose. */
export function bondKeys(authKey: HmacKey, doseKey: HmacKey): BondKeys {
  const keys = {
    controllerTagKey: authKey.derive(LABELS.controllerTagKey).takenIn(),
    pumpTagKey: authKey.derive(LABELS.pumpTagKey),
    sessionKey: authKey.derive(LABELS.sessionKey),
    doseKey,
  };
  authKey.wipe();
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

/** The keys of a session. @param transcriptHash SHA-256 of m1 || m2 || m3. */
export function sessionKeys(sessionKey: HmacKey, transcriptHash: Uint8Array): SessionKeys {
  const keys = sessionKey.expand(concat(LABELS.session, transcriptHash), 2 * KEY_BYTES);
  const halves = { fromController: keys.slice(0, KEY_BYTES), fromPump: keys.slice(KEY_BYTES) };
  keys.fill(0);
  return halves;
}

/** prk of a pairing secret (PROTOCOL.md section 4). */
export function pairingPrk(sha256: Sha256, secret: Uint8Array): HmacKey {
  return new HmacKey(sha256, LABELS.pairing).extract(secret);
}

export function pairingTagKeys(prk: HmacKey): TagKeys {
  return {
    controllerTagKey: prk.derive(LABELS.pairControllerTagKey).takenIn(),
    pumpTagKey: prk.derive(LABELS.pairPumpTagKey),
  };
}

/**
 * The keys of a new bond from the pairing's prk, the shared X25519 secret z, the role, and SHA-256 of m1 || m2 || m3.
 */
export function pairedBondKeys(prk: HmacKey, z: Uint8Array, role: number, transcriptHash: Uint8Array): BondKeys {
  const prk2 = prk.extract(z);
  const context = concat(Uint8Array.of(role), transcriptHash);
  const authKey = prk2.derive(concat(LABELS.bondAuth, context));
  const doseKey = prk2.derive(concat(LABELS.bondDose, context));
  prk2.wipe();
  return bondKeys(authKey, doseKey);
}
