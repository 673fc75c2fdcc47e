import assert from "node:assert/strict";
import * as units from "../../firmware/base/units.js";

const { encoderCounts, halfSteps, microunits, microunitsPerHour, pumpClockMs, uptimeMs } = units;
const BRANDS = { encoderCounts, halfSteps, microunits, microunitsPerHour, pumpClockMs, uptimeMs };

describe("a quantity", () => {
  for (const [name, brand] of Object.entries(BRANDS)) {
    it(`of ${name} is the integer it was made of`, () => {
      for (const value of [0, 1, -1, 2 ** 53 - 1, -(2 ** 53 - 1)]) assert.equal(brand(value), value);
    });

    it(`of ${name} is never made of a fraction, of no number or beyond 2^53`, () => {
      for (const value of [0.5, -0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53])
        assert.throws(() => brand(value), /invariant: .* is not a safe integer/);
    });
  }
});

describe("the scales", () => {
  it("are a million microunits to the unit, and the clock's", () => {
    assert.equal(units.MICROUNITS_PER_UNIT, 1_000_000);
    assert.equal(units.MS_PER_HOUR, 60 * units.MS_PER_MINUTE);
    assert.equal(units.MS_PER_MINUTE, 60 * 1000);
  });
});
