/** What holds for every layout, whatever it describes: tests over vectors written out by hand. */

import { strict as assert } from "node:assert";
import fc from "fast-check";
import { hex } from "../../firmware/base/bytes.js";

export interface Codec {
  encode(values: never): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** Name, codec, bytes, and what they say. */
export type Vector = readonly [name: string, codec: Codec, bytes: string, values: unknown];

/**
 * Where the flags of a codec stand, or a count, and how many bytes wide; and the length of the whole that they announce:
 * `undefined` for what is reserved.
 */
export type AnnouncedLength = readonly [
  name: string,
  codec: Codec,
  offset: number,
  width: number,
  length: (flags: number) => number | undefined,
];

export const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** 1 when a flag is set: the bytes of a part are a multiple of it. */
export const bit = (flags: number, mask: number): number => ((flags & mask) === 0 ? 0 : 1);

/** Longer than any value of the service. */
const LENGTH_MAX = 24;

/** Every combination of the lower 9 bits, and each higher bit alone. */
function combinations(width: number): readonly number[] {
  const all = Array.from({ length: Math.min(512, 2 ** (8 * width)) }, (_, flags) => flags);
  for (let high = 9; high < 8 * width; high++) all.push(2 ** high);
  return all;
}

/** Declares the tests, inside a `describe`. Every codec with flags has its rule. */
export function itHolds(vectors: readonly Vector[], rules: readonly AnnouncedLength[], seed: number): void {
  for (const [name, codec, bytes, values] of vectors) {
    it(`encodes and decodes ${name}`, () => {
      assert.equal(hex(codec.encode(values as never)), bytes);
      assert.deepEqual(codec.decode(bytesOf(bytes)), values);
    });

    it(`does not decode ${name} cut short anywhere or with bytes after it`, () => {
      const whole = bytesOf(bytes);
      for (let length = 0; length < whole.length; length++)
        assert.equal(codec.decode(whole.subarray(0, length)), undefined, `${length} bytes`);
      for (let extra = 1; extra <= 8; extra++)
        assert.equal(codec.decode(Uint8Array.of(...whole, ...new Uint8Array(extra))), undefined, `${extra} more`);
    });
  }

  for (const [name, codec, offset, width, lengthFor] of rules)
    it(`decodes ${name} for every combination at its one length, and for none that is reserved`, () => {
      for (const flags of combinations(width))
        for (let length = offset + width; length <= LENGTH_MAX; length++) {
          const bytes = new Uint8Array(length).fill(0x33);
          for (let i = 0; i < width; i++) bytes[offset + i] = flags >>> (8 * i);
          const values = codec.decode(bytes);
          if ((values !== undefined) !== (length === lengthFor(flags)))
            assert.fail(`flags ${flags}, ${length} bytes: ${values === undefined ? "not decoded" : "decoded"}`);
          if (values !== undefined) assert.equal(hex(codec.encode(values as never)), hex(bytes));
        }
    });

  for (const [name, codec, text] of vectors)
    it(`gives ${name} back whatever its fields hold (seed ${seed})`, () => {
      const whole = bytesOf(text);
      const [, , offset, width] = rules.find(([, ruled]) => ruled === codec) ?? [];
      // What announces the length stays; every other byte is drawn.
      const fixed = (i: number) => offset !== undefined && i >= offset && i < offset + (width ?? 0);
      fc.assert(
        fc.property(fc.uint8Array({ minLength: whole.length, maxLength: whole.length }), (drawn) => {
          const bytes = drawn.map((byte, i) => (fixed(i) ? (whole[i] ?? 0) : byte));
          const values = codec.decode(bytes);
          assert.notEqual(values, undefined);
          const encoded = codec.encode(values as never);
          assert.equal(hex(encoded), hex(bytes));
          assert.deepEqual(codec.decode(encoded), values);
        }),
        { seed, numRuns: 50 },
      );
    });

  it(`never throws on bytes from outside, and has one value for those that decode (seed ${seed})`, () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: LENGTH_MAX }), (bytes) => {
        for (const [, codec] of vectors) {
          const values = codec.decode(bytes);
          if (values !== undefined) assert.equal(hex(codec.encode(values as never)), hex(bytes));
        }
      }),
      { seed, numRuns: 300 },
    ));
}
