/**
 * Mocha's spec reporter that also writes every test's full title and state to `.build/test-results.json`, for
 * trace.ts. The file is removed when a run begins, so a run that dies leaves none rather than an old one. The default
 * export is how mocha takes a reporter.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import Mocha from "mocha";
import { RESULTS_PATH, type TestResult } from "./matrix.js";

export default class TraceReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const results: TestResult[] = [];
    const note = (state: TestResult["state"]) => (test: { fullTitle(): string }) => {
      results.push({ title: test.fullTitle(), state });
    };
    rmSync(RESULTS_PATH, { force: true });
    runner.on("pass", note("passed"));
    runner.on("fail", note("failed"));
    runner.on("pending", note("pending"));
    runner.once("end", () => {
      mkdirSync(dirname(RESULTS_PATH), { recursive: true });
      writeFileSync(RESULTS_PATH, `${JSON.stringify(results, undefined, 1)}\n`);
    });
  }
}
