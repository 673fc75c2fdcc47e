/** Messages in and out of the values of a GATT characteristic. Implements PROTOCOL.md section 1.2. */

import { concat } from "./bytes.js";

/** The longest message, in bytes (PROTOCOL.md section 1.2). */
const LONGEST_MESSAGE_BYTES = 256;

const FIRST = 0x80;
const LAST = 0x40;
const INDEX_MASK = 0x3f;
/** An index has 6 bits, so this many bytes a fragment are the fewest that carry 256: header and 4. */
const SMALLEST_MAXIMUM_WRITE = 1 + LONGEST_MESSAGE_BYTES / (INDEX_MASK + 1);

/**
 * The fragments of `message`, every one but the last filled to `maximumWrite` bytes (ATT_MTU - 3).
 * Throws a RangeError when the message has not 1 to 256 bytes or `maximumWrite` is under 5.
 */
export function split(message: Uint8Array, maximumWrite: number): readonly Uint8Array[] {
  if (message.length < 1 || message.length > LONGEST_MESSAGE_BYTES)
    throw new RangeError(`A message of ${message.length} bytes: give 1 to ${LONGEST_MESSAGE_BYTES}`);
  if (maximumWrite < SMALLEST_MAXIMUM_WRITE)
    throw new RangeError(`maximumWrite is ${maximumWrite} bytes: the link must take ${SMALLEST_MAXIMUM_WRITE} or more`);
  const payloadBytes = maximumWrite - 1;
  const count = Math.ceil(message.length / payloadBytes);
  return Array.from({ length: count }, (_, index) => {
    const header = (index === 0 ? FIRST : 0) | (index === count - 1 ? LAST : 0) | index;
    return concat(Uint8Array.of(header), message.subarray(index * payloadBytes, (index + 1) * payloadBytes));
  });
}

/** What one more fragment led to. After a violation the connection must end. */
export type Reassembly =
  | { readonly kind: "message"; readonly message: Uint8Array }
  | { readonly kind: "partial" }
  | { readonly kind: "violation"; readonly what: string };

/** Puts fragments together in one buffer of fixed size. */
export class Reassembler {
  readonly #buffer = new Uint8Array(LONGEST_MESSAGE_BYTES);
  #length = 0;
  /** Index of the fragment due; 0 while no message is begun. */
  #due = 0;

  /** Takes the next fragment. A message in the result is a copy. */
  push(fragment: Uint8Array): Reassembly {
    const header = fragment[0];
    if (header === undefined || fragment.length < 2) return violation("a fragment without message bytes");
    const first = (header & FIRST) !== 0;
    if (first && this.#due !== 0) return violation("a first fragment inside a message");
    if (!first && this.#due === 0) return violation("a continuation with no message begun");
    if ((header & INDEX_MASK) !== this.#due) return violation("a fragment with an index other than the one due");
    const length = this.#length + fragment.length - 1;
    if (length > LONGEST_MESSAGE_BYTES) return violation(`a message over ${LONGEST_MESSAGE_BYTES} bytes`);
    this.#buffer.set(fragment.subarray(1), this.#length);
    if ((header & LAST) === 0) {
      this.#length = length;
      this.#due += 1;
      return { kind: "partial" };
    }
    this.#length = 0;
    this.#due = 0;
    return { kind: "message", message: this.#buffer.slice(0, length) };
  }

  /** Forgets what was received. */
  wipe(): void {
    this.#buffer.fill(0);
    this.#length = 0;
    this.#due = 0;
  }
}

function violation(what: string): Reassembly {
  return { kind: "violation", what };
}
