/**
 * Signed integers in fields that layouts read as unsigned: two's complement, as in the time zone of a Reference Time.
 * Such a field's name ends in its width, `...Int8`.
 */

type Bits = 8 | 16 | 32;

/** The value of a raw unsigned integer of so many bits. Throws when `raw` is none. */
export function decodeInt(raw: number, bits: Bits): number {
  if (!Number.isInteger(raw) || raw < 0 || raw >= 2 ** bits) throw new Error(`invariant: ${raw} has not ${bits} bits`);
  return raw < 2 ** (bits - 1) ? raw : raw - 2 ** bits;
}

/** The raw unsigned integer that stands for a value of -2^(bits-1) and on, below 2^(bits-1). Throws on any other. */
export function encodeInt(value: number, bits: Bits): number {
  const half = 2 ** (bits - 1);
  if (!Number.isInteger(value) || value < -half || value >= half)
    throw new Error(`invariant: ${value} does not fit an int${bits}`);
  return value < 0 ? value + 2 ** bits : value;
}
