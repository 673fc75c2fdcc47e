/** The controller's folder and the files in it: one process at a time, and nothing half written. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendLine, readIfThere, replaceFile } from "../../../host-sim/node/durableFile.js";
import { holdFolder } from "../../../host-sim/node/folder.js";

const NOBODY = 4_194_304;

describe("the controller's folder", () => {
  let folder = "";
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "countersign-folder-")), "deep", "folder");
  });
  afterEach(() => rmSync(join(folder, "..", ".."), { recursive: true }));

  const locks = () => readdirSync(folder).filter((name) => name.startsWith("lock."));

  it("is made for its owner alone, and given back", () => {
    const held = holdFolder(folder, true);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, "..")).mode & 0o777, 0o700);
    assert.equal(locks().length, 1);
    assert.throws(() => holdFolder(folder, true), /another controller/);
    assert.equal(locks().length, 1);
    held.release();
    assert.deepEqual(locks(), []);
    holdFolder(folder, false).release();
  });

  it("is taken over from a process that is gone, and from an older one of the same number", () => {
    holdFolder(folder, true).release();
    for (const name of [`lock.${NOBODY}.1`, `lock.${process.pid}.1`, "lock.1.1"]) {
      writeFileSync(join(folder, name), "");
      const held = holdFolder(folder, false);
      assert.deepEqual(locks().length, 1, name);
      held.release();
    }
  });

  it("is not taken from a living process, and is once that was killed", async () => {
    const module = new URL("../../../host-sim/node/folder.js", import.meta.url).href;
    const hold = `import(${JSON.stringify(module)}).then(({ holdFolder }) => {
      holdFolder(${JSON.stringify(folder)}, true);
      console.log("held");
      setInterval(() => {}, 1000);
    })`;
    const holder = spawn(process.execPath, ["-e", hold], { stdio: ["ignore", "pipe", "inherit"] });
    const gone = once(holder, "exit");
    try {
      await once(holder.stdout, "data");
      assert.throws(() => holdFolder(folder, false), new RegExp(`another controller \\(process ${holder.pid}\\)`));
      assert.equal(locks().length, 1);
    } finally {
      holder.kill("SIGKILL");
      await gone;
    }
    assert.equal(locks().length, 1);
    holdFolder(folder, false).release();
    assert.deepEqual(locks(), []);
  });
});

describe("durable files", () => {
  let folder = "";
  let path = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "countersign-file-"));
    path = join(folder, "file");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are replaced whole, for their owner alone, over what an interrupted write left", () => {
    assert.equal(readIfThere(path), undefined);
    writeFileSync(`${path}.new`, "half of something much longer");
    replaceFile(path, Uint8Array.of(1, 2));
    replaceFile(path, Uint8Array.of(3));
    assert.deepEqual(readIfThere(path), Uint8Array.of(3));
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(existsSync(`${path}.new`), false);
  });

  it("keep the old contents when the new cannot be written", () => {
    replaceFile(path, Uint8Array.of(1));
    const missing = join(folder, "none", "file");
    assert.throws(() => replaceFile(missing, Uint8Array.of(2)), /ENOENT/);
    assert.deepEqual(readIfThere(path), Uint8Array.of(1));
  });

  it("grow by whole lines; what a crash left of one is cut off", () => {
    appendLine(path, "one");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    for (const torn of ["t", "a much longer line than the next will be", "\u0000\u0000"]) {
      writeFileSync(path, `${readFileSync(path, "utf8")}${torn}`);
      appendLine(path, "é");
    }
    assert.equal(readFileSync(path, "utf8"), "one\né\né\né\n");
    writeFileSync(path, "torn");
    appendLine(path, "two");
    assert.equal(readFileSync(path, "utf8"), "two\n");
  });
});
