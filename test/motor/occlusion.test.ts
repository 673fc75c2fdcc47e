import assert from "node:assert/strict";
import { checkForce, OPEN_LINE } from "../../firmware/motor/occlusion.js";
import { DEFAULT_RIG } from "../../firmware/rig.js";

/** Feeds readings pulse by pulse; the threshold of the default rig is 0.5. */
function occludedAfter(readings: readonly number[]): readonly boolean[] {
  let state = OPEN_LINE;
  return readings.map((reading) => {
    const { next, occluded } = checkForce(DEFAULT_RIG.drive, state, reading);
    state = next;
    return occluded;
  });
}

describe("motor/occlusion", () => {
  it("reports an occlusion at the second pulse at or over the threshold", () => {
    assert.deepEqual(occludedAfter([0.1, 0.3, 0.5, 0.6]), [false, false, false, true]);
  });

  it("goes on reporting it while the force stays", () => {
    assert.deepEqual(occludedAfter([0.6, 0.7, 0.8]), [false, true, true]);
  });

  it("takes no single reading for an occlusion, however high", () => {
    assert.deepEqual(occludedAfter([0.1, 1, 0.1, 1, 0.1]), [false, false, false, false, false]);
  });

  it("stays quiet under the threshold", () => {
    assert.deepEqual(occludedAfter([0.49, 0.499, 0.499]), [false, false, false]);
  });

  it("starts afresh once the line is open again", () => {
    assert.deepEqual(occludedAfter([0.6, 0.6, 0.1, 0.6, 0.6]), [false, true, false, false, true]);
  });
});
