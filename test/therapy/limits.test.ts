/** The gate that every source of insulin passes. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { microunits } from "../../firmware/base/units.js";
import { type Delivered, gate } from "../../firmware/therapy/limits.js";
import { NO_DELIVERY } from "../../firmware/therapy/windows.js";
import { closedBins, RIG } from "./bench.js";

const { limits } = RIG;

const deliveredOf = (fields: {
  readonly bins?: readonly number[];
  readonly open?: number;
  readonly reserved?: number;
  readonly reservoir?: number;
}): Delivered => ({
  windows: { ...NO_DELIVERY, closedMicrounits: closedBins(...(fields.bins ?? [])) },
  openHourMicrounits: microunits(fields.open ?? 0),
  reservedMicrounits: microunits(fields.reserved ?? 0),
  reservoirMicrounits: microunits(fields.reservoir ?? 300_000_000),
});

const codeOf = (delivered: Delivered, amount: number) => {
  const passed = gate(limits, delivered, microunits(amount));
  return passed.ok ? "ok" : passed.refusal.toString(16);
};

describe("limits", () => {
  it("let the reservoir be emptied and not overdrawn, the bolus under way counted (SR-45)", () => {
    assert.equal(codeOf(deliveredOf({ reservoir: 1_000_000 }), 1_000_000), "ok");
    assert.equal(codeOf(deliveredOf({ reservoir: 1_000_000 }), 1_000_001), "72");
    assert.equal(codeOf(deliveredOf({ reservoir: 1_000_000, reserved: 400_000 }), 600_000), "ok");
    assert.equal(codeOf(deliveredOf({ reservoir: 1_000_000, reserved: 400_000 }), 600_001), "72");
  });

  it("let the hour's limit be reached and not passed: open hour, hour before, rest of a bolus (SR-44)", () => {
    const almost = deliveredOf({ bins: [4_000_000], open: 5_000_000, reserved: 1_000_000 });
    assert.equal(codeOf(almost, 5_000_000), "ok");
    assert.equal(codeOf(almost, 5_000_001), "75");
    const older = deliveredOf({ bins: [0, 14_000_000] });
    assert.equal(codeOf(older, 10_000_000), "ok");
  });

  it("let the day's limit be reached and not passed: all 25 bins and the rest of a bolus (SR-44)", () => {
    const bins = Array.from({ length: 24 }, (_, i) => (i === 0 ? 0 : 3_000_000));
    const almost = deliveredOf({ bins, open: 1_000_000, reserved: 1_000_000 });
    assert.equal(codeOf(almost, 9_000_000), "ok");
    assert.equal(codeOf(almost, 9_000_001), "75");
  });

  it("name the reservoir before the windows", () => {
    assert.equal(codeOf(deliveredOf({ open: 15_000_000, reservoir: 0 }), 1), "72");
  });

  it("never let more through than any limit leaves (SR-44, SR-45)", () => {
    const amount = fc.nat(20_000_000);
    fc.assert(
      fc.property(
        fc.array(fc.nat(4_000_000), { maxLength: 24 }),
        amount,
        amount,
        amount,
        (bins, open, reserved, asked) => {
          const passed = codeOf(deliveredOf({ bins, open, reserved }), asked) === "ok";
          const day = bins.reduce((sum, bin) => sum + bin, 0) + open + reserved + asked;
          const hour = (bins[0] ?? 0) + open + reserved + asked;
          assert.equal(passed, hour <= 15_000_000 && day <= 80_000_000);
        },
      ),
      { seed: 41, numRuns: 300 },
    );
  });
});
