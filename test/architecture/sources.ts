/**
 * Sources as text: their imports and what is left without comments and strings, the graph they make, and words in
 * them. Reads TypeScript as biome formats it; knows no rule.
 */

import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";

export interface Import {
  /** A path from the root of the project for a relative specifier (`.ts`), else the bare specifier. */
  readonly target: string;
  readonly bare: boolean;
  /** `import type` or `export type`: gone at run time. Inline `type` in braces still loads the module. */
  readonly typesOnly: boolean;
}

export interface Source {
  readonly path: string;
  /** Without comments; string literals emptied, templates kept. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
const FROM = /\b(?:import|export)\s+(type\s+)?(?:[\w$*{},\s]+?)\s+from\s*["']([^"']+)["']/g;
const BARE_OR_CALL = /\bimport\s*\(?\s*["']([^"']+)["']/g;

/** Reads one file. @param path from the root of the project. */
export function source(path: string, text: string): Source {
  const uncommented = text.replace(TOKEN, (token) => (token.startsWith("/") ? " " : token));
  const found: [specifier: string, typesOnly: boolean][] = [
    ...[...uncommented.matchAll(FROM)].map(([, type, name = ""]): [string, boolean] => [name, type !== undefined]),
    ...[...uncommented.matchAll(BARE_OR_CALL)].map(([, name = ""]): [string, boolean] => [name, false]),
  ];
  const imports = found.map(([name, typesOnly]) => {
    const bare = !name.startsWith(".");
    const target = bare ? name : posix.join(posix.dirname(path), name).replace(/\.js$/, ".ts");
    return { target, bare, typesOnly };
  });
  const code = uncommented.replace(TOKEN, (token) => (token.startsWith("`") ? token : '""'));
  return { path, code, imports };
}

/** Every TypeScript file below a folder of the project, which is the working directory. */
export function sourcesUnder(root: string): readonly Source[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => posix.join(root, name.replaceAll("\\", "/")))
    .sort()
    .map((path) => source(path, readFileSync(path, "utf8")));
}

/** A declaration file: it has no code of its own. */
export const isDeclaration = ({ path }: Source) => path.endsWith(".d.ts");

/** One line a cycle, from the file where the search met it; types count. */
export function cycles(sources: readonly Source[]): readonly string[] {
  const byPath = new Map(sources.map((each) => [each.path, each]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(" > "));
    else if (!done.has(path)) {
      for (const { target } of byPath.get(path)?.imports ?? []) visit(target, [...trail, path]);
      done.add(path);
    }
  };
  for (const { path } of sources) visit(path, []);
  return found;
}

/** All that the given files import, directly or not, themselves included. */
export function closure(sources: readonly Source[], roots: readonly string[]): readonly string[] {
  const byPath = new Map(sources.map((each) => [each.path, each]));
  const reached = new Set<string>(roots);
  for (const path of reached) for (const { target } of byPath.get(path)?.imports ?? []) reached.add(target);
  return [...reached].sort();
}

/** `path: match` of every match of a global pattern in code. */
export function containing(sources: readonly Source[], pattern: RegExp): readonly string[] {
  return sources
    .filter((each) => !isDeclaration(each))
    .flatMap(({ path, code }) => [...code.matchAll(pattern)].map(([match]) => `${path}: ${match.trim()}`));
}
