/**
 * The GATT service as data, and the radio's quirks behind one small face: one connection, events that are only
 * queued, an end that is waited for. Callbacks here do no work: they may run while the motor turns.
 *
 *     free --onConnect--> connected --close--> ending --onDisconnect, or 15 s in vain--> free
 *                             |--onDisconnect----------------------------------------> free
 */

import { type UptimeMs, uptimeMs } from "../base/units.js";
import type { Board, GattAdvertisement, GattConnection, GattServer, GattServerConstructor } from "../board.js";
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
/**
 * How long the end of a link is waited for, within the 20 s of SR-71: an event that has not come by then is lost. A
 * central that has gone silent may keep its slot longer, up to its supervision timeout of at most 32 s (Vol 6, Part B
 * 4.5.2): until then advertising is in vain.
 */
const END_MS = 15_000;

/** What LE pairing brings, on a board whose link security is "passkey". */
export type LinkPairingEvent =
  /** The stack has drawn a passkey, 1 to 999,999: the central's user is to type it. */
  | { readonly kind: "passkey"; readonly passkey: number }
  /** A pairing is over; `authenticated` says that its passkey was typed. */
  | { readonly kind: "secured"; readonly authenticated: boolean };

export type LinkEvent =
  /** The radio is up: from now on the pump can advertise. */
  | { readonly kind: "ready" }
  /** The stack is not as it must be: the pump stays off the air. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Connections are numbered from 1; what follows, up to the next of these, is of this one. */
  | { readonly kind: "connected"; readonly connection: number }
  | LinkPairingEvent
  | { readonly kind: "subscribed" }
  | { readonly kind: "written"; readonly value: Uint8Array }
  | { readonly kind: "unsubscribed" }
  /** The slot is free again, whoever ended the connection. */
  | { readonly kind: "disconnected" };

/** The parts of a board that the link is made of. */
export type LinkBoard = Pick<Board, "GATTServer" | "link" | "linkSecurity">;

export class GattLink {
  readonly #server: GattServer;
  readonly #control: Board["link"];
  readonly #enqueue: (event: LinkEvent) => void;
  #ready = false;
  #connection: GattConnection | undefined;
  #connections = 0;
  #fromPump: object | undefined;
  /** Until when the end of the connection is waited for, once it was asked for. */
  #endBy: UptimeMs | undefined;

  /** Starts the server; nothing is advertised before `advertise`. `enqueue` must only queue. */
  constructor({ GATTServer: Server, link: control, linkSecurity }: LinkBoard, enqueue: (event: LinkEvent) => void) {
    this.#control = control;
    this.#enqueue = enqueue;
    const link = this;
    const secured = linkSecurity === "passkey";
    const properties = secured ? authenticated(Server.properties) : Server.properties;
    this.#server = new Server({
      mtu: MTU,
      ...(secured && {
        security: { authenticate: true, bond: true, display: true },
        onPasskey: (connection, action, passkey) => link.#onPasskey(connection, action, passkey),
        onSecured: (connection, state) => link.#onSecured(connection, state.encrypted && state.authenticated),
      }),
      services: [
        {
          uuid: SERVICE_UUID,
          characteristics: [
            {
              uuid: TO_PUMP_UUID,
              properties: properties.write,
              onWrite: (value, connection) => link.#onWrite(value, connection),
            },
            {
              uuid: FROM_PUMP_UUID,
              properties: properties.indicate,
              // `this` is the only handle that notify accepts, so these are not arrow functions.
              onSubscribe(connection) {
                link.#onSubscribe(this, connection);
              },
              onUnsubscribe: (connection) => link.#onUnsubscribe(connection),
            },
          ],
        },
      ],
      onReady: () => link.#onReady(),
      onConnect: (connection) => link.#onConnect(connection),
      onDisconnect: (connection) => link.#onGone(connection),
    });
  }

  /** Gives up waiting for the end of a connection of which no event has come in time: the slot is free. */
  passTime(now: UptimeMs): void {
    if (this.#endBy !== undefined && now > this.#endBy) {
      this.#free();
      this.#control.end();
    }
  }

  /**
   * Advertises while there is no connection. Called again and again from the pump's own clock, since advertising also
   * stops without an event, after a connection attempt that failed; starting what runs already changes nothing.
   */
  advertise(now: UptimeMs): void {
    this.passTime(now);
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

  /**
   * Ends a connection, unless it has ended already or is ending. Of it nothing is heard any more but "disconnected",
   * and that not if the stack fails to tell of the end.
   */
  close(number: number, now: UptimeMs): void {
    if (number !== this.#connections || !this.#connection || this.#endBy !== undefined) return;
    this.#endBy = uptimeMs(now + END_MS);
    this.#fromPump = undefined;
    this.#control.end();
  }

  #onReady(): void {
    try {
      this.#control.watch();
    } catch (error) {
      this.#enqueue({ kind: "failed", reason: error instanceof Error ? error.message : "no link control" });
      return;
    }
    this.#ready = true;
    this.#enqueue({ kind: "ready" });
  }

  /** The stack has one slot: whoever connects shows that the connection before has ended, told or not. */
  #onConnect(connection: GattConnection): void {
    this.#control.taken();
    if (this.#connection) this.#onGone(this.#connection);
    this.#connection = connection;
    this.#connections += 1;
    this.#enqueue({ kind: "connected", connection: this.#connections });
  }

  /** Whether an event of this connection is still of interest. */
  #hears(connection: GattConnection): boolean {
    return connection === this.#connection && this.#endBy === undefined;
  }

  #onPasskey(connection: GattConnection, action: string, passkey: number | undefined): void {
    if (!this.#hears(connection)) return;
    // A pump that can only display is asked for nothing else.
    if (action === "display" && passkey !== undefined) this.#enqueue({ kind: "passkey", passkey });
    else this.#enqueue({ kind: "secured", authenticated: false });
  }

  #onSecured(connection: GattConnection, isAuthenticated: boolean): void {
    if (this.#hears(connection)) this.#enqueue({ kind: "secured", authenticated: isAuthenticated });
  }

  #onSubscribe(characteristic: object, connection: GattConnection): void {
    if (!this.#hears(connection)) return;
    this.#fromPump = characteristic;
    this.#enqueue({ kind: "subscribed" });
  }

  #onWrite(value: ArrayBuffer, connection: GattConnection): void {
    if (this.#hears(connection)) this.#enqueue({ kind: "written", value: new Uint8Array(value) });
  }

  #onUnsubscribe(connection: GattConnection): void {
    if (!this.#hears(connection)) return;
    this.#fromPump = undefined;
    this.#enqueue({ kind: "unsubscribed" });
  }

  #onGone(connection: GattConnection): void {
    if (connection !== this.#connection) return;
    this.#free();
    this.#enqueue({ kind: "disconnected" });
  }

  #free(): void {
    this.#connection = undefined;
    this.#fromPump = undefined;
    this.#endBy = undefined;
  }
}

/**
 * The same for a link that was paired by passkey. Of `subscribeAuthenticated` the bit of `notify` is left out: who
 * subscribes to notifications would get messages that nothing confirms.
 */
function authenticated(properties: GattServerConstructor["properties"]): { write: number; indicate: number } {
  const { writeAuthenticated, indicate, subscribeAuthenticated, notify } = properties;
  return { write: writeAuthenticated, indicate: indicate | (subscribeAuthenticated & ~notify) };
}
