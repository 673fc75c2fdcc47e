/** The controller as a browser would load it: bundled, and run where there is nothing but the language. */

import { strict as assert } from "node:assert";
import { createContext, runInContext } from "node:vm";
import { buildSync } from "esbuild";
import { World } from "../../../host-sim/world.js";
import { MemoryBridge } from "../bridge/memoryBridge.js";

const ENTRY = `
  export { Controller } from "./host-sim/controller/controller.ts";
  export { SocketTransport } from "./host-sim/bridge/socketTransport.ts";
`;

/** What an app does in its page: pair, run, bolus. */
const PAGE = `
  const controller = new countersign.Controller({
    transport: new countersign.SocketTransport(page.openStream, { mtu: 247 }),
    clock: page.clock,
    random: (length) => page.getRandomValues(new Uint8Array(length)),
    store: { read: () => page.blob, write: (blob) => { page.blob = blob; } },
  });
  controller.pair(page.pairingText, (paired) => {
    page.ends.push(paired.kind);
    controller.run(() => true, (ran) => {
      page.ends.push(ran.kind);
      controller.bolus(300000, {}, (given) => page.ends.push(given.kind));
    });
  });
`;

describe("the controller in a browser", () => {
  const bundle = () => {
    const { outputFiles, warnings } = buildSync({
      stdin: { contents: ENTRY, resolveDir: process.cwd(), loader: "ts" },
      bundle: true,
      platform: "browser",
      format: "iife",
      globalName: "countersign",
      write: false,
    });
    assert.deepEqual(warnings, []);
    return outputFiles[0]?.text ?? "";
  };

  it("bundles by itself and gives a dose to a simulated pump through a stream of text", () => {
    const world = new World({ seed: 43 });
    world.powerUp();
    world.clock.advance(1_000);
    const page = {
      openStream: new MemoryBridge(world).openStream,
      clock: world.clock,
      getRandomValues: (bytes: Uint8Array) => crypto.getRandomValues(bytes),
      pairingText: world.openPairing(),
      blob: undefined,
      ends: [] as string[],
    };
    const context = createContext({ page });
    for (const name of ["process", "require", "Buffer", "setTimeout", "TextEncoder", "crypto"])
      assert.equal(runInContext(`typeof ${name}`, context), "undefined");
    runInContext(bundle(), context);
    const before = world.hardware.plant.displacedMicrounits;
    runInContext(PAGE, context);
    world.clock.advance(30_000);
    assert.deepEqual(page.ends, ["ok", "ok", "ok"]);
    const moved = world.hardware.plant.displacedMicrounits - before;
    assert.ok(Math.abs(moved - 300_000) < 1_500, `${moved} µU`);
  });
});
