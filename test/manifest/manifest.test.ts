/** manifest.json against the sources: what no test without the SDK would notice otherwise. */

import { strict as assert } from "node:assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { isDeclaration, type Source, sourcesUnder } from "../architecture/sources.js";
import { NEEDS_RAM, preloadablePaths } from "../xs/preloadable.js";
import { type Manifest, readManifest } from "./manifest.js";
import { CONFIG_MODULE, SDK_MODULES } from "./sdk.js";

const NOBLE = "@noble/";
const MAIN = "firmware/main";
const SIMULATOR_MAIN = "host-sim/moddable/main";
/** Settings of the ESP-IDF that security or safety rests on, which nothing that runs here would miss. */
const SETTINGS: readonly (readonly [setting: string, reason: string])[] = [
  ["CONFIG_ESP_TASK_WDT_EN=y", "a firmware that hangs is noticed"],
  ["CONFIG_ESP_TASK_WDT_INIT=y", "it is noticed from the start on"],
  ["CONFIG_ESP_TASK_WDT_PANIC=y", "a hang restarts the board: coils off comes first at boot"],
  ["CONFIG_ESP_TASK_WDT_TIMEOUT_S=5", "a hang is over within 5 s"],
  ["CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS=n", "an image that is damaged is not started"],
  ["CONFIG_BT_NIMBLE_MAX_CONNECTIONS=1", "native/link.c and the session know one central"],
  ["CONFIG_BTDM_CTRL_BLE_MAX_CONN=1", "nor does the chip's Bluetooth controller take more than one"],
  ["CONFIG_BT_NIMBLE_SM_SC_ONLY=1", "NimBLE refuses legacy pairing, which mcconfig switches on"],
  ["CONFIG_BT_NIMBLE_ATT_MAX_PREP_ENTRIES=4", "long writes leave the buffers that indications need"],
  ["CONFIG_ESP_COREDUMP_ENABLE_TO_UART=n", "no crash writes the stacks, keys among them, to the serial port"],
  ["CONFIG_ESP_COREDUMP_ENABLE_TO_NONE=y", "nor to anywhere else"],
];

const esp32 = readManifest("manifest.json", "esp32");
const simulator = readManifest("manifest.json", "lin");
const sources = [...sourcesUnder("firmware"), ...sourcesUnder("host-sim")].filter((each) => !isDeclaration(each));

/** Files import by path, XS finds by name: the same without an extension, or without the folder of packages. */
const nameOf = (file: string) => file.replace(/^node_modules\//, "").replace(/\.(ts|js)$/, "");
const isOurs = (name: string) => /^(firmware|host-sim|@noble)\//.test(name);

/**
 * Names of all modules that `main` reaches, those of noble by noble's own imports and those of the SDK by theirs.
 * @param types whether what is imported for its types alone counts: tsc reads it, XS does not
 */
function reachable(main: string, types: boolean): readonly string[] {
  const byName = new Map<string, Source>(sources.map((each) => [nameOf(each.path), each]));
  const reached = new Set([main]);
  for (const name of reached) {
    const imports = byName.get(name)?.imports.filter(({ typesOnly }) => types || !typesOnly);
    for (const { target } of imports ?? []) reached.add(nameOf(target));
    if (name.startsWith(NOBLE)) for (const target of importsOfNoble(name)) reached.add(target);
  }
  return [...reached].sort();
}

function importsOfNoble(name: string): readonly string[] {
  const text = readFileSync(`node_modules/${name}.js`, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const specifiers = [...text.matchAll(/\bfrom\s*["']([^"']+)["']/g)].map(([, specifier = ""]) => specifier);
  return specifiers.map((specifier) =>
    nameOf(specifier.startsWith(".") ? posix.join(posix.dirname(name), specifier) : specifier),
  );
}

/** What is amiss between a manifest and what its main reaches, one line each. */
function amiss({ modules }: Pick<Manifest, "modules">, main: string): readonly string[] {
  const [needed, known] = [reachable(main, false), reachable(main, true)];
  const wrong = [...modules].filter(([name, file]) => nameOf(file) !== name);
  return [
    ...needed.filter((name) => isOurs(name) && !modules.has(name)).map((name) => `${name} is missing`),
    ...[...modules.keys()].filter((name) => !known.includes(name)).map((name) => `${name} is reached by nothing`),
    ...wrong.map(([name, file]) => `${file} is named ${name}`),
  ];
}

/** Modules of the SDK that are imported, and those that a manifest brings. */
function ofSdk({ sdk, sdkModules }: Manifest, main: string) {
  const provided = [...sdk.flatMap((each) => SDK_MODULES[each] ?? [`${each}, which is not known here`]), ...sdkModules];
  const imported = reachable(main, false).filter((name) => !isOurs(name) && name !== CONFIG_MODULE);
  return { imported: imported.sort(), provided: provided.sort() };
}

describe("manifest of the simulator", () => {
  it("has every module that its main.ts reaches under the name that it is imported by, and no other", () => {
    assert.equal(simulator.creation["main"], SIMULATOR_MAIN);
    assert.deepEqual(amiss(simulator, SIMULATOR_MAIN), []);
  });

  it("imports no module that the SDK does not have, and brings no part of the SDK that nothing imports", () => {
    const { imported, provided } = ofSdk(simulator, SIMULATOR_MAIN);
    assert.deepEqual(imported, provided);
  });

  it("runs the firmware from read-only memory, as a board does", () => {
    const firmware = esp32.preload.filter((name) => simulator.modules.has(name));
    assert.deepEqual(
      firmware.filter((name) => !simulator.preload.includes(name)),
      [],
    );
    assert.ok(firmware.length > 60);
  });
});

describe("manifest of the ESP32", () => {
  it("has every module that main.ts reaches under the name that it is imported by, and no other", () => {
    assert.ok(reachable(MAIN, false).length > 60);
    assert.deepEqual(amiss(esp32, MAIN), []);
    const planted = new Map(esp32.modules);
    planted.delete("@noble/hashes/_md");
    planted.set("pump/radio", "firmware/radio.ts");
    assert.deepEqual(amiss({ modules: planted }, MAIN), [
      "@noble/hashes/_md is missing",
      "pump/radio is reached by nothing",
      "firmware/radio.ts is named pump/radio",
    ]);
  });

  it("starts with main.ts, and compiles every C source that it names and no other", () => {
    assert.equal(esp32.creation["main"], MAIN);
    const written = readdirSync("firmware/native").map((file) => `firmware/native/${file}`);
    assert.deepEqual(esp32.native, written.filter((file) => file.endsWith(".c")).sort());
    const symbols = esp32.native.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/^void (xs_\w+)\(xsMachine \*the\)/gm)].map(([, symbol = ""]) => symbol),
    );
    const asked = [...readFileSync("firmware/main.ts", "utf8").matchAll(/\bnative\("(\w+)"\)/g)].map(
      ([, symbol = ""]) => symbol,
    );
    assert.deepEqual([...new Set(asked)].sort(), symbols.sort());
  });

  it("preloads all that can be in flash, and nothing that must write to itself", () => {
    const own = (path: string) => esp32.modules.has(nameOf(path));
    assert.deepEqual(esp32.preload, preloadablePaths().filter(own).map(nameOf).sort());
    for (const file of esp32.preload) assert.ok(!NEEDS_RAM.test(`${file}.js`), file);
    assert.ok(!esp32.preload.includes(MAIN));
  });

  it("imports no module that the SDK does not have, and brings no part of the SDK that nothing imports", () => {
    const { imported, provided } = ofSdk(esp32, MAIN);
    assert.deepEqual(imported, provided);
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

  for (const [setting, reason] of SETTINGS)
    it(`sets ${setting}: ${reason}`, () => {
      const lines = readFileSync("firmware/esp32/sdkconfig.defaults", "utf8").split("\n");
      const name = setting.slice(0, setting.indexOf("=") + 1);
      assert.deepEqual(
        lines.filter((line) => line.startsWith(name)),
        [setting],
      );
    });

  it("gives XS a queue of 32 messages, which a central cannot fill: full, it would lose the button's edge", () => {
    assert.deepEqual(esp32.defines, { task: { queueLength: 32 } });
  });

  it("gives XS one block of 96 KiB: over what the pump needs, under what an ESP32 has in one piece", () => {
    assert.equal(esp32.creation["static"], 96 * 1_024);
    assert.match(readFileSync("firmware/HARDWARE.md", "utf8"), /one block of 96 KiB \(`creation\.static`\)/);
  });
});
