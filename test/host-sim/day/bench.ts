/** Days for tests: entries in short form, played on a world of a fixed seed. */

import { strict as assert } from "node:assert";
import { Refusal } from "../../../firmware/base/refusal.js";
import type { DayEntry } from "../../../host-sim/day/day.js";
import { Operator } from "../../../host-sim/day/operator.js";
import type { DayEnd, PlayedEntry } from "../../../host-sim/day/played.js";
import { DayPlayer } from "../../../host-sim/day/player.js";

export const SEED = 20;

export function bolus(atSeconds: number, amountMicrounits: number): DayEntry {
  return { atSeconds, event: "bolus", amountMicrounits, automatic: false };
}

export function tempBasal(atSeconds: number, rateMicrounitsPerHour: number, durationMinutes: number): DayEntry {
  return { atSeconds, event: "tempBasal", rateMicrounitsPerHour, durationMinutes };
}

export const suspend = (atSeconds: number): DayEntry => ({ atSeconds, event: "suspend" });
export const resume = (atSeconds: number): DayEntry => ({ atSeconds, event: "resume" });

export interface PlayedDay {
  readonly operator: Operator;
  readonly played: readonly PlayedEntry[];
  readonly end: DayEnd;
}

/** Plays a day on a pump that has just been paired. `meanwhile` is called after each entry. */
export function playDay(
  entries: readonly DayEntry[],
  meanwhile: (operator: Operator, played: PlayedEntry) => void = () => {},
): PlayedDay {
  const operator = new Operator({ seed: SEED });
  operator.begin(operator.powerUp());
  const played: PlayedEntry[] = [];
  const player = new DayPlayer(operator, (entry) => {
    played.push(entry);
    meanwhile(operator, entry);
  });
  const end = player.play(entries);
  assert.deepEqual(operator.world.hardware.crashes, [], `seed ${SEED}`);
  return { operator, played, end };
}

/** An outcome in a few words: its kind, and the code's name or the amount. */
export function inShort({ outcome }: PlayedEntry): string {
  if (outcome.kind === "refused") {
    const name = Object.entries(Refusal).find(([, code]) => code === outcome.code)?.[0];
    return `refused ${name}`;
  }
  return "highMicrounits" in outcome ? `${outcome.kind} ${outcome.highMicrounits}` : outcome.kind;
}

/** What the plant displaced of a bolus itself, less what the pump counts as basal meanwhile. */
export function doseReceivedMicrounits({ received }: PlayedEntry): number {
  assert.ok(received !== undefined);
  return received.displacedMicrounits - received.basalMicrounits;
}
