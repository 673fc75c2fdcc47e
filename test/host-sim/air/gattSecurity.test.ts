/** LE security of the simulated GATT server: what the SDK's C and NimBLE do, and what native/link.c changes. */

import assert from "node:assert/strict";
import type { GattSecurity } from "../../../firmware/board.js";
import { PROPERTIES } from "../../../host-sim/peripherals/gattTable.js";
import { ADVERTISEMENT, Bench, bytes, EchoPump, FROM_PUMP, TO_PUMP, tableOf } from "./bench.js";

const SECURITY: GattSecurity = { authenticate: true, bond: true, display: true };
/** Both characteristics for an authenticated link. */
const authenticated = (onSubscribe = () => {}) =>
  tableOf(
    { ...TO_PUMP, properties: PROPERTIES.writeAuthenticated },
    {
      ...FROM_PUMP,
      properties: PROPERTIES.indicate | (PROPERTIES.subscribeAuthenticated & ~PROPERTIES.notify),
      onSubscribe,
    },
  );

/** A pump with LE security whose central has not paired. `log` gets what its callbacks hear. */
function secured() {
  const bench = new Bench();
  bench.radio.centralsArePaired = false;
  const log: string[] = [];
  const passkeys: number[] = [];
  const changes = {
    ...authenticated(() => log.push("subscribed")),
    security: SECURITY,
    onPasskey(_: unknown, action: string, passkey = 0) {
      log.push(action);
      passkeys.push(passkey);
    },
    onSecured: (_: unknown, state: object) => log.push(JSON.stringify(state)),
  };
  const pump = bench.boot(changes);
  const central = bench.join({ mtu: 185, subscribes: false });
  const again = () => {
    pump.server.startAdvertising(ADVERTISEMENT);
    return bench.join({ mtu: 185, subscribes: false });
  };
  return { bench, pump, central, log, passkeys, again, changes };
}

describe("LE security of the simulated GATT server", () => {
  it("takes the options as the C reads them: authenticate without display throws, ioCapabilities is not read", () => {
    const make = (security: object) =>
      new EchoPump(new Bench().constructorOfServer(), { security: security as GattSecurity });
    assert.throws(() => make({ authenticate: true, bond: true }), /authenticate requires keyboard and\/or display/);
    assert.throws(() => make({ authenticate: true, ioCapabilities: "display" }), /authenticate requires/);
    make({ authenticate: true, display: true });
    make({ bond: true });
    make({ ioCapabilities: "nonsense" });
  });

  it("refuses write and subscription on a link that is not authenticated with error 05", () => {
    for (const request of ["write", "subscribe"] as const) {
      const { bench, pump, central } = secured();
      const errors: number[] = [];
      bench.air.tap = (packet) => {
        if (packet.kind === "writeResponse") errors.push(...packet.value);
        return { kind: "pass" };
      };
      if (request === "write") central.link.write(bytes(1));
      else central.link.subscribe();
      bench.clock.advance(200);
      assert.deepEqual([errors, pump.written], [[0x05], []]);
      assert.deepEqual(central.log, ["connected 182", "disconnected"]);
    }
  });

  it("pairs by passkey, tells onSecured of it, and then takes a write", () => {
    const { bench, central, log, passkeys } = secured();
    assert.equal(bench.radio.pair("phone", "keyboard"), "passkey");
    const [passkey = 0] = passkeys;
    assert.ok(passkey >= 1 && passkey <= 999_999);
    assert.equal(bench.radio.typePasskey(passkey), true);
    assert.deepEqual(log, ["display", '{"encrypted":true,"authenticated":true,"bonded":true}']);
    central.link.write(bytes(1));
    bench.clock.advance(100);
    assert.equal(central.log.at(-1), "written");
  });

  it("ends a pairing with a wrong passkey without a bond and without onSecured", () => {
    const { bench, log, passkeys } = secured();
    bench.radio.pair("phone", "keyboard");
    assert.equal(bench.radio.typePasskey((passkeys[0] ?? 0) + 1), false);
    assert.equal(bench.radio.typePasskey(passkeys[0] ?? 0), false);
    assert.deepEqual([log, bench.radio.leBonds.size], [["display"], 0]);
  });

  it("lets a pairing hang when the server has no onPasskey, since nobody gives NimBLE the passkey", () => {
    const bench = new Bench();
    bench.radio.centralsArePaired = false;
    bench.boot({ ...authenticated(), security: SECURITY });
    bench.join({ subscribes: false });
    assert.equal(bench.radio.pair("phone", "keyboard"), "hangs");
  });

  it("bonds by just works with a central that has neither keys nor display, where nothing guards the store", () => {
    const { bench, central, log } = secured();
    assert.equal(bench.radio.pair("headset", "none"), "paired");
    assert.deepEqual(log, ['{"encrypted":true,"authenticated":false,"bonded":true}']);
    assert.deepEqual([...bench.radio.leBonds.values()], [{ authenticated: false, subscribed: false }]);
    central.link.write(bytes(1));
    bench.clock.advance(100);
    assert.equal(central.log.at(-1), "disconnected");
  });

  it("keeps no bond while native/link.c lets none in, and none by just works when it does", () => {
    for (const [allowed, capability, kept] of [
      [undefined, "keyboard", 0],
      [false, "keyboard", 0],
      [true, "keyboard", 1],
      [true, "none", 0],
    ] as const) {
      const { bench, passkeys } = secured();
      bench.control.watch();
      if (allowed !== undefined) bench.control.allowBonds(allowed);
      bench.radio.pair("phone", capability);
      bench.radio.typePasskey(passkeys[0] ?? 0);
      assert.equal(bench.radio.leBonds.size, kept, `${allowed} ${capability}`);
    }
  });

  it("encrypts a later link with the bond, without onSecured, also after a restart, until the bonds are deleted", () => {
    const { bench, central, log, passkeys, changes } = secured();
    bench.radio.pair("phone", "keyboard");
    bench.radio.typePasskey(passkeys[0] ?? 0);
    log.length = 0;
    central.link.disconnect();
    bench.boot(changes);
    const next = bench.join({ subscribes: false });
    assert.equal(bench.radio.encrypt("phone"), true);
    next.link.write(bytes(1));
    bench.clock.advance(100);
    assert.deepEqual([log, next.log.at(-1)], [[], "written"]);
    assert.equal(bench.radio.pair("phone", "keyboard"), "ignored");
    bench.control.forgetBonds();
    assert.equal(bench.radio.encrypt("phone"), false);
  });

  it("restores a bonded peer's subscription without a write, and with native/link.c keeps none", () => {
    for (const watched of [false, true]) {
      const { bench, central, log, passkeys, again } = secured();
      if (watched) {
        bench.control.watch();
        bench.control.allowBonds(true);
      }
      bench.radio.pair("phone", "keyboard");
      bench.radio.typePasskey(passkeys[0] ?? 0);
      central.link.subscribe();
      bench.clock.advance(100);
      central.link.disconnect();
      bench.clock.advance(100);
      log.length = 0;
      again();
      assert.equal(bench.radio.encrypt("phone"), true);
      bench.clock.advance(100);
      assert.deepEqual(log, watched ? [] : ["subscribed"]);
    }
  });

  it("needs a connection to pair", () => {
    const bench = new Bench();
    bench.boot();
    assert.throws(() => bench.radio.pair("phone", "keyboard"), /nobody is connected/);
  });
});
