/** The protocol's cryptography once more, with node:crypto, to compare with and to build a pump of. */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
} from "node:crypto";

const CIPHER = "chacha20-poly1305";
/** DER before the 32 raw bytes of an X25519 private and public key (RFC 8410). */
const PKCS8_X25519 = Buffer.from("302e020100300506032b656e04220420", "hex");
const SPKI_X25519 = Buffer.from("302a300506032b656e032100", "hex");

export function bytes(...parts: (Uint8Array | number | string)[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      parts.map((part) =>
        typeof part === "number" ? Buffer.of(part) : typeof part === "string" ? Buffer.from(part, "hex") : part,
      ),
    ),
  );
}

export function label(text: string): Uint8Array {
  return bytes(Buffer.concat([Buffer.from(text, "ascii"), Buffer.alloc(16)]).subarray(0, 16));
}

export function hmac(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  return bytes(createHmac("sha256", key).update(Buffer.concat(parts)).digest());
}

export function sha256(...parts: Uint8Array[]): Uint8Array {
  return bytes(createHash("sha256").update(Buffer.concat(parts)).digest());
}

/** HKDF-Expand of RFC 5869 section 2.3, which node:crypto has only together with Extract. */
export function expand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  let block: Uint8Array = new Uint8Array(0);
  let output: Uint8Array = new Uint8Array(0);
  for (let index = 1; output.length < length; index += 1) {
    block = hmac(prk, block, info, Uint8Array.of(index));
    output = bytes(output, block);
  }
  return output.slice(0, length);
}

/** Expand(Extract(salt, ikm), info, length), by node:crypto's own HKDF. */
export function extractAndExpand(salt: Uint8Array, ikm: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", ikm, salt, info, length));
}

function nonce(counter: number): Uint8Array {
  const value = Buffer.alloc(12);
  value.writeBigUInt64LE(BigInt(counter), 4);
  return value;
}

export function seal(key: Uint8Array, counter: number, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, nonce(counter), { authTagLength: 16 });
  return bytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

export function open(key: Uint8Array, counter: number, record: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(CIPHER, key, nonce(counter), { authTagLength: 16 });
  decipher.setAuthTag(record.subarray(-16));
  return bytes(decipher.update(record.subarray(0, -16)), decipher.final());
}

export function publicKey(privateKey: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_X25519, privateKey]), format: "der", type: "pkcs8" });
  return bytes(createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32));
}

export function x25519(privateKey: Uint8Array, peer: Uint8Array): Uint8Array {
  return bytes(
    diffieHellman({
      privateKey: createPrivateKey({
        key: Buffer.concat([PKCS8_X25519, privateKey]),
        format: "der",
        type: "pkcs8",
      }),
      publicKey: createPublicKey({ key: Buffer.concat([SPKI_X25519, peer]), format: "der", type: "spki" }),
    }),
  );
}

/** RFC 4648 base32 without padding. */
export function base32(data: Uint8Array): string {
  const bits = [...data].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(group.padEnd(5, "0"), 2)])
    .join("");
}
