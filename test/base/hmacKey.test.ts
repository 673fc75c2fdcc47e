/** A kept HMAC key against published answers, and against itself used twice. */

import assert from "node:assert/strict";
import { HmacKey } from "../../firmware/base/hmacKey.js";
import { hex, unhex } from "../session/bench.js";
import { HKDF_SHA_256, HMAC_SHA_256 } from "../vectors/rfc.js";

describe("kept HMAC key", () => {
  for (const { name, key, data, tag } of HMAC_SHA_256)
    it(`answers RFC 4231 ${name}, the second time as the first (SR-07)`, () => {
      const kept = new HmacKey(unhex(key));
      kept.tag(unhex("00".repeat(200)), 32);
      for (let i = 0; i < 2; i++) assert.equal(hex(kept.tag(unhex(data), tag.length / 2)), tag);
    });

  for (const { name, info, length, prk, okm } of HKDF_SHA_256)
    it(`expands RFC 5869 ${name} (SR-07)`, () => {
      assert.equal(hex(new HmacKey(unhex(prk)).expand(unhex(info), length)), okm);
    });

  it("is gone once it is wiped: the bytes are zero, and using it throws (SR-11)", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const kept = new HmacKey(bytes);
    kept.wipe();
    assert.deepEqual(bytes, new Uint8Array(3));
    assert.throws(() => kept.tag(bytes, 16));
    assert.throws(() => kept.expand(bytes, 16));
  });
});
