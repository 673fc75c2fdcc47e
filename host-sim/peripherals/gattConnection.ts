/** One connection of a central, as the firmware holds it (see gatt.ts). Owns which characteristic is subscribed. */

import type { GattCharacteristicOptions, GattConnection } from "../../firmware/board.js";
import type { PeripheralEnd } from "../air/peripheralEnd.js";
import type { GattHost } from "./gattHost.js";

/** A characteristic of the one server. */
export interface Characteristic {
  readonly options: GattCharacteristicOptions;
  /** `this` of its callbacks, and what `notify` takes. */
  readonly handle: object;
  /** One flag for all connections, as in the SDK: there is one connection. */
  subscribed: boolean;
}

/** Every use of it throws once the firmware has closed it, or has been told that it ended. */
export class SimulatedConnection implements GattConnection {
  readonly #characteristicOf: (handle: object) => Characteristic | undefined;
  #subscribedTo: Characteristic | undefined;
  readonly #host: GattHost;
  #end: PeripheralEnd | undefined;
  #closed = false;
  #mtuWasDue = false;

  constructor(characteristicOf: (handle: object) => Characteristic | undefined, host: GattHost) {
    this.#characteristicOf = characteristicOf;
    this.#host = host;
  }

  /** Whether the SDK's own close ended it. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether the central was about to exchange MTUs then. */
  get mtuWasDue(): boolean {
    return this.#mtuWasDue;
  }

  get maximumWrite(): number {
    return this.#opened().maximumWrite;
  }

  get forgotten(): boolean {
    return this.#end === undefined;
  }

  notify(characteristic: object, value: ArrayBuffer): void {
    const end = this.#opened();
    const known = this.#characteristicOf(characteristic);
    if (known === undefined) throw new TypeError("no characteristic of this server");
    if (!known.subscribed) throw new Error("disabled");
    end.indicate(new Uint8Array(value));
  }

  /** The SDK's: the record is freed now, and NimBLE tells of the link's end afterwards. */
  close(): void {
    const end = this.#opened();
    this.#closed = true;
    this.#mtuWasDue = end.mtuDue;
    end.disconnect();
    this.#host.freed();
    this.forget();
  }

  /**
   * Indications are wanted, or not, or ended with the link. NimBLE reports changes only: subscribing twice is one
   * event.
   */
  configure(characteristic: Characteristic | undefined, subscribed: boolean): void {
    if (characteristic === undefined || characteristic.subscribed === subscribed) return;
    characteristic.subscribed = subscribed;
    this.#subscribedTo = subscribed ? characteristic : undefined;
    const { onSubscribe, onUnsubscribe } = characteristic.options;
    (subscribed ? onSubscribe : onUnsubscribe)?.call(characteristic.handle, this);
  }

  open(end: PeripheralEnd): void {
    this.#end = end;
  }

  /** The native record is freed: every later use of this object throws. */
  forget(): void {
    if (this.#subscribedTo !== undefined) this.#subscribedTo.subscribed = false;
    this.#end = undefined;
  }

  #opened(): PeripheralEnd {
    if (this.#end === undefined) throw new Error("the connection is closed");
    return this.#end;
  }
}
