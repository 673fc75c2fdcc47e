/** The check of the firmware's C: the machine's compiler reads it against the headers in include/. Owns nothing. */

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

/** Standard of ESP-IDF's compiler; every warning is an error, since nobody looks at a build's output twice. */
const FLAGS = ["-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c"];
const INCLUDE = resolve("test/native/include");
/** Far over what a file takes, so that a compiler that hangs shows itself. */
const LIMIT_MS = 20_000;

/** Why there is no compiler; undefined when there is one. */
export function compilerAbsent(): string | undefined {
  const { error, status } = spawnSync("gcc", ["--version"], { timeout: LIMIT_MS });
  return error || status !== 0 ? "no gcc here: install a C compiler (Debian: gcc)" : undefined;
}

/** What the compiler says of one C source: empty when it is clean. */
export function complaints(source: string, ...flags: readonly string[]): string {
  const { status, stderr, error } = spawnSync("gcc", [...FLAGS, ...flags, `-I${INCLUDE}`, "-"], {
    input: source,
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  return status === 0 ? stderr : stderr || `gcc ended with ${status ?? error?.message}`;
}
