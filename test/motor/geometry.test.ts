import assert from "node:assert/strict";
import fc from "fast-check";
import { type Microunits, microunits } from "../../firmware/base/units.js";
import {
  insulinOfCounts,
  insulinOfHalfSteps,
  jumpMicrounits,
  planPulse,
  stepDenominator,
} from "../../firmware/motor/geometry.js";
import { DEFAULT_RIG, type DriveConfig } from "../../firmware/rig.js";

const drive = DEFAULT_RIG.drive;
const DENOMINATOR = 405 * 5_119_676;

/** Ideal half-steps of an amount are amount * NUMERATOR / DENOMINATOR. */
const NUMERATOR = 64n * 25_792n;

describe("motor/geometry", () => {
  it("keeps the commanded half-steps less than one below the ideal over any history of pulses", () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: DENOMINATOR - 1 }), (history, start) => {
        let remainder = start;
        let ideal = BigInt(start);
        let commanded = 0n;
        for (const amount of history) {
          const plan = planPulse(drive, microunits(amount), remainder);
          assert.equal(plan.insulinMicrounits, amount);
          assert.equal(plan.remainderBefore, remainder);
          remainder = plan.remainderAfter;
          ideal += BigInt(amount) * NUMERATOR;
          commanded += BigInt(plan.halfSteps);
          const owed = ideal - commanded * BigInt(DENOMINATOR);
          assert.equal(owed, BigInt(remainder));
          assert.ok(owed >= 0n && owed < BigInt(DENOMINATOR));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("is exact at the edges of rounding for other gear ratios and calibrations", () => {
    const rigs = fc
      .record({
        numerator: fc.integer({ min: 1, max: 2 ** 36 }),
        denominator: fc.integer({ min: 1, max: 400 }),
        insulin: fc.integer({ min: 1, max: 10_000_000 }),
        pulse: fc.integer({ min: 1, max: 50_000 }),
        fromTop: fc.integer({ min: 0, max: 3 }),
      })
      .filter(({ denominator, insulin }) => denominator * insulin < 2 ** 32 && denominator * insulin > 3);
    fc.assert(
      fc.property(rigs, ({ numerator, denominator, insulin, pulse, fromTop }) => {
        const other: DriveConfig = {
          ...drive,
          insulinPerTurnMicrounits: microunits(insulin),
          halfStepsPerTurn: { numerator, denominator },
        };
        const over = denominator * insulin;
        const start = over - 1 - fromTop;
        const plan = planPulse(other, microunits(pulse), start);
        const total = BigInt(pulse) * BigInt(numerator) + BigInt(start);
        assert.equal(BigInt(plan.halfSteps), total / BigInt(over));
        assert.equal(BigInt(plan.remainderAfter), total % BigInt(over));
      }),
      { numRuns: 500 },
    );
  });

  it("plans the default rig's pulses as its geometry says", () => {
    assert.equal(stepDenominator(drive), DENOMINATOR);
    assert.equal(planPulse(drive, microunits(50_000), 0).halfSteps, 39);
    assert.equal(planPulse(drive, microunits(50_000), DENOMINATOR - 1).halfSteps, 40);
    assert.deepEqual(planPulse(drive, microunits(10), 0), {
      insulinMicrounits: 10,
      halfSteps: 0,
      remainderBefore: 0,
      remainderAfter: 16_506_880,
    });
  });

  it("refuses a pulse that is nothing, negative, fractional or over the largest", () => {
    for (const amount of [0, -1, 50_001, 0.5, Number.NaN])
      assert.throws(() => planPulse(drive, amount as Microunits, 0), /invariant: a pulse of/);
    planPulse(drive, microunits(1), 0);
    planPulse(drive, microunits(50_000), 0);
  });

  it("refuses a remainder that is not a fraction of this drive's half-step", () => {
    for (const remainder of [-1, DENOMINATOR, 0.5, Number.NaN])
      assert.throws(() => planPulse(drive, microunits(1), remainder), /invariant: remainder/);
  });

  it("refuses a geometry whose remainder does not fit 32 bits or whose products are not exact", () => {
    const geometry = (numerator: number, denominator: number, insulin: number): DriveConfig => ({
      ...drive,
      insulinPerTurnMicrounits: microunits(insulin),
      halfStepsPerTurn: { numerator, denominator },
    });
    assert.equal(stepDenominator(geometry(1, 1, 2 ** 32 - 1)), 2 ** 32 - 1);
    assert.throws(() => stepDenominator(geometry(1, 2, 2 ** 31)), /does not fit 32 bits/);
    assert.throws(() => stepDenominator(geometry(2 ** 40, 1, 1)), /not an exact integer/);
    for (const [n, d, i] of [
      [0, 1, 1],
      [1, 0, 1],
      [1, 1, 0],
      [1.5, 1, 1],
    ] as const)
      assert.throws(() => stepDenominator(geometry(n, d, i)), /not a positive integer/);
  });

  it("rounds a jump of four half-steps up", () => {
    const jump = BigInt(jumpMicrounits(drive));
    assert.ok(jump * NUMERATOR >= 4n * BigInt(DENOMINATOR));
    assert.ok((jump - 1n) * NUMERATOR < 4n * BigInt(DENOMINATOR));
  });

  it("rounds the insulin of counts and half-steps down and up, backwards motion included", () => {
    assert.equal(insulinOfCounts(drive, 2_400, "down"), 5_119_676);
    assert.equal(insulinOfCounts(drive, 2_400, "up"), 5_119_676);
    assert.equal(insulinOfCounts(drive, 1, "down"), 2_133);
    assert.equal(insulinOfCounts(drive, 1, "up"), 2_134);
    assert.equal(insulinOfCounts(drive, -1, "down"), -2_134);
    assert.equal(insulinOfCounts(drive, -1, "up"), -2_133);
    assert.equal(insulinOfCounts(drive, 0, "up"), 0);
    assert.equal(insulinOfHalfSteps(drive, 1, "down"), 1_256);
    assert.equal(insulinOfHalfSteps(drive, 1, "up"), 1_257);
  });

  it("refuses counts of a drive without encoder", () => {
    assert.throws(() => insulinOfCounts({ ...drive, encoder: "none" }, 1, "up"), /without encoder/);
  });
});
