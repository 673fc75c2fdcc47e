/**
 * Whole messages over a {@link Transport}: fragments out one write at a time, fragments in put together, and no more
 * than four messages waiting. PROTOCOL.md sections 1.2 and 1.3.
 */

import type { CentralLink, Transport } from "../air/transport.js";
import { Reassembler, split } from "./fragments.js";

/** Most messages that the pump has not acknowledged whole (PROTOCOL.md section 1.2). */
const MOST_WAITING_MESSAGES = 4;

/** What a {@link MessageLink} reports. After `down` nothing follows. */
export interface MessageLinkListener {
  connected(): void;
  message(message: Uint8Array): void;
  /** The pump broke a rule of fragments: close. */
  violation(): void;
  down(): void;
}

/** One connection, from `connect` to its end. */
export class MessageLink {
  readonly #transport: Transport;
  readonly #listener: MessageLinkListener;
  readonly #reassembler = new Reassembler();
  /** Messages not yet acknowledged whole; the first is being sent. Made only when their turn comes. */
  readonly #waiting: (() => Uint8Array)[] = [];
  /** What is left of the message being sent. */
  #fragments: Uint8Array[] = [];
  #writing = false;
  #link: CentralLink | undefined;
  #closed = false;

  constructor(transport: Transport, listener: MessageLinkListener) {
    this.#transport = transport;
    this.#listener = listener;
  }

  /** Connects and, once connected, subscribes. Call it once. */
  connect(): void {
    this.#link = this.#transport.connect({
      onConnected: () => this.#onConnected(),
      onDisconnected: () => {
        this.#closed = true;
        this.#reassembler.wipe();
        this.#listener.down();
      },
      onIndication: (value) => this.#onIndication(value),
      onWritten: () => this.#onWritten(),
    });
  }

  /** Queues the message that `make` gives when its turn comes. False when four wait already: then nothing is queued. */
  send(make: () => Uint8Array): boolean {
    if (this.#waiting.length >= MOST_WAITING_MESSAGES) return false;
    this.#waiting.push(make);
    this.#advance();
    return true;
  }

  /** Disconnects. From now on nothing is reported but `down`, and not before this returns. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reassembler.wipe();
    this.#waiting.length = 0;
    this.#fragments = [];
    this.#link?.disconnect();
  }

  #onConnected(): void {
    if (this.#closed) return;
    this.#listener.connected();
    this.#link?.subscribe();
  }

  #onIndication(value: Uint8Array): void {
    if (this.#closed) return;
    const reassembly = this.#reassembler.push(value);
    if (reassembly.kind === "violation") this.#listener.violation();
    else if (reassembly.kind === "message") this.#listener.message(reassembly.message);
  }

  #onWritten(): void {
    if (this.#closed || !this.#writing) return;
    this.#writing = false;
    if (this.#fragments.length === 0) this.#waiting.shift();
    this.#advance();
  }

  #advance(): void {
    if (this.#closed || this.#writing || this.#link === undefined) return;
    if (this.#fragments.length === 0) {
      const make = this.#waiting[0];
      if (make === undefined) return;
      this.#fragments = [...split(make(), this.#link.maximumWrite)];
    }
    const fragment = this.#fragments.shift();
    if (fragment === undefined) return;
    this.#writing = true;
    this.#link.write(fragment);
  }
}
