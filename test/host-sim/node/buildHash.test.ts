/** The hash that a board's build is known by. */

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FIRMWARE_REVISION } from "../../../firmware/command/device.js";
import { buildHash } from "../../../host-sim/node/buildHash.js";

describe("the hash of a build", () => {
  it("is that of all sources of the firmware, wherever they are, and of nothing else", () => {
    const root = mkdtempSync(join(tmpdir(), "countersign-hash-"));
    try {
      for (const path of ["firmware", "manifest.json", "package-lock.json"])
        cpSync(resolve(path), join(root, path), { recursive: true });
      const whole = buildHash(root);
      assert.match(whole, /^[0-9a-f]{16}$/);
      assert.equal(whole, buildHash(resolve(".")));
      writeFileSync(join(root, "firmware", "PROTOCOL.md"), "");
      writeFileSync(join(root, "README.md"), "");
      assert.equal(buildHash(root), whole);
      const seen = new Set([whole]);
      for (const path of ["firmware/base/units.ts", "firmware/native/new.c", "manifest.json", "package-lock.json"]) {
        writeFileSync(join(root, path), "{}");
        seen.add(buildHash(root));
      }
      assert.equal(seen.size, 5);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it("comes beside the version in package.json", () => {
    assert.equal(FIRMWARE_REVISION, JSON.parse(readFileSync("package.json", "utf8")).version);
  });
});
