/** Days played on a simulated pump: what becomes of each entry, and what the plant received for it. */

import { strict as assert } from "node:assert";
import { bolus, doseReceivedMicrounits, inShort, playDay, resume, SEED, suspend, tempBasal } from "./bench.js";

/** One half-step of the rig is 1,256 microunits: what carrying the remainder can shift between two doses. */
const HALF_STEP_MICROUNITS = 1_257;

describe(`a day played, seed ${SEED}`, () => {
  it("shows a refused dose as refused, moves nothing for it, and goes on (SR-43)", () => {
    const { played, operator } = playDay([bolus(0, 12_000_000), tempBasal(60, 6_000_000, 30), bolus(120, 200_000)]);
    assert.deepEqual(played.map(inShort), ["refused OutOfRange", "refused OutOfRange", "delivered 200000"]);
    const [refused, , delivered] = played;
    assert.ok(refused !== undefined && delivered !== undefined);
    assert.equal(refused.received, undefined);
    assert.equal(refused.doseId, undefined);
    assert.ok(Math.abs(doseReceivedMicrounits(delivered) - 200_000) <= HALF_STEP_MICROUNITS);
    // 0.2 U and at most a basal pulse are all that ever moved.
    assert.ok(operator.world.hardware.plant.displacedMicrounits < 255_000);
  });

  it("suspends in the middle of a bolus, and reports what the plant received of it (SR-36, SR-62)", () => {
    const { played, end } = playDay([
      bolus(0, 2_000_000),
      suspend(20),
      bolus(30, 100_000),
      tempBasal(31, 1_000_000, 30),
      resume(40),
      resume(41),
      bolus(50, 100_000),
    ]);
    const [stop, dose, ...rest] = played;
    assert.ok(stop !== undefined && dose !== undefined);
    assert.equal(stop.entry.event, "suspend");
    assert.equal(inShort(stop), "applied");
    assert.ok(stop.atMs >= 20_000 && stop.atMs < 21_000, `${stop.atMs} ms`);
    assert.ok(dose.outcome.kind === "stopped");
    const { lowMicrounits, highMicrounits } = dose.outcome;
    assert.ok(lowMicrounits === highMicrounits && highMicrounits >= 400_000 && highMicrounits <= 550_000);
    assert.ok(Math.abs(doseReceivedMicrounits(dose) - highMicrounits) <= HALF_STEP_MICROUNITS);
    assert.deepEqual(rest.map(inShort), [
      "refused NotApplicable",
      "refused NotApplicable",
      "applied",
      "refused NotApplicable",
      "delivered 100000",
    ]);
    assert.equal(end.status?.therapyControlState, "run");
  });

  it("waits for a bolus before it orders the next, and tells when it did (SR-37)", () => {
    const { played } = playDay([bolus(100, 500_000), bolus(100, 300_000), bolus(103, 100_000)]);
    assert.deepEqual(played.map(inShort), ["delivered 500000", "delivered 300000", "delivered 100000"]);
    const times = played.map(({ atMs }) => atMs);
    const [first = 0, second = 0, third = 0] = times;
    assert.ok(first >= 100_000 && first < 101_000, `${times}`);
    assert.ok(second - first >= 18_000 && second - first < 30_000, `${times}`);
    assert.ok(third - second >= 10_000 && third - second < 20_000, `${times}`);
    for (const [index, amountMicrounits] of [500_000, 300_000, 100_000].entries()) {
      const dose = played[index];
      assert.ok(dose !== undefined);
      assert.ok(Math.abs(doseReceivedMicrounits(dose) - amountMicrounits) <= HALF_STEP_MICROUNITS);
    }
  });

  it("sets a temporary basal during a bolus, which goes on", () => {
    const { played } = playDay([bolus(0, 1_000_000), tempBasal(10, 0, 30)]);
    assert.deepEqual(played.map(inShort), ["applied", "delivered 1000000"]);
    assert.ok((played[0]?.atMs ?? 0) < 11_000);
  });

  it("changes a temporary basal that is active, zero included, and starts one where none is (SR-61)", () => {
    const { played, operator } = playDay([
      tempBasal(0, 3_000_000, 60),
      tempBasal(1_800, 0, 30),
      // Right at the end of the one before: it is over, or about to be.
      tempBasal(3_600, 1_000_000, 30),
      tempBasal(3_601, 2_000_000, 1),
      tempBasal(7_200, 0, 60),
    ]);
    assert.deepEqual(played.map(inShort), Array(5).fill("applied"));
    // 3 U/h for 30 min, nothing for 30, 2 U/h for one, 0.9 U/h for 59: 2.42 U, to within a pulse.
    const displaced = operator.world.hardware.plant.displacedMicrounits;
    assert.ok(displaced > 2_360_000 && displaced < 2_470_000, `${displaced}`);
  });

  it("sets every temporary basal that is due just when the one before ends, whichever is first", () => {
    const { played } = playDay(Array.from({ length: 9 }, (_, index) => tempBasal(index * 60, index * 100_000, 1)));
    assert.deepEqual(played.map(inShort), Array(9).fill("applied"));
    // Read, Prepare, Challenge, Commit, response are 6; more where the pump refused first: the case did occur.
    assert.ok(played.some(({ radio }) => radio.roundTrips > 6));
  });

  it("disconnects between entries that are apart, and stays connected between those that are not", () => {
    const connections = new Set<number>();
    const { operator } = playDay([tempBasal(0, 0, 30), tempBasal(4, 100_000, 30), tempBasal(300, 0, 30)], (each) => {
      connections.add(each.recorder.newest?.connectionId ?? 0);
    });
    assert.equal(connections.size, 2);
    assert.equal(operator.controller.state.kind, "closed");
  });

  it("counts the air's cost of each entry, more for a bolus that is waited for longer", () => {
    const { played } = playDay([bolus(0, 100_000), bolus(100, 2_000_000), suspend(400)]);
    const [small, large, stop] = played.map(({ radio }) => radio);
    assert.ok(small !== undefined && large !== undefined && stop !== undefined);
    // Prepare, Challenge, Commit, response, Outcome, OutcomeIs: each answered by the link.
    assert.equal(small.roundTrips, 6);
    assert.equal(stop.roundTrips, 2);
    assert.ok(large.roundTrips > 20 && large.bytes > small.bytes);
    assert.ok(small.bytes > 200 && small.bytes < 400, `${small.bytes}`);
  });

  it("tells of a motor that failed in a bolus as it is, and goes on to the end (SR-56)", () => {
    const { played, end } = playDay([suspend(0), resume(60), bolus(120, 500_000), bolus(300, 100_000)], (operator) => {
      if (operator.world.clock.nowMs > 60_000) operator.world.hardware.plant.setJammed(true);
    });
    const [, , failed, refused] = played;
    assert.ok(failed !== undefined && refused !== undefined);
    assert.equal(failed.outcome.kind, "uncertain");
    assert.equal(inShort(refused), "refused NotCompleted");
    assert.equal(end.status?.operationalState, "off");
  });
});
