/**
 * Programs for the XS engine: TypeScript bundled into one file, with what XS has no module for replaced. The firmware
 * of a program is `firmware/main.ts` itself, as text of its own that a power-up runs anew: nothing in its memory
 * outlives a restart.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type BuildOptions, buildSync } from "esbuild";
import { LAST_LINE } from "./engine.js";

const PROGRAMS = resolve(".build/xs");

/** XS 13.3 runs static fields and blocks of classes in the wrong scope; esbuild writes them as plain code. */
const FOR_XS: BuildOptions = {
  bundle: true,
  charset: "utf8",
  target: "es2022",
  supported: { "class-static-field": false, "class-static-blocks": false },
  loader: { ".json": "json" },
  logLevel: "error",
  write: false,
  absWorkingDir: resolve("."),
};

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
    ["embedded:storage/flash", "flash"],
    ["embedded:storage/key-value", "keyValue"],
    ["time", "time"],
    ["timer", "timer"],
  ].map(([specifier, name]) => [specifier, `${ON_XS}/sdk/${name}.ts`]),
);

function built(options: BuildOptions): string {
  const [output] = buildSync({ ...FOR_XS, ...options }).outputFiles ?? [];
  if (output === undefined) throw new Error("esbuild gave no output");
  return output.text;
}

/**
 * The text of a function that boots the firmware: `(sdk, native, trace) => void`, as `Firmware` of on/firmware.ts
 * types it.
 */
export function firmwareFunction(minify = false): string {
  const text = built({ entryPoints: ["firmware/main.ts"], format: "iife", alias: SDK_MODULES, minify });
  return `(function (sdk, native, trace) {"use strict";\n${text}})`;
}

/** Writes a program of some statements in TypeScript, and gives its path. */
export function bundleProgram(name: string, statements: string, firmware = false): string {
  const stdin = { contents: statements, resolveDir: resolve("."), sourcefile: `${name}.ts`, loader: "ts" } as const;
  const text = built({ stdin, format: "esm", alias: NODE_MODULES });
  const path = join(PROGRAMS, `${name}.js`);
  const boot = firmware ? `globalThis.bootFirmware = ${firmwareFunction()};\n` : "";
  const files = JSON.stringify(Object.fromEntries(FILES.map((file) => [file, readFileSync(file, "utf8")])));
  const read = text.includes("FILES[") ? `globalThis.FILES = ${files};\n` : "";
  mkdirSync(PROGRAMS, { recursive: true });
  writeFileSync(path, `${boot}${read}${text}\nprint(${JSON.stringify(LAST_LINE)});\n`);
  return path;
}
