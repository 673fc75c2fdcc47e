/** Storage that is full or fails at any write: nothing moves that the write was to come before. */

import assert from "node:assert/strict";
import { CHANNEL } from "../../host-sim/controller/ids.js";
import { decodeStatus } from "../../host-sim/controller/idsAnswers.js";
import { CHANNEL_CONTROL } from "../../host-sim/controller/records.js";
import { MemoryStore, type World } from "../../host-sim/world.js";
import { Peer, Stranger } from "../peers.js";
import {
  ANNUNCIATION,
  assertDisplaced,
  bolusOf,
  CODE,
  coilsOn,
  HOUR_MS,
  inSession,
  MINUTE_MS,
  oldestAnnunciation,
  quietScene,
  RUN,
  rigWith,
  type Scene,
  STOP,
  tbrOf,
} from "./scene.js";

const U = 1_000_000;

/** Writes of one kind of storage, from the next power-up on. */
interface Writes {
  /** How many were asked for. */
  count: number;
  /** Throws at the write of this number, and at every later one if `forGood`. 0: none. */
  failAt: number;
  forGood: boolean;
  /** Half-steps commanded when one failed. */
  failedAtHalfStep: number | undefined;
}

/** Makes key-value storage, or the history's flash, fail on demand. */
function failingWrites(world: World, storage: "keyValue" | "flash"): Writes {
  const writes: Writes = { count: 0, failAt: 0, forGood: false, failedAtHalfStep: undefined };
  const check = () => {
    writes.count += 1;
    const fails =
      writes.failAt > 0 && (writes.forGood ? writes.count >= writes.failAt : writes.count === writes.failAt);
    if (!fails) return;
    writes.failedAtHalfStep ??= world.hardware.plant.commandedHalfSteps;
    throw new Error("ESP_ERR_FLASH_OP_FAIL");
  };
  const { keyValue, flash } = world.hardware;
  if (storage === "keyValue") {
    const open = keyValue.open.bind(keyValue);
    keyValue.open = (power) => {
      const store = open(power);
      const write = (key: string, value: Uint8Array) => {
        check();
        store.write(key, value);
      };
      return { ...store, write };
    };
  } else {
    const open = flash.open.bind(flash);
    flash.open = (power) => {
      const partition = open(power);
      const write = (bytes: Uint8Array, offset: number) => {
        check();
        partition.write(bytes, offset);
      };
      return { ...partition, write };
    };
  }
  world.powerCycle();
  world.clock.advance(100);
  writes.count = 0;
  return writes;
}

/** What a session does in a quarter of an hour: every kind of write of a pump in Run. */
function quarterOfAnHour({ world, peer }: Scene): void {
  if (!peer.open()) return;
  const commands = [bolusOf(200_000), tbrOf(5 * U, 5), bolusOf(110_000), STOP, RUN];
  for (const command of commands) {
    const challenge = command === STOP ? undefined : peer.prepare(command);
    // Storage that is dead answers nothing: what became of the command is for Outcome to say.
    if (command === STOP) peer.ask(CHANNEL.command, command, 1_000);
    else if (typeof challenge === "object") peer.ask(CHANNEL_CONTROL, peer.commitMessage(command, challenge), 1_000);
    world.clock.advance(MINUTE_MS);
    if (peer.ended) return;
  }
  peer.close();
  world.clock.advance(10 * MINUTE_MS);
}

function assertStandsStill({ world, peer }: Scene, writes: Writes, name: string): void {
  const { plant } = world.hardware;
  assert.equal(plant.commandedHalfSteps, writes.failedAtHalfStep, `${name}: moved after the write`);
  assert.ok(!coilsOn(world), name);
  assert.equal(world.hardware.display[0], "FAULT", name);
  assert.deepEqual(world.hardware.crashes, [], name);
  if (!peer.open()) return;
  const status = decodeStatus(peer.ask(0x21)?.value ?? new Uint8Array(0));
  assert.deepEqual([status?.operationalState, status?.therapyControlState], ["off", "stop"], name);
  assert.equal(oldestAnnunciation(peer) !== undefined, true, name);
  for (const command of [bolusOf(10_000), tbrOf(U, 30), RUN])
    assert.equal(peer.prepare(command), CODE.notCompleted, name);
  peer.close();
}

describe("storage that fails", () => {
  for (const storage of ["keyValue", "flash"] as const)
    for (const forGood of [false, true])
      it(`stops all motion at any ${storage} write ${forGood ? "from one on" : "alone"} (SR-49, SR-52)`, () => {
        let failed = 0;
        for (let failAt = 1; ; failAt++) {
          const scene = quietScene({ seed: 461, rig: rigWith({ basalMicrounitsPerHour: 3 * U }) });
          const { world } = scene;
          const writes = failingWrites(world, storage);
          Object.assign(writes, { failAt, forGood });
          quarterOfAnHour(scene);
          if (writes.failedAtHalfStep === undefined) break;
          failed += 1;
          assertStandsStill(scene, writes, `${storage} write ${failAt}`);
        }
        assert.ok(failed >= 10, `${failed} writes were made to fail`);
      });

  it("reports a bolus whose next pulse could not be recorded as far as it came (SR-36, SR-52)", () => {
    const scene = quietScene({ seed: 462, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const { world, peer } = scene;
    const writes = failingWrites(world, "keyValue");
    const from = world.hardware.plant.displacedMicrounits;
    assert.ok(peer.open());
    const command = bolusOf(U);
    const challenge = peer.challenge(command);
    assert.equal(peer.commit(command, challenge), CODE.success);
    assert.ok(world.clock.runUntil(() => world.hardware.plant.displacedMicrounits - from > 298_000, MINUTE_MS));
    Object.assign(writes, { failAt: writes.count + 1, forGood: true });
    world.clock.advance(MINUTE_MS);
    const outcome = peer.outcome(challenge.doseId);
    assert.ok(typeof outcome !== "number");
    const moved = world.hardware.plant.displacedMicrounits - from;
    assert.ok(outcome.kind === "stopped" || outcome.kind === "uncertain", outcome.kind);
    assert.ok(outcome.lowMicrounits - 1_300 <= moved && moved <= outcome.highMicrounits, `${moved}`);
    assertStandsStill(scene, writes, "in the middle of a bolus");
  });

  it("that is full stops motion, and a restart after room was made goes on (SR-52)", () => {
    const { world, peer } = quietScene({ seed: 463, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    const { keyValue, plant } = world.hardware;
    world.clock.advance(10 * MINUTE_MS);
    const { filler: _, ...own } = { filler: [], ...keyValue.snapshot() };
    keyValue.restore({ ...own, filler: Array.from({ length: 18_000 }, () => 0) });
    const commanded = plant.commandedHalfSteps;
    world.clock.advance(HOUR_MS);
    assert.equal(plant.commandedHalfSteps, commanded);
    assert.equal(world.hardware.display[0], "FAULT");
    assert.equal(
      inSession(peer, () => peer.order(bolusOf(10_000))),
      CODE.notCompleted,
    );
    assert.deepEqual(world.hardware.crashes, []);

    keyValue.restore(own);
    world.powerCycle();
    const from = plant.displacedMicrounits;
    world.clock.advance(HOUR_MS);
    const moved = plant.displacedMicrounits - from;
    assert.ok(moved > 4_948_000 && moved < 5_051_000, `${moved}`);
    assert.deepEqual(world.hardware.crashes, []);
  });

  it("at boot moves nothing, stays off the air and says why; the next boot with working storage goes on (SR-52)", () => {
    const scene = quietScene({ seed: 464, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    const { world, peer } = scene;
    const writes = failingWrites(world, "keyValue");
    const { plant } = world.hardware;
    for (let failAt = 1; ; failAt++) {
      const commanded = plant.commandedHalfSteps;
      Object.assign(writes, { count: 0, failAt, failedAtHalfStep: undefined });
      world.powerCycle();
      // Boot ends before this returns: a write of it that is to fail has failed by now.
      if (writes.failedAtHalfStep === undefined) break;
      assert.ok(failAt < 50, "boot never ends");
      const stranger = new Stranger(world);
      world.clock.advance(HOUR_MS);
      assert.equal(stranger.connectedMs, undefined);
      assert.equal(plant.commandedHalfSteps, commanded, `boot write ${failAt}`);
      assert.ok(!coilsOn(world));
      assert.deepEqual(world.hardware.display.slice(0, 2), ["FAULT", "The pump does not start"]);
    }
    writes.failAt = 0;
    const from = plant.displacedMicrounits;
    world.clock.advance(HOUR_MS);
    const moved = plant.displacedMicrounits - from;
    assert.ok(moved > 4_948_000 && moved < 5_051_000, `${moved}`);
    assert.equal(
      inSession(peer, () => peer.order(bolusOf(10_000))),
      CODE.success,
    );
    assert.deepEqual(world.hardware.crashes, []);
  });

  it("makes no bond when the bond cannot be stored, and keeps the one there is (SR-16, SR-52)", () => {
    const scene = quietScene({ seed: 465, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const { world, peer } = scene;
    const writes = failingWrites(world, "keyValue");
    const store = new MemoryStore();
    const controller = world.controller(store);
    const text = world.openPairing();
    Object.assign(writes, { failAt: writes.count + 1, forGood: true });
    const result = world.await<{ readonly kind: string }>((done) => controller.pair(text, done));
    assert.equal(result?.kind, "unfinished");
    assert.equal(world.hardware.display[0], "FAULT");
    writes.failAt = 0;
    world.powerCycle();
    assert.ok(peer.open(), "the bond there was");
    peer.close();
    assert.ok(!new Peer(world, store).open(5_000), "the bond that was not made");
    assert.deepEqual(world.hardware.crashes, []);
    assertDisplaced(world, 0);
  });

  it("says SystemIssue, and not that the motor is at fault (SR-52)", () => {
    const { world, peer } = quietScene({ seed: 466, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    world.tapButton(1);
    const writes = failingWrites(world, "flash");
    world.tapButton(1);
    Object.assign(writes, { failAt: writes.count + 1, forGood: true });
    world.holdButton();
    assert.equal(world.hardware.display[0], "FAULT");
    assert.equal(inSession(peer, oldestAnnunciation), ANNUNCIATION.systemIssue);
    assert.deepEqual(world.hardware.crashes, []);
  });
});
