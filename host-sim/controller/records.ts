/**
 * Records: ChaCha20-Poly1305 under an implicit counter, the pump's time on every one, and what that time says about
 * lateness. PROTOCOL.md section 5.
 */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { concat, wipe } from "./bytes.js";
import { Layout } from "./layout.js";

const AEAD_TAG_BYTES = 16;
const NONCE_BYTES = 12;
const COUNTER_OFFSET = 4;
const HEAD = new Layout({ timeMs: "u32", channel: "u8" });
/** The longest value in a record, so that a message stays within 256 bytes (section 5). */
export const LONGEST_VALUE_BYTES = 235;
/** Lateness over which the controller calls what a record says stale (section 5). */
export const STALE_MS = 10_000;

/** Channel numbers that are not the low byte of a characteristic. */
export const CHANNEL_CONTROL = 0x00;
/** See {@link CHANNEL_CONTROL}. */
export const CHANNEL_TICK = 0x01;

/** A record's plaintext. */
export interface RecordContent {
  /** Pump to controller: the pump's ms since boot, mod 2^32. Controller to pump: the echo of the newest such time. */
  readonly timeMs: number;
  readonly channel: number;
  /** 0 to 235 bytes. */
  readonly value: Uint8Array;
}

function nonceOf(counter: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  const view = new DataView(nonce.buffer);
  view.setUint32(COUNTER_OFFSET, counter % 2 ** 32, true);
  view.setUint32(COUNTER_OFFSET + 4, Math.floor(counter / 2 ** 32), true);
  return nonce;
}

/** The record with this counter. Throws a RangeError when the value is over 235 bytes or a field does not fit. */
export function sealRecord(key: Uint8Array, counter: number, content: RecordContent): Uint8Array {
  if (content.value.length > LONGEST_VALUE_BYTES)
    throw new RangeError(`A record's value of ${content.value.length} bytes: give at most ${LONGEST_VALUE_BYTES}`);
  const head = HEAD.encode({ timeMs: content.timeMs, channel: content.channel });
  return chacha20poly1305(key, nonceOf(counter)).encrypt(concat(head, content.value));
}

/** What the record with this counter holds, or undefined when it does not open or is too short. */
export function openRecord(key: Uint8Array, counter: number, record: Uint8Array): RecordContent | undefined {
  if (record.length < HEAD.size + AEAD_TAG_BYTES) return undefined;
  let plaintext: Uint8Array;
  try {
    plaintext = chacha20poly1305(key, nonceOf(counter)).decrypt(record);
  } catch {
    // With key, nonce and length right, the one thing that the cipher throws for is a wrong tag.
    return undefined;
  }
  const opened = HEAD.decodeHead(plaintext);
  return opened && { ...opened.values, value: opened.tail };
}

/** One direction of a session: a key and the counter due. Stop using it after the first record that does not open. */
export class RecordKey {
  readonly #key: Uint8Array;
  #counter = 0;

  /** Takes the key over: {@link wipe} wipes it. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Seals the next record. */
  seal(content: RecordContent): Uint8Array {
    const record = sealRecord(this.#key, this.#counter, content);
    this.#counter += 1;
    return record;
  }

  /** Opens the next record. One that does not open moves nothing. */
  open(record: Uint8Array): RecordContent | undefined {
    const content = openRecord(this.#key, this.#counter, record);
    if (content !== undefined) this.#counter += 1;
    return content;
  }

  /** Overwrites the key. */
  wipe(): void {
    wipe(this.#key);
  }
}

/** How late each record of a session came, against the promptest one of the same session. */
export class Lateness {
  #leastDifferenceMs: number | undefined;

  /**
   * Ms by which a record with the pump's time `timeMs` that arrived at `nowMs` came later than the promptest record
   * so far; 0 for the promptest itself. Differences are taken mod 2^32, so both clocks may pass their wrap.
   */
  measureMs(nowMs: number, timeMs: number): number {
    const differenceMs = (Math.floor(nowMs) - timeMs) >>> 0;
    const lateMs = (differenceMs - (this.#leastDifferenceMs ?? differenceMs)) | 0;
    if (this.#leastDifferenceMs === undefined || lateMs < 0) this.#leastDifferenceMs = differenceMs;
    return Math.max(0, lateMs);
  }
}
