import { strict as assert } from "node:assert";
import { idsIn, requirementsOf, type TestResult, traceOf } from "./matrix.js";

// Titles are put together here so that this file's own tests claim no requirement.
const first = ["SR", "01"].join("-");
const second = ["SR", "02"].join("-");
const passed = (title: string): TestResult => ({ title, state: "passed" });
const failed = (title: string): TestResult => ({ title, state: "failed" });

describe("requirement trace", () => {
  it("reads requirements from table rows only", () => {
    const markdown = [
      `Text about ${first}.`,
      "| ID | requirement | why | where |",
      "|---|---|---|---|",
      `| ${first} | The pump shall stop. | hazard | motor |`,
      `| H-01 | ${second} | over-delivery |`,
      `| ${second} | It shall stay stopped. | hazard | therapy |`,
    ].join("\n");
    assert.deepEqual(requirementsOf(markdown), [
      { id: first, text: "The pump shall stop." },
      { id: second, text: "It shall stay stopped." },
    ]);
  });

  it("finds one or several IDs in a title, each once", () => {
    assert.deepEqual(idsIn(`stops (${first})`), [first]);
    assert.deepEqual(idsIn(`stops (${first}, ${second}) and ${first}`), [first, second]);
    assert.deepEqual(idsIn("stops"), []);
  });

  const requirements = [
    { id: first, text: "one" },
    { id: second, text: "two" },
  ];

  it("has no problem when every requirement has a passing test and none that fails", () => {
    const trace = traceOf(requirements, [passed(`both (${first}, ${second})`), passed("neither")]);
    assert.deepEqual(trace.problems, []);
    assert.deepEqual(
      trace.rows.map((row) => row.tests.length),
      [1, 1],
    );
  });

  it("reports a requirement without a passing test, a pending one included", () => {
    const trace = traceOf(requirements, [passed(`a (${first})`), { title: `b (${second})`, state: "pending" }]);
    assert.deepEqual(trace.problems, [`${second} has no passing test`]);
  });

  it("reports a failing test even when another passes", () => {
    const trace = traceOf(requirements, [passed(`a (${first}, ${second})`), failed(`b (${first})`)]);
    assert.deepEqual(trace.problems, [`${first} has a failing test: b (${first})`]);
  });

  it("reports an ID that no requirement has, however it is written", () => {
    for (const unknown of [["SR", "99"].join("-"), ["SR", "1"].join("-")]) {
      const trace = traceOf(requirements, [passed(`a (${first}, ${second})`), passed(`b (${unknown})`)]);
      assert.deepEqual(trace.problems, [`unknown ${unknown} in the title: b (${unknown})`]);
    }
  });

  it("reports an ID that two requirements share, and a text without requirements", () => {
    const twice = [...requirements, { id: first, text: "three" }];
    assert.deepEqual(traceOf(twice, [passed(`a (${first}, ${second})`)]).problems, [
      `${first} stands for more than one requirement`,
    ]);
    assert.deepEqual(traceOf([], []).problems, ["no requirement found"]);
  });
});
