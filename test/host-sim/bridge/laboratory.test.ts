/** The laboratory: PROTOCOL.md 10.2, row by row, and the power of a pump that runs by itself. */

import assert from "node:assert/strict";
import { Laboratory } from "../../../host-sim/bridge/laboratory.js";
import { PowerSupply } from "../../../host-sim/bridge/powerSupply.js";
import type { BridgeEvent } from "../../../host-sim/bridge/requestSocket.js";
import type { World } from "../../../host-sim/world.js";
import { runningWorld } from "../../bench.js";
import { bridgedWorld, LineClient } from "./bench.js";

/** A world of a laboratory, which skips time as soon as it is asked to. */
function laboratory(of: World = bridgedWorld({ seed: 5 }).world) {
  const world = of;
  const switched: boolean[] = [];
  const supply = new PowerSupply(world, (powered) => switched.push(powered));
  world.hardware.panel.listener = { onShown() {}, onTraced() {}, onCrashed: () => supply.restarts() };
  const skips: number[] = [];
  const connecting = { now: false };
  const bench = { world, supply, isConnecting: () => connecting.now, skip: (ms: number) => skips.push(ms) };
  const client = new LineClient((port) => new Laboratory(bench, port));
  /** Asks, and gives the one answer that comes at once. */
  const ask = (request: object): BridgeEvent => {
    client.send(request);
    const [answer, ...more] = client.told();
    assert.ok(answer !== undefined && more.length === 0, JSON.stringify([request, answer, more]));
    return answer;
  };
  return { world, supply, switched, skips, connecting, client, ask };
}

const done = (what: string) => ({ event: "done", do: what });

describe("the laboratory", () => {
  it("presses the button for as long and as often as asked, and is done at the last release", () => {
    const { world, client, ask } = laboratory();
    const startMs = world.clock.nowMs;
    client.onEvent = () => assert.equal(world.clock.nowMs, startMs + 100 + 200 + 150 + 200 + 120);
    client.send({ do: "press", ms: [100, 150, 120] });
    world.clock.advance(769);
    assert.deepEqual(client.told(), []);
    world.clock.advance(1);
    assert.deepEqual(client.told(), [done("press")]);
    client.onEvent = undefined;
    world.clock.advance(1_000);
    const { display } = ask({ do: "observe" }) as unknown as { readonly display: readonly string[] };
    assert.match(display.join(" "), /^Pair [A-Z2-7]{42}$/);
  });

  it("keeps the gap asked for: four taps with 700 ms between them are no gesture of four", () => {
    const { world, client } = laboratory();
    client.send({ do: "press", ms: [100, 100, 100, 100], gapMs: 700 });
    world.clock.advance(10_000);
    assert.deepEqual(client.told(), [done("press")]);
    assert.ok(!world.hardware.display.includes("Pair"), `${world.hardware.display}`);
  });

  it("carries a second request out after the press before it", () => {
    const { world, client } = laboratory();
    client.send({ do: "press", ms: [1_000] }, { do: "observe" });
    assert.deepEqual(client.told(), []);
    world.clock.advance(1_000);
    assert.deepEqual(
      client.told().map((each) => each["do"]),
      ["press", "observe"],
    );
  });

  it("blocks the line and frees it: what was displaced meanwhile comes then", () => {
    const { world, controller } = runningWorld({ seed: 6 });
    const { ask } = laboratory(world);
    assert.deepEqual(ask({ do: "occlude" }), done("occlude"));
    const bolus = world.await((end: Parameters<typeof controller.bolus>[2]) => controller.bolus(200_000, {}, end));
    assert.equal(bolus?.kind, "ok");
    world.clock.advance(20_000);
    const blocked = ask({ do: "observe" });
    assert.ok((blocked["displacedMicrounits"] as number) > 190_000);
    assert.equal(blocked["receivedMicrounits"], 0);
    assert.deepEqual(ask({ do: "clear" }), done("clear"));
    world.clock.advance(60_000);
    const freed = ask({ do: "observe" });
    assert.equal(freed["receivedMicrounits"], freed["displacedMicrounits"]);
    assert.equal(freed["halfSteps"], world.hardware.plant.rotorHalfSteps);
  });

  it("empties the reservoir: the motor turns on, and nothing comes", () => {
    const { world, controller } = runningWorld({ seed: 7 });
    const { ask } = laboratory(world);
    assert.deepEqual(ask({ do: "empty" }), done("empty"));
    assert.equal(world.hardware.plant.reservoirMicrounits, 0);
    const before = ask({ do: "observe" });
    world.await((end: Parameters<typeof controller.bolus>[2]) => controller.bolus(200_000, {}, end));
    world.clock.advance(20_000);
    const after = ask({ do: "observe" });
    assert.ok((after["halfSteps"] as number) > (before["halfSteps"] as number) + 100);
    assert.equal(after["displacedMicrounits"], before["displacedMicrounits"]);
  });

  it("puts another cartridge in, and says why not while the drive is in its way (SR-129)", () => {
    const { world } = runningWorld({ seed: 7 });
    const { ask } = laboratory(world);
    const { plant } = world.hardware;
    plant.turnScrew(10_000);
    const what = "line 1: load: no cartridge was put in: the pusher is in the way: withdraw it first";
    assert.deepEqual(ask({ do: "load", microunits: 300_000_000 }), { event: "error", do: "load", what });
    plant.turnScrew(-10_000);
    assert.deepEqual(ask({ do: "load", microunits: 120_000_000 }), done("load"));
    assert.equal(plant.reservoirMicrounits, 120_000_000);
  });

  it("takes the power and gives it back, once each", () => {
    const { world, switched, ask } = laboratory();
    for (const what of ["cut", "cut"]) assert.deepEqual(ask({ do: what }), done(what));
    const dark = ask({ do: "observe" });
    assert.equal(dark["powered"], false);
    assert.deepEqual(dark["display"], []);
    world.clock.advance(5_000);
    assert.equal(world.hardware.powered, false);
    for (const what of ["restore", "restore"]) assert.deepEqual(ask({ do: what }), done(what));
    assert.equal(ask({ do: "observe" })["powered"], true);
    assert.deepEqual(switched, [false, true]);
  });

  it("stalls the next callback of the firmware, and no other", () => {
    const { world, ask } = laboratory();
    assert.deepEqual(ask({ do: "stall", ms: 400 }), done("stall"));
    const { clock, hardware } = world;
    const startMs = clock.nowMs;
    const ranMs: number[] = [];
    hardware.post(() => ranMs.push(clock.nowMs - startMs));
    clock.advance(0);
    hardware.post(() => ranMs.push(clock.nowMs - startMs));
    clock.advance(400);
    hardware.post(() => ranMs.push(clock.nowMs - startMs));
    clock.advance(400);
    assert.deepEqual(ranMs, [400, 400, 400]);
  });

  it("lets time pass at once, but not while a central is connected", () => {
    const { world, skips, connecting, client, ask } = laboratory();
    client.send({ do: "advance", ms: 3_600_000 });
    assert.deepEqual(skips, [3_600_000]);
    assert.deepEqual(client.told(), []);
    world.clock.advance(3_600_000);
    assert.deepEqual(client.told(), [done("advance")]);
    connecting.now = true;
    const what = "line 2: advance: a central is connected: let it disconnect first";
    assert.deepEqual(ask({ do: "advance", ms: 1 }), { event: "error", do: "advance", what });
    assert.deepEqual(skips, [3_600_000]);
  });

  it("makes the entropy source repeat itself, and work again", () => {
    const { world, ask } = laboratory();
    assert.deepEqual(ask({ do: "stopEntropy" }), done("stopEntropy"));
    const { entropy } = world.hardware;
    assert.deepEqual(entropy.draw(32), entropy.draw(32));
    assert.deepEqual(ask({ do: "startEntropy" }), done("startEntropy"));
    assert.notDeepEqual(entropy.draw(32), entropy.draw(32));
  });

  it("observes what there is to see, in a line that a client can take", () => {
    const { world, client, ask } = laboratory();
    const { display, trace, ...rest } = ask({ do: "observe" });
    assert.deepEqual(rest, {
      ...done("observe"),
      nowMs: 1_000,
      powered: true,
      displacedMicrounits: 0,
      receivedMicrounits: 0,
      halfSteps: 0,
      crashes: 0,
    });
    assert.deepEqual([display, trace], [world.hardware.display, []]);
    for (let i = 0; i < 30; i++) world.hardware.panel.addTrace(0, `line ${i}`);
    const traced = ask({ do: "observe" })["trace"] as readonly string[];
    assert.deepEqual(
      traced,
      Array.from({ length: 20 }, (_, i) => `line ${i + 10}`),
    );
    for (let i = 0; i < 30; i++) world.hardware.panel.addTrace(0, "x".repeat(300));
    let length = 0;
    client.onEvent = (event) => {
      length = JSON.stringify(event).length;
    };
    ask({ do: "observe" });
    assert.ok(length > 1_000 && length <= 4_096, `${length}`);
  });

  for (const request of [
    { do: "press" },
    { do: "press", ms: [] },
    { do: "press", ms: [0] },
    { do: "press", ms: 100 },
    { do: "press", ms: Array(33).fill(1) },
    { do: "stall", ms: 86_400_001 },
    { do: "advance", ms: -1 },
    { do: "occlude", ms: 1 },
    { do: "write" },
  ])
    it(`answers ${JSON.stringify(request).slice(0, 40)} with error, and closes the socket`, () => {
      const { client, ask } = laboratory();
      assert.equal(ask(request).event, "error");
      assert.equal(client.ended, true);
    });
});

describe("the power of a pump that runs by itself", () => {
  const boom = () => {
    throw new Error("boom");
  };

  it("goes when the firmware lets an exception out, and comes back after a second", () => {
    const { world, ask, switched } = laboratory();
    world.hardware.post(boom);
    world.clock.advance(0);
    assert.equal(ask({ do: "observe" })["powered"], false);
    assert.equal(ask({ do: "observe" })["crashes"], 1);
    world.clock.advance(999);
    assert.equal(world.hardware.powered, false);
    world.clock.advance(1);
    assert.equal(world.hardware.powered, true);
    assert.deepEqual(switched, [true]);
  });

  it("stays off when it is cut within that second, until it is given back", () => {
    const { world, ask } = laboratory();
    world.hardware.post(boom);
    world.clock.advance(500);
    ask({ do: "cut" });
    world.clock.advance(10_000);
    assert.equal(world.hardware.powered, false);
    ask({ do: "restore" });
    assert.equal(world.hardware.powered, true);
  });

  it("comes back at once when it is given back within that second", () => {
    const { world, ask } = laboratory();
    world.hardware.post(boom);
    world.clock.advance(500);
    ask({ do: "restore" });
    assert.equal(world.hardware.powered, true);
    ask({ do: "cut" });
    world.clock.advance(10_000);
    assert.equal(world.hardware.powered, false, "the second's end gives no power twice");
  });
});
