/** The manifest of the simulator's program names what `main.ts` reaches, so that a module more or less shows here. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { closure, sourcesUnder } from "../../architecture/sources.js";

const FOLDER = "host-sim/moddable";

interface Manifest {
  readonly modules: { readonly [pattern: string]: string | readonly string[] };
  readonly creation: { readonly main: string };
}

const manifest = JSON.parse(readFileSync(`${FOLDER}/manifest.json`, "utf8")) as Manifest;

/** Each module that is named, and the file it is made of; `*` at the end stands for every file of a folder. */
function named(): ReadonlyMap<string, string> {
  const files = [...sourcesUnder("firmware"), ...sourcesUnder("host-sim")].map(({ path }) => path);
  const found = new Map<string, string>();
  for (const [pattern, from] of Object.entries(manifest.modules))
    for (const each of [from].flat()) {
      const path = posix.join(FOLDER, each);
      const folder = posix.dirname(path);
      const all = files.filter((file) => posix.dirname(file) === folder && file.endsWith(".ts"));
      const chosen = each.endsWith("/*") ? all : [path.startsWith("node_modules/") ? `${path}.js` : `${path}.ts`];
      for (const file of chosen) found.set(pattern.replace("*", posix.parse(file).name), file);
    }
  return found;
}

/** What is left of the program's graph at run time. */
function reached(): readonly string[] {
  const sources = [...sourcesUnder("firmware"), ...sourcesUnder("host-sim")].map((each) => ({
    ...each,
    imports: each.imports.filter(({ typesOnly }) => !typesOnly),
  }));
  return closure(sources, [`${FOLDER}/main.ts`]);
}

describe("the manifest of the pump in the Moddable simulator", () => {
  it("names every module that its main module reaches, each as relative imports resolve it", () => {
    const modules = named();
    const own = reached().filter((path) => path.endsWith(".ts"));
    assert.ok(own.length > 90);
    assert.deepEqual(
      own.filter((path) => modules.get(path.replace(/\.ts$/, "")) !== path),
      [],
    );
    assert.ok(modules.has(manifest.creation.main));
    const noble = reached().filter((path) => path.startsWith("@noble/"));
    assert.ok(noble.length > 3);
    assert.deepEqual(
      noble.filter((path) => !modules.has(path.replace(/\.js$/, ""))),
      [],
    );
  });

  it("names none that is not there, and none one by one that nothing reaches", () => {
    const files = [...named().values()];
    assert.deepEqual(
      files.filter((file) => !existsSync(file)),
      [],
    );
    const used = new Set(reached());
    const single = Object.values(manifest.modules)
      .flat()
      .filter((each) => !each.endsWith("/*"))
      .map((each) => `${posix.join(FOLDER, each)}.ts`);
    assert.deepEqual(
      single.filter((path) => !path.startsWith("node_modules/") && !used.has(path)),
      [],
    );
  });
});
