/** Outcome (PROTOCOL.md section 7): what became of a dose, for every bond, as often as it asks. */

import { layout } from "../base/layout.js";
import { Refusal } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import { type DoseId, sameDose } from "../therapy/commands.js";
import { EntryKind, findEntry, isForgotten, type LedgerEntry } from "../therapy/ledger.js";
import { bolusDone, type Therapy } from "../therapy/therapy.js";
import { type CommandContext, type Countersign, killChallenge } from "./countersign.js";

const Kind = { never: 0x0f, refused: 0x33, forgotten: 0x96 } as const;

const OutcomeOperand = layout(["epoch", "u32"], ["sequence", "u32"]);
const OutcomeIs = layout(
  ["epoch", "u32"],
  ["sequence", "u32"],
  ["kind", "u8"],
  ["code", "u8"],
  ["intended", "u32"],
  ["low", "u32"],
  ["high", "u32"],
);

/**
 * The operand of OutcomeIs. Answering `never` kills an outstanding challenge of that ID first, so that it stays true.
 * Refusals: InvalidOperand for a wrong length and for an ID that was never issued; NotCompleted while the storage is
 * dead.
 */
export function outcome(
  given: Countersign,
  operand: Uint8Array,
  context: CommandContext,
): { readonly next: Countersign; readonly answer: Result<Uint8Array> } {
  const doseId = OutcomeOperand.decode(operand);
  if (!doseId) return { next: given, answer: refuse(Refusal.InvalidOperand) };
  const { therapy, nonces } = context;
  const { ledger } = therapy.standing;
  const say = (kind: number, code = 0) => ok(OutcomeIs.encode({ ...doseId, kind, code, intended: 0, low: 0, high: 0 }));
  const entry = findEntry(ledger, doseId);
  if (entry) return { next: given, answer: ok(entryOperand(entry, therapy)) };
  const refused = given.refused.find((other) => sameDose(other.doseId, doseId));
  if (refused) return { next: given, answer: say(Kind.refused, refused.code) };
  if (!wasIssued(doseId, nonces.epoch, nonces.issued("dose")))
    return { next: given, answer: refuse(Refusal.InvalidOperand) };
  // What was committed when the storage failed may be stored or not: neither `never` nor anything else would be true.
  if (therapy.fault?.stored === false) return { next: given, answer: refuse(Refusal.NotCompleted) };
  if (isForgotten(ledger, doseId)) return { next: given, answer: say(Kind.forgotten) };
  const outstanding = given.outstanding && sameDose(given.outstanding.doseId, doseId);
  return { next: outstanding ? killChallenge(given, nonces) : given, answer: say(Kind.never) };
}

/** Of earlier epochs it is not known how many were issued: every sequence counts. */
function wasIssued({ epoch, sequence }: DoseId, nowEpoch: number, issued: number): boolean {
  if (epoch === 0 || sequence === 0 || epoch > nowEpoch) return false;
  return epoch < nowEpoch || sequence <= issued;
}

function entryOperand(entry: LedgerEntry, therapy: Therapy): Uint8Array {
  const delivering = entry.kind === "delivering";
  const done = delivering ? bolusDone(therapy, entry) : entry.lowMicrounits;
  const pulse = therapy.journal.pulse;
  const moving = delivering && (pulse?.source === "bolus" || pulse?.source === "priming") ? pulse.insulinMicrounits : 0;
  return OutcomeIs.encode({
    ...entry.doseId,
    kind: EntryKind[entry.kind],
    code: 0,
    intended: entry.intendedMicrounits,
    low: done,
    high: delivering ? done + moving : entry.highMicrounits,
  });
}
