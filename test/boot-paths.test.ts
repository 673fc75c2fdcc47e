/**
 * Every way a boot can go, by what it finds: on a whole pump, from its storage to what the plant displaces, what the air
 * hears and what a person sees. The same table is in firmware/SECURITY.md.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Kept, keptPump, seen } from "./bootPaths/finding.js";
import { PATHS, rowOf } from "./bootPaths/paths.js";

describe("boot paths", () => {
  let kept: Kept;
  before(() => {
    kept = keptPump();
  });

  it("are those of SECURITY.md, in its order", () => {
    const text = readFileSync("firmware/SECURITY.md", "utf8");
    const [, table = ""] = text.split(
      "| a boot finds | therapy | radio | shown | annunciations | Run, countersigned |\n",
    );
    const rows = (table.split("\n\n")[0] ?? "").split("\n").slice(1);
    assert.deepEqual(rows, PATHS.map(rowOf));
  });

  for (const { found, ids, ways, ...expected } of PATHS)
    it(`${found}: ${expected.therapy}, ${expected.radio} (${ids.join(", ")})`, () => {
      for (const { name, blob = "", make } of ways)
        make(kept, (finding) => {
          assert.deepEqual(seen(finding), { ...expected, shown: expected.shown.replace("BLOB", blob) }, name);
        });
    });
});
