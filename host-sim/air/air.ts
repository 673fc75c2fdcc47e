/**
 * The radio medium: carries packets between centrals and peripherals, and is where attackers stand. Owns connections,
 * latency, the supervision timeout and the tap; never looks into values, never decides for an end. Deterministic: it
 * has no choice that the clock and its callers do not make. Loss below ATT is retransmitted by the link layer and shows
 * as latency; only an attacker loses a packet for good.
 */

import { FORGED_VALUE_MAXIMUM_BYTES, SUPERVISION_TIMEOUT_MS } from "./bluetooth.js";
import { CentralEnd, type CentralEndListener, type CentralOptions } from "./centralEnd.js";
import type { Clock } from "./clock.js";
import {
  type AirEvent,
  type AirNote,
  type Direction,
  directionTo,
  EMPTY,
  type LinkEnd,
  opposite,
  type Packet,
  type PacketKind,
  type Peripheral,
  receiverOf,
  type Side,
  type Station,
  type Wire,
} from "./packet.js";
import { type Scanner, Stations } from "./stations.js";
import { PASS, type Tap, type TapAction } from "./tap.js";
import { type Traffic, TrafficMeter } from "./traffic.js";
import type { Transport } from "./transport.js";

/** One way; half a usual connection interval of 30 ms. */
const LATENCY_MS = 15;

/** What an observer is told of a packet under a tap. */
const NOTES: { readonly [Kind in TapAction["kind"]]: AirNote | undefined } = {
  pass: undefined,
  drop: "dropped",
  delay: "delayed",
  duplicate: "duplicated",
  replace: "altered",
};

/** What an attacker sends in an end's name; a value of at most 65,532 bytes. */
export type Forgery = Omit<Packet, "connectionId">;

/** What an air may be given. */
export interface AirOptions {
  /** One-way latency of every packet. */
  readonly latencyMs?: number;
  /** Told of every packet, in order; see trace/recorder.ts. Must not throw. */
  readonly observer?: (event: AirEvent) => void;
}

interface Connection {
  readonly id: number;
  readonly address: string;
  readonly ends: { central: LinkEnd | undefined; peripheral: LinkEnd | undefined };
  /** Ends that an attacker keeps alive when the other is gone. */
  readonly held: Set<Side>;
}

/** One radio medium. Attackers have `tap`, `inject`, `hold` and transports of their own. */
export class Air {
  readonly clock: Clock;
  /** The attacker's hand on every packet; `undefined` lets all pass. */
  tap: Tap | undefined;
  readonly #latencyMs: number;
  readonly #observer: ((event: AirEvent) => void) | undefined;
  readonly #stations = new Stations();
  readonly #connections = new Map<number, Connection>();
  readonly #meter = new TrafficMeter();
  #lastConnectionId = 0;

  constructor(clock: Clock, options: AirOptions = {}) {
    this.clock = clock;
    this.#latencyMs = options.latencyMs ?? LATENCY_MS;
    this.#observer = options.observer;
  }

  /** What has been on this air so far. */
  get traffic(): Traffic {
    return this.#meter.traffic;
  }

  /** Puts a peripheral's radio on the air. Throws when the address is taken. */
  register(address: string, station: Station): void {
    this.#stations.register(address, station);
  }

  /** A registered station, for whoever brings packets to it without a medium between. */
  station(address: string): Station | undefined {
    return this.#stations.at(address);
  }

  /** A registered station began to advertise: centrals that scan find it. */
  advertisingStarted(address: string): void {
    this.#stations.advertisingStarted(address);
  }

  /**
   * The peripheral's power is gone: its server dies without a call, its centrals notice by the supervision timeout.
   * Does nothing for an address that was never registered.
   */
  powerLost(address: string): void {
    this.#stations.at(address)?.stop();
    for (const connection of this.#connections.values())
      if (connection.address === address && connection.ends.peripheral !== undefined)
        this.#detach(connection, "peripheral");
  }

  /** A way for centrals to connect: to any pump (the first that fits, in order of registration) or to one address. */
  transport(options: CentralOptions = {}): Transport {
    return { connect: (listener) => this.central(listener, options) };
  }

  /** A central that begins to connect, as `transport` has it do. */
  central(listener: CentralEndListener, options: CentralOptions = {}): CentralEnd {
    const port = {
      clock: this.clock,
      scan: (central: CentralEnd) => this.scan(central),
      stopScan: (central: CentralEnd) => this.stopScan(central),
      open: (central: CentralEnd, address: string) => this.#open(central, address),
    };
    return new CentralEnd(port, listener, options);
  }

  /** Tells of every peripheral that fits and advertises already, and then each time one begins to. */
  scan(scanner: Scanner): void {
    this.#stations.scan(scanner);
  }

  stopScan(scanner: Scanner): void {
    this.#stations.stopScan(scanner);
  }

  /** What the peripheral of an address lets everybody see; `undefined` when there is none. */
  peripheral(address: string): Peripheral | undefined {
    return this.#stations.at(address);
  }

  /**
   * Attacker: a packet in an end's name, past the tap. Arrives after the latency; is lost when that end is gone by
   * then. Throws for a value that no packet has room for.
   */
  inject(connectionId: number, forgery: Forgery): void {
    const { length } = forgery.value;
    if (length > FORGED_VALUE_MAXIMUM_BYTES) throw new RangeError(`a value of ${length} bytes`);
    const packet = { ...forgery, connectionId, value: forgery.value.slice() };
    this.clock.schedule(() => this.#arrive(packet, "injected"), this.#latencyMs);
  }

  /**
   * Attacker: keeps `side` of a connection up when the other side is gone, whether by disconnecting, by power or by
   * timeout: nothing tells it, and its writes and indications are answered in the other's name. Lasts until `side`
   * itself ends, or a `disconnect` is injected. Does nothing for a connection that has ended.
   */
  hold(connectionId: number, side: Side): void {
    this.#connections.get(connectionId)?.held.add(side);
  }

  #open(central: CentralEnd, address: string): Wire {
    this.#lastConnectionId += 1;
    const connection: Connection = {
      id: this.#lastConnectionId,
      address,
      ends: { central, peripheral: undefined },
      held: new Set(),
    };
    this.#connections.set(connection.id, connection);
    return this.#wire(connection, "central");
  }

  #wire(connection: Connection, from: Side): Wire {
    return { send: (kind, value) => this.#send(connection, from, kind, value) };
  }

  #send(connection: Connection, from: Side, kind: PacketKind, value: Uint8Array): void {
    if (connection.ends[from] === undefined) return;
    const direction: Direction = directionTo(opposite(from));
    const packet: Packet = { connectionId: connection.id, direction, kind, value };
    this.#meter.sent(packet);
    if (kind === "disconnect") this.#detach(connection, from);
    const action = this.tap?.({ ...packet, value: value.slice() }) ?? PASS;
    const note = NOTES[action.kind];
    this.#observe("sent", packet, note);
    switch (action.kind) {
      case "pass":
        this.#carry(packet, 0, note);
        return;
      case "drop":
        return;
      case "delay":
        this.#carry(packet, action.delayMs, note);
        return;
      case "duplicate":
        this.#carry(packet, 0, note);
        this.#carry(packet, 0, note);
        return;
      case "replace":
        this.#carry({ ...packet, value: action.value }, 0, note);
        return;
      default:
        action satisfies never;
    }
  }

  #carry(packet: Packet, extraMs: number, note: AirNote | undefined): void {
    this.clock.schedule(() => this.#arrive(packet, note), this.#latencyMs + extraMs);
  }

  #arrive(packet: Packet, note: AirNote | undefined): void {
    const connection = this.#connections.get(packet.connectionId);
    if (connection === undefined) return;
    const side = receiverOf(packet.direction);
    if (packet.kind === "connect" && side === "peripheral" && !this.#offer(connection)) return;
    const end = connection.ends[side];
    if (end === undefined) {
      if (connection.held.has(opposite(side))) this.#answerFor(side, packet);
      return;
    }
    if (packet.kind === "disconnect") {
      if (note !== "injected" && connection.held.has(side)) return;
      this.#detach(connection, side);
    }
    this.#observe("arrived", packet, note);
    this.#meter.arrived(packet);
    end.receive(packet.kind, packet.value.slice());
  }

  /** A connection request reaches the station. False when it comes to nothing: an old one, or nobody advertises. */
  #offer(connection: Connection): boolean {
    if (connection.ends.peripheral !== undefined || connection.ends.central === undefined) return false;
    const station = this.#stations.at(connection.address);
    connection.ends.peripheral = station?.accept(this.#wire(connection, "peripheral"));
    return connection.ends.peripheral !== undefined;
  }

  #answerFor(gone: Side, packet: Packet): void {
    const direction = directionTo(opposite(gone));
    if (packet.kind === "indication")
      this.inject(packet.connectionId, { direction, kind: "confirmation", value: EMPTY });
    if (packet.kind === "write" || packet.kind === "subscribe")
      this.inject(packet.connectionId, { direction, kind: "writeResponse", value: EMPTY });
  }

  /** One end is gone. The other hears of it by a packet, or by silence. */
  #detach(connection: Connection, side: Side): void {
    connection.ends[side] = undefined;
    const other = opposite(side);
    if (connection.ends[other] === undefined) {
      this.#connections.delete(connection.id);
      return;
    }
    this.clock.schedule(() => {
      const end = connection.ends[other];
      if (end === undefined || connection.held.has(other)) return;
      this.#detach(connection, other);
      const { id } = connection;
      this.#observe(
        "arrived",
        { connectionId: id, direction: directionTo(other), kind: "disconnect", value: EMPTY },
        "timeout",
      );
      end.receive("disconnect", EMPTY);
    }, SUPERVISION_TIMEOUT_MS);
  }

  #observe(what: AirEvent["what"], packet: Packet, note: AirNote | undefined): void {
    this.#observer?.({ timeMs: this.clock.nowMs, what, packet, ...(note && { note }) });
  }
}
