/**
 * What this controller ordered, and what became of it: one JSON object a line, each on the disk before what it tells of
 * is sent. Lines are added and never changed. An order is known by its line's number; what becomes of it refers to that.
 *
 *     {"at":"2026-01-31T12:00:00.000Z","order":{"command":"setBolus",...},"pump":"0f1e...","dose":"1-3"}
 *     {"at":"2026-01-31T12:00:41.000Z","of":1,"end":{"kind":"delivered",...}}
 */

import type { Outcome } from "../../controller/control.js";
import { isFinal } from "../../controller/doses.js";
import type { Meaning } from "../../controller/readings.js";
import { appendLine, readIfThere } from "../durableFile.js";

/** What may be ordered: countersigned commands by their meaning, and the two that act in one step. */
export type JournalOrder =
  | Meaning
  | { readonly command: "stop" | "stopPriming" }
  | { readonly command: "cancelBolus"; readonly bolusId: number };

/** What became of an order, as far as known. */
export type End =
  | Omit<Outcome, "doseId">
  /** Of a command in one step: the session ended before the answer. */
  | { readonly kind: "lost" }
  /** It was not sent after all. */
  | { readonly kind: "notSent" }
  /** A person has said that its dose is accounted for. */
  | { readonly kind: "abandoned" };

/** One order. */
export interface Entry {
  readonly line: number;
  /** Date and time of ISO 8601, UTC. */
  readonly at: string;
  readonly order: JournalOrder;
  /** Of a countersigned command: the pump's ID in hexadecimal and the dose ID. */
  readonly pump?: string;
  readonly dose?: string;
  /** The last word on it. */
  readonly end?: End;
}

/** A journal read. */
export interface Entries {
  readonly entries: readonly Entry[];
  /** Numbers of the lines that are no lines of a journal. */
  readonly damaged: readonly number[];
}

const COMMANDS = [
  "setBolus",
  "setTbr",
  "relativeTbr",
  "cancelTbr",
  "writeProfile",
  "writeInactiveProfile",
  "activateProfile",
  "setTime",
  "run",
  "stop",
  "cancelBolus",
  "revokeBond",
  "startPriming",
  "stopPriming",
  "setReservoirFill",
  "resetReservoirTime",
  "flightMode",
];
const ENDS = ["never", "refused", "applied", "delivering", "delivered", "stopped", "uncertain", "forgotten"];
const OTHER_ENDS = ["lost", "notSent", "abandoned"];

type Members = Readonly<Record<string, unknown>>;

function object(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function parse(text: string): Members | undefined {
  try {
    return object(JSON.parse(text));
  } catch {
    // JSON.parse throws for nothing but text that is no JSON.
    return undefined;
  }
}

const isAmount = (value: unknown) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function isOrder(value: unknown): value is JournalOrder {
  const { command, correction, meal, change, controller = "", ...amounts } = object(value) ?? {};
  if (typeof controller !== "string") return false;
  return typeof command === "string" && COMMANDS.includes(command) && Object.values(amounts).every(isAmount);
}

function isEnd(value: unknown): value is End {
  const { kind, ...amounts } = object(value) ?? {};
  if (typeof kind !== "string" || !Object.values(amounts).every(isAmount)) return false;
  const names = Object.keys(amounts).length;
  return (ENDS.includes(kind) && names === 4) || (OTHER_ENDS.includes(kind) && names === 0);
}

/** Whether nothing more is to be learnt of an order. */
export function isSettled({ end }: Entry): boolean {
  return end !== undefined && end.kind !== "delivering";
}

/** The journal in one file. */
export class Journal {
  readonly #path: string;
  readonly #now: () => Date;

  constructor(path: string, now: () => Date) {
    this.#path = path;
    this.#now = now;
  }

  /** All orders, oldest first. Throws when the file cannot be read. */
  read(): Entries {
    const entries = new Map<number, Entry>();
    const damaged: number[] = [];
    this.#lines().forEach((text, index) => {
      const line = index + 1;
      const { at, order, pump, dose, of, end } = parse(text) ?? {};
      const ordered = typeof of === "number" ? entries.get(of) : undefined;
      if (typeof at === "string" && isOrder(order)) {
        const names = typeof pump === "string" && typeof dose === "string" ? { pump, dose } : {};
        entries.set(line, { line, at, order, ...names });
      } else if (ordered !== undefined && isEnd(end)) entries.set(ordered.line, { ...ordered, end });
      else damaged.push(line);
    });
    return { entries: [...entries.values()], damaged };
  }

  /** The newest order of that dose ID. */
  find(pump: string, dose: string): Entry | undefined {
    return this.read().entries.findLast((entry) => entry.pump === pump && entry.dose === dose);
  }

  /** Writes an order down, before it is sent. Gives its line's number. Throws when it cannot. */
  ordered(order: JournalOrder, names: { readonly pump: string; readonly dose: string } | undefined): number {
    const line = this.#lines().length + 1;
    this.#append({ order, ...names });
    return line;
  }

  /** Writes down what became of the order of line `of`. Throws when it cannot. */
  ended(of: number, end: End): void {
    this.#append({ of, end });
  }

  #append(members: object): void {
    appendLine(this.#path, JSON.stringify({ at: this.#now().toISOString(), ...members }));
  }

  /** The lines that are whole: what follows the last line feed never was one. */
  #lines(): readonly string[] {
    const bytes = readIfThere(this.#path);
    return bytes === undefined ? [] : new TextDecoder().decode(bytes).split("\n").slice(0, -1);
  }
}

/** An outcome as the journal keeps it. */
export function endOf({ doseId, ...end }: Outcome): End {
  return end;
}

/** Whether the last word of the journal on an order is this one already. */
export function knows({ end }: Entry, outcome: Outcome): boolean {
  return end !== undefined && end.kind === outcome.kind && isFinal(outcome.kind);
}
