/**
 * The controller's side of the bridge between GATT and sockets (PROTOCOL.md 10.1): a {@link Transport} over any
 * two-way stream of text, a TCP socket or a WebSocket. Each connection to the pump takes a stream of its own.
 *
 *     opening --stream open--> connecting --connected--> discovering --services--> connected
 *        any of them --disconnect, or the bridge breaks a rule--> closing --stream closed--> closed
 *        any of them --stream closed--> closed
 */

import { ATT_HEADER_BYTES, MTU_DEFAULT } from "../air/bluetooth.js";
import { FROM_PUMP_UUID, SERVICE_UUID, TO_PUMP_UUID } from "../air/service.js";
import type { CentralLink, CentralListener, Transport } from "../air/transport.js";
import { toHex } from "../controller/bytes.js";
import { type BridgeEvent, MTU_MAXIMUM, readEvent, type Service } from "./events.js";
import { LineSplitter } from "./lines.js";

/** Requests that may wait at the bridge (PROTOCOL.md 10.1). */
const WAITING_MAXIMUM = 64;

/** A two-way stream of text, in pieces of any length. Neither of its calls calls the listener before it returns. */
export interface TextStream {
  /** Sends `text`, after all that was sent before. Does nothing once the stream is closed. */
  send(text: string): void;
  /** Closes the stream, open or not. `onClose` follows; nothing else does. */
  close(): void;
}

/** Hears a stream. */
export interface TextStreamListener {
  onOpen(): void;
  onText(piece: string): void;
  /** Once, at the end. `why`, for people, when the stream failed. */
  onClose(why?: string): void;
}

/** Opens a stream to the bridge. Never calls the listener before it returns, and throws nothing. */
export type OpenStream = (listener: TextStreamListener) => TextStream;

/** What a {@link SocketTransport} may be told. */
export interface SocketTransportOptions {
  /** Connect to this pump only. */
  readonly address?: string;
  /** ATT_MTU to ask for, 23 to 517; 23 stands without it. */
  readonly mtu?: number;
  /** Told, for people, why a connection failed: the stream did, or the bridge complained or broke a rule. */
  readonly onTrouble?: (what: string) => void;
}

/** Makes connections to a pump behind a bridge. */
export class SocketTransport implements Transport {
  readonly #open: OpenStream;
  readonly #options: SocketTransportOptions;

  /** Throws a RangeError for an ATT_MTU not within 23 to 517. */
  constructor(open: OpenStream, options: SocketTransportOptions = {}) {
    const { mtu = MTU_DEFAULT } = options;
    if (!Number.isInteger(mtu) || mtu < MTU_DEFAULT || mtu > MTU_MAXIMUM)
      throw new RangeError(`ATT_MTU ${mtu}: give a whole number from ${MTU_DEFAULT} to ${MTU_MAXIMUM}`);
    this.#open = open;
    this.#options = options;
  }

  connect(listener: CentralListener): CentralLink {
    return new SocketLink(this.#open, this.#options, listener);
  }
}

type Phase = "opening" | "connecting" | "discovering" | "connected" | "closing" | "closed";

/** One connection. */
class SocketLink implements CentralLink {
  readonly #options: SocketTransportOptions;
  readonly #listener: CentralListener;
  readonly #lines: LineSplitter;
  readonly #stream: TextStream;
  #phase: Phase = "opening";
  #mtu = MTU_DEFAULT;
  /** What the bridge has to acknowledge, in order. */
  readonly #due: ("subscribed" | "written")[] = [];
  #subscribed = false;

  constructor(open: OpenStream, options: SocketTransportOptions, listener: CentralListener) {
    this.#options = options;
    this.#listener = listener;
    this.#lines = new LineSplitter({
      onLine: (line) => this.#onLine(line),
      onTooLong: () => this.#broken("a line that is too long"),
    });
    this.#stream = open({
      onOpen: () => this.#onOpen(),
      onText: (piece) => this.#lines.push(piece),
      onClose: (why) => this.#onClose(why),
    });
  }

  get maximumWrite(): number {
    return this.#mtu - ATT_HEADER_BYTES;
  }

  subscribe(): void {
    this.#request("subscribed", { do: "subscribe", characteristic: FROM_PUMP_UUID });
  }

  write(value: Uint8Array): void {
    if (value.length > this.maximumWrite && !this.#isOver)
      throw new RangeError(`a write of ${value.length} bytes; ATT_MTU allows ${this.maximumWrite}`);
    this.#request("written", { do: "write", characteristic: TO_PUMP_UUID, value: toHex(value) });
  }

  disconnect(): void {
    if (this.#isOver) return;
    this.#phase = "closing";
    this.#lines.stop();
    this.#stream.close();
  }

  get #isOver(): boolean {
    return this.#phase === "closing" || this.#phase === "closed";
  }

  #request(acknowledgement: "subscribed" | "written", line: object): void {
    if (this.#isOver) return;
    if (this.#phase !== "connected") throw new Error("a request before the link is up");
    if (this.#due.length >= WAITING_MAXIMUM) throw new RangeError(`${WAITING_MAXIMUM} requests wait already`);
    this.#due.push(acknowledgement);
    this.#send(line);
  }

  #send(line: object): void {
    this.#stream.send(`${JSON.stringify(line)}\n`);
  }

  #onOpen(): void {
    if (this.#phase !== "opening") return;
    const { address, mtu } = this.#options;
    this.#phase = "connecting";
    this.#send({ do: "connect", ...(address === undefined ? {} : { address }), ...(mtu === undefined ? {} : { mtu }) });
  }

  #onClose(why: string | undefined): void {
    if (this.#phase === "closed") return;
    const unasked = this.#phase !== "closing";
    this.#phase = "closed";
    this.#lines.stop();
    if (unasked && why !== undefined) this.#options.onTrouble?.(why);
    this.#listener.onDisconnected();
  }

  #onLine(line: string): void {
    const read = readEvent(line);
    if (read.kind === "malformed") this.#broken("a line that is none of PROTOCOL.md 10.1");
    else if (read.kind === "event") this.#onEvent(read.event);
  }

  #onEvent(event: BridgeEvent): void {
    switch (event.event) {
      case "connected":
        this.#onConnected(event.mtu);
        return;
      case "services":
        this.#onServices(event.services);
        return;
      case "subscribed":
      case "written":
        this.#onAcknowledged(event.event, event.characteristic);
        return;
      case "indication":
        this.#onIndication(event.characteristic, event.value);
        return;
      case "disconnected":
        this.disconnect();
        return;
      case "error":
        this.#options.onTrouble?.(`The pump's socket complains: ${event.what}`);
        this.disconnect();
        return;
      default:
        event satisfies never;
    }
  }

  #onConnected(mtu: number): void {
    if (this.#phase !== "connecting" || mtu > (this.#options.mtu ?? MTU_DEFAULT)) {
      this.#broken('"connected" out of place, or with an ATT_MTU that was not asked for');
      return;
    }
    this.#mtu = mtu;
    this.#phase = "discovering";
    this.#send({ do: "discover" });
  }

  #onServices(services: readonly Service[]): void {
    if (this.#phase !== "discovering") {
      this.#broken('"services" out of place');
      return;
    }
    const { characteristics = [] } = services.find(({ uuid }) => uuid === SERVICE_UUID) ?? {};
    const can = (uuid: string, property: string) =>
      characteristics.some((each) => each.uuid === uuid && each.properties.includes(property));
    if (!can(TO_PUMP_UUID, "write") || !can(FROM_PUMP_UUID, "indicate")) {
      this.#options.onTrouble?.("What answered is no Countersign pump: it has not that service.");
      this.disconnect();
      return;
    }
    this.#phase = "connected";
    this.#listener.onConnected();
  }

  #onAcknowledged(event: "subscribed" | "written", characteristic: string): void {
    const expected = event === "subscribed" ? FROM_PUMP_UUID : TO_PUMP_UUID;
    if (this.#due[0] !== event || characteristic !== expected) {
      this.#broken(`"${event}" out of place`);
      return;
    }
    this.#due.shift();
    if (event === "subscribed") this.#subscribed = true;
    else this.#listener.onWritten();
  }

  #onIndication(characteristic: string, value: Uint8Array): void {
    if (!this.#subscribed || characteristic !== FROM_PUMP_UUID || value.length > this.maximumWrite) {
      this.#broken('"indication" out of place, or longer than ATT_MTU allows');
      return;
    }
    this.#listener.onIndication(value);
  }

  #broken(what: string): void {
    this.#options.onTrouble?.(`The pump's socket sent ${what}: connection closed.`);
    this.disconnect();
  }
}
