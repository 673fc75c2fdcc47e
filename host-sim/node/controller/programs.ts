/** `profile` and `time`: the basal rate profiles of the pump, and its time of day. */

import { readFileSync } from "node:fs";
import { parseAmount } from "../../controller/amount.js";
import { encodeProfile, type TimeBlock, type TimeOrder } from "../../controller/profiles.js";
import type { Result } from "../../controller/requests.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode } from "./ended.js";
import { refusal } from "./report.js";

/** Of the pump (PROTOCOL.md section 6.3). */
const TEMPLATES = 5;
const EPOCH_2000_S = Date.UTC(2000, 0, 1) / 1_000;
const MINUTES_PER_QUARTER = 15;

/** A template's number. Throws an {@link Ended} for any other text. */
export function templateOf(text = ""): number {
  const number = /^\d$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > TEMPLATES)
    throw new Ended(EXIT.usage, `"${text}" is no profile: give its number, 1 to ${TEMPLATES}.`);
  return number;
}

/** The blocks in a file: a JSON list of objects with `minutes` and `rate`, U/h. Throws an {@link Ended} that says what is wrong. */
export function blocksIn(file = ""): readonly TimeBlock[] {
  const wrong = (what: string) => new Ended(EXIT.usage, `${file}: ${what}.`);
  let list: unknown;
  try {
    list = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : "it cannot be read");
  }
  if (!Array.isArray(list))
    throw wrong('give a list such as [{"minutes": 360, "rate": 0.8}, {"minutes": 1080, "rate": 1.1}]');
  const blocks = list.map((each: unknown, index): TimeBlock => {
    const { minutes, rate } =
      typeof each === "object" && each !== null ? { minutes: undefined, rate: undefined, ...each } : {};
    const amount = parseAmount(typeof rate === "number" ? `${rate}` : "");
    if (typeof minutes !== "number" || !Number.isInteger(minutes) || minutes < 1)
      throw wrong(`block ${index + 1} has no whole minutes`);
    if (amount.kind === "malformed") throw wrong(`block ${index + 1}: ${amount.what}`);
    return { durationMinutes: minutes, rateMicrounitsPerHour: amount.microunits };
  });
  try {
    encodeProfile({ templateNumber: 1, blocks });
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : "it is no day");
  }
  return blocks;
}

/** The time of this computer, its time zone with daylight saving time in it. */
export function timeOf(now: Date): TimeOrder {
  return {
    baseTimeSeconds: Math.floor(now.getTime() / 1_000) - EPOCH_2000_S,
    timeZoneQuarters: Math.round(-now.getTimezoneOffset() / MINUTES_PER_QUARTER),
    dstQuarters: 0,
  };
}

/** Reads a template, and reports it. */
export async function showProfile(desk: Desk, templateNumber: number): Promise<ExitCode> {
  await desk.open();
  const result = await desk.ask<Result<readonly TimeBlock[]>>((done) => desk.controller.profile(templateNumber, done));
  if (result.kind === "refused") {
    desk.tell(refusal(result.code, null));
    return EXIT.refused;
  }
  if (result.kind !== "ok") throw new Ended(EXIT.session, `The session ended. ${desk.lastEnd}`);
  desk.tell({ event: "profile", templateNumber, blocks: result.value });
  return EXIT.done;
}
