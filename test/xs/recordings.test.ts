/** Recordings on the XS engine: the bytes of pcapng, HCI and ATT, written and read. */

import assert from "node:assert/strict";
import { eligibleFor } from "./eligible.js";
import { engineFor, type ReadyEngine } from "./engine.js";
import { runTests, titlesUnderNode } from "./suites.js";

/** Replays of whole runs take a quarter of a minute there. */
const FILES = ["hostCapture", "listing", "pcapng"];

describe("on the XS engine, recordings", () => {
  let engine: ReadyEngine;
  before(async function () {
    engine = await engineFor(this);
  });

  it("have the bytes that they have under Node", async () => {
    const { files, excluded } = eligibleFor(FILES.map((name) => `test/host-sim/trace/${name}.test.ts`));
    assert.deepEqual(excluded, [], "tests that need Node");
    assert.equal(files.length, FILES.length);
    const { passed, failed } = await runTests(engine, "recordings", files);
    assert.deepEqual(failed, []);
    assert.deepEqual(passed, titlesUnderNode(files));
  }).timeout(120_000);
});
