/**
 * A folder for one process at a time. Every process that enters puts down a file of its own, named for it, and then
 * looks for others. Whoever sees that of a living process leaves again; one of a dead process is removed. A name belongs
 * to one process only, so that nobody can remove the lock of a living one by mistake, and of two that enter at once at
 * least one sees the other. Owns these files; holds on one computer and among processes that see each other's IDs.
 */

import { closeSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const LOCK = /^lock\.(\d+)\.(\d+)$/;
const OWNER_ONLY = 0o600;
/** Field of /proc/PID/stat, counted behind the name: when the process began, in clock ticks since the boot. */
const START_FIELD = 19;
/** States of a process that has ended and that nobody has asked about yet. */
const DEAD: readonly string[] = ["Z", "X"];
/** Start time where the system does not tell: then a process is known by its ID alone. */
const UNKNOWN_START = "0";

/** A living process, maybe this one, has the folder. */
export class FolderInUse extends Error {
  readonly pid: number;

  constructor(folder: string, pid: number) {
    super(`${folder}: in use by process ${pid}`);
    this.pid = pid;
  }
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

/**
 * Takes a folder that is there. Returns what gives it back. Throws a {@link FolderInUse}, and what the file system
 * throws.
 */
export function lockFolder(folder: string): () => void {
  const own = `lock.${process.pid}.${startOf(process.pid) ?? UNKNOWN_START}`;
  const release = () => rmSync(join(folder, own), { force: true });
  try {
    closeSync(openSync(join(folder, own), "wx", OWNER_ONLY));
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "EEXIST" ? new FolderInUse(folder, process.pid) : error;
  }
  try {
    for (const name of readdirSync(folder)) {
      const [, pid, start] = LOCK.exec(name) ?? [];
      if (name === own || pid === undefined) continue;
      if (startOf(Number(pid)) === start) throw new FolderInUse(folder, Number(pid));
      rmSync(join(folder, name), { force: true });
    }
  } catch (error) {
    release();
    throw error;
  }
  return release;
}
