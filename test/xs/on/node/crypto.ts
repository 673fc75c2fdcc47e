/**
 * `node:crypto` on XS, as far as the tests use it, made of noble. Under Node these tests compare the firmware with an
 * independent library; on XS they show that the firmware's noble computes there what it computes under Node.
 */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { XsBuffer } from "./buffer.js";

const KEY_BYTES = 32;
const TAG_BYTES = 16;

interface Wrapped {
  readonly key: Uint8Array;
}

class Digest {
  readonly #compute: (message: Uint8Array) => Uint8Array;
  #message = new XsBuffer(0);

  constructor(compute: (message: Uint8Array) => Uint8Array) {
    this.#compute = compute;
  }

  update(part: Uint8Array | string): this {
    this.#message = XsBuffer.concat([this.#message, typeof part === "string" ? XsBuffer.from(part) : part]);
    return this;
  }

  digest(encoding?: "hex"): XsBuffer | string {
    const digest = XsBuffer.from(this.#compute(this.#message));
    return encoding === undefined ? digest : digest.toString(encoding);
  }
}

export function createHash(): Digest {
  return new Digest(sha256);
}

export function createHmac(_algorithm: string, key: Uint8Array): Digest {
  return new Digest((message) => hmac(sha256, key, message));
}

export function hkdfSync(_: string, ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): ArrayBuffer {
  return hkdf(sha256, ikm, salt, info, length).slice().buffer;
}

class Cipher {
  readonly #key: Uint8Array;
  readonly #nonce: Uint8Array;
  #associated = new Uint8Array(0);
  #tag = new XsBuffer(0);

  constructor(key: Uint8Array, nonce: Uint8Array) {
    this.#key = key;
    this.#nonce = nonce;
  }

  setAAD(associated: Uint8Array): void {
    this.#associated = Uint8Array.from(associated);
  }

  /** The whole message at once. */
  update(plaintext: Uint8Array): XsBuffer {
    const sealed = XsBuffer.from(chacha20poly1305(this.#key, this.#nonce, this.#associated).encrypt(plaintext));
    this.#tag = sealed.slice(-TAG_BYTES) as XsBuffer;
    return sealed.slice(0, -TAG_BYTES) as XsBuffer;
  }

  final(): XsBuffer {
    return new XsBuffer(0);
  }

  getAuthTag(): XsBuffer {
    return this.#tag;
  }
}

export function createCipheriv(_algorithm: string, key: Uint8Array, nonce: Uint8Array): Cipher {
  return new Cipher(key, nonce);
}

/** The last 32 bytes of the wrappings of RFC 8410 are the key. */
export function createPrivateKey({ key }: Wrapped): Wrapped {
  return { key: key.slice(-KEY_BYTES) };
}

export function createPublicKey(from: Wrapped & { readonly format?: "der"; readonly type?: string }) {
  const isPrivate = from.format === undefined;
  const key = XsBuffer.from(isPrivate ? x25519.getPublicKey(from.key) : from.key.slice(-KEY_BYTES));
  return { key, export: () => key };
}

export function diffieHellman(keys: { readonly privateKey: Wrapped; readonly publicKey: Wrapped }): XsBuffer {
  return XsBuffer.from(x25519.getSharedSecret(keys.privateKey.key, keys.publicKey.key));
}
