/**
 * The ledger of countersigned commands: the 64 newest, each with what became of it. Pure. A dose goes
 *
 *     delivering -> delivered | stopped | uncertain
 *
 * and never back; a command that is no dose is `applied` at once. Being in the ledger, durably, is what "committed"
 * means: intent is written before anything moves.
 *
 * It is kept as the bytes that are stored: 64 entries as objects would take ten times the memory, and encoding them
 * anew for every command more time than its cryptography.
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

/** In the place of a bolus ID. */
export const NO_BOLUS = 0;

export interface LedgerEntry {
  readonly doseId: DoseId;
  readonly kind: EntryKind;
  /** The standard's bolus ID, from 1; 0 for a command that is no bolus. */
  readonly bolusId: number;
  /** Flags of Set Bolus, for reports; of a priming `isConfirmed`. */
  readonly flags: number;
  readonly intendedMicrounits: Microunits;
  /** What is known to have been delivered at least, and at most. Equal when certain. */
  readonly lowMicrounits: Microunits;
  readonly highMicrounits: Microunits;
}

/** As it is stored. Make one by the functions of this module alone. */
export interface Ledger {
  /** Entries of 24 bytes each, oldest first. Never changed in place. */
  readonly packed: Uint8Array;
  /** The bolus or priming under way, which is in `packed` too. */
  readonly active: LedgerEntry | undefined;
  /** IDs up to this one may have been dropped: of these nothing is known that is not in `packed`. */
  readonly forgottenThrough: DoseId;
}

export const EMPTY_LEDGER: Ledger = {
  packed: new Uint8Array(0),
  active: undefined,
  forgottenThrough: { epoch: 0, sequence: 0 },
};

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
const ENTRY_BYTES = Entry.sizeBytes;
/** Where an entry's kind is: what stands before it is the ID. */
const KIND_OFFSET = layout(["epoch", "u32"], ["sequence", "u32"]).sizeBytes;

/** How many commands are remembered. */
export function ledgerCount({ packed }: Ledger): number {
  return packed.length / ENTRY_BYTES;
}

/** Every entry, oldest first. */
export function ledgerEntries(ledger: Ledger): readonly LedgerEntry[] {
  return Array.from({ length: ledgerCount(ledger) }, (_, index) => entryAt(ledger.packed, index * ENTRY_BYTES));
}

/** The entry of a dose ID: asked for the newest more than for any other. */
export function findEntry({ packed, active }: Ledger, doseId: DoseId): LedgerEntry | undefined {
  if (active && sameDose(active.doseId, doseId)) return active;
  const view = viewOf(packed);
  for (let offset = packed.length - ENTRY_BYTES; offset >= 0; offset -= ENTRY_BYTES)
    if (sameDose(doseIdAt(view, offset), doseId)) return entryAt(packed, offset);
  return undefined;
}

/** Whether nothing can be said of an ID that is not in the ledger. */
export function isForgotten(ledger: Ledger, doseId: DoseId): boolean {
  return notAfter(doseId, ledger.forgottenThrough);
}

/** Takes in a new entry; when there are 64, the oldest that is settled is dropped: never the bolus under way. */
export function addEntry(ledger: Ledger, entry: LedgerEntry): Ledger {
  const { packed, forgottenThrough } = ledger;
  if (ledger.active && entry.kind === "delivering") throw new Error("invariant: a dose is under way already");
  const active = entry.kind === "delivering" ? entry : ledger.active;
  const added = encodeEntry(entry);
  if (ledgerCount(ledger) < LEDGER_ENTRIES_MAX) return { packed: concat(packed, added), active, forgottenThrough };
  const offset = packed[KIND_OFFSET] === EntryKind.delivering ? ENTRY_BYTES : 0;
  const dropped = doseIdAt(viewOf(packed), offset);
  return {
    packed: concat(packed.subarray(0, offset), packed.subarray(offset + ENTRY_BYTES), added),
    active,
    // What was dropped while an older bolus was under way stays forgotten when that one is dropped at last.
    forgottenThrough: notAfter(dropped, forgottenThrough) ? forgottenThrough : dropped,
  };
}

/** The bolus or priming under way: at most one of both. */
export function activeDose(ledger: Ledger): LedgerEntry | undefined {
  return ledger.active;
}

/** The bolus being delivered. One at a time: a second of its type is refused. */
export function activeBolus({ active }: Ledger): LedgerEntry | undefined {
  return active && active.bolusId !== NO_BOLUS ? active : undefined;
}

/** The priming under way. */
export function activePriming({ active }: Ledger): LedgerEntry | undefined {
  return active && active.bolusId === NO_BOLUS ? active : undefined;
}

/** Of a priming: whether somebody at the pump has confirmed it. */
export const isConfirmed = ({ flags }: LedgerEntry): boolean => flags === CONFIRMED;
const CONFIRMED = 1;

/** Notes that the priming under way is confirmed. */
export function confirmActive(ledger: Ledger): Ledger {
  if (!ledger.active) throw new Error("invariant: nothing is under way");
  const active = { ...ledger.active, flags: CONFIRMED };
  const packed = ledger.packed.slice();
  packed.set(encodeEntry(active), activeOffset(packed));
  return { ...ledger, packed, active };
}

/** Ends the bolus or priming under way. */
export function settle(
  ledger: Ledger,
  kind: Exclude<EntryKind, "applied" | "delivering">,
  lowMicrounits: Microunits,
  highMicrounits: Microunits,
): Ledger {
  const { active, forgottenThrough } = ledger;
  if (active === undefined) return ledger;
  const packed = ledger.packed.slice();
  packed.set(encodeEntry({ ...active, kind, lowMicrounits, highMicrounits }), activeOffset(packed));
  return { packed, active: undefined, forgottenThrough };
}

export function encodeLedger(ledger: Ledger): Uint8Array {
  const { epoch, sequence } = ledger.forgottenThrough;
  const head = Head.encode({ count: ledgerCount(ledger), forgottenEpoch: epoch, forgottenSequence: sequence });
  return concat(head, ledger.packed);
}

/** Reads a ledger back; undefined when the bytes are not exactly one. */
export function decodeLedger(bytes: Uint8Array): Ledger | undefined {
  const head = Head.decode(bytes.subarray(0, Head.sizeBytes));
  if (!head || head.count > LEDGER_ENTRIES_MAX) return undefined;
  if (bytes.length !== Head.sizeBytes + head.count * ENTRY_BYTES) return undefined;
  const packed = bytes.slice(Head.sizeBytes);
  for (let offset = KIND_OFFSET; offset < packed.length; offset += ENTRY_BYTES)
    if (entryKind(packed[offset]) === undefined) return undefined;
  const offset = activeOffset(packed);
  return {
    packed,
    active: offset < 0 ? undefined : entryAt(packed, offset),
    forgottenThrough: { epoch: head.forgottenEpoch, sequence: head.forgottenSequence },
  };
}

const viewOf = (packed: Uint8Array): DataView => new DataView(packed.buffer, packed.byteOffset, packed.length);

const doseIdAt = (view: DataView, offset: number): DoseId => ({
  epoch: view.getUint32(offset, true),
  sequence: view.getUint32(offset + 4, true),
});

/** Where the bolus under way begins; negative when there is none. */
function activeOffset(packed: Uint8Array): number {
  let offset = packed.length - ENTRY_BYTES;
  while (offset >= 0 && packed[offset + KIND_OFFSET] !== EntryKind.delivering) offset -= ENTRY_BYTES;
  return offset;
}

function encodeEntry(entry: LedgerEntry): Uint8Array {
  return Entry.encode({
    ...entry.doseId,
    kind: EntryKind[entry.kind],
    bolusId: entry.bolusId,
    flags: entry.flags,
    intended: entry.intendedMicrounits,
    low: entry.lowMicrounits,
    high: entry.highMicrounits,
  });
}

function entryAt(packed: Uint8Array, offset: number): LedgerEntry {
  const fields = Entry.decode(packed.subarray(offset, offset + ENTRY_BYTES));
  const kind = fields && entryKind(fields.kind);
  if (!fields || !kind) throw new Error(`invariant: the ledger has no entry at ${offset}`);
  return {
    doseId: { epoch: fields.epoch, sequence: fields.sequence },
    kind,
    bolusId: fields.bolusId,
    flags: fields.flags,
    intendedMicrounits: microunits(fields.intended),
    lowMicrounits: microunits(fields.low),
    highMicrounits: microunits(fields.high),
  };
}

function entryKind(code: number | undefined): EntryKind | undefined {
  switch (code) {
    case EntryKind.applied:
      return "applied";
    case EntryKind.delivering:
      return "delivering";
    case EntryKind.delivered:
      return "delivered";
    case EntryKind.stopped:
      return "stopped";
    case EntryKind.uncertain:
      return "uncertain";
    default:
      return undefined;
  }
}
