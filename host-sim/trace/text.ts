/** Text as bytes, without an engine's TextEncoder: JSON in ASCII to write, UTF-8 to read. Owns nothing. */

/** JSON of one value in ASCII: what lies beyond is escaped. */
export function encodeJson(value: object): Uint8Array {
  return encodeAscii(
    JSON.stringify(value).replace(
      /[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  );
}

/** One byte a character. Throws for a character beyond ASCII: only text of the program's own comes here. */
export function encodeAscii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    if (code > 0x7f) throw new Error(`invariant: ${character} is not ASCII`);
    return code;
  });
}

/** UTF-8 as text; `undefined` when it is none. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let escaped = "";
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, "0")}`;
  try {
    return decodeURIComponent(escaped);
  } catch {
    // It throws for one thing: bytes that are not UTF-8.
    return undefined;
  }
}
