/** The pump at its edges: rigs it will not run on, exceptions of its own, storage that fails when bonds go. */

import assert from "node:assert/strict";
import type { Board } from "../firmware/board.js";
import { startPump } from "../firmware/pump.js";
import { DEFAULT_RIG, type RigConfig } from "../firmware/rig.js";
import { World, type WorldOptions } from "../host-sim/world.js";
import { bondedWorld, runningWorld } from "./bench.js";
import { withFailingWrites } from "./failingStore.js";

/** A world whose pump finds its board changed by `change` at every power-up from now on. */
function changed(world: World, change: (board: Board) => Board): World {
  const { hardware } = world;
  const powerUp = hardware.powerUp.bind(hardware);
  hardware.powerUp = (server) => change(powerUp(server));
  return world;
}

const traced = (world: World) => world.hardware.trace.map(({ line }) => line);

function started(options: Partial<WorldOptions>, change: (board: Board) => Board = (board) => board): World {
  const world = changed(new World({ seed: 1, ...options }), change);
  world.powerUp();
  world.clock.advance(10_000);
  return world;
}

describe("pump: start", () => {
  it("does not run on a rig over the ceilings: coils off, nothing on the air, the reason shown (SR-42, SR-58)", () => {
    const limits = {
      ...DEFAULT_RIG.limits,
      bolusMaxMicrounits: 25_000_001 as typeof DEFAULT_RIG.limits.bolusMaxMicrounits,
    };
    const rig: RigConfig = { ...DEFAULT_RIG, limits };
    const world = started({ rig });
    assert.deepEqual(world.hardware.display.slice(0, 2), ["FAULT", "The pump does not start"]);
    assert.match(world.hardware.display[2] ?? "", /^rig: limits\.bolusMaxMicrounits is 25000001/);
    assert.deepEqual(world.hardware.crashes, []);
    assert.equal(world.hardware.plant.commandedHalfSteps, 0);
    for (const pin of [16, 17, 18, 19]) assert.equal(world.hardware.outputLevel(pin), 0);
    world.clock.advance(3_600_000);
    assert.equal(world.hardware.plant.commandedHalfSteps, 0);
  });

  it("says that it does not start whatever the hardware throws, and restarts no further (SR-52)", () => {
    for (const [thrown, shown] of [
      [new Error("no such pin"), "no such pin"],
      ["a string", "unknown"],
    ] as const) {
      const lines: (readonly string[])[] = [];
      const trace: string[] = [];
      const world = new World({ seed: 1 });
      changed(world, (board) => {
        const broken: Board = {
          ...board,
          show: (shownLines) => lines.push(shownLines),
          trace: (line) => trace.push(line),
          PulseCount: class {
            constructor() {
              throw thrown;
            }
            read = () => 0;
            close(): void {}
          },
        };
        return broken;
      });
      world.powerUp();
      assert.deepEqual(lines, [["FAULT", "The pump does not start", shown]]);
      assert.deepEqual(trace, [`fault: the pump does not start: ${shown}`]);
      assert.deepEqual(world.hardware.crashes, []);
    }
  });

  it("is started by startPump alone, which lets nothing out (SR-02)", () => {
    const board: Partial<Board> = { trace: () => {}, show: () => {} };
    assert.doesNotThrow(() => startPump(board as Board));
  });
});

describe("pump: exceptions of its own", () => {
  it("latch a fault, stop the motor and name themselves, without a restart (SR-02, SR-56)", () => {
    const { world } = runningWorld({ seed: 7 });
    const failing = { now: false };
    changed(world, (board) => ({
      ...board,
      ticks: () => {
        if (failing.now) {
          failing.now = false;
          throw new Error("out of the blue");
        }
        return board.ticks();
      },
    }));
    world.powerCycle();
    world.clock.advance(1_000);
    const moved = world.hardware.plant.commandedHalfSteps;
    failing.now = true;
    world.clock.advance(3_600_000);
    assert.ok(traced(world).includes("fault: invariant: out of the blue"));
    assert.equal(world.hardware.display[0], "FAULT");
    assert.equal(world.hardware.plant.commandedHalfSteps, moved);
    assert.deepEqual(world.hardware.crashes, []);
  });
});

describe("pump: revoking all bonds", () => {
  it("revokes them until a restart when the storage fails, says just that, and latches a fault (SR-28, SR-52, SR-72)", () => {
    const { world, controller, store } = bondedWorld({ seed: 8 });
    controller.close();
    world.clock.advance(1_000);
    const failing = { now: false };
    changed(world, (board) => withFailingWrites(board, "bonds", () => failing.now));
    world.powerCycle();
    world.clock.advance(1_000);
    failing.now = true;
    world.holdButton(7);
    assert.deepEqual(world.hardware.display, ["FAULT", "Controllers are revoked until a restart only"]);
    assert.ok(traced(world).includes("fault: storage: writing bonds failed"));
    const before = traced(world).length;
    const again = world.controller(store);
    world.await((done: (result: unknown) => void) => again.bolus(50_000 as never, {}, done), 20_000);
    assert.equal(
      traced(world)
        .slice(before)
        .some((line) => line.startsWith("session: opened")),
      false,
    );
    assert.deepEqual(world.hardware.crashes, []);
  });
});

describe("pump: a bare board", () => {
  it("delivers without an encoder, by what it commanded (SR-59)", () => {
    const rig: RigConfig = { ...DEFAULT_RIG, drive: { ...DEFAULT_RIG.drive, encoder: "none" } };
    const { world } = runningWorld({ seed: 9, rig });
    const from = world.hardware.plant.displacedMicrounits;
    world.clock.advance(3_600_000);
    const moved = world.hardware.plant.displacedMicrounits - from;
    assert.ok(Math.abs(moved - 900_000) < 60_000, `${moved}`);
    assert.deepEqual(world.hardware.crashes, []);
  });
});
