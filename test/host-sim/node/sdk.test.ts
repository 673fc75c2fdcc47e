/** Tasks with the Moddable SDK: what they say is missing, and what they run when nothing is. */

import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { planOf, type Surroundings, type Task } from "../../../host-sim/node/sdkTask.js";

const SDK = "/sdk";
const TOOLS = `${SDK}/build/bin/lin/release`;
const FILES: { readonly [path: string]: string } = {
  "/sdk/tools/VERSION": "8.2.3\n",
  "/sdk/build/bin/lin/release/mcconfig": "",
  "/sdk/build/bin/lin/release/mcsim": "",
  "/project/node_modules/.bin/tsc": "",
  "/idf/export.sh": "",
  "/idf/tools/idf.py": "",
};
const ENVIRONMENT = { MODDABLE: SDK, IDF_PATH: "/idf", PATH: "/bin:/idf/tools", DISPLAY: ":1", HOME: "/home" };

function around(without: readonly string[] = [], more: { readonly [name: string]: string } = {}): Surroundings {
  const left = Object.entries({ ...ENVIRONMENT, ...more }).filter(([name]) => !without.includes(name));
  const files = new Map(Object.entries(FILES).filter(([path]) => !without.includes(path)));
  return {
    environment: Object.fromEntries(left),
    platform: "linux",
    project: "/project",
    buildHash: () => "0123456789abcdef",
    exists: (path) => files.has(path),
    read: (path) => files.get(path),
  };
}

const missing = (task: Task, from: Surroundings) => {
  const plan = planOf(task, false, from);
  return plan.kind === "missing" ? plan.what.join("; ") : "";
};
const lines = (task: Task, debug = false) => {
  const plan = planOf(task, debug, around());
  assert.equal(plan.kind, "commands");
  return plan.kind === "commands"
    ? plan.commands.map(({ program, arguments: given }) => [program, ...given].join(" "))
    : [];
};

describe("tasks with the Moddable SDK", () => {
  it("build, flash and simulate by commands of the SDK, for release or debug, and never stop what others run", () => {
    const esp32 = `${TOOLS}/mcconfig -m -p esp32 -t build -o /project/.moddable hash=0123456789abcdef`;
    assert.deepEqual(lines("build:esp32"), [esp32]);
    assert.deepEqual(lines("build:esp32", true), [esp32.replace("-m", "-d -m")]);
    assert.deepEqual(lines("flash:esp32"), [esp32, esp32.replace("-t build", "-t deploy")]);
    const sim = `${TOOLS}/mcconfig -m -p lin -t build -o /project/.moddable`;
    assert.deepEqual(lines("build:sim"), [sim]);
    const panes = "/project/host-sim/moddable/simulator";
    assert.deepEqual(lines("sim"), [
      sim,
      `${TOOLS}/mcsim ${panes} /project/.moddable/bin/lin/mc/release/project/mc.so`,
    ]);
  });

  it("name everything that is missing, and what to do", () => {
    for (const [task, gone, expected] of [
      ["build:esp32", "MODDABLE", /^MODDABLE is not set: it must name/],
      ["build:esp32", "/sdk/tools/VERSION", /no Moddable SDK: tools\/VERSION/],
      ["build:esp32", "/sdk/build/bin/lin/release/mcconfig", /mcconfig is not built: run make in/],
      ["build:esp32", "/project/node_modules/.bin/tsc", /tsc is missing: run npm ci/],
      ["flash:esp32", "IDF_PATH", /IDF_PATH is not set: it must name/],
      ["flash:esp32", "/idf/export.sh", /no ESP-IDF: export\.sh/],
      ["flash:esp32", "/idf/tools/idf.py", /idf\.py is not on PATH: run \. \/idf\/export\.sh/],
      ["sim", "/sdk/build/bin/lin/release/mcsim", /mcsim is not built/],
      ["sim", "DISPLAY", /DISPLAY is not set/],
    ] as const)
      assert.match(missing(task, around([gone])), expected, gone);
    assert.equal(missing("build:sim", around(["DISPLAY", "IDF_PATH", "/idf/export.sh"])), "");
    assert.match(missing("build:sim", { ...around(), platform: "darwin" }), /made for Linux/);
    assert.match(missing("build:esp32", { ...around(), platform: "win32" }), /nothing is known of building on win32/);
    assert.match(missing("build:esp32", { ...around(), read: () => "8.1.0" }), /8\.1\.0: 8\.2 is needed/);
    const both = missing("build:esp32", around(["MODDABLE", "IDF_PATH"]));
    assert.match(both, /MODDABLE is not set.*IDF_PATH is not set/);
  });

  it("end with 2 and one line when something is missing, with 1 when the SDK fails, with 0 when it is done", () => {
    const folder = mkdtempSync(join(tmpdir(), "countersign-sdk-"));
    const file = (path: string, text: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
      chmodSync(join(folder, path), 0o755);
    };
    const task = (...given: readonly string[]) => {
      const environment = { PATH: process.env["PATH"] ?? "", HOME: folder, MODDABLE: join(folder, "sdk") };
      const entry = resolve(".build/host-sim/node/sdk.js");
      return spawnSync(process.execPath, [entry, ...given], { cwd: folder, env: environment, encoding: "utf8" });
    };
    try {
      const absent = task("build:sim");
      assert.equal(absent.status, 2);
      assert.match(absent.stderr, /^build:sim cannot be done: [^\n]*VERSION[^\n]*\n$/);
      assert.equal(task("build").status, 2);
      assert.equal(task("build:sim", "--fast").status, 2);
      file("sdk/tools/VERSION", "8.2.3");
      file("node_modules/.bin/tsc", "");
      file("sdk/build/bin/lin/release/mcconfig", `#!/bin/sh\necho "$@" > "${folder}/given"\nexit 0\n`);
      if (process.platform !== "linux") return;
      assert.deepEqual([task("build:sim").status, existsSync(join(folder, ".moddable"))], [0, true]);
      assert.match(readFileSync(join(folder, "given"), "utf8"), /^-m -p lin -t build -o /);
      file("sdk/build/bin/lin/release/mcconfig", "#!/bin/sh\nexit 3\n");
      const failed = task("build:sim");
      assert.deepEqual([failed.status, /build:sim failed: .*status 3/.test(failed.stderr)], [1, true]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
