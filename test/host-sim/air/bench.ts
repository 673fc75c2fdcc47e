/** A toy pump that echoes writes as indications, and a central that notes what happens to it. */

import type {
  GattAdvertisement,
  GattCharacteristicOptions,
  GattConnection,
  GattServer,
  GattServerConstructor,
  GattServerOptions,
  LinkControl,
} from "../../../firmware/board.js";
import { Air, type AirOptions } from "../../../host-sim/air/air.js";
import type { CentralOptions } from "../../../host-sim/air/centralEnd.js";
import type { Packet, PacketKind } from "../../../host-sim/air/packet.js";
import { FROM_PUMP_UUID, SERVICE_UUID, TO_PUMP_UUID } from "../../../host-sim/air/service.js";
import type { TapAction } from "../../../host-sim/air/tap.js";
import { PASS } from "../../../host-sim/air/tap.js";
import type { CentralLink, CentralListener } from "../../../host-sim/air/transport.js";
import { VirtualClock } from "../../../host-sim/clock/virtualClock.js";
import { GattRadio } from "../../../host-sim/peripherals/gatt.js";
import { PROPERTIES } from "../../../host-sim/peripherals/gattTable.js";

export const ADDRESS = "pump-1";

export const ADVERTISEMENT: GattAdvertisement = { flags: 6, services: [SERVICE_UUID] };

export const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
export const buffer = (...values: readonly number[]): ArrayBuffer => Uint8Array.from(values).buffer;

/** A table of the Countersign service with these characteristics. */
export function tableOf(...characteristics: readonly GattCharacteristicOptions[]) {
  return { services: [{ uuid: SERVICE_UUID, characteristics }] };
}

export const TO_PUMP: GattCharacteristicOptions = { uuid: TO_PUMP_UUID, properties: PROPERTIES.write, onWrite() {} };
export const FROM_PUMP: GattCharacteristicOptions = {
  uuid: FROM_PUMP_UUID,
  properties: PROPERTIES.indicate,
  onSubscribe() {},
  onUnsubscribe() {},
};

/** A peripheral that answers each write with an indication of the same value and writes down every callback. */
export class EchoPump {
  readonly log: string[] = [];
  readonly written: Uint8Array[] = [];
  readonly server: GattServer;
  connection: GattConnection | undefined;
  handle: object | undefined;
  /** Runs instead of the echo. */
  onWrite: ((connection: GattConnection) => void) | undefined;

  constructor(Server: GattServerConstructor, changes: Partial<GattServerOptions> = {}) {
    const pump = this;
    this.server = new Server({
      mtu: 185,
      services: [
        {
          uuid: SERVICE_UUID,
          characteristics: [
            {
              uuid: TO_PUMP_UUID,
              properties: Server.properties.write,
              onWrite(value, connection) {
                pump.log.push(`write ${value.byteLength}`);
                pump.written.push(new Uint8Array(value));
                if (pump.onWrite) pump.onWrite(connection);
                else if (pump.handle) connection.notify(pump.handle, value);
              },
            },
            {
              uuid: FROM_PUMP_UUID,
              properties: Server.properties.indicate,
              onSubscribe() {
                pump.log.push("subscribe");
                pump.handle = this;
              },
              onUnsubscribe() {
                pump.log.push("unsubscribe");
              },
            },
          ],
        },
      ],
      onReady() {
        pump.log.push("ready");
        this.startAdvertising(ADVERTISEMENT);
      },
      onConnect(connection) {
        pump.log.push(`connect ${connection.maximumWrite}`);
        pump.connection = connection;
      },
      onDisconnect() {
        pump.log.push("disconnect");
      },
      ...changes,
    });
  }

  /** The connection, which a test expects to be there. */
  get open(): GattConnection {
    if (!this.connection) throw new Error("nothing connected");
    return this.connection;
  }

  indicate(...values: readonly number[]): void {
    if (!this.handle) throw new Error("nothing subscribed");
    this.open.notify(this.handle, buffer(...values));
  }
}

/** A central that subscribes as soon as it is connected. */
export class Central implements CentralListener {
  readonly log: string[] = [];
  readonly indications: Uint8Array[] = [];
  readonly link: CentralLink;
  readonly #subscribes: boolean;

  constructor(air: Air, options: CentralOptions & { readonly subscribes?: boolean } = { mtu: 185 }) {
    const { subscribes, ...rest } = options;
    this.#subscribes = subscribes ?? true;
    this.link = air.transport(rest).connect(this);
  }

  onConnected(): void {
    this.log.push(`connected ${this.link.maximumWrite}`);
    if (this.#subscribes) this.link.subscribe();
  }

  onDisconnected(): void {
    this.log.push("disconnected");
  }

  onIndication(value: Uint8Array): void {
    this.log.push(`indication ${value.length}`);
    this.indications.push(value);
  }

  onWritten(): void {
    this.log.push("written");
  }
}

export class Bench {
  readonly clock = new VirtualClock();
  readonly air: Air;
  readonly radio: GattRadio;
  /** Why the board restarted, oldest first: it stays off. */
  readonly restarts: string[] = [];
  /** Replaced by tests that hold the firmware's thread back. */
  run = (callback: () => void): void => callback();

  constructor(options: AirOptions = {}) {
    this.air = new Air(this.clock, options);
    this.radio = new GattRadio(this.air, ADDRESS);
  }

  constructorOfServer(): GattServerConstructor {
    return this.radio.gattServerFor(
      (callback) => this.run(callback),
      (cause) => {
        this.restarts.push(cause);
        this.air.powerLost(ADDRESS);
      },
    );
  }

  /** What native/link.c does for the pump that booted last. */
  get control(): LinkControl {
    return this.radio.linkControl();
  }

  /** Powers a pump up and lets it advertise. */
  boot(changes: Partial<GattServerOptions> = {}): EchoPump {
    const pump = new EchoPump(this.constructorOfServer(), changes);
    this.clock.advance(100);
    return pump;
  }

  /** A central that has connected and subscribed. */
  join(options?: CentralOptions & { readonly subscribes?: boolean }): Central {
    const central = new Central(this.air, options);
    this.clock.advance(200);
    return central;
  }

  /** Acts on the first `count` packets of a kind, after those to let by; the others pass. */
  tapOn(kind: PacketKind, action: (packet: Packet) => TapAction, count = 1): void {
    let left = count;
    this.air.tap = (packet) => {
      if (packet.kind !== kind || left === 0) return PASS;
      left -= 1;
      return action(packet);
    };
  }
}

/** A pump and a central that have connected; both logs are empty. */
export function joined() {
  const bench = new Bench();
  const pump = bench.boot();
  const central = bench.join();
  pump.log.length = 0;
  central.log.length = 0;
  return { bench, pump, central };
}
