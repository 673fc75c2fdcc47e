/** Bytes written as a specification's figure shows them: hexadecimal, spaces and line breaks as they come. */

/** The bytes of hexadecimal digits. */
export function fromHex(digits: string): Uint8Array {
  const packed = digits.replace(/\s/g, "");
  return Uint8Array.from({ length: packed.length / 2 }, (_, i) => Number.parseInt(packed.slice(2 * i, 2 * i + 2), 16));
}
