/**
 * One simulated world: that of a pump, and controllers that stand around it. The same seed and the same calls give the
 * same bytes on the air and the same steps.
 */

import { Random } from "./clock/random.js";
import { Controller, type ControllerOptions } from "./controller/controller.js";
import type { ControllerStore } from "./controller/store.js";
import { PumpWorld, type PumpWorldOptions } from "./pumpWorld.js";

/** ATT_MTU that a controller asks for: the one that the pump offers (firmware/link/gatt.ts). */
export const CONTROLLER_MTU = 247;
/** Stream of the seed that controllers draw from; the hardware's are its own. */
const CONTROLLER_STREAM = 100;

/** A controller's storage in memory: it outlives the controller. */
export class MemoryStore implements ControllerStore {
  #bytes: Uint8Array | undefined;

  read(): Uint8Array | undefined {
    return this.#bytes?.slice();
  }

  write(bytes: Uint8Array): void {
    this.#bytes = bytes.slice();
  }
}

/** What the pump's own world takes. */
export type WorldOptions = PumpWorldOptions;

export class World extends PumpWorld {
  readonly #random: Random;

  constructor(options: WorldOptions) {
    super(options);
    this.#random = new Random(options.seed, CONTROLLER_STREAM);
  }

  /** A controller with a store of its own, or with one that an earlier controller left. */
  controller(store: ControllerStore = new MemoryStore(), options: Partial<ControllerOptions> = {}): Controller {
    return new Controller({
      transport: this.air.transport({ address: this.address, mtu: CONTROLLER_MTU }),
      clock: this.clock,
      random: (length) => this.#random.bytes(length),
      store,
      ...options,
    });
  }
}
