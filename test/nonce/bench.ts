/** Entropy sources of known behaviour, and the proof of durability that a nonce store asks for. */

import { sha256 } from "@noble/hashes/sha2.js";
import { Entropy } from "../../firmware/nonce/entropy.js";
import { IDENTITY_BLOB, type Identity } from "../../firmware/nonce/identity.js";
import { type Durable, StateBlob } from "../../firmware/storage/blob.js";
import { Random } from "../../host-sim/clock/random.js";
import { FakeStore } from "../storage/fake-store.js";

/** A sound source, reproducible from `seed`. */
export function soundSource(seed: number): (lengthBytes: number) => Uint8Array {
  const random = new Random(seed);
  return (lengthBytes) => random.bytes(lengthBytes);
}

export const soundEntropy = (seed: number): Entropy => new Entropy(soundSource(seed), sha256);

/** Entropy that hands out these draws in turn, then throws. */
export function scriptedEntropy(...draws: readonly Uint8Array[]): Entropy {
  const left = [...draws];
  return new Entropy(() => {
    const draw = left.shift();
    if (!draw) throw new Error("the source is exhausted");
    return draw;
  }, sha256);
}

/** `length` bytes without two equal ones in a row: 0, 7, 14 ... mod 256, from `first` on. */
export const varied = (length: number, first = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (first + 7 * i) & 0xff);

/** The identity as StateBlob proves it, in a store of its own. */
export function durable(identity: Identity): Durable<Identity> {
  const blob = new StateBlob(new FakeStore(), IDENTITY_BLOB);
  blob.load();
  return blob.commit(identity);
}

export const identityOf = (fields: Partial<Identity> = {}): Identity => ({
  deviceSecret: varied(32, 1),
  pumpId: varied(8, 2),
  epoch: 1,
  bootDraw: new Uint8Array(8),
  ...fields,
});
