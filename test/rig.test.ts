/** What a rig may be, and what the default one is. */

import assert from "node:assert/strict";
import { microunits, microunitsPerHour } from "../firmware/base/units.js";
import {
  CEILINGS,
  DEFAULT_RIG,
  type DriveConfig,
  type LimitsConfig,
  type RigConfig,
  rigErrors,
} from "../firmware/rig.js";

const withLimits = (limits: Partial<LimitsConfig>): RigConfig => ({
  ...DEFAULT_RIG,
  limits: { ...DEFAULT_RIG.limits, ...limits },
});
const withDrive = (drive: Partial<DriveConfig>): RigConfig => ({
  ...DEFAULT_RIG,
  drive: { ...DEFAULT_RIG.drive, ...drive },
});

describe("rig", () => {
  it("finds nothing wrong with the default rig, nor with the ceilings themselves (SR-42)", () => {
    assert.deepEqual(rigErrors(DEFAULT_RIG), []);
    assert.deepEqual(rigErrors(withLimits(CEILINGS)), []);
  });

  it("refuses every limit over its ceiling, at zero, below it, or not a whole number (SR-42)", () => {
    assert.deepEqual(Object.values(CEILINGS), [25_000_000, 30_000_000, 150_000_000, 30_000_000, 50_000_000]);
    for (const name of Object.keys(CEILINGS) as (keyof LimitsConfig)[])
      for (const value of [CEILINGS[name] + 1, 0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        const errors = rigErrors(withLimits({ [name]: value }));
        assert.ok(
          errors.some((error) => error.startsWith(`limits.${name} is ${value};`)),
          `${name} ${value}`,
        );
      }
  });

  it("has the default limits of the specification (SR-43, SR-44, SR-128)", () => {
    assert.deepEqual(DEFAULT_RIG.limits, {
      bolusMaxMicrounits: 10_000_000,
      hourMaxMicrounits: 15_000_000,
      dayMaxMicrounits: 80_000_000,
      basalMaxMicrounitsPerHour: 5_000_000,
      primingMaxMicrounits: 30_000_000,
    });
  });

  it("refuses a drive that pulses too much, too often or too fast (SR-53, SR-55)", () => {
    for (const [drive, what] of [
      [{ pulseMaxMicrounits: microunits(50_001) }, /pulseMaxMicrounits is over/],
      [{ pulseMaxMicrounits: microunits(0) }, /pulseMaxMicrounits is under/],
      [{ pulseIntervalMs: 1_999 }, /pulseIntervalMs is under/],
      [{ halfStepMs: 2 }, /halfStepMs is under/],
      [{ halfStepMs: 500 }, /a whole pulse takes/],
      [{ holdMs: 600 }, /a whole pulse takes/],
      [{ insulinPerTurnMicrounits: microunits(1) }, /a whole pulse is/],
      [{ insulinPerTurnMicrounits: microunits(0) }, /insulinPerTurnMicrounits is under/],
      [{ halfStepsPerTurn: { numerator: 0, denominator: 0 } }, /halfStepsPerTurn is 0\/0/],
      [{ encoder: { countsPerTurn: 2_399, toleranceCounts: 2 } }, /countsPerTurn is 2399/],
      [{ encoder: { countsPerTurn: 2_400, toleranceCounts: 3 } }, /toleranceCounts is 3/],
      [{ pulseMaxMicrounits: microunits(1_000) }, /basalMaxMicrounitsPerHour is over/],
    ] as const)
      assert.ok(
        rigErrors(withDrive(drive)).some((error) => what.test(error)),
        `${what}`,
      );
  });

  it("refuses a reservoir beyond its stroke, and a touch that is no fraction under an occlusion (SR-129)", () => {
    for (const [reservoir, what] of [
      [{ strokeMicrounits: microunits(285_714_285) }, /provisioning.reservoirMicrounits is over/],

      [{ fillLeastMicrounits: microunits(400_000_000) }, /fillLeastMicrounits is 400000000/],
      [{ lowMicrounits: microunits(-1) }, /lowMicrounits is -1/],
      [{ contactForceFraction: 0 }, /contactForceFraction is 0/],
      [{ contactForceFraction: 0.5 }, /contactForceFraction is 0.5/],
    ] as const)
      assert.ok(
        rigErrors({ ...DEFAULT_RIG, reservoir: { ...DEFAULT_RIG.reservoir, ...reservoir } }).some((e) => what.test(e)),
        `${what}`,
      );
  });

  it("refuses numbers of a drive that are no counts, and a force that is no fraction", () => {
    for (const drive of [
      { holdMs: -1 },
      { settleMs: 0.5 },
      { halfStepMs: Number.NaN },
      { insulinPerTurnMicrounits: 0 as never },
      { occlusionForceFraction: 0 },
      { occlusionForceFraction: 1 },
      { occlusionForceFraction: Number.NaN },
    ])
      assert.equal(rigErrors(withDrive(drive)).length > 0, true, JSON.stringify(drive));
  });

  it("refuses a basal rate at provisioning over its own limit (SR-43)", () => {
    const provisioning = { ...DEFAULT_RIG.provisioning, basalMicrounitsPerHour: microunitsPerHour(5_000_001) };
    assert.deepEqual(rigErrors({ ...DEFAULT_RIG, provisioning }), [
      "provisioning.basalMicrounitsPerHour is over limits.basalMaxMicrounitsPerHour",
    ]);
  });
});
