import assert from "node:assert/strict";
import * as zlib from "node:zlib";
import * as fc from "fast-check";
import { crc32 } from "../../firmware/base/crc32.js";

describe("CRC-32", () => {
  it("has the check value CBF43926", () => {
    assert.equal(crc32(Uint8Array.from("123456789", (digit) => digit.charCodeAt(0))), 0xcbf43926);
  });

  it("is zero for no bytes", () => {
    assert.equal(crc32(new Uint8Array(0)), 0);
  });

  it("equals another implementation, as an unsigned number", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => crc32(bytes) === zlib.crc32(bytes)));
  });

  it("finds every burst of errors up to 32 bits", () => {
    const burst = fc
      .tuple(fc.uint8Array({ minLength: 8, maxLength: 64 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }))
      .chain(([bytes, pattern]) =>
        fc.record({
          bytes: fc.constant(bytes),
          pattern: fc.constant(pattern),
          at: fc.integer({ min: 0, max: bytes.length * 8 - 32 }),
        }),
      );
    fc.assert(
      fc.property(burst, ({ bytes, pattern, at }) => {
        const damaged = Uint8Array.from(bytes);
        for (let bit = 0; bit < 32; bit++) {
          const position = at + bit;
          if ((pattern >>> bit) & 1) damaged[position >> 3] = (damaged[position >> 3] ?? 0) ^ (1 << (position & 7));
        }
        assert.notEqual(crc32(damaged), crc32(bytes));
      }),
    );
  });

  it("finds trailing and leading zero bytes", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    assert.notEqual(crc32(Uint8Array.of(1, 2, 3, 0)), crc32(bytes));
    assert.notEqual(crc32(Uint8Array.of(0, 1, 2, 3)), crc32(bytes));
    assert.notEqual(crc32(new Uint8Array(4)), crc32(new Uint8Array(5)));
  });
});
