/**
 * The medical floats of IEEE 11073-20601 as integers: SFLOAT is a u16 (bits 15..12 a signed exponent, bits 11..0 a
 * signed mantissa), FLOAT a u32 (bits 31..24, bits 23..0). Both mean mantissa x 10^exponent, here in U or U/h; on
 * this side stand integer microunits (or microunits an hour). Every step is an exact integer operation below 2^53.
 *
 * An amount has one encoding: when a mantissa and exponent hold it exactly, those with the fewest digits (0.05 U is
 * 5 x 10^-2, 20 U is 2 x 10^1, zero is 0 x 10^0); otherwise the finest exponent that can hold the rounded amount
 * (20.46 U down is 204 x 10^-1).
 */

import { type Microunits, microunits } from "../base/units.js";

/** Which way an amount goes that has no exact encoding: reservoir down, delivered insulin up. */
export type Rounding = "down" | "up";

/** SFLOAT "not a number": the reservoir of a pump that has none attached. */
export const SFLOAT_NAN = 0x07ff;

interface Format {
  readonly mantissaBits: number;
  readonly exponentBits: number;
  /** The mantissas next to the ends of the range are special: +INFINITY, NaN, NRes, reserved and -INFINITY. */
  readonly mantissaMax: number;
}

const SFLOAT: Format = { mantissaBits: 12, exponentBits: 4, mantissaMax: 2 ** 11 - 3 };
const FLOAT: Format = { mantissaBits: 24, exponentBits: 8, mantissaMax: 2 ** 23 - 3 };

/** 1 U is 10^6 microunits. */
const MICROUNIT_EXPONENT = -6;

/** The shortest exact representation, else the finest. Ten at a time is exact: floor of floor is floor, so for ceil. */
function represent(
  amount: Microunits,
  rounding: Rounding,
  format: Format,
): { readonly raw: number; readonly exact: boolean } {
  if (!Number.isSafeInteger(amount) || amount < 0) throw new Error(`invariant: ${amount} microunits cannot be encoded`);
  if (amount === 0) return { raw: 0, exact: true };
  // 2^53 microunits still fit: SFLOAT holds 2045 x 10^13 of them.
  const exponentMax = 2 ** (format.exponentBits - 1) - 1;
  let mantissa: number = amount;
  let exponent = MICROUNIT_EXPONENT;
  let exact = true;
  while (mantissa > format.mantissaMax) {
    const digit = mantissa % 10;
    mantissa = (mantissa - digit) / 10 + (digit !== 0 && rounding === "up" ? 1 : 0);
    exponent++;
    exact &&= digit === 0;
  }
  while (exact && mantissa % 10 === 0 && exponent < exponentMax) {
    mantissa /= 10;
    exponent++;
  }
  const unsigned = exponent < 0 ? exponent + 2 ** format.exponentBits : exponent;
  return { raw: unsigned * 2 ** format.mantissaBits + mantissa, exact };
}

/**
 * The amount in microunits that a raw SFLOAT in U means, exact. `undefined` for the special values, a negative
 * amount, one that is no whole number of microunits, and one of 2^53 microunits or more. Every encoding of an amount
 * is taken, not only the one that is made here. Throws when `raw` is no u16.
 */
export function decodeSfloatMicrounits(raw: number): Microunits | undefined {
  if (!Number.isInteger(raw) || raw < 0 || raw > 0xffff) throw new Error(`invariant: ${raw} is no SFLOAT`);
  const mantissa = raw % 2 ** SFLOAT.mantissaBits;
  // Beyond the largest number come the special values and, as two's complement, the negative mantissas.
  if (mantissa > SFLOAT.mantissaMax) return undefined;
  const unsigned = (raw - mantissa) / 2 ** SFLOAT.mantissaBits;
  const exponent = unsigned < 2 ** (SFLOAT.exponentBits - 1) ? unsigned : unsigned - 2 ** SFLOAT.exponentBits;
  let amount = mantissa;
  for (let power = exponent; power > MICROUNIT_EXPONENT; power--) amount *= 10;
  for (let power = exponent; power < MICROUNIT_EXPONENT; power++) {
    if (amount % 10 !== 0) return undefined;
    amount /= 10;
  }
  return Number.isSafeInteger(amount) ? microunits(amount) : undefined;
}

/** The raw SFLOAT, a u16, of an amount from 0 on, rounded when it has no exact one. Throws on a negative amount. */
export function encodeSfloatMicrounits(amount: Microunits, rounding: Rounding): number {
  return represent(amount, rounding, SFLOAT).raw;
}

/** The raw SFLOAT, a u16, that holds an amount from 0 on exactly; `undefined` when none does. Throws on a negative. */
export function encodeSfloatExact(amount: Microunits): number | undefined {
  const { raw, exact } = represent(amount, "down", SFLOAT);
  return exact ? raw : undefined;
}

/** The raw FLOAT, a u32, of an amount from 0 on, rounded when it has no exact one. Throws on a negative amount. */
export function encodeFloatMicrounits(amount: Microunits, rounding: Rounding): number {
  return represent(amount, rounding, FLOAT).raw;
}
