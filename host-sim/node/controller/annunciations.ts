/** `annunciations`, `snooze` and `confirm`: what the pump has to tell, and that it has been taken in. */

import { ANNUNCIATION_NAMES, ANNUNCIATION_STATUS } from "../../controller/ids.js";
import type { Annunciation } from "../../controller/idsAnswers.js";
import type { Result } from "../../controller/requests.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode } from "./ended.js";
import { codeText } from "./words.js";

type Shown = { readonly annunciation: Annunciation | undefined };

/** Reads the annunciation that the pump shows first, and reports it. */
export async function showAnnunciation(desk: Desk): Promise<ExitCode> {
  await desk.open();
  return tellFirst(desk);
}

async function tellFirst(desk: Desk): Promise<ExitCode> {
  const { annunciation } = answered(desk, await desk.ask<Result<Shown>>((done) => desk.controller.annunciation(done)));
  desk.tell({
    event: "annunciation",
    instance: annunciation?.instance ?? null,
    type: annunciation?.type ?? null,
    name: annunciation === undefined ? null : (ANNUNCIATION_NAMES[annunciation.type] ?? null),
    snoozed: annunciation?.status === ANNUNCIATION_STATUS.snoozed,
  });
  return EXIT.done;
}

/** Snoozes or confirms one, and reports what the pump shows then. */
export async function endAnnunciation(
  desk: Desk,
  command: "snoozeAnnunciation" | "confirmAnnunciation",
  instance: number,
): Promise<ExitCode> {
  await desk.open();
  answered(desk, await desk.ask<Result<undefined>>((done) => desk.controller[command](instance, done)));
  return tellFirst(desk);
}

/** The answer; throws an {@link Ended} without one. */
export function answered<T>(desk: Desk, result: Result<T>): T {
  if (result.kind === "ok" || result.kind === "stale") return result.value;
  if (result.kind === "refused") throw new Ended(EXIT.refused, `The pump refused: ${codeText(result.code)}.`);
  throw new Ended(EXIT.session, `The session ended before the answer. ${desk.lastEnd}`);
}
