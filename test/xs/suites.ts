/** Test files run on XS: their titles as mocha has them under Node, and what became of each on XS. */

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { bundleProgram } from "./bundle.js";
import { type ReadyEngine, runOnXs } from "./engine.js";

const MOCHA = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");
/** A dry run of mocha lists a few hundred titles. */
const OUTPUT_MAXIMUM_BYTES = 16 * 2 ** 20;

/** Full titles of the tests of some files (paths of the sources), as mocha declares them, sorted. */
export function titlesUnderNode(files: readonly string[]): readonly string[] {
  const built = files.map((file) => `.build/${file.replace(/\.ts$/, ".js")}`);
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [MOCHA, "--no-config", "--dry-run", "--reporter", "json", ...built],
    { encoding: "utf8", maxBuffer: OUTPUT_MAXIMUM_BYTES },
  );
  if (status !== 0) throw new Error(`mocha --dry-run ended with ${status}: ${stderr}`);
  const report: { readonly tests: readonly { readonly fullTitle: string }[] } = JSON.parse(stdout);
  return report.tests.map(({ fullTitle }) => fullTitle).sort();
}

/** What came of a run. */
export interface XsReport {
  /** Full titles of what passed, sorted. */
  readonly passed: readonly string[];
  /** Everything else that was printed: what failed, and why. */
  readonly failed: readonly string[];
}

/** Runs the tests of some files on XS, all in one program. */
export async function runTests(engine: ReadyEngine, name: string, files: readonly string[]): Promise<XsReport> {
  const imports = files.map((file) => `import ${JSON.stringify(`./${file}`)};`);
  const statements = ['import { report } from "./test/xs/on/unitTests.ts";', ...imports, "report();"];
  const lines = runOnXs(engine, await bundleProgram(name, statements.join("\n")));
  const ok = /^ok /;
  return {
    passed: lines
      .filter((line) => ok.test(line))
      .map((line) => line.replace(ok, ""))
      .sort(),
    failed: lines.filter((line) => !ok.test(line)),
  };
}
