import assert from "node:assert/strict";
import { ADVERTISEMENT, Bench, buffer, bytes, FROM_PUMP, joined } from "./bench.js";

describe("a connection of the simulated GATT server", () => {
  it("announces a connection with 20 bytes and raises that to the smaller ATT_MTU less 3", () => {
    for (const [central, server, expected] of [
      [185, 185, 182],
      [100, 185, 97],
      [517, 185, 182],
      [undefined, 185, 20],
      [185, 5, 20],
      [1000, 4000, 524],
    ] as const) {
      const bench = new Bench();
      const pump = bench.boot({ mtu: server });
      const joined = bench.join(central === undefined ? {} : { mtu: central });
      assert.deepEqual(pump.log, ["ready", "connect 20", "subscribe"]);
      assert.equal(pump.open.maximumWrite, expected);
      assert.equal(joined.link.maximumWrite, expected);
    }
  });

  it("keeps announcing 20 bytes while the thread is late by less than a connection interval", () => {
    const bench = new Bench();
    const pump = bench.boot();
    bench.run = (callback) => bench.clock.schedule(callback, 10);
    bench.join();
    assert.equal(pump.log[1], "connect 20");
  });

  it("takes one connection, and stops advertising with it", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const first = bench.join();
    const second = bench.join();
    pump.server.startAdvertising(ADVERTISEMENT);
    bench.clock.advance(40_000);
    assert.deepEqual(first.log, ["connected 182"]);
    assert.deepEqual(second.log, ["disconnected"]);
  });

  it("calls onUnsubscribe and onDisconnect when the central leaves, and never advertises by itself", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const { link } = bench.join();
    pump.log.length = 0;
    link.disconnect();
    bench.clock.advance(100);
    assert.deepEqual(pump.log, ["unsubscribe", "disconnect"]);
    const next = bench.join();
    assert.deepEqual(next.log, []);
    pump.server.startAdvertising(ADVERTISEMENT);
    bench.clock.advance(100);
    assert.deepEqual(next.log, ["connected 182"]);
  });

  it("tells the ordinary end of a link that native code ends, and does not advertise again", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const central = bench.join();
    pump.log.length = 0;
    bench.control.end();
    bench.control.end();
    assert.deepEqual(pump.log, []);
    bench.clock.advance(5_000);
    assert.deepEqual(pump.log, ["unsubscribe", "disconnect"]);
    assert.deepEqual(central.log, ["connected 182", "disconnected"]);
    const next = bench.join();
    assert.deepEqual(next.log, []);
    pump.server.startAdvertising(ADVERTISEMENT);
    bench.clock.advance(100);
    assert.deepEqual(next.log, ["connected 182"]);
  });

  it("ends nothing by native code when nobody is connected", () => {
    const bench = new Bench();
    const pump = bench.boot();
    bench.control.end();
    bench.clock.advance(100);
    assert.deepEqual(pump.log, ["ready"]);
    assert.deepEqual(bench.join().log, ["connected 182"]);
  });

  it("calls nothing after the SDK's own close of a link without a subscription", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const central = bench.join({ mtu: 185, subscribes: false });
    pump.log.length = 0;
    pump.open.close();
    bench.clock.advance(5_000);
    assert.deepEqual([pump.log, bench.restarts], [[], []]);
    assert.deepEqual(central.log, ["connected 182", "disconnected"]);
    pump.server.startAdvertising(ADVERTISEMENT);
    assert.deepEqual(bench.join().log, ["connected 182"]);
  });

  it("restarts the board after the SDK's own close of a subscribed link, whose end finds no record", () => {
    const bench = new Bench();
    const pump = bench.boot();
    bench.join();
    pump.open.close();
    bench.clock.advance(29);
    assert.deepEqual(bench.restarts, []);
    bench.clock.advance(1);
    assert.deepEqual(bench.restarts, ["bleserver.c: the end of a subscription of a connection without a record"]);
  });

  it("restarts the board after the SDK's own close in onConnect, when the central then exchanges MTUs", () => {
    for (const [options, restarts] of [[{ mtu: 185 }, 1] as const, [{}, 0] as const]) {
      const bench = new Bench();
      bench.boot({ onConnect: (connection) => connection.close() });
      bench.join(options);
      assert.equal(bench.restarts.length, restarts);
    }
  });

  it("loses a startAdvertising that comes before the closed link's slot is free", () => {
    const bench = new Bench();
    const pump = bench.boot();
    bench.join();
    bench.control.end();
    pump.server.startAdvertising(ADVERTISEMENT);
    bench.clock.advance(1_000);
    assert.deepEqual(bench.join().log, []);
  });

  it("refuses every use of a connection that was closed or has ended", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const { link } = bench.join();
    const { open, handle } = pump;
    assert.ok(handle);
    open.close();
    assert.throws(() => open.close());
    assert.throws(() => open.maximumWrite);
    assert.throws(() => open.notify(handle, buffer(1)));
    link.disconnect();

    const again = new Bench();
    const second = again.boot();
    again.join().link.disconnect();
    again.clock.advance(100);
    assert.throws(() => second.indicate(1));
  });

  it("gives each characteristic's callbacks an opaque object, the only one that notify takes", () => {
    const bench = new Bench();
    const pump = bench.boot();
    bench.join();
    assert.ok(pump.handle);
    assert.deepEqual(Object.keys(pump.handle), []);
    assert.throws(() => pump.open.notify({}, buffer(1)));
    assert.throws(() => pump.open.notify(FROM_PUMP, buffer(1)));
    pump.indicate(1);
  });

  it("throws from notify when the central is not subscribed, also in the connection after one that was", () => {
    const bench = new Bench();
    const pump = bench.boot();
    bench.join();
    bench.control.end();
    bench.clock.advance(100);
    pump.server.startAdvertising(ADVERTISEMENT);
    bench.join({ subscribes: false });
    assert.throws(() => pump.indicate(1), /disabled/);
  });

  it("sends one indication at a time and queues the others without a bound", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const central = bench.join();
    for (let i = 0; i < 100; i++) pump.indicate(i);
    bench.clock.advance(15);
    assert.equal(central.indications.length, 1);
    bench.clock.advance(30);
    assert.equal(central.indications.length, 2);
    bench.clock.advance(98 * 30);
    assert.deepEqual(
      central.indications,
      Array.from({ length: 100 }, (_, i) => bytes(i)),
    );
  });

  it("cuts an indication to the connection's maximum, and keeps the value of the moment of notify", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const central = bench.join({ mtu: 23 });
    const value = new Uint8Array(30).fill(7);
    assert.ok(pump.handle);
    pump.open.notify(pump.handle, value.buffer);
    value.fill(9);
    bench.clock.advance(100);
    assert.deepEqual(central.indications, [new Uint8Array(20).fill(7)]);
  });

  it("loses what was notified just before the end of the link", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const central = bench.join();
    pump.indicate(1);
    bench.control.end();
    bench.clock.advance(5_000);
    assert.deepEqual(central.indications, []);
  });

  it("answers a write when onWrite has returned, however late the thread is", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const central = bench.join();
    bench.run = (callback) => bench.clock.schedule(callback, 600);
    central.link.write(bytes(1));
    bench.clock.advance(629);
    assert.deepEqual(central.log, ["connected 182"]);
    bench.clock.advance(1);
    assert.deepEqual(pump.written, [bytes(1)]);
    assert.deepEqual(central.log, ["connected 182", "written", "indication 1"]);
  });

  it("does not answer a write whose onWrite threw or closed the connection", () => {
    for (const onWrite of [(c: { close(): void }) => c.close(), () => assert.fail("crash")]) {
      const bench = new Bench();
      const pump = bench.boot();
      const central = bench.join();
      pump.onWrite = onWrite;
      bench.run = (callback) => {
        try {
          callback();
        } catch {
          bench.air.powerLost(bench.radio.address);
        }
      };
      central.link.write(bytes(1));
      bench.clock.advance(5_000);
      assert.deepEqual(central.log, ["connected 182", "disconnected"]);
    }
  });

  it("restarts the board when a write waits for the thread while the SDK's own close frees the record", () => {
    const { bench, pump, central } = joined();
    bench.run = (callback) => bench.clock.schedule(callback, 500);
    central.link.write(bytes(1));
    bench.clock.advance(100);
    pump.open.close();
    bench.clock.advance(5_000);
    assert.deepEqual(pump.log, []);
    assert.deepEqual(bench.restarts, ["bleserver.c: a write of a connection without a record"]);
  });

  it("dies with the power: no callback follows, and the central notices by silence", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const central = bench.join();
    pump.log.length = 0;
    central.link.write(bytes(1));
    bench.air.powerLost(bench.radio.address);
    bench.clock.advance(999);
    assert.deepEqual(central.log, ["connected 182"]);
    bench.clock.advance(1);
    assert.deepEqual(central.log, ["connected 182", "disconnected"]);
    assert.deepEqual(pump.log, []);
    assert.throws(() => pump.server.startAdvertising(ADVERTISEMENT));
    bench.boot();
    assert.deepEqual(bench.join().log, ["connected 182"]);
  });

  it("drops the callbacks that waited for the thread when the power went", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const central = bench.join();
    pump.log.length = 0;
    bench.run = (callback) => bench.clock.schedule(callback, 100);
    central.link.write(bytes(1));
    bench.clock.advance(50);
    bench.air.powerLost(bench.radio.address);
    bench.clock.advance(500);
    assert.deepEqual(pump.log, []);
  });

  it("survives a power cut inside onConnect", () => {
    const bench = new Bench();
    const pump = bench.boot({ onConnect: () => bench.air.powerLost(bench.radio.address) });
    const central = bench.join();
    bench.clock.advance(5_000);
    assert.equal(central.log.at(-1), "disconnected");
    assert.deepEqual(pump.log, ["ready"]);
    bench.boot();
    assert.deepEqual(bench.join().log, ["connected 182"]);
  });

  it("ends the link and says so when an indication stays unconfirmed for 30 s", () => {
    const bench = new Bench();
    const pump = bench.boot();
    const central = bench.join();
    bench.tapOn("confirmation", () => ({ kind: "drop" }));
    pump.indicate(1);
    bench.clock.advance(29_999);
    assert.equal(pump.log.at(-1), "subscribe");
    bench.clock.advance(1_000);
    assert.deepEqual(pump.log.slice(-2), ["unsubscribe", "disconnect"]);
    assert.deepEqual(central.log.slice(-1), ["disconnected"]);
  });
});
