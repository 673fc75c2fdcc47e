/**
 * One socket as one central on the air (PROTOCOL.md 10.1): scans, connects, discovers, subscribes and writes as its
 * client asks. Owns the one connection of that socket, which ends with it; never looks into values.
 */

import { hex } from "../../firmware/base/bytes.js";
import type { Air } from "../air/air.js";
import { ATT_HEADER_BYTES, MTU_DEFAULT } from "../air/bluetooth.js";
import type { CentralEnd, CentralEndListener } from "../air/centralEnd.js";
import type { DeclaredService } from "../air/packet.js";
import { FROM_PUMP_UUID, TO_PUMP_UUID } from "../air/service.js";
import type { Scanner } from "../air/stations.js";
import { PROPERTIES } from "../peripherals/gattTable.js";
import { normalUuid, sameUuid } from "../peripherals/uuid.js";
import { type BridgeEvent, type LinePort, RequestSocket } from "./requestSocket.js";
import { HEX_BYTES, type RequestOf, textOf, wholeNumber } from "./vocabulary.js";

/** ATT_MTU of an LE link (Core specification, Vol 3 Part F 3.2.8): 517 holds the longest attribute value. */
const MTU_MAXIMUM = 517;

const CHARACTERISTIC = textOf(
  "a 128-bit UUID such as c5160002-8b5a-4d0f-9c31-6e2b7a94d1f0",
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
);
const ADDRESS = textOf("six bytes such as c5:16:00:00:00:01", /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i);

/** The requests of PROTOCOL.md 10.1. */
const REQUESTS = {
  scan: { needs: {} },
  connect: { needs: {}, may: { address: ADDRESS, mtu: wholeNumber(MTU_DEFAULT, MTU_MAXIMUM) } },
  discover: { needs: {} },
  subscribe: { needs: { characteristic: CHARACTERISTIC } },
  write: { needs: { characteristic: CHARACTERISTIC, value: HEX_BYTES } },
  disconnect: { needs: {} },
} as const;

type Request = RequestOf<typeof REQUESTS>;

/** Properties as they are told, in the order of their bits. */
const PROPERTY_NAMES = ["read", "write", "notify", "indicate"] as const;

/** Told of a link that came up, and of its end. */
export interface CentralWatcher {
  onConnected(mtu: number): void;
  onDisconnected(): void;
}

/** A connection, from its `connect` on. */
interface Connection {
  readonly end: CentralEnd;
  /** What the pump has, once the link is up. */
  services: readonly DeclaredService[] | undefined;
  /** Ends the request under way. */
  done: (() => void) | undefined;
}

export class SocketCentral {
  readonly #air: Air;
  readonly #watcher: CentralWatcher;
  readonly #socket: RequestSocket<typeof REQUESTS>;
  readonly #scanner: Scanner = { address: undefined, found: (address) => this.#advertises(address) };
  #connection: Connection | undefined;

  constructor(air: Air, port: LinePort, watcher: CentralWatcher) {
    this.#air = air;
    this.#watcher = watcher;
    const carryOut = (request: Request, done: () => void) => this.#carryOut(request, done);
    this.#socket = new RequestSocket(port, REQUESTS, carryOut, () => this.#letGo());
  }

  /** From `connect` until `disconnected`. */
  get isConnecting(): boolean {
    return this.#connection !== undefined;
  }

  /** Takes what the socket delivers, a character a byte. */
  receive(piece: string): void {
    this.#socket.receive(piece);
  }

  /** The socket is gone: its connection ends. */
  close(): void {
    this.#socket.close();
    this.#letGo();
  }

  #letGo(): void {
    this.#air.stopScan(this.#scanner);
    this.#connection?.end.disconnect();
  }

  #carryOut(request: Request, done: () => void): string | undefined {
    if (request.do === "scan" || request.do === "connect") {
      if (this.#connection) return "connected already; disconnect first";
      this.#air.stopScan(this.#scanner);
      if (request.do === "connect") {
        this.#connect(request, done);
      } else {
        this.#air.scan(this.#scanner);
        done();
      }
      return undefined;
    }
    const connection = this.#connection;
    if (connection === undefined) return "not connected; connect first";
    switch (request.do) {
      case "discover":
        this.#socket.tell({ event: "services", services: (connection.services ?? []).map(described) });
        done();
        return undefined;
      case "subscribe":
        return this.#subscribe(connection, request.characteristic, done);
      case "write":
        return this.#write(connection, request, done);
      case "disconnect":
        connection.done = done;
        connection.end.disconnect();
        return undefined;
      default:
        return request satisfies never;
    }
  }

  #advertises(address: string): void {
    const data = this.#air.peripheral(address)?.advertisement;
    if (data) this.#socket.tell({ event: "advertisement", address, data: hex(data) });
  }

  #connect({ address, mtu }: Request & { do: "connect" }, done: () => void): void {
    const listener: CentralEndListener = {
      onConnected: () => this.#connected(connection),
      onDisconnected: () => this.#disconnected(connection),
      onIndication: (value) =>
        this.#socket.tell({ event: "indication", characteristic: FROM_PUMP_UUID, value: hex(value) }),
      onWritten: () => this.#finish(connection, { event: "written", characteristic: TO_PUMP_UUID }),
      onSubscribed: () => this.#finish(connection, { event: "subscribed", characteristic: FROM_PUMP_UUID }),
    };
    const options = { ...(address !== undefined && { address }), ...(mtu !== undefined && { mtu }) };
    const connection: Connection = { end: this.#air.central(listener, options), services: undefined, done };
    this.#connection = connection;
  }

  #connected(connection: Connection): void {
    const { end } = connection;
    const address = end.peer ?? "";
    const mtu = end.maximumWrite + ATT_HEADER_BYTES;
    connection.services = this.#air.peripheral(address)?.services ?? [];
    this.#watcher.onConnected(mtu);
    this.#finish(connection, { event: "connected", address, mtu });
  }

  #disconnected(connection: Connection): void {
    this.#connection = undefined;
    if (connection.services) this.#watcher.onDisconnected();
    this.#finish(connection, { event: "disconnected" });
  }

  /** Tells an event, then ends the request under way, if one is. */
  #finish(connection: Connection, event: BridgeEvent): void {
    this.#socket.tell(event);
    const { done } = connection;
    connection.done = undefined;
    done?.();
  }

  #subscribe(connection: Connection, characteristic: string, done: () => void): string | undefined {
    const why = whyNot(connection.services, characteristic, "indicate");
    if (why !== undefined) return why;
    connection.done = done;
    connection.end.subscribe();
    return undefined;
  }

  #write(connection: Connection, { characteristic, value }: Request & { do: "write" }, done: () => void) {
    const why = whyNot(connection.services, characteristic, "write");
    if (why !== undefined) return why;
    const { end } = connection;
    if (value.length > end.maximumWrite)
      return `"value" is ${value.length} bytes; this ATT_MTU takes ${end.maximumWrite}: send fragments`;
    connection.done = done;
    end.write(value);
    return undefined;
  }
}

/** Why a characteristic cannot do what is asked of it; `undefined` when it can. */
function whyNot(services: Connection["services"], uuid: string, property: "write" | "indicate"): string | undefined {
  const found = services?.flatMap(({ characteristics }) => characteristics).find((each) => sameUuid(each.uuid, uuid));
  if (found === undefined) return `no characteristic ${uuid}; discover lists them`;
  return (found.properties & PROPERTIES[property]) === 0
    ? `${uuid} does not ${property}; discover lists who does`
    : undefined;
}

/** A service as a client is told of it. */
function described({ uuid, characteristics }: DeclaredService): object {
  return {
    uuid: dashed(uuid),
    characteristics: characteristics.map((each) => ({
      uuid: dashed(each.uuid),
      properties: PROPERTY_NAMES.filter((name) => (each.properties & PROPERTIES[name]) !== 0),
    })),
  };
}

/** The form of PROTOCOL.md 1.1, lower case. */
function dashed(uuid: string): string {
  return (normalUuid(uuid) ?? uuid).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
