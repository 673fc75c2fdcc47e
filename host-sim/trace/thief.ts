/**
 * What somebody who recorded a run can do with it: connect, and send the pump what the controllers sent, connection by
 * connection, as each write is acknowledged. Has the bytes of the air and nothing else.
 */

import { playBack } from "../day/attacker.js";
import { ATTEMPT_MS, type Attempted, attempt, TRACED } from "../day/attempt.js";
import { CONTROLLER_MTU, type World } from "../world.js";
import type { Recording } from "./recording.js";

/** One recorded connection, sent again. */
export interface Theft extends Attempted {
  /** From 1, in the order of the recording. */
  readonly connection: number;
  /** Values that its central wrote. */
  readonly values: number;
  /** How many of them were sent before the pump hung up. */
  readonly sent: number;
}

/** The values that centrals wrote to the pump, by connection, in order; without connections on which none was. */
export function writesOf({ arrivals }: Recording): readonly (readonly Uint8Array[])[] {
  const connections: Uint8Array[][] = [];
  const open = new Map<number, Uint8Array[]>();
  for (const { what } of arrivals) {
    if (what.kind !== "packet") continue;
    const { handle, packet, value } = what;
    if (packet === "connect") {
      const values: Uint8Array[] = [];
      connections.push(values);
      open.set(handle, values);
    }
    if (packet === "write") open.get(handle)?.push(value);
  }
  return connections.filter((values) => values.length > 0);
}

/** Sends every recorded connection again to a pump that is powered and advertises. @param tried hears of each. */
export function sendAgain(world: World, recording: Recording, tried: (theft: Theft) => void): void {
  for (const [index, values] of writesOf(recording).entries()) {
    let sent = 0;
    const attack = () => {
      const transport = world.air.transport({ address: world.address, mtu: CONTROLLER_MTU });
      const played = world.await((done: (played: { readonly written: number }) => void) =>
        playBack(transport, world.clock, values, ATTEMPT_MS, done),
      );
      sent = played?.written ?? 0;
    };
    const attempted = attempt(world, TRACED.session, () => {}, attack);
    tried({ connection: index + 1, values: values.length, sent, ...attempted });
  }
}
