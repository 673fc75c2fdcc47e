/** Command lines, folders, stores and pumps that cannot be used: one line that says what, and its own exit code. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { holdFolder } from "../../../../host-sim/node/folder.js";
import { Bench, type Ran } from "./bench.js";

function oneLine({ out, err }: Ran): void {
  assert.equal(out, "");
  assert.equal(err.trimEnd().split("\n").length, 1, err);
}

describe("npm run controller, what it cannot use", () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.remove());

  const LINES: readonly (readonly [args: readonly string[], what: RegExp])[] = [
    [[], /^No command: give one of pair, status/],
    [["dose"], /^No command "dose": give one of/],
    [["tbr"], /^Usage: tbr U\/h\|N% MIN \[--change\] \[--yes\], and nothing else/],
    [["tbr", "501%", "30"], /"501%" is no part of the basal rate: give 0% to 500%/],
    [["tbr", "-1%", "30"], /Unknown option|no part/],
    [["tbr", "1.5%", "30"], /no part of the basal rate/],
    [["profile", "read", "6"], /"6" is no profile: give its number, 1 to 5/],
    [["profile", "write", "1", "package.json"], /package\.json: give a list such as/],
    [["profile", "write", "1", "nothing.json"], /nothing\.json: ENOENT/],
    [["tbr", "cancel", "now"], /^Usage: tbr cancel \[--yes\]/],
    [["tbr", "1.5"], /^Usage: tbr/],
    [["tbr", "1.5", "0"], /"0" is no duration: give whole minutes, 1 to 1440/],
    [["tbr", "1.5", "1441"], /"1441" is no duration/],
    [["tbr", "1.5", "30.5"], /"30\.5" is no duration/],
    [["tbr", "1.5", "1e2"], /no duration/],
    [["tbr", "0.005", "30"], /steps of 0\.01/],
    [["bolus"], /^Usage: bolus U/],
    [["bolus", "1", "2"], /^Usage: bolus U/],
    [["bolus", "0"], /"0" is no bolus: the smallest is 0\.01 U/],
    [["bolus", "0,5"], /"0,5" is no amount/],
    [["bolus", "--", "-1"], /"-1" is no amount/],
    [["bolus", "-1"], /'-1'/],
    [["bolus", "1", "--change"], /--change is not for bolus/],
    [["status", "--yes"], /--yes is not for status/],
    [["stop", "now"], /^Usage: stop, and nothing else/],
    [["outcome", "3"], /"3" is no dose ID/],
    [["outcome", "1-0"], /"1-0" is no dose ID/],
    [["outcome", "1-4294967296"], /no dose ID/],
    [["outcome", "1-3-4"], /no dose ID/],
    [["abandon"], /^Usage: abandon DOSE-ID/],
    [["--fast", "status"], /--fast/],
    [["--port", "0", "status"], /--port is 0; it must be 1 to 65535/],
    [["--port", "65536", "status"], /--port is 65536/],
    [["--port", "5e3", "status"], /--port is 5e3/],
    [["--folder", "", "status"], /--folder is empty/],
    [["pair"], /^Usage: pair TEXT/],
    [["pair", "ABC"], /has 3 characters: enter all 42/],
    [["pair", "1".repeat(42)], /has "1": only A to Z and 2 to 7/],
    [["pair", "\u001b[2J".padEnd(42, "A")], /has "\?"/],
  ];
  for (const [args, what] of LINES)
    it(`exits 2 on ${JSON.stringify(args.join(" "))}`, async () => {
      const ran = await bench.run(args);
      oneLine(ran);
      assert.equal(ran.code, 2, ran.err);
      assert.match(ran.err, what);
      assert.equal(existsSync(bench.folder), false);
    });

  it("says it in JSON where that is asked for, wrong command lines too", async () => {
    const { code, lines } = await bench.json(["bolus", "x"]);
    assert.deepEqual([code, lines[0]?.["event"], lines[0]?.["exitCode"]], [2, "problem", 2]);
  });

  it("refuses a folder in which no controller is kept, and makes none", async () => {
    for (const command of [["status"], ["bolus", "1"], ["abandon", "1-1"]]) {
      const ran = await bench.run(command);
      oneLine(ran);
      assert.deepEqual([ran.code, /no controller is kept there: pair/.test(ran.err)], [6, true]);
    }
    assert.equal(existsSync(bench.folder), false);
    assert.match((await bench.run(["orders"])).out, /^Nothing was ordered from /);
    mkdirSync(bench.folder, { mode: 0o700 });
    assert.match((await bench.run(["status"])).err, /This controller has no bond: pair with a pump first/);
  });

  it("refuses a folder that is a file, one inside a file, and one that others may read", async () => {
    const text = bench.world.openPairing();
    writeFileSync(bench.folder, "x");
    assert.deepEqual([(await bench.run(["pair", text])).code, (await bench.run(["status"])).code], [6, 6]);
    bench.folder = join(bench.folder, "in");
    assert.equal((await bench.run(["pair", text])).code, 6);
    bench.folder = bench.beside("open");
    mkdirSync(bench.folder);
    chmodSync(bench.folder, 0o750);
    const open = await bench.run(["pair", text]);
    oneLine(open);
    assert.deepEqual([open.code, /mode 750\), .*chmod 700/.test(open.err)], [6, true]);
    assert.deepEqual(readdirSync(bench.folder), []);
  });

  it("keeps keys from others' eyes, and leaves no lock", async () => {
    await bench.paired();
    const { mode } = statSync(bench.folder);
    assert.equal(mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(bench.folder).sort(), ["bonds", "journal"]);
  });

  it("refuses a damaged store, whatever the damage, and leaves it as it is", async () => {
    await bench.paired();
    const path = join(bench.folder, "bonds");
    const good = readFileSync(path);
    const bad = [Buffer.alloc(0), good.subarray(0, 40), Buffer.concat([good, Buffer.of(0)]), Buffer.from("hello\n")];
    for (const at of [0, 5, 60, good.length - 1]) {
      const flipped = Buffer.from(good);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      bad.push(flipped);
    }
    for (const bytes of bad) {
      writeFileSync(path, bytes);
      const ran = await bench.run(["bolus", "1"]);
      oneLine(ran);
      assert.equal(ran.code, 6);
      assert.match(ran.err, /bonds: The controller's store cannot be read: .* Restore it, or start with an empty/);
      assert.deepEqual(readFileSync(path), bytes);
    }
  });

  it("lets one command at a time have a folder; orders may be looked at", async () => {
    await bench.paired();
    const held = holdFolder(bench.folder, false);
    const ran = await bench.run(["status"]);
    oneLine(ran);
    assert.equal(ran.code, 6);
    assert.match(ran.err, new RegExp(`another controller \\(process ${process.pid}\\) works with it`));
    assert.equal((await bench.run(["orders"])).code, 0);
    held.release();
    assert.equal((await bench.run(["status"])).code, 0);
  });

  it("says why no pump was reached, and that nothing was ordered", async () => {
    await bench.paired();
    bench.bridge.refuses = "No pump listens at 127.0.0.1:5160";
    for (const command of [["status"], ["bolus", "1"], ["stop"], ["outcome"]]) {
      const ran = await bench.run(command);
      oneLine(ran);
      assert.deepEqual([ran.code, ran.err], [3, "No pump listens at 127.0.0.1:5160\n"]);
    }
    bench.bridge.refuses = undefined;
    bench.world.hardware.cut();
    const off = await bench.run(["status"]);
    assert.deepEqual([off.code, /No connection came about|No pump answered/.test(off.err)], [3, true], off.err);
  });

  it("refuses a closed pairing window, another pump's text, and a text that was used", async () => {
    const text = bench.world.openPairing();
    const other = new Bench({ seed: 62 });
    const wrong = await bench.run(["pair", other.world.openPairing()]);
    other.remove();
    assert.deepEqual([wrong.code, /is not the one meant/.test(wrong.err)], [3, true]);
    assert.equal((await bench.run(["pair", text.toLowerCase().replace(/(.{6})/g, "$1 ")])).code, 0);
    const used = await bench.run(["pair", text]);
    assert.deepEqual([used.code, /pairing window is closed/.test(used.err)], [3, true]);
  });

  it("shows no control character of what came from outside", async () => {
    await bench.paired();
    bench.bridge.filter = (line) =>
      line.includes("connected") ? '{"event":"error","what":"\\u001b[31mred\\u0007"}\n' : line;
    const { code, err } = await bench.run(["status"]);
    assert.equal(code, 3);
    assert.equal(err, "The pump's socket complains: ?[31mred?\n");
  });
});
