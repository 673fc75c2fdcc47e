import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DEFECTS, type Defect } from "./defects.js";

interface Outcome {
  readonly ran: number;
  readonly failed: number;
  readonly output: string;
}

/** Below the build folder, so that packages resolve. */
const COPIES = ".build/planted";

/** A copy of the build with one defect in it. Throws when the place does not stand there exactly once. */
function plant(defect: Defect, index: number): string {
  const copy = `${COPIES}/${index}`;
  for (const part of ["firmware", "host-sim", "test"])
    cpSync(`.build/${part}`, `${copy}/${part}`, { recursive: true, filter: (path) => !path.endsWith(".map") });
  const path = `${copy}/${defect.module}`;
  const parts = readFileSync(path, "utf8").split(defect.from);
  assert.equal(parts.length, 2, `"${defect.from}" stands ${parts.length - 1} times in ${defect.module}`);
  writeFileSync(path, parts.join(defect.to));
  return copy;
}

/** Runs the test that is to catch a defect, on a copy with the defect in place. */
function run(defect: Defect, copy: string): Promise<Outcome> {
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const parameters = [
    "node_modules/mocha/bin/mocha.js",
    "--no-config",
    "--bail",
    "--timeout=60000",
    "--reporter=json",
    `--fgrep=${defect.caughtBy.title}`,
    `${copy}/test/${defect.caughtBy.file}.test.js`,
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, parameters, { env, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) => {
      try {
        const { stats } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as {
          readonly stats: { readonly tests: number; readonly failures: number };
        };
        resolve({ ran: stats.tests, failed: stats.failures, output: stdout });
      } catch {
        resolve({ ran: 0, failed: 0, output: `${stdout}\n${stderr}` });
      }
    });
  });
}

describe("planted defects", () => {
  after(() => rmSync(COPIES, { recursive: true, force: true }));

  for (const [index, defect] of DEFECTS.entries()) {
    it(`"${defect.name}" is caught by "${defect.caughtBy.title}" (SV-03)`, async () => {
      const copy = plant(defect, index);
      const outcome = await run(defect, copy);
      rmSync(copy, { recursive: true, force: true });
      assert.ok(outcome.ran > 0, `the test did not run: ${outcome.output.slice(0, 2_000)}`);
      assert.ok(outcome.failed > 0, "the test passes with the defect in place");
    });
  }
});
