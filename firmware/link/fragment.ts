/**
 * Messages in fragments (PROTOCOL.md section 1.2). The reassembler owns one buffer of fixed size, made once: no peer
 * chooses how much is allocated. A fragment that breaks the rules ends the connection; nothing is repaired.
 */

import { MESSAGE_MAX_BYTES } from "../base/message.js";

const FIRST = 0x80;
const LAST = 0x40;
const INDEX_MASK = 0x3f;
const HEADER_BYTES = 1;
/** Fragments that a message can have: the index has six bits. */
export const FRAGMENTS_MAX = INDEX_MASK + 1;
/** A fragment that holds a whole message. */
export const FRAGMENT_MAX_BYTES = HEADER_BYTES + MESSAGE_MAX_BYTES;

/** Whether a value says of itself that it ends a message. */
export const isLastFragment = (fragment: Uint8Array): boolean => ((fragment[0] ?? 0) & LAST) !== 0;

/** What a fragment led to: the message it completed, nothing yet, or a breach of the rules. */
export type Reassembly =
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  | { readonly kind: "incomplete" }
  | { readonly kind: "violation"; readonly reason: string };

const INCOMPLETE: Reassembly = { kind: "incomplete" };
const violation = (reason: string): Reassembly => ({ kind: "violation", reason });

export class Reassembler {
  readonly #buffer = new Uint8Array(MESSAGE_MAX_BYTES);
  #length = 0;
  #nextIndex: number | undefined;

  /** Takes one fragment: header byte and at least one byte of the message. */
  accept(fragment: Uint8Array): Reassembly {
    const header = fragment[0];
    const bodyBytes = fragment.length - HEADER_BYTES;
    if (header === undefined || bodyBytes < 1) return violation("empty fragment");
    const first = (header & FIRST) !== 0;
    const index = header & INDEX_MASK;
    if (first !== (this.#nextIndex === undefined)) return violation(first ? "first inside a message" : "no first");
    if (index !== (this.#nextIndex ?? 0)) return violation(`index ${index} out of turn`);
    if (this.#length + bodyBytes > MESSAGE_MAX_BYTES) return violation(`message over ${MESSAGE_MAX_BYTES} bytes`);
    this.#buffer.set(fragment.subarray(HEADER_BYTES), this.#length);
    this.#length += bodyBytes;
    if ((header & LAST) === 0) {
      // 64 fragments at most: an index past the mask cannot be written, so the next one would be out of turn.
      this.#nextIndex = index + 1;
      return INCOMPLETE;
    }
    const bytes = this.#buffer.slice(0, this.#length);
    this.reset();
    return { kind: "message", bytes };
  }

  /** Forgets a message begun, and overwrites it. */
  reset(): void {
    this.#buffer.fill(0);
    this.#length = 0;
    this.#nextIndex = undefined;
  }
}

/**
 * The fragments of a message for values of at most `maximumValueBytes` (ATT_MTU - 3, at least 20).
 * Throws when the message is empty or over 256 bytes: that is our bug.
 */
export function fragments(message: Uint8Array, maximumValueBytes: number): Uint8Array[] {
  if (message.length < 1 || message.length > MESSAGE_MAX_BYTES)
    throw new Error(`invariant: a message of ${message.length} bytes`);
  const bodyMaxBytes = maximumValueBytes - HEADER_BYTES;
  const count = Math.ceil(message.length / bodyMaxBytes);
  const made: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const body = message.subarray(index * bodyMaxBytes, (index + 1) * bodyMaxBytes);
    const fragment = new Uint8Array(HEADER_BYTES + body.length);
    fragment[0] = (index === 0 ? FIRST : 0) | (index === count - 1 ? LAST : 0) | index;
    fragment.set(body, HEADER_BYTES);
    made.push(fragment);
  }
  return made;
}
