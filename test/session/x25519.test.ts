/** The firmware's X25519 against RFC 7748. */

import assert from "node:assert/strict";
import { x25519PublicKey, x25519SharedSecret } from "../../firmware/session/x25519.js";
import { X25519, X25519_AGREEMENT, X25519_LOW_ORDER } from "../vectors/rfc.js";
import { hex, unhex } from "./bench.js";

const shared = (scalar: string, u: string): string | undefined => {
  const secret = x25519SharedSecret(unhex(scalar), unhex(u));
  return secret && hex(secret);
};

describe("x25519", () => {
  for (const { name, scalar, u, product } of X25519)
    it(`answers RFC 7748 ${name}`, () => assert.equal(shared(scalar, u), product));

  it("agrees with RFC 7748 section 6.1", () => {
    const { alicePrivate, alicePublic, bobPrivate, bobPublic, shared: expected } = X25519_AGREEMENT;
    assert.equal(hex(x25519PublicKey(unhex(alicePrivate))), alicePublic);
    assert.equal(hex(x25519PublicKey(unhex(bobPrivate))), bobPublic);
    assert.equal(shared(alicePrivate, bobPublic), expected);
    assert.equal(shared(bobPrivate, alicePublic), expected);
  });

  it("leaves the scalar as it was given", () => {
    const scalar = unhex("ff".repeat(32));
    x25519PublicKey(scalar);
    x25519SharedSecret(scalar, unhex(X25519_AGREEMENT.bobPublic));
    assert.equal(hex(scalar), "ff".repeat(32));
  });

  it("gives no secret with any point of low order, the top bit set or not (SR-18)", () => {
    for (const u of X25519_LOW_ORDER) {
      assert.equal(shared(X25519_AGREEMENT.alicePrivate, u), undefined, u);
      const topBit = unhex(u);
      topBit[31] = (topBit[31] ?? 0) | 0x80;
      assert.equal(shared(X25519_AGREEMENT.alicePrivate, hex(topBit)), undefined, `${u}, top bit set`);
    }
  });
});
