/**
 * The XS engine, built from the C sources in npm's @agoric/xsnap by the machine's own compiler: XS 13.3, where the
 * Moddable SDK 8.2 has 17.9. Owns the compiled runner, which is kept until sources, flags or compiler change.
 */

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";

/** A runner. `slotBits` 32: slots of 16 bytes, as on the ESP32. 64: the compiler has no 32-bit libraries. */
export interface ReadyEngine {
  readonly kind: "ready";
  readonly path: string;
  readonly slotBits: 32 | 64;
}

/** A runner that is there, or why there is none. */
export type Engine = ReadyEngine | { readonly kind: "absent"; readonly why: string };

const PACKAGE = resolve("node_modules/@agoric/xsnap");
const SOURCES = join(PACKAGE, "moddable/xs/sources");
const PLATFORM = join(PACKAGE, "xsnap-native/xsnap/sources");
const RUNNER = resolve("test/xs/runner.c");
const CACHE = resolve("node_modules/.cache/countersign");

/** What the engine is made of. Computrons depend on these and on nothing else, so they stand as they are. */
const FLAGS = [
  "-O2",
  "-w",
  "-fno-common",
  "-DINCLUDE_XSPLATFORM",
  '-DXSPLATFORM="xsnapPlatform.h"',
  ...["BoundsCheck", "Lockdown", "Metering", "MinusZero", "NoConsole", "Parse", "Run", "Sloppy", "Snapshot"].map(
    (feature) => `-Dmx${feature}=1`,
  ),
  "-DmxRegExpUnicodePropertyEscapes=1",
  "-DmxStringNormalize=1",
  "-D__has_builtin(x)=1",
  `-I${join(PACKAGE, "moddable/xs/includes")}`,
  `-I${join(PACKAGE, "moddable/xs/platforms")}`,
  `-I${SOURCES}`,
  `-I${PLATFORM}`,
];
/** Doubles as the ESP32 has them, not the 80 bits of x87: without SSE the engine computes other numbers. */
const FLAGS_32_BIT = ["-m32", "-msse2", "-mfpmath=sse"];
const LIBRARIES = ["-lm", "-lpthread", "-ldl"];
const COMPILER = "cc";
/** What every program prints last. */
export const LAST_LINE = "END";
/** Longest run of a program, in ms: beyond any test, so that a program that never ends shows itself. */
const RUN_MAXIMUM_MS = 600_000;
const OUTPUT_MAXIMUM_BYTES = 256 * 2 ** 20;

function compiles(flags: readonly string[]): boolean {
  const arguments_ = [...flags, "-x", "c", "-", "-o", "/dev/null", ...LIBRARIES];
  return spawnSync(COMPILER, arguments_, { input: "#include <math.h>\nint main(void) { return 0; }\n" }).status === 0;
}

/** The engine of this machine, without building it. */
function kindOfBuild(): { readonly flags: readonly string[]; readonly slotBits: 32 | 64 } | { readonly why: string } {
  if (!existsSync(SOURCES)) return { why: "node_modules/@agoric/xsnap is not installed: run npm ci" };
  if (compiles(FLAGS_32_BIT)) return { flags: FLAGS_32_BIT, slotBits: 32 };
  if (compiles([])) return { flags: [], slotBits: 64 };
  return { why: `there is no C compiler that works under the name ${COMPILER}: install gcc and gcc-multilib` };
}

function compile(source: string, flags: readonly string[], object: string): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn(COMPILER, ["-c", ...FLAGS, ...flags, source, "-o", object], { stdio: "inherit" });
    child.on("error", failed);
    child.on("close", (status) => (status === 0 ? done() : failed(new Error(`${source} does not compile`))));
  });
}

/**
 * Builds the runner unless it is there already. Rejects when the compiler works and the sources do not compile. Two
 * processes may build at once: each works in a folder of its own, and the last to finish is kept.
 */
export async function buildEngine(): Promise<Engine> {
  const build = kindOfBuild();
  if ("why" in build) return { kind: "absent", why: build.why };
  const { flags, slotBits } = build;
  const sources = [
    ...readdirSync(SOURCES)
      .filter((name) => name.endsWith(".c"))
      .map((name) => join(SOURCES, name)),
    join(PLATFORM, "xsnapPlatform.c"),
    RUNNER,
  ];
  const hash = createHash("sha256").update(JSON.stringify([FLAGS, flags, LIBRARIES]));
  hash.update(spawnSync(COMPILER, ["--version"]).stdout);
  for (const source of sources) hash.update(readFileSync(source));
  const path = join(CACHE, `xs-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(path)) return { kind: "ready", path, slotBits };

  const folder = join(CACHE, `build-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const objects = sources.map((source) => join(folder, `${basename(source, ".c")}.o`));
  const waiting = [...sources.keys()];
  const worker = async () => {
    for (let i = waiting.shift(); i !== undefined; i = waiting.shift())
      await compile(sources[i] ?? "", flags, objects[i] ?? "");
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const made = join(folder, "xs");
  const linked = spawnSync(COMPILER, [...flags, ...objects, ...LIBRARIES, "-o", made], { stdio: "inherit" });
  if (linked.status !== 0) throw new Error("the XS engine does not link");
  renameSync(made, path);
  rmSync(folder, { recursive: true });
  return { kind: "ready", path, slotBits };
}

/**
 * Runs programs to their end, in order and on one machine, and gives the lines that they printed. Throws with what they
 * wrote when one threw, died, or ran over its time, and when the last did not print its last line: a program that
 * stops halfway may still exit with 0.
 */
export function runOnXs(engine: ReadyEngine, ...programs: readonly string[]): readonly string[] {
  const options = { encoding: "utf8", timeout: RUN_MAXIMUM_MS, maxBuffer: OUTPUT_MAXIMUM_BYTES } as const;
  const { status, signal, stdout, stderr, error } = spawnSync(engine.path, programs, options);
  const lines = stdout?.split("\n") ?? [];
  const [last, empty] = lines.slice(-2);
  if (status !== 0 || error || last !== LAST_LINE || empty !== "") {
    const tail = lines.slice(-20).join("\n");
    throw new Error(
      `${programs.map((program) => basename(program)).join(", ")} on XS: status ${status}, signal ${signal}, ${error ?? ""}\n${tail}\n${stderr}`,
    );
  }
  return lines.slice(0, -2);
}

/** Whether this is a machine where a missing tool is a failure, not a skipped test. */
export function inContinuousIntegration(): boolean {
  return process.env["CI"] === "true";
}

/** The engine for a suite; skips the suite where it cannot be had, or fails it in continuous integration. */
export async function engineFor(suite: Mocha.Context): Promise<ReadyEngine> {
  suite.timeout(RUN_MAXIMUM_MS);
  const engine = await buildEngine();
  if (engine.kind === "ready") return engine;
  if (inContinuousIntegration()) throw new Error(engine.why);
  return suite.skip();
}
