/**
 * Prints, for every requirement of firmware/SECURITY.md, the tests that name it and how they ended in the last run of
 * mocha. Run from the root of the project; `--verbose` lists the tests' titles. Exits 0 when every requirement is
 * shown to hold, 1 when one is not, 2 when there is nothing to read.
 */

import { existsSync, readFileSync } from "node:fs";
import { RESULTS_PATH, requirementsOf, type TestResult, type TracedRequirement, traceOf } from "./matrix.js";

const SPECIFICATION_PATH = "firmware/SECURITY.md";
const LINE_LENGTH = 120;

function rowText({ requirement, tests }: TracedRequirement): string {
  const count = (state: TestResult["state"]) => tests.filter((test) => test.state === state).length;
  const line = `${requirement.id.padEnd(7)}${`${count("passed")} passed`.padEnd(11)}${`${count("failed")} failed`.padEnd(10)} ${requirement.text}`;
  return line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH - 3)}...` : line;
}

function run(verbose: boolean): number {
  for (const [path, remedy] of [
    [SPECIFICATION_PATH, "run from the root of the project"],
    [RESULTS_PATH, "run npm test first"],
  ] as const)
    if (!existsSync(path)) {
      console.error(`${path} is missing: ${remedy}`);
      return 2;
    }
  const results = JSON.parse(readFileSync(RESULTS_PATH, "utf8")) as readonly TestResult[];
  const { rows, problems } = traceOf(requirementsOf(readFileSync(SPECIFICATION_PATH, "utf8")), results);
  for (const row of rows) {
    console.log(rowText(row));
    if (verbose) for (const { state, title } of row.tests) console.log(`         ${state}: ${title}`);
  }
  for (const problem of problems) console.error(problem);
  console.log(`${rows.length} requirements, ${results.length} tests, ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

process.exitCode = run(process.argv.includes("--verbose"));
