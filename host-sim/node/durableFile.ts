/**
 * Files that survive a crash: replaced whole or extended by whole lines, on the disk when the call returns. Knows
 * nothing of what they hold; one process at a time (folder.ts).
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** For the owner alone: the files hold keys and what somebody's insulin was. */
const OWNER_ONLY = 0o600;
const LINE_FEED = 0x0a;

/** Makes the names in a folder durable. Windows cannot open a folder, and keeps its names without being asked. */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from);
  fsyncSync(file);
}

/** What a file holds, or undefined when there is none. Throws when it cannot be read. */
export function readIfThere(path: string): Uint8Array | undefined {
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
}

/** Puts `bytes` in the place of what the file held. A crash at any moment leaves the old or the new whole. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", OWNER_ONLY);
  try {
    writeWhole(file, bytes);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/**
 * Adds a line at the end of a file, which is made when there is none. Throws when it cannot, and then the line is not
 * there. What a crash has left of a line without its end is cut off first: it never was.
 */
export function appendLine(path: string, line: string): void {
  const isNew = !existsSync(path);
  const file = openSync(path, isNew ? "wx" : "r+", OWNER_ONLY);
  try {
    const before = isNew ? new Uint8Array(0) : readFileSync(file);
    const kept = before.lastIndexOf(LINE_FEED) + 1;
    ftruncateSync(file, kept);
    const bytes = new TextEncoder().encode(`${line}\n`);
    try {
      for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from, bytes.length - from, kept + from);
      fsyncSync(file);
    } catch (error) {
      ftruncateSync(file, kept);
      throw error;
    }
  } finally {
    closeSync(file);
  }
  if (isNew) syncFolder(dirname(path));
}
