import { strict as assert } from "node:assert";
import fc from "fast-check";
import { MICROUNITS_PER_UNIT, microunits } from "../../firmware/base/units.js";
import {
  decodeSfloatMicrounits,
  encodeFloatMicrounits,
  encodeSfloatExact,
  encodeSfloatMicrounits,
  type Rounding,
  SFLOAT_NAN,
} from "../../firmware/ids/float.js";

const SEED = 20601;
const RUNS = { seed: SEED, numRuns: 2000 };
const ROUNDINGS: readonly Rounding[] = ["down", "up"];
const SFLOAT = { mantissaBits: 12n, exponentBits: 4n, mantissaMax: 2045n };
const FLOAT = { mantissaBits: 24n, exponentBits: 8n, mantissaMax: 8388605n };

/** Any amount the unit system can hold, small ones and multiples of a power of ten as often as large ones. */
const amounts = fc.oneof(
  fc.nat({ max: 300_000_000 }),
  fc.maxSafeNat(),
  fc
    .tuple(fc.nat({ max: 9_999_999 }), fc.integer({ min: 0, max: 9 }))
    .map(([mantissa, power]) => Math.min(mantissa * 10 ** power, Number.MAX_SAFE_INTEGER)),
);

/** Mantissa and exponent of a raw float, by the definition of the format. */
function meaning(raw: number, format: typeof SFLOAT): { readonly mantissa: bigint; readonly exponent: bigint } {
  const bits = BigInt(raw);
  return {
    mantissa: BigInt.asIntN(Number(format.mantissaBits), bits),
    exponent: BigInt.asIntN(Number(format.exponentBits), bits >> format.mantissaBits),
  };
}

/** Microunits that a raw float means. */
function decoded(raw: number, format: typeof SFLOAT): bigint {
  const { mantissa, exponent } = meaning(raw, format);
  assert.ok(exponent >= -6n, "no encoding is finer than a microunit");
  return mantissa * 10n ** (exponent + 6n);
}

/** The amount rounded at the first power of ten that leaves a usable mantissa: the definition of "finest". */
function finest(amount: number, rounding: Rounding, format: typeof SFLOAT): bigint {
  for (let step = 1n; ; step *= 10n) {
    const down = BigInt(amount) / step;
    const mantissa = rounding === "up" && down * step < BigInt(amount) ? down + 1n : down;
    if (mantissa <= format.mantissaMax) return mantissa * step;
  }
}

describe("SFLOAT to microunits", () => {
  const vectors: readonly (readonly [raw: number, amount: number | undefined, what: string])[] = [
    [0xe005, 50_000, "5 x 10^-2: 0.05 U"],
    [0xd032, 50_000, "50 x 10^-3: 0.05 U again"],
    [0xc1f4, 50_000, "500 x 10^-4"],
    [0xb000, 0, "0 x 10^-5"],
    [0x0000, 0, "0"],
    [0x7000, 0, "0 x 10^7"],
    [0x8000, 0, "0 x 10^-8"],
    [0x0001, 1_000_000, "1 U"],
    [0xf00c, 1_200_000, "12 x 10^-1"],
    [0xe7fd, 20_450_000, "2045 x 10^-2: the most with two decimals"],
    [0xf0cd, 20_500_000, "205 x 10^-1"],
    [0x07fd, 2_045_000_000, "2045 U, the largest mantissa"],
    [0xa001, 1, "1 x 10^-6: one microunit"],
    [0x8064, 1, "100 x 10^-8: one microunit"],
    [0x900a, 1, "10 x 10^-7: one microunit"],
    [0x900b, undefined, "11 x 10^-7: 1.1 microunits"],
    [0x8063, undefined, "99 x 10^-8: 0.99 microunits"],
    [0x806e, undefined, "110 x 10^-8: 1.1 microunits"],
    [0x7384, 9_000_000_000_000_000, "900 x 10^7"],
    [0x7385, undefined, "901 x 10^7, over 2^53 microunits"],
    [0x77fd, undefined, "2045 x 10^7, over 2^53 microunits"],
    [SFLOAT_NAN, undefined, "NaN"],
    [0x07fe, undefined, "+INFINITY"],
    [0x0800, undefined, "NRes"],
    [0x0801, undefined, "reserved"],
    [0x0802, undefined, "-INFINITY"],
    [0x0803, undefined, "-2045"],
    [0x0fff, undefined, "-1"],
    [0xefff, undefined, "-1 x 10^-2"],
    [0xe7fe, undefined, "a special mantissa with an exponent"],
    [0xe7ff, undefined, "a special mantissa with an exponent"],
    [0xe800, undefined, "a special mantissa with an exponent"],
    [0xe801, undefined, "a special mantissa with an exponent"],
    [0xe802, undefined, "a special mantissa with an exponent"],
  ];
  for (const [raw, amount, what] of vectors)
    it(`${amount === undefined ? "has no amount for" : "decodes"} 0x${raw.toString(16).padStart(4, "0")}, ${what}`, () =>
      assert.equal(decodeSfloatMicrounits(raw), amount));

  it("agrees with the definition on every one of the 65,536 values", () => {
    for (let raw = 0; raw <= 0xffff; raw++) {
      const { mantissa, exponent } = meaning(raw, SFLOAT);
      // Scaled by 10^8 so that the smallest exponent leaves an integer.
      const scaled = mantissa * 10n ** (exponent + 6n + 2n);
      const exact = mantissa >= 0n && mantissa <= 2045n && scaled % 100n === 0n && scaled / 100n < 2n ** 53n;
      const amount = decodeSfloatMicrounits(raw);
      if (amount === undefined ? exact : !exact || BigInt(amount) !== scaled / 100n)
        assert.fail(`0x${raw.toString(16)} decoded as ${amount}`);
    }
  });

  it("throws on what is no u16", () => {
    for (const raw of [-1, 0x10000, 0.5, Number.NaN]) assert.throws(() => decodeSfloatMicrounits(raw), /invariant/);
  });
});

describe("microunits to SFLOAT and FLOAT", () => {
  const vectors: readonly (readonly [amount: number, down: number, up: number, what: string])[] = [
    [0, 0x0000, 0x0000, "zero"],
    [1, 0xa001, 0xa001, "one microunit"],
    [50_000, 0xe005, 0xe005, "0.05 U in its fewest digits"],
    [1_000_000, 0x0001, 0x0001, "1 U in its fewest digits"],
    [20_000_000, 0x1002, 0x1002, "20 U in its fewest digits"],
    [20_450_000, 0xe7fd, 0xe7fd, "20.45 U, the largest mantissa"],
    [20_450_001, 0xe7fd, 0xf0cd, "just over 20.45 U: 2046 would be +INFINITY, so up goes to 20.5 U"],
    [20_460_000, 0xf0cc, 0xf0cd, "20.46 U, between 20.4 and 20.5"],
    [20_500_000, 0xf0cd, 0xf0cd, "20.50 U"],
    [20_550_000, 0xf0cd, 0xf0ce, "20.55 U"],
    [20_004_000, 0xe7d0, 0xe7d1, "20.004 U, inexact: the finest, 2000 and 2001 x 10^-2"],
    [300_000_000, 0x2003, 0x2003, "300 U"],
    [299_999_999, 0x0000 + 299, 0x0000 + 300, "a hair under 300 U"],
    [204_599_999, 0xf7fd, 0x0000 + 205, "a carry into a coarser exponent"],
    [9_000_000_000_000_000, 0x7384, 0x7384, "9 x 10^9 U: the exponent ends at 7"],
    [Number.MAX_SAFE_INTEGER, 0x7384, 0x7385, "the largest amount"],
  ];
  for (const [amount, down, up, what] of vectors)
    it(`encodes ${amount} microunits as an SFLOAT: ${what}`, () => {
      assert.equal(encodeSfloatMicrounits(microunits(amount), "down").toString(16), down.toString(16));
      assert.equal(encodeSfloatMicrounits(microunits(amount), "up").toString(16), up.toString(16));
      assert.equal(encodeSfloatExact(microunits(amount)), down === up ? down : undefined);
    });

  const floats: readonly (readonly [amount: number, down: number, up: number, what: string])[] = [
    [0, 0x00000000, 0x00000000, "zero"],
    [1, 0xfa000001, 0xfa000001, "one microunit"],
    [50_000, 0xfe000005, 0xfe000005, "0.05 U"],
    [20_000_000, 0x01000002, 0x01000002, "20 U"],
    [8_388_605, 0xfa7ffffd, 0xfa7ffffd, "the largest mantissa"],
    [8_388_606, 0xfb0ccccc, 0xfb0ccccd, "one more: 838860 and 838861 x 10^-5"],
    [83_886_051, 0xfb7ffffd, 0xfc0ccccd, "a carry into a coarser exponent"],
    [Number.MAX_SAFE_INTEGER, 0x040dbe6f, 0x040dbe70, "the largest amount"],
  ];
  for (const [amount, down, up, what] of floats)
    it(`encodes ${amount} microunits as a FLOAT: ${what}`, () => {
      assert.equal(encodeFloatMicrounits(microunits(amount), "down").toString(16), down.toString(16));
      assert.equal(encodeFloatMicrounits(microunits(amount), "up").toString(16), up.toString(16));
    });

  it("is exact in steps of 0.05 U to 20.50 U and of 0.01 U to 20.45 U, and no further", () => {
    const hundredth = MICROUNITS_PER_UNIT / 100;
    for (let step = 0; step <= 2045; step++) assert.ok(encodeSfloatExact(microunits(step * hundredth)) !== undefined);
    for (let step = 0; step <= 410; step++)
      assert.ok(encodeSfloatExact(microunits(step * 5 * hundredth)) !== undefined);
    assert.equal(encodeSfloatExact(microunits(2046 * hundredth)), undefined);
    assert.equal(encodeSfloatExact(microunits(411 * 5 * hundredth)), undefined);
  });

  it("throws on a negative amount", () => {
    const debt = microunits(-1);
    assert.throws(() => encodeSfloatMicrounits(debt, "down"), /invariant/);
    assert.throws(() => encodeFloatMicrounits(debt, "up"), /invariant/);
    assert.throws(() => encodeSfloatExact(debt), /invariant/);
  });

  it(`gives an exact SFLOAT back as the amount it came from, by every rounding (seed ${SEED})`, () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), (raw) => {
        const amount = decodeSfloatMicrounits(raw);
        if (amount === undefined) return;
        const exact = encodeSfloatExact(amount);
        assert.ok(exact !== undefined);
        assert.equal(decodeSfloatMicrounits(exact), amount);
        for (const rounding of ROUNDINGS) assert.equal(encodeSfloatMicrounits(amount, rounding), exact);
        const { mantissa, exponent } = meaning(exact, SFLOAT);
        assert.ok(mantissa % 10n !== 0n || exponent === 7n || exact === 0, "no digit to spare");
      }),
      RUNS,
    ));

  it(`rounds to the finest exponent that holds the amount, in the direction asked for (seed ${SEED})`, () =>
    fc.assert(
      fc.property(amounts, (amount) => {
        for (const rounding of ROUNDINGS) {
          const sfloat = encodeSfloatMicrounits(microunits(amount), rounding);
          assert.equal(decoded(sfloat, SFLOAT), finest(amount, rounding, SFLOAT));
          assert.ok(sfloat <= 0xffff && meaning(sfloat, SFLOAT).mantissa <= SFLOAT.mantissaMax);
          const float = encodeFloatMicrounits(microunits(amount), rounding);
          assert.equal(decoded(float, FLOAT), finest(amount, rounding, FLOAT));
          assert.ok(float <= 0xffffffff && meaning(float, FLOAT).mantissa <= FLOAT.mantissaMax);
        }
      }),
      RUNS,
    ));

  it(`errs to its side only, by less than 1/204 of the amount, by 1/838,860 in a FLOAT (seed ${SEED})`, () =>
    fc.assert(
      fc.property(amounts, (amount) => {
        for (const [encode, format, share] of [
          [encodeSfloatMicrounits, SFLOAT, 204n],
          [encodeFloatMicrounits, FLOAT, 838_860n],
        ] as const) {
          const below = BigInt(amount) - decoded(encode(microunits(amount), "down"), format);
          const above = decoded(encode(microunits(amount), "up"), format) - BigInt(amount);
          assert.ok(below >= 0n && above >= 0n);
          assert.ok(below * share <= BigInt(amount) && above * share <= BigInt(amount));
          assert.equal(below === 0n, above === 0n);
        }
      }),
      RUNS,
    ));
});
