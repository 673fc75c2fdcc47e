/** Bytes as the bridge's lines carry them: hexadecimal digits, two a byte, in the order of the wire (PROTOCOL.md 10.1). */

const HEX = /^(?:[0-9a-fA-F]{2})*$/;

/** The bytes that `text` stands for, or undefined when it is no whole number of pairs of hexadecimal digits. */
export function fromHex(text: string): Uint8Array | undefined {
  if (!HEX.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
}
