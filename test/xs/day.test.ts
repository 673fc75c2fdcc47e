/** One day on two engines. */

import assert from "node:assert/strict";
import { startPump } from "../../firmware/pump.js";
import { bundleFirmware, bundleProgram } from "./bundle.js";
import { engineFor, type ReadyEngine, runOnXs } from "./engine.js";
import { dayLines } from "./on/day.js";

const PROGRAM = `
  import { dayLines } from "./test/xs/on/day.ts";
  import { readOnConsole } from "./test/xs/on/console.ts";
  import { bootMain } from "./test/xs/on/firmware.ts";
  for (const line of dayLines((board) => bootMain(readOnConsole(board)))) print(line);
`;

describe("on the XS engine, the day of npm start", () => {
  let engine: ReadyEngine;
  before(async function () {
    engine = await engineFor(this);
  });

  it("from firmware/main.ts gives Node's bytes on the air, steps, storage and history", async () => {
    const onNode = dayLines(startPump);
    const onXs = runOnXs(engine, await bundleProgram("day", PROGRAM, await bundleFirmware()));
    const at = onNode.findIndex((line, i) => line !== onXs[i]);
    assert.equal(at, -1, `line ${at}: ${onNode[at]} under Node, ${onXs[at]} on XS`);
    assert.equal(onXs.length, onNode.length);
    assert.ok(onNode.includes("crashes: ") && onNode.length > 4_000, "hardly anything happened");
  }).timeout(120_000);
});
