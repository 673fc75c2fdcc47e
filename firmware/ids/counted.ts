/**
 * A list of integers with its length before it: bolus IDs, template numbers (Insulin Delivery Service 1.0). Nothing about
 * how many make sense, or whether one may come twice.
 */

import { concat } from "../base/bytes.js";
import { layout } from "../base/layout.js";

export interface Counted {
  /** Throws on an entry that does not fit and on over 255 of them: that is our bug, not input. */
  encode(entries: readonly number[]): Uint8Array;
  /** `undefined` when the bytes are not exactly the count and that many entries. */
  decode(bytes: Uint8Array): readonly number[] | undefined;
}

const List = layout(["count", "u8"], ["entries", "rest"]);

/** Declares a list: count u8, entries of one width. `name` is an entry's, in errors. */
export function counted(name: string, kind: "u8" | "u16"): Counted {
  const entry = layout([name, kind]);
  return Object.freeze<Counted>({
    encode(entries) {
      const bytes = concat(...entries.map((each) => entry.encode({ [name]: each })));
      return List.encode({ count: entries.length, entries: bytes });
    },
    decode(bytes) {
      const list = List.decode(bytes);
      if (list === undefined || list.entries.length !== list.count * entry.sizeBytes) return undefined;
      const entries: number[] = [];
      for (let offset = 0; offset < list.entries.length; offset += entry.sizeBytes) {
        const value = entry.decode(list.entries.subarray(offset, offset + entry.sizeBytes))?.[name];
        if (value !== undefined) entries.push(value);
      }
      return entries;
    },
  });
}
