/**
 * What is done to a simulated pump from outside, other than by radio: the power, the button, the faults. Together with
 * the options of its world and the packets that reached it, it decides all that the pump does; trace/ records and
 * replays it. Types only.
 */

import type { EntropyInput } from "./peripherals/entropy.js";
import type { FlashInput } from "./peripherals/flash.js";
import type { KeyValueInput } from "./peripherals/keyValue.js";
import type { CutPoint } from "./peripherals/operations.js";
import type { SensorInput } from "./peripherals/sensors.js";
import type { SerialInput } from "./peripherals/serial.js";
import type { PlantInput } from "./plant/plant.js";

/** What is done to the board as a whole; the verbs of `Hardware`. */
export type BoardInput =
  | { readonly do: "powerUp" }
  | { readonly do: "cut" }
  | { readonly do: "cutAt"; readonly point: CutPoint | null }
  | { readonly do: "press"; readonly durationMs: number }
  /** The thread was busy elsewhere before it ran a callback, numbered from power-up. */
  | { readonly do: "stall"; readonly callbackNumber: number; readonly durationMs: number };

export type Input = BoardInput | PlantInput | EntropyInput | KeyValueInput | FlashInput | SerialInput | SensorInput;
