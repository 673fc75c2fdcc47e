/**
 * Byte layouts as data: an ordered table of named fields from which encoding, decoding and the exact size derive.
 * Integers are little-endian. Owns no layout itself; never allocates by a length that came from outside beyond the
 * bytes that came with it.
 */

/**
 * How one field is written: an integer by its width, so many bytes, a list of so many u32, or `rest` for the bytes up to
 * the end (last field only).
 */
type FieldKind = IntegerKind | { readonly bytes: number } | { readonly u32s: number } | "rest";
type IntegerKind = "u8" | "u16" | "u24" | "u32" | "u48";

export type Fields = readonly (readonly [name: string, kind: FieldKind])[];

type ValueOf<Kind> = Kind extends IntegerKind
  ? number
  : Kind extends { readonly u32s: number }
    ? readonly number[]
    : Uint8Array;

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

const INTEGER_BYTES: { readonly [Kind in IntegerKind]: number } = { u8: 1, u16: 2, u24: 3, u32: 4, u48: 6 };
const U32_BYTES = 4;
const U16_RANGE = 2 ** 16;
const U32_RANGE = 2 ** 32;

/** A field with its place worked out, so that encoding and decoding only walk a list. */
interface Place {
  readonly name: string;
  readonly kind: "integer" | "list" | "bytes" | "rest";
  readonly offset: number;
  readonly widthBytes: number;
  /** One more than the largest integer of this width, or of a list's. */
  readonly range: number;
}

function placeOf(name: string, kind: FieldKind, offset: number): Place {
  if (kind === "rest") return { name, kind, offset, widthBytes: 0, range: 0 };
  if (typeof kind !== "string")
    return "bytes" in kind
      ? { name, kind: "bytes", offset, widthBytes: kind.bytes, range: 0 }
      : { name, kind: "list", offset, widthBytes: U32_BYTES * kind.u32s, range: U32_RANGE };
  const widthBytes = INTEGER_BYTES[kind];
  return { name, kind: "integer", offset, widthBytes, range: 2 ** (8 * widthBytes) };
}

function writeInteger(view: DataView, { name, offset, widthBytes, range }: Place, value: unknown): void {
  if (typeof value !== "number" || !(value >= 0 && value < range) || value % 1 !== 0)
    throw new Error(`invariant: ${name} = ${value} does not fit ${widthBytes} bytes`);
  switch (widthBytes) {
    case 1:
      return view.setUint8(offset, value);
    case 2:
      return view.setUint16(offset, value, true);
    case 3:
      view.setUint16(offset, value % U16_RANGE, true);
      return view.setUint8(offset + 2, Math.floor(value / U16_RANGE));
    case 4:
      return view.setUint32(offset, value, true);
    default:
      view.setUint32(offset, value % U32_RANGE, true);
      return view.setUint16(offset + 4, Math.floor(value / U32_RANGE), true);
  }
}

function readInteger(view: DataView, { offset, widthBytes }: Place): number {
  switch (widthBytes) {
    case 1:
      return view.getUint8(offset);
    case 2:
      return view.getUint16(offset, true);
    case 3:
      return view.getUint16(offset, true) + U16_RANGE * view.getUint8(offset + 2);
    case 4:
      return view.getUint32(offset, true);
    default:
      return view.getUint32(offset, true) + U32_RANGE * view.getUint16(offset + 4, true);
  }
}

function writeList(view: DataView, { name, offset, widthBytes, range }: Place, values: unknown): void {
  if (!Array.isArray(values) || values.length * U32_BYTES !== widthBytes)
    throw new Error(`invariant: ${name} is not a list of ${widthBytes / U32_BYTES}`);
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i];
    if (typeof value !== "number" || !(value >= 0 && value < range) || value % 1 !== 0)
      throw new Error(`invariant: ${name}[${i}] = ${value} does not fit ${U32_BYTES} bytes`);
    view.setUint32(offset + U32_BYTES * i, value, true);
  }
}

function readList(view: DataView, { offset, widthBytes }: Place): readonly number[] {
  const values: number[] = [];
  for (let at = offset; at < offset + widthBytes; at += U32_BYTES) values.push(view.getUint32(at, true));
  return values;
}

/** Frozen: what is in flash and could change costs a word of RAM each. */
function placesOf(fields: Fields): readonly Place[] {
  const places: Place[] = [];
  let offset = 0;
  for (const [name, kind] of fields) {
    const place = Object.freeze(placeOf(name, kind, offset));
    places.push(place);
    offset += place.widthBytes;
  }
  return Object.freeze(places);
}

/** Declares a layout. The table is the only place where its offsets are known. */
export function layout<const F extends Fields>(...fields: F): Layout<F> {
  const places = placesOf(fields);
  const last = places.at(-1);
  const sizeBytes = last === undefined ? 0 : last.offset + last.widthBytes;
  const rest = last?.kind === "rest" ? last.name : undefined;
  return Object.freeze<Layout<F>>({
    sizeBytes,
    encode(values) {
      const given = values as { readonly [name: string]: unknown };
      const tail = rest === undefined ? undefined : given[rest];
      const bytes = new Uint8Array(sizeBytes + (tail instanceof Uint8Array ? tail.length : 0));
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < places.length; i++) {
        const place = places[i] as Place;
        const value = given[place.name];
        if (place.kind === "integer") writeInteger(view, place, value);
        else if (place.kind === "list") writeList(view, place, value);
        else if (value instanceof Uint8Array && (place.kind === "rest" || value.length === place.widthBytes))
          bytes.set(value, place.offset);
        else throw new Error(`invariant: ${place.name} is not ${place.widthBytes} bytes`);
      }
      return bytes;
    },
    decode(bytes) {
      if (rest === undefined ? bytes.length !== sizeBytes : bytes.length < sizeBytes) return undefined;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const values: { [name: string]: number | readonly number[] | Uint8Array } = {};
      for (let i = 0; i < places.length; i++) {
        const place = places[i] as Place;
        const { name, kind, offset } = place;
        if (kind === "integer") values[name] = readInteger(view, place);
        else if (kind === "list") values[name] = readList(view, place);
        else values[name] = bytes.slice(offset, kind === "rest" ? bytes.length : offset + place.widthBytes);
      }
      return values as Values<F>;
    },
  });
}
