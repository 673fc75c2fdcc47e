/**
 * One countersigned order, from the person's word to the pump's. What is pending is resolved first; a lost answer is
 * followed by asking what became of the order, never by ordering again.
 */

import type { Accepted, CommandResult } from "../../controller/commands.js";
import type { Outcome } from "../../controller/control.js";
import type { NotSentReason } from "../../controller/requests.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode } from "./ended.js";
import type { Entry, JournalOrder } from "./journal.js";
import { refusal } from "./report.js";
import { askOutcome, note, resolveOpen, resolvePending, tellOutcome, unknown } from "./resolving.js";
import { doseText } from "./words.js";

/** What a command that got no further says, by the library's reason. */
const NOT_SENT: Readonly<Record<NotSentReason, readonly [exitCode: ExitCode, what: string]>> = {
  noSession: [EXIT.session, "The session ended before the order was sent."],
  linkEnded: [EXIT.session, "The session ended before the order was signed."],
  queueFull: [EXIT.session, "Too many requests wait."],
  challengeLate: [EXIT.session, "The pump's challenge came over 10 s late."],
  approvalLate: [EXIT.refused, "Nobody answered in time."],
  overtaken: [EXIT.refused, "A Stop came between."],
  storeFailed: [EXIT.folder, "The order could not be written down."],
  otherPump: [EXIT.open, "Another pump's order is pending."],
  nothingPending: [EXIT.done, "Nothing is pending."],
};

/** How an order came out: accepted by the pump, or refused, which has been told. */
export type Ordered<T> =
  | { readonly kind: "accepted"; readonly value: T; readonly order: JournalOrder }
  /** The answer was lost, and the pump has then said what became of the order. */
  | { readonly kind: "resolved"; readonly outcome: Outcome }
  | { readonly kind: "refused" };

/** Starts a command of the library. */
export type Start<T> = (done: (result: CommandResult<T>) => void) => void;

/** Opens a session, resolves what is pending, and orders. Throws an {@link Ended} for all other ends. */
export async function placeOrder<T extends Accepted>(
  desk: Desk,
  isDose: boolean,
  start: Start<T>,
): Promise<Ordered<T>> {
  await desk.open();
  if (isDose) refuseAfter(await resolveOpen(desk, journalled(desk)));
  else await resolvePending(desk);
  if (desk.interrupt === "leave") throw new Ended(EXIT.interrupted, "Interrupted: nothing was ordered.");
  const result = await desk.ask<CommandResult<T>>(start);
  desk.stopAsking();
  switch (result.kind) {
    case "ok":
      return accepted(desk, result.value);
    case "refused":
      return refused(desk, result.code);
    case "lost":
      return resolved(desk, doseText(result.doseId));
    case "notSigned":
      throw notSigned(desk);
    case "blocked":
      throw unknown(desk, doseText(result.doseId));
    case "notSent":
      throw notSent(desk, result.reason);
    default:
      return result satisfies never;
  }
}

function journalled({ journal }: Desk): readonly Entry[] {
  try {
    return journal.read().entries;
  } catch {
    // The order cannot be written down in it either: then it is not sent.
    return [];
  }
}

/**
 * A dose that has only now been learnt of may be the very one that the person wants: they did not know of it when they
 * typed. Throws an {@link Ended} unless no earlier dose has moved anything.
 */
function refuseAfter(earlier: readonly Outcome[]): void {
  const moved = earlier.find(({ kind }) => kind !== "never" && kind !== "refused" && kind !== "applied");
  if (moved === undefined) return;
  const dose = doseText(moved.doseId);
  throw new Ended(
    EXIT.open,
    moved.kind === "delivering"
      ? `Nothing was ordered: dose ${dose} is still being delivered. Wait (outcome shows it) or end it (cancel, prime stop).`
      : `Nothing was ordered, since the earlier dose ${dose} has only now been told. If another is wanted all the same, order it again.`,
  );
}

function accepted<T extends Accepted>(desk: Desk, value: T): Ordered<T> {
  const { committed } = desk;
  if (committed === undefined) throw new Error("a command was accepted that was not committed");
  const order = committed.order.meaning;
  const bolusId = "bolusId" in value && typeof value.bolusId === "number" ? value.bolusId : null;
  desk.tell({ event: "accepted", order, dose: doseText(value.doseId), bolusId });
  if (order.command !== "setBolus" && order.command !== "startPriming") {
    const end = { kind: "applied", code: 0, intendedMicrounits: 0, lowMicrounits: 0, highMicrounits: 0 } as const;
    note(desk, () => desk.journal.ended(committed.line, end));
  }
  return { kind: "accepted", value, order };
}

function refused(desk: Desk, code: number): { readonly kind: "refused" } {
  const { committed } = desk;
  if (committed === undefined) desk.tell(refusal(code, null));
  else {
    const { order, line } = committed;
    desk.tell(refusal(code, order.meaning, doseText(order.doseId)));
    const end = { kind: "refused", code, intendedMicrounits: 0, lowMicrounits: 0, highMicrounits: 0 } as const;
    note(desk, () => desk.journal.ended(line, end));
  }
  return { kind: "refused" };
}

async function resolved(desk: Desk, dose: string): Promise<{ readonly kind: "resolved"; readonly outcome: Outcome }> {
  const { committed } = desk;
  if (committed === undefined || !(await desk.reopen())) throw unknown(desk, dose);
  const outcome = await askOutcome(desk, committed.order.doseId);
  tellOutcome(desk, outcome);
  return { kind: "resolved", outcome };
}

function notSigned(desk: Desk): Ended {
  if (!desk.wasAsked)
    return new Ended(EXIT.refused, "Nothing was ordered: the pump read the order as something else. Look at the pump.");
  const how = desk.isInteractive ? "" : ": where nobody can be asked, approve with --yes";
  return new Ended(EXIT.refused, `Nothing was ordered${how}.`);
}

function notSent(desk: Desk, reason: NotSentReason): Ended {
  const [exitCode, what] = NOT_SENT[reason];
  const { committed } = desk;
  // The order is in the journal, and the store then refused it.
  if (committed !== undefined) note(desk, () => desk.journal.ended(committed.line, { kind: "notSent" }));
  if (desk.interrupt === "leave") return new Ended(EXIT.interrupted, "Interrupted: nothing was ordered.");
  const why = reason === "storeFailed" ? ` ${desk.folder}: ${desk.storeTrouble}.` : "";
  return new Ended(exitCode, `Nothing was ordered. ${what}${why}`);
}
