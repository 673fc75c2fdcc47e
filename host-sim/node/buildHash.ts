/** Which build of the firmware this is: a hash over all that mcconfig makes it of, dirty or not, with git or without. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Below the project's root. The lock file says which noble; the SDK is told apart by its own version. */
const SOURCES = ["firmware", "manifest.json", "package-lock.json"];
const DIGITS = 16;

/** Paths below the root, sorted, with `/` whatever the platform. */
function filesOf(root: string): readonly string[] {
  const [folder = "", ...files] = SOURCES;
  const below = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".md"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  return [...below, ...files].map((path) => path.replaceAll("\\", "/")).sort();
}

/** The first 16 hexadecimal digits of SHA-256 over each source's path, length and bytes. Throws when one cannot be read. */
export function buildHash(root: string): string {
  const hash = createHash("sha256");
  for (const path of filesOf(root)) {
    const bytes = readFileSync(join(root, path));
    hash.update(`${path}\n${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex").slice(0, DIGITS);
}
