/**
 * The pairing window and the making of a bond (PROTOCOL.md section 4). Owns the one-time secret while the window is
 * open. Pairing is the handshake keyed by that secret, with X25519 added once the controller has proved it.
 */

import { base32 } from "../base/base32.js";
import { wipe } from "../base/bytes.js";
import type { HmacKey } from "../base/hmacKey.js";
import { layout } from "../base/layout.js";
import { ok, type Result } from "../base/result.js";
import type { Sha256 } from "../base/sha256.js";
import { type UptimeMs, uptimeMs } from "../base/units.js";
import type { Entropy, EntropyFault } from "../nonce/entropy.js";
import { Role } from "./bonds.js";
import { type BondKeys, pairedBondKeys, pairingPrk, pairingTagKeys, type TagKeys } from "./keys.js";
import { x25519PublicKey, x25519SharedSecret } from "./x25519.js";

/** PROTOCOL.md section 4. */
const PAIRING_WINDOW_MS = 120_000;
const SECRET_BYTES = 16;
const SHOWN_VERSION = 1;

export interface PairingWindow {
  readonly role: Role;
  readonly prk: HmacKey;
  readonly tagKeys: TagKeys;
  readonly closesAt: UptimeMs;
  /** What the pump shows: 42 characters of base32. It holds the secret: shown, never traced. */
  readonly shownText: string;
}

export interface Ephemeral {
  readonly scalar: Uint8Array;
  readonly publicKey: Uint8Array;
}

const ShownLayout = layout(
  ["version", "u8"],
  ["pumpId", { bytes: 8 }],
  ["role", "u8"],
  ["secret", { bytes: SECRET_BYTES }],
);

/** Opens a window with a new secret, or returns the entropy fault that forbids it. */
export function openPairingWindow(
  pumpId: Uint8Array,
  role: Role,
  entropy: Entropy,
  sha256: Sha256,
  now: UptimeMs,
): Result<PairingWindow, EntropyFault> {
  const drawn = entropy.keyMaterial();
  if (!drawn.ok) return drawn;
  const secret = drawn.value.slice(0, SECRET_BYTES);
  const prk = pairingPrk(sha256, secret);
  const shown = ShownLayout.encode({ version: SHOWN_VERSION, pumpId, role: Role[role], secret });
  const shownText = base32(shown);
  wipe(drawn.value, secret, shown);
  return ok({ role, prk, tagKeys: pairingTagKeys(prk), closesAt: uptimeMs(now + PAIRING_WINDOW_MS), shownText });
}

/** Overwrites what the window knew. */
export function wipeWindow(window: PairingWindow): void {
  for (const key of [window.prk, window.tagKeys.controllerTagKey, window.tagKeys.pumpTagKey]) key.wipe();
}

/** A key pair for one connection. */
export function createEphemeral(entropy: Entropy): Result<Ephemeral, EntropyFault> {
  const scalar = entropy.keyMaterial();
  return scalar.ok ? ok({ scalar: scalar.value, publicKey: x25519PublicKey(scalar.value) }) : scalar;
}

/**
 * The keys of the bond that this exchange makes, or undefined when the controller's public key is of low order.
 * Wipes the pump's scalar and the shared secret.
 * @param transcriptHash SHA-256 of m1 || m2 || m3.
 */
export function pairedKeys(
  window: PairingWindow,
  ephemeral: Ephemeral,
  controllerPublicKey: Uint8Array,
  transcriptHash: Uint8Array,
): BondKeys | undefined {
  const z = x25519SharedSecret(ephemeral.scalar, controllerPublicKey);
  wipe(ephemeral.scalar);
  if (z === undefined) return undefined;
  const keys = pairedBondKeys(window.prk, z, Role[window.role], transcriptHash);
  wipe(z);
  return keys;
}
