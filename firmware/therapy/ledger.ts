/**
 * The ledger of countersigned commands: the 64 newest, each with what became of it. Pure. A dose goes
 *
 *     delivering -> delivered | stopped | uncertain
 *
 * and never back; a command that is no dose is `applied` at once. Being in the ledger, durably, is what "committed"
 * means: intent is written before anything moves.
 */

import { concat } from "../base/bytes.js";
import { layout } from "../base/layout.js";
import { type Microunits, microunits } from "../base/units.js";
import { type DoseId, notAfter, sameDose } from "./commands.js";

/** PROTOCOL.md section 7. About 17 hours of the closed loop in host-sim/day, in one blob. */
export const LEDGER_ENTRIES_MAX = 64;

/** Kinds as stored and as sent in OutcomeIs (PROTOCOL.md section 7). */
export const EntryKind = { applied: 0x3c, delivering: 0x55, delivered: 0x5a, stopped: 0x66, uncertain: 0x69 } as const;
export type EntryKind = keyof typeof EntryKind;

export interface LedgerEntry {
  readonly doseId: DoseId;
  readonly kind: EntryKind;
  /** The standard's bolus ID; 0 for a command that is no bolus. */
  readonly bolusId: number;
  /** Flags of Set Bolus, for reports. */
  readonly flags: number;
  readonly intendedMicrounits: Microunits;
  /** What is known to have been delivered at least, and at most. Equal when certain. */
  readonly lowMicrounits: Microunits;
  readonly highMicrounits: Microunits;
}

export interface Ledger {
  /** Oldest first. */
  readonly entries: readonly LedgerEntry[];
  /** IDs up to this one may have been dropped: of these nothing is known that is not in `entries`. */
  readonly forgottenThrough: DoseId;
}

export const EMPTY_LEDGER: Ledger = { entries: [], forgottenThrough: { epoch: 0, sequence: 0 } };

export function findEntry(ledger: Ledger, doseId: DoseId): LedgerEntry | undefined {
  return ledger.entries.find((entry) => sameDose(entry.doseId, doseId));
}

/** Whether nothing can be said of an ID that is not in the ledger. */
export function isForgotten(ledger: Ledger, doseId: DoseId): boolean {
  return notAfter(doseId, ledger.forgottenThrough);
}

/** Takes in a new entry; when there are 64, the oldest that is settled is dropped: never the bolus under way. */
export function addEntry(ledger: Ledger, entry: LedgerEntry): Ledger {
  const full = ledger.entries.length >= LEDGER_ENTRIES_MAX;
  const dropped = full ? ledger.entries.find((old) => old.kind !== "delivering") : undefined;
  return {
    entries: [...ledger.entries.filter((old) => old !== dropped), entry],
    // What was dropped while an older bolus was under way stays forgotten when that one is dropped at last.
    forgottenThrough:
      dropped && !notAfter(dropped.doseId, ledger.forgottenThrough) ? dropped.doseId : ledger.forgottenThrough,
  };
}

/** The bolus being delivered. One at a time: a second of its type is refused. */
export function activeBolus(ledger: Ledger): LedgerEntry | undefined {
  return ledger.entries.find((entry) => entry.kind === "delivering");
}

/** Ends the bolus being delivered. */
export function settle(
  ledger: Ledger,
  kind: Exclude<EntryKind, "applied" | "delivering">,
  lowMicrounits: Microunits,
  highMicrounits: Microunits,
): Ledger {
  const entries = ledger.entries.map((entry) =>
    entry.kind === "delivering" ? { ...entry, kind, lowMicrounits, highMicrounits } : entry,
  );
  return { ...ledger, entries };
}

const Head = layout(["count", "u8"], ["forgottenEpoch", "u32"], ["forgottenSequence", "u32"]);
const Entry = layout(
  ["epoch", "u32"],
  ["sequence", "u32"],
  ["kind", "u8"],
  ["bolusId", "u16"],
  ["flags", "u8"],
  ["intended", "u32"],
  ["low", "u32"],
  ["high", "u32"],
);

export function encodeLedger(ledger: Ledger): Uint8Array {
  const { epoch, sequence } = ledger.forgottenThrough;
  const head = Head.encode({ count: ledger.entries.length, forgottenEpoch: epoch, forgottenSequence: sequence });
  const entries = ledger.entries.map((entry) =>
    Entry.encode({
      ...entry.doseId,
      kind: EntryKind[entry.kind],
      bolusId: entry.bolusId,
      flags: entry.flags,
      intended: entry.intendedMicrounits,
      low: entry.lowMicrounits,
      high: entry.highMicrounits,
    }),
  );
  return concat(head, ...entries);
}

/** Reads a ledger back; undefined when the bytes are not exactly one. */
export function decodeLedger(bytes: Uint8Array): Ledger | undefined {
  const head = Head.decode(bytes.subarray(0, Head.sizeBytes));
  if (!head || head.count > LEDGER_ENTRIES_MAX) return undefined;
  if (bytes.length !== Head.sizeBytes + head.count * Entry.sizeBytes) return undefined;
  const entries: LedgerEntry[] = [];
  for (let i = 0; i < head.count; i++) {
    const offset = Head.sizeBytes + i * Entry.sizeBytes;
    const entry = Entry.decode(bytes.subarray(offset, offset + Entry.sizeBytes));
    const kind = entry && entryKind(entry.kind);
    if (!entry || !kind) return undefined;
    entries.push({
      doseId: { epoch: entry.epoch, sequence: entry.sequence },
      kind,
      bolusId: entry.bolusId,
      flags: entry.flags,
      intendedMicrounits: microunits(entry.intended),
      lowMicrounits: microunits(entry.low),
      highMicrounits: microunits(entry.high),
    });
  }
  return { entries, forgottenThrough: { epoch: head.forgottenEpoch, sequence: head.forgottenSequence } };
}

function entryKind(code: number): EntryKind | undefined {
  for (const [name, value] of Object.entries(EntryKind)) if (value === code) return name as EntryKind;
  return undefined;
}
