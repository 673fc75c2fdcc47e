/**
 * `embedded:io/bluetoothle/peripheral` as Moddable 8.2.3 has it on the ESP32, quirks kept
 * (modules/io/ble/server/esp32): the firmware's side of a radio. Owns the rules between the firmware and the stack:
 * what constructors refuse, when notify throws, which events never come. ATT is air/peripheralEnd.ts, the medium
 * air/air.ts.
 *
 * No kinder than the board: advertising never resumes by itself, whoever ended the connection, and `startAdvertising`
 * while the slot is taken is lost without an error. Where the C reads through a null pointer, the board restarts.
 */

import type { GattServerConstructor, GattServerOptions, LinkControl } from "../../firmware/board.js";
import type { Air } from "../air/air.js";
import type { Clock } from "../air/clock.js";
import type { DeclaredService, LinkEnd, Station, Wire } from "../air/packet.js";
import { type CentralCapability, LeBondStore, type LinkSecurity } from "./gattSecurity.js";
import { type RadioSession, type Restart, type Run, SimulatedServer } from "./gattServer.js";

/** One pump's radio, across its power cycles. */
export class GattRadio implements Station {
  readonly address: string;
  /**
   * Whether the Bluetooth hosts of centrals have paired with the pump long ago, and encrypt as they connect: LE pairing
   * does not travel on the simulated air. False for tests that pair by `pair`.
   */
  centralsArePaired = true;
  readonly #bonds = new LeBondStore();
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
   *
   * @param restart throws unless given.
   */
  gattServerFor(run: Run, restart: Restart = fail): GattServerConstructor {
    this.powerLost();
    // The gate is RAM of native/link.c: shut again, or not there, after every power-up.
    this.#bonds.allowed = undefined;
    const session: RadioSession = {
      air: this.#air,
      clock: this.#clock,
      address: this.address,
      run,
      restart,
      bonds: this.#bonds,
      centralsArePaired: () => this.centralsArePaired,
      serverMade: false,
      watched: false,
    };
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

  /** native/link.c of the session that `gattServerFor` began last. */
  linkControl(): LinkControl {
    const session = this.#session;
    return {
      watch: () => {
        if (session) session.watched = true;
        this.#bonds.allowed ??= false;
      },
      taken: () => this.#server?.taken(),
      end: () => this.#server?.terminate(),
      allowBonds: (allowed) => {
        this.#bonds.allowed = allowed;
      },
      forgetBonds: () => this.#bonds.bonds.clear(),
    };
  }

  /** LE bonds by the name of their central, with whether they are authenticated. */
  get leBonds(): ReadonlyMap<string, { readonly authenticated: boolean }> {
    return this.#bonds.bonds;
  }

  /** The connected central's host pairs: see LinkSecurity. Throws without a connection. */
  pair(central: string, capability: CentralCapability): ReturnType<LinkSecurity["pair"]> {
    return this.#security().pair(central, capability);
  }

  typePasskey(passkey: number): boolean {
    return this.#security().typePasskey(passkey);
  }

  /** The connected central's host encrypts the link with its bond; false when the pump has none. */
  encrypt(central: string): boolean {
    return this.#security().encrypt(central);
  }

  #security(): LinkSecurity {
    const security = this.#server?.security;
    if (!security) throw new Error("nobody is connected");
    return security;
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

function fail(cause: string): never {
  throw new Error(cause);
}
