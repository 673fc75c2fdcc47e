/** What host-sim/controller/README.md says is what there is. Run from the root of the project. */

import { strict as assert } from "node:assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = "host-sim/controller";
const README = readFileSync(join(FOLDER, "README.md"), "utf8");

/** The first block of TypeScript. */
const [, quoted] = /```ts\n([\s\S]*?)```/.exec(README) ?? [];

describe("the controller's README", () => {
  it("quotes the example as it is", () => {
    assert.equal(quoted, readFileSync("host-sim/node/example.ts", "utf8"));
  });

  it("names what each file exports", () => {
    const [, table = ""] = /## What to import\n([\s\S]*?)\n## /.exec(README) ?? [];
    const rows = [...table.matchAll(/^\| (`.*`) \| (.*) \|$/gm)];
    assert.equal(rows.length, 16);
    for (const [, files = "", names = ""] of rows) {
      const paths = [...files.matchAll(/`([^`]*)\.js`/g)].map(([, name = ""]) => join(FOLDER, `${name}.ts`));
      const sources = paths.map((path) => readFileSync(path, "utf8")).join("\n");
      for (const [, name = ""] of names.matchAll(/`(\w+)`/g))
        assert.match(
          sources,
          new RegExp(`export (type|interface|class|const|function) ${name}\\b`),
          `${files} ${name}`,
        );
    }
  });

  it("tells what to do on every kind of result", () => {
    const kinds = (path: string, type: string) => {
      const source = readFileSync(join(FOLDER, path), "utf8");
      const [, union = ""] = new RegExp(`export type ${type}\\b[^=]*=([\\s\\S]*?);\\n\\n`).exec(source) ?? [];
      return [...union.matchAll(/kind: "(\w+)"/g)].map(([, kind = ""]) => kind);
    };
    const all = [
      ...kinds("controller.ts", "OpenResult"),
      ...kinds("controller.ts", "PairResult"),
      ...kinds("requests.ts", "Result"),
      ...kinds("commands.ts", "CommandResult"),
    ];
    assert.equal(all.length, 3 + 2 + 5 + 6);
    for (const kind of all) assert.match(README, new RegExp(`^\\| \`${kind}\``, "m"), kind);
    const outcomes = [...readFileSync(join(FOLDER, "control.ts"), "utf8").matchAll(/0x\w\w: "(\w+)",/g)];
    assert.equal(outcomes.length, 8);
    for (const [, kind = ""] of outcomes) assert.match(README, new RegExp(`^\\| .*\`${kind}\`.* \\|`, "m"), kind);
  });

  it("links to files that are there", () => {
    for (const [, target = ""] of README.matchAll(/\]\(([^)#]+)[^)]*\)/g))
      assert.ok(existsSync(join(FOLDER, target)), target);
  });
});
