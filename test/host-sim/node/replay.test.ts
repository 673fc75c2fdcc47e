/** `npm run replay` from outside: exit codes, and what goes to which stream. */

import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runningWorld } from "../../bench.js";
import { Recorded } from "../../recorded.js";

const REPLAY = fileURLToPath(new URL("../../../host-sim/node/replay.js", import.meta.url));

function recording(seed: number): Uint8Array {
  const into = new Recorded();
  const { world, controller } = runningWorld({ seed, record: into.record });
  world.await((done: (ended: { readonly kind: string }) => void) => controller.bolus(100_000, {}, done));
  controller.close();
  world.clock.advance(10_000);
  world.endRecording();
  return into.bytes();
}

describe("npm run replay", () => {
  const whole = recording(731);
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "countersign-replay-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function file(name: string, bytes: Uint8Array | string): string {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  function replay(...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [REPLAY, ...args], { encoding: "utf8" });
    return { status, stdout, stderr };
  }

  it("finds a recording identical, and exits 0", () => {
    const { status, stdout, stderr } = replay(file("whole.pcapng", whole));
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^Seed 731, 0:00:\d\d of virtual time, (\d+) packets of the pump\.\n/);
    assert.match(stdout, /\nAll \d+ were identical, bytes and time; \d+ half-steps in the end, as recorded\.\n$/);
  });

  it("shows the first difference with both sides, and exits 1", () => {
    const text = Buffer.from(whole).toString("latin1").replace('"seed":731', '"seed":732');
    const { status, stdout } = replay(file("other.pcapng", Buffer.from(text, "latin1")));
    assert.equal(status, 1);
    assert.match(stdout, /\n {2}what {6}other bytes\n/);
    assert.match(stdout, /\n {2}recorded {2}0:00:02\.\d{6} {2}frame \d+ {2}-> {2}1 {2}indication 0x0014 fromPump c0/);
    assert.match(stdout, /\n {2}replayed {2}0:00:02\.\d{6} {2}-> {2}1 {2}indication 0x0014 fromPump c0/);
  });

  it("plays what a killed process had written, and says where it ends", () => {
    const { status, stdout } = replay(file("cut.pcapng", whole.subarray(0, whole.length - 701)));
    assert.equal(status, 0);
    assert.match(stdout, /cut\.pcapng: the file breaks off in the block at offset \d+ of \d+/);
    assert.match(stdout, /identical, bytes and time; the recording broke off before its end/);
  });

  it("lists a capture, a line a packet", () => {
    const { status, stdout, stderr } = replay(file("whole.pcapng", whole), "--list");
    assert.deepEqual([status, stderr], [0, ""]);
    for (const line of [
      /^0:00:00\.000000 {2}world {4}\{"event":"begin","version":1,"seed":731\}$/m,
      /^0:00:01\.000000 {2}world {4}\{"do":"press","durationMs":100\}$/m,
      /^0:00:\S+ {2}central {2}-> {2}1 {2}write request 0x0015 configuration 0200$/m,
      /^0:00:\S+ {2}pump {5}-> {2}1 {2}indication 0x0014 fromPump c0[0-9a-f]+$/m,
      /^0:00:\S+ {2}pump {5}<- {2}disconnection 1, reason 0x13$/m,
      /^0:00:\S+ {2}world {4}\{"event":"end","halfSteps":\d+,"displacedMicrounits":[\d.]+\}$/m,
    ])
      assert.match(stdout, line);
  });

  it("shows that sending it all again moves nothing, in the same pump and in another", () => {
    const path = file("whole.pcapng", whole);
    for (const args of [[], ["--seed", "8"]]) {
      const { status, stdout } = replay(path, "--attack", ...args);
      assert.equal(status, 0, stdout);
      assert.match(stdout, /\n {2}refused {2}connection 1: 1 of 1 values sent +0 half-steps; trace: session: ended: /);
      assert.match(stdout, /\n(\d) of \1 refused, 0 half-steps\.\n$/);
    }
  });

  const UNUSABLE: readonly (readonly [what: string, args: () => readonly string[], line: RegExp])[] = [
    ["a missing file", () => [join(folder, "none")], /none: cannot be read: no such file/],
    ["a folder", () => [folder], /cannot be read: illegal operation on a directory/],
    ["a text", () => [file("a.txt", "hello")], /a\.txt: this is no pcapng file/],
    ["an empty file", () => [file("empty", "")], /empty: the file is empty/],
    ["a text to list", () => [file("a.txt", "hello"), "--list"], /a\.txt: this is no pcapng file/],
    ["a capture of something else", () => [file("none.pcapng", whole.subarray(0, 56))], /does not say how a run began/],
    ["an unknown option", () => ["--fast"], /--fast/],
  ];
  for (const [what, args, line] of UNUSABLE)
    it(`exits 2 on ${what}, with one line on stderr and none on stdout`, () => {
      const { status, stdout, stderr } = replay(...args());
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, line);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    });

  it("explains itself and exits 0 on --help", () => {
    const { status, stdout, stderr } = replay("--help");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /--list[\s\S]*--attack[\s\S]*Exit code/);
  });
});
