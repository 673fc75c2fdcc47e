/** The GATT adapter against a server with the quirks of the SDK's. */

import assert from "node:assert/strict";
import type {
  GattAdvertisement,
  GattCharacteristicOptions,
  GattConnection,
  GattServer,
  GattServerConstructor,
  GattServerOptions,
} from "../../firmware/board.js";
import { FROM_PUMP_UUID, GattLink, type LinkEvent, SERVICE_UUID, TO_PUMP_UUID } from "../../firmware/link/gatt.js";
import { hex } from "../session/bench.js";

/** One central's connection: knows its handle, throws when it is not subscribed or has ended, ends without an event. */
class FakeConnection implements GattConnection {
  readonly notified: string[] = [];
  subscribedTo: object | undefined;
  closed = 0;
  closeThrows = false;
  maximumWrite = 20;
  failAfter = Number.POSITIVE_INFINITY;

  notify(characteristic: object, value: ArrayBuffer): void {
    if (this.closed > 0 || characteristic !== this.subscribedTo) throw new Error("not subscribed");
    if (this.notified.length >= this.failAfter) throw new Error("radio failed");
    this.notified.push(hex(new Uint8Array(value)));
  }

  close(): void {
    this.closed += 1;
    if (this.closeThrows) throw new Error("connection is gone");
  }
}

/** A fake of the SDK's server and what the link did with it. */
function bench() {
  const events: LinkEvent[] = [];
  const advertised: GattAdvertisement[] = [];
  let options: GattServerOptions | undefined;
  let server: GattServer | undefined;
  const radio = { advertisingThrows: false };
  const Server: GattServerConstructor = class implements GattServer {
    static readonly properties = { write: 8, indicate: 32 };
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
  const link = new GattLink(Server, (event) => events.push(event));
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
    link.advertise();
    assert.equal(advertised.length, 0);
    ready();
    assert.deepEqual(kinds(), ["ready"]);
    link.advertise();
    link.advertise();
    assert.deepEqual(advertised, Array(2).fill({ flags: 6, services: [SERVICE_UUID] }));
    const connection = connect();
    link.advertise();
    assert.equal(advertised.length, 2);
    disconnect(connection);
    link.advertise();
    assert.equal(advertised.length, 3);
  });

  it("survives a radio that refuses to advertise, and tries again when asked (SR-70)", () => {
    const { link, advertised, radio, ready } = bench();
    ready();
    radio.advertisingThrows = true;
    link.advertise();
    radio.advertisingThrows = false;
    link.advertise();
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

  it("closes without an event of its own, once, and hears nothing more of that connection (SR-71)", () => {
    const { link, kinds, connect, subscribe, unsubscribe, write, disconnect } = bench();
    const connection = connect();
    subscribe(connection);
    link.close(1);
    link.close(1);
    assert.equal(connection.closed, 1);
    write(connection, 0xc0, 1);
    subscribe(connection);
    unsubscribe(connection);
    disconnect(connection);
    assert.deepEqual(kinds(), ["connected", "subscribed"]);
  });

  it("is free for the next central after its own close, though no event told of the end (SR-71)", () => {
    const { link, kinds, ready, connect, advertised } = bench();
    ready();
    connect();
    link.close(1);
    link.advertise();
    assert.equal(advertised.length, 1);
    connect();
    assert.deepEqual(kinds(), ["ready", "connected", "connected"]);
  });

  it("does not end a connection that came after the one it is asked to end (SR-71)", () => {
    const { link, connect, disconnect } = bench();
    const first = connect();
    disconnect(first);
    const second = connect();
    link.close(1);
    assert.equal(second.closed, 0);
    link.close(2);
    assert.equal(second.closed, 1);
  });

  it("turns a second central away and hears nothing of it (SR-70)", () => {
    const { link, kinds, connect, subscribe, write, disconnect } = bench();
    const [first, second] = [connect(), connect()];
    subscribe(first);
    assert.deepEqual([first.closed, second.closed], [0, 1]);
    subscribe(second);
    write(second, 0xc0, 1);
    disconnect(second);
    link.send(1, Uint8Array.of(7));
    assert.deepEqual(kinds(), ["connected", "subscribed"]);
    assert.deepEqual([first.notified, second.notified], [["c007"], []]);
  });

  it("survives a close that throws, its own or a second central's (SR-70)", () => {
    const { link, kinds, connect } = bench();
    const throwing = () => Object.assign(new FakeConnection(), { closeThrows: true });
    connect(throwing());
    connect(throwing());
    link.close(1);
    connect();
    assert.deepEqual(kinds(), ["connected", "connected"]);
  });
});
