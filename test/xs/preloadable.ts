/**
 * Which of the firmware's modules the SDK can evaluate at build time and keep in flash: all but noble's SHA-2 and HKDF,
 * whose scratch buffers must be written to, and whatever imports one of these. The SDK's simulator has run X25519 of
 * noble's curves, HMAC and ChaCha20-Poly1305 from modules in flash, and shown that the other two throw there.
 */

import { readFileSync } from "node:fs";
import { closure, type Source, source, sourcesUnder } from "../architecture/sources.js";

/** Modules of noble that the firmware reaches and that may be preloaded. */
const NOBLE = [
  "@noble/hashes/_md.js",
  "@noble/hashes/_u64.js",
  "@noble/hashes/hmac.js",
  "@noble/hashes/utils.js",
  "@noble/ciphers/_arx.js",
  "@noble/ciphers/_poly1305.js",
  "@noble/ciphers/chacha.js",
  "@noble/ciphers/utils.js",
  "@noble/curves/abstract/curve.js",
  "@noble/curves/abstract/modular.js",
  "@noble/curves/abstract/montgomery.js",
  "@noble/curves/utils.js",
];
/** Modules of noble that write to working memory of their own. */
export const NEEDS_RAM = /^@noble\/hashes\/(sha2|hkdf)\.js$/;
const SDK = /^(embedded:|time$|timer$)/;
const isOutside = (target: string) => [NEEDS_RAM, SDK].some((each) => each.test(target));

/** Their paths from the root of the project. */
export function preloadablePaths(): readonly string[] {
  const firmware: readonly Source[] = sourcesUnder("firmware")
    .filter(({ path }) => !path.endsWith(".d.ts"))
    .map(({ path }) => runTime(path));
  const own = firmware.map(({ path }) => path).filter((path) => !closure(firmware, [path]).some(isOutside));
  return [...NOBLE.map((name) => `node_modules/${name}`), ...own];
}

/** A source with those of its imports that are left at run time. */
function runTime(path: string): Source {
  const read = source(path, readFileSync(path, "utf8"));
  return { ...read, imports: read.imports.filter(({ typesOnly }) => !typesOnly) };
}
