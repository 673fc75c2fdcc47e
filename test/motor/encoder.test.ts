import assert from "node:assert/strict";
import { encoderCounts, halfSteps, microunits } from "../../firmware/base/units.js";
import {
  type CheckedMotion,
  checkMotion,
  checkRest,
  type EncoderState,
  encoderAligned,
  encoderAtBoot,
} from "../../firmware/motor/encoder.js";
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

/** A rotor that stood at 0 counts at boot and jumped by `counts` when it was aligned. */
const aligned = (counts: number): EncoderState =>
  encoderAligned(encoderAtBoot(encoderCounts(0)), encoderCounts(counts));

/** A state behind its first pulse, so that no jump is allowed any more; the encoder stands at 1,000. */
function tracking(): EncoderState {
  const atBoot = encoderAtBoot(encoderCounts(976));
  return check(encoderAligned(atBoot, encoderCounts(976)), 40, 1_000).next;
}

describe("motor/encoder", () => {
  it("tolerates two counts either way and no third", () => {
    for (const counts of [1_022, 1_023, 1_024, 1_025, 1_026])
      assert.deepEqual(check(tracking(), 40, counts).check, { kind: "inTolerance" });
    assert.deepEqual(check(tracking(), 40, 1_021).check, { kind: "short", countedCounts: 45, expectedCounts: 48 });
    assert.deepEqual(check(tracking(), 40, 1_027).check, { kind: "over", countedCounts: 51, expectedCounts: 48 });
  });

  it("compares with the exact fraction of a count, not with a rounded one", () => {
    // 77 half-steps since the baseline are 46.2 counts: 20 of this pulse is 2.2 short and 24 is 1.8 over.
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
    let state = aligned(0);
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

  it("allows the alignment a jump of four half-steps, either way, and only it", () => {
    // Four half-steps are 2.4 counts, rounded up to 3, and 2 of tolerance.
    for (const [jumped, kind] of [
      [-6, "short"],
      [-5, "inTolerance"],
      [5, "inTolerance"],
      [6, "over"],
    ] as const) {
      const first = check(aligned(jumped), 40, jumped + 24);
      assert.equal(first.check.kind, kind);
      assert.equal(check(first.next, 40, jumped + 48).check.kind, "inTolerance");
      assert.equal(check(first.next, 40, jumped + 45).check.kind, "short");
    }
    assert.deepEqual(check(aligned(6), 40, 30).check, { kind: "over", countedCounts: 6, expectedCounts: 0 });
  });

  it("finds a stall of the smallest pulse, the first one after boot, whatever the alignment jumped", () => {
    // 7 half-steps are 4.2 counts.
    for (const jumped of [-5, -3, 0, 3, 5]) {
      assert.equal(check(aligned(jumped), 7, jumped).check.kind, "short", `${jumped}`);
      assert.equal(check(aligned(jumped), 7, jumped + 2).check.kind, "short", `${jumped}`);
      assert.equal(check(aligned(jumped), 7, jumped + 4).check.kind, "inTolerance", `${jumped}`);
      assert.equal(check(aligned(jumped), 7, jumped + 7).check.kind, "over", `${jumped}`);
    }
  });

  it("counts from behind the jump, so that the jump does not eat the tolerance of later pulses", () => {
    const first = check(aligned(-4), 40, 20);
    for (const counts of [42, 44, 46]) assert.equal(check(first.next, 40, counts).check.kind, "inTolerance");
    for (const counts of [41, 47]) assert.notEqual(check(first.next, 40, counts).check.kind, "inTolerance");
  });

  it("gives what the alignment moved with the first pulse, and with no later one", () => {
    const first = check(aligned(3), 40, 27);
    assert.equal(first.lowMicrounits, insulinOfCounts(drive, 25, "down"));
    assert.equal(first.highMicrounits, insulinOfCounts(drive, 29, "up"));
    const second = check(first.next, 40, 51);
    assert.equal(second.lowMicrounits, insulinOfCounts(drive, 22, "down"));
    assert.equal(second.highMicrounits, insulinOfCounts(drive, 26, "up"));
  });

  it("keeps the allowance for the jump until the coils were energised, and grants it once", () => {
    const idle = check(encoderAtBoot(encoderCounts(0)), 0, 0);
    assert.equal(idle.next.phase, "booted");
    const state = encoderAligned(idle.next, encoderCounts(-5));
    assert.equal(check(state, 40, 19).check.kind, "inTolerance");
    assert.throws(() => encoderAligned(state, encoderCounts(0)), /invariant: the rotor is aligned already/);
    assert.throws(() => check(idle.next, 1, 0), /invariant: half-steps before the rotor was aligned/);
  });

  it("reports motion before the rotor was aligned, at a pulse without half-steps", () => {
    assert.equal(check(encoderAtBoot(encoderCounts(0)), 0, 3).check.kind, "over");
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
    const first = check(aligned(0), 40, 0, bare);
    assert.deepEqual(first.check, { kind: "inTolerance" });
    assert.equal(first.measured, false);
    assert.equal(first.lowMicrounits, 50_000 - jumpMicrounits(bare));
    assert.equal(first.highMicrounits, 50_000 + jumpMicrounits(bare));
    const second = check(first.next, 40, 0, bare);
    assert.deepEqual([second.lowMicrounits, second.highMicrounits], [50_000, 50_000]);
  });

  it("sees motion at rest beyond two counts since the last pulse, however far that pulse was off (SR-56)", () => {
    const rest = (state: EncoderState, counts: number) => checkRest(drive, state, encoderCounts(counts));
    const behind = check(tracking(), 40, 1_022).next;
    for (const counts of [1_020, 1_022, 1_024]) {
      const { check: found, next } = rest(behind, counts);
      assert.deepEqual([found, next], [{ kind: "inTolerance" }, behind]);
    }
    const over = rest(behind, 1_072);
    assert.deepEqual(over.check, { kind: "over", countedCounts: 50, expectedCounts: 0 });
    assert.equal(over.lowMicrounits, insulinOfCounts(drive, 48, "down"));
    assert.equal(over.highMicrounits, insulinOfCounts(drive, 52, "up"));
    assert.deepEqual(rest(over.next, 1_072).check, { kind: "inTolerance" });
    assert.deepEqual(rest(behind, 1_019).check, { kind: "short", countedCounts: -3, expectedCounts: 0 });
  });

  it("sees nothing at rest without an encoder", () => {
    const bare: DriveConfig = { ...drive, encoder: "none" };
    const motion = checkRest(bare, tracking(), encoderCounts(5_000));
    assert.deepEqual([motion.check, motion.measured, motion.highMicrounits], [{ kind: "inTolerance" }, false, 0]);
  });
});
