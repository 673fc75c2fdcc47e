/**
 * Sealed records (PROTOCOL.md section 5): ChaCha20-Poly1305 (RFC 8439) with an implicit counter for each direction.
 * Verify, then advance: a record that does not open changes nothing.
 */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { layout, type Values } from "../base/layout.js";
import { MESSAGE_MAX_BYTES } from "../base/message.js";

const AEAD_TAG_BYTES = 16;
const RecordLayout = layout(["timeMs", "u32"], ["channel", "u8"], ["value", "rest"]);
/** 235: what a message of 256 bytes holds beside head and tag. */
export const VALUE_MAX_BYTES = MESSAGE_MAX_BYTES - RecordLayout.sizeBytes - AEAD_TAG_BYTES;

/** Time in ms mod 2^32, channel, value of 0 to 235 bytes. */
export type RecordPlaintext = Values<readonly [["timeMs", "u32"], ["channel", "u8"], ["value", "rest"]]>;

/** One direction of a session: its key and the counter of its next record. */
export interface Direction {
  readonly key: Uint8Array;
  readonly counter: number;
}

const NonceLayout = layout(["zero", { bytes: 4 }], ["low", "u48"], ["high", { bytes: 2 }]);
const ZERO_4 = new Uint8Array(4);
const ZERO_2 = new Uint8Array(2);

/** 0(4) || counter(8), little-endian; 2^48 records are never reached. */
function recordNonce(counter: number): Uint8Array {
  return NonceLayout.encode({ zero: ZERO_4, low: counter, high: ZERO_2 });
}

/** Seals one record. Throws when the value is over 235 bytes: that is our bug. */
export function seal(
  direction: Direction,
  plaintext: RecordPlaintext,
): { readonly next: Direction; readonly message: Uint8Array } {
  if (plaintext.value.length > VALUE_MAX_BYTES) throw new Error("invariant: record value is over 235 bytes");
  const sealed = chacha20poly1305(direction.key, recordNonce(direction.counter));
  return {
    next: { key: direction.key, counter: direction.counter + 1 },
    message: sealed.encrypt(RecordLayout.encode(plaintext)),
  };
}

/** Opens the record that is due, or returns undefined and leaves the direction where it was. */
export function open(
  direction: Direction,
  message: Uint8Array,
): { readonly next: Direction; readonly plaintext: RecordPlaintext } | undefined {
  if (message.length < RecordLayout.sizeBytes + AEAD_TAG_BYTES || message.length > MESSAGE_MAX_BYTES) return undefined;
  let opened: Uint8Array;
  try {
    opened = chacha20poly1305(direction.key, recordNonce(direction.counter)).decrypt(message);
  } catch {
    // noble throws for a tag that does not verify: the expected answer to a forgery.
    return undefined;
  }
  const plaintext = RecordLayout.decode(opened);
  if (plaintext === undefined) return undefined;
  return { next: { key: direction.key, counter: direction.counter + 1 }, plaintext };
}
