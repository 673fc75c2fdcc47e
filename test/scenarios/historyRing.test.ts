/** A whole ring of history by radio, end to end, after the pump has written it round and round. */

import assert from "node:assert/strict";
import type { FlashPartition } from "../../firmware/board.js";
import { startPump } from "../../firmware/pump.js";
import { HistoryLog } from "../../firmware/storage/history.js";
import type { FetchResult } from "../../host-sim/controller/historyFetch.js";
import type { HistoryRecord } from "../../host-sim/controller/recordAccess.js";
import type { World } from "../../host-sim/world.js";
import { type Bonded, runningWorld } from "../bench.js";
import { Kept } from "./life/history.js";
import { assertSound, HOUR_MS, MAINS } from "./scene.js";

const BLOCK_BYTES = 4_096;
const RECORDS_A_BLOCK = 128;
const BLOCKS = 4;

/** The first blocks of a partition, as a partition of its own. */
const shortened = (flash: FlashPartition): FlashPartition => ({
  ...flash,
  status: () => ({ ...flash.status(), size: BLOCKS * BLOCK_BYTES }),
});

/** A pump in Run whose history has four blocks, and a controller in session. */
const withSmallRing = (seed: number): Bonded =>
  runningWorld({
    seed,
    firmware: (board) => startPump({ ...board, openHistoryFlash: () => shortened(board.openHistoryFlash()) }),
  });

/** What stands on the small ring. */
function onRing({ hardware }: World): readonly HistoryRecord[] {
  const log = new HistoryLog(shortened(hardware.flash.open(MAINS)));
  const records: HistoryRecord[] = [];
  log.mount();
  log.read(0, 0xffffffff, ({ pumpClockMs, ...record }) => records.push(record));
  return records;
}

const fetched = ({ world, controller }: Bonded, kept: Kept): FetchResult | undefined =>
  world.await<FetchResult>((done) => controller.fetchHistory(kept, done), HOUR_MS);

/** Stops and runs by the button until the newest record has at least this sequence. */
function recordUpTo(world: World, sequence: number): void {
  while ((onRing(world).at(-1)?.sequence ?? 0) < sequence) {
    world.holdButton(0);
    world.holdButton(1);
  }
}

describe("a ring of history that has gone round", () => {
  it("comes whole, end to end, and what was overwritten is told as one gap (SR-76, SR-67)", () => {
    const bonded = withSmallRing(951);
    const { world } = bonded;
    const early = new Kept();
    assert.equal(fetched(bonded, early)?.kind, "ok");
    const known = early.records.length;
    // Three times round, and into the middle of a block.
    recordUpTo(world, 3 * BLOCKS * RECORDS_A_BLOCK + 50);
    const ring = onRing(world);
    const first = ring[0]?.sequence ?? 0;
    const newest = ring.at(-1)?.sequence ?? 0;
    assert.equal(ring.length, newest - first + 1);
    assert.ok(ring.length > (BLOCKS - 1) * RECORDS_A_BLOCK, `${ring.length} records`);
    const whole = ring.map((record) => ({ kind: "record" as const, record }));

    assert.deepEqual(fetched(bonded, early), { kind: "ok", records: ring.length, missing: first - known });
    assert.deepEqual(early.items.slice(known), [{ kind: "gap", from: known, to: first - 1 }, ...whole]);

    const late = new Kept();
    assert.deepEqual(fetched(bonded, late), { kind: "ok", records: ring.length, missing: first });
    assert.deepEqual(late.items, [{ kind: "gap", from: 0, to: first - 1 }, ...whole]);
    assertSound(world);
  });

  it("goes on after a restart and in every block, none repeated, each record kept by who fetches often (SR-67, SR-76)", () => {
    const bonded = withSmallRing(952);
    const { world, controller } = bonded;
    const kept = new Kept();
    for (let upTo = 90; upTo < 2 * BLOCKS * RECORDS_A_BLOCK; upTo += 90) {
      recordUpTo(world, upTo);
      world.powerCycle();
      world.clock.advance(20_000);
      world.await<{ readonly kind: string }>((done) => controller.open(done));
      const result = fetched(bonded, kept);
      assert.ok(result?.kind === "ok" && result.missing === 0, JSON.stringify(result));
    }
    assert.deepEqual(
      kept.records.map(({ sequence }) => sequence),
      kept.records.map((_, i) => i),
    );
    assert.ok(kept.records.length > 2 * BLOCKS * RECORDS_A_BLOCK - 90);
    assert.deepEqual(kept.records.slice(-onRing(world).length), onRing(world));
    assertSound(world);
  });
});
