/** The pump's history by radio: fetched whole and once, whatever cuts the fetch off, beside therapy that goes on. */

import assert from "node:assert/strict";
import { startPump } from "../../firmware/pump.js";
import { HistoryLog } from "../../firmware/storage/history.js";
import { DROP, PASS } from "../../host-sim/air/tap.js";
import { toHex } from "../../host-sim/controller/bytes.js";
import type { Controller } from "../../host-sim/controller/controller.js";
import type { FetchResult, HistoryItem, HistoryStore } from "../../host-sim/controller/historyFetch.js";
import { CHANNEL } from "../../host-sim/controller/ids.js";
import { decodeRecord, encodeReportFrom, type HistoryRecord } from "../../host-sim/controller/recordAccess.js";
import type { World } from "../../host-sim/world.js";
import { bondedWorld, runningWorld } from "../bench.js";
import { type Peer, Stranger } from "../peers.js";
import { recordingBoard, type Use } from "../recordingBoard.js";
import { assertSound, bolusOf, CODE, coilsOn, listenToPulses, MAINS, MINUTE_MS, peerScene, STOP } from "./scene.js";

const U = 1_000_000;
const SLOT_BYTES = 32;
const ABORT = Uint8Array.of(0x55, 0x0f);
const FINISHED = "0f0f33f0";

/** A history in memory. */
class Kept implements HistoryStore {
  readonly items: HistoryItem[] = [];
  /** Throws from the append of this number on, having kept `half` of its items. */
  failsAt = Number.POSITIVE_INFINITY;
  appends = 0;

  newest(): HistoryRecord | undefined {
    const last = this.items.findLast(({ kind }) => kind !== "gap");
    return last?.kind === "record" ? last.record : undefined;
  }

  append(_pumpId: Uint8Array, items: readonly HistoryItem[]): void {
    this.appends += 1;
    const fails = this.appends >= this.failsAt;
    this.items.push(...items.slice(0, fails ? items.length >> 1 : items.length));
    if (fails) throw new Error("the disk is full");
  }

  get records(): readonly HistoryRecord[] {
    return this.items.flatMap((item) => (item.kind === "record" ? [item.record] : []));
  }
}

/** What stands on the flash, as it is to come by radio. */
function onFlash(world: World): readonly HistoryRecord[] {
  const log = new HistoryLog(world.hardware.flash.open(MAINS));
  const records: HistoryRecord[] = [];
  log.mount();
  log.read(0, 0xffffffff, ({ pumpClockMs, ...record }) => records.push(record));
  return records;
}

const fetch = (world: World, controller: Controller, kept: Kept): FetchResult | undefined =>
  world.await<FetchResult>((done) => controller.fetchHistory(kept, done));

const open = (world: World, controller: Controller) =>
  assert.equal(world.await<{ readonly kind: string }>((done) => controller.open(done))?.kind, "ok");

/** A pump in Run with one bolus delivered, and a controller in session. */
function withPast(seed: number) {
  const bonded = runningWorld({ seed });
  const { world, controller } = bonded;
  const ordered = world.await<{ readonly kind: string }>((done) => controller.bolus(100_000, {}, done));
  assert.equal(ordered?.kind, "ok");
  world.clock.advance(20_000);
  return bonded;
}

/** The records of a peer's report so far, and what has come on channel 27. */
function received(peer: Peer, from = 0) {
  const messages = peer.received.slice(from);
  const values = (channel: number) => messages.filter((each) => each.channel === channel).map(({ value }) => value);
  const sequences = values(CHANNEL.historyData).map((value) => decodeRecord(value)?.sequence);
  return { sequences, responses: values(CHANNEL.recordAccess).map(toHex) };
}

const acknowledge = (peer: Peer) => peer.send(0x01, new Uint8Array(0));

describe("the history by radio", () => {
  it("comes whole, in order, and what is recorded later comes alone (SR-76)", () => {
    const { world, controller } = withPast(901);
    const kept = new Kept();
    const first = onFlash(world);
    assert.deepEqual(fetch(world, controller, kept), { kind: "ok", records: first.length, missing: 0 });
    assert.deepEqual(kept.records, first);
    assert.equal(first.length, 9);
    assert.deepEqual(fetch(world, controller, kept), { kind: "ok", records: 0, missing: 0 });
    world.tapButton(1);
    const second = onFlash(world);
    assert.equal(second.length, first.length + 2);
    assert.deepEqual(fetch(world, controller, kept), { kind: "ok", records: 2, missing: 0 });
    assert.deepEqual(kept.records, second);
    assertSound(world);
  });

  it("is the same after a fetch that was cut off at any of its packets (SR-76)", () => {
    const { world, controller } = withPast(902);
    const all = onFlash(world);
    let whole = false;
    for (let cutAt = 1; !whole; cutAt++) {
      if (controller.state.kind !== "open") open(world, controller);
      const kept = new Kept();
      let packets = 0;
      world.air.tap = () => {
        packets += 1;
        return packets >= cutAt ? DROP : PASS;
      };
      let result: FetchResult | undefined;
      controller.fetchHistory(kept, (ended) => {
        result = ended;
      });
      world.clock.runUntil(() => result !== undefined || packets >= cutAt, MINUTE_MS);
      whole = packets < cutAt;
      if (!whole) controller.close();
      world.air.tap = undefined;
      world.clock.runUntil(() => result !== undefined, MINUTE_MS);
      if (!whole) assert.ok(result?.kind === "lost" || result?.kind === "ok", result?.kind);
      const part = kept.records.length;
      assert.deepEqual(kept.records, all.slice(0, part), `cut at packet ${cutAt}`);
      if (controller.state.kind !== "open") {
        world.clock.advance(8_000);
        open(world, controller);
      }
      assert.deepEqual(fetch(world, controller, kept), { kind: "ok", records: all.length - part, missing: 0 });
      assert.deepEqual(
        kept.items,
        all.map((record) => ({ kind: "record", record })),
      );
    }
    assertSound(world);
  });

  it("goes on where it was, with nothing missing, after a power cut of the pump at any record (SR-76)", () => {
    for (const sent of [0, 1, 2, 5, 9, 12]) {
      const { world, controller } = withPast(903);
      const before = onFlash(world);
      const kept = new Kept();
      let values = 0;
      world.air.tap = ({ kind }) => {
        if (kind === "indication") values += 1;
        return PASS;
      };
      let result: FetchResult | undefined;
      controller.fetchHistory(kept, (ended) => {
        result = ended;
      });
      world.clock.runUntil(() => values > sent, MINUTE_MS);
      world.powerCycle();
      world.clock.runUntil(() => result !== undefined, MINUTE_MS);
      world.clock.advance(10_000);
      open(world, controller);
      const { kind, missing } = fetch(world, controller, kept) as Extract<FetchResult, { kind: "ok" }>;
      assert.deepEqual([kind, missing], ["ok", 0]);
      assert.deepEqual(kept.records.slice(0, before.length), before);
      assert.deepEqual(kept.records, onFlash(world));
    }
  });

  it("loses nothing to a store that fails at any write, and tells none twice to one that kept half (SR-76)", () => {
    const { world, controller } = withPast(904);
    // Over one batch.
    for (let each = 0; each < 20; each++) {
      controller.stop(() => {});
      world.clock.advance(2_000);
      world.await<{ readonly kind: string }>((done) => controller.run(() => true, done));
    }
    const all = onFlash(world);
    assert.ok(all.length > 70, `${all.length} records`);
    for (let failsAt = 1; failsAt <= 4; failsAt++) {
      const kept = new Kept();
      kept.failsAt = failsAt;
      const failed = fetch(world, controller, kept);
      assert.equal(failed?.kind, failsAt <= Math.ceil(all.length / 32) ? "storeFailed" : "ok");
      kept.failsAt = Number.POSITIVE_INFINITY;
      assert.equal(fetch(world, controller, kept)?.kind, "ok");
      assert.deepEqual(kept.records, all, `failure ${failsAt}`);
    }
  });

  it("tells of what the pump has lost, and of a pump whose history began anew (SR-76)", () => {
    const { world, controller } = withPast(905);
    const all = onFlash(world);
    const rotten = [4, 5, 7];
    for (const sequence of rotten) world.hardware.flash.corrupt(sequence * SLOT_BYTES + 9, 0x10);
    const kept = new Kept();
    assert.deepEqual(fetch(world, controller, kept), { kind: "ok", records: all.length - 3, missing: 3 });
    assert.deepEqual(
      kept.items.flatMap((item) => (item.kind === "gap" ? [[item.from, item.to]] : [])),
      [
        [4, 5],
        [7, 7],
      ],
    );
    const restarted = (newest: HistoryRecord) => {
      const other = new Kept();
      other.items.push({ kind: "record", record: newest });
      assert.equal(fetch(world, controller, other)?.kind, "ok");
      assert.deepEqual(other.items.slice(1), [{ kind: "restarted" }, ...kept.items]);
    };
    const [record] = all;
    assert.ok(record);
    restarted({ ...record, data: Uint8Array.of(1, 2, 3) });
    restarted({ ...record, sequence: 9_999 });
  });

  it("says why a bolus ended: as programmed, cancelled, or by an error (SR-36)", () => {
    const endOf = (seed: number, act: (world: World, peer: Peer) => void): string => {
      const { world, peer } = peerScene({ seed });
      assert.equal(peer.order(bolusOf(6 * U)), CODE.success);
      act(world, peer);
      peer.close();
      world.clock.advance(5 * MINUTE_MS);
      const [part1, part2] = onFlash(world).filter(({ event }) => event === 0x69 || event === 0x96);
      assert.equal((part2?.sequence ?? 0) - (part1?.sequence ?? 0), 1);
      return toHex(part2?.data ?? new Uint8Array(0));
    };
    assert.equal(
      endOf(912, () => {}),
      "020000000033",
    );
    assert.equal(
      endOf(913, (_, peer) => assert.equal(peer.tell(STOP), CODE.success)),
      "02000000003c",
    );
    assert.equal(
      endOf(914, (world) => world.powerCycle()),
      "020000000055",
    );
    assert.equal(
      endOf(915, ({ hardware }) => hardware.plant.setOccluded(true)),
      "020000000055",
    );
  });

  it("gives way to a Stop and to a read, and is whole afterwards", () => {
    const { world, controller } = withPast(906);
    const kept = new Kept();
    const order: string[] = [];
    controller.fetchHistory(kept, ({ kind }) => order.push(`history ${kind}`));
    world.clock.advance(150);
    controller.status(({ kind }) => order.push(`status ${kind}`));
    controller.stop(({ kind }) => order.push(`stop ${kind}`));
    assert.ok(world.clock.runUntil(() => order.length === 3, MINUTE_MS));
    assert.deepEqual(order, ["stop ok", "status ok", "history ok"]);
    assert.deepEqual(kept.records, onFlash(world));
    assertSound(world);
  });

  it("is read by a bond that may only observe, and by no stranger (SR-06, SR-31, SR-76)", () => {
    const { world, controller } = bondedWorld({ seed: 907 }, "observe");
    const kept = new Kept();
    assert.equal(fetch(world, controller, kept)?.kind, "ok");
    assert.deepEqual(kept.records, onFlash(world));
    controller.close();
    world.clock.advance(6_000);
    const stranger = new Stranger(world);
    world.clock.runUntil(() => stranger.m1 !== undefined, MINUTE_MS);
    stranger.write(Uint8Array.of(0, 0, 0, 0, 0x27, ...encodeReportFrom(0)));
    world.clock.runUntil(() => stranger.endedMs !== undefined, MINUTE_MS);
    assert.equal(stranger.indications.length, 1, "m1 and nothing else");
  });

  it("keeps at most two records unacknowledged, and waits for a controller that takes none (SR-77)", () => {
    const { world, peer } = peerScene({ seed: 908 });
    const count = onFlash(world).length;
    peer.send(CHANNEL.recordAccess, encodeReportFrom(0));
    world.clock.advance(1_500);
    assert.deepEqual(received(peer).sequences, [0, 1]);
    let acknowledged = 0;
    world.air.tap = ({ kind, direction }) => {
      if (kind === "write" && direction === "toPeripheral") acknowledged = received(peer).sequences.length;
      return PASS;
    };
    for (let each = 0; each < 20; each++) {
      acknowledge(peer);
      for (let step = 0; step < 20; step++) {
        world.clock.advance(10);
        assert.ok(received(peer).sequences.length - acknowledged <= 2);
      }
    }
    const { sequences, responses } = received(peer);
    assert.deepEqual(sequences, [...Array(count).keys()]);
    assert.deepEqual(responses, [FINISHED]);
    assert.equal(peer.ended, undefined);
  });

  it("writes nothing to flash or storage, whatever is asked (SR-77)", () => {
    const { world, peer } = peerScene({ seed: 909 });
    assert.equal(peer.tell(STOP), CODE.success);
    world.clock.advance(1_000);
    const written = () => {
      const { storageWrite: _none, ...counts } = world.hardware.operationCounts as Record<string, number>;
      return JSON.stringify(counts);
    };
    const before = written();
    const flash = toHex(new Uint8Array(world.hardware.flash.open(MAINS).read(4_096, 0)));
    for (const request of ["33330f", "33690f", "33660f", "5a330f", "3c330f", "550f", "3333", "ff"]) {
      peer.send(CHANNEL.recordAccess, Uint8Array.from(Buffer.from(request, "hex")));
      for (let each = 0; each < 14; each++) {
        world.clock.advance(60);
        acknowledge(peer);
      }
    }
    assert.equal(written(), before);
    assert.equal(toHex(new Uint8Array(world.hardware.flash.open(MAINS).read(4_096, 0))), flash);
    assert.equal(peer.ended, undefined);
  });

  it("delays neither a bolus nor basal: pulses begin when they would have, and a Stop is obeyed at once (SR-59, SR-70, SR-77)", () => {
    const run = (reads: boolean) => {
      const { world, peer } = peerScene({ seed: 910 });
      assert.equal(peer.order(bolusOf(U)), CODE.success);
      const pulses = listenToPulses(world);
      const endMs = world.clock.nowMs + 45_000;
      while (world.clock.nowMs < endMs) {
        if (reads) peer.send(CHANNEL.recordAccess, encodeReportFrom(0));
        for (let each = 0; each < 20; each++) {
          world.clock.advance(100);
          acknowledge(peer);
        }
      }
      const { displacedMicrounits } = world.hardware.plant;
      const from = peer.received.length;
      peer.send(CHANNEL.recordAccess, encodeReportFrom(0));
      assert.equal(peer.tell(STOP), CODE.success);
      const records = received(peer).sequences.length;
      assert.ok(peer.received.length - from <= 4, "the Stop is answered before the report is over");
      assertSound(world);
      return { pulses, displacedMicrounits, records };
    };
    const quiet = run(false);
    const busy = run(true);
    assert.ok(busy.records > 150, `${busy.records} records`);
    assert.equal(busy.displacedMicrounits, quiet.displacedMicrounits);
    assert.equal(busy.pulses.length, quiet.pulses.length);
    for (const [index, atMs] of busy.pulses.entries()) {
      const late = atMs - (quiet.pulses[index] ?? 0);
      assert.ok(Math.abs(late) <= 5 * (index + 1), `pulse ${index} ${late} ms late`);
    }
  });

  it("waits for a pulse to end: the flash is not read from the write of its intent to its last half-step (SR-77)", () => {
    const uses: Use[] = [];
    const { world, peer } = peerScene({
      seed: 916,
      firmware: (board) => startPump(recordingBoard(board, (use) => uses.push(use))),
    });
    assert.equal(peer.order(bolusOf(U)), CODE.success);
    const pulses = listenToPulses(world);
    uses.length = 0;
    // What arrives during a stall is taken in together with the pulse that has come due: pulse and record are both next.
    world.hardware.stallMs = () => (coilsOn(world) ? 0 : 50);
    for (let each = 0; each < 300; each++) {
      world.clock.advance(100);
      if (coilsOn(world)) continue;
      if (each % 10 === 0) peer.send(CHANNEL.recordAccess, encodeReportFrom(0));
      else acknowledge(peer);
    }
    assert.equal(peer.ended, undefined);
    assert.ok(pulses.length > 12, `${pulses.length} pulses`);
    let reads = 0;
    let readsBefore = 0;
    for (const { of, what } of uses) {
      if (of === "flash" && what === "read") reads += 1;
      if (of === "keyValue" && what.startsWith("write journal")) readsBefore = reads;
      if (of === "coil") assert.equal(reads, readsBefore, `${what} to a coil after a read`);
    }
    assert.ok(reads > 100, `${reads} reads`);
    world.hardware.stallMs = () => 0;
    assertSound(world);
  });

  it("is let go with its session: the next one hears nothing of it, and Abort ends it in its own (SR-76)", () => {
    const { world, peer } = peerScene({ seed: 911 });
    peer.send(CHANNEL.recordAccess, encodeReportFrom(0));
    world.clock.advance(500);
    peer.close();
    world.clock.advance(2_000);
    assert.ok(peer.open());
    const from = peer.received.length;
    for (let each = 0; each < 10; each++) {
      world.clock.advance(500);
      acknowledge(peer);
    }
    assert.deepEqual(received(peer, from), { sequences: [], responses: [] });
    peer.send(CHANNEL.recordAccess, encodeReportFrom(0));
    world.clock.advance(500);
    peer.send(CHANNEL.recordAccess, encodeReportFrom(0));
    world.clock.advance(500);
    peer.send(CHANNEL.recordAccess, ABORT);
    world.clock.advance(2_000);
    acknowledge(peer);
    world.clock.advance(2_000);
    const { sequences, responses } = received(peer, from);
    assert.deepEqual(responses, ["0f0f330a", "0f0f55f0"]);
    assert.ok(sequences.length <= 4, `${sequences.length}`);
    assertSound(world);
  });
});
