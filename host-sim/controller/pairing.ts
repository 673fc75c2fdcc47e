/**
 * Pairing seen from the controller: the text that the pump shows, and the provisional bond that an answer to m1 makes.
 * PROTOCOL.md section 4. Pure; storing the bond before m2 goes out is the caller's part.
 */

import { x25519 } from "@noble/curves/ed25519.js";
import { wipe } from "./bytes.js";
import { answerM1, MODE, NONCE_BYTES, PROTOCOL_VERSION, type PumpHello, ROLE } from "./handshake.js";
import { type AuthKeys, authKeys, bondKeys, pairingPrk, pairingTagKeys } from "./keys.js";
import { Layout } from "./layout.js";

const BASE32_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE32_BITS = 5;
const SHOWN = new Layout({ version: "u8", pumpId: 8, role: "u8", secret: 16 });
const SHOWN_CHARACTERS = Math.ceil((SHOWN.size * 8) / BASE32_BITS);
const PRIVATE_KEY_BYTES = 32;

/** A bond as the controller keeps it: k_auth itself is not kept, only what derives from it. */
export interface Bond extends AuthKeys {
  /** 8 bytes. */
  readonly pumpId: Uint8Array;
  /** 01 operate, 02 observe. */
  readonly role: number;
  /** Countersigns, and nothing else. */
  readonly kDose: Uint8Array;
}

/** What the pump shows while its pairing window is open. */
export interface Shown {
  readonly pumpId: Uint8Array;
  readonly role: number;
  /** 16 bytes, good for one bond. Wipe it after use. */
  readonly secret: Uint8Array;
}

/** The shown text read, or why it is none, in words for the user. */
export type ShownText =
  | { readonly kind: "ok"; readonly shown: Shown }
  | { readonly kind: "malformed"; readonly what: string };

/**
 * Reads the 42 base32 characters (RFC 4648 section 6, no padding) that the pump shows, or its QR code's text. Spaces,
 * hyphens and lower case, which people add when they type, do not matter. The two spare bits must be zero.
 */
export function parseShown(text: string): ShownText {
  const symbols = text.replace(/[\s-]/g, "").toUpperCase();
  if (symbols.length !== SHOWN_CHARACTERS)
    return malformed(`The pairing text has ${symbols.length} characters: enter all ${SHOWN_CHARACTERS} the pump shows`);
  const bytes = new Uint8Array(SHOWN.size);
  let pending = 0;
  let pendingBits = 0;
  let length = 0;
  for (const symbol of symbols) {
    const value = BASE32_ALPHABET.indexOf(symbol);
    if (value < 0) return malformed(`The pairing text has "${symbol}": only A to Z and 2 to 7 occur in it`);
    pending = (pending << BASE32_BITS) | value;
    pendingBits += BASE32_BITS;
    if (pendingBits >= 8) {
      pendingBits -= 8;
      bytes[length] = pending >> pendingBits;
      length += 1;
      pending &= (1 << pendingBits) - 1;
    }
  }
  const shown = SHOWN.decode(bytes);
  wipe(bytes);
  if (shown === undefined || pending !== 0) return malformed("The pairing text ends in a wrong character: check it");
  if (shown.version !== PROTOCOL_VERSION)
    return malformed(`The pairing text is of version ${shown.version}: this controller knows ${PROTOCOL_VERSION}`);
  if (shown.role !== ROLE.operate && shown.role !== ROLE.observe)
    return malformed(`The pairing text names role ${shown.role}: only 1 (operate) and 2 (observe) exist`);
  return { kind: "ok", shown };
}

function malformed(what: string): ShownText {
  return { kind: "malformed", what };
}

/** An answer to m1 in mode 02, with the bond that it makes when the pump takes it. */
export interface PairingAnswer {
  readonly m2: Uint8Array;
  readonly m3: Uint8Array;
  readonly bond: Bond;
}

/**
 * Answers an m1 whose window is open. `random` gives Nc and the ephemeral private key.
 * Undefined when m1 has no ephemeral key or one of low order, with which X25519 gives all zero.
 */
export function answerPairing(
  shown: Shown,
  m1: PumpHello,
  controllerId: Uint8Array,
  random: (length: number) => Uint8Array,
): PairingAnswer | undefined {
  if (m1.ephemeralP === undefined) return undefined;
  const privateKey = random(PRIVATE_KEY_BYTES).slice();
  const z = sharedSecret(privateKey, m1.ephemeralP);
  const ephemeralC = x25519.getPublicKey(privateKey);
  wipe(privateKey);
  if (z === undefined) return undefined;
  const prk = pairingPrk(shown.secret);
  const keys = pairingTagKeys(prk);
  const { role, pumpId } = shown;
  const nonceC = random(NONCE_BYTES).slice();
  const { m2, m3 } = answerM1(m1.raw, { mode: MODE.pair, controllerId, nonceC, ephemeralC, role, keys });
  const { kAuth, kDose } = bondKeys(prk, z, role, m1.raw, m2, m3);
  const bond = { pumpId: pumpId.slice(), role, kDose, ...authKeys(kAuth) };
  wipe(z, prk, keys.kCtl, keys.kPump, kAuth);
  return { m2, m3, bond };
}

function sharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  try {
    return x25519.getSharedSecret(privateKey, publicKey);
  } catch {
    // Both keys have their 32 bytes, so the one thing that X25519 throws for is a result of all zero.
    return undefined;
  }
}
