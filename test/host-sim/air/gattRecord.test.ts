/** When the SDK's C reads a connection's record that is not there yet, and what native/link.c makes of that. */

import assert from "node:assert/strict";
import { Bench, bytes, type EchoPump } from "./bench.js";

/** Longer than the central's first request takes to come, 30 ms after the connection. */
const LATE_MS = 200;
const NO_RECORD_MTU = "bleserver.c: an MTU exchange of a connection without a record";
const NO_RECORD_WRITE = "bleserver.c: a write of a connection without a record";

/** A pump whose thread is late by `stallMs` from the connection on. With `watched`, native/link.c is told. */
function stalled(watched: boolean, stallMs: number): { readonly bench: Bench; readonly pump: EchoPump } {
  const bench = new Bench();
  const changes = { onConnect: () => bench.control.taken() };
  const pump = bench.boot(watched ? changes : {});
  if (watched) bench.control.watch();
  bench.run = (callback) => bench.clock.schedule(callback, stallMs);
  return { bench, pump };
}

describe("the record of a connection in the SDK's C", () => {
  it("lets an MTU exchange before XS handled the connect restart the board", () => {
    const { bench } = stalled(false, LATE_MS);
    bench.join();
    assert.deepEqual(bench.restarts, [NO_RECORD_MTU]);
  });

  it("is there in time for a thread that is late by less than the central's first request", () => {
    const { bench } = stalled(false, 20);
    assert.deepEqual(bench.join().log, ["connected 182"]);
    assert.deepEqual(bench.restarts, []);
  });

  it("is not read for a central that exchanges no MTU and subscribes first", () => {
    const { bench, pump } = stalled(false, LATE_MS);
    bench.join({});
    bench.clock.advance(1_000);
    assert.deepEqual(bench.restarts, []);
    assert.equal(pump.log.at(-1), "subscribe");
  });

  it("lets a write before XS handled the connect restart the board, native/link.c or not", () => {
    for (const watched of [false, true]) {
      const { bench } = stalled(watched, 2 * LATE_MS);
      const central = bench.join({ subscribes: false });
      central.link.write(bytes(1));
      bench.clock.advance(100);
      assert.deepEqual(bench.restarts, [NO_RECORD_WRITE]);
    }
  });

  it("is waited for where native/link.c listens: MTU, subscription and write follow once the connect was handled", () => {
    const { bench, pump } = stalled(true, 600);
    const central = bench.join();
    central.link.write(bytes(7));
    bench.clock.advance(10_000);
    assert.deepEqual(bench.restarts, []);
    assert.deepEqual(pump.written, [bytes(7)]);
    assert.deepEqual(central.indications, [bytes(7)]);
    assert.equal(pump.log.at(-1), "write 1");
  });

  it("is waited for over a link's end, which is told in order", () => {
    const { bench, pump } = stalled(true, 600);
    const log: string[] = [];
    const central = bench.join();
    central.link.disconnect();
    bench.clock.advance(10_000);
    log.push(...pump.log);
    assert.deepEqual(bench.restarts, []);
    assert.equal(log.at(-1), "disconnect");
  });

  it("is waited for no longer than a second: a thread that stalls longer restarts the board", () => {
    for (const [stallMs, restarts] of [
      [990, []],
      [1_100, [NO_RECORD_MTU]],
    ] as const) {
      const { bench } = stalled(true, stallMs);
      bench.join();
      bench.clock.advance(5_000);
      assert.deepEqual(bench.restarts, restarts);
    }
  });

  it("asks nothing of a board that has lost its power meanwhile", () => {
    const { bench } = stalled(true, 600);
    bench.join();
    bench.air.powerLost(bench.radio.address);
    bench.clock.advance(5_000);
    assert.deepEqual(bench.restarts, []);
  });

  for (const [asked, maximumWrite] of [
    [23, 20],
    [24, 21],
    [512, 509],
    [517, 514],
  ] as const)
    it(`carries ${maximumWrite} bytes with an ATT_MTU of ${asked}`, () => {
      const bench = new Bench();
      const pump = bench.boot({ mtu: 517 });
      const central = bench.join({ mtu: asked });
      assert.deepEqual([pump.open.maximumWrite, central.link.maximumWrite], [maximumWrite, maximumWrite]);
      // No attribute value is longer than 512 bytes (Vol 3 Part F 3.2.9), whatever the ATT_MTU.
      const value = new Uint8Array(Math.min(maximumWrite, 512)).fill(asked);
      central.link.write(value);
      bench.clock.advance(200);
      assert.deepEqual([pump.written, central.indications], [[value], [value]]);
    });
});
