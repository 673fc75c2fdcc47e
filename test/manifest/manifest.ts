/**
 * The manifest as mcconfig reads it (Moddable SDK 8.2, documentation/tools/manifest.md), for one platform: which module
 * is which file, what is preloaded, what of the SDK comes along. Follows the project's own includes, not the SDK's.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";

type Names = string | readonly string[];

interface ManifestText {
  readonly include?: Names;
  readonly modules?: { readonly [name: string]: Names };
  readonly preload?: Names;
  readonly defines?: { readonly [name: string]: unknown };
  readonly creation?: { readonly [name: string]: unknown };
  readonly platforms?: { readonly [platform: string]: ManifestText };
}

export interface Manifest {
  /** File of each module by its name, from the root of the project. */
  readonly modules: ReadonlyMap<string, string>;
  /** C sources, from the root of the project. */
  readonly native: readonly string[];
  /** Names, patterns written out. */
  readonly preload: readonly string[];
  /** Manifests of the SDK, without `$(MODDABLE)/`. */
  readonly sdk: readonly string[];
  /** Modules of the SDK that are named one by one. */
  readonly sdkModules: readonly string[];
  readonly defines: { readonly [name: string]: unknown };
  readonly creation: { readonly [name: string]: unknown };
}

const SDK = "$(MODDABLE)/";
/** What mcconfig takes for source text, in the order in which it would look. */
const EXTENSIONS = [".ts", ".js", ".c"];

const listOf = (names: Names | undefined): readonly string[] =>
  names === undefined ? [] : typeof names === "string" ? [names] : names;

/** Files that one entry stands for. Throws when there is none: mcconfig only warns. */
function filesOf(entry: string, folder: string): readonly string[] {
  const path = posix.join(folder, entry);
  if (path.endsWith("/*"))
    return readdirSync(posix.dirname(path))
      .filter((name) => EXTENSIONS.includes(posix.extname(name)) && !name.endsWith(".d.ts"))
      .map((name) => posix.join(posix.dirname(path), name));
  const found = EXTENSIONS.map((extension) => path + extension).filter((file) => existsSync(file));
  if (found.length === 0) throw new Error(`${entry} in ${folder}/manifest.json is no file`);
  return found;
}

/** Reads a manifest of the project. Throws for what this reader does not know, so that nothing goes unseen. */
export function readManifest(path: string, platform: string): Manifest {
  const modules = new Map<string, string>();
  const native: string[] = [];
  const patterns: string[] = [];
  const sdk: string[] = [];
  const sdkModules: string[] = [];
  const defines: { [name: string]: unknown } = {};
  const creation: { [name: string]: unknown } = {};

  const takeModules = (folder: string, name: string, entries: Names) => {
    if (name === "~") return;
    for (const entry of listOf(entries)) {
      if (entry.startsWith("$(")) {
        if (!name.endsWith("*")) sdkModules.push(name);
        continue;
      }
      for (const file of filesOf(entry, folder)) {
        const stem = posix.basename(file, posix.extname(file));
        if (file.endsWith(".c")) native.push(file);
        else modules.set(name.endsWith("*") ? name.slice(0, -1) + stem : name, file);
      }
    }
  };
  const take = (manifestPath: string, text: ManifestText) => {
    const folder = posix.dirname(manifestPath);
    for (const include of listOf(text.include))
      if (include.startsWith(SDK)) sdk.push(include.slice(SDK.length));
      else open(posix.join(folder, include));
    for (const [name, entries] of Object.entries(text.modules ?? {})) takeModules(folder, name, entries);
    patterns.push(...listOf(text.preload));
    Object.assign(defines, text.defines);
    Object.assign(creation, text.creation);
    const own = text.platforms?.[platform];
    if (own) take(manifestPath, own);
  };
  const open = (manifestPath: string) => take(manifestPath, JSON.parse(readFileSync(manifestPath, "utf8")));
  open(path);

  const preload = patterns.flatMap((pattern) => {
    if (!pattern.endsWith("/*")) return [pattern];
    const prefix = pattern.slice(0, -1);
    return [...modules.keys()].filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes("/"));
  });
  return {
    modules,
    native: native.sort(),
    preload: [...new Set(preload)].sort(),
    sdk: sdk.sort(),
    sdkModules,
    defines,
    creation,
  };
}
