import assert from "node:assert/strict";
import * as fc from "fast-check";
import { concat, equalInConstantTime, hex, wipe } from "../../firmware/base/bytes.js";

describe("concat", () => {
  it("joins in order into bytes of its own", () => {
    const first = Uint8Array.of(1, 2);
    const joined = concat(first, new Uint8Array(0), Uint8Array.of(3));
    first.fill(9);
    assert.deepEqual(joined, Uint8Array.of(1, 2, 3));
    assert.deepEqual(concat(), new Uint8Array(0));
  });
});

describe("equalInConstantTime", () => {
  it("holds for copies", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => equalInConstantTime(bytes, Uint8Array.from(bytes))));
  });

  it("fails for one changed bit, wherever it is", () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => i * 17);
    for (let bit = 0; bit < 128; bit++) {
      const altered = Uint8Array.from(bytes);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(equalInConstantTime(bytes, altered), false, `bit ${bit}`);
      assert.equal(equalInConstantTime(altered, bytes), false, `bit ${bit}`);
    }
  });

  it("fails for differences that would cancel in a sum or in an exclusive or", () => {
    assert.equal(equalInConstantTime(Uint8Array.of(1, 2), Uint8Array.of(2, 1)), false);
    assert.equal(equalInConstantTime(Uint8Array.of(0, 0), Uint8Array.of(5, 5)), false);
  });

  it("fails for another length, also when the rest is zero", () => {
    assert.equal(equalInConstantTime(new Uint8Array(16), new Uint8Array(15)), false);
    assert.equal(equalInConstantTime(new Uint8Array(0), new Uint8Array(1)), false);
    assert.equal(equalInConstantTime(new Uint8Array(0), new Uint8Array(0)), true);
  });

  it("reads every byte, wherever the first difference is", () => {
    const readsUntil = (difference: number): number => {
      const bytes = new Uint8Array(16);
      bytes[difference] = 1;
      let reads = 0;
      const counting = new Proxy(bytes, {
        get(target, key) {
          if (typeof key === "string" && /^\d+$/.test(key)) reads++;
          return Reflect.get(target, key, target);
        },
      });
      equalInConstantTime(counting, new Uint8Array(16));
      return reads;
    };
    assert.equal(readsUntil(0), 16);
    assert.equal(readsUntil(15), 16);
  });
});

describe("wipe", () => {
  it("leaves nothing of any secret", () => {
    const secrets = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)] as const;
    wipe(...secrets);
    assert.deepEqual(secrets, [new Uint8Array(3), new Uint8Array(1)]);
  });
});

describe("hex", () => {
  it("writes two lower-case digits a byte", () => {
    assert.equal(hex(Uint8Array.of(0, 0x0a, 0xbc, 0xff)), "000abcff");
    assert.equal(hex(new Uint8Array(0)), "");
  });
});
