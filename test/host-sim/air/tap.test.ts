import assert from "node:assert/strict";
import type { AirEvent } from "../../../host-sim/air/packet.js";
import { DROP, DUPLICATE, delay, replace, type TapAction } from "../../../host-sim/air/tap.js";
import { ADVERTISEMENT, Bench, bytes, type Central, joined } from "./bench.js";

describe("a tap", () => {
  it("that drops a write leaves the central stuck until its ATT timeout of 30 s ends the link", () => {
    const { bench, pump, central } = joined();
    bench.tapOn("write", () => DROP);
    central.link.write(bytes(1));
    central.link.write(bytes(2));
    bench.clock.advance(29_999);
    assert.deepEqual(central.log, []);
    assert.deepEqual(pump.log, []);
    bench.clock.advance(20);
    assert.deepEqual(central.log, ["disconnected"]);
    assert.deepEqual(pump.log, ["unsubscribe", "disconnect"]);
  });

  it("that drops a write response does the same, though the pump has acted", () => {
    const { bench, pump, central } = joined();
    bench.tapOn("writeResponse", () => DROP);
    central.link.write(bytes(1));
    bench.clock.advance(31_000);
    assert.deepEqual(pump.written, [bytes(1)]);
    assert.deepEqual(central.log, ["indication 1", "disconnected"]);
  });

  it("that drops a subscription leaves the central stuck too", () => {
    const bench = new Bench();
    const pump = bench.boot();
    bench.tapOn("subscribe", () => DROP);
    const central = bench.join();
    bench.clock.advance(31_000);
    assert.deepEqual(central.log, ["connected 182", "disconnected"]);
    assert.ok(!pump.log.includes("subscribe"));
  });

  it("that drops a connection request or its acceptance makes the attempt fail", () => {
    for (const direction of ["toPeripheral", "toCentral"]) {
      const bench = new Bench();
      const pump = bench.boot();
      bench.air.tap = (packet) =>
        packet.kind === "connect" && packet.direction === direction ? DROP : { kind: "pass" };
      const central = bench.join();
      bench.clock.advance(2_000);
      assert.deepEqual(central.log, ["disconnected"]);
      assert.deepEqual(pump.log, direction === "toPeripheral" ? ["ready"] : ["ready", "connect 20", "disconnect"]);
    }
  });

  it("that drops a disconnect only delays it by the supervision timeout", () => {
    const { bench, pump, central } = joined();
    bench.tapOn("disconnect", () => DROP);
    central.link.disconnect();
    bench.clock.advance(999);
    assert.deepEqual(pump.log, []);
    bench.clock.advance(1);
    assert.deepEqual(pump.log, ["unsubscribe", "disconnect"]);
  });

  it("delays a packet", () => {
    const { bench, pump, central } = joined();
    bench.tapOn("write", () => delay(500));
    central.link.write(bytes(1));
    bench.clock.advance(514);
    assert.equal(pump.written.length, 0);
    bench.clock.advance(1);
    assert.equal(pump.written.length, 1);
    assert.throws(() => delay(-1), RangeError);
    assert.throws(() => delay(Number.NaN), RangeError);
  });

  it("reorders by delaying one packet and not the next", () => {
    const { bench, pump, central } = joined();
    let first = true;
    bench.air.tap = (packet) => {
      if (packet.kind !== "write") return { kind: "pass" };
      // The attacker answers for the pump, so that the second write follows at once, and overtakes the first.
      if (first)
        bench.air.inject(packet.connectionId, { direction: "toCentral", kind: "writeResponse", value: bytes() });
      const action = first ? delay(200) : ({ kind: "pass" } as const);
      first = false;
      return action;
    };
    central.link.write(bytes(1));
    central.link.write(bytes(2));
    bench.clock.advance(1_000);
    assert.deepEqual(pump.written, [bytes(2), bytes(1)]);
  });

  it("duplicates a packet", () => {
    const { bench, pump, central } = joined();
    bench.tapOn("write", () => DUPLICATE);
    central.link.write(bytes(5));
    bench.clock.advance(200);
    assert.deepEqual(pump.written, [bytes(5), bytes(5)]);
    assert.deepEqual(central.log, ["written", "indication 1", "indication 1"]);
  });

  it("that duplicates every packet makes one connection, one subscription and one end", () => {
    const bench = new Bench();
    const pump = bench.boot();
    bench.air.tap = () => DUPLICATE;
    const central = bench.join();
    central.link.disconnect();
    bench.clock.advance(5_000);
    assert.deepEqual(pump.log, ["ready", "connect 20", "subscribe", "unsubscribe", "disconnect"]);
    assert.deepEqual(central.log, ["connected 182", "disconnected"]);
  });

  it("replaces a value on the air", () => {
    const { bench, pump, central } = joined();
    bench.air.tap = ({ kind, value }) =>
      kind === "write" || kind === "indication" ? replace(value.map((byte) => byte ^ 0x80)) : { kind: "pass" };
    central.link.write(bytes(1));
    bench.clock.advance(100);
    assert.deepEqual(pump.written, [bytes(0x81)]);
    assert.deepEqual(central.indications, [bytes(0x01)]);
  });
});

describe("an attacker on the air", () => {
  it("injects packets in either end's name", () => {
    const { bench, pump, central } = joined();
    bench.air.inject(1, { direction: "toPeripheral", kind: "write", value: bytes(6) });
    bench.air.inject(1, { direction: "toCentral", kind: "indication", value: bytes(7, 7) });
    bench.air.inject(99, { direction: "toPeripheral", kind: "write", value: bytes(8) });
    bench.clock.advance(100);
    assert.deepEqual(pump.written, [bytes(6)]);
    assert.deepEqual(central.indications, [bytes(7, 7), bytes(6)]);
  });

  it("reaches onWrite with a long write of up to 512 bytes, whatever the ATT_MTU", () => {
    const { bench, pump } = joined();
    for (const length of [183, 512, 513])
      bench.air.inject(1, { direction: "toPeripheral", kind: "write", value: new Uint8Array(length) });
    bench.clock.advance(20);
    assert.deepEqual(pump.log, ["write 183", "write 512"]);
  });

  it("unsubscribes and subscribes in the central's name", () => {
    const { bench, pump } = joined();
    bench.air.inject(1, { direction: "toPeripheral", kind: "subscribe", value: bytes(2, 0) });
    bench.air.inject(1, { direction: "toPeripheral", kind: "subscribe", value: bytes(0, 0) });
    bench.clock.advance(20);
    assert.deepEqual(pump.log, ["unsubscribe"]);
    assert.throws(() => pump.indicate(1), /disabled/);
    bench.air.inject(1, { direction: "toPeripheral", kind: "subscribe", value: bytes(2, 0) });
    bench.air.inject(1, { direction: "toPeripheral", kind: "subscribe", value: bytes(2) });
    bench.clock.advance(20);
    assert.deepEqual(pump.log, ["unsubscribe", "subscribe"]);
  });

  it("changes nothing by packets that are out of place", () => {
    const { bench, pump, central } = joined();
    for (const direction of ["toPeripheral", "toCentral"] as const)
      for (const kind of ["connect", "writeResponse", "confirmation"] as const)
        bench.air.inject(1, { direction, kind, value: bytes() });
    bench.air.inject(1, { direction: "toPeripheral", kind: "indication", value: bytes(1) });
    bench.air.inject(1, { direction: "toCentral", kind: "write", value: bytes(1) });
    bench.air.inject(1, { direction: "toCentral", kind: "subscribe", value: bytes(2, 0) });
    bench.clock.advance(5_000);
    assert.deepEqual(pump.log, []);
    assert.deepEqual(central.log, []);
  });

  it("holds the pump's end after the central has gone, and goes on in its place", () => {
    const { bench, pump, central } = joined();
    bench.air.hold(1, "peripheral");
    central.link.disconnect();
    bench.clock.advance(60_000);
    assert.deepEqual(pump.log, []);
    bench.air.inject(1, { direction: "toPeripheral", kind: "write", value: bytes(1) });
    bench.clock.advance(20);
    // The echo is confirmed in the central's name, so the next one is free to go.
    bench.air.inject(1, { direction: "toPeripheral", kind: "write", value: bytes(2) });
    bench.clock.advance(60_000);
    assert.deepEqual(pump.log, ["write 1", "write 1"]);
    bench.air.inject(1, { direction: "toPeripheral", kind: "disconnect", value: bytes() });
    bench.clock.advance(20);
    assert.deepEqual(pump.log.slice(2), ["unsubscribe", "disconnect"]);
  });

  it("holds the central's end after the pump has lost its power", () => {
    const { bench, central } = joined();
    bench.air.hold(1, "central");
    bench.air.powerLost(bench.radio.address);
    bench.clock.advance(5_000);
    central.link.write(bytes(1));
    bench.clock.advance(60_000);
    assert.deepEqual(central.log, ["written"]);
    bench.air.inject(1, { direction: "toCentral", kind: "indication", value: bytes(3) });
    bench.air.inject(1, { direction: "toCentral", kind: "disconnect", value: bytes() });
    bench.clock.advance(60_000);
    assert.deepEqual(central.log, ["written", "indication 1", "disconnected"]);
  });

  it("cuts both ends by a forged disconnect to one", () => {
    const { bench, pump, central } = joined();
    bench.air.inject(1, { direction: "toPeripheral", kind: "disconnect", value: bytes() });
    bench.clock.advance(100);
    assert.deepEqual(pump.log, ["unsubscribe", "disconnect"]);
    assert.deepEqual(central.log, []);
    bench.clock.advance(1_000);
    assert.deepEqual(central.log, ["disconnected"]);
  });

  it("relays as a central of its own", () => {
    const { bench, pump, central } = joined();
    central.link.disconnect();
    bench.clock.advance(100);
    pump.server.startAdvertising(ADVERTISEMENT);
    const attacker = bench.join({ address: bench.radio.address });
    attacker.link.write(bytes(4));
    bench.clock.advance(100);
    assert.deepEqual(attacker.indications, [bytes(4)]);
  });

  it("tells an observer what an attacker did to a packet, and of a link that ended by silence", () => {
    const notes = (act: (bench: Bench, central: Central) => void) => {
      const events: AirEvent[] = [];
      const bench = new Bench({ observer: (event) => events.push(event) });
      bench.boot();
      const central = bench.join();
      events.length = 0;
      act(bench, central);
      bench.clock.advance(2_000);
      return events.flatMap(({ what, packet, note }) => (note ? [`${what} ${packet.kind} ${note}`] : []));
    };
    const tapped = (action: TapAction) =>
      notes((bench, central) => {
        bench.tapOn("write", () => action);
        central.link.write(bytes(1));
      });
    assert.deepEqual(tapped(DROP), ["sent write dropped"]);
    assert.deepEqual(tapped(delay(40)), ["sent write delayed", "arrived write delayed"]);
    assert.deepEqual(tapped(replace(bytes(2))), ["sent write altered", "arrived write altered"]);
    assert.deepEqual(tapped(DUPLICATE), [
      "sent write duplicated",
      "arrived write duplicated",
      "arrived write duplicated",
    ]);
    const forged = { direction: "toCentral", kind: "indication", value: bytes(2) } as const;
    assert.deepEqual(
      notes((bench) => bench.air.inject(1, forged)),
      ["arrived indication injected"],
    );
    assert.deepEqual(
      notes((bench) => bench.radio.powerLost()),
      ["arrived disconnect timeout"],
    );
  });

  it("lets no attacker send a value that no packet has room for", () => {
    const bench = new Bench();
    const value = new Uint8Array(65_533);
    assert.throws(() => replace(value), RangeError);
    assert.throws(() => bench.air.inject(1, { direction: "toCentral", kind: "indication", value }), RangeError);
    assert.equal(replace(value.subarray(1)).kind, "replace");
  });

  it("shows an observer what was sent and what arrived", () => {
    const events: AirEvent[] = [];
    const bench = new Bench({ observer: (event) => events.push(event) });
    bench.boot();
    const central = bench.join();
    events.length = 0;
    bench.tapOn("write", () => DROP);
    central.link.write(bytes(1));
    bench.air.inject(1, { direction: "toCentral", kind: "indication", value: bytes(2) });
    bench.clock.advance(20);
    assert.deepEqual(
      events.map(({ timeMs, what, packet }) => [timeMs - 300, what, packet.kind]),
      [
        [0, "sent", "write"],
        [15, "arrived", "indication"],
        [15, "sent", "confirmation"],
      ],
    );
  });
});
