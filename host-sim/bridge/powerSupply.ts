/**
 * Power for a pump that runs by itself: an exception that the firmware lets out takes its power, and so does a restart
 * that it asks for; a second later it is back, as an ESP32 restarts. Owns that second.
 */

import type { PumpWorld } from "../pumpWorld.js";

/** From a panic or a restart to the firmware's start: bootloader, the SDK's start, modules from flash; under a second, rounded up. */
const RESTART_MS = 1_000;

export class PowerSupply {
  readonly #world: PumpWorld;
  readonly #onSwitched: (powered: boolean) => void;
  #restart: { cancel(): void } | undefined;

  /** @param onSwitched told after `restore` has switched on and `cut` off. */
  constructor(world: PumpWorld, onSwitched: (powered: boolean) => void) {
    this.#world = world;
    this.#onSwitched = onSwitched;
  }

  /** Switches on, unless it is on. */
  restore(): void {
    this.#restart?.cancel();
    this.#restart = undefined;
    if (this.#world.hardware.powered) return;
    this.#world.powerUp();
    this.#onSwitched(true);
  }

  /** Switches off, until `restore`. */
  cut(): void {
    this.#restart?.cancel();
    this.#restart = undefined;
    if (!this.#world.hardware.powered) return;
    this.#world.hardware.cut();
    this.#onSwitched(false);
  }

  /** The firmware let an exception out, or asked for a restart: the power is gone, and comes back. */
  restarts(): void {
    this.#restart = this.#world.clock.schedule(() => this.restore(), RESTART_MS);
  }
}
