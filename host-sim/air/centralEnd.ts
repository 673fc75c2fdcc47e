/**
 * The central's end of a connection: scanning, connecting, and the client side of ATT, one request at a time.
 *
 *     scanning --found--> connecting --connect--> connected --disconnect, ATT timeout or error--> ended
 *        |                    |                                                                     ^
 *        +---30 s, cancel-----+-------------------no answer in 1 s, no such service-----------------+
 */

import { ATT_HEADER_BYTES, ATT_TIMEOUT_MS, MTU_DEFAULT, SUPERVISION_TIMEOUT_MS } from "./bluetooth.js";
import type { Clock } from "./clock.js";
import { EMPTY, type LinkEnd, type PacketKind, readU16, u16, type Wire } from "./packet.js";
import type { Scanner } from "./stations.js";
import type { CentralLink, CentralListener } from "./transport.js";

/** How long one attempt scans; Android gives an attempt to connect as long. */
const SCAN_MS = 30_000;
/** Requests that may wait: beyond any protocol's need, so that a runaway client shows itself. */
const WAITING_MAXIMUM = 1_024;
/** Client characteristic configuration: indications on (Vol 3 Part G 3.3.3.3). */
const INDICATIONS_ON = u16(0x0002);

/** What the end of a simulated link tells beyond what every transport does. */
export interface CentralEndListener extends CentralListener {
  /** The peripheral acknowledged one subscription. */
  onSubscribed?(): void;
}

/** What a central asks of the air. */
export interface CentralPort {
  readonly clock: Clock;
  /** Calls `central.found` with the address of the first advertiser that fits, now or later. */
  scan(central: CentralEnd): void;
  stopScan(central: CentralEnd): void;
  open(central: CentralEnd, address: string): Wire;
}

export interface CentralOptions {
  /** Connect to this peripheral only. */
  readonly address?: string;
  /** ATT_MTU to ask for; none is asked for without it, and 23 stands. */
  readonly mtu?: number;
}

interface Request {
  readonly kind: "subscribe" | "write";
  readonly value: Uint8Array;
}

type Timer = ReturnType<Clock["schedule"]>;

type State =
  | { readonly kind: "scanning"; readonly timer: Timer }
  | { readonly kind: "connecting"; readonly wire: Wire; readonly timer: Timer }
  | {
      readonly kind: "connected";
      readonly wire: Wire;
      readonly maximumWrite: number;
      readonly waiting: Request[];
      outstanding: { readonly request: Request; readonly timer: Timer } | undefined;
    }
  | { readonly kind: "ended" };

/** One attempt to connect, and what comes of it. Made by `Air.transport`. */
export class CentralEnd implements CentralLink, LinkEnd, Scanner {
  readonly address: string | undefined;
  readonly #port: CentralPort;
  readonly #listener: CentralEndListener;
  readonly #mtu: number | undefined;
  #peer: string | undefined;
  #state: State;

  /** Throws for an ATT_MTU under 23. */
  constructor(port: CentralPort, listener: CentralEndListener, options: CentralOptions) {
    if (options.mtu !== undefined && !(options.mtu >= MTU_DEFAULT && options.mtu <= 0xffff))
      throw new RangeError(`an ATT_MTU of ${options.mtu}`);
    this.#port = port;
    this.#listener = listener;
    this.#mtu = options.mtu;
    this.address = options.address;
    this.#state = { kind: "scanning", timer: port.clock.schedule(() => this.#end(), SCAN_MS) };
    port.scan(this);
  }

  /** Address of the peripheral that it found; `undefined` until then. */
  get peer(): string | undefined {
    return this.#peer;
  }

  get maximumWrite(): number {
    return this.#state.kind === "connected" ? this.#state.maximumWrite : MTU_DEFAULT - ATT_HEADER_BYTES;
  }

  subscribe(): void {
    this.#request({ kind: "subscribe", value: INDICATIONS_ON });
  }

  write(value: Uint8Array): void {
    if (value.length > this.maximumWrite && this.#state.kind !== "ended")
      throw new RangeError(`a write of ${value.length} bytes; ATT_MTU allows ${this.maximumWrite}`);
    this.#request({ kind: "write", value: value.slice() });
  }

  disconnect(): void {
    this.#end();
  }

  /** An advertiser that fits is on the air. */
  found(address: string): void {
    if (this.#state.kind !== "scanning") return;
    this.#state.timer.cancel();
    this.#port.stopScan(this);
    this.#peer = address;
    const wire = this.#port.open(this, address);
    this.#state = {
      kind: "connecting",
      wire,
      timer: this.#port.clock.schedule(() => this.#end(), SUPERVISION_TIMEOUT_MS),
    };
    wire.send("connect", this.#mtu === undefined ? EMPTY : u16(this.#mtu));
  }

  receive(kind: PacketKind, value: Uint8Array): void {
    const state = this.#state;
    if (kind === "disconnect") this.#end();
    else if (state.kind === "connecting" && kind === "connect") this.#accepted(state, value);
    else if (state.kind === "connected" && kind === "writeResponse") this.#answered(state, value);
    else if (state.kind === "connected" && kind === "indication") {
      state.wire.send("confirmation", EMPTY);
      this.#listener.onIndication(value);
    }
    // Anything else is out of place: only an attacker sends it, and a client's ATT ignores it.
  }

  #accepted(state: State & { kind: "connecting" }, value: Uint8Array): void {
    const offered = readU16(value);
    if (offered === undefined) {
      this.#end();
      return;
    }
    state.timer.cancel();
    const mtu = Math.max(MTU_DEFAULT, Math.min(offered, this.#mtu ?? MTU_DEFAULT));
    this.#state = {
      kind: "connected",
      wire: state.wire,
      maximumWrite: mtu - ATT_HEADER_BYTES,
      waiting: [],
      outstanding: undefined,
    };
    this.#listener.onConnected();
  }

  #answered(state: State & { kind: "connected" }, value: Uint8Array): void {
    const { outstanding } = state;
    if (outstanding === undefined) return;
    // An error code in answer to the only two requests there are: the client gives the link up.
    if (value.length > 0) {
      this.#end();
      return;
    }
    outstanding.timer.cancel();
    state.outstanding = undefined;
    this.#sendNext(state);
    if (outstanding.request.kind === "write") this.#listener.onWritten();
    else this.#listener.onSubscribed?.();
  }

  #request(request: Request): void {
    const state = this.#state;
    if (state.kind === "ended") return;
    if (state.kind !== "connected") throw new Error(`${request.kind} before the link is up`);
    if (state.waiting.length >= WAITING_MAXIMUM) throw new RangeError(`${WAITING_MAXIMUM} requests wait already`);
    state.waiting.push(request);
    this.#sendNext(state);
  }

  #sendNext(state: State & { kind: "connected" }): void {
    if (state.outstanding !== undefined) return;
    const request = state.waiting.shift();
    if (request === undefined) return;
    state.outstanding = { request, timer: this.#port.clock.schedule(() => this.#end(), ATT_TIMEOUT_MS) };
    state.wire.send(request.kind, request.value);
  }

  #end(): void {
    const state = this.#state;
    if (state.kind === "ended") return;
    this.#state = { kind: "ended" };
    if (state.kind === "connected") state.outstanding?.timer.cancel();
    else state.timer.cancel();
    if (state.kind === "scanning") this.#port.stopScan(this);
    else state.wire.send("disconnect", EMPTY);
    // Later, so that no caller of `disconnect` is called back from inside it.
    this.#port.clock.schedule(() => this.#listener.onDisconnected(), 0);
  }
}
