import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { DEFECTS, type Defect } from "./defects.js";

interface Outcome {
  readonly ran: number;
  readonly failed: number;
  readonly output: string;
}

const CHILDREN = 2;

/** Runs the test that is to catch a defect, with the defect in place. */
function run(defect: Defect): Promise<Outcome> {
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const { module, from, to } = defect;
  const parameters = [
    "--import",
    "./.build/test/defects/plant.js",
    "node_modules/mocha/bin/mocha.js",
    "--no-config",
    "--timeout=60000",
    "--reporter=json",
    `--fgrep=${defect.caughtBy.title}`,
    `.build/test/${defect.caughtBy.file}.test.js`,
  ];
  return new Promise((resolve) => {
    const options = { env: { ...env, DEFECT: JSON.stringify({ module, from, to }) }, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, parameters, options, (_error, stdout, stderr) => {
      const from = stdout.indexOf("{");
      try {
        const { stats } = JSON.parse(stdout.slice(from)) as { stats: { tests: number; failures: number } };
        resolve({ ran: stats.tests, failed: stats.failures, output: stdout });
      } catch {
        resolve({ ran: 0, failed: 0, output: `${stdout}\n${stderr}` });
      }
    });
  });
}

describe("planted defects", () => {
  const outcomes = new Map<Defect, Outcome>();

  before(async function () {
    this.timeout(120_000);
    const waiting = [...DEFECTS];
    const work = async (): Promise<void> => {
      for (let defect = waiting.shift(); defect; defect = waiting.shift()) outcomes.set(defect, await run(defect));
    };
    await Promise.all(Array.from({ length: CHILDREN }, work));
  });

  for (const defect of DEFECTS) {
    it(`"${defect.name}" is caught by "${defect.caughtBy.title}" (SV-03)`, () => {
      const outcome = outcomes.get(defect);
      assert.ok(outcome && outcome.ran > 0, `the test did not run: ${outcome?.output.slice(0, 2_000)}`);
      assert.ok(!outcome.output.includes("DEFECT NOT PLANTED"), outcome.output.slice(0, 2_000));
      assert.ok(outcome.failed > 0, "the test passes with the defect in place");
    });
  }
});
