/** Node's `Buffer` on XS, as far as the tests use it. */

type Encoding = "hex" | "ascii" | "latin1" | "utf8";

/** Without its static functions, whose types Buffer's own do not fit. */
const Bytes: new (source: number | ArrayBuffer) => Uint8Array<ArrayBuffer> = Uint8Array;

function decoded(text: string, encoding: Encoding): readonly number[] {
  if (encoding === "hex") return Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}

/** Text is bytes, a character each: what the tests turn into bytes is ASCII. */
export class XsBuffer extends Bytes {
  static from(source: string | ArrayLike<number> | ArrayBuffer, encoding: Encoding = "utf8"): XsBuffer {
    if (typeof source === "string") return XsBuffer.from(decoded(source, encoding));
    if (source instanceof ArrayBuffer) return new XsBuffer(source);
    const copy = new XsBuffer(source.length);
    copy.set(source);
    return copy;
  }

  static of(...bytes: number[]): XsBuffer {
    return XsBuffer.from(bytes);
  }

  static alloc(lengthBytes: number): XsBuffer {
    return new XsBuffer(lengthBytes);
  }

  static concat(parts: readonly Uint8Array[]): XsBuffer {
    const whole = new XsBuffer(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  override toString(encoding: Encoding = "utf8"): string {
    const hex = (byte: number) => byte.toString(16).padStart(2, "0");
    return Array.from(this, encoding === "hex" ? hex : (byte) => String.fromCharCode(byte)).join("");
  }
}
