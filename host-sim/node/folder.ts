/** The folder in which a controller keeps what must survive it, for one process at a time and one user alone. */

import { existsSync, mkdirSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { syncFolder } from "./durableFile.js";
import { FolderInUse, lockFolder } from "./folderLock.js";

const OWNER_ONLY = 0o700;
const OTHERS = 0o077;
/** Why a folder cannot be used, in words for its user. */
export class FolderError extends Error {}

/** A folder that this process holds. */
export interface HeldFolder {
  readonly path: string;
  /** Lets the next process in. */
  release(): void;
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
  try {
    return { path, release: lockFolder(path) };
  } catch (error) {
    throw error instanceof FolderInUse
      ? inUse(path, error.pid)
      : new FolderError(`${path}: cannot be written: ${words(error)}.`);
  }
}

function inUse(path: string, pid: number): FolderError {
  return new FolderError(
    `${path}: another controller (process ${pid}) works with it: wait for its end. Ctrl-C there cancels its bolus; holding the pump's button stops all.`,
  );
}
