/** A kept HMAC key against published answers, and against itself used twice. */

import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { HmacKey } from "../../firmware/base/hmacKey.js";
import { hex, unhex } from "../session/bench.js";
import { HKDF_SHA_256, HMAC_SHA_256 } from "../vectors/rfc.js";

describe("kept HMAC key", () => {
  for (const { name, key, data, tag } of HMAC_SHA_256)
    it(`answers RFC 4231 ${name}, the second time as the first (SR-07)`, () => {
      const kept = new HmacKey(sha256, unhex(key));
      kept.tag(unhex("00".repeat(200)), 32);
      for (let i = 0; i < 2; i++) assert.equal(hex(kept.tag(unhex(data), tag.length / 2)), tag);
    });

  for (const { name, ikm, salt, info, length, prk, okm } of HKDF_SHA_256)
    it(`extracts and expands RFC 5869 ${name}, to bytes and to a key (SR-07)`, () => {
      const extracted = new HmacKey(sha256, unhex(salt)).extract(unhex(ikm));
      assert.equal(hex(extracted.bytes), prk);
      assert.equal(hex(extracted.expand(unhex(info), length)), okm);
      assert.equal(hex(extracted.derive(unhex(info)).bytes), okm.slice(0, 64));
    });

  it("is gone once it is wiped: the bytes are zero, and using it throws (SR-11)", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const kept = new HmacKey(sha256, bytes);
    kept.wipe();
    assert.deepEqual(bytes, new Uint8Array(3));
    assert.throws(() => kept.tag(bytes, 16));
    assert.throws(() => kept.expand(bytes, 16));
  });

  it("leaves no copy of what it expands to (SR-11)", () => {
    let owner: object = sha256.create();
    while (!Object.hasOwn(owner, "digestInto")) owner = Object.getPrototypeOf(owner);
    const hashes = owner as { digestInto: (this: unknown, out: Uint8Array) => void };
    const original = hashes.digestInto;
    const digests: Uint8Array[] = [];
    hashes.digestInto = function (out) {
      digests.push(out);
      original.call(this, out);
    };
    try {
      const expanded = new HmacKey(sha256, new Uint8Array(32).fill(1)).expand(Uint8Array.of(1), 64);
      assert.ok(expanded.some((byte) => byte !== 0));
    } finally {
      hashes.digestInto = original;
    }
    assert.ok(digests.length >= 4);
    for (const digest of digests) assert.deepEqual(digest, new Uint8Array(32));
  });
});
