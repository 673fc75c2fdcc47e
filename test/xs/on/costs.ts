/** What the cryptographic building blocks cost on XS, measured by running each once after a first time. */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { x25519PublicKey } from "../../../firmware/session/x25519.js";

const KEY = new Uint8Array(32).fill(7);
const NONCE = new Uint8Array(12);

function costOf(run: () => unknown): number {
  run();
  const before = computrons();
  run();
  return computrons() - before;
}

/** One use of a primitive; sizes in bytes. */
export type Primitive =
  /** SHA-256 of so many bytes. */
  | { readonly kind: "hash"; readonly size: number }
  /** Taking in a key of HMAC. */
  | { readonly kind: "key" }
  /** HMAC-SHA-256 of so many bytes with a key taken in before. */
  | { readonly kind: "mac"; readonly size: number }
  /** ChaCha20-Poly1305 of a plaintext of so many bytes. */
  | { readonly kind: "seal" | "open"; readonly size: number }
  | { readonly kind: "x25519" };

/** Computrons of one use. */
export function primitiveCost(primitive: Primitive): number {
  switch (primitive.kind) {
    case "hash": {
      const message = new Uint8Array(primitive.size);
      return costOf(() => sha256(message));
    }
    case "key":
      return costOf(() => hmac.create(sha256, KEY));
    case "mac": {
      const keyed = hmac.create(sha256, KEY);
      const message = new Uint8Array(primitive.size);
      return costOf(() => keyed.clone().update(message).digest());
    }
    case "seal": {
      const plaintext = new Uint8Array(primitive.size);
      return costOf(() => chacha20poly1305(KEY, NONCE).encrypt(plaintext));
    }
    case "open": {
      const sealed = chacha20poly1305(KEY, NONCE).encrypt(new Uint8Array(primitive.size));
      return costOf(() => chacha20poly1305(KEY, NONCE).decrypt(sealed));
    }
    case "x25519":
      return costOf(() => x25519PublicKey(KEY));
    default:
      return primitive satisfies never;
  }
}
