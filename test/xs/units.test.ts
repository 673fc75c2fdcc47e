/** The firmware's unit tests, and those of the simulator's program, on the XS engine. */

import assert from "node:assert/strict";
import { eligibleFor } from "./eligible.js";
import { engineFor, type ReadyEngine } from "./engine.js";
import { runTests, titlesUnderNode } from "./suites.js";

const PARTS = ["base", "bringUp", "command", "ids", "link", "motor", "nonce", "session", "storage", "therapy"];
const FILES = ["boot", "button", "console", "knownAnswers", "pump", "rig"];
/** What the Moddable simulator runs besides. */
const SIMULATOR = ["clock/realTime", "moddable/lineServer", "moddable/steadyClock", "moddable/view"];
/** Campaigns over every byte of every operation, which take many seconds on XS. */
const TOO_LONG = ["test/storage/history-power-cut.test.ts", "test/storage/blob-power-cut.test.ts"];

describe("on the XS engine, unit tests", () => {
  let engine: ReadyEngine;
  before(async function () {
    engine = await engineFor(this);
  });

  it("pass, all of them, known answers of the cryptography among them", async () => {
    const folders = [
      ...PARTS.map((part) => `test/${part}/`),
      ...FILES.map((file) => `test/${file}.test.ts`),
      ...SIMULATOR.map((file) => `test/host-sim/${file}.test.ts`),
    ];
    const { files, excluded } = eligibleFor(folders);
    assert.deepEqual(excluded, [], "tests that need Node");
    const chosen = files.filter((file) => !TOO_LONG.includes(file));
    const { passed, failed } = await runTests(engine, "units", chosen);
    assert.deepEqual(failed, []);
    assert.deepEqual(passed, titlesUnderNode(chosen));
  }).timeout(120_000);
});
