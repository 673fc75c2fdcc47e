/** `npm start` from outside: exit codes, and what goes to which stream. */

import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readRecording } from "../../../host-sim/trace/recording.js";

const START = fileURLToPath(new URL("../../../host-sim/node/start.js", import.meta.url));
const PLANT = new URL("../../../host-sim/plant/plant.js", import.meta.url).href;

/** A device that takes no byte (full(4)); Linux alone has it. */
const FULL = "/dev/full";

const SMALL = [
  { atSeconds: 0, event: "bolus", units: 0.1, automatic: true },
  { atSeconds: 60, event: "bolus", units: 12, automatic: false },
  { atSeconds: 120, event: "tempBasal", unitsPerHour: 0, minutes: 30 },
];

describe("npm start", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "countersign-day-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  function start(args: readonly string[], node: readonly string[] = []) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...node, START, ...args], { encoding: "utf8" });
    return { status, stdout, stderr };
  }

  it("plays the real day over the programmed one, changes the reservoir, accounts for it all, and exits 0", () => {
    const { status, stdout, stderr } = start([]);
    assert.equal(stderr, "");
    assert.equal(status, 0, stdout);
    assert.match(stdout, /54 entries, seed 1:/);
    assert.match(
      stdout,
      /\n {2}1:15:00 {2}reservoir: 180 U, primes 10 U +1-\d+ +applied .*, primed 10 U, Run at 1:28:/,
    );
    assert.match(stdout, /\n {2}reservoirs put in +1\n/);
    assert.equal(stdout.match(/ delivered \d/g)?.length, 23);
    assert.equal(stdout.match(/\n {2}refused {2}/g)?.length, 6);
    assert.match(stdout, /\n {2}[A-Z2-7]{42}\n/);
    assert.match(stdout, /Every check passed\.\n$/);
  });

  it("plays days that are laid over each other, each read by itself", () => {
    const [first, ...rest] = SMALL;
    const [one, two] = [file("one.json", JSON.stringify(rest)), file("two.json", JSON.stringify([first]))];
    const whole = file("small.json", JSON.stringify(SMALL));
    const both = start(["--day", one, "--day", two]);
    assert.equal(both.status, 0, both.stdout);
    assert.equal(both.stdout, start(["--day", whole]).stdout);
    const bad = file("bad.json", JSON.stringify([{ atSeconds: 0, event: "profile", blocks: [] }]));
    const { status, stdout, stderr } = start(["--day", one, "--day", bad]);
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /bad\.json: entry 1 \(profile at 0 s\): blocks has 0 entries; it must have 1 to 24\n$/);
  });

  it("shows a refused dose, goes on, and exits 0", () => {
    const { status, stdout } = start(["--day", file("small.json", JSON.stringify(SMALL)), "--seed", "7"]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /bolus 12 U +- +REFUSED OutOfRange \(73\)/);
    assert.match(stdout, /TBR 0 U\/h for 30 min +1-\d+ +applied/);
    assert.match(stdout, /seed 7:/);
  });

  it("exits 0 on a day without a bolus, with nothing to replay", () => {
    const day = file("quiet.json", '[{"atSeconds": 0, "event": "suspend"}]');
    const { status, stdout } = start(["--day", day]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /nothing to replay/);
  });

  it("exits 1 and names the check when the plant received something else", () => {
    const patch = [
      `import { Plant } from ${JSON.stringify(PLANT)};`,
      'const { get } = Object.getOwnPropertyDescriptor(Plant.prototype, "displacedMicrounits");',
      'Object.defineProperty(Plant.prototype, "displacedMicrounits", { get() { return 1.1 * get.call(this); } });',
    ].join("\n");
    const day = file("small.json", JSON.stringify(SMALL));
    const { status, stdout } = start(["--day", day], ["--import", `file://${file("patch.mjs", patch)}`]);
    assert.equal(status, 1, stdout);
    assert.match(stdout, /CHECK FAILED: the plant displaced what was delivered/);
    assert.doesNotMatch(stdout, /Every check passed/);
  });

  const UNUSABLE: readonly (readonly [what: string, args: () => readonly string[], line: RegExp])[] = [
    [
      "a malformed entry",
      () => ["--day", file("bad.json", JSON.stringify([...SMALL, { atSeconds: 200, event: "bolus", units: -0.1 }]))],
      /bad\.json: entry 4 \(bolus at 200 s\): units is -0\.1; it must be/,
    ],
    ["a file that is not JSON", () => ["--day", file("text.json", "hello\nworld")], /text\.json: the day is not JSON/],
    ["a missing file", () => ["--day", join(folder, "none.json")], /none\.json: cannot be read: no such file/],
    ["a folder for a file", () => ["--day", folder], /: cannot be read: illegal operation on a directory/],
    ["an unknown option", () => ["--fast"], /--fast/],
    ["a stray argument", () => ["day.json"], /day\.json/],
    ["a seed that is none", () => ["--seed", "-1.5"], /seed/],
    [
      "a record file in no folder",
      () => ["--record", join(folder, "no", "f")],
      /no.f: cannot be written: no such file/,
    ],
    ["a seed over 32 bits", () => ["--seed", "4294967296"], /--seed is 4294967296; it must be 0 to 4294967295/],
  ];
  for (const [what, args, line] of UNUSABLE)
    it(`exits 2 on ${what}, with one line on stderr and none on stdout`, () => {
      const { status, stdout, stderr } = start(args());
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, line);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    });

  it("records the whole run into a file, and prints what it prints without", () => {
    const path = join(folder, "run.pcapng");
    const args = ["--day", file("small.json", JSON.stringify(SMALL))];
    const { status, stdout } = start([...args, "--record", path]);
    assert.equal(status, 0, stdout);
    assert.equal(stdout, start(args).stdout);
    assert.ok(readRecording(readFileSync(path)).kind === "ok");
  });

  (existsSync(FULL) ? it : it.skip)(
    "plays to the end and exits 1 when the disk is full, and says that the recording broke off",
    () => {
      const { status, stdout, stderr } = start(["--day", file("small.json", JSON.stringify(SMALL)), "--record", FULL]);
      assert.equal(status, 1);
      assert.match(stdout, /Every check passed/);
      assert.equal(stderr, `${FULL}: the recording broke off: no space left on device\n`);
    },
  );

  it("explains itself and exits 0 on --help", () => {
    const { status, stdout, stderr } = start(["--help"]);
    assert.equal(status, 0);
    assert.equal(stderr, "");
    assert.match(stdout, /--day FILE[\s\S]*--seed N[\s\S]*Exit code/);
  });
});
