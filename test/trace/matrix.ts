/**
 * Joins the requirements of SECURITY.md to the tests that name them. Pure: reads no file and prints nothing.
 */

/** Where the reporter leaves the results and the trace looks for them, from the root of the project. */
export const RESULTS_PATH = ".build/test-results.json";

/** One row of a requirements table. */
export interface Requirement {
  /** `SR-07`, or `SV-01` for a rule about how the pump is tested. */
  readonly id: string;
  readonly text: string;
}

/** One test as the reporter saw it end. `title` is the full title, with those of its suites. */
export interface TestResult {
  readonly title: string;
  readonly state: "passed" | "failed" | "pending";
}

/** A requirement and every test whose title names it. */
export interface TracedRequirement {
  readonly requirement: Requirement;
  readonly tests: readonly TestResult[];
}

export interface Trace {
  readonly rows: readonly TracedRequirement[];
  /** What breaks the trace, one line each; none when every requirement is shown to hold. */
  readonly problems: readonly string[];
}

const REQUIREMENT_ROW = /^\| (S[RV]-\d+) +\| ([^|]*)\|/gm;
const REQUIREMENT_ID = /\bS[RV]-\d+\b/g;

/** The requirements of a markdown text: rows of a table whose first cell is an ID and whose second is the text. */
export function requirementsOf(markdown: string): readonly Requirement[] {
  return [...markdown.matchAll(REQUIREMENT_ROW)].map(([, id = "", text = ""]) => ({ id, text: text.trim() }));
}

/** The requirement IDs that a test's title names, each once. */
export function idsIn(title: string): readonly string[] {
  return [...new Set(title.match(REQUIREMENT_ID) ?? [])];
}

/**
 * A requirement holds when at least one test that names it passed and none failed; a pending test shows nothing. A
 * test that names an ID no requirement has, and an ID that two requirements share, are problems too.
 */
export function traceOf(requirements: readonly Requirement[], results: readonly TestResult[]): Trace {
  const rows = requirements.map((requirement) => ({
    requirement,
    tests: results.filter((result) => idsIn(result.title).includes(requirement.id)),
  }));
  const known = requirements.map(({ id }) => id);
  const problems: string[] = [];
  if (requirements.length === 0) problems.push("no requirement found");
  for (const id of new Set(known.filter((each, i) => known.indexOf(each) !== i)))
    problems.push(`${id} stands for more than one requirement`);
  for (const { requirement, tests } of rows) {
    if (!tests.some(({ state }) => state === "passed")) problems.push(`${requirement.id} has no passing test`);
    for (const { title, state } of tests)
      if (state === "failed") problems.push(`${requirement.id} has a failing test: ${title}`);
  }
  for (const { title } of results)
    for (const id of idsIn(title)) if (!known.includes(id)) problems.push(`unknown ${id} in the title: ${title}`);
  return { rows, problems };
}
