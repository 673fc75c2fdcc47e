import assert from "node:assert/strict";
import type { GattCharacteristicOptions } from "../../../firmware/board.js";
import { SERVICE_UUID } from "../../../host-sim/air/service.js";
import { PROPERTIES } from "../../../host-sim/peripherals/gattTable.js";
import { ADVERTISEMENT, Bench, bytes, EchoPump, FROM_PUMP, TO_PUMP, tableOf } from "./bench.js";

describe("the simulated GATT server", () => {
  it("calls onReady after the constructor has returned, and lets nobody advertise before", () => {
    const bench = new Bench();
    const pump = new EchoPump(bench.constructorOfServer());
    assert.deepEqual(pump.log, []);
    assert.throws(() => pump.server.startAdvertising(ADVERTISEMENT));
    bench.clock.advance(100);
    assert.deepEqual(pump.log, ["ready"]);
  });

  it("advertises AD structures in the order of the properties, UUIDs little-endian and listed by size", () => {
    const bench = new Bench();
    const { server } = bench.boot();
    server.startAdvertising({ flags: 6, services: [SERVICE_UUID] });
    const service = bytes(0xf0, 0xd1, 0x94, 0x7a, 0x2b, 0x6e, 0x31, 0x9c, 0x0f, 0x4d, 0x5a, 0x8b, 1, 0, 0x16, 0xc5);
    assert.deepEqual(bench.radio.advertisement, bytes(2, 1, 6, 17, 7, ...service));
    server.startAdvertising({ services: [SERVICE_UUID.toUpperCase(), "180d"], flags: 0x106 });
    assert.deepEqual(bench.radio.advertisement, bytes(3, 3, 0x0d, 0x18, 17, 7, ...service, 2, 1, 6));
    server.startAdvertising({ flags: 6, services: ["180d", "12345678", "180F"] });
    assert.deepEqual(
      bench.radio.advertisement,
      bytes(2, 1, 6, 5, 3, 0x0d, 0x18, 0x0f, 0x18, 5, 5, 0x78, 0x56, 0x34, 0x12),
    );
    server.startAdvertising({ flags: 6, services: [] });
    assert.deepEqual(bench.radio.advertisement, bytes(2, 1, 6));
  });

  it("refuses advertising data of over 31 bytes, what is no UUID and a property it does not know", () => {
    const bench = new Bench();
    const { server } = bench.boot();
    const listed = (count: number) => ({ flags: 6, services: Array.from({ length: count }, () => "180d") });
    assert.throws(() => server.startAdvertising(listed(14)), RangeError);
    assert.throws(() => server.startAdvertising({ flags: 6, services: ["180"] }), /invalid UUID/);
    const withRange = { ...ADVERTISEMENT, range: 1 };
    assert.throws(() => server.startAdvertising(withRange), /unrecognized range/);
    server.startAdvertising(listed(13));
    assert.equal(bench.radio.advertisement?.length, 31);
  });

  it("refuses a table whose callbacks do not match its properties", () => {
    const { onUnsubscribe: _, ...withoutUnsubscribe } = FROM_PUMP;
    const { onWrite: __, ...withoutWrite } = TO_PUMP;
    const refused: readonly (readonly [RegExp, GattCharacteristicOptions])[] = [
      [/inconsistent onSubscribe/, withoutUnsubscribe],
      [/inconsistent onSubscribe/, { ...withoutUnsubscribe, properties: PROPERTIES.notify }],
      [/inconsistent onSubscribe/, { ...TO_PUMP, onUnsubscribe() {} }],
      [/inconsistent write/, withoutWrite],
      [/inconsistent write/, { ...FROM_PUMP, onWrite() {} }],
      [/inconsistent read/, { ...TO_PUMP, properties: PROPERTIES.read | PROPERTIES.write }],
      [/inconsistent read/, { ...TO_PUMP, properties: PROPERTIES.readEncrypted | PROPERTIES.write }],
      [/inconsistent write/, { ...TO_PUMP, properties: PROPERTIES.broadcast | PROPERTIES.reliableWrite }],
      [/inconsistent onSubscribe/, { ...TO_PUMP, properties: PROPERTIES.write | PROPERTIES.subscribeEncrypted }],
      [/properties missing/, { ...TO_PUMP, properties: 0 }],
      [/bad uuid/, { ...TO_PUMP, uuid: "c516" + "zzzz" }],
    ];
    for (const [message, characteristic] of refused)
      assert.throws(() => new EchoPump(new Bench().constructorOfServer(), tableOf(characteristic)), message);
    assert.throws(() => new EchoPump(new Bench().constructorOfServer(), tableOf()), /invalid characteristics/);
  });

  it("takes each of the SDK's properties with the callback it demands", () => {
    const { write, writeWithOutResponse, writeEncrypted, writeAuthenticated, authenticatedSignedWrites } = PROPERTIES;
    const { notify, indicate, subscribeEncrypted, subscribeAuthenticated, broadcast, reliableWrite } = PROPERTIES;
    for (const property of [write, writeWithOutResponse, writeEncrypted, writeAuthenticated, authenticatedSignedWrites])
      new EchoPump(new Bench().constructorOfServer(), tableOf({ ...TO_PUMP, properties: property | reliableWrite }));
    for (const property of [notify, indicate, subscribeEncrypted, subscribeAuthenticated])
      new EchoPump(new Bench().constructorOfServer(), tableOf({ ...FROM_PUMP, properties: property | broadcast }));
  });

  it("offers the SDK's numbers as properties", () => {
    const { properties } = new Bench().constructorOfServer();
    assert.deepEqual(properties, {
      ...{ broadcast: 0x01, read: 0x02, writeWithOutResponse: 0x04, write: 0x08, notify: 0x10, indicate: 0x20 },
      ...{ authenticatedSignedWrites: 0x40, reliableWrite: 0x80, readEncrypted: 0x202, readAuthenticated: 0x402 },
      ...{ writeEncrypted: 0x1008, writeAuthenticated: 0x2008 },
      ...{ subscribeEncrypted: 0x8010, subscribeAuthenticated: 0x10010 },
    });
  });

  it("is one: a second throws, even after the first was closed", () => {
    const bench = new Bench();
    const Server = bench.constructorOfServer();
    const pump = new EchoPump(Server);
    assert.throws(() => new EchoPump(Server), /only one/);
    pump.server.close();
    assert.throws(() => new EchoPump(Server), /only one/);
  });

  it("lets a new power session make a server, and the old session none", () => {
    const bench = new Bench();
    const Old = bench.constructorOfServer();
    bench.boot();
    assert.throws(() => new EchoPump(Old), /no power/);
  });
});
