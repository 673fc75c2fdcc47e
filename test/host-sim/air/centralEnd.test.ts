import assert from "node:assert/strict";
import { advertisesCountersign, FROM_PUMP_UUID, SERVICE_UUID, TO_PUMP_UUID } from "../../../host-sim/air/service.js";
import { PROPERTIES } from "../../../host-sim/peripherals/gattTable.js";
import { ADVERTISEMENT, Bench, bytes, Central, FROM_PUMP, TO_PUMP, tableOf } from "./bench.js";

describe("a central's discovery", () => {
  it("gives up a peripheral without the Countersign characteristics", () => {
    for (const table of [
      { services: [{ uuid: "180f", characteristics: [TO_PUMP, FROM_PUMP] }] },
      tableOf(TO_PUMP),
      tableOf(FROM_PUMP),
      tableOf(TO_PUMP, { ...FROM_PUMP, properties: PROPERTIES.notify }),
    ]) {
      const bench = new Bench();
      const pump = bench.boot(table);
      assert.deepEqual(bench.join().log, ["disconnected"]);
      assert.deepEqual(pump.log, ["ready", "connect 20", "disconnect"]);
    }
  });

  it("matches UUIDs in either case", () => {
    const bench = new Bench();
    const upper = (text: string) => text.toUpperCase();
    bench.boot({
      services: [
        {
          uuid: upper(SERVICE_UUID),
          characteristics: [
            { ...TO_PUMP, uuid: upper(TO_PUMP_UUID) },
            { ...FROM_PUMP, uuid: upper(FROM_PUMP_UUID) },
          ],
        },
      ],
    });
    assert.deepEqual(bench.join().log, ["connected 182"]);
  });
});

describe("a central's scan", () => {
  it("waits for an advertiser, and gives up after 30 s", () => {
    const bench = new Bench();
    const patient = new Central(bench.air);
    bench.clock.advance(29_000);
    bench.boot();
    bench.clock.advance(100);
    assert.deepEqual(patient.log, ["connected 182"]);
    const unlucky = new Central(bench.air);
    bench.clock.advance(29_999);
    assert.deepEqual(unlucky.log, []);
    bench.clock.advance(1);
    assert.deepEqual(unlucky.log, ["disconnected"]);
  });

  it("passes over other addresses and other services", () => {
    const bench = new Bench();
    const pump = bench.boot();
    assert.deepEqual(bench.join({ address: "pump-2" }).log, []);
    pump.server.startAdvertising({ flags: 6, services: ["180d"] });
    assert.deepEqual(bench.join().log, []);
    pump.server.startAdvertising(ADVERTISEMENT);
    pump.server.stopAdvertising();
    assert.deepEqual(bench.join({ address: "pump-1" }).log, []);
  });

  it("finds nothing in advertising data that is cut or malformed", () => {
    for (const malformed of [bytes(), bytes(0), bytes(17, 7, 1), bytes(200)])
      assert.equal(advertisesCountersign(malformed), false);
  });

  it("that is called off ends without a connection", () => {
    const bench = new Bench();
    const central = new Central(bench.air);
    central.link.disconnect();
    assert.deepEqual(central.log, []);
    const pump = bench.boot();
    assert.deepEqual(central.log, ["disconnected"]);
    assert.deepEqual(pump.log, ["ready"]);
  });
});
