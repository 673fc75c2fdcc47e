/** manifest.json against the sources, for the ESP32: what no test without the SDK would notice otherwise. */

import { strict as assert } from "node:assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { isDeclaration, type Source, sourcesUnder } from "../architecture/sources.js";
import { NEEDS_RAM, preloadablePaths } from "../xs/preloadable.js";
import { type Manifest, readManifest } from "./manifest.js";
import { SDK_MODULES } from "./sdk.js";

const NOBLE = "@noble/";
const MAIN = "firmware/main";
/** Layouts ahead of the commands that will use them: in flash, and reached by nothing. */
const AHEAD = ["basalProfile", "deviceTime", "recordAccess", "signed"].map((name) => `firmware/ids/${name}`);

const manifest = readManifest("manifest.json", "esp32");
const sources = sourcesUnder("firmware").filter((each) => !isDeclaration(each));

const isOfSdk = (target: string) => Object.values(SDK_MODULES).some((names) => names.includes(target));
/** Files import by path, XS finds by name: the same without an extension, or without the folder of packages. */
const nameOf = (file: string) => file.replace(/^node_modules\//, "").replace(/\.(ts|js)$/, "");

/** Names of the modules that `main` reaches, those of noble by noble's own imports. Types count: tsc reads them. */
function reachable(main: string): readonly string[] {
  const byName = new Map<string, Source>(sources.map((each) => [nameOf(each.path), each]));
  const reached = new Set([main]);
  for (const name of reached) {
    const own = byName.get(name);
    if (own) for (const { target } of own.imports) reached.add(nameOf(target));
    else if (name.startsWith(NOBLE)) for (const target of importsOfNoble(name)) reached.add(target);
  }
  return [...reached].filter((name) => !isOfSdk(name)).sort();
}

function importsOfNoble(name: string): readonly string[] {
  const text = readFileSync(`node_modules/${name}.js`, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const specifiers = [...text.matchAll(/\bfrom\s*["']([^"']+)["']/g)].map(([, specifier = ""]) => specifier);
  return specifiers.map((specifier) =>
    nameOf(specifier.startsWith(".") ? posix.join(posix.dirname(name), specifier) : specifier),
  );
}

/** What is amiss between a manifest and what its main reaches, one line each. */
function amiss({ modules }: Pick<Manifest, "modules">, reached: readonly string[]): readonly string[] {
  const wrong = [...modules].filter(([name, file]) => nameOf(file) !== name);
  return [
    ...reached.filter((name) => !modules.has(name)).map((name) => `${name} is missing`),
    ...[...modules.keys()].filter((name) => !reached.includes(name)).map((name) => `${name} is reached by nothing`),
    ...wrong.map(([name, file]) => `${file} is named ${name}`),
  ];
}

describe("manifest of the ESP32", () => {
  it("has every module that main.ts reaches under the name that it is imported by, and no other", () => {
    const reached = reachable(MAIN);
    assert.ok(reached.length > 60);
    const ahead = AHEAD.map((name) => `${name} is reached by nothing`);
    assert.deepEqual(amiss(manifest, reached), ahead);
    const planted = new Map(manifest.modules);
    planted.delete("@noble/hashes/_md");
    planted.set("pump/radio", "firmware/radio.ts");
    assert.deepEqual(amiss({ modules: planted }, reached), [
      "@noble/hashes/_md is missing",
      ...ahead,
      "pump/radio is reached by nothing",
      "firmware/radio.ts is named pump/radio",
    ]);
  });

  it("starts with main.ts, and compiles every C source that it names and no other", () => {
    assert.equal(manifest.creation["main"], MAIN);
    const written = readdirSync("firmware/native").map((file) => `firmware/native/${file}`);
    assert.deepEqual(manifest.native, written.filter((file) => file.endsWith(".c")).sort());
    const symbols = manifest.native.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/^void (xs_\w+)\(xsMachine \*the\)/gm)].map(([, symbol = ""]) => symbol),
    );
    const asked = [...readFileSync("firmware/main.ts", "utf8").matchAll(/\bnative\("(\w+)"\)/g)].map(
      ([, symbol = ""]) => symbol,
    );
    assert.deepEqual([...new Set(asked)].sort(), symbols.sort());
  });

  it("preloads all that can be in flash, and nothing that must write to itself", () => {
    const own = (path: string) => manifest.modules.has(nameOf(path));
    assert.deepEqual(manifest.preload, preloadablePaths().filter(own).map(nameOf).sort());
    for (const file of manifest.preload) assert.ok(!NEEDS_RAM.test(`${file}.js`), file);
    assert.ok(!manifest.preload.includes(MAIN));
  });

  it("imports no module that the SDK does not have, and brings no part of the SDK that nothing imports", () => {
    const bare = sources.flatMap(({ imports }) =>
      imports.filter((each) => each.bare && !each.target.startsWith(NOBLE)),
    );
    const provided = manifest.sdk.flatMap((each) => SDK_MODULES[each] ?? []);
    assert.deepEqual(
      manifest.sdk.filter((each) => !(each in SDK_MODULES)),
      [],
    );
    assert.deepEqual([...new Set(bare.map(({ target }) => target))].sort(), provided.sort());
  });

  it("keeps a partition for each that the firmware opens, none of them over another or over the 4 MB", () => {
    const rows = readFileSync("firmware/esp32/partitions.csv", "utf8")
      .split("\n")
      .filter((line) => /^\w/.test(line))
      .map((line) => line.split(",").map((cell) => cell.trim()));
    let end = 0x9000;
    for (const [name = "", , , offset, size] of rows) {
      assert.equal(Number(offset), end, name);
      end += Number(size);
    }
    assert.ok(end <= 0x400000);
    const history = rows.find(([name]) => name === "history");
    assert.equal(Number(history?.[4]), 1_048_576);
    assert.ok(!history?.includes("encrypted"), "erased flash that is decrypted does not read FF");
    assert.match(readFileSync("firmware/main.ts", "utf8"), /flash\.open\(\{ path: "history", mode: "r\+" \}\)/);
  });

  it("gives every setting of the ESP-IDF as NAME=value, the only form that mcconfig merges", () => {
    for (const file of readdirSync("firmware/esp32").filter((name) => name.startsWith("sdkconfig"))) {
      const lines = readFileSync(`firmware/esp32/${file}`, "utf8").split("\n");
      const settings = lines.filter((line) => line !== "" && !line.startsWith("# "));
      assert.ok(settings.length > 0, file);
      for (const line of settings) assert.match(line, /^CONFIG_[A-Z0-9_]+=\S+$/);
      assert.equal(new Set(settings.map((line) => line.split("=")[0])).size, settings.length, file);
    }
    assert.ok(existsSync("firmware/esp32/sdkconfig.defaults"));
  });
});
