/**
 * SFLOAT and FLOAT of IEEE 11073-20601, the decimal numbers of the Insulin Delivery Service, to and from integer
 * microunits. A command's amount is encoded exactly or not at all. Implements PROTOCOL.md section 6.
 */

/** A command's amounts and rates are whole multiples of this many µU (PROTOCOL.md section 6). */
export const COMMAND_INCREMENT_MICROUNITS = 10_000;

/** The largest mantissa that is a number: 0x7FE, 0x7FF, 0x800 to 0x802 have special meanings. */
const LARGEST_SFLOAT_MANTISSA = 0x7fd;
const SPECIAL_SFLOAT_MANTISSAS: readonly number[] = [0x7fe, 0x7ff, 0x800, 0x801, 0x802];
/** FLOAT's special mantissas: the same five, 24 bits wide (IEEE 11073-20601). */
const SPECIAL_FLOAT_MANTISSAS: readonly number[] = [0x7ffffe, 0x7fffff, 0x800000, 0x800001, 0x800002];
/** 1 U = 10^6 µU. */
const MICROUNITS_EXPONENT = 6;
/** Exponent of 10,000 µU = 0.01 U, where encoding starts. */
const INCREMENT_EXPONENT = -2;
const LARGEST_SFLOAT_EXPONENT = 7;

/**
 * `microunits` as SFLOAT in U (or, for a rate, U/h). Zero is 0000.
 * Throws a RangeError that names the amount and the increment when SFLOAT cannot hold it exactly or when it is
 * no multiple of 10,000 µU: 0.01 U steps reach 20.45 U, 0.1 U steps 204.5 U.
 */
export function encodeSfloat(microunits: number): number {
  if (!Number.isInteger(microunits) || microunits < 0 || microunits % COMMAND_INCREMENT_MICROUNITS !== 0)
    throw new RangeError(
      `Amount ${microunits} µU: give a whole multiple of the increment, ${COMMAND_INCREMENT_MICROUNITS} µU (0.01 U)`,
    );
  if (microunits === 0) return 0;
  let mantissa = microunits / COMMAND_INCREMENT_MICROUNITS;
  let exponent = INCREMENT_EXPONENT;
  while (mantissa > LARGEST_SFLOAT_MANTISSA && mantissa % 10 === 0 && exponent < LARGEST_SFLOAT_EXPONENT) {
    mantissa /= 10;
    exponent += 1;
  }
  if (mantissa > LARGEST_SFLOAT_MANTISSA) {
    const increment = COMMAND_INCREMENT_MICROUNITS * 10 ** (exponent - INCREMENT_EXPONENT + 1);
    throw new RangeError(`Amount ${microunits} µU: SFLOAT's increment at this size is ${increment} µU; round to it`);
  }
  return ((exponent & 0xf) << 12) | mantissa;
}

/** m x 10^e units in µU, or undefined when that is no whole number of µU that a double holds exactly. */
function toMicrounits(mantissa: number, exponent: number): number | undefined {
  const power = exponent + MICROUNITS_EXPONENT;
  if (mantissa === 0) return 0;
  const microunits = power >= 0 ? mantissa * 10 ** power : mantissa / 10 ** -power;
  return Number.isSafeInteger(microunits) ? microunits : undefined;
}

/** What an SFLOAT in U or U/h says, in µU; undefined for special values and for fractions of a µU. */
export function decodeSfloat(sfloat: number): number | undefined {
  const mantissa = sfloat & 0xfff;
  if (SPECIAL_SFLOAT_MANTISSAS.includes(mantissa)) return undefined;
  return toMicrounits((mantissa << 20) >> 20, (sfloat << 16) >> 28);
}

/** What an SFLOAT says in whole units of its own (an insulin concentration in IU/ml); undefined when it is none. */
export function decodeSfloatWhole(sfloat: number): number | undefined {
  const micro = decodeSfloat(sfloat);
  return micro === undefined || micro % 10 ** MICROUNITS_EXPONENT !== 0 ? undefined : micro / 10 ** MICROUNITS_EXPONENT;
}

/** What a FLOAT (u32: exponent in the top 8 bits, mantissa in the lower 24) in U says, in µU; undefined as above. */
export function decodeFloat(float: number): number | undefined {
  const mantissa = float & 0xffffff;
  if (SPECIAL_FLOAT_MANTISSAS.includes(mantissa)) return undefined;
  return toMicrounits((mantissa << 8) >> 8, float >> 24);
}
