/** Scenarios of the protocol on the XS engine: the whole firmware, its air and its controller. */

import assert from "node:assert/strict";
import { eligibleFor } from "./eligible.js";
import { engineFor, type ReadyEngine } from "./engine.js";
import { runTests, titlesUnderNode } from "./suites.js";

/** What is about messages, sessions and doses. Those that let days pass (basal, faults, entropy) take minutes on XS. */
const SCENARIOS = [
  "afterwards",
  "badInputOrder",
  "badInputRefusals",
  "limits-single",
  "observe",
  "pairing",
  "pairing-secret",
  "pairing-slots",
  "session",
  "session-again",
];

describe("on the XS engine, scenarios", () => {
  let engine: ReadyEngine;
  before(async function () {
    engine = await engineFor(this);
  });

  it("of pairing, sessions, messages and doses pass", async () => {
    const { files, excluded } = eligibleFor(SCENARIOS.map((name) => `test/scenarios/${name}.test.ts`));
    assert.deepEqual(excluded, [], "tests that need Node");
    assert.equal(files.length, SCENARIOS.length);
    const { passed, failed } = await runTests(engine, "scenarios", files);
    assert.deepEqual(failed, []);
    assert.deepEqual(passed, titlesUnderNode(files));
  }).timeout(120_000);
});
