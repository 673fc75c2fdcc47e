/** The cryptography that a message of PROTOCOL.md cannot do without, with keys taken in beforehand. */

import { type Primitive, primitiveCost } from "./costs.js";

/** label 16, epoch 4, sequence 4, purpose 1, entropy 32 (firmware/nonce/store.ts). */
export const NONCE: Primitive = { kind: "mac", size: 16 + 4 + 4 + 1 + 32 };

/** Section 3: Np, tagC, tagP, the transcript, the two blocks of the session keys, and Hello. */
export const HANDSHAKE: readonly Primitive[] = [
  NONCE,
  { kind: "mac", size: 16 + 1 + 26 + 25 },
  { kind: "mac", size: 16 + 1 + 26 + 41 },
  { kind: "hash", size: 26 + 41 + 16 },
  { kind: "mac", size: 16 + 32 + 1 },
  { kind: "mac", size: 32 + 16 + 32 + 1 },
  { kind: "seal", size: 5 + 2 },
];

/** A connection that is refused at m2: Np and tagC. */
export const REFUSED: readonly Primitive[] = HANDSHAKE.slice(0, 2);

const key: Primitive = { kind: "key" };

/**
 * Section 4 from the connection to m3: the pump's ephemeral key from 512 samples (firmware/nonce/entropy.ts), Np, the
 * tags of the longer messages, the shared secret, the transcript, prk2, k_auth and k_dose, three keys of k_auth; prk2,
 * k_auth and the key of tagC taken in, and the window's key of tagP, here used for the first time.
 */
export const PAIRING: readonly Primitive[] = [
  { kind: "hash", size: 512 },
  { kind: "x25519" },
  NONCE,
  { kind: "mac", size: 16 + 1 + 58 + 57 },
  { kind: "mac", size: 16 + 1 + 58 + 73 },
  { kind: "x25519" },
  { kind: "hash", size: 58 + 73 + 16 },
  { kind: "mac", size: 32 },
  ...[key, key, key, key],
  { kind: "mac", size: 16 + 1 + 32 + 1 },
  { kind: "mac", size: 16 + 1 + 32 + 1 },
  { kind: "mac", size: 16 + 1 },
  { kind: "mac", size: 16 + 1 },
  { kind: "mac", size: 16 + 1 },
];

/** Section 7: what the countersignature of a Set Bolus covers. */
export const COUNTERSIGNATURE: Primitive = { kind: "mac", size: 16 + 8 + 8 + 8 + 16 + 1 + 2 + 10 + 2 + 14 };

/** Their costs, added up. */
export function costOfAll(primitives: readonly Primitive[]): number {
  return primitives.reduce((sum, primitive) => sum + primitiveCost(primitive), 0);
}
