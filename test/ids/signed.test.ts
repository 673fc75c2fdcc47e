import { strict as assert } from "node:assert";
import { decodeInt, encodeInt } from "../../firmware/ids/signed.js";

const vectors: readonly (readonly [raw: number, value: number, bits: 8 | 16 | 32])[] = [
  [0, 0, 8],
  [0x7f, 127, 8],
  [0x80, -128, 8],
  [0xff, -1, 8],
  [0xd0, -48, 8],
  [0x7fff, 32_767, 16],
  [0x8000, -32_768, 16],
  [0xfe20, -480, 16],
  [0x7fffffff, 2_147_483_647, 32],
  [0x80000000, -2_147_483_648, 32],
  [0xffffffff, -1, 32],
];

describe("signed integers", () => {
  for (const [raw, value, bits] of vectors)
    it(`stand for ${value} as 0x${raw.toString(16)} of ${bits} bits`, () => {
      assert.equal(decodeInt(raw, bits), value);
      assert.equal(encodeInt(value, bits), raw);
    });

  it("are, of 8 bits, 256 values that come back", () => {
    for (let raw = 0; raw < 256; raw++) assert.equal(encodeInt(decodeInt(raw, 8), 8), raw);
  });

  it("throw beyond their bits", () => {
    for (const raw of [-1, 256, 0.5, Number.NaN]) assert.throws(() => decodeInt(raw, 8), /has not 8 bits/);
    for (const value of [-129, 128, 0.5, Number.NaN]) assert.throws(() => encodeInt(value, 8), /does not fit an int8/);
    assert.throws(() => encodeInt(2 ** 31, 32), /does not fit an int32/);
    assert.throws(() => decodeInt(2 ** 32, 32), /has not 32 bits/);
  });
});
