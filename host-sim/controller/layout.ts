/**
 * Fixed-size messages declared once, as an ordered table of named fields. Encoding, decoding and the exact size
 * all come from that table. Integers are unsigned and little-endian, as everywhere in PROTOCOL.md.
 */

/** An unsigned integer of that many bits, or (a number) a byte string of that many bytes. */
export type FieldKind = "u8" | "u16" | "u24" | "u32" | number;

type Fields = Readonly<Record<string, FieldKind>>;

/** The values of a layout's fields: numbers for integers, arrays for byte strings. */
export type FieldValues<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends number ? Uint8Array : number;
};

const INTEGER_BYTES = { u8: 1, u16: 2, u24: 3, u32: 4 } as const;

function sizeOf(kind: FieldKind): number {
  return typeof kind === "number" ? kind : INTEGER_BYTES[kind];
}

/** One fixed-size message. */
export class Layout<const F extends Fields> {
  readonly #fields: F;
  /** Bytes of the whole message. */
  readonly size: number;

  constructor(fields: F) {
    this.#fields = fields;
    this.size = Object.values(fields).reduce<number>((size, kind) => size + sizeOf(kind), 0);
  }

  /** The bytes of `values`. Throws a RangeError that names the field when one does not fit. */
  encode(values: FieldValues<F>): Uint8Array {
    const bytes = new Uint8Array(this.size);
    let offset = 0;
    for (const [name, kind] of Object.entries(this.#fields)) {
      const size = sizeOf(kind);
      const value: Uint8Array | number = values[name as keyof F];
      if (typeof value === "number") {
        if (typeof kind === "number" || !Number.isInteger(value) || value < 0 || value >= 2 ** (8 * size))
          throw new RangeError(`Field ${name} holds ${value}: give an integer from 0 to ${2 ** (8 * size) - 1}`);
        for (let index = 0; index < size; index += 1) bytes[offset + index] = Math.floor(value / 2 ** (8 * index));
      } else {
        if (value.length !== kind) throw new RangeError(`Field ${name} holds ${value.length} bytes: give ${kind}`);
        bytes.set(value, offset);
      }
      offset += size;
    }
    return bytes;
  }

  /** The values in `bytes`, or undefined unless `bytes` has exactly this layout's size. Byte strings are copies. */
  decode(bytes: Uint8Array): FieldValues<F> | undefined {
    return bytes.length === this.size ? this.decodeHead(bytes)?.values : undefined;
  }

  /** The values at the start of `bytes` and a copy of what follows, or undefined when `bytes` is too short. */
  decodeHead(bytes: Uint8Array): { readonly values: FieldValues<F>; readonly tail: Uint8Array } | undefined {
    if (bytes.length < this.size) return undefined;
    const values: Record<string, Uint8Array | number> = {};
    let offset = 0;
    for (const [name, kind] of Object.entries(this.#fields)) {
      const field = bytes.slice(offset, offset + sizeOf(kind));
      values[name] = typeof kind === "number" ? field : field.reduceRight((number, byte) => number * 256 + byte, 0);
      offset += field.length;
    }
    return { values: values as FieldValues<F>, tail: bytes.slice(offset) };
  }
}
