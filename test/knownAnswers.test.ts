/** The cryptographic building blocks, imported and constructed as firmware and controller do it, against published answers. */

import assert from "node:assert/strict";
import { createCipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from "node:crypto";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { pow } from "@noble/curves/abstract/modular.js";
import { montgomery } from "@noble/curves/abstract/montgomery.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  CHACHA20_POLY1305,
  HKDF_SHA_256,
  HMAC_SHA_256,
  X25519,
  X25519_AGREEMENT,
  X25519_LOW_ORDER,
} from "./vectors/rfc.js";

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const hex = (value: Uint8Array | ArrayBuffer): string => Buffer.from(new Uint8Array(value)).toString("hex");

const P = 2n ** 255n - 19n;
const x25519 = montgomery({
  P,
  type: "x25519",
  powPminus2: (x) => pow(x, P - 2n, P),
  adjustScalarBytes: (scalar: Uint8Array) => {
    const clamped = Uint8Array.from(scalar);
    clamped[0] = (clamped[0] ?? 0) & 0xf8;
    clamped[31] = ((clamped[31] ?? 0) & 0x7f) | 0x40;
    return clamped;
  },
});

/** X25519 of node:crypto, which takes keys in their ASN.1 wrapping (RFC 8410) only. */
function nodeX25519(scalar: string, u: string): string {
  const privateKey = createPrivateKey({
    key: Buffer.from(`302e020100300506032b656e04220420${scalar}`, "hex"),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = createPublicKey({
    key: Buffer.from(`302a300506032b656e032100${u}`, "hex"),
    format: "der",
    type: "spki",
  });
  return diffieHellman({ privateKey, publicKey }).toString("hex");
}

describe("HMAC-SHA-256 (RFC 4231)", () => {
  for (const { name, key, data, tag } of HMAC_SHA_256) {
    it(`answers ${name}`, () => {
      assert.equal(hex(createHmac("sha256", bytes(key)).update(bytes(data)).digest()).slice(0, tag.length), tag);
      assert.equal(hex(hmac(sha256, bytes(key), bytes(data))).slice(0, tag.length), tag);
    });
  }
});

describe("HKDF-SHA-256 (RFC 5869)", () => {
  for (const { name, ikm, salt, info, length, prk, okm } of HKDF_SHA_256) {
    it(`answers ${name}`, () => {
      assert.equal(hex(createHmac("sha256", bytes(salt)).update(bytes(ikm)).digest()), prk);
      assert.equal(hex(hkdfSync("sha256", bytes(ikm), bytes(salt), bytes(info), length)), okm);
      assert.equal(hex(extract(sha256, bytes(ikm), bytes(salt))), prk);
      assert.equal(hex(expand(sha256, bytes(prk), bytes(info), length)), okm);
    });
  }
});

describe("ChaCha20-Poly1305 (RFC 8439)", () => {
  for (const { name, key, nonce, associatedData, plaintext, ciphertext, tag } of CHACHA20_POLY1305) {
    const aead = () => chacha20poly1305(bytes(key), bytes(nonce), bytes(associatedData));

    it(`seals and opens ${name}`, () => {
      const cipher = createCipheriv("chacha20-poly1305", bytes(key), bytes(nonce), { authTagLength: 16 });
      cipher.setAAD(bytes(associatedData), { plaintextLength: plaintext.length / 2 });
      assert.equal(hex(Buffer.concat([cipher.update(bytes(plaintext)), cipher.final()])), ciphertext);
      assert.equal(hex(cipher.getAuthTag()), tag);
      assert.equal(hex(aead().encrypt(bytes(plaintext))), ciphertext + tag);
      assert.equal(hex(aead().decrypt(bytes(ciphertext + tag))), plaintext);
    });

    it(`opens nothing of ${name} once a bit has changed`, () => {
      const sealed = bytes(ciphertext + tag);
      for (const position of [0, ciphertext.length / 2 - 1, sealed.length - 1]) {
        const altered = Uint8Array.from(sealed);
        altered[position] = (altered[position] ?? 0) ^ 1;
        assert.throws(() => aead().decrypt(altered));
      }
    });
  }
});

describe("X25519 (RFC 7748)", () => {
  for (const { name, scalar, u, product } of X25519) {
    it(`answers ${name}`, () => {
      assert.equal(nodeX25519(scalar, u), product);
      assert.equal(hex(x25519.scalarMult(bytes(scalar), bytes(u))), product);
    });
  }

  it("agrees on the shared secret of section 6.1", () => {
    const { alicePrivate, alicePublic, bobPrivate, bobPublic, shared } = X25519_AGREEMENT;
    const base = "09".padEnd(64, "0");
    assert.equal(nodeX25519(alicePrivate, base), alicePublic);
    assert.equal(nodeX25519(bobPrivate, base), bobPublic);
    assert.equal(nodeX25519(alicePrivate, bobPublic), shared);
    assert.equal(hex(x25519.getPublicKey(bytes(alicePrivate))), alicePublic);
    assert.equal(hex(x25519.getPublicKey(bytes(bobPrivate))), bobPublic);
    assert.equal(hex(x25519.getSharedSecret(bytes(alicePrivate), bytes(bobPublic))), shared);
    assert.equal(hex(x25519.getSharedSecret(bytes(bobPrivate), bytes(alicePublic))), shared);
  });

  it("refuses every public key of small order", () => {
    for (const u of X25519_LOW_ORDER) {
      assert.throws(() => nodeX25519(X25519_AGREEMENT.alicePrivate, u), u);
      assert.throws(() => x25519.getSharedSecret(bytes(X25519_AGREEMENT.alicePrivate), bytes(u)), u);
    }
  });
});
