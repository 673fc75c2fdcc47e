import assert from "node:assert/strict";
import { encoderCounts, halfSteps, microunits } from "../../firmware/base/units.js";
import { type CheckedMotion, checkMotion, type EncoderState, encoderAtBoot } from "../../firmware/motor/encoder.js";
import { insulinOfCounts, jumpMicrounits } from "../../firmware/motor/geometry.js";
import { DEFAULT_RIG, type DriveConfig } from "../../firmware/rig.js";

/** 4,000 half-steps and 2,400 counts a turn: 40 half-steps are exactly 24 counts. */
const drive: DriveConfig = {
  ...DEFAULT_RIG.drive,
  insulinPerTurnMicrounits: microunits(5_000_000),
  halfStepsPerTurn: { numerator: 4_000, denominator: 1 },
};

const check = (state: EncoderState, steps: number, counts: number, on: DriveConfig = drive): CheckedMotion =>
  checkMotion(on, state, halfSteps(steps), encoderCounts(counts));

/** A state behind its first pulse, so that no jump is allowed any more; the encoder stands at 1,000. */
function tracking(): EncoderState {
  return check(encoderAtBoot(encoderCounts(976)), 40, 1_000).next;
}

describe("motor/encoder", () => {
  it("tolerates two counts either way and no third", () => {
    for (const counts of [1_022, 1_023, 1_024, 1_025, 1_026])
      assert.deepEqual(check(tracking(), 40, counts).check, { kind: "inTolerance" });
    assert.deepEqual(check(tracking(), 40, 1_021).check, { kind: "short", countedCounts: 21, expectedCounts: 24 });
    assert.deepEqual(check(tracking(), 40, 1_027).check, { kind: "over", countedCounts: 27, expectedCounts: 24 });
  });

  it("compares with the exact fraction of a count, not with a rounded one", () => {
    // 37 half-steps are 22.2 counts: 20 is 2.2 short and 24 is 1.8 over.
    assert.equal(check(tracking(), 37, 1_020).check.kind, "short");
    assert.equal(check(tracking(), 37, 1_024).check.kind, "inTolerance");
  });

  for (const [drift, kind] of [
    [-1, "short"],
    [1, "over"],
  ] as const)
    it(`catches a drift of ${drift} count a pulse at the third pulse`, () => {
      let state = tracking();
      const kinds = [1, 2, 3].map((pulse) => {
        const motion = check(state, 40, 1_000 + pulse * (24 + drift));
        state = motion.next;
        return motion.check.kind;
      });
      assert.deepEqual(kinds, ["inTolerance", "inTolerance", kind]);
    });

  it("stays in tolerance over a reservoir of exact motion with a gear ratio that never comes out even", () => {
    const real = DEFAULT_RIG.drive;
    let state = encoderAtBoot(encoderCounts(0));
    let commanded = 0n;
    for (let pulse = 0; pulse < 6_000; pulse++) {
      const steps = pulse % 5 === 0 ? 39 : 40;
      commanded += BigInt(steps);
      const motion = check(state, steps, Number((commanded * 2_400n * 405n) / (64n * 25_792n)), real);
      assert.equal(motion.check.kind, "inTolerance", `pulse ${pulse}`);
      state = motion.next;
    }
  });

  it("reports a stall as short", () => {
    assert.equal(check(tracking(), 40, 1_000).check.kind, "short");
  });

  it("reports motion that nobody commanded as over, at the next pulse and even without half-steps", () => {
    assert.equal(check(tracking(), 0, 1_003).check.kind, "over");
    const motion = check(tracking(), 40, 1_000 + 24 + 30);
    assert.equal(motion.check.kind, "over");
    assert.equal(motion.highMicrounits, insulinOfCounts(drive, 24 + 30 + 2, "up"));
  });

  it("allows a jump of four half-steps at the first pulse after boot, either way, and only there", () => {
    // Four half-steps are 2.4 counts, rounded up to 3, and 2 of tolerance.
    for (const [counts, kind] of [
      [18, "short"],
      [19, "inTolerance"],
      [29, "inTolerance"],
      [30, "over"],
    ] as const) {
      const first = check(encoderAtBoot(encoderCounts(0)), 40, counts);
      assert.equal(first.check.kind, kind);
      assert.equal(check(first.next, 40, counts + 21).check.kind, "short");
    }
  });

  it("counts from behind the jump, so that the jump does not eat the tolerance of later pulses", () => {
    const first = check(encoderAtBoot(encoderCounts(0)), 40, 20);
    assert.equal(check(first.next, 40, 44).check.kind, "inTolerance");
    assert.equal(check(first.next, 40, 42).check.kind, "inTolerance");
    assert.equal(check(first.next, 40, 46).check.kind, "inTolerance");
  });

  it("keeps the allowance for the jump until coils were energised", () => {
    const idle = check(encoderAtBoot(encoderCounts(0)), 0, 0);
    assert.equal(idle.next.phase, "booted");
    assert.equal(check(idle.next, 40, 19).check.kind, "inTolerance");
  });

  it("gives what moved as counts and tolerance, never below zero", () => {
    const stalled = check(tracking(), 40, 1_010);
    assert.equal(stalled.lowMicrounits, insulinOfCounts(drive, 8, "down"));
    assert.equal(stalled.highMicrounits, insulinOfCounts(drive, 12, "up"));
    const none = check(tracking(), 40, 1_001);
    assert.equal(none.lowMicrounits, 0);
    assert.equal(none.highMicrounits, insulinOfCounts(drive, 3, "up"));
    const back = check(tracking(), 40, 990);
    assert.deepEqual([back.lowMicrounits, back.highMicrounits], [0, 0]);
    assert.equal(back.measured, true);
  });

  it("gives what moved in this pulse alone, not since the baseline", () => {
    const one = check(tracking(), 40, 1_024);
    const two = check(one.next, 40, 1_048);
    assert.equal(two.lowMicrounits, insulinOfCounts(drive, 22, "down"));
    assert.equal(two.highMicrounits, insulinOfCounts(drive, 26, "up"));
  });

  it("takes commanded for counted without an encoder, says so, and charges the jump to the first pulse", () => {
    const bare: DriveConfig = { ...drive, encoder: "none" };
    const first = check(encoderAtBoot(encoderCounts(0)), 40, 0, bare);
    assert.deepEqual(first.check, { kind: "inTolerance" });
    assert.equal(first.measured, false);
    assert.equal(first.lowMicrounits, 50_000 - jumpMicrounits(bare));
    assert.equal(first.highMicrounits, 50_000 + jumpMicrounits(bare));
    const second = check(first.next, 40, 0, bare);
    assert.deepEqual([second.lowMicrounits, second.highMicrounits], [50_000, 50_000]);
  });
});
