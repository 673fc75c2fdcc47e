/**
 * The cryptography of PROTOCOL.md a second time, straight from its text, on node:crypto alone: what the firmware and
 * the controller are compared with. Shares no code with either, checks no input and protects no secret.
 */

import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from "node:crypto";

/** Bytes of a tag that travel (PROTOCOL.md sections 3 and 7). */
const TAG_BYTES = 16;
/** Bytes of a value that ATT takes for its own header: opcode u8, handle u16. */
const ATT_HEADER_BYTES = 3;

/** ASCII characters padded with zero bytes to 16 bytes. */
export function label(text: string): Buffer {
  return Buffer.from(text.padEnd(16, "\0"), "ascii");
}

/** An unsigned little-endian integer of the given width. */
export function integer(value: number, widthBytes: number): Buffer {
  const bytes = Buffer.alloc(widthBytes);
  for (let i = 0, rest = BigInt(value); i < widthBytes; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** HMAC-SHA-256, whole: 32 bytes. */
export function hmac(key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac("sha256", key).update(message).digest();
}

export function sha256(message: Uint8Array): Buffer {
  return createHash("sha256").update(message).digest();
}

/** HKDF-Extract (RFC 5869 section 2.2). */
export function extract(salt: Uint8Array, ikm: Uint8Array): Buffer {
  return hmac(salt, ikm);
}

/** HKDF-Expand (RFC 5869 section 2.3). */
export function expand(prk: Uint8Array, info: Uint8Array, lengthBytes: number): Buffer {
  let output = Buffer.alloc(0);
  let block = Buffer.alloc(0);
  for (let i = 1; output.length < lengthBytes; i++) {
    block = Buffer.from(hmac(prk, Buffer.concat([block, info, Buffer.from([i])])));
    output = Buffer.concat([output, block]);
  }
  return output.subarray(0, lengthBytes);
}

/** A private key in the wrapping of RFC 8410, the only form that node:crypto reads. */
function x25519Private(privateKey: Uint8Array): KeyObject {
  const prefix = Buffer.from("302e020100300506032b656e04220420", "hex");
  return createPrivateKey({ key: Buffer.concat([prefix, privateKey]), format: "der", type: "pkcs8" });
}

/** The public key of a private key: X25519 with the base point. 32 bytes each. */
export function x25519Public(privateKey: Uint8Array): Buffer {
  return createPublicKey(x25519Private(privateKey)).export({ format: "der", type: "spki" }).subarray(-32);
}

/** Throws when the shared secret would be all zero. */
export function x25519(privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  const prefix = Buffer.from("302a300506032b656e032100", "hex");
  const other = createPublicKey({ key: Buffer.concat([prefix, publicKey]), format: "der", type: "spki" });
  return diffieHellman({ privateKey: x25519Private(privateKey), publicKey: other });
}

/** RFC 4648 section 6 without padding. */
export function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[parseInt(group.padEnd(5, "0"), 2)]).join("");
}

/** What a bond derives from k_auth once (section 2). */
export function bondKeys(kAuth: Uint8Array): { kCtl: Buffer; kPump: Buffer; kSes: Buffer } {
  return {
    kCtl: expand(kAuth, label("CS1 k ctl"), 32),
    kPump: expand(kAuth, label("CS1 k pump"), 32),
    kSes: expand(kAuth, label("CS1 k ses"), 32),
  };
}

/** What the tags of a pairing are keyed with, and the salt of the bond (section 4). */
export function pairingKeys(secret: Uint8Array): { prk: Buffer; kCtl: Buffer; kPump: Buffer } {
  const prk = extract(label("CS1 pairing"), secret);
  return { prk, kCtl: expand(prk, label("CS1 pair C"), 32), kPump: expand(prk, label("CS1 pair P"), 32) };
}

/** A tag under the bytes that it covers. */
export function tag(key: Uint8Array, input: Uint8Array): Buffer {
  return hmac(key, input).subarray(0, TAG_BYTES);
}

/** What tagC covers (section 3). */
export function tagCInput(role: Uint8Array, m1: Uint8Array, m2BeforeTag: Uint8Array): Buffer {
  return Buffer.concat([label("CS1 tag C"), role, m1, m2BeforeTag]);
}

/** What tagP covers (section 3). */
export function tagPInput(role: Uint8Array, m1: Uint8Array, m2: Uint8Array): Buffer {
  return Buffer.concat([label("CS1 tag P"), role, m1, m2]);
}

/** The keys of a session; `transcriptHash` is SHA-256(m1 || m2 || m3) (section 3). */
export function sessionKeys(kSes: Uint8Array, transcriptHash: Uint8Array): { kCp: Buffer; kPc: Buffer } {
  const both = expand(kSes, Buffer.concat([label("CS1 session"), transcriptHash]), 64);
  return { kCp: both.subarray(0, 32), kPc: both.subarray(32) };
}

/** The keys of a new bond; `z` is the X25519 shared secret (section 4). */
export function newBond(prk: Uint8Array, z: Uint8Array, role: Uint8Array, transcriptHash: Uint8Array) {
  const prk2 = extract(prk, z);
  return {
    prk2,
    kAuth: expand(prk2, Buffer.concat([label("CS1 bond auth"), role, transcriptHash]), 32),
    kDose: expand(prk2, Buffer.concat([label("CS1 bond dose"), role, transcriptHash]), 32),
  };
}

/** The nonce of a direction's record (section 5). */
export function recordNonce(counter: number): Buffer {
  return Buffer.concat([Buffer.alloc(4), integer(counter, 8)]);
}

/** A record: ciphertext || tag (section 5). */
export function sealRecord(key: Uint8Array, counter: number, plaintext: Uint8Array): Buffer {
  const cipher = createCipheriv("chacha20-poly1305", key, recordNonce(counter), { authTagLength: TAG_BYTES });
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** What a countersignature covers (section 7). */
export function commitTagInput(
  signed: Readonly<
    Record<"pumpId" | "controllerId" | "doseId" | "challenge" | "channel" | "command" | "reading", Uint8Array>
  >,
): Buffer {
  const { pumpId, controllerId, doseId, challenge, channel, command, reading } = signed;
  return Buffer.concat([
    label("CS1 dose"),
    pumpId,
    controllerId,
    doseId,
    challenge,
    channel,
    integer(command.length, 2),
    command,
    integer(reading.length, 2),
    reading,
  ]);
}

/** Bits of SFLOAT's and FLOAT's mantissa and exponent (section 6). */
export const SFLOAT = { mantissaBits: 12, exponentBits: 4 } as const;
export const FLOAT = { mantissaBits: 24, exponentBits: 8 } as const;

/** How the pump reports an amount (section 6): exact with the fewest digits, else rounded with the finest exponent. */
export function medicalFloat(
  amountMicrounits: number,
  rounding: "down" | "up",
  { mantissaBits, exponentBits }: typeof SFLOAT | typeof FLOAT,
): Buffer {
  const largestMantissa = 2 ** (mantissaBits - 1) - 3;
  const largestExponent = 2 ** (exponentBits - 1) - 1;
  // An amount is a whole number of microunits: 10^-6 U holds every one exactly that it holds at all.
  const exponents = Array.from({ length: largestExponent + 7 }, (_, i) => i - 6);
  const round = rounding === "up" ? Math.ceil : Math.floor;
  const fitting = exponents
    .map((exponent) => ({ exponent, exact: amountMicrounits / 10 ** (exponent + 6) }))
    .map(({ exponent, exact }) => ({ exponent, mantissa: round(exact), isExact: Number.isInteger(exact) }))
    .filter(({ mantissa }) => mantissa <= largestMantissa);
  const chosen = fitting.findLast(({ isExact }) => isExact) ?? fitting[0];
  if (chosen === undefined) throw new Error(`${amountMicrounits} microunits are too many`);
  const { exponent, mantissa } = amountMicrounits === 0 ? { exponent: 0, mantissa: 0 } : chosen;
  const unsignedExponent = exponent < 0 ? exponent + 2 ** exponentBits : exponent;
  return integer(unsignedExponent * 2 ** mantissaBits + mantissa, (mantissaBits + exponentBits) / 8);
}

/** The fragments of a message at an ATT_MTU (section 1.2). */
export function fragments(message: Uint8Array, mtu: number): Buffer[] {
  const roomBytes = mtu - ATT_HEADER_BYTES - 1;
  const count = Math.ceil(message.length / roomBytes);
  return Array.from({ length: count }, (_, index) => {
    const header = (index === 0 ? 0x80 : 0) | (index === count - 1 ? 0x40 : 0) | index;
    return Buffer.concat([Buffer.from([header]), message.subarray(index * roomBytes, (index + 1) * roomBytes)]);
  });
}

/** Where in a sequence of values a receiver ends the connection (section 1.2); `undefined` when it takes them all. */
export function brokenAt(values: readonly Uint8Array[]): number | undefined {
  let due: number | undefined;
  let held = 0;
  for (const [place, value] of values.entries()) {
    const [header = 0] = value;
    const [isFirst, isLast, index] = [header >= 0x80, (header & 0x40) !== 0, header % 64];
    const fits = isFirst ? due === undefined && index === 0 : index === due;
    held = (isFirst ? 0 : held) + value.length - 1;
    if (value.length < 2 || !fits || held > 256) return place;
    due = isLast ? undefined : index + 1;
  }
  return undefined;
}

/** What a controller finds wrong with an m1 (section 3), of mode 02 when the window is open; `undefined` if nothing. */
export function whyM1Refused(m1: Uint8Array, pumpId: Uint8Array): string | undefined {
  const [version, flags = 0] = m1;
  if (version !== 1) return "version";
  if (flags > 1) return "flags";
  if (m1.length !== [26, 58][flags]) return "length";
  if (!Buffer.from(m1.subarray(2, 10)).equals(pumpId)) return "pumpId";
  try {
    if (flags === 1) x25519(Buffer.alloc(32, 1), m1.subarray(26));
    return undefined;
  } catch {
    return "ephemeralP";
  }
}

/** Whether a state-changing message with this echo is refused at the pump's time `nowMs` (section 5). */
export function isEchoStale(nowMs: number, echoMs: number): boolean {
  return BigInt.asUintN(32, BigInt(nowMs) - BigInt(echoMs)) > 10_000n;
}

/** The controller's rule of section 5, for the records of one session in their order. */
export function lateness(): (nowMs: number, timeMs: number) => boolean {
  let smallest: bigint | undefined;
  return (nowMs, timeMs) => {
    const difference = BigInt(nowMs) - BigInt(timeMs);
    const signed = BigInt.asIntN(32, difference - (smallest ?? difference));
    if (smallest === undefined || signed < 0n) smallest = difference;
    return signed > 10_000n;
  };
}
