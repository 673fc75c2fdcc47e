/**
 * Layouts whose flags field says what follows: a fixed head, then optional parts in order, each present exactly when
 * its bit is set. Owns no layout itself. Bits that a table does not name are reserved: nothing decodes with one.
 */

import { concat } from "../base/bytes.js";
import { type Fields, layout, type Values } from "../base/layout.js";

/** An optional part: one integer, or a block of fields that come together. */
type Part = "u8" | "u16" | Fields;

type OptionalParts = readonly (readonly [name: string, bit: number, part: Part])[];

type PartValue<P> = P extends Fields ? Values<P> : number;

/** The head's fields, and a property for each optional part that is there. */
export type FlaggedValues<Head extends Fields, Optional extends OptionalParts> = Values<Head> & {
  readonly [Entry in Optional[number] as Entry[0]]?: PartValue<Entry[2]>;
};

export interface Flagged<Head extends Fields, Optional extends OptionalParts> {
  /**
   * `flags` is given as it will be sent. Throws when a part and its bit disagree, a reserved bit is set, or an
   * integer does not fit: that is our bug, not input.
   */
  encode(values: FlaggedValues<Head, Optional>): Uint8Array;
  /** `undefined` when a reserved bit is set, or the bytes are not exactly the head and the parts its flags announce. */
  decode(bytes: Uint8Array): FlaggedValues<Head, Optional> | undefined;
}

/** The union of a table of bit masks. */
export function allFlags(masks: { readonly [name: string]: number }): number {
  return Object.values(masks).reduce((all, mask) => all | mask, 0);
}

function flagsOf(values: object): number {
  const flags = "flags" in values ? values.flags : undefined;
  if (typeof flags !== "number") throw new Error("invariant: no flags in the head");
  return flags;
}

/**
 * Declares a layout with flags.
 * @param head the fields that are always there; one of them, of at most 24 bits, is named `flags`
 * @param known every bit that may be set, those of the optional parts among them
 */
export function flagged<const Head extends Fields, const Optional extends OptionalParts = readonly []>(
  head: Head,
  known: number,
  ...optional: Optional
): Flagged<Head, Optional> {
  const headLayout = layout(...head);
  const parts = optional.map(([name, bit, part]) =>
    Object.freeze(
      typeof part === "string"
        ? { name, bit, single: true, layout: layout([name, part]) }
        : { name, bit, single: false, layout: layout(...part) },
    ),
  );
  Object.freeze(parts);
  return Object.freeze<Flagged<Head, Optional>>({
    encode(values) {
      const given = values as { readonly [name: string]: unknown };
      let bytes = headLayout.encode(values);
      const flags = flagsOf(values);
      if ((flags & ~known) !== 0) throw new Error(`invariant: reserved flags in ${flags}`);
      for (let i = 0; i < parts.length; i++) {
        const part = parts[i] as (typeof parts)[number];
        const value = given[part.name];
        if ((value !== undefined) !== ((flags & part.bit) !== 0))
          throw new Error(`invariant: ${part.name} and its flag disagree`);
        if (value === undefined) continue;
        bytes = concat(bytes, part.layout.encode((part.single ? given : value) as Values<Fields>));
      }
      return bytes;
    },
    decode(bytes) {
      let offset = headLayout.sizeBytes;
      const values = headLayout.decode(bytes.subarray(0, offset));
      if (values === undefined) return undefined;
      const flags = flagsOf(values);
      if ((flags & ~known) !== 0) return undefined;
      const all: { [name: string]: unknown } = values;
      for (let i = 0; i < parts.length; i++) {
        const part = parts[i] as (typeof parts)[number];
        if ((flags & part.bit) === 0) continue;
        const { name, single, layout } = part;
        const value = layout.decode(bytes.subarray(offset, offset + layout.sizeBytes));
        if (value === undefined) return undefined;
        all[name] = single ? (value as Values<Fields>)[name] : value;
        offset += layout.sizeBytes;
      }
      return offset === bytes.length ? (all as FlaggedValues<Head, Optional>) : undefined;
    },
  });
}

/** The same layout for flags of which none of `bits` is set without all of `needs`: else it throws, or does not decode. */
export function onlyWith<Head extends Fields, Optional extends OptionalParts>(
  inner: Flagged<Head, Optional>,
  bits: number,
  needs: number,
): Flagged<Head, Optional> {
  const keeps = (values: object): boolean => {
    const flags = flagsOf(values);
    return (flags & bits) === 0 || (flags & needs) === needs;
  };
  return Object.freeze<Flagged<Head, Optional>>({
    encode(values) {
      if (!keeps(values)) throw new Error(`invariant: flags ${flagsOf(values)} lack one that another needs`);
      return inner.encode(values);
    },
    decode(bytes) {
      const values = inner.decode(bytes);
      return values !== undefined && keeps(values) ? values : undefined;
    },
  });
}
