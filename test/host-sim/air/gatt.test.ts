import assert from "node:assert/strict";
import type { GattCharacteristicOptions } from "../../../firmware/board.js";
import { ADVERTISEMENT, Bench, EchoPump, FROM_PUMP, TO_PUMP, tableOf } from "./bench.js";

describe("the simulated GATT server", () => {
  it("calls onReady after the constructor has returned, and lets nobody advertise before", () => {
    const bench = new Bench();
    const pump = new EchoPump(bench.constructorOfServer());
    assert.deepEqual(pump.log, []);
    assert.throws(() => pump.server.startAdvertising(ADVERTISEMENT));
    bench.clock.advance(100);
    assert.deepEqual(pump.log, ["ready"]);
  });

  it("refuses advertising data of over 31 bytes", () => {
    const pump = new Bench().boot();
    assert.throws(() => pump.server.startAdvertising(new ArrayBuffer(32)), /invalid adv/);
    pump.server.startAdvertising(new ArrayBuffer(31));
  });

  it("refuses a table whose callbacks do not match its properties", () => {
    const { onUnsubscribe: _, ...withoutUnsubscribe } = FROM_PUMP;
    const { onWrite: __, ...withoutWrite } = TO_PUMP;
    const refused: readonly (readonly [RegExp, GattCharacteristicOptions])[] = [
      [/inconsistent onSubscribe/, withoutUnsubscribe],
      [/inconsistent onSubscribe/, { ...withoutUnsubscribe, properties: ["notify"] }],
      [/inconsistent onSubscribe/, { ...TO_PUMP, onUnsubscribe() {} }],
      [/inconsistent write/, withoutWrite],
      [/inconsistent write/, { ...FROM_PUMP, onWrite() {} }],
      [/inconsistent read/, { ...TO_PUMP, properties: ["read", "write"] }],
      [/no property shout/, { ...TO_PUMP, properties: ["shout"] }],
      [/properties missing/, { ...TO_PUMP, properties: [] }],
      [/bad uuid/, { ...TO_PUMP, uuid: "c516" + "zzzz" }],
    ];
    for (const [message, characteristic] of refused)
      assert.throws(() => new EchoPump(new Bench().constructorOfServer(), tableOf(characteristic)), message);
    assert.throws(() => new EchoPump(new Bench().constructorOfServer(), tableOf()), /invalid characteristics/);
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
