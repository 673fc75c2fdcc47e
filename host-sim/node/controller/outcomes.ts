/** `outcome`, `orders` and `abandon`: what became of orders, asked of the pump, read from the journal, or given up. */

import type { DoseId } from "../../controller/control.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode, exitOf } from "./ended.js";
import { isSettled } from "./journal.js";
import { askOutcome, note, resolveOpen, tellOutcome } from "./resolving.js";
import { doseText } from "./words.js";

/** Asks what became of one dose. */
export async function outcomeOf(desk: Desk, doseId: DoseId): Promise<ExitCode> {
  await desk.open();
  const outcome = await askOutcome(desk, doseId);
  tellOutcome(desk, outcome);
  return exitOf(outcome.kind);
}

/** Asks what became of every order whose end is not known. The exit code is the gravest of theirs. */
export async function openOutcomes(desk: Desk): Promise<ExitCode> {
  await desk.open();
  let exitCode: ExitCode = EXIT.done;
  const outcomes = await resolveOpen(desk, readJournal(desk).entries);
  for (const { kind } of outcomes) {
    const own = exitOf(kind);
    if (own > exitCode) exitCode = own;
  }
  if (outcomes.length === 0) desk.tell({ event: "note", what: "The end of every order is known: orders has them." });
  return exitCode;
}

/** Shows the journal. Touches nothing, so that it may look on while another command works. */
export function orders(desk: Desk): ExitCode {
  const { entries, damaged } = readJournal(desk);
  for (const entry of entries) desk.tell({ event: "entry", ...entry });
  if (entries.length === 0) desk.tell({ event: "note", what: `Nothing was ordered from ${desk.folder}.` });
  if (damaged.length > 0)
    throw new Ended(EXIT.folder, `${desk.folder}: the journal is damaged in line ${damaged.join(", ")}.`);
  return EXIT.done;
}

function readJournal(desk: Desk) {
  try {
    return desk.journal.read();
  } catch (error) {
    const why = error instanceof Error ? error.message : `${error}`;
    throw new Ended(EXIT.folder, `${desk.folder}: the journal cannot be read: ${why}`);
  }
}

/** Takes a dose off the pending ones on a person's word. */
export async function abandon(desk: Desk, doseId: DoseId): Promise<ExitCode> {
  const dose = doseText(doseId);
  const pending = desk.controller.pending();
  if (pending === undefined) throw new Ended(EXIT.refused, "No dose is pending.");
  const sure = await desk.confirm(`The pump can never tell about dose ${dose}, and it is accounted for? [y/N] `);
  if (!sure) throw new Ended(EXIT.refused, `Dose ${dose} stays pending: say yes on a terminal, or give --yes.`);
  if (!desk.controller.abandon(doseId)) throw new Ended(EXIT.refused, `Dose ${dose} is not pending.`);
  for (const entry of readJournal(desk).entries)
    if (entry.dose === dose && !isSettled(entry))
      note(desk, () => desk.journal.ended(entry.line, { kind: "abandoned" }));
  desk.tell({ event: "note", what: `Dose ${dose} is abandoned.` });
  return EXIT.done;
}
