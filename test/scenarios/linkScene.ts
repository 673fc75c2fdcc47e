/** A pump with LE security on, and phones that pair with it as their systems do: below the protocol, by a passkey. */

import type { CentralLink, CentralListener, Transport } from "../../host-sim/air/transport.js";
import { World, type WorldOptions } from "../../host-sim/world.js";

const TRANSPORT = { address: "pump", mtu: 247 };
/** How long a person takes to read six digits and to type them. */
const TYPING_MS = 10_000;
const SHOWN_PASSKEY = /^Bluetooth passkey (\d{6})$/;

/** A booted pump that wants LE pairing of everybody. */
export function securedWorld(options: WorldOptions): World {
  const world = new World({ ...options, linkSecurity: "passkey" });
  world.radio.centralsArePaired = false;
  world.powerUp();
  world.clock.advance(1_000);
  return world;
}

/** The passkey that the pump shows; undefined while it shows none. */
export function shownPasskey(world: World): number | undefined {
  for (const line of world.hardware.display) {
    const digits = SHOWN_PASSKEY.exec(line)?.[1];
    if (digits !== undefined) return Number(digits);
  }
  return undefined;
}

/** A phone: encrypts with its LE bond as it connects, or pairs by what the pump shows, and only then tells the app. */
export function phone(world: World, name: string, typingMs = TYPING_MS): Transport {
  const { radio, clock, air } = world;
  return {
    connect(listener: CentralListener): CentralLink {
      return air.transport(TRANSPORT).connect({
        onConnected() {
          if (radio.encrypt(name)) {
            listener.onConnected();
            return;
          }
          radio.pair(name, "keyboard");
          clock.schedule(() => {
            const passkey = shownPasskey(world);
            if (passkey !== undefined && radio.typePasskey(passkey)) listener.onConnected();
          }, typingMs);
        },
        onDisconnected: () => listener.onDisconnected(),
        onIndication: (value) => listener.onIndication(value),
        onWritten: () => listener.onWritten(),
      });
    },
  };
}

/** A bare connection, which does nothing by itself. */
export class Bare implements CentralListener {
  readonly indications: Uint8Array[] = [];
  connectedMs: number | undefined;
  endedMs: number | undefined;
  readonly link: CentralLink;
  readonly #world: World;

  /** With an ATT_MTU of 0 it asks for none: its first request is then what the test has it send. */
  constructor(world: World, mtu = TRANSPORT.mtu) {
    this.#world = world;
    const { address } = TRANSPORT;
    this.link = world.air.transport(mtu === 0 ? { address } : { address, mtu }).connect(this);
  }

  onConnected(): void {
    this.connectedMs = this.#world.clock.nowMs;
  }

  onDisconnected(): void {
    this.endedMs = this.#world.clock.nowMs;
  }

  onIndication(value: Uint8Array): void {
    this.indications.push(value);
  }

  onWritten(): void {}
}

/** A bare connection that is up. */
export function connected(world: World): Bare {
  const bare = new Bare(world);
  world.clock.runUntil(() => bare.connectedMs !== undefined, 10_000);
  return bare;
}
