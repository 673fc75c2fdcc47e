/** What an attacker does to one fragment: the kinds of attack, and every case of each. */

import { DROP, DUPLICATE, delay, replace, type TapAction } from "../../../host-sim/air/tap.js";
import { concat } from "../../../host-sim/controller/bytes.js";

/** Bytes of the tag that ends m2, m3 and every record. */
const TAG_BYTES = 16;

/** One case. */
export interface Mutation {
  readonly name: string;
  readonly act: (genuine: Uint8Array) => TapAction;
}

/** The same message, from elsewhere. */
export interface Donor {
  readonly name: string;
  readonly value: Uint8Array;
}

export const DROPPED: readonly Mutation[] = [{ name: "dropped", act: () => DROP }];
export const DUPLICATED: readonly Mutation[] = [{ name: "duplicated", act: () => DUPLICATE }];

/**
 * Past a challenge's life of 5 s with the echo still fresh, past both, and past the silence and the ATT timeout that end
 * the connection.
 */
export const DELAYED: readonly Mutation[] = [7, 12, 35].map((seconds) => ({
  name: `delayed by ${seconds} s`,
  act: () => delay(1_000 * seconds),
}));

function flipped(byte: number, bit: number): Mutation {
  return {
    name: `bit ${bit} of byte ${byte} flipped`,
    act: (genuine) => replace(genuine.map((value, index) => (index === byte ? value ^ (1 << bit) : value))),
  };
}

/** Every bit of a fragment of `length` bytes, its header included. */
export function bitFlips(length: number): readonly Mutation[] {
  return Array.from({ length: 8 * length }, (_, index) => flipped(index >> 3, index & 7));
}

/** Cut off at every length, down to nothing; and longer by one byte. */
export function wrongLengths(length: number): readonly Mutation[] {
  const longer = { name: "one byte longer", act: (genuine: Uint8Array) => replace(concat(genuine, Uint8Array.of(0))) };
  return [...Array.from({ length }, (_, kept) => cutTo(kept)), longer];
}

/** Of a fragment among others: every bit of its header, one of its first and last byte, lengths at the ends, donors whole. */
export function fragmentMutations(length: number, donors: readonly Donor[]): readonly Mutation[] {
  const body = [flipped(1, 0), flipped(length - 1, 7)];
  return [
    ...DROPPED,
    ...DUPLICATED,
    ...bitFlips(1),
    ...body,
    ...[0, 1, 2, length - 1].map(cutTo),
    ...donors.map(replacedBy),
  ];
}

/** Each donor in its place, and head and tail exchanged: in the middle, and before the tag. */
export function splices(length: number, donors: readonly Donor[]): readonly Mutation[] {
  return donors.flatMap((donor) => [
    replacedBy(donor),
    ...[length >> 1, length - TAG_BYTES].flatMap((at) => [
      {
        name: `from byte ${at} on that of ${donor.name}`,
        act: (genuine: Uint8Array) => replace(concat(genuine.subarray(0, at), donor.value.subarray(at))),
      },
      {
        name: `up to byte ${at} that of ${donor.name}`,
        act: (genuine: Uint8Array) => replace(concat(donor.value.subarray(0, at), genuine.subarray(at))),
      },
    ]),
  ]);
}

function cutTo(kept: number): Mutation {
  return { name: `cut to ${kept} bytes`, act: (genuine) => replace(genuine.subarray(0, kept)) };
}

function replacedBy({ name, value }: Donor): Mutation {
  return { name: `replaced by that of ${name}`, act: () => replace(value) };
}
