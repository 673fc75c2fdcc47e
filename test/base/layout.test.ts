import assert from "node:assert/strict";
import * as fc from "fast-check";
import { layout } from "../../firmware/base/layout.js";

const EVERY_KIND = layout(
  ["byte", "u8"],
  ["word", "u16"],
  ["triple", "u24"],
  ["long", "u32"],
  ["huge", "u48"],
  ["fixed", { bytes: 5 }],
);
const OPEN = layout(["opcode", "u8"], ["length", "u16"], ["tail", "rest"]);

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const everyKind = fc.record(
  { byte: uint(8), word: uint(16), triple: uint(24), long: uint(32), huge: uint(48), fixed: bytesOf(5) },
  { noNullPrototype: true },
);

describe("a layout", () => {
  it("writes its fields in order, integers little-endian", () => {
    const bytes = EVERY_KIND.encode({
      byte: 0x01,
      word: 0x0302,
      triple: 0x060504,
      long: 0x0a090807,
      huge: 0x100f0e0d0c0b,
      fixed: Uint8Array.of(17, 18, 19, 20, 21),
    });
    assert.deepEqual(
      bytes,
      Uint8Array.from({ length: 21 }, (_, i) => i + 1),
    );
    assert.equal(EVERY_KIND.sizeBytes, 21);
  });

  it("decodes what it encoded", () => {
    fc.assert(
      fc.property(everyKind, (values) => {
        assert.deepEqual(EVERY_KIND.decode(EVERY_KIND.encode(values)), values);
      }),
    );
  });

  it("encodes what it decoded", () => {
    fc.assert(
      fc.property(bytesOf(EVERY_KIND.sizeBytes), (bytes) => {
        const values = EVERY_KIND.decode(bytes);
        assert.ok(values);
        assert.deepEqual(EVERY_KIND.encode(values), bytes);
      }),
    );
  });

  it("refuses bytes of any other length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        assert.equal(EVERY_KIND.decode(bytes) !== undefined, bytes.length === EVERY_KIND.sizeBytes);
      }),
    );
    for (const length of [0, 20, 22]) assert.equal(EVERY_KIND.decode(new Uint8Array(length)), undefined);
  });

  it("keeps decoded byte strings apart from the bytes they came from", () => {
    const bytes = new Uint8Array(EVERY_KIND.sizeBytes);
    const fixed = EVERY_KIND.decode(bytes)?.fixed;
    const tail = OPEN.decode(bytes)?.tail;
    bytes.fill(0xff);
    assert.deepEqual(fixed, new Uint8Array(5));
    assert.deepEqual(tail, new Uint8Array(EVERY_KIND.sizeBytes - OPEN.sizeBytes));
  });

  it("reads a view that begins inside a larger buffer", () => {
    const view = Uint8Array.from({ length: 8 }, (_, i) => i).subarray(3, 7);
    assert.deepEqual(OPEN.decode(view), { opcode: 3, length: 0x0504, tail: Uint8Array.of(6) });
  });

  it("throws on an integer that its field cannot hold", () => {
    const fitting = { byte: 0, word: 0, triple: 0, long: 0, huge: 0, fixed: new Uint8Array(5) };
    const bits = { byte: 8, word: 16, triple: 24, long: 32, huge: 48 };
    for (const [name, width] of Object.entries(bits)) {
      EVERY_KIND.encode({ ...fitting, [name]: 2 ** width - 1 });
      for (const value of [2 ** width, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
        assert.throws(() => EVERY_KIND.encode({ ...fitting, [name]: value }), new RegExp(`invariant: ${name} = `));
    }
  });

  it("throws on a byte string of another length", () => {
    const fitting = { byte: 0, word: 0, triple: 0, long: 0, huge: 0 };
    for (const length of [0, 4, 6])
      assert.throws(() => EVERY_KIND.encode({ ...fitting, fixed: new Uint8Array(length) }), /fixed is not 5 bytes/);
  });
});

describe("a layout that ends in a rest", () => {
  it("counts its fixed part alone as its size", () => {
    assert.equal(OPEN.sizeBytes, 3);
  });

  it("decodes what it encoded, whatever the length of the rest", () => {
    fc.assert(
      fc.property(uint(8), uint(16), fc.uint8Array({ maxLength: 40 }), (opcode, length, tail) => {
        const bytes = OPEN.encode({ opcode, length, tail });
        assert.equal(bytes.length, 3 + tail.length);
        assert.deepEqual(OPEN.decode(bytes), { opcode, length, tail });
      }),
    );
  });

  it("refuses bytes shorter than its fixed part, and takes an empty rest", () => {
    for (const length of [0, 1, 2]) assert.equal(OPEN.decode(new Uint8Array(length)), undefined);
    assert.deepEqual(OPEN.decode(new Uint8Array(3)), { opcode: 0, length: 0, tail: new Uint8Array(0) });
  });
});
