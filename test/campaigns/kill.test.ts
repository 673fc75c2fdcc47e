/** Pumps and controllers as processes, killed with SIGKILL while boluses are ordered: what is asserted stands in kill/. */

import assert from "node:assert/strict";
import { campaigns } from "./kill/campaign.js";

const SEED = 5;
const PUMPS = 2;
const BOLUSES = 4;
/** In real time, beside other tests: some 15 s on a machine at rest. */
const PATIENCE_MS = 300_000;

describe(`pump and controller, killed -9 in ${BOLUSES} boluses (seed ${SEED})`, () => {
  it("leave every dose accounted for and none doubled (SR-36, SR-37, SR-50)", async () => {
    const lines: string[] = [];
    const options = { seed: SEED, boluses: BOLUSES, print: (line: string) => lines.push(line) };
    const { wrong, kills } = await campaigns(PUMPS, options);
    assert.deepEqual(wrong, [], lines.join("\n"));
    const killed = [...kills.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(killed >= BOLUSES, lines.join("\n"));
  }).timeout(PATIENCE_MS);
});
