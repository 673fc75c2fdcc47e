/** What the scenarios of pairing have in common: a pump that waits for it, and messages that get lost. */

import assert from "node:assert/strict";
import type { Packet } from "../../host-sim/air/packet.js";
import { DROP, PASS, type Tap } from "../../host-sim/air/tap.js";
import type { Controller, PairResult } from "../../host-sim/controller/controller.js";
import { MemoryStore, World } from "../../host-sim/world.js";

export function booted(seed: number): World {
  const world = new World({ seed });
  world.powerUp();
  world.clock.advance(1_000);
  return world;
}

export const pair = (world: World, controller: Controller, text: string): PairResult | undefined =>
  world.await<PairResult>((done) => controller.pair(text, done));

export const opens = (world: World, controller: Controller): boolean => {
  const result = world.await<{ readonly kind: string }>((done) => controller.open(done));
  return result?.kind === "ok";
};

/** A controller that is paired and has closed its session. */
export function bonded(world: World): { readonly controller: Controller; readonly store: MemoryStore } {
  const store = new MemoryStore();
  const controller = world.controller(store);
  assert.equal(pair(world, controller, world.openPairing())?.kind, "ok");
  controller.close();
  world.clock.advance(1_000);
  return { controller, store };
}

/** Drops the first packet that fits, and lets all others pass. */
export function dropFirst(fits: (packet: Packet) => boolean): Tap {
  let dropped = false;
  return (packet) => {
    if (dropped || !fits(packet)) return PASS;
    dropped = true;
    return DROP;
  };
}

/** Fits the m3 of the nth handshake from now: the second indication of its connection. */
export function isM3(nth: number): (packet: Packet) => boolean {
  const indications = new Map<number, number>();
  return ({ kind, connectionId }) => {
    if (kind !== "indication") return false;
    const count = (indications.get(connectionId) ?? 0) + 1;
    indications.set(connectionId, count);
    return count === 2 && indications.size === nth;
  };
}

/** Drops all that follows the m3 of the first handshake: a pairing that gets no further. */
export function dropAfterM3(): Tap {
  const m3 = isM3(1);
  let cut = false;
  return (packet) => {
    if (cut) return DROP;
    cut = m3(packet);
    return PASS;
  };
}
