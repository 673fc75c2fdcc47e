/**
 * Bytes that carry their own check: the content, then its CRC-32 as a u32. Owns only that trailer; what the content
 * means is its owner's business. Finds accidents (rot, torn writes), not forgeries.
 */

import { concat } from "../base/bytes.js";
import { crc32 } from "../base/crc32.js";
import { layout } from "../base/layout.js";

const TRAILER = layout(["crc32", "u32"]);

/** Bytes that `withCheck` adds. */
export const CHECK_BYTES = TRAILER.sizeBytes;

/** The content followed by its check, `CHECK_BYTES` longer. */
export function withCheck(content: Uint8Array): Uint8Array {
  return concat(content, TRAILER.encode({ crc32: crc32(content) }));
}

/** The content without its check; `undefined` when the bytes are too short for a check or it does not match. */
export function checkedContent(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < CHECK_BYTES) return undefined;
  const content = bytes.subarray(0, bytes.length - CHECK_BYTES);
  const trailer = TRAILER.decode(bytes.subarray(content.length));
  return trailer?.crc32 === crc32(content) ? content : undefined;
}
