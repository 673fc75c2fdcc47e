/** The one who takes the pump's power, and gives it back: at the moments that were drawn, or as soon after as can be judged. */

import type { World } from "../../../host-sim/world.js";
import { coilsOn } from "../scene.js";
import type { Cut } from "./plan.js";
import type { Witness } from "./witness.js";

const RETRY_MS = 7_001;

export class Cuts {
  /** Called once the pump has booted. */
  onBoot: () => void = () => {};
  readonly #world: World;
  readonly #witness: Witness;
  #armed: Cut | undefined;
  #held = false;

  constructor(world: World, witness: Witness) {
    this.#world = world;
    this.#witness = witness;
    const { hardware, clock } = world;
    const tell = hardware.onPowerLost;
    hardware.onPowerLost = () => {
      tell?.();
      const offMs = this.#armed?.offMs ?? 0;
      this.#take(undefined);
      clock.schedule(() => this.#restore(), offMs);
    };
  }

  /** Cuts the power once that can be told from the last time, once anything that keeps it on is over. */
  cut(cut: Cut): void {
    const { clock, hardware } = this.#world;
    const bolus = this.#witness.doses.at(-1);
    const isWanted = cut.bolusMs === undefined || bolus?.active === true;
    if (!hardware.powered || this.#held || this.#armed || !this.#witness.isSettled || !isWanted) {
      clock.schedule(() => this.cut(cut), cut.bolusMs === undefined || isWanted ? RETRY_MS : 500);
      return;
    }
    if (cut.bolusMs) clock.schedule(() => this.cut({ ...cut, bolusMs: undefined }), cut.bolusMs);
    else this.#take(cut);
  }

  /** Does something while the power stays on. */
  without<T>(what: () => T): T {
    const armed = this.#armed;
    const held = this.#held;
    this.#take(undefined);
    this.#held = true;
    const done = what();
    this.#held = held;
    if (armed && !this.#armed) this.cut(armed);
    return done;
  }

  /** Takes the power in what goes on now, whatever keeps it on: a way of the drive, or a priming. Undefined: leaves it. */
  amid(cut: Cut | undefined): void {
    this.#take(cut);
    if (!cut) return;
    const { way } = this.#witness;
    this.#witness.cutAmid += way ? `, on the drive's way ${way}` : ", in a priming";
    // No pulse of a leg is basal, nor is what its coils jump by afterwards: the next leg's.
    this.#witness.cutIsAtRest ||= way !== undefined;
  }

  #take(cut: Cut | undefined): void {
    const { hardware } = this.#world;
    this.#armed = cut;
    this.#witness.onPulseBegun = undefined;
    if (hardware.powered) hardware.cutAt(undefined);
    if (!cut) return;
    const { where, phase, halfStep } = cut;
    this.#witness.cutIsAtRest = where === "between" && !coilsOn(this.#world);
    this.#witness.cutAmid = where === "pulse" ? `${phase} half-step ${halfStep} of a pulse` : `${phase} a write`;
    if (where === "between") this.#cutBetween();
    else if (where === "write") hardware.cutAt({ operation: hardware.operations + 1, phase });
    else this.#witness.onPulseBegun = () => hardware.cutAt({ operation: hardware.operations + 1 + halfStep, phase });
  }

  #cutBetween(): void {
    this.#witness.cutAmid = "between two operations";
    this.#world.hardware.cut();
  }

  #restore(): void {
    this.#world.powerUp();
    this.#witness.powerBack();
    this.onBoot();
  }
}
