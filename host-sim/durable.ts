/**
 * What of a simulated board outlives its power, whole or change by change, for whoever keeps it outside the process.
 * Wear is not in it. Changes come in the order in which they took effect, each before the firmware's call that made it
 * returns: whatever prefix of them is kept is a state that a power cut could have left.
 */

import type { EntropyMode } from "./peripherals/entropy.js";
import { FLASH_BYTES, type FlashChange } from "./peripherals/flash.js";
import type { KeyValueChange, KeyValueSnapshot } from "./peripherals/keyValue.js";
import type { PlantSnapshot } from "./plant/plant.js";

/** One change. Of the plant, all that it is now. */
export type DurableChange =
  | KeyValueChange
  | FlashChange
  | { readonly kind: "plant"; readonly plant: PlantSnapshot }
  | { readonly kind: "entropy"; readonly mode: EntropyMode };

/** All of it at one moment. */
export interface DurableState {
  /** Time of the world. */
  readonly nowMs: number;
  readonly keyValue: KeyValueSnapshot;
  readonly flash: Uint8Array;
  /** `undefined` for a plant that nothing was done to. */
  readonly plant: PlantSnapshot | undefined;
  readonly entropyMode: EntropyMode;
}

/** Adds changes up to a state, beginning with a board as it left the factory. */
export class DurableFold {
  #nowMs = 0;
  readonly #keyValue = new Map<string, Uint8Array>();
  readonly #flash = new Uint8Array(FLASH_BYTES).fill(0xff);
  #plant: PlantSnapshot | undefined;
  #entropyMode: EntropyMode = "good";

  /** The world is as old as this, at least. */
  passed(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  /** Throws for a range outside the flash. */
  apply(change: DurableChange): void {
    switch (change.kind) {
      case "kvWrite":
        this.#keyValue.set(change.key, change.value);
        return;
      case "kvDelete":
        this.#keyValue.delete(change.key);
        return;
      case "flashWrite":
        this.#flash.set(change.bytes, change.offset);
        return;
      case "flashErase":
        this.#flash.fill(0xff, change.fromByte, change.toByte);
        return;
      case "plant":
        this.#plant = change.plant;
        return;
      case "entropy":
        this.#entropyMode = change.mode;
        return;
      default:
        change satisfies never;
    }
  }

  /** The sum so far. */
  state(): DurableState {
    return {
      nowMs: this.#nowMs,
      keyValue: Object.fromEntries([...this.#keyValue].map(([key, value]) => [key, [...value]])),
      flash: this.#flash.slice(),
      plant: this.#plant,
      entropyMode: this.#entropyMode,
    };
  }
}

/** Longest run of flash in one change. */
const RUN_BYTES = 1_024;

/** Changes that add up to a state. */
export function changesTo(state: DurableState): readonly DurableChange[] {
  const changes: DurableChange[] = [];
  for (const [key, value] of Object.entries(state.keyValue))
    changes.push({ kind: "kvWrite", key, value: Uint8Array.from(value) });
  for (let offset = 0; offset < state.flash.length; offset += RUN_BYTES) {
    const bytes = state.flash.subarray(offset, offset + RUN_BYTES);
    if (bytes.some((byte) => byte !== 0xff)) changes.push({ kind: "flashWrite", offset, bytes });
  }
  if (state.plant) changes.push({ kind: "plant", plant: state.plant });
  if (state.entropyMode !== "good") changes.push({ kind: "entropy", mode: state.entropyMode });
  return changes;
}
