/** Which test files run on XS as they are: those that nothing they import ties to Node. */

import { containing, type Source, sourcesUnder } from "../architecture/sources.js";

/** These have stand-ins on XS (on/): assertions, the references that cryptography is compared with, and the page. */
const NEEDS_NODE = /^node:(?!(assert|assert\/strict|crypto|fs|zlib)$)/;
const NODE_GLOBALS = /\b(process|setTimeout|setImmediate|structuredClone|performance)\b|\b(async|await)\s/g;

/** Files of tests, and why those that need Node do. */
export interface Eligible {
  readonly files: readonly string[];
  /** `file: what ties it to Node`. */
  readonly excluded: readonly string[];
}

/** Sorts the test files directly or deeper under `folders` (paths from the root of the project). */
export function eligibleFor(folders: readonly string[]): Eligible {
  const sources = [...sourcesUnder("firmware"), ...sourcesUnder("host-sim"), ...sourcesUnder("test")];
  const byPath = new Map(sources.map((each) => [each.path, each]));
  const files: string[] = [];
  const excluded: string[] = [];
  for (const { path } of sources) {
    if (!path.endsWith(".test.ts") || !folders.some((folder) => path.startsWith(folder))) continue;
    const ties = tiesOf(path, byPath);
    if (ties.length === 0) files.push(path);
    else excluded.push(`${path}: ${ties.join(", ")}`);
  }
  return { files, excluded };
}

function tiesOf(file: string, byPath: ReadonlyMap<string, Source>): readonly string[] {
  const ties = new Set<string>();
  const reached = new Set([file]);
  for (const path of reached) {
    const source = byPath.get(path);
    if (source === undefined) continue;
    for (const match of containing([source], NODE_GLOBALS)) ties.add(match);
    for (const { target, bare, typesOnly } of source.imports) {
      if (typesOnly) continue;
      if (!bare) reached.add(target);
      else if (NEEDS_NODE.test(target)) ties.add(`${path}: ${target}`);
    }
  }
  return [...ties];
}
