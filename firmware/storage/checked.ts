/**
 * Bytes that carry their own check: the content, then its CRC-32 as a u32. Owns only that trailer; what the content
 * means is its owner's business. Finds accidents (rot, torn writes), not forgeries.
 */

import { crc32 } from "../base/crc32.js";

/** Bytes that `withCheck` adds. */
export const CHECK_BYTES = 4;

/** The content followed by its check, `CHECK_BYTES` longer. */
export function withCheck(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(content.length + CHECK_BYTES);
  bytes.set(content);
  new DataView(bytes.buffer).setUint32(content.length, crc32(content), true);
  return bytes;
}

/** The content without its check; `undefined` when the bytes are too short for a check or it does not match. */
export function checkedContent(bytes: Uint8Array): Uint8Array | undefined {
  const length = bytes.length - CHECK_BYTES;
  if (length < 0) return undefined;
  const content = bytes.subarray(0, length);
  const stored = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(length, true);
  return stored === crc32(content) ? content : undefined;
}
