/** Lines out of pieces. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { LINE_MAXIMUM, LineSplitter } from "../../../host-sim/bridge/lines.js";

function splitter() {
  const lines: string[] = [];
  const reader = new LineSplitter({ onLine: (line) => lines.push(line), onTooLong: () => lines.push("TOO LONG") });
  return { reader, lines };
}

describe("lines of the bridge", () => {
  it("come out the same wherever the pieces are cut, and what has no line feed yet does not", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom("a", "\n", "é", "{") })), (pieces) => {
        const { reader, lines } = splitter();
        for (const piece of pieces) reader.push(piece);
        assert.deepEqual(lines, pieces.join("").split("\n").slice(0, -1));
      }),
    );
  });

  it("may be 4096 long and not one longer, whether or not the line feed has come", () => {
    for (const piece of [LINE_MAXIMUM, 1000, 1]) {
      const { reader, lines } = splitter();
      const longest = "x".repeat(LINE_MAXIMUM);
      const pieces = (text: string) => text.match(new RegExp(`[^]{1,${piece}}`, "g")) ?? [];
      for (const part of pieces(`${longest}\n`)) reader.push(part);
      assert.deepEqual(lines, [longest]);
      for (const part of pieces(`${longest}x`)) reader.push(part);
      assert.deepEqual(lines, [longest, "TOO LONG"]);
      reader.push("\nmore\n");
      assert.deepEqual(lines, [longest, "TOO LONG"]);
    }
  });

  it("are read no more once the listener has stopped, the rest of a piece included", () => {
    const lines: string[] = [];
    const reader: LineSplitter = new LineSplitter({
      onLine: (line) => {
        lines.push(line);
        reader.stop();
      },
      onTooLong: () => lines.push("TOO LONG"),
    });
    reader.push("one\ntwo\n");
    assert.deepEqual(lines, ["one"]);
  });
});
