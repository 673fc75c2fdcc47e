/** The calibration: its bytes, its bounds, the rig that follows, and what a loss makes of it. */

import assert from "node:assert/strict";
import { microunits } from "../../firmware/base/units.js";
import {
  CALIBRATION_BLOB,
  type Calibration,
  calibrated,
  calibrationErrors,
  calibrationInForce,
  FORCE_ZERO_MAX,
  NOMINAL,
} from "../../firmware/motor/calibration.js";
import { DEFAULT_RIG, type RigConfig, rigErrors } from "../../firmware/rig.js";

const NOMINAL_MICROUNITS = DEFAULT_RIG.drive.insulinPerTurnMicrounits;
const of = (insulin: number, forceZero = 0): Calibration => ({
  insulinPerTurnMicrounits: microunits(insulin),
  forceZero,
});

describe("calibration", () => {
  it("comes back from its bytes as it was, and is none with another length", () => {
    for (const given of [NOMINAL, of(5_000_001, 7), { ...NOMINAL, forceZero: 65_535 }]) {
      const bytes = CALIBRATION_BLOB.encode(given);
      assert.deepEqual(CALIBRATION_BLOB.decode(bytes), given);
      assert.equal(CALIBRATION_BLOB.decode(bytes.slice(1)), undefined);
    }
  });

  it("is plausible to within 5 % of nominal and 10 % of the force sensor's scale, and not a microunit more (SR-92)", () => {
    const most = Math.floor(NOMINAL_MICROUNITS * 1.05);
    const least = Math.ceil(NOMINAL_MICROUNITS * 0.95);
    for (const fine of [of(most), of(least), of(NOMINAL_MICROUNITS, FORCE_ZERO_MAX), NOMINAL]) {
      assert.deepEqual(calibrationErrors(DEFAULT_RIG, fine), []);
      assert.deepEqual(rigErrors(calibrated(DEFAULT_RIG, fine)), []);
    }
    for (const wrong of [
      of(most + 1),
      of(least - 1),
      of(1),
      of(0xffffffff),
      of(NOMINAL_MICROUNITS, FORCE_ZERO_MAX + 1),
    ])
      assert.notDeepEqual(calibrationErrors(DEFAULT_RIG, wrong), []);
  });

  it("replaces the insulin of a turn, and of the stroke, and puts both thresholds of force above the zero, and nothing else (SR-57, SR-129)", () => {
    const rig = calibrated(DEFAULT_RIG, of(5_000_000, 6_553));
    const { drive } = rig;
    assert.equal(drive.insulinPerTurnMicrounits, 5_000_000);
    assert.ok(Math.abs(drive.occlusionForceFraction - 0.6) < 1e-4);
    assert.ok(Math.abs(rig.reservoir.contactForceFraction - 0.12) < 1e-4);
    assert.equal(rig.reservoir.strokeMicrounits, 300_130_320);
    const { insulinPerTurnMicrounits, occlusionForceFraction } = DEFAULT_RIG.drive;
    const { contactForceFraction, strokeMicrounits } = DEFAULT_RIG.reservoir;
    const back = {
      ...rig,
      drive: { ...drive, insulinPerTurnMicrounits, occlusionForceFraction },
      reservoir: { ...rig.reservoir, contactForceFraction, strokeMicrounits },
    };
    assert.deepEqual(back, DEFAULT_RIG);
    assert.deepEqual(calibrated(DEFAULT_RIG, NOMINAL), DEFAULT_RIG);
  });

  it("is lost when it is bad, gone from a pump that ran on one, or does not fit the rig; never when there was none (SR-93)", () => {
    const value = of(5_200_000, 3);
    const found = calibrationInForce({ kind: "oneCopy", value }, true, DEFAULT_RIG);
    assert.deepEqual([found.calibration, found.lost], [value, false]);
    assert.equal(found.rig.drive.insulinPerTurnMicrounits, 5_200_000);
    assert.equal(calibrationInForce({ kind: "missing" }, false, DEFAULT_RIG).lost, false);
    const other: RigConfig = {
      ...DEFAULT_RIG,
      drive: { ...DEFAULT_RIG.drive, insulinPerTurnMicrounits: microunits(5_600_000) },
    };
    for (const [loaded, expected, rig] of [
      [{ kind: "missing" }, true, DEFAULT_RIG],
      [{ kind: "lost" }, false, DEFAULT_RIG],
      [{ kind: "intact", value }, true, other],
    ] as const) {
      const lost = calibrationInForce(loaded, expected, rig);
      assert.deepEqual(lost, { calibration: NOMINAL, rig, lost: true });
    }
  });
});
