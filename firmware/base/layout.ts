/**
 * Byte layouts as data: an ordered table of named fields from which encoding, decoding and the exact size derive.
 * Integers are little-endian. Owns no layout itself; never allocates by a length that came from outside beyond the
 * bytes that came with it.
 */

/** How one field is written: its width in bytes, or `rest` for the bytes up to the end (last field only). */
type FieldKind = "u8" | "u16" | "u24" | "u32" | "u48" | { readonly bytes: number } | "rest";

export type Fields = readonly (readonly [name: string, kind: FieldKind])[];

type ValueOf<Kind> = Kind extends "u8" | "u16" | "u24" | "u32" | "u48" ? number : Uint8Array;

/** The record a table of fields describes. */
export type Values<F extends Fields> = { readonly [Entry in F[number] as Entry[0]]: ValueOf<Entry[1]> };

export interface Layout<F extends Fields> {
  /** Size in bytes, without a final `rest`. */
  readonly sizeBytes: number;
  /** Throws when an integer does not fit or a byte string has another length: that is our bug, not input. */
  encode(values: Values<F>): Uint8Array;
  /** `undefined` when the bytes do not have exactly this layout's size (at least, with a final `rest`). */
  decode(bytes: Uint8Array): Values<F> | undefined;
}

const INTEGER_BYTES = { u8: 1, u16: 2, u24: 3, u32: 4, u48: 6 } as const;

function widthBytes(kind: FieldKind): number {
  if (kind === "rest") return 0;
  return typeof kind === "string" ? INTEGER_BYTES[kind] : kind.bytes;
}

function writeInteger(into: Uint8Array, offset: number, width: number, value: number, name: string): void {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width))
    throw new Error(`invariant: ${name} = ${value} does not fit ${width} bytes`);
  let rest = value;
  for (let i = 0; i < width; i++) {
    into[offset + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function readInteger(bytes: Uint8Array, offset: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[offset + i] ?? 0);
  return value;
}

/** Declares a layout. The table is the only place where its offsets are known. */
export function layout<const F extends Fields>(...fields: F): Layout<F> {
  const sizeBytes = fields.reduce((size, [, kind]) => size + widthBytes(kind), 0);
  const open = fields.at(-1)?.[1] === "rest";
  return {
    sizeBytes,
    encode(values) {
      const given = values as { readonly [name: string]: number | Uint8Array };
      const last = fields.at(-1);
      const tail = open && last ? given[last[0]] : undefined;
      const bytes = new Uint8Array(sizeBytes + (tail instanceof Uint8Array ? tail.length : 0));
      let offset = 0;
      for (const [name, kind] of fields) {
        const value = given[name];
        const width = kind === "rest" && value instanceof Uint8Array ? value.length : widthBytes(kind);
        if (typeof kind === "string" && kind !== "rest") writeInteger(bytes, offset, width, value as number, name);
        else if (value instanceof Uint8Array && value.length === width) bytes.set(value, offset);
        else throw new Error(`invariant: ${name} is not ${width} bytes`);
        offset += width;
      }
      return bytes;
    },
    decode(bytes) {
      if (open ? bytes.length < sizeBytes : bytes.length !== sizeBytes) return undefined;
      const values: { [name: string]: number | Uint8Array } = {};
      let offset = 0;
      for (const [name, kind] of fields) {
        const width = widthBytes(kind);
        if (kind === "rest") values[name] = bytes.slice(offset);
        else if (typeof kind === "string") values[name] = readInteger(bytes, offset, width);
        else values[name] = bytes.slice(offset, offset + width);
        offset += width;
      }
      return values as Values<F>;
    },
  };
}
