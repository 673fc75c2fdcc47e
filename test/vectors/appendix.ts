/** Where the test vectors stand: in firmware/PROTOCOL.md between two markers, and in a JSON file of their own. */

import { readFileSync } from "node:fs";
import type { Kind, Vector, VectorOf } from "./vector.js";

/** Relative to the root of the repository, which is the working directory of a test. */
export const PROTOCOL_FILE = "firmware/PROTOCOL.md";
export const VECTORS_FILE = "test/vectors/protocol.json";

export const BEGIN = "<!-- vectors: begin; written by npm run vectors -->";
export const END = "<!-- vectors: end -->";

/** The JSON blocks of the page's appendix, in order. Throws when the markers are missing. */
export function documentVectors(): readonly Vector[] {
  const page = readFileSync(PROTOCOL_FILE, "utf8");
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${PROTOCOL_FILE} has no test vectors`);
  const blocks = page.slice(begin, end).matchAll(/^```json\n(.*?)^```$/gms);
  return Array.from(blocks, ([, block]) => JSON.parse(block ?? ""));
}

/** The vectors of the JSON file, in the same order. */
export function storedVectors(): readonly Vector[] {
  return JSON.parse(readFileSync(VECTORS_FILE, "utf8"));
}

/** The stored vectors of one kind. */
export function vectorsOf<K extends Kind>(kind: K): readonly VectorOf<K>[] {
  return storedVectors().filter((vector): vector is Vector & VectorOf<K> => vector.kind === kind);
}

/** The stored vector of a kind and name. Throws when there is none. */
export function vectorNamed<K extends Kind>(kind: K, name: string): VectorOf<K> {
  const found = vectorsOf(kind).find((vector) => vector.name === name);
  if (!found) throw new Error(`no ${kind} vector "${name}"`);
  return found;
}
