/**
 * A pump that is ready to be attacked: in Run with a temporary rate of zero, so that nothing moves but a dose that is
 * ordered, bonded with a user's controller and with another one. A third bond is a newcomer's, who pairs anew each time.
 */

import assert from "node:assert/strict";
import { microunitsPerHour } from "../../../firmware/base/units.js";
import { DEFAULT_RIG, type RigConfig } from "../../../firmware/rig.js";
import type { Clock } from "../../../host-sim/controller/clock.js";
import type { Accepted, CommandResult } from "../../../host-sim/controller/commands.js";
import type { Controller, PairResult } from "../../../host-sim/controller/controller.js";
import type { Bond } from "../../../host-sim/controller/pairing.js";
import { decodeContents } from "../../../host-sim/controller/store.js";
import { PUMP_ADDRESS } from "../../../host-sim/pumpWorld.js";
import { MemoryStore, World } from "../../../host-sim/world.js";
import { Eavesdropper } from "./eavesdropper.js";
import { SCRIPTS, type Told } from "./scripts.js";
import type { ProtocolMessage } from "./table.js";

/** Life that controllers ask for: shorter than an echo is fresh, so that a late Commit can be too late by it alone. */
export const LIFE_MS = 5_000;
/** Hardly any: what the profile delivers between a Run and the temporary rate after it stays under a pulse. */
const RIG: RigConfig = {
  ...DEFAULT_RIG,
  provisioning: { ...DEFAULT_RIG.provisioning, basalMicrounitsPerHour: microunitsPerHour(10_000) },
};
/** A stage is left before its first hour is recorded, and before the limit of 15 U an hour is near. */
const STAGE_MS = 45 * 60_000;
const STAGE_MICROUNITS = 12_000_000;

/** The bonds that a controller's store holds as confirmed. */
export function bondsOf(store: MemoryStore): readonly Bond[] {
  const blob = store.read();
  return blob === undefined ? [] : decodeContents(blob).bonds;
}

/** A script that was played, its controller still there. */
export interface Played {
  readonly told: Told;
  readonly controller: Controller;
  /** What the pump shows a newcomer; empty for a bonded user. */
  readonly shownText: string;
}

export class Stage {
  readonly world: World;
  readonly eavesdropper = new Eavesdropper();
  readonly user: MemoryStore;
  readonly otherController = new MemoryStore();
  readonly newcomer = new MemoryStore();
  readonly #mtu: number;
  #process = 0;

  /**
   * @param mtu ATT_MTU that the controllers ask for.
   * @param user the store of the user's controller, which may be bonded with other pumps already.
   */
  constructor(seed: number, mtu: number, user = new MemoryStore()) {
    this.#mtu = mtu;
    this.user = user;
    this.world = new World({ seed, rig: RIG, observer: (event) => this.eavesdropper.observe(event) });
    this.world.powerUp();
    // Past the saves that follow a boot closely: the next is minutes away.
    this.world.clock.advance(301_000);
    for (const store of [this.otherController, user]) {
      const controller = this.controller(store);
      const text = this.world.openPairing();
      const paired = this.world.await<PairResult>((done) => controller.pair(text, done));
      assert.equal(paired?.kind, "ok", `pairing with seed ${seed}`);
      if (store === user) this.runWithoutBasal(controller);
      this.leave(controller);
    }
  }

  /** Whether another stage is due. */
  get worn(): boolean {
    const { clock, hardware } = this.world;
    return clock.nowMs > STAGE_MS || hardware.plant.displacedMicrounits > STAGE_MICROUNITS;
  }

  /** A controller that starts anew over a store. The one before it is a process that is gone: none of its timers runs. */
  controller(store: MemoryStore): Controller {
    this.#process += 1;
    const process = this.#process;
    const { air, clock: worldClock } = this.world;
    const transport = air.transport({ address: PUMP_ADDRESS, mtu: this.#mtu });
    const clock: Clock = {
      get nowMs() {
        return worldClock.nowMs;
      },
      schedule: (callback, delayMs) => worldClock.schedule(() => this.#process === process && callback(), delayMs),
    };
    return this.world.controller(store, { transport, clock, lifeSeconds: LIFE_MS / 1_000 });
  }

  /** Commits Run and a temporary rate of zero. */
  runWithoutBasal(controller: Controller): void {
    const run = this.world.await<CommandResult<Accepted>>((done) => controller.run(() => true, done));
    assert.equal(run?.kind, "ok", "Run");
    const order = { rateMicrounitsPerHour: 0, durationMinutes: 1_440, change: false };
    const tbr = this.world.await<CommandResult<Accepted>>((done) => controller.setTbr(order, done));
    assert.equal(tbr?.kind, "ok", "temporary rate of zero");
  }

  /** Closes a controller's session, and waits until the pump has heard of it. */
  leave(controller: Controller): void {
    controller.close();
    this.world.clock.advance(100);
  }

  /**
   * Plays a message's script with a new controller over `store`. `begin` is called when a newcomer's pairing window is
   * open and before the controller's first connection.
   */
  play(message: ProtocolMessage, store: MemoryStore, begin: () => void = () => {}): Played {
    const script = SCRIPTS[message.script];
    const shownText = script.user === "newcomer" ? this.world.openPairing() : "";
    this.eavesdropper.forget();
    begin();
    const controller = this.controller(store);
    const told = script.play(this.world, controller, shownText);
    return { told, controller, shownText };
  }
}
