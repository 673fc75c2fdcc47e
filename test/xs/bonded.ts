/** A pump that has been in use, made under Node for programs on XS: what it has stored, and what its controller has. */

import type { KeyValueSnapshot } from "../../host-sim/peripherals/keyValue.js";
import { runningWorld } from "../bench.js";

/** Commands that the pump remembers (PROTOCOL.md section 7). */
const REMEMBERED_COMMANDS = 64;

export interface Bonded {
  readonly pump: KeyValueSnapshot;
  readonly store: readonly number[];
}

/** One bond, state Run, and as many commands as the pump remembers. */
export function bondedPump(): Bonded {
  const { world, controller, store } = runningWorld({ seed: 1 });
  for (let i = 1; i < REMEMBERED_COMMANDS; i++) {
    const order = { rateMicrounitsPerHour: 10_000 * i, durationMinutes: 30, change: i > 1 };
    const result = world.await((done: (result: { readonly kind: string }) => void) => controller.setTbr(order, done));
    if (result?.kind !== "ok") throw new Error(`TBR ${i} ended as ${result?.kind}`);
  }
  return { pump: world.hardware.keyValue.snapshot(), store: [...(store.read() ?? [])] };
}
