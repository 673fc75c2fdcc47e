/**
 * Where a simulated pump lives on when its process does not: a folder with a file of its durable changes, appended one
 * by one, each handed to the operating system before the firmware's call returns. A process killed at any moment leaves
 * a prefix of them, which is what a power cut leaves. (A crash of the computer itself may take the newest with it: they
 * are not forced to the disk.) Owns the folder while it is open. Holds the pump's keys: readable to its owner alone.
 */

import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { getSystemErrorMap } from "node:util";
import { changesTo, type DurableChange, DurableFold, type DurableState } from "../durable.js";
import { FolderInUse, lockFolder } from "./folderLock.js";
import { decodeRecord, encodeRecord, STATE_VERSION, type StartRecord, type StateRecord } from "./stateRecord.js";

const FILE = "pump.state";
/** What replaces the file, until it is whole. */
const NEXT_FILE = "pump.state.next";
/** Growth after which the file is written anew: a bolus of 10 U takes some 10 MB. */
const GROWTH_MAXIMUM_BYTES = 16 * 1_024 * 1_024;
/**
 * How far the world's time may get ahead of the file. A restored world begins that much later than the file says, so
 * that its time never falls.
 */
const TIME_STEP_MS = 1_000;

/** Why a folder cannot be used, and what to do, in one line. */
export class StateError extends Error {}

/** What was found in a folder. */
interface Found {
  readonly start: StartRecord;
  readonly state: DurableState;
}

export class StateFolder {
  /** What the hardware was left as; `undefined` for a new one. */
  readonly restored: DurableState | undefined;
  /** 32 bits: as asked for, else that of the start before, else `freshSeed`. */
  readonly seed: number;
  /** Starts of this hardware before this one. */
  readonly earlierStarts: number;
  readonly #folder: string;
  readonly #unlock: () => void;
  readonly #start: StartRecord;
  #file: number;
  #grownBytes = 0;
  #timeMs = 0;

  /**
   * Opens a folder, which is made when it is not there, and counts this start in it. Throws StateError.
   *
   * @param seed `undefined` for that of the start before.
   */
  constructor(folder: string, seed: number | undefined, freshSeed: number) {
    this.#folder = folder;
    this.#unlock = explained(folder, () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return lockFolder(folder);
    });
    try {
      const found = read(join(folder, FILE));
      this.restored = found?.state;
      this.earlierStarts = found?.start.starts ?? 0;
      this.seed = seed ?? found?.start.seed ?? freshSeed;
      this.#start = { kind: "start", version: STATE_VERSION, seed: this.seed, starts: this.earlierStarts + 1 };
      this.#timeMs = this.restored?.nowMs ?? 0;
      this.#file = explained(folder, () => this.#writeAnew(this.restored));
    } catch (error) {
      this.#unlock();
      throw error;
    }
  }

  /** Keeps one change. Throws StateError when it cannot: then nothing may happen any more. */
  keep(atMs: number, change: DurableChange): void {
    this.#append({ atMs, ...change });
  }

  /** Keeps that the world's time has got so far. The same, from outside the firmware's calls. */
  passed(atMs: number, state: () => DurableState): void {
    if (atMs < this.#timeMs + TIME_STEP_MS) return;
    this.#append({ kind: "time", atMs });
    if (this.#grownBytes < GROWTH_MAXIMUM_BYTES) return;
    closeSync(this.#file);
    this.#file = explained(this.#folder, () => this.#writeAnew(state()));
  }

  /** Gives the folder back. */
  close(): void {
    closeSync(this.#file);
    this.#unlock();
  }

  #append(record: Exclude<StateRecord, StartRecord>): void {
    this.#timeMs = record.atMs;
    this.#grownBytes += explained(this.#folder, () => write(this.#file, encodeRecord(record)));
  }

  /** Replaces the file in one step by the shortest of a state. Returns it, open for more. */
  #writeAnew(state: DurableState | undefined): number {
    const next = join(this.#folder, NEXT_FILE);
    rmSync(next, { force: true });
    const file = openSync(next, "ax", 0o600);
    write(file, encodeRecord(this.#start));
    if (state) {
      const atMs = state.nowMs;
      write(file, encodeRecord({ kind: "time", atMs }));
      for (const change of changesTo(state)) write(file, encodeRecord({ atMs, ...change }));
    }
    renameSync(next, join(this.#folder, FILE));
    this.#grownBytes = 0;
    return file;
  }
}

/** Writes all of a text. Returns its length in bytes. */
function write(file: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
  return bytes.length;
}

/** What a file holds; `undefined` when there is none. */
function read(path: string): Found | undefined {
  const text = explained(path, () => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  });
  if (text === undefined) return undefined;
  // What follows the last line feed was being written when the process was killed: it never took effect.
  const [first = "", ...lines] = text.split("\n").slice(0, -1);
  const start = decodeRecord(first);
  if (start?.kind !== "start") throw new StateError(`${path}: line 1 is damaged, or it is no pump's state; ${ADVICE}`);
  if (start.version !== STATE_VERSION)
    throw new StateError(`${path}: version ${start.version}; this program reads version ${STATE_VERSION}; ${ADVICE}`);
  const fold = new DurableFold();
  for (const [index, line] of lines.entries()) {
    const record = decodeRecord(line);
    if (record === undefined || record.kind === "start")
      throw new StateError(`${path}: line ${index + 2} is damaged; ${ADVICE}`);
    fold.passed(record.atMs + TIME_STEP_MS);
    if (record.kind !== "time") fold.apply(record);
  }
  return { start, state: fold.state() };
}

const ADVICE = "restore it from a copy, or give another --state";

/** Runs what uses the file system; what that throws, in words. */
function explained<T>(what: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof FolderInUse) throw new StateError(`${error.message}; stop it, or give another --state`);
    const { errno, message } = error as NodeJS.ErrnoException;
    const [, words] = getSystemErrorMap().get(errno ?? 0) ?? [];
    throw new StateError(words === undefined ? message : `${what}: cannot be used: ${words}`);
  }
}
