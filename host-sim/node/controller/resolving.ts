/** Learning what became of orders, and writing it down. */

import { toHex } from "../../controller/bytes.js";
import type { DoseId, Outcome } from "../../controller/control.js";
import { isFinal } from "../../controller/doses.js";
import type { Result } from "../../controller/requests.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT } from "./ended.js";
import { type Entry, endOf, isSettled, knows } from "./journal.js";
import type { OutcomeReport } from "./report.js";
import { codeText, doseText, parseDose } from "./words.js";

/** What Outcome is refused with for an ID that was never issued (PROTOCOL.md section 7). */
const INVALID_OPERAND = 0x71;

/** The pump in session, as the journal names it; undefined without a session. */
export function pumpName({ controller: { state } }: Desk): string | undefined {
  return state.kind === "open" ? toHex(state.pumpId) : undefined;
}

/** An outcome as a report, with its order where the journal has it. */
export function outcomeReport(outcome: Outcome, entry: Entry | undefined): OutcomeReport {
  const { doseId, ...rest } = outcome;
  return { event: "outcome", dose: doseText(doseId), order: entry?.order ?? null, ...rest };
}

/** The journal's entry on a dose of the pump in session; none when the journal cannot be read. */
export function entryOf(desk: Desk, doseId: DoseId): Entry | undefined {
  const pump = pumpName(desk);
  try {
    return pump === undefined ? undefined : desk.journal.find(pump, doseText(doseId));
  } catch {
    // What the pump says is worth telling without what was ordered.
    return undefined;
  }
}

/** Writes an outcome down where it is news, and reports it. A journal that refuses does not keep it from the person. */
export function tellOutcome(desk: Desk, outcome: Outcome): void {
  const entry = entryOf(desk, outcome.doseId);
  desk.tell(outcomeReport(outcome, entry));
  if (entry !== undefined && !knows(entry, outcome)) note(desk, () => desk.journal.ended(entry.line, endOf(outcome)));
}

/** Writes to the journal what need not be there before anything else happens. */
export function note(desk: Desk, write: () => void): void {
  try {
    write();
  } catch (error) {
    const why = error instanceof Error ? error.message : `${error}`;
    desk.tell({ event: "note", what: `The journal could not be written: ${why}` });
  }
}

/** Asks what became of a dose, opening the session again when it is lost. Throws an {@link Ended} when it cannot tell. */
export async function askOutcome(desk: Desk, doseId: DoseId): Promise<Outcome> {
  const dose = doseText(doseId);
  for (;;) {
    const result = await desk.ask<Result<Outcome>>((done) => desk.controller.outcome(doseId, done));
    switch (result.kind) {
      case "ok":
      case "stale":
        return result.value;
      case "refused":
        if (result.code === INVALID_OPERAND)
          throw new Ended(EXIT.refused, `The pump says that it never issued dose ${dose}.`);
        throw new Ended(
          EXIT.open,
          `The pump cannot say what became of dose ${dose}: ${codeText(result.code)}. Ask again later with outcome.`,
        );
      case "lost":
      case "notSent":
        if (await desk.reopen()) break;
        throw unknown(desk, dose);
      default:
        result satisfies never;
    }
  }
}

/** Ends a command that could not learn what became of a dose. */
export function unknown(desk: Desk, dose: string): Ended {
  const what = `What became of dose ${dose} is not known. Do not order it again: ask with outcome.`;
  return new Ended(EXIT.open, desk.interrupt === "leave" ? what : `${what} ${desk.lastEnd}`);
}

/**
 * Resolves what is pending, and tells of it. Gives the outcomes, of which one may still be delivering. Throws an
 * {@link Ended} when the pump in session cannot say.
 */
export async function resolvePending(desk: Desk): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (;;) {
    const doseId = desk.controller.pending();
    if (doseId === undefined) return outcomes;
    const result = await desk.ask<Result<Outcome>>((done) => desk.controller.resolve(done));
    if (result.kind === "notSent" && result.reason === "otherPump") throw otherPump(doseId);
    const outcome = result.kind === "ok" || result.kind === "stale" ? result.value : await askOutcome(desk, doseId);
    tellOutcome(desk, outcome);
    outcomes.push(outcome);
    if (!isFinal(outcome.kind)) return outcomes;
    const next = desk.controller.pending();
    if (next !== undefined && doseText(next) === doseText(doseId)) throw new Ended(EXIT.folder, desk.storeTrouble);
  }
}

/**
 * Resolves what is pending, and then every order of `entries` whose end the journal does not have: a process killed
 * between learning an end and telling it leaves nothing pending, and a person who does not know. Otherwise as
 * {@link resolvePending}.
 */
export async function resolveOpen(desk: Desk, entries: readonly Entry[]): Promise<readonly Outcome[]> {
  const outcomes = [...(await resolvePending(desk))];
  const told = new Set(outcomes.map(({ doseId }) => doseText(doseId)));
  const pump = pumpName(desk);
  for (const entry of entries) {
    const doseId = entry.dose === undefined ? undefined : parseDose(entry.dose);
    if (doseId === undefined || entry.pump !== pump || isSettled(entry) || told.has(doseText(doseId))) continue;
    const outcome = await askOutcome(desk, doseId);
    tellOutcome(desk, outcome);
    outcomes.push(outcome);
  }
  return outcomes;
}

function otherPump(doseId: DoseId): Ended {
  const dose = doseText(doseId);
  return new Ended(
    EXIT.open,
    `Dose ${dose} is pending at another pump than the one in session. Bring that one near; if it is lost, account for the dose and then: abandon ${dose}.`,
  );
}
