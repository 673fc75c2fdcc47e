/**
 * The peripheral's end of a connection: the server side of ATT as NimBLE keeps it, below the firmware. One indication
 * is unconfirmed at a time, the others wait without a bound and without a word; a confirmation that does not come ends
 * the link after the ATT timeout. Writes are answered by whoever handles them.
 */

import { ATT_HEADER_BYTES, ATT_TIMEOUT_MS, INVALID_LENGTH, MTU_DEFAULT, VALUE_MAXIMUM_BYTES } from "./bluetooth.js";
import type { Clock } from "./clock.js";
import { EMPTY, type LinkEnd, type PacketKind, readU16, u16, type Wire } from "./packet.js";

/**
 * A usual connection interval (NimBLE's initial minimum). MTUs are exchanged in the one after the connection, and a
 * terminated link's slot is free after the peer has acknowledged LL_TERMINATE_IND in the next (Vol 6 Part B 5.1.6).
 */
const CONNECTION_INTERVAL_MS = 30;

/** Client characteristic configuration (Vol 3 Part G 3.3.3.3). */
const INDICATIONS_BIT = 0x0002;

/** What the stack tells the server above it. */
export interface PeripheralHandler {
  onConnect(): void;
  /** The central exchanged MTUs: at most once a link, before any other request of its. */
  onMtu(): void;
  /** The ATT error that a request gets without being carried out, if any. */
  refusal(request: "subscribe" | "write"): number | undefined;
  /** The central wrote whether it wants indications, perhaps again what it had written. */
  onSubscription(subscribed: boolean): void;
  /**
   * A write, of up to 512 bytes: NimBLE takes prepared writes of whatever may be written, also without the property
   * `reliableWrite`, and joins them. The central waits until `respond` is called.
   */
  onWrite(value: Uint8Array): void;
  /** The peer, a timeout or `terminate` ended the link. Not called after `disconnect`. */
  onEnded(): void;
  /** The slot is free again. Called once, whoever ended the link. */
  onFree(): void;
}

/** What one link is made of. */
export interface PeripheralEndOptions {
  readonly clock: Clock;
  readonly wire: Wire;
  readonly handler: PeripheralHandler;
  /** The server's preferred ATT_MTU. */
  readonly mtu: number;
  /** Whether the table holds what a central discovers: the service with both characteristics. */
  readonly discoverable: boolean;
}

/** One link as the peripheral's stack has it. */
export class PeripheralEnd implements LinkEnd {
  readonly #options: PeripheralEndOptions;
  readonly #waiting: Uint8Array[] = [];
  #mtu = MTU_DEFAULT;
  #exchangedMtu = MTU_DEFAULT;
  #mtuDue = false;
  /** What arrives while the host's task is held up. */
  #held: { readonly kind: PacketKind; readonly value: Uint8Array }[] | undefined;
  #unconfirmed: ReturnType<Clock["schedule"]> | undefined;
  #live = true;

  constructor(options: PeripheralEndOptions) {
    this.#options = options;
  }

  /** ATT_MTU - 3. 20 while the connection is being announced: MTUs are exchanged after that. */
  get maximumWrite(): number {
    return this.#mtu - ATT_HEADER_BYTES;
  }

  get live(): boolean {
    return this.#live;
  }

  /** Whether the central is still to exchange MTUs. */
  get mtuDue(): boolean {
    return this.#mtuDue;
  }

  /** Holds the host's task up: nothing that arrives is looked at before `resume`. */
  hold(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { kind, value } of held) this.receive(kind, value);
  }

  receive(kind: PacketKind, value: Uint8Array): void {
    if (!this.#live) return;
    const { wire, handler } = this.#options;
    // A central exchanges MTUs before it asks for anything else.
    if (kind !== "connect") this.#exchangeMtu();
    if (this.#held) {
      this.#held.push({ kind, value });
      return;
    }
    if (!this.#live) return;
    if (kind === "subscribe" || kind === "write") {
      const error = handler.refusal(kind);
      if (error !== undefined) {
        wire.send("writeResponse", Uint8Array.of(error));
        return;
      }
    }
    switch (kind) {
      case "connect":
        this.#connected(readU16(value));
        return;
      case "subscribe":
        this.#configured(readU16(value));
        return;
      case "write":
        if (value.length > VALUE_MAXIMUM_BYTES) wire.send("writeResponse", Uint8Array.of(INVALID_LENGTH));
        else handler.onWrite(value);
        return;
      case "confirmation":
        if (this.#unconfirmed === undefined) return;
        this.#unconfirmed.cancel();
        this.#unconfirmed = undefined;
        this.#sendNext();
        return;
      case "disconnect":
        this.#ended();
        return;
      case "writeResponse":
      case "indication":
        return;
      default:
        kind satisfies never;
    }
  }

  /** Answers one write. */
  respond(): void {
    if (this.#live) this.#options.wire.send("writeResponse", EMPTY);
  }

  /**
   * Queues an indication of a copy of `value`, cut silently to ATT_MTU - 3. It leaves after the caller has returned, so
   * one followed by `disconnect` is lost.
   */
  indicate(value: Uint8Array): void {
    if (!this.#live) return;
    this.#waiting.push(value.slice(0, this.maximumWrite));
    this.#options.clock.schedule(() => this.#sendNext(), 0);
  }

  /** Terminates the link. What waits is lost. */
  disconnect(): void {
    if (!this.#live) return;
    this.halt();
    const { wire, clock, handler } = this.#options;
    wire.send("disconnect", EMPTY);
    clock.schedule(() => handler.onFree(), CONNECTION_INTERVAL_MS);
  }

  /** Terminates the link, and reports its end as the peer's own. */
  terminate(): void {
    if (!this.#live) return;
    this.halt();
    const { wire, clock } = this.#options;
    wire.send("disconnect", EMPTY);
    clock.schedule(() => this.#ended(), CONNECTION_INTERVAL_MS);
  }

  /** Stops at once, without a packet and without a call. */
  halt(): void {
    this.#live = false;
    this.#unconfirmed?.cancel();
    this.#unconfirmed = undefined;
  }

  #connected(asked: number | undefined): void {
    const { clock, wire, handler, discoverable } = this.#options;
    this.#exchangedMtu = Math.max(MTU_DEFAULT, Math.min(asked ?? MTU_DEFAULT, this.#options.mtu));
    this.#mtuDue = asked !== undefined;
    clock.schedule(() => this.#exchangeMtu(), CONNECTION_INTERVAL_MS);
    wire.send("connect", discoverable ? u16(this.#exchangedMtu) : EMPTY);
    handler.onConnect();
  }

  #exchangeMtu(): void {
    if (!this.#mtuDue || !this.#live) return;
    this.#mtuDue = false;
    this.#mtu = this.#exchangedMtu;
    this.#options.handler.onMtu();
  }

  #configured(configuration: number | undefined): void {
    const { wire, handler } = this.#options;
    if (configuration === undefined) {
      wire.send("writeResponse", Uint8Array.of(INVALID_LENGTH));
      return;
    }
    wire.send("writeResponse", EMPTY);
    handler.onSubscription((configuration & INDICATIONS_BIT) !== 0);
  }

  #sendNext(): void {
    if (!this.#live || this.#unconfirmed !== undefined) return;
    const value = this.#waiting.shift();
    if (value === undefined) return;
    this.#unconfirmed = this.#options.clock.schedule(() => {
      this.#options.wire.send("disconnect", EMPTY);
      this.#ended();
    }, ATT_TIMEOUT_MS);
    this.#options.wire.send("indication", value);
  }

  #ended(): void {
    this.halt();
    this.#options.handler.onFree();
    this.#options.handler.onEnded();
  }
}
