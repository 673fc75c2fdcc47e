/**
 * A key of HMAC-SHA-256 (RFC 2104, FIPS 180-4) that is used again and again: the two compressions that take in the key
 * are computed once, at its first use or when it is told to. Owns that state; the hash itself is the board's, the rest
 * of HMAC noble's.
 */

import { hmac } from "@noble/hashes/hmac.js";
import { concat, wipe } from "./bytes.js";
import type { Sha256 } from "./sha256.js";

const HASH_BYTES = 32;
/** RFC 5869 section 2.3. */
const EXPAND_MAXIMUM_BYTES = 255 * HASH_BYTES;

/** One key. Taken in, it holds some 1.3 KB on a board with 32-bit addresses. */
export class HmacKey {
  /** The key itself, as it was given: to be stored. Wiping it does not end the key's use; `wipe` does. */
  readonly bytes: Uint8Array;
  readonly #sha256: Sha256;
  #keyed: ReturnType<typeof hmac.create> | undefined;
  #isWiped = false;

  constructor(sha256: Sha256, bytes: Uint8Array) {
    this.bytes = bytes;
    this.#sha256 = sha256;
  }

  /** Takes the key in now: for one whose first use must cost no more than any other. Returns this key. */
  takenIn(): this {
    if (this.#isWiped) throw new Error("invariant: a wiped key is used");
    this.#keyed ??= hmac.create(this.#sha256, this.bytes);
    return this;
  }

  /** HMAC-SHA-256 of a message, cut to its first `lengthBytes`, 1 to 32. */
  tag(message: Uint8Array, lengthBytes: number): Uint8Array {
    const keyed = this.#keyed ?? this.takenIn().#keyed;
    if (keyed === undefined) throw new Error("invariant: a key is not taken in");
    const whole = keyed.clone().update(message).digest();
    return lengthBytes === HASH_BYTES ? whole : whole.slice(0, lengthBytes);
  }

  /** HKDF-Extract with this key as salt (RFC 5869 section 2.2): the PRK. */
  extract(inputKey: Uint8Array): HmacKey {
    return new HmacKey(this.#sha256, this.tag(inputKey, HASH_BYTES));
  }

  /**
   * HKDF-Expand with this key as PRK (RFC 5869 section 2.3). Throws an invariant for a `lengthBytes` over 255 x 32. Leaves
   * no other copy of what it gives.
   */
  expand(info: Uint8Array, lengthBytes: number): Uint8Array {
    if (lengthBytes > EXPAND_MAXIMUM_BYTES) throw new Error(`invariant: ${lengthBytes} bytes are too many to expand`);
    const output = new Uint8Array(lengthBytes);
    let block: Uint8Array = new Uint8Array(0);
    for (let offset = 0, index = 1; offset < lengthBytes; offset += HASH_BYTES, index++) {
      const input = concat(block, info, Uint8Array.of(index));
      wipe(block);
      block = this.tag(input, HASH_BYTES);
      wipe(input);
      output.set(block.subarray(0, lengthBytes - offset), offset);
    }
    wipe(block);
    return output;
  }

  /** HKDF-Expand to a key of 32 bytes. */
  derive(info: Uint8Array): HmacKey {
    return new HmacKey(this.#sha256, this.expand(info, HASH_BYTES));
  }

  /** Overwrites the key and what was computed of it. Every later use throws. */
  wipe(): void {
    wipe(this.bytes);
    this.#keyed?.destroy();
    this.#keyed = undefined;
    this.#isWiped = true;
  }
}
