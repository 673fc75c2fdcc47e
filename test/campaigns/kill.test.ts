/** Pump and controller as processes, killed with SIGKILL while boluses are ordered: what is asserted stands in kill/. */

import assert from "node:assert/strict";
import { campaign } from "./kill/campaign.js";

const SEED = 5;
const BOLUSES = 3;
const PATIENCE_MS = 300_000;

describe(`pump and controller, killed -9 in ${BOLUSES} boluses (seed ${SEED})`, () => {
  it("leave every dose accounted for and none doubled (SR-36, SR-37)", async () => {
    const lines: string[] = [];
    const { wrong, kills } = await campaign({ seed: SEED, boluses: BOLUSES, print: (line) => lines.push(line) });
    assert.deepEqual(wrong, [], lines.join("\n"));
    assert.ok([...kills.values()].reduce((sum, count) => sum + count, 0) >= BOLUSES, lines.join("\n"));
  }).timeout(PATIENCE_MS);
});
