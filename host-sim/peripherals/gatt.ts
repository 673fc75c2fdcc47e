/**
 * `embedded:io/bluetoothle/peripheral` as Moddable 8.2.3 has it on the ESP32, quirks kept
 * (modules/io/ble/server/esp32): the firmware's side of a radio. Owns the rules between the firmware and the stack:
 * what constructors refuse, when notify throws, which events never come. ATT is air/peripheralEnd.ts, the medium
 * air/air.ts.
 *
 * No kinder than the board: advertising never resumes by itself, whoever ended the connection, and `startAdvertising`
 * while the slot is taken is lost without an error.
 */

import type { GattAdvertisement, GattServer, GattServerConstructor, GattServerOptions } from "../../firmware/board.js";
import type { Air } from "../air/air.js";
import { MTU_DEFAULT } from "../air/bluetooth.js";
import type { Clock } from "../air/clock.js";
import type { DeclaredService, LinkEnd, Station, Wire } from "../air/packet.js";
import { PeripheralEnd } from "../air/peripheralEnd.js";
import { FROM_PUMP_UUID, SERVICE_UUID, TO_PUMP_UUID } from "../air/service.js";
import { advertisingData } from "./gattAdvertisement.js";
import { type Characteristic, SimulatedConnection } from "./gattConnection.js";
import { checkTable, PROPERTIES } from "./gattTable.js";
import { sameUuid } from "./uuid.js";

/**
 * Runs one callback of the firmware: power cuts, stalls and crashes are this function's business. In order, now or
 * later.
 */
export type Run = (callback: () => void) => void;

/** NimBLE's BLE_ATT_MTU_MAX; a larger request is cut to it, a smaller than 23 raised. */
const MTU_MAXIMUM = 527;
/** From constructing the server to the stack having synchronised with its controller; tens of ms, chosen. */
const READY_MS = 50;

/** `this` of a characteristic's callbacks: an object with nothing in it. */
class CharacteristicHandle {}

function isA(uuid: string, property: number): (characteristic: Characteristic) => boolean {
  return ({ options }) => sameUuid(options.uuid, uuid) && (options.properties & property) !== 0;
}

interface RadioSession {
  readonly air: Air;
  readonly clock: Clock;
  readonly address: string;
  readonly run: Run;
  serverMade: boolean;
}

/** One pump's radio, across its power cycles. */
export class GattRadio implements Station {
  readonly address: string;
  readonly #air: Air;
  readonly #clock: Clock;
  #session: RadioSession | undefined;
  #server: SimulatedServer | undefined;

  /**
   * Registers `address` on the air; throws when it is taken.
   *
   * @param clock that the radio's own timers run on: the air's unless given.
   */
  constructor(air: Air, address: string, clock: Clock = air.clock) {
    this.#air = air;
    this.#clock = clock;
    this.address = address;
    air.register(address, this);
  }

  get advertisement(): Uint8Array | undefined {
    return this.#server?.advertisement;
  }

  get services(): readonly DeclaredService[] {
    return this.#server?.services ?? [];
  }

  /**
   * The constructor that one power session of the board offers. It makes one server: a second throws, even when the
   * first was closed or refused its options, as on the ESP32. A new session ends the one before it.
   */
  gattServerFor(run: Run): GattServerConstructor {
    this.powerLost();
    const session: RadioSession = { air: this.#air, clock: this.#clock, address: this.address, run, serverMade: false };
    this.#session = session;
    const begin = () => {
      if (this.#session !== session) throw new Error("the radio has no power");
      if (session.serverMade) throw new Error("only one");
      session.serverMade = true;
    };
    const adopt = (server: SimulatedServer) => {
      this.#server = server;
    };
    return class extends SimulatedServer {
      constructor(options: GattServerOptions) {
        begin();
        super(session, options);
        adopt(this);
      }
    };
  }

  accept(wire: Wire): LinkEnd | undefined {
    return this.#server?.accept(wire);
  }

  /** The board has no power: see `Air.powerLost`. */
  powerLost(): void {
    this.#air.powerLost(this.address);
  }

  stop(): void {
    this.#server?.die();
    this.#server = undefined;
    this.#session = undefined;
  }
}

class SimulatedServer implements GattServer {
  static readonly properties = PROPERTIES;
  readonly #session: RadioSession;
  readonly #options: GattServerOptions;
  readonly #characteristics: readonly Characteristic[];
  readonly #toPump: Characteristic | undefined;
  readonly #fromPump: Characteristic | undefined;
  #state: "starting" | "ready" | "closed" = "starting";
  #advertisement: Uint8Array | undefined;
  #end: PeripheralEnd | undefined;

  constructor(session: RadioSession, options: GattServerOptions) {
    this.#session = session;
    this.#options = options;
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

  accept(wire: Wire): LinkEnd | undefined {
    if (this.#advertisement === undefined) return undefined;
    this.#advertisement = undefined;
    const connection = new SimulatedConnection((handle) => this.#characteristics.find((one) => one.handle === handle));
    const toPump = this.#toPump;
    const fromPump = this.#fromPump;
    const end = new PeripheralEnd({
      clock: this.#session.clock,
      wire,
      mtu: Math.max(MTU_DEFAULT, Math.min(this.#options.mtu, MTU_MAXIMUM)),
      discoverable: toPump !== undefined && fromPump !== undefined,
      handler: {
        onConnect: () => this.#event(connection, () => this.#options.onConnect.call(this, connection)),
        onSubscription: (subscribed) => this.#event(connection, () => connection.configure(fromPump, subscribed)),
        onWrite: (value) =>
          this.#event(connection, () => {
            toPump?.options.onWrite?.call(toPump.handle, value.slice().buffer, connection);
            end.respond();
          }),
        onEnded: () => {
          this.#event(connection, () => connection.configure(fromPump, false));
          this.#event(connection, () => {
            this.#options.onDisconnect.call(this, connection);
            connection.forget();
          });
        },
        onFree: () => {
          this.#end = undefined;
        },
      },
    });
    connection.open(end);
    this.#end = end;
    return end;
  }

  /** Calls the firmware about a connection, unless it has closed that connection by then. */
  #event(connection: SimulatedConnection, callback: () => void): void {
    this.#run(() => {
      if (!connection.forgotten) callback();
    });
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
