/** Two weeks of a pump and the person who lives with it: what is asserted stands in life/account.ts. */

import assert from "node:assert/strict";
import { DAYS, live } from "./life/life.js";

/** Three of its four changes of the reservoir lose the power: on the way back, on the way up, and in a priming. */
const SEED = 102;
/** Beside other tests. */
const PATIENCE_MS = 300_000;

describe(`${DAYS} days of life (seed ${SEED})`, () => {
  it("leave plant, outcomes, history, counters and program in agreement every evening (SR-36, SR-38, SR-50, SR-59, SR-60, SR-63, SR-67, SR-76, SR-118, SR-126, SR-127, SR-128, SR-129)", () => {
    const { wrong, lines } = live(SEED, DAYS);
    assert.deepEqual(wrong, [], lines.join("\n"));
  }).timeout(PATIENCE_MS);
});
