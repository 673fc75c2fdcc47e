/** Tables of the documents, for tests that hold them to the code. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** The cells of a markdown table's rows: the first table behind `heading`. */
export function rowsAfter(file: string, heading: string): readonly (readonly string[])[] {
  const page = readFileSync(file, "utf8");
  const from = page.indexOf(heading);
  assert.ok(from >= 0, `${heading} in ${file}`);
  const lines = page.slice(from).split("\n");
  const start = lines.findIndex((line) => line.startsWith("|"));
  const length = lines.slice(start).findIndex((line) => !line.startsWith("|"));
  const rows = lines
    .slice(start, start + length)
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "").trim()));
  return rows.slice(2);
}
