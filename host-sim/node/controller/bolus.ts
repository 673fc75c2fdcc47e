/** `bolus` and `prime`: orders one and stays with it to its end. */

import type { Accepted, AcceptedBolus, CommandResult } from "../../controller/commands.js";
import type { Outcome } from "../../controller/control.js";
import { isFinal } from "../../controller/doses.js";
import type { BolusOrder } from "../../controller/ids.js";
import { cancelBolus, endPriming } from "./cancelling.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode, exitOf } from "./ended.js";
import { placeOrder } from "./ordering.js";
import { askOutcome, entryOf, outcomeReport, tellOutcome } from "./resolving.js";
import { doseText } from "./words.js";

/** How often the pump is asked how far the bolus is. It moves once in 2 s at most. */
const PROGRESS_MS = 1_000;

/** Orders the bolus and waits for its end. The exit code tells the end; throws an `Ended` for what is none. */
export async function giveBolus(desk: Desk, bolus: BolusOrder): Promise<ExitCode> {
  const { amountMicrounits, ...purposes } = bolus;
  const start = (done: (result: CommandResult<AcceptedBolus>) => void) =>
    desk.controller.bolus(amountMicrounits, purposes, done);
  const ordered = await placeOrder(desk, true, start);
  switch (ordered.kind) {
    case "refused":
      return EXIT.refused;
    case "accepted": {
      const { doseId, bolusId } = ordered.value;
      return follow(desk, doseId, () => cancelBolus(desk, bolusId));
    }
    case "resolved":
      return followOpen(desk, ordered.outcome, () => cancelBolus(desk, undefined));
    default:
      return ordered satisfies never;
  }
}

/** Orders a priming and waits for its end, that of somebody at the pump who does not confirm it included. */
export async function prime(desk: Desk, amountMicrounits: number): Promise<ExitCode> {
  const start = (done: (result: CommandResult<Accepted>) => void) =>
    desk.controller.startPriming(amountMicrounits, done);
  const ordered = await placeOrder(desk, true, start);
  const end = () => endPriming(desk);
  switch (ordered.kind) {
    case "refused":
      return EXIT.refused;
    case "accepted":
      return follow(desk, ordered.value.doseId, end);
    case "resolved":
      return followOpen(desk, ordered.outcome, end);
    default:
      return ordered satisfies never;
  }
}

function followOpen(desk: Desk, { kind, doseId }: Outcome, end: () => Promise<unknown>): Promise<ExitCode> | ExitCode {
  return isFinal(kind) ? exitOf(kind) : follow(desk, doseId, end);
}

/** Shows how the dose gets on until it has ended. The first Ctrl-C ends it, the second leaves it alone. */
async function follow(desk: Desk, doseId: Outcome["doseId"], end: () => Promise<unknown>): Promise<ExitCode> {
  let shown: Outcome | undefined;
  let cancelled = false;
  for (;;) {
    if (desk.interrupt === "cancel" && !cancelled) {
      cancelled = true;
      await end();
    }
    const outcome = await askOutcome(desk, doseId);
    if (isFinal(outcome.kind)) {
      tellOutcome(desk, outcome);
      return exitOf(outcome.kind);
    }
    if (outcome.lowMicrounits !== shown?.lowMicrounits)
      desk.reports.progress(outcomeReport(outcome, entryOf(desk, doseId)));
    shown = outcome;
    if (cancelled)
      throw new Ended(
        EXIT.open,
        `Dose ${doseText(doseId)} could not be cancelled. Use the pump's button, then ask with outcome.`,
      );
    await desk.sleep(PROGRESS_MS);
  }
}
