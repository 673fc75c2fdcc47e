/**
 * Programs for the XS engine: TypeScript bundled into one file, with what XS has no module for replaced. The firmware
 * of a program is `firmware/main.ts` itself, as text of its own that a power-up runs anew: nothing in its memory
 * outlives a restart.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { LAST_LINE } from "./engine.js";

const PROGRAMS = resolve(".build/xs");

/** XS 13.3 runs static fields and blocks of classes in the wrong scope; esbuild writes them as plain code. */
const FOR_XS = {
  bundle: true,
  charset: "utf8",
  target: "es2022",
  supported: { "class-static-field": false, "class-static-blocks": false },
  legalComments: "none",
  logLevel: "error",
  write: false,
  absWorkingDir: resolve("."),
} satisfies BuildOptions;

const ON_XS = "./test/xs/on";
/** What tests import of Node, and what stands for it. */
const NODE_MODULES = {
  "node:assert/strict": `${ON_XS}/assert.ts`,
  "node:assert": `${ON_XS}/assert.ts`,
  "node:crypto": `${ON_XS}/node/crypto.ts`,
  "node:fs": `${ON_XS}/node/fs.ts`,
  "node:zlib": `${ON_XS}/node/zlib.ts`,
};
/** What tests read with `node:fs`. */
const FILES = [
  "firmware/PROTOCOL.md",
  "firmware/SECURITY.md",
  "host-sim/day/closed-loop-day.json",
  "host-sim/day/programmed-day.json",
  "test/storage/storedPumps.json",
  "test/storage/storedVersions.json",
  "test/vectors/protocol.json",
];
/** What `firmware/main.ts` imports of the SDK, and what stands for it. */
const SDK_MODULES = Object.fromEntries(
  [
    ["embedded:io/analog", "analog"],
    ["embedded:io/bluetoothle/peripheral", "peripheral"],
    ["embedded:io/digital", "digital"],
    ["embedded:io/pulsecount", "pulsecount"],
    ["embedded:io/pwm", "pwm"],
    ["embedded:io/serial", "serial"],
    ["embedded:storage/flash", "flash"],
    ["embedded:storage/key-value", "keyValue"],
    ["mc/config", "config"],
    ["time", "time"],
    ["timer", "timer"],
  ].map(([specifier, name]) => [specifier, `${ON_XS}/sdk/${name}.ts`]),
);

async function built(options: BuildOptions): Promise<string> {
  const { outputFiles = [] } = await build({ ...FOR_XS, ...options });
  const [output] = outputFiles;
  if (output === undefined) throw new Error("esbuild gave no output");
  return output.text;
}

/** Writes a program, and gives its path. */
export function writeProgram(name: string, text: string): string {
  const path = join(PROGRAMS, `${name}.js`);
  mkdirSync(PROGRAMS, { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Statements in TypeScript, with all that they import. */
export function bundle(name: string, statements: string): Promise<string> {
  const stdin = { contents: statements, resolveDir: resolve("."), sourcefile: `${name}.ts`, loader: "ts" } as const;
  return built({ stdin, format: "esm", alias: NODE_MODULES });
}

/** Where the firmware is as plain JavaScript: its modules are asked there for the names that they export. */
const BUILT = ".build";
const asBuilt = (path: string): string => path.replace(/\.ts$/, ".js");

/** Marks a path that this plugin asks esbuild itself to resolve. */
const ASKED = { asked: true };

/** Modules that are there already when the firmware is evaluated, by their path: see `bundlePreloaded`. */
function preloaded(paths: readonly string[]): Plugin {
  return {
    name: "preloaded",
    setup({ onLoad, onResolve, resolve: resolvePath }) {
      onResolve({ filter: /^(\.|@noble\/)/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === ASKED) return undefined;
        const found = await resolvePath(path, { importer, resolveDir, kind, pluginData: ASKED });
        const name = relative(resolve("."), found.path);
        return paths.includes(name) ? { path: name, namespace: "preloaded" } : found;
      });
      onLoad({ filter: /./, namespace: "preloaded" }, async ({ path }) => {
        const names = Object.keys(await import(resolve(path.startsWith("firmware/") ? BUILT : ".", asBuilt(path))));
        const module = `globalThis.preloaded[${JSON.stringify(path)}]`;
        return { contents: names.map((name) => `export const ${name} = ${module}.${name};`).join("\n"), loader: "js" };
      });
    },
  };
}

/** The text that evaluates modules (paths from the root of the project) ahead of the firmware, whole as on a board. */
export function bundlePreloaded(paths: readonly string[]): Promise<string> {
  const imports = paths.map((path, i) => `import * as m${i} from "./${path}";`);
  const entries = paths.map((path, i) => `${JSON.stringify(path)}: m${i}`);
  return bundle("preloaded", `${imports.join("\n")}\nglobalThis.preloaded = { ${entries.join(", ")} };`);
}

/**
 * The text that defines `bootFirmware`, as on/firmware.ts declares it: a function that evaluates the whole firmware
 * anew, but for modules that have been preloaded. Nothing that no one uses is left out, as on a board.
 */
export async function bundleFirmware(preloadedPaths: readonly string[] = []): Promise<string> {
  const text = await built({
    entryPoints: ["firmware/main.ts"],
    format: "iife",
    alias: SDK_MODULES,
    plugins: [preloaded(preloadedPaths)],
    treeShaking: false,
    ignoreAnnotations: true,
  });
  // Modules keep all that they export, used or not.
  const names = Array.from(text.matchAll(/^ {2}(?:var|let|const|function|class) ([\w$]+)/gm), ([, name]) => name);
  const kept = text.replace(/\}\)\(\);\s*$/, `globalThis.kept = () => [${names.join(", ")}];\n})();\n`);
  return `globalThis.bootFirmware = function (sdk, native, trace) {"use strict";\n${kept}};\n`;
}

/** Writes a program of some statements, whole, and gives its path. `firmware` is what `bundleFirmware` gives. */
export async function bundleProgram(name: string, statements: string, firmware = ""): Promise<string> {
  const text = await bundle(name, statements);
  const files = JSON.stringify(Object.fromEntries(FILES.map((file) => [file, readFileSync(file, "utf8")])));
  const read = text.includes("FILES[") ? `globalThis.FILES = ${files};\n` : "";
  return writeProgram(name, `${firmware}${read}${text}\nprint(${JSON.stringify(LAST_LINE)});\n`);
}
