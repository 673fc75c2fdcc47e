/** `cancel`, `prime stop` and `stop`: commands of one step, which end delivery. Asking twice does no harm, so a lost answer is asked for again. */

import { isFinal } from "../../controller/doses.js";
import type { Result } from "../../controller/requests.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode } from "./ended.js";
import type { End, JournalOrder } from "./journal.js";
import { refusal } from "./report.js";
import { note, resolvePending } from "./resolving.js";
import { codeText } from "./words.js";

const MOST_TRIES = 3;
const NO_AMOUNTS = { intendedMicrounits: 0, lowMicrounits: 0, highMicrounits: 0 };

function endOfStep(result: Result<unknown>): End {
  switch (result.kind) {
    case "ok":
    case "stale":
      return { kind: "applied", code: 0, ...NO_AMOUNTS };
    case "refused":
      return { kind: "refused", code: result.code, ...NO_AMOUNTS };
    case "lost":
    case "notSent":
      return { kind: result.kind };
    default:
      return result satisfies never;
  }
}

/**
 * Sends a command of one step, again after a lost session. Written down first, but not kept back by a journal that
 * refuses: ending delivery is the safe side.
 */
async function step<T>(
  desk: Desk,
  order: JournalOrder,
  start: (done: (result: Result<T>) => void) => void,
): Promise<Result<T>> {
  const lines: number[] = [];
  note(desk, () => lines.push(desk.journal.ordered(order, undefined)));
  let result = await desk.ask(start);
  for (let tries = 1; tries < MOST_TRIES && (result.kind === "lost" || result.kind === "notSent"); tries += 1)
    if (await desk.reopen()) result = await desk.ask(start);
  const end = endOfStep(result);
  for (const line of lines) note(desk, () => desk.journal.ended(line, end));
  return result;
}

/** Cancels one bolus, or those that the pump is delivering. Gives how many were cancelled. */
export async function cancelBolus(desk: Desk, known: number | undefined): Promise<number> {
  let cancelled = 0;
  for (const bolusId of known === undefined ? await activeBoluses(desk) : [known]) {
    const order = { command: "cancelBolus", bolusId } as const;
    const result = await step<number>(desk, order, (done) => desk.controller.cancelBolus(bolusId, done));
    if (result.kind === "ok" || result.kind === "stale") {
      cancelled += 1;
      desk.tell({ event: "accepted", order, dose: null, bolusId });
    } else if (result.kind === "refused") desk.tell(refusal(result.code, order));
    else
      throw new Ended(EXIT.open, `Whether bolus ${bolusId} is cancelled is not known. Cancel again. ${desk.lastEnd}`);
  }
  return cancelled;
}

async function activeBoluses(desk: Desk): Promise<readonly number[]> {
  const result = await desk.ask<Result<readonly number[]>>((done) => desk.controller.activeBolusIds(done));
  if (result.kind === "ok" || result.kind === "stale") return result.value;
  if (result.kind === "refused") throw new Ended(EXIT.refused, `The pump refused: ${codeText(result.code)}.`);
  throw new Ended(EXIT.session, `Nothing was cancelled: the session ended. ${desk.lastEnd}`);
}

/** Cancels what is being delivered, then tells what became of it. */
export async function cancel(desk: Desk): Promise<ExitCode> {
  await desk.open();
  const cancelled = await cancelBolus(desk, undefined);
  await resolvePending(desk);
  if (cancelled > 0) return EXIT.done;
  throw new Ended(EXIT.refused, "The pump cancelled no bolus: none was being delivered.");
}

/** Ends the priming under way. False when there was none. */
export async function endPriming(desk: Desk): Promise<boolean> {
  const order = { command: "stopPriming" } as const;
  const result = await step<undefined>(desk, order, (done) => desk.controller.stopPriming(done));
  if (result.kind === "ok" || result.kind === "stale") {
    desk.tell({ event: "accepted", order, dose: null, bolusId: null });
    return true;
  }
  if (result.kind === "refused") {
    desk.tell(refusal(result.code, order));
    return false;
  }
  throw new Ended(EXIT.open, `Whether the priming has ended is not known. Hold the pump's button. ${desk.lastEnd}`);
}

/** Ends the priming under way, then tells what became of it. */
export async function stopPriming(desk: Desk): Promise<ExitCode> {
  await desk.open();
  const ended = await endPriming(desk);
  await resolvePending(desk);
  return ended ? EXIT.done : EXIT.refused;
}

/** Stops all delivery, then tells what became of a bolus that was under way. */
export async function stop(desk: Desk): Promise<ExitCode> {
  await desk.open();
  const order = { command: "stop" } as const;
  const result = await step<undefined>(desk, order, (done) => desk.controller.stop(done));
  if (result.kind === "refused") {
    desk.tell(refusal(result.code, order));
    return EXIT.refused;
  }
  if (result.kind !== "ok" && result.kind !== "stale")
    throw new Ended(
      EXIT.open,
      `Whether the pump has stopped is not known. Stop again, or hold its button. ${desk.lastEnd}`,
    );
  desk.tell({ event: "accepted", order, dose: null, bolusId: null });
  const outcomes = await resolvePending(desk);
  return outcomes.every(({ kind }) => isFinal(kind)) ? EXIT.done : EXIT.open;
}
