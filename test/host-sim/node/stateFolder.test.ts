/** The folder that a simulated pump lives on in. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DurableChange } from "../../../host-sim/durable.js";
import { StateError, StateFolder } from "../../../host-sim/node/stateFolder.js";
import { encodeRecord } from "../../../host-sim/node/stateRecord.js";
import { World } from "../../../host-sim/world.js";

const value = (...bytes: number[]): DurableChange => ({ kind: "kvWrite", key: "key", value: Uint8Array.from(bytes) });

describe("a state folder", () => {
  let root = "";
  let made = 0;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "countersign-state-"));
  });
  after(() => rmSync(root, { recursive: true }));

  const fresh = () => join(root, `${++made}`, "deep");
  const fileOf = (folder: string) => join(folder, "pump.state");

  /** Opens a folder, lets something use it, and closes it. */
  function opened<T>(folder: string, use: (state: StateFolder) => T, seed?: number): T {
    const state = new StateFolder(folder, seed, 77);
    const result = use(state);
    state.close();
    return result;
  }

  /** A folder with these changes in it, 1 ms apart, closed. */
  function filled(...changes: readonly DurableChange[]): string {
    const folder = fresh();
    opened(folder, (state) => {
      for (const [i, change] of changes.entries()) state.keep(i, change);
    });
    return folder;
  }

  const keyIn = (folder: string) => opened(folder, ({ restored }) => restored?.keyValue["key"]);

  function refusal(folder: string): string {
    try {
      opened(folder, () => {});
    } catch (error) {
      assert.ok(error instanceof StateError && !error.message.includes("\n"), `${error}`);
      return error.message;
    }
    return assert.fail("was opened");
  }

  it("begins empty, and gives back each kind of change, in their order, start after start", () => {
    const { plant } = new World({ seed: 1 }).hardware;
    plant.setOccluded(true);
    const folder = fresh();
    opened(folder, (state) => {
      assert.deepEqual([state.restored, state.seed, state.earlierStarts], [undefined, 77, 0]);
      state.keep(10, value(1, 2));
      state.keep(11, { kind: "kvWrite", key: "gone", value: Uint8Array.of(9) });
      state.keep(12, { kind: "flashWrite", offset: 5_000, bytes: Uint8Array.of(0, 255, 0x5a) });
      state.keep(13, { kind: "flashErase", fromByte: 4_096, toByte: 5_001 });
      state.keep(14, { kind: "plant", plant: plant.snapshot() });
      state.keep(15, { kind: "entropy", mode: "repeating" });
      state.keep(16, value(3));
      state.keep(17, { kind: "kvDelete", key: "gone" });
    });
    for (const starts of [1, 2, 3])
      opened(folder, ({ restored, seed, earlierStarts }) => {
        assert.ok(restored);
        assert.deepEqual([seed, earlierStarts], [77, starts]);
        assert.deepEqual(restored.keyValue, { key: [3] });
        assert.deepEqual([...restored.flash.subarray(4_999, 5_004)], [255, 255, 255, 0x5a, 255]);
        assert.deepEqual(restored.plant, plant.snapshot());
        assert.equal(restored.entropyMode, "repeating");
      });
  });

  it("keeps the seed, unless another is asked for", () => {
    const folder = fresh();
    const seeds = [5, undefined, 6, undefined].map((seed) => opened(folder, (state) => state.seed, seed));
    assert.deepEqual(seeds, [5, 5, 6, 6]);
  });

  it("never lets time fall, however late the kill", () => {
    const folder = fresh();
    opened(folder, (state) => {
      for (const nowMs of [400, 999, 1_000, 1_999]) state.passed(nowMs, () => assert.fail("no need to write anew"));
    });
    const nowMs = opened(folder, ({ restored }) => restored?.nowMs ?? 0);
    assert.ok(nowMs >= 1_999 && nowMs <= 2_999, `${nowMs}`);
  });

  it("drops the line that was being written when the process was killed, wherever it was cut", () => {
    const folder = filled(value(1));
    const whole = readFileSync(fileOf(folder), "latin1");
    const next = readFileSync(fileOf(filled(value(1), value(2))), "latin1").slice(whole.length);
    for (let length = 0; length < next.length; length += 3) {
      writeFileSync(fileOf(folder), whole + next.slice(0, length));
      assert.deepEqual(keyIn(folder), [1], `${length} bytes of a line`);
    }
    writeFileSync(fileOf(folder), whole + next);
    assert.deepEqual(keyIn(folder), [2]);
  });

  it("refuses a file with any byte of any whole line altered, in one line that says which and what to do", () => {
    const folder = filled(value(1), value(2));
    const whole = readFileSync(fileOf(folder), "latin1");
    for (let at = 0; at < whole.length - 1; at++) {
      const altered = String.fromCharCode(whole.charCodeAt(at) ^ 1);
      writeFileSync(fileOf(folder), whole.slice(0, at) + altered + whole.slice(at + 1), "latin1");
      assert.match(refusal(folder), /pump\.state: line [123] is damaged.*; restore it from a copy, or give another/);
    }
    writeFileSync(fileOf(folder), whole);
    assert.deepEqual(keyIn(folder), [2]);
  });

  it("refuses a line taken out of the front, an empty file, and a file of something else", () => {
    const folder = filled(value(1));
    const lines = readFileSync(fileOf(folder), "latin1").split("\n");
    for (const text of [
      lines.slice(1).join("\n"),
      "",
      "hello\nworld\n",
      `${lines[0]}\n\n`,
      `${lines[0]}\n${lines[0]}\n`,
    ]) {
      writeFileSync(fileOf(folder), text);
      assert.match(refusal(folder), /line [12] is damaged/);
      assert.equal(readFileSync(fileOf(folder), "latin1"), text, "a refused file is left alone");
      assert.deepEqual(readdirSync(folder), ["pump.state"], "and its folder is free");
    }
  });

  it("refuses a version that it does not read, and a folder that is none", () => {
    const folder = filled(value(1));
    writeFileSync(fileOf(folder), encodeRecord({ kind: "start", version: 2, seed: 1, starts: 1 }));
    assert.match(refusal(folder), /pump\.state: version 2; this program reads version 1; restore/);
    assert.match(refusal(fileOf(folder)), /pump\.state: cannot be used: (file already exists|not a directory)/);
    mkdirSync(join(root, "odd", "pump.state"), { recursive: true });
    assert.match(refusal(join(root, "odd")), /cannot be used: illegal operation on a directory/);
  });

  it("is for its owner alone", () => {
    const folder = filled(value(1));
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(fileOf(folder)).mode & 0o777, 0o600);
  });

  it("writes its file anew when it has grown, and loses nothing by it", () => {
    const folder = fresh();
    const long = (byte: number): DurableChange => ({
      kind: "kvWrite",
      key: "key",
      value: new Uint8Array(500_000).fill(byte),
    });
    const state = new StateFolder(folder, 1, 1);
    const { hardware } = new World({ seed: 1 });
    for (let i = 0; i < 17; i++) state.keep(i, long(i));
    const grown = statSync(fileOf(folder)).size;
    hardware.keyValue.restore({ key: [7], other: [8] });
    state.passed(2_000, () => hardware.durableState());
    assert.ok(statSync(fileOf(folder)).size < grown / 10);
    state.keep(2_001, value(9));
    state.close();
    assert.deepEqual(
      opened(folder, ({ restored }) => restored?.keyValue),
      { key: [9], other: [8] },
    );
  });

  it("takes over what a process left that was killed while it wrote the file anew", () => {
    const folder = filled(value(1));
    writeFileSync(join(folder, "pump.state.next"), "half a li");
    assert.deepEqual(keyIn(folder), [1]);
    assert.deepEqual(readdirSync(folder), ["pump.state"]);
  });

  it("is one process's at a time", () => {
    const folder = filled(value(1));
    opened(folder, () => {
      assert.match(refusal(folder), new RegExp(`in use by process ${process.pid}; stop it, or give another --state`));
    });
    assert.deepEqual(keyIn(folder), [1]);
  });

  it("is taken over from a process that was killed, and from one whose number another has by now", () => {
    const folder = filled(value(1));
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const left = [`lock.${pid}.123`, ...(existsSync("/proc/self/stat") ? [`lock.${process.pid}.1`] : [])];
    for (const name of left) {
      writeFileSync(join(folder, name), "");
      assert.deepEqual(keyIn(folder), [1], name);
      assert.deepEqual(readdirSync(folder), ["pump.state"]);
    }
  });
});
