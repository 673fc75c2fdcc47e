import assert from "node:assert/strict";
import { DUPLICATE, replace } from "../../../host-sim/air/tap.js";
import { Bench, bytes, Central, joined } from "./bench.js";

describe("the air", () => {
  it("carries a write to the pump and its echo back", () => {
    const { bench, pump, central } = joined();
    central.link.write(bytes(1, 2, 3));
    bench.clock.advance(30);
    assert.deepEqual(pump.written, [bytes(1, 2, 3)]);
    assert.deepEqual(central.log, ["written", "indication 3"]);
    assert.deepEqual(central.indications, [bytes(1, 2, 3)]);
  });

  it("takes the configured latency each way", () => {
    const bench = new Bench({ latencyMs: 40 });
    const pump = bench.boot();
    const central = bench.join();
    central.link.write(bytes(1));
    bench.clock.advance(39);
    assert.equal(pump.written.length, 0);
    bench.clock.advance(1);
    assert.equal(pump.written.length, 1);
    bench.clock.advance(39);
    assert.equal(central.indications.length, 0);
    bench.clock.advance(1);
    assert.equal(central.indications.length, 1);
  });

  it("has one write of a connection on the air at a time", () => {
    const { bench, pump, central } = joined();
    for (let i = 0; i < 4; i++) central.link.write(bytes(i));
    bench.clock.advance(29);
    assert.equal(pump.written.length, 1);
    bench.clock.advance(3 * 30 + 1);
    assert.deepEqual(
      pump.written,
      [0, 1, 2, 3].map((i) => bytes(i)),
    );
    assert.equal(central.log.filter((line) => line === "written").length, 4);
  });

  it("refuses a write over the maximum, one before the link is up and too many at once", () => {
    const { central, bench } = joined();
    assert.throws(() => central.link.write(new Uint8Array(183)), RangeError);
    central.link.write(new Uint8Array(182));
    assert.throws(() => {
      for (;;) central.link.write(bytes(1));
    }, RangeError);
    const early = new Central(bench.air);
    assert.throws(() => early.link.write(bytes(1)));
    assert.throws(() => early.link.subscribe());
  });

  it("rejects a forged write over 512 bytes before the pump sees it", () => {
    const { bench, pump, central } = joined();
    bench.tapOn("write", () => replace(new Uint8Array(513)));
    central.link.write(bytes(1));
    bench.clock.advance(100);
    assert.deepEqual(pump.log, ["unsubscribe", "disconnect"]);
    assert.deepEqual(central.log, ["disconnected"]);
  });

  it("calls onDisconnected once, not inside disconnect, and nothing after it", () => {
    const { bench, pump, central } = joined();
    central.link.write(bytes(1));
    central.link.write(bytes(2));
    pump.indicate(9);
    bench.clock.advance(10);
    central.link.disconnect();
    assert.deepEqual(central.log, []);
    central.link.disconnect();
    central.link.write(new Uint8Array(500));
    central.link.subscribe();
    bench.clock.advance(60_000);
    assert.deepEqual(central.log, ["disconnected"]);
    assert.equal(pump.written.length, 1);
  });

  it("counts packets, ATT bytes and round trips", () => {
    const { bench, pump, central } = joined();
    const before = bench.air.traffic;
    central.link.write(bytes(1, 2, 3, 4));
    bench.clock.advance(100);
    pump.indicate(7);
    bench.clock.advance(100);
    const after = bench.air.traffic;
    // To the pump: a write of 4 + 3 bytes and two confirmations; back: the response, and indications of 4 + 3 and 1
    // + 3.
    assert.equal(after.toPeripheral.packets - before.toPeripheral.packets, 3);
    assert.equal(after.toPeripheral.bytes - before.toPeripheral.bytes, 7 + 1 + 1);
    assert.equal(after.toCentral.packets - before.toCentral.packets, 3);
    assert.equal(after.toCentral.bytes - before.toCentral.bytes, 1 + 7 + 4);
    assert.equal(after.roundTrips - before.roundTrips, 3);
    assert.deepEqual(before.toPeripheral, { packets: 2, bytes: 5 });
    assert.deepEqual(before.toCentral, { packets: 2, bytes: 1 });
    assert.equal(before.roundTrips, 2);
  });

  it("gives each end its own copy of a value", () => {
    const { bench, pump, central } = joined();
    const value = bytes(1, 2);
    bench.air.tap = (packet) => {
      packet.value.fill(0xee);
      return DUPLICATE;
    };
    central.link.write(value);
    value.fill(0xff);
    bench.clock.advance(20);
    assert.deepEqual(pump.written, [bytes(1, 2), bytes(1, 2)]);
    bench.clock.advance(15);
    central.indications[0]?.fill(0xdd);
    assert.deepEqual(central.indications[1], bytes(1, 2));
  });

  it("refuses two peripherals of one address", () => {
    const { bench } = joined();
    assert.throws(() => bench.air.register(bench.radio.address, bench.radio));
  });
});
