/** What of a board outlives its power, change by change. */

import assert from "node:assert/strict";
import { changesTo, type DurableChange, DurableFold, type DurableState } from "../../host-sim/durable.js";
import { World } from "../../host-sim/world.js";
import { runningWorld } from "../bench.js";

/** A world that keeps every change, with what they add up to. */
function kept(seed: number) {
  const fold = new DurableFold();
  const changes: DurableChange[] = [];
  const onChange = (change: DurableChange) => {
    // As a file would have it: nothing of the live world is shared.
    const copy = structuredClone(change);
    changes.push(copy);
    fold.apply(copy);
  };
  return { fold, changes, options: { seed, onChange } };
}

/** All but the time, and of the plant what a power cut leaves. */
function left({ keyValue, flash, plant, entropyMode, nowMs }: DurableState): unknown {
  const world = new World({ seed: 1, restored: { keyValue, flash, plant, entropyMode, nowMs } });
  return { ...world.hardware.durableState(), nowMs: 0 };
}

describe("what of a board outlives its power", () => {
  it("is the sum of the changes that were told, through boluses, faults of the plant and power cuts anywhere", () => {
    const { fold, changes, options } = kept(21);
    const { world, controller } = runningWorld(options);
    const { hardware, clock } = world;
    const agrees = (when: string) => {
      fold.passed(clock.nowMs);
      assert.deepEqual(left(fold.state()), left(hardware.durableState()), when);
    };
    agrees("in Run");
    world.await((done: Parameters<typeof controller.bolus>[2]) => controller.bolus(300_000, {}, done));
    for (let i = 0; i < 40; i++) {
      clock.advance(37);
      agrees(`${i} into a bolus`);
    }
    hardware.plant.setOccluded(true);
    agrees("occluded");
    hardware.plant.slip(3);
    clock.advance(3_000);
    hardware.plant.turnScrew(-2);
    hardware.plant.setJammed(true);
    agrees("slipped, turned and jammed");
    hardware.plant.setJammed(false);
    hardware.plant.loadCartridge(0);
    hardware.entropy.mode = "stuck";
    agrees("emptied, without entropy");
    hardware.keyValue.corrupt(Object.keys(hardware.keyValue.snapshot())[0] ?? "", 0, 1);
    hardware.flash.corrupt(100, 2);
    agrees("rotten");
    hardware.entropy.mode = "good";
    for (const phase of ["before", "during", "after"] as const)
      for (let ahead = 1; ahead <= 8; ahead++) {
        world.powerCycle();
        hardware.cutAt({ operation: hardware.operations + ahead, phase });
        clock.advance(2_000);
        agrees(`cut ${phase} operation ${ahead} of a boot`);
        hardware.cutAt(undefined);
        hardware.cut();
      }
    const kinds = new Set(changes.map(({ kind }) => kind));
    assert.deepEqual([...kinds].sort(), ["entropy", "flashErase", "flashWrite", "kvWrite", "plant"]);
  });

  it("tells an erasure and a deletion, torn ones as they are", () => {
    const { fold, options } = kept(22);
    const world = new World(options);
    const { hardware } = world;
    for (let round = 0; round < 20; round++) {
      const board = hardware.powerUp(
        class {
          static readonly properties = { write: 8, indicate: 32 };
          startAdvertising(): void {}
          stopAdvertising(): void {}
          close(): void {}
        },
      );
      const cut = (act: () => void) => {
        hardware.cutAt({ operation: hardware.operations + 1, phase: "during" });
        assert.throws(act);
      };
      board.openKeyValue().write("key", Uint8Array.of(1, 2, 3));
      board.openHistoryFlash().write(new Uint8Array(200).fill(0x5a), 4_000);
      if (round % 2 === 0) cut(() => board.openKeyValue().delete("key"));
      else cut(() => board.openHistoryFlash().eraseBlock(0, 2));
      assert.deepEqual(fold.state().keyValue, hardware.keyValue.snapshot());
      assert.deepEqual(fold.state().flash, hardware.flash.snapshot());
    }
  });

  it("is added up again by the changes that it is taken apart into", () => {
    const { options } = kept(23);
    const { world, controller } = runningWorld(options);
    world.await((done: Parameters<typeof controller.bolus>[2]) => controller.bolus(100_000, {}, done));
    world.clock.advance(1_000);
    world.hardware.entropy.mode = "repeating";
    const state = world.hardware.durableState();
    const fold = new DurableFold();
    fold.passed(state.nowMs);
    for (const change of changesTo(state)) fold.apply(change);
    assert.deepEqual(fold.state(), state);
    assert.deepEqual(changesTo(new DurableFold().state()), []);
  });

  it("restores a pump that goes on: its time, its syringe and what it has stored", () => {
    const { world } = runningWorld({ seed: 24 });
    world.clock.advance(600_000);
    world.hardware.cut();
    const { plant, keyValue } = world.hardware;
    const next = new World({ seed: 24, restored: world.hardware.durableState(), earlierStarts: 1 });
    assert.equal(next.clock.nowMs, world.clock.nowMs);
    for (const reading of [
      "displacedMicrounits",
      "deliveredMicrounits",
      "reservoirMicrounits",
      "screwHalfSteps",
    ] as const)
      assert.equal(next.hardware.plant[reading], plant[reading], reading);
    assert.deepEqual(next.hardware.keyValue.snapshot(), keyValue.snapshot());
  });

  it("draws other entropy at every start of one seed", () => {
    const drawn = [0, 1, 2, 3].map((earlierStarts) => {
      const { hardware } = new World({ seed: 25, earlierStarts });
      return `${hardware.entropy.draw(16)}`;
    });
    assert.equal(new Set(drawn).size, 4);
    assert.equal(`${new World({ seed: 25, earlierStarts: 2 }).hardware.entropy.draw(16)}`, drawn[2]);
  });
});
