/**
 * The folder in which a controller keeps what must survive it, for one process at a time and one user alone.
 *
 * The lock: every process that enters puts down a file of its own, named for it, and then looks for others. Whoever
 * sees that of a living process leaves again; one of a dead process is removed. A name belongs to one process only, so
 * that nobody can remove the lock of a living one by mistake, and of two that enter at once at least one sees the other.
 */

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { syncFolder } from "./durableFile.js";

const OWNER_ONLY = 0o700;
const OTHERS = 0o077;
const LOCK = /^lock\.(\d+)\.(\d+)$/;
/** Field of /proc/PID/stat, counted behind the name: when the process began, in clock ticks since the boot. */
const START_FIELD = 19;
/** States of a process that has ended and that nobody has asked about yet. */
const DEAD: readonly string[] = ["Z", "X"];
/** Start time where the system does not tell: then a process is known by its ID alone. */
const UNKNOWN_START = "0";

/** Why a folder cannot be used, in words for its user. */
export class FolderError extends Error {}

/** A folder that this process holds. */
export interface HeldFolder {
  readonly path: string;
  /** Lets the next process in. */
  release(): void;
}

/** When a process began, as its system tells; undefined when there is no such process any more. */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and is somebody else's.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined;
  }
  if (process.platform !== "linux") return UNKNOWN_START;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return DEAD.includes(fields[0] ?? "") ? undefined : (fields[START_FIELD] ?? UNKNOWN_START);
  } catch {
    // It has ended since.
    return undefined;
  }
}

function words(error: unknown): string {
  const { errno = 0, message } = error as NodeJS.ErrnoException;
  const [, why = message] = getSystemErrorMap().get(errno) ?? [];
  return why;
}

function make(path: string, create: boolean): Stats {
  if (!create && !existsSync(path))
    throw new FolderError(`${path}: no controller is kept there: pair with a pump first, or give the right --folder.`);
  try {
    const made = mkdirSync(path, { recursive: true, mode: OWNER_ONLY });
    if (made !== undefined) syncFolder(dirname(made));
    return statSync(path);
  } catch (error) {
    throw new FolderError(`${path}: no such folder can be made: ${words(error)}. Give another with --folder.`);
  }
}

/**
 * Takes a folder, made with `create` when it is not there. Throws a {@link FolderError} when there is none, when others
 * may read it, and when a living process holds it.
 */
export function holdFolder(given: string, create: boolean): HeldFolder {
  const path = resolve(given);
  const { mode } = make(path, create);
  if (process.platform !== "win32" && (mode & OTHERS) !== 0)
    throw new FolderError(
      `${path}: others may look into it (mode ${(mode & 0o777).toString(8)}), and it is to hold keys: chmod 700 it, or give another with --folder.`,
    );
  const own = `lock.${process.pid}.${startOf(process.pid) ?? UNKNOWN_START}`;
  const release = () => rmSync(join(path, own), { force: true });
  try {
    closeSync(openSync(join(path, own), "wx", 0o600));
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "EEXIST"
      ? inUse(path, process.pid)
      : new FolderError(`${path}: cannot be written: ${words(error)}.`);
  }
  try {
    for (const name of readdirSync(path)) {
      const [, pid, start] = LOCK.exec(name) ?? [];
      if (name === own || pid === undefined) continue;
      if (startOf(Number(pid)) === start) throw inUse(path, Number(pid));
      rmSync(join(path, name), { force: true });
    }
  } catch (error) {
    release();
    throw error;
  }
  return { path, release };
}

function inUse(path: string, pid: number): FolderError {
  return new FolderError(
    `${path}: another controller (process ${pid}) works with it: wait for its end. Ctrl-C there cancels its bolus; holding the pump's button stops all.`,
  );
}
