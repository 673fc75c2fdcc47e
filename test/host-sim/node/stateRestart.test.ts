/** A pump with a state folder, stopped and killed: what it knows of its insulin agrees with its syringe. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Controller } from "../../../host-sim/controller/controller.js";
import { StateFolder } from "../../../host-sim/node/stateFolder.js";
import { MemoryStore, World } from "../../../host-sim/world.js";

/** More than a half-step of the plant, and what its constants differ by from the firmware's. */
const HALF_STEP_MICROUNITS = 1_300;
const BOLUS_MICROUNITS = 300_000;

type Done<Name extends "open" | "pair" | "resolve" | "deliveredInsulin"> = Parameters<
  Controller[Name]
>[Name extends "pair" ? 1 : 0];

describe("a pump with a state folder", () => {
  let root = "";
  let made = 0;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "countersign-restart-"));
  });
  after(() => rmSync(root, { recursive: true }));

  /** Starts a pump in a folder. `kill` is the end of its process: nothing more is written. */
  function start(folder: string, seed = 31) {
    const state = new StateFolder(folder, seed, 0);
    let alive = true;
    const world: World = new World({
      seed: state.seed,
      earlierStarts: state.earlierStarts,
      ...(state.restored && { restored: state.restored }),
      onChange: (change) => {
        if (alive) state.keep(world.clock.nowMs, change);
      },
    });
    world.powerUp();
    world.clock.advance(1_000);
    const kill = () => {
      alive = false;
      state.close();
    };
    const stop = () => {
      world.hardware.cut();
      kill();
    };
    return { world, kill, stop };
  }

  /** A pump in Run, and the store of the controller that is bonded with it. */
  function running(folder: string) {
    const pump = start(folder);
    const store = new MemoryStore();
    const { world } = pump;
    const controller = world.controller(store);
    const text = world.openPairing();
    assert.equal(world.await((done: Done<"pair">) => controller.pair(text, done))?.kind, "ok");
    assert.equal(world.await((done: Parameters<Controller["run"]>[1]) => controller.run(() => true, done))?.kind, "ok");
    return { ...pump, store, controller };
  }

  /** What a restarted pump says of its insulin, and what its syringe displaced. */
  function account(world: World, store: MemoryStore) {
    const controller = world.controller(store);
    assert.equal(world.await((done: Done<"open">) => controller.open(done))?.kind, "ok", "the bond works");
    const outcome = world.await((done: Done<"resolve">) => controller.resolve(done));
    const total = world.await((done: Done<"deliveredInsulin">) => controller.deliveredInsulin(done));
    assert.ok(total?.kind === "ok");
    return { outcome, total: total.value, displaced: world.hardware.plant.displacedMicrounits };
  }

  it("stopped and started, keeps bond, counters and syringe", () => {
    const folder = join(root, `${++made}`);
    const { world, controller, store, stop } = running(folder);
    const bolus = world.await((done: Parameters<Controller["bolus"]>[2]) =>
      controller.bolus(BOLUS_MICROUNITS, {}, done),
    );
    assert.equal(bolus?.kind, "ok");
    world.clock.advance(600_000);
    controller.close();
    world.clock.advance(1_000);
    const { displacedMicrounits, halfSteps } = {
      displacedMicrounits: world.hardware.plant.displacedMicrounits,
      halfSteps: world.hardware.plant.rotorHalfSteps,
    };
    stop();
    for (let restart = 0; restart < 2; restart++) {
      const next = start(folder);
      assert.ok(next.world.clock.nowMs >= world.clock.nowMs, "its time goes on");
      const { outcome, total, displaced } = account(next.world, store);
      if (restart === 0) assert.ok(outcome?.kind === "ok" && outcome.value.kind === "delivered");
      assert.equal(displaced, displacedMicrounits);
      assert.equal(next.world.hardware.plant.rotorHalfSteps, halfSteps);
      assert.equal(total.bolusMicrounits, BOLUS_MICROUNITS);
      assert.ok(Math.abs(total.bolusMicrounits + total.basalMicrounits - displaced) < HALF_STEP_MICROUNITS);
      next.stop();
    }
  });

  it("killed at any write of a bolus, says no less and no more than the syringe displaced (SR-36)", () => {
    const folder = join(root, `${++made}`);
    const { world, controller, store, kill } = running(folder);
    const file = join(folder, "pump.state");
    const before = readFileSync(file, "latin1").split("\n").length - 1;
    const bolus = world.await((done: Parameters<Controller["bolus"]>[2]) => controller.bolus(150_000, {}, done));
    assert.equal(bolus?.kind, "ok");
    world.clock.advance(10_000);
    kill();
    const lines = readFileSync(file, "latin1").split("\n");
    const bytes = store.read();
    assert.ok(bytes && lines.length > before + 100);
    const ends: string[] = [];
    // Every write around the first pulse, whole and torn, and every seventh of the rest.
    const last = lines.length - 1;
    for (let at = before; at <= last; at = at === last ? at + 1 : Math.min(last, at + (at < before + 12 ? 1 : 7))) {
      const torn = lines[at]?.slice(0, at % 40) ?? "";
      const killed = join(root, `${++made}`);
      mkdirSync(killed);
      writeFileSync(join(killed, "pump.state"), `${lines.slice(0, at).join("\n")}\n${torn}`);
      const found = new MemoryStore();
      found.write(bytes);
      const next = start(killed);
      const { outcome, total, displaced } = account(next.world, found);
      const where = `killed after line ${at}`;
      assert.ok(outcome?.kind === "ok", where);
      const { kind, lowMicrounits, highMicrounits } = outcome.value;
      ends.push(kind);
      assert.ok(
        displaced <= highMicrounits + HALF_STEP_MICROUNITS,
        `${where}: ${kind} ${highMicrounits}, ${displaced}`,
      );
      assert.ok(displaced >= lowMicrounits - HALF_STEP_MICROUNITS, `${where}: ${kind} ${lowMicrounits}, ${displaced}`);
      const counted = total.bolusMicrounits + total.basalMicrounits;
      assert.ok(displaced <= counted + HALF_STEP_MICROUNITS, `${where}: ${counted} in all, ${displaced}`);
      assert.deepEqual(next.world.hardware.crashes, [], where);
      next.kill();
    }
    assert.deepEqual([...new Set(ends)].sort(), ["delivered", "never", "stopped", "uncertain"]);
  });

  it("draws no random byte twice, though its seed is the same (SR-39)", () => {
    const folder = join(root, `${++made}`);
    const drawn = [0, 1, 2].map(() => {
      const { world, stop } = start(folder);
      stop();
      return `${world.hardware.entropy.draw(16)}`;
    });
    assert.equal(new Set(drawn).size, 3);
  });
});
