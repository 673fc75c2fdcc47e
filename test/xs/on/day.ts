/** The day that `npm start` plays, told in full: what two engines must agree on to the byte. */

import { readFileSync } from "node:fs";
import type { Board } from "../../../firmware/board.js";
import type { AirEvent } from "../../../host-sim/air/packet.js";
import { mergeDays, parseDay } from "../../../host-sim/day/day.js";
import { Operator } from "../../../host-sim/day/operator.js";
import { DayPlayer } from "../../../host-sim/day/player.js";
import { historyOf } from "../../scenarios/scene.js";

const DAYS = ["host-sim/day/programmed-day.json", "host-sim/day/closed-loop-day.json"];
const SEED = 1;

const hex = (bytes: Iterable<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * One line for everything that was sent or arrived on the air, then what the day left behind: steps, insulin, storage,
 * history. @param firmware what boots: see World.
 */
export function dayLines(firmware: (board: Board) => void): readonly string[] {
  const days = DAYS.map((path) => {
    const parsed = parseDay(readFileSync(path, "utf8"));
    if (parsed.kind !== "ok") throw new Error(parsed.what);
    return parsed.entries;
  });
  const lines: string[] = [];
  const observer = ({ timeMs, what, packet: { connectionId, direction, kind, value } }: AirEvent) =>
    lines.push(`${timeMs} ${what} ${connectionId} ${direction} ${kind} ${hex(value)}`);
  const operator = new Operator({ seed: SEED, firmware, observer });
  operator.begin(operator.powerUp());
  const end = new DayPlayer(operator, ({ atMs, entry, outcome }) =>
    lines.push(`${atMs} ${entry.event} ${outcome.kind}`),
  ).play(mergeDays(days));
  const { hardware } = operator.world;
  const { plant, keyValue, crashes, operationCounts } = hardware;
  lines.push(
    `crashes: ${crashes.join()}`,
    `half-steps: ${plant.commandedHalfSteps} commanded, ${plant.rotorHalfSteps} turned, ${plant.encoderEdges} edges`,
    `insulin: ${plant.displacedMicrounits} displaced, ${plant.deliveredMicrounits} delivered`,
    `operations: ${JSON.stringify(operationCounts)}, ${keyValue.entriesWritten()} entries`,
    `status: ${JSON.stringify(end.status)}`,
    ...Object.entries(keyValue.snapshot()).map(([key, bytes]) => `stored ${key}: ${hex(bytes)}`),
    `history: ${hex(historyOf(operator.world))}`,
  );
  return lines;
}
