/**
 * The GATT service as data, and the radio's quirks behind one small face: one connection, events that are only
 * queued, an end that is always reported once. Callbacks here do no work: they may run while the motor turns.
 */

import type { GattAdvertisement, GattConnection, GattServer, GattServerConstructor } from "../board.js";
import { fragments } from "./fragment.js";

/** PROTOCOL.md section 1.1. */
export const SERVICE_UUID = "c5160001-8b5a-4d0f-9c31-6e2b7a94d1f0";
export const TO_PUMP_UUID = "c5160002-8b5a-4d0f-9c31-6e2b7a94d1f0";
export const FROM_PUMP_UUID = "c5160003-8b5a-4d0f-9c31-6e2b7a94d1f0";
/** PROTOCOL.md section 1.1. Flags: LE general discoverable, no BR/EDR (Core Supplement, Part A 1.3). */
const ADVERTISEMENT: GattAdvertisement = { flags: 0x06, services: [SERVICE_UUID] };
/** ATT_MTU that the pump offers: one record of 256 bytes does not fit, most do; more would cost buffers. */
const MTU = 247;
/** ATT_MTU of 23 less the 3 bytes of an ATT header: every link carries this much (Core 5.3, Vol 3, Part F 3.2.8). */
const LEAST_VALUE_BYTES = 20;

export type LinkEvent =
  /** The radio is up: from now on the pump can advertise. */
  | { readonly kind: "ready" }
  /** Connections are numbered from 1; what follows, up to the next of these, is of this one. */
  | { readonly kind: "connected"; readonly connection: number }
  | { readonly kind: "subscribed" }
  | { readonly kind: "written"; readonly value: Uint8Array }
  | { readonly kind: "unsubscribed" }
  | { readonly kind: "disconnected" };

export class GattLink {
  readonly #server: GattServer;
  readonly #enqueue: (event: LinkEvent) => void;
  #ready = false;
  #connection: GattConnection | undefined;
  #connections = 0;
  #fromPump: object | undefined;

  /** Starts the server; nothing is advertised before `advertise`. `enqueue` must only queue. */
  constructor(Server: GattServerConstructor, enqueue: (event: LinkEvent) => void) {
    this.#enqueue = enqueue;
    const link = this;
    this.#server = new Server({
      mtu: MTU,
      services: [
        {
          uuid: SERVICE_UUID,
          characteristics: [
            {
              uuid: TO_PUMP_UUID,
              properties: Server.properties.write,
              onWrite: (value, connection) => link.#onWrite(value, connection),
            },
            {
              uuid: FROM_PUMP_UUID,
              properties: Server.properties.indicate,
              // `this` is the only handle that notify accepts, so these are not arrow functions.
              onSubscribe(connection) {
                link.#onSubscribe(this, connection);
              },
              onUnsubscribe: (connection) => link.#onUnsubscribe(connection),
            },
          ],
        },
      ],
      onReady: () => {
        link.#ready = true;
        link.#enqueue({ kind: "ready" });
      },
      onConnect: (connection) => link.#onConnect(connection),
      onDisconnect: (connection) => link.#onGone(connection),
    });
  }

  /**
   * Advertises while there is no connection. Called again and again from the pump's own clock, since advertising also
   * stops without an event, after a connection attempt that failed; starting what runs already changes nothing.
   */
  advertise(): void {
    if (!this.#ready || this.#connection) return;
    try {
      this.#server.startAdvertising(ADVERTISEMENT);
    } catch {
      // The radio's trouble is not the therapy's: the next call tries again.
    }
  }

  /** Sends one message as indications, on the connection of that number or not at all. */
  send(number: number, message: Uint8Array): void {
    const connection = this.#connection;
    const characteristic = this.#fromPump;
    if (number !== this.#connections || !connection || !characteristic) return;
    try {
      const valueBytes = Math.max(LEAST_VALUE_BYTES, connection.maximumWrite);
      for (const fragment of fragments(message, valueBytes))
        connection.notify(characteristic, fragment.buffer as ArrayBuffer);
    } catch {
      // The central unsubscribed or left between our check and the call, or the radio failed: no session without it.
      this.#fromPump = undefined;
      this.#enqueue({ kind: "unsubscribed" });
    }
  }

  /** Ends a connection, unless it has ended already. No event of it follows. */
  close(number: number): void {
    if (number !== this.#connections) return;
    const connection = this.#connection;
    this.#connection = undefined;
    this.#fromPump = undefined;
    closeQuietly(connection);
  }

  #onConnect(connection: GattConnection): void {
    if (this.#connection) {
      closeQuietly(connection);
      return;
    }
    this.#connection = connection;
    this.#connections += 1;
    this.#enqueue({ kind: "connected", connection: this.#connections });
  }

  #onSubscribe(characteristic: object, connection: GattConnection): void {
    if (connection !== this.#connection) return;
    this.#fromPump = characteristic;
    this.#enqueue({ kind: "subscribed" });
  }

  #onWrite(value: ArrayBuffer, connection: GattConnection): void {
    if (connection === this.#connection) this.#enqueue({ kind: "written", value: new Uint8Array(value) });
  }

  #onUnsubscribe(connection: GattConnection): void {
    if (connection !== this.#connection) return;
    this.#fromPump = undefined;
    this.#enqueue({ kind: "unsubscribed" });
  }

  #onGone(connection: GattConnection): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.#fromPump = undefined;
    this.#enqueue({ kind: "disconnected" });
  }
}

/** A connection that is gone already may throw: it is what was asked for. */
function closeQuietly(connection: GattConnection | undefined): void {
  try {
    connection?.close();
  } catch {
    // Nothing is left to end.
  }
}
