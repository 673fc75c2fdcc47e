/** A world that tests begin from: a pump that has booted, a controller bonded with it. */

import assert from "node:assert/strict";
import type { Controller } from "../host-sim/controller/controller.js";
import { MemoryStore, World, type WorldOptions } from "../host-sim/world.js";

export interface Bonded {
  readonly world: World;
  readonly controller: Controller;
  /** The controller's store, for a controller that starts again. */
  readonly store: MemoryStore;
}

/** A booted pump in state Stop, and a controller bonded as `role` with a session open. */
export function bondedWorld(options: WorldOptions, role: "operate" | "observe" = "operate"): Bonded {
  const world = new World(options);
  world.powerUp();
  world.clock.advance(1_000);
  const store = new MemoryStore();
  const controller = world.controller(store);
  const text = world.openPairing(role);
  const paired = world.await((done: (result: { readonly kind: string }) => void) => controller.pair(text, done));
  assert.equal(paired?.kind, "ok", `pairing with seed ${options.seed}`);
  return { world, controller, store };
}

/** The same with Run committed. */
export function runningWorld(options: WorldOptions): Bonded {
  const bonded = bondedWorld(options);
  const { world, controller } = bonded;
  const run = world.await((done: (result: { readonly kind: string }) => void) => controller.run(() => true, done));
  assert.equal(run?.kind, "ok", `Run with seed ${options.seed}`);
  return bonded;
}
