/**
 * A folder to oneself: a file in it names the process that has it. What a killed process left is taken over. Owns that
 * file.
 */

import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pid } from "node:process";

const NAME = "lock";

/**
 * When a process began, in the kernel's ticks since its boot: tells a process from a later one of the same number.
 * Empty where the system does not say (other than Linux).
 */
function startOf(processId: number): string {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, "latin1");
    // Field 22, counted from behind the name in parentheses, which is field 2 and may hold spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

const textOf = (processId: number) => `${processId} ${startOf(processId)}\n`;

/** Whether the process that a lock file names lives. */
function lives(text: string): boolean {
  const processId = Number(/^\d+/.exec(text)?.[0]);
  if (!Number.isSafeInteger(processId) || processId < 1) return false;
  try {
    process.kill(processId, 0);
  } catch (error) {
    // EPERM: there is one, of another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return textOf(processId) === text;
}

/** Whether `use` worked; false when it failed with `code`. */
function unless(code: string, use: () => void): boolean {
  try {
    use();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}

/** Makes the file, whole from its first moment; false when there is one. */
function create(path: string): boolean {
  const own = `${path}.${pid}`;
  writeFileSync(own, textOf(pid), { mode: 0o600 });
  try {
    return unless("EEXIST", () => linkSync(own, path));
  } finally {
    unlinkSync(own);
  }
}

/**
 * Takes a folder. Returns what gives it back; throws, with what to do, when a living process has it, and what the file
 * system throws.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, NAME);
  const aside = `${path}.${pid}.dead`;
  while (!create(path)) {
    let text = "";
    if (!unless("ENOENT", () => (text = readFileSync(path, "latin1")))) continue;
    if (lives(text)) {
      const processId = text.split(" ")[0];
      throw new Error(
        `${folder}: in use by process ${processId}; stop it, or give another --state (if no pump runs, delete ${path})`,
      );
    }
    // Two that find the same dead lock: each moves what it finds aside, and puts back what has come to life since.
    if (!unless("ENOENT", () => renameSync(path, aside))) continue;
    if (readFileSync(aside, "latin1") !== text) linkSync(aside, path);
    unlinkSync(aside);
  }
  return () => rmSync(path, { force: true });
}
