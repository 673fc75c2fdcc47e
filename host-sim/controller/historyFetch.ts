/**
 * Fetching what a pump has recorded since the last time: from the newest record that is kept on, in one report that
 * gives way to every other request. Tells of what is missing; never holds more than a few records.
 *
 * The report begins with the newest record that is kept. When the pump sends that one again, unchanged, what follows is
 * its continuation. A pump that has it no more, in whatever way, says so by another record or by none.
 */

import { equalBytes } from "./bytes.js";
import type { Connection } from "./connection.js";
import { CHANNEL } from "./ids.js";
import { refusal } from "./reads.js";
import {
  decodeRecord,
  decodeRecordResponse,
  encodeAbort,
  encodeReportFrom,
  type HistoryRecord,
  RECORD_ACCESS,
  RECORD_CODE,
} from "./recordAccess.js";
import type { Incoming, NotSentReason, Operation, Outgoing, Step } from "./requests.js";
import { attempt } from "./store.js";

/** What a history consists of, oldest first. */
export type HistoryItem =
  | { readonly kind: "record"; readonly record: HistoryRecord }
  /** The pump has no records of these sequences, both included: overwritten before they were fetched, or unreadable. */
  | { readonly kind: "gap"; readonly from: number; readonly to: number }
  /** The pump's history is not the one that was kept: what follows begins anew, and what came before is the older one. */
  | { readonly kind: "restarted" };

/** Where an application keeps the histories of its pumps. */
export interface HistoryStore {
  /** The newest record kept of this pump, and of its history as restarted last; undefined when there is none. */
  newest(pumpId: Uint8Array): HistoryRecord | undefined;
  /**
   * Keeps these after what it has. Durable when it returns; throws when it cannot, and may then have kept some of them
   * from the first on.
   */
  append(pumpId: Uint8Array, items: readonly HistoryItem[]): void;
}

/** How a fetch ended. Whatever came before its end is kept; the next fetch goes on from there. */
export type FetchResult =
  /** All is fetched that the pump had recorded when the last part was asked for. `records` came, over `missing` sequences. */
  | { readonly kind: "ok"; readonly records: number; readonly missing: number }
  | { readonly kind: "refused"; readonly code: number }
  /** The session ended before all was fetched. */
  | { readonly kind: "lost" }
  | { readonly kind: "notSent"; readonly reason: NotSentReason }
  /** The store threw `error`. */
  | { readonly kind: "storeFailed"; readonly error: unknown };

/** Items handed to the store at once, at most one more: one write to a disk each. */
const BATCH_ITEMS = 32;

/** How one report ended: with all it had, with nothing, given up for another request or on `take`'s word, or not at all. */
type PartEnd =
  | { readonly kind: "complete" | "none" | "gaveWay" }
  | { readonly kind: "lost" }
  | { readonly kind: "refused"; readonly code: number }
  | { readonly kind: "notSent"; readonly reason: NotSentReason };

/** One report, as one operation of the session's queue. */
class ReportPart implements Operation {
  readonly #from: number;
  readonly #take: (record: HistoryRecord) => boolean;
  readonly #done: (end: PartEnd) => void;
  #aborted = false;

  /** @param take takes each record, in ascending order; once it returns false it is not called again. */
  constructor(from: number, take: (record: HistoryRecord) => boolean, done: (end: PartEnd) => void) {
    this.#from = from;
    this.#take = take;
    this.#done = done;
  }

  begin(): Step {
    const accept = (answer: Incoming) => this.#accept(answer);
    return { kind: "next", exchange: { channel: CHANNEL.recordAccess, value: encodeReportFrom(this.#from), accept } };
  }

  ended(begun: boolean): void {
    this.#done(begun ? { kind: "lost" } : { kind: "notSent", reason: "noSession" });
  }

  giveWay(): Outgoing | undefined {
    if (this.#aborted) return undefined;
    this.#aborted = true;
    return { channel: CHANNEL.recordAccess, value: encodeAbort() };
  }

  #accept(answer: Incoming): Step | undefined {
    const { channel, value } = answer;
    if (channel === CHANNEL.historyData) return this.#record(value);
    const unknown = refusal(answer, CHANNEL.recordAccess);
    if (unknown?.kind === "refused") return this.#end(unknown);
    const response = channel === CHANNEL.recordAccess ? decodeRecordResponse(value) : undefined;
    if (response?.request === RECORD_ACCESS.abort && this.#aborted) return this.#end({ kind: "gaveWay" });
    if (response?.request !== RECORD_ACCESS.report) return undefined;
    // The report's end and Abort have crossed: the answer to Abort is still to come.
    if (this.#aborted) return { kind: "more", acknowledge: false, enough: true };
    const { code } = response;
    if (code === RECORD_CODE.success) return this.#end({ kind: "complete" });
    return this.#end(code === RECORD_CODE.noRecordsFound ? { kind: "none" } : { kind: "refused", code });
  }

  #record(value: Uint8Array): Step | undefined {
    const record = decodeRecord(value);
    if (record === undefined || record.sequence < this.#from) return undefined;
    // What was on its way when Abort went out is fetched anew.
    const enough = this.#aborted || !this.#take(record);
    return { kind: "more", acknowledge: true, enough };
  }

  #end(end: PartEnd): Step {
    return { kind: "done", report: () => this.#done(end) };
  }
}

/** What the records of a part, or its end, led to beside the part's own end. */
type Turn = { readonly kind: "restart" } | { readonly kind: "storeFailed"; readonly error: unknown };

/** One fetch: its parts, one after the other, and its one call of `done`. */
class HistoryFetch {
  readonly #connection: Connection;
  readonly #pumpId: Uint8Array;
  readonly #store: HistoryStore;
  readonly #done: (result: FetchResult) => void;
  /** The newest record so far, kept or in the batch; undefined while there is none. */
  #newest: HistoryRecord | undefined;
  /** Whether the pump has yet to send that one again. */
  #unverified = false;
  #turn: Turn | undefined;
  #batch: HistoryItem[] = [];
  #records = 0;
  #missing = 0;

  constructor(connection: Connection, pumpId: Uint8Array, store: HistoryStore, done: (result: FetchResult) => void) {
    this.#connection = connection;
    this.#pumpId = pumpId;
    this.#store = store;
    this.#done = done;
  }

  begin(): void {
    const read = attempt(() => {
      this.#newest = this.#store.newest(this.#pumpId);
    });
    if (read.kind === "failed") this.#done({ kind: "storeFailed", error: read.error });
    else this.#ask();
  }

  #ask(): void {
    this.#turn = undefined;
    this.#unverified = this.#newest !== undefined;
    const part = new ReportPart(
      this.#newest?.sequence ?? 0,
      (record) => this.#take(record),
      (end) => this.#ended(end),
    );
    const queued = this.#connection.queue(part, false);
    if (queued !== "queued") this.#done({ kind: "notSent", reason: queued });
  }

  #take(record: HistoryRecord): boolean {
    const { sequence } = record;
    const newest = this.#newest;
    if (newest !== undefined && this.#unverified) {
      this.#unverified = false;
      if (sameRecord(record, newest)) return true;
    }
    const due = newest === undefined ? 0 : newest.sequence + 1;
    // Sequences never repeat: the same one with another content is of another history.
    if (sequence < due) return this.#restart();
    if (sequence > due) {
      this.#batch.push({ kind: "gap", from: due, to: sequence - 1 });
      this.#missing += sequence - due;
    }
    this.#batch.push({ kind: "record", record });
    this.#newest = record;
    this.#records += 1;
    return this.#batch.length < BATCH_ITEMS || this.#keep();
  }

  /** After this all that the pump has is fetched anew, from its first record. */
  #restart(): false {
    this.#batch.push({ kind: "restarted" });
    this.#newest = undefined;
    if (this.#keep()) this.#turn = { kind: "restart" };
    return false;
  }

  #keep(): boolean {
    const items = this.#batch;
    this.#batch = [];
    if (items.length === 0) return true;
    const written = attempt(() => this.#store.append(this.#pumpId, items));
    if (written.kind === "failed") this.#turn = { kind: "storeFailed", error: written.error };
    return written.kind === "ok";
  }

  #ended(end: PartEnd): void {
    if (end.kind === "none" && this.#newest !== undefined) this.#restart();
    if (this.#turn === undefined) this.#keep();
    if (this.#turn?.kind === "storeFailed") this.#done(this.#turn);
    else if (end.kind === "lost" || end.kind === "notSent" || end.kind === "refused") this.#done(end);
    else if (this.#turn !== undefined || end.kind === "gaveWay") this.#ask();
    else this.#done({ kind: "ok", records: this.#records, missing: this.#missing });
  }
}

/** Fetches what `store` lacks of the connected pump's history, and calls `done` once. */
export function fetchHistory(connection: Connection, store: HistoryStore, done: (result: FetchResult) => void): void {
  const { bond } = connection;
  if (bond === undefined) done({ kind: "notSent", reason: "noSession" });
  else new HistoryFetch(connection, bond.pumpId, store, done).begin();
}

function sameRecord(a: HistoryRecord, b: HistoryRecord): boolean {
  const same = a.sequence === b.sequence && a.event === b.event && a.relativeOffsetS === b.relativeOffsetS;
  return same && equalBytes(a.data, b.data);
}
