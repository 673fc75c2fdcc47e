/**
 * The check of the firmware's C: the machine's compiler reads it against the headers in include/, and some of it
 * is run on this machine, with the test's own functions in place of the SDK's and NimBLE's. Owns nothing.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Standard of ESP-IDF's compiler; every warning is an error, since nobody looks at a build's output twice. */
const FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", `-I${resolve("test/native/include")}`];
/** Far over what a file takes, so that a compiler that hangs shows itself. */
const LIMIT_MS = 20_000;

/** Why there is no compiler; undefined when there is one. */
export function compilerAbsent(): string | undefined {
  const { error, status } = spawnSync("gcc", ["--version"], { timeout: LIMIT_MS });
  return error || status !== 0 ? "no gcc here: install a C compiler (Debian: gcc)" : undefined;
}

/** What the compiler says of one C source: empty when it is clean. */
export function complaints(source: string, ...flags: readonly string[]): string {
  const { status, stderr, error } = spawnSync("gcc", [...FLAGS, ...flags, "-fsyntax-only", "-x", "c", "-"], {
    input: source,
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  return status === 0 ? stderr : stderr || `gcc ended with ${status ?? error?.message}`;
}

/**
 * What a C program of this folder, which includes the firmware's C that it runs, prints when it is run with `args`, a line
 * each. Throws when the compiler has anything to say, and when the program does not end with 0.
 */
export function linesOf(program: string, ...args: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "countersign-native-"));
  const file = join(folder, "program");
  const output = (command: string, given: readonly string[]) => {
    const { status, stdout, stderr, error } = spawnSync(command, given, { encoding: "utf8", timeout: LIMIT_MS });
    if (status === 0) return stdout;
    throw new Error(`${program} ${args.join(" ")}: ended with ${status ?? error?.message}\n${stdout}${stderr}`);
  };
  try {
    output("gcc", [...FLAGS, `test/native/${program}`, "-o", file]);
    return output(file, args).split("\n").slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
