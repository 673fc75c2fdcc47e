/** The GATT adapter against a server with the quirks of the SDK's. */

import assert from "node:assert/strict";
import { uptimeMs } from "../../firmware/base/units.js";
import type {
  GattAdvertisement,
  GattCharacteristicOptions,
  GattConnection,
  GattServer,
  GattServerConstructor,
  GattServerOptions,
  LinkControl,
  LinkSecurity,
} from "../../firmware/board.js";
import { FROM_PUMP_UUID, GattLink, type LinkEvent, SERVICE_UUID, TO_PUMP_UUID } from "../../firmware/link/gatt.js";
import { PROPERTIES } from "../../host-sim/peripherals/gattTable.js";
import { hex } from "../session/bench.js";

/** One central's connection: knows its handle, throws when it is not subscribed. Its own close restarts the board. */
class FakeConnection implements GattConnection {
  readonly notified: string[] = [];
  subscribedTo: object | undefined;
  maximumWrite = 20;
  failAfter = Number.POSITIVE_INFINITY;

  notify(characteristic: object, value: ArrayBuffer): void {
    if (characteristic !== this.subscribedTo) throw new Error("disabled");
    if (this.notified.length >= this.failAfter) throw new Error("radio failed");
    this.notified.push(hex(new Uint8Array(value)));
  }

  close(): void {
    assert.fail("the SDK's close frees the record before the link ends");
  }
}

const at = (ms: number) => uptimeMs(ms);
/** Longer than the end of a link is waited for. */
const GIVEN_UP_MS = 15_001;

/** A fake of the SDK's server and what the link did with it. */
function bench(linkSecurity: LinkSecurity = "none") {
  const events: LinkEvent[] = [];
  const advertised: GattAdvertisement[] = [];
  let options: GattServerOptions | undefined;
  let server: GattServer | undefined;
  const radio = { advertisingThrows: false, watchThrows: false };
  const control: string[] = [];
  const linkControl: LinkControl = {
    watch() {
      if (radio.watchThrows) throw new Error("no GAP listener");
      control.push("watch");
    },
    taken: () => control.push("taken"),
    end: () => control.push("end"),
    allowBonds: (allowed) => control.push(`allowBonds ${allowed}`),
    forgetBonds: () => control.push("forgetBonds"),
  };
  const Server: GattServerConstructor = class implements GattServer {
    static readonly properties = PROPERTIES;
    constructor(given: GattServerOptions) {
      options = given;
      server = this;
    }
    startAdvertising(scan: GattAdvertisement): void {
      if (radio.advertisingThrows) throw new Error("busy");
      advertised.push(scan);
    }
    stopAdvertising(): void {}
    close(): void {}
  };
  const link = new GattLink({ GATTServer: Server, link: linkControl, linkSecurity }, (event) => events.push(event));
  assert.ok(options && server);
  const given = options;
  const host = server;
  const characteristic = (uuid: string): GattCharacteristicOptions => {
    const found = given.services[0]?.characteristics.find((each) => each.uuid === uuid);
    assert.ok(found, uuid);
    return found;
  };
  /** The opaque host object behind fromPump: not the options object, and made anew for each server. */
  const handle = Object.freeze({});
  return {
    link,
    options: given,
    events,
    advertised,
    radio,
    control,
    handle,
    kinds: () => events.map(({ kind }) => kind),
    ready: () => given.onReady.call(host),
    connect: (connection = new FakeConnection()) => {
      given.onConnect.call(host, connection);
      return connection;
    },
    disconnect: (connection: FakeConnection) => given.onDisconnect.call(host, connection),
    subscribe: (connection: FakeConnection) => {
      connection.subscribedTo = handle;
      characteristic(FROM_PUMP_UUID).onSubscribe?.call(handle, connection);
    },
    unsubscribe: (connection: FakeConnection) => {
      connection.subscribedTo = undefined;
      characteristic(FROM_PUMP_UUID).onUnsubscribe?.call(handle, connection);
    },
    write: (connection: FakeConnection, ...bytes: readonly number[]) =>
      characteristic(TO_PUMP_UUID).onWrite?.call({}, Uint8Array.from(bytes).buffer, connection),
    passkey: (connection: FakeConnection, action: string, passkey?: number) =>
      given.onPasskey?.call(host, connection, action, passkey),
    secured: (connection: FakeConnection, encrypted: boolean, authenticated: boolean) =>
      given.onSecured?.call(host, connection, { encrypted, authenticated, bonded: true }),
  };
}

describe("gatt link", () => {
  it("declares the service of PROTOCOL.md 1.1", () => {
    const { options } = bench();
    assert.deepEqual(
      options.services.map(({ uuid, characteristics }) => [
        uuid,
        ...characteristics.map((each) => [each.uuid, each.properties]),
      ]),
      [[SERVICE_UUID, [TO_PUMP_UUID, 8], [FROM_PUMP_UUID, 32]]],
    );
    assert.equal(options.mtu, 247);
  });

  it("advertises its service only when the server is ready and nobody is connected (SR-71)", () => {
    const { link, advertised, kinds, ready, connect, disconnect } = bench();
    link.advertise(at(0));
    assert.equal(advertised.length, 0);
    ready();
    assert.deepEqual(kinds(), ["ready"]);
    link.advertise(at(0));
    link.advertise(at(0));
    assert.deepEqual(advertised, Array(2).fill({ flags: 6, services: [SERVICE_UUID] }));
    const connection = connect();
    link.advertise(at(0));
    assert.equal(advertised.length, 2);
    disconnect(connection);
    link.advertise(at(0));
    assert.equal(advertised.length, 3);
  });

  it("survives a radio that refuses to advertise, and tries again when asked (SR-70)", () => {
    const { link, advertised, radio, ready } = bench();
    ready();
    radio.advertisingThrows = true;
    link.advertise(at(0));
    radio.advertisingThrows = false;
    link.advertise(at(0));
    assert.equal(advertised.length, 1);
  });

  it("reports connection, subscription, writes, unsubscription and end, each once and in order", () => {
    const { events, connect, subscribe, write, unsubscribe, disconnect } = bench();
    const connection = connect();
    subscribe(connection);
    write(connection, 0xc0, 1);
    unsubscribe(connection);
    disconnect(connection);
    disconnect(connection);
    assert.deepEqual(events, [
      { kind: "connected", connection: 1 },
      { kind: "subscribed" },
      { kind: "written", value: Uint8Array.of(0xc0, 1) },
      { kind: "unsubscribed" },
      { kind: "disconnected" },
    ]);
  });

  it("sends with the opaque handle of onSubscribe, in values of at most what the connection takes", () => {
    const { link, connect, subscribe } = bench();
    const connection = connect();
    subscribe(connection);
    link.send(1, new Uint8Array(25).fill(0xaa));
    assert.deepEqual(connection.notified, [`80${"aa".repeat(19)}`, `41${"aa".repeat(6)}`]);
    connection.maximumWrite = 244;
    link.send(1, new Uint8Array(25).fill(0xbb));
    assert.equal(connection.notified[2], `c0${"bb".repeat(25)}`);
    connection.maximumWrite = 3;
    link.send(1, new Uint8Array(19).fill(0xcc));
    assert.equal(connection.notified[3], `c0${"cc".repeat(19)}`);
  });

  it("sends nothing without a connection or a subscription", () => {
    const { link, kinds, connect, subscribe, unsubscribe } = bench();
    link.send(1, Uint8Array.of(1));
    const connection = connect();
    link.send(1, Uint8Array.of(1));
    subscribe(connection);
    unsubscribe(connection);
    link.send(1, Uint8Array.of(1));
    assert.deepEqual(connection.notified, []);
    assert.deepEqual(kinds(), ["connected", "subscribed", "unsubscribed"]);
  });

  it("takes a notify that throws for the end of the subscription, and sends no fragment after it", () => {
    const { link, kinds, connect, subscribe } = bench();
    const connection = connect();
    subscribe(connection);
    connection.failAfter = 1;
    link.send(1, new Uint8Array(60));
    connection.failAfter = Number.POSITIVE_INFINITY;
    link.send(1, new Uint8Array(5));
    assert.equal(connection.notified.length, 1);
    assert.deepEqual(kinds(), ["connected", "subscribed", "unsubscribed"]);
  });

  it("ends a connection once, by native code and not by the SDK's close, and hears of it only that it is over (SR-71)", () => {
    const { link, kinds, control, connect, subscribe, unsubscribe, write, disconnect } = bench();
    const connection = connect();
    subscribe(connection);
    link.close(1, at(0));
    link.close(1, at(1));
    assert.deepEqual(control, ["taken", "end"]);
    write(connection, 0xc0, 1);
    subscribe(connection);
    link.send(1, Uint8Array.of(1));
    unsubscribe(connection);
    assert.deepEqual(connection.notified, []);
    disconnect(connection);
    disconnect(connection);
    assert.deepEqual(kinds(), ["connected", "subscribed", "disconnected"]);
  });

  it("does not advertise while a link is ending, and does once its end was told (SR-71)", () => {
    const { link, ready, connect, disconnect, advertised } = bench();
    ready();
    const connection = connect();
    link.close(1, at(1_000));
    link.advertise(at(1_000));
    link.advertise(at(16_000));
    assert.equal(advertised.length, 0);
    disconnect(connection);
    link.advertise(at(16_000));
    assert.equal(advertised.length, 1);
  });

  it("gives up waiting after 15 s when nobody tells of the end, asks for it once more, and is free (SR-71)", () => {
    const { link, kinds, control, ready, connect, disconnect, advertised } = bench();
    ready();
    const lost = connect();
    link.close(1, at(0));
    link.advertise(at(GIVEN_UP_MS));
    assert.deepEqual(control, ["watch", "taken", "end", "end"]);
    assert.equal(advertised.length, 1);
    const next = connect();
    disconnect(lost);
    assert.deepEqual(kinds(), ["ready", "connected", "connected"]);
    disconnect(next);
    assert.deepEqual(kinds().at(-1), "disconnected");
  });

  it("does not end a connection that came after the one it is asked to end (SR-71)", () => {
    const { link, control, connect, disconnect } = bench();
    const first = connect();
    disconnect(first);
    connect();
    link.close(1, at(0));
    assert.deepEqual(control, ["taken", "taken"]);
    link.close(2, at(0));
    assert.deepEqual(control, ["taken", "taken", "end"]);
  });

  it("takes a second connection for the end of the first, told or not, and hears no more of that (SR-70)", () => {
    const { link, kinds, connect, subscribe, write, disconnect } = bench();
    const first = connect();
    subscribe(first);
    const second = connect();
    write(first, 0xc0, 1);
    subscribe(first);
    disconnect(first);
    link.send(2, Uint8Array.of(7));
    subscribe(second);
    link.send(1, Uint8Array.of(8));
    link.send(2, Uint8Array.of(9));
    assert.deepEqual(kinds(), ["connected", "subscribed", "disconnected", "connected", "subscribed"]);
    assert.deepEqual([first.notified, second.notified], [[], ["c009"]]);
  });

  it("takes a connection that comes while another is ending, and does not end it for that (SR-71)", () => {
    const { link, kinds, control, ready, connect, advertised } = bench();
    ready();
    connect();
    link.close(1, at(0));
    connect();
    link.advertise(at(GIVEN_UP_MS));
    assert.deepEqual(control, ["watch", "taken", "end", "taken"]);
    assert.deepEqual(kinds(), ["ready", "connected", "disconnected", "connected"]);
    assert.equal(advertised.length, 0);
  });

  it("stays off the air, and says why, when the stack cannot be watched (SR-70)", () => {
    const { link, events, radio, ready, advertised } = bench();
    radio.watchThrows = true;
    ready();
    link.advertise(at(0));
    assert.deepEqual(events, [{ kind: "failed", reason: "no GAP listener" }]);
    assert.equal(advertised.length, 0);
  });

  it("sends whole messages though the SDK says 65,532 bytes of a link that has just ended", () => {
    const { link, connect, subscribe } = bench();
    const connection = connect();
    subscribe(connection);
    connection.maximumWrite = 65_532;
    link.send(1, new Uint8Array(256));
    assert.equal(connection.notified.length, 1);
  });
});

describe("gatt link with LE security", () => {
  it("asks for no security where the board wants none", () => {
    const { options } = bench("none");
    assert.deepEqual([options.security, options.onPasskey, options.onSecured], [undefined, undefined, undefined]);
  });

  it("asks for it by the fields that the SDK's C reads, and wants authenticated links without notifications (SR-73)", () => {
    const { options } = bench("passkey");
    assert.deepEqual(options.security, { authenticate: true, bond: true, display: true });
    const properties = options.services[0]?.characteristics.map((each) => each.properties);
    assert.deepEqual(properties, [(1 << 13) | (1 << 3), (1 << 16) | (1 << 5)]);
  });

  it("passes on the passkey that is to be shown, and what the pairing came to", () => {
    const { events, connect, passkey, secured } = bench("passkey");
    const connection = connect();
    passkey(connection, "display", 42);
    secured(connection, true, true);
    secured(connection, true, false);
    secured(connection, false, true);
    assert.deepEqual(events.slice(1), [
      { kind: "passkey", passkey: 42 },
      ...[true, false, false].map((authenticated) => ({ kind: "secured", authenticated })),
    ]);
  });

  it("takes any pairing but by displayed passkey for an unauthenticated one", () => {
    const { events, connect, passkey } = bench("passkey");
    const connection = connect();
    passkey(connection, "compareNumber", 42);
    passkey(connection, "display");
    assert.deepEqual(events.slice(1), Array(2).fill({ kind: "secured", authenticated: false }));
  });

  it("hears nothing of a pairing on a link that is ending or over", () => {
    const { link, kinds, connect, passkey, secured } = bench("passkey");
    const connection = connect();
    link.close(1, at(0));
    passkey(connection, "display", 42);
    secured(connection, true, true);
    assert.deepEqual(kinds(), ["connected"]);
  });

  it("takes a subscription that a bond restored, without a write of the central, for a subscription", () => {
    const { kinds, connect, subscribe } = bench("passkey");
    subscribe(connect());
    assert.deepEqual(kinds(), ["connected", "subscribed"]);
  });
});
