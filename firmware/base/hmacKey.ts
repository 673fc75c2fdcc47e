/**
 * A key of HMAC-SHA-256 (RFC 2104, FIPS 180-4) that is used again and again: the two compressions that take in the key
 * are computed once. Owns that state; the hash itself is the board's, the rest of HMAC noble's.
 */

import { hmac } from "@noble/hashes/hmac.js";
import { concat } from "./bytes.js";
import type { Sha256 } from "./sha256.js";

const HASH_BYTES = 32;

/** One key. It costs two compressions to make and, on a board with 32-bit addresses, some 1.3 KB to keep. */
export class HmacKey {
  /** The key itself, as it was given: to be stored. Wiping it does not end the key's use; `wipe` does. */
  readonly bytes: Uint8Array;
  readonly #sha256: Sha256;
  readonly #keyed: ReturnType<typeof hmac.create>;

  constructor(sha256: Sha256, bytes: Uint8Array) {
    this.bytes = bytes;
    this.#sha256 = sha256;
    this.#keyed = hmac.create(sha256, bytes);
  }

  /** HMAC-SHA-256 of a message, cut to its first `lengthBytes`, 1 to 32. */
  tag(message: Uint8Array, lengthBytes: number): Uint8Array {
    const whole = this.#keyed.clone().update(message).digest();
    return lengthBytes === HASH_BYTES ? whole : whole.slice(0, lengthBytes);
  }

  /** HKDF-Extract with this key as salt (RFC 5869 section 2.2): the PRK. */
  extract(inputKey: Uint8Array): HmacKey {
    return new HmacKey(this.#sha256, this.tag(inputKey, HASH_BYTES));
  }

  /** HKDF-Expand with this key as PRK (RFC 5869 section 2.3): `lengthBytes` up to 255 x 32. */
  expand(info: Uint8Array, lengthBytes: number): Uint8Array {
    const output = new Uint8Array(lengthBytes);
    let block: Uint8Array = new Uint8Array(0);
    for (let offset = 0, index = 1; offset < lengthBytes; offset += HASH_BYTES, index++) {
      block = this.tag(concat(block, info, Uint8Array.of(index)), HASH_BYTES);
      output.set(block.subarray(0, lengthBytes - offset), offset);
    }
    return output;
  }

  /** HKDF-Expand to a key of 32 bytes. */
  derive(info: Uint8Array): HmacKey {
    return new HmacKey(this.#sha256, this.expand(info, HASH_BYTES));
  }

  /** Overwrites the key and what was computed of it. Every later use throws. */
  wipe(): void {
    this.bytes.fill(0);
    this.#keyed.destroy();
  }
}
