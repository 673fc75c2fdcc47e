/**
 * The one server of a power session, as modules/io/ble/server/esp32 has it: what its constructor refuses, when its
 * callbacks come, which never come. See gatt.ts.
 */

import type { GattAdvertisement, GattServer, GattServerOptions } from "../../firmware/board.js";
import type { Air } from "../air/air.js";
import { MTU_DEFAULT } from "../air/bluetooth.js";
import type { Clock } from "../air/clock.js";
import type { DeclaredService, LinkEnd, Wire } from "../air/packet.js";
import { PeripheralEnd } from "../air/peripheralEnd.js";
import { FROM_PUMP_UUID, SERVICE_UUID, TO_PUMP_UUID } from "../air/service.js";
import { advertisingData } from "./gattAdvertisement.js";
import { type Characteristic, SimulatedConnection } from "./gattConnection.js";
import { GattHost } from "./gattHost.js";
import { type LeBondStore, LinkSecurity, SUBSCRIBE_AUTHENTICATED, WRITE_AUTHENTICATED } from "./gattSecurity.js";
import { checkSecurity, checkTable, PROPERTIES } from "./gattTable.js";
import { sameUuid } from "./uuid.js";

/**
 * Runs one callback of the firmware: power cuts, stalls and crashes are this function's business. In order, now or
 * later.
 */
export type Run = (callback: () => void) => void;

/** Ends the session at once, as a null pointer read in C does on the board. */
export type Restart = (cause: string) => void;

/** NimBLE's BLE_ATT_MTU_MAX; a larger request is cut to it, a smaller than 23 raised. */
const MTU_MAXIMUM = 527;
/** From constructing the server to the stack having synchronised with its controller; tens of ms, chosen. */
const READY_MS = 50;

/** `this` of a characteristic's callbacks: an object with nothing in it. */
class CharacteristicHandle {}

function has(characteristic: Characteristic | undefined, property: number): boolean {
  return characteristic !== undefined && (characteristic.options.properties & property) !== 0;
}

function isA(uuid: string, property: number): (characteristic: Characteristic) => boolean {
  return ({ options }) => sameUuid(options.uuid, uuid) && (options.properties & property) !== 0;
}

/** What one power session gives its server. */
export interface RadioSession {
  readonly air: Air;
  readonly clock: Clock;
  readonly address: string;
  readonly run: Run;
  readonly restart: Restart;
  readonly bonds: LeBondStore;
  readonly centralsArePaired: () => boolean;
  serverMade: boolean;
  /** Whether native/link.c listens and guards the bonds. */
  watched: boolean;
}

/** The server: see gatt.ts for the rules of its constructor. */
export class SimulatedServer implements GattServer {
  static readonly properties = PROPERTIES;
  readonly #session: RadioSession;
  readonly #options: GattServerOptions;
  readonly #characteristics: readonly Characteristic[];
  readonly #toPump: Characteristic | undefined;
  readonly #fromPump: Characteristic | undefined;
  #state: "starting" | "ready" | "closed" = "starting";
  #advertisement: Uint8Array | undefined;
  #end: PeripheralEnd | undefined;
  #host: GattHost | undefined;
  #security: LinkSecurity | undefined;

  constructor(session: RadioSession, options: GattServerOptions) {
    this.#session = session;
    this.#options = options;
    checkSecurity(options);
    checkTable(options);
    const made = options.services.map(({ uuid, characteristics }) => ({
      uuid,
      characteristics: characteristics.map((of) => ({
        options: of,
        handle: new CharacteristicHandle(),
        subscribed: false,
      })),
    }));
    this.#characteristics = made.flatMap(({ characteristics }) => characteristics);
    const countersign = made.find(({ uuid }) => sameUuid(uuid, SERVICE_UUID))?.characteristics ?? [];
    this.#toPump = countersign.find(isA(TO_PUMP_UUID, PROPERTIES.write));
    this.#fromPump = countersign.find(isA(FROM_PUMP_UUID, PROPERTIES.indicate));
    session.clock.schedule(() => {
      if (this.#state === "closed") return;
      this.#state = "ready";
      this.#run(() => options.onReady.call(this));
    }, READY_MS);
  }

  get advertisement(): Uint8Array | undefined {
    return this.#advertisement;
  }

  get services(): readonly DeclaredService[] {
    return this.#options.services;
  }

  startAdvertising(scan: GattAdvertisement): void {
    const data = advertisingData(scan);
    this.#requireReady();
    if (this.#end !== undefined) return;
    const begins = this.#advertisement === undefined;
    this.#advertisement = data;
    if (begins) this.#session.air.advertisingStarted(this.#session.address);
  }

  stopAdvertising(): void {
    this.#requireReady();
    this.#advertisement = undefined;
  }

  close(): void {
    this.#end?.disconnect();
    this.die();
  }

  /** Power is gone, or the server closed: nothing calls the firmware any more. */
  die(): void {
    this.#state = "closed";
    this.#advertisement = undefined;
    this.#end?.halt();
  }

  /** The security of the link that there is. */
  get security(): LinkSecurity | undefined {
    return this.#end ? this.#security : undefined;
  }

  taken(): void {
    this.#host?.taken();
  }

  terminate(): void {
    this.#end?.terminate();
  }

  accept(wire: Wire): LinkEnd | undefined {
    if (this.#advertisement === undefined) return undefined;
    this.#advertisement = undefined;
    const host = new GattHost(this.#session.clock, (cause) => this.#restart(cause));
    const connection = new SimulatedConnection(
      (handle) => this.#characteristics.find((one) => one.handle === handle),
      host,
    );
    const toPump = this.#toPump;
    const fromPump = this.#fromPump;
    /** As NimBLE has it, whatever has reached the firmware. */
    let subscribed = false;
    const restored = () => {
      subscribed = true;
      this.#event(host, "a restored subscription", () => connection.configure(fromPump, true));
    };
    const security = this.#linkSecurity(connection, restored);
    const listened = (read: () => void) =>
      host.event(
        this.#session.watched,
        () => end.hold(),
        () => {
          if (!end.live) return;
          read();
          end.resume();
        },
      );
    const end = new PeripheralEnd({
      clock: this.#session.clock,
      wire,
      mtu: Math.max(MTU_DEFAULT, Math.min(this.#options.mtu, MTU_MAXIMUM)),
      discoverable: toPump !== undefined && fromPump !== undefined,
      handler: {
        onConnect: () =>
          this.#run(() => {
            host.recorded();
            this.#options.onConnect.call(this, connection);
          }),
        onMtu: () => listened(() => host.reads("an MTU exchange")),
        refusal: (request) =>
          security.refusal(
            request === "write" ? has(toPump, WRITE_AUTHENTICATED) : has(fromPump, SUBSCRIBE_AUTHENTICATED),
          ),
        onSubscription: (wanted) => {
          subscribed = wanted;
          security.subscribed(wanted);
          this.#event(host, "a subscription", () => connection.configure(fromPump, wanted));
          listened(() => {});
        },
        onWrite: (value) => {
          if (!host.reads("a write")) return;
          this.#event(host, "a write", () => {
            toPump?.options.onWrite?.call(toPump.handle, value.slice().buffer, connection);
            end.respond();
          });
        },
        onEnded: () => {
          if (subscribed) this.#event(host, "the end of a subscription", () => connection.configure(fromPump, false));
          this.#run(() => {
            if (connection.forgotten) return;
            this.#options.onDisconnect.call(this, connection);
            connection.forget();
          });
        },
        onFree: () => {
          this.#end = undefined;
          const mtuDue = connection.mtuWasDue;
          // The SDK's own close: NimBLE tells of the end all the same.
          if (connection.closed && (subscribed || mtuDue)) this.#event(host, "the end of a subscription", () => {});
        },
      },
    });
    connection.open(end);
    this.#end = end;
    this.#host = host;
    this.#security = security;
    return end;
  }

  #linkSecurity(connection: SimulatedConnection, onRestored: () => void): LinkSecurity {
    const { onPasskey, onSecured } = this.#options;
    const told = (callback: () => void) =>
      this.#run(() => {
        if (!connection.forgotten) callback();
      });
    return new LinkSecurity(
      this.#session.bonds,
      {
        onPasskey: onPasskey && ((passkey) => told(() => onPasskey.call(this, connection, "display", passkey))),
        onSecured: (state) => told(() => onSecured?.call(this, connection, state)),
        onRestored,
      },
      this.#session.centralsArePaired(),
    );
  }

  /** Calls the firmware about what the C looks the connection's record up for. */
  #event(host: GattHost, what: string, callback: () => void): void {
    this.#run(() => {
      if (host.reads(what)) callback();
    });
  }

  #restart(cause: string): void {
    if (this.#state !== "closed") this.#session.restart(cause);
  }

  #run(callback: () => void): void {
    this.#session.run(() => {
      if (this.#state !== "closed") callback();
    });
  }

  #requireReady(): void {
    if (this.#state !== "ready") throw new Error(`the server is ${this.#state}`);
  }
}
