/** Days for tests: entries in short form, played on a world of a fixed seed. */

import { strict as assert } from "node:assert";
import { Refusal } from "../../../firmware/base/refusal.js";
import { checksOf } from "../../../host-sim/day/checks.js";
import type { DayEntry } from "../../../host-sim/day/day.js";
import { timeOf } from "../../../host-sim/day/fields.js";
import { Operator } from "../../../host-sim/day/operator.js";
import type { DayEnd, PlayedEntry } from "../../../host-sim/day/played.js";
import { DayPlayer } from "../../../host-sim/day/player.js";
import type { Replay } from "../../../host-sim/day/replays.js";
import { type Account, accountOf } from "../../../host-sim/day/summary.js";

export const SEED = 20;

export function bolus(atSeconds: number, amountMicrounits: number): DayEntry {
  return { atSeconds, event: "bolus", amountMicrounits, automatic: false };
}

export function tempBasal(atSeconds: number, rateMicrounitsPerHour: number, durationMinutes: number): DayEntry {
  return { atSeconds, event: "tempBasal", rateMicrounitsPerHour, durationMinutes };
}

export const suspend = (atSeconds: number): DayEntry => ({ atSeconds, event: "suspend" });
export const resume = (atSeconds: number): DayEntry => ({ atSeconds, event: "resume" });

export function setTime(atSeconds: number, localTime: string): DayEntry {
  const time = timeOf(localTime);
  assert.ok(time !== undefined, localTime);
  return { atSeconds, event: "setTime", localTime, time };
}

/** @param blocks [minutes, microunits an hour] */
export function profile(atSeconds: number, ...blocks: readonly (readonly [number, number])[]): DayEntry {
  const given = blocks.map(([durationMinutes, rateMicrounitsPerHour]) => ({ durationMinutes, rateMicrounitsPerHour }));
  return { atSeconds, event: "profile", blocks: given };
}

export function changeReservoir(atSeconds: number, fillMicrounits: number, primingMicrounits: number): DayEntry {
  return { atSeconds, event: "changeReservoir", fillMicrounits, primingMicrounits };
}

export interface PlayedDay {
  readonly operator: Operator;
  readonly played: readonly PlayedEntry[];
  readonly end: DayEnd;
}

/**
 * Plays a day on a pump that has just been paired. `meanwhile` is called after each entry, `before` before the first.
 */
export function playDay(
  entries: readonly DayEntry[],
  meanwhile: (operator: Operator, played: PlayedEntry) => void = () => {},
  before: (operator: Operator) => void = () => {},
): PlayedDay {
  const operator = new Operator({ seed: SEED });
  operator.begin(operator.powerUp());
  before(operator);
  const played: PlayedEntry[] = [];
  const player = new DayPlayer(operator, (entry) => {
    played.push(entry);
    meanwhile(operator, entry);
  });
  const end = player.play(entries);
  assert.deepEqual(operator.world.hardware.crashes, [], `seed ${SEED}`);
  return { operator, played, end };
}

/** What of the account does not agree. */
export function failuresOf({ operator, played, end }: PlayedDay): readonly string[] {
  return failures(accountOf(operator.world, played, end));
}

export function failures(account: Account, replays: readonly Replay[] = []): readonly string[] {
  return checksOf(account, replays)
    .filter(({ passed }) => !passed)
    .map(({ what }) => what);
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
