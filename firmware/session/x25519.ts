/**
 * X25519 (RFC 7748 section 5), used at pairing only. Built from noble's Montgomery ladder alone: the ready-made export
 * brings Edwards tables that an ESP32's heap cannot hold.
 */

import { pow } from "@noble/curves/abstract/modular.js";
import { montgomery } from "@noble/curves/abstract/montgomery.js";

/** RFC 7748 section 4.1: 2^255 - 19. */
const P = 2n ** 255n - 19n;

const curve25519 = montgomery({
  P,
  type: "x25519",
  powPminus2: (x) => pow(x, P - 2n, P),
  adjustScalarBytes: (bytes: Uint8Array) => {
    // RFC 7748 section 5, decodeScalar25519.
    bytes[0] = (bytes[0] ?? 0) & 248;
    bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
    return bytes as ReturnType<typeof Uint8Array.of>;
  },
});

/** The public key of a 32-byte scalar: 32 bytes. */
export function x25519PublicKey(scalar: Uint8Array): Uint8Array {
  return curve25519.getPublicKey(scalar);
}

/** The shared secret of 32 bytes, or undefined for a point of low order (all-zero output, RFC 7748 section 6.1). */
export function x25519SharedSecret(scalar: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  let shared: Uint8Array;
  try {
    shared = curve25519.scalarMult(scalar, publicKey);
  } catch {
    // noble throws for a point of low order.
    return undefined;
  }
  return shared.every((byte) => byte === 0) ? undefined : shared;
}
