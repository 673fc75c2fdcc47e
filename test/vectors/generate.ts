/**
 * Prints the appendix of test vectors. With `--write`, from the root of the repository, replaces it in
 * firmware/PROTOCOL.md between its markers (adds it at the end when there are none) and writes the same vectors to
 * test/vectors/protocol.json.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { BEGIN, END, PROTOCOL_FILE, VECTORS_FILE } from "./appendix.js";
import { SECTIONS } from "./worked.js";

const LINE_COLUMNS = 120;

/**
 * JSON as the repository's formatter lays it out: an array of strings or numbers is one line where it fits, else the
 * items are, when they are numbers.
 */
function json(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/^.*\[\n[^[\]{}]*\n *\],?$/gm, (lines) => {
    const items = lines.replace(/,\n */g, ", ");
    const line = items.replace(/\[\n */, "[").replace(/\n *\]/, "]");
    if (line.length <= LINE_COLUMNS) return line;
    const longest = Math.max(...items.split("\n").map(({ length }) => length));
    return items.includes(', "') || longest > LINE_COLUMNS ? lines : items;
  });
}

function appendix(): string {
  const parts = [
    BEGIN,
    "## 9 Test vectors",
    "",
    "Strings are bytes in hexadecimal, in the order of the wire, unless a line here says otherwise; numbers are decimal.",
    "`name`, `kind`, `sender`, `rounding` and the names of members are characters; those of inputs, outputs and fields are",
    "the names of the sections above: `np` is Np, `kCp` is k_cp. What `outputs` holds follows from `inputs` alone.",
    "The same vectors, in this order, are in `test/vectors/protocol.json`.",
  ];
  SECTIONS.forEach(({ title, text, vectors }, index) => {
    parts.push("", `### 9.${index + 1} ${title}`, text);
    for (const vector of vectors) parts.push("", "```json", json(vector), "```");
  });
  return [...parts, END].join("\n");
}

function replaceAppendix(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) return `${page.trimEnd()}\n\n${appendix()}\n`;
  return page.slice(0, begin) + appendix() + page.slice(end + END.length);
}

if (process.argv.includes("--write")) {
  writeFileSync(PROTOCOL_FILE, replaceAppendix(readFileSync(PROTOCOL_FILE, "utf8")));
  writeFileSync(VECTORS_FILE, `${json(SECTIONS.flatMap(({ vectors }) => vectors))}\n`);
} else {
  process.stdout.write(`${appendix()}\n`);
}
