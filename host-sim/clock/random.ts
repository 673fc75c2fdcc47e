/**
 * Chance in the simulated world: reproducible from a seed, and for simulation only. Nothing of the firmware may draw
 * a secret from it but through the simulated entropy source.
 *
 * Generator: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021). Its state
 * is filled, as its authors advise, by another generator: a 32-bit Weyl sequence through the finaliser of MurmurHash3.
 */

/** 2^32 divided by the golden ratio, odd: the increment of the Weyl sequence. */
const WEYL = 0x9e3779b9;

const rotateLeft = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));

function finalise(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * One step of xoshiro128** 1.1: replaces the four words of `state` and returns the output, 0 to 2^32 - 1. A state of
 * four zeros yields nothing but zeros.
 */
export function xoshiro128(state: Int32Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = state;
  const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9);
  const cMixed = c ^ a;
  const dMixed = d ^ b;
  state[0] = a ^ dMixed;
  state[1] = b ^ cMixed;
  state[2] = cMixed ^ (b << 9);
  state[3] = rotateLeft(dMixed, 11);
  return result >>> 0;
}

export class Random {
  readonly #state: Int32Array;

  /**
   * @param seed 32 bits.
   * @param stream 32 bits. Streams of one seed are independent: a draw from one does not shift another.
   */
  constructor(seed: number, stream = 0) {
    let weyl = finalise(seed | 0) ^ finalise((stream | 0) + WEYL);
    this.#state = Int32Array.from({ length: 4 }, () => {
      weyl = (weyl + WEYL) | 0;
      return finalise(weyl);
    });
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    return xoshiro128(this.#state);
  }

  /** An integer from 0 to `bound` - 1, unbiased; `bound` is 1 to 2^32. */
  below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) throw new RangeError(`no integers below ${bound}`);
    const rejectFrom = 2 ** 32 - (2 ** 32 % bound);
    let value = this.uint32();
    while (value >= rejectFrom) value = this.uint32();
    return value % bound;
  }

  boolean(): boolean {
    return this.uint32() >= 2 ** 31;
  }

  bytes(lengthBytes: number): Uint8Array {
    return Uint8Array.from({ length: lengthBytes }, () => this.uint32() >>> 24);
  }
}
