/**
 * What the controller keeps for good: its ID, bonds, provisional bonds and pending countersigned commands, as one blob
 * of its own format. Every change is one all-or-nothing write; only after it does the change count.
 *
 * Format 1: version, controllerId, three counts, then the entries, then the first 8 bytes of SHA-256 over all before.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equalBytes } from "./bytes.js";
import type { DoseId } from "./control.js";
import { Layout } from "./layout.js";
import type { Bond } from "./pairing.js";

/**
 * Where the blob lives. Synchronous; a write is kept whole or, when it throws, not at all. It holds keys: guard it. One
 * live controller to a store: a second one would write over what the first has learnt.
 */
export interface ControllerStore {
  /** The last blob written, or undefined when none ever was. */
  read(): Uint8Array | undefined;
  /** Keeps `bytes` in place of the last blob. Durable when it returns; throws when it cannot. */
  write(bytes: Uint8Array): void;
}

/** A bond that the pump may or may not have. */
export interface ProvisionalBond extends Bond {
  /** The controller's clock when it was stored. */
  readonly storedAtMs: number;
}

/** A countersigned command whose end is not known. */
export interface PendingCommand {
  /** The pump that issued the ID. */
  readonly pumpId: Uint8Array;
  readonly doseId: DoseId;
  /** Whether it delivers a dose by itself (a bolus). */
  readonly isDose: boolean;
}

/** All that is kept. */
export interface Contents {
  /** 8 random bytes, drawn once. */
  readonly controllerId: Uint8Array;
  /** At most one for a pump. */
  readonly bonds: readonly Bond[];
  /** Oldest first. */
  readonly provisional: readonly ProvisionalBond[];
  /** At most one dose and one other command. */
  readonly pending: readonly PendingCommand[];
}

/** How a change of the store ended. On `failed` the old contents stand. */
export type Written = { readonly kind: "ok" } | { readonly kind: "failed"; readonly error: unknown };

/** Runs a write that throws when it fails. */
export function attempt(write: () => void): Written {
  try {
    write();
  } catch (error) {
    return { kind: "failed", error };
  }
  return { kind: "ok" };
}

/** Most bonds kept, and most provisional bonds: far over a household's pumps, and small enough for any store. */
export const MOST_BONDS = 16;

const FORMAT = 1;
const CONTROLLER_ID_BYTES = 8;
const HEAD = new Layout({
  format: "u8",
  controllerId: CONTROLLER_ID_BYTES,
  bonds: "u8",
  provisional: "u8",
  pending: "u8",
});
const BOND_FIELDS = { pumpId: 8, role: "u8", kCtl: 32, kPump: 32, kSes: 32, kDose: 32 } as const;
const BOND = new Layout(BOND_FIELDS);
const PROVISIONAL = new Layout({ ...BOND_FIELDS, storedLow: "u32", storedHigh: "u32" });
const PENDING = new Layout({ pumpId: 8, epoch: "u32", sequence: "u32", isDose: "u8" });
const CHECK_BYTES = 8;

function check(body: Uint8Array): Uint8Array {
  return sha256(body).slice(0, CHECK_BYTES);
}

/** The blob of `contents`. */
export function encodeContents({ controllerId, bonds, provisional, pending }: Contents): Uint8Array {
  const counts = { bonds: bonds.length, provisional: provisional.length, pending: pending.length };
  const body = concat(
    HEAD.encode({ format: FORMAT, controllerId, ...counts }),
    ...bonds.map((bond) => BOND.encode(bond)),
    ...provisional.map((bond) => {
      const storedAtMs = Math.floor(bond.storedAtMs);
      return PROVISIONAL.encode({
        ...bond,
        storedLow: storedAtMs % 2 ** 32,
        storedHigh: Math.floor(storedAtMs / 2 ** 32),
      });
    }),
    ...pending.map(({ pumpId, doseId: { epoch, sequence }, isDose }) =>
      PENDING.encode({ pumpId, epoch, sequence, isDose: isDose ? 1 : 0 }),
    ),
  );
  return concat(body, check(body));
}

/** What a blob holds. Throws an Error when it is of another format or damaged. */
export function decodeContents(blob: Uint8Array): Contents {
  const body = blob.subarray(0, Math.max(0, blob.length - CHECK_BYTES));
  if (!equalBytes(check(body), blob.subarray(body.length))) throw damaged("its check value is wrong");
  if (body[0] !== FORMAT) throw damaged(`it is of format ${body[0]}, and this controller reads format ${FORMAT}`);
  const head = HEAD.decodeHead(body);
  if (head === undefined) throw damaged("it is too short");
  let rest = head.tail;
  const take = <V>(
    count: number,
    layout: { decodeHead(bytes: Uint8Array): { values: V; tail: Uint8Array } | undefined },
  ) =>
    Array.from({ length: count }, () => {
      const entry = layout.decodeHead(rest);
      if (entry === undefined) throw damaged("it is too short");
      rest = entry.tail;
      return entry.values;
    });
  const bonds = take(head.values.bonds, BOND);
  const provisional = take(head.values.provisional, PROVISIONAL).map(({ storedLow, storedHigh, ...bond }) => ({
    ...bond,
    storedAtMs: storedHigh * 2 ** 32 + storedLow,
  }));
  const pending = take(head.values.pending, PENDING).map(({ pumpId, epoch, sequence, isDose }) => ({
    pumpId,
    doseId: { epoch, sequence },
    isDose: isDose !== 0,
  }));
  if (rest.length !== 0) throw damaged("it is too long");
  return { controllerId: head.values.controllerId, bonds, provisional, pending };
}

function damaged(why: string): Error {
  return new Error(
    `The controller's store cannot be read: ${why}. Restore it, or start with an empty store, pair again and look up the last doses on the pump`,
  );
}

/** The contents in force, and the one way to change them. */
export class Keeper {
  readonly #store: ControllerStore;
  #contents: Contents;

  /** Reads the store; an empty one gets a new controllerId at once. Throws when it is damaged or refuses the write. */
  constructor(store: ControllerStore, random: (length: number) => Uint8Array) {
    this.#store = store;
    const blob = store.read();
    if (blob !== undefined) {
      this.#contents = decodeContents(blob);
      return;
    }
    const controllerId = random(CONTROLLER_ID_BYTES).slice();
    this.#contents = { controllerId, bonds: [], provisional: [], pending: [] };
    store.write(encodeContents(this.#contents));
  }

  get contents(): Contents {
    return this.#contents;
  }

  /** Changes the named parts, durably before this returns `ok`. */
  change(parts: Partial<Omit<Contents, "controllerId">>): Written {
    const next = { ...this.#contents, ...parts };
    const written = attempt(() => this.#store.write(encodeContents(next)));
    if (written.kind === "ok") this.#contents = next;
    return written;
  }
}
