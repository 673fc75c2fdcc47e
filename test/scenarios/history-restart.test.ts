/** What the history says of state and basal rate over a restart: what is recorded must be what was in force. */

import assert from "node:assert/strict";
import { HistoryLog } from "../../firmware/storage/history.js";
import { EVENT, type Figures, readEvent } from "../../host-sim/controller/events.js";
import type { World } from "../../host-sim/world.js";
import { assertSound, CODE, inSession, MAINS, MINUTE_MS, quietScene, tbrOf } from "./scene.js";

const RUN = 0x55;
const STOP = 0x33;

/** Two figures of each record of an event. */
function recorded({ hardware }: World, event: number, one: string, other: string) {
  const log = new HistoryLog(hardware.flash.open(MAINS));
  const found: Figures[] = [];
  log.mount();
  log.read(0, 0xffffffff, (record) => {
    const { figures } = readEvent(record);
    if (record.event === event && figures) found.push(figures);
  });
  return found.map((figures) => [figures[one], figures[other]]);
}

const rateChanges = (world: World) =>
  recorded(world, EVENT.basalRateChanged, "oldMicrounitsPerHour", "newMicrounitsPerHour");

describe("the history over a restart", () => {
  it("records the rate that takes over where the restart ended a TBR (SR-51)", () => {
    const { world, peer } = quietScene({ seed: 961 });
    inSession(peer, () => assert.equal(peer.order(tbrOf(2_000_000, 60)), CODE.success));
    world.clock.advance(10 * MINUTE_MS);
    world.powerCycle();
    world.clock.advance(10 * MINUTE_MS);
    assert.deepEqual(rateChanges(world), [
      [0, 900_000],
      [900_000, 2_000_000],
      [2_000_000, 900_000],
    ]);
    assertSound(world);
  });

  it("records the Stop, and the rate of zero, where stored state was lost in Run (SR-66)", () => {
    const { world } = quietScene({ seed: 962 });
    world.clock.advance(10 * MINUTE_MS);
    world.hardware.cut();
    for (const copy of ["journal.a", "journal.b"]) world.hardware.keyValue.corrupt(copy, 20, 0x10);
    world.powerUp();
    world.clock.advance(1_000);
    assert.deepEqual(recorded(world, EVENT.therapyControlStateChanged, "oldState", "newState"), [
      [STOP, RUN],
      [RUN, STOP],
    ]);
    assert.deepEqual(rateChanges(world), [
      [0, 900_000],
      [900_000, 0],
    ]);
    assertSound(world);
  });
});
