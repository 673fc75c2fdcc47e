import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Refusal, refusalName, SUCCESS } from "../../firmware/base/refusal.js";
import { ok, refuse } from "../../firmware/base/result.js";

/** The rows of PROTOCOL.md's table of response codes: code in hexadecimal, name. */
function documentedCodes(): Map<string, number> {
  const page = readFileSync("firmware/PROTOCOL.md", "utf8");
  const begin = page.indexOf("**Response codes**");
  const rows = page.slice(begin, page.indexOf("**SFLOAT**", begin)).matchAll(/^\| ([0-9A-F]{2}) \| (\w+) \|/gm);
  return new Map(Array.from(rows, ([, code, name]) => [name ?? "", parseInt(code ?? "", 16)]));
}

describe("the refusals", () => {
  it("are the response codes of PROTOCOL.md, under the same names", () => {
    assert.deepEqual(new Map([["Success", SUCCESS], ...Object.entries(Refusal)]), documentedCodes());
  });

  it("have a number each, apart from success", () => {
    const codes: number[] = [SUCCESS, ...Object.values(Refusal)];
    assert.equal(new Set(codes).size, codes.length);
  });

  it("are named", () => {
    for (const [name, code] of Object.entries(Refusal)) assert.equal(refusalName(code), name);
    assert.equal(refusalName(0x83), "CountersignatureWrong");
  });

  it("have no name for a number outside the set", () => {
    assert.throws(() => refusalName(SUCCESS as unknown as Refusal), /invariant: 15 is not a refusal/);
  });
});

describe("a result", () => {
  it("is a value or a refusal", () => {
    assert.deepEqual(ok(7), { ok: true, value: 7 });
    assert.deepEqual(refuse(Refusal.Stale), { ok: false, refusal: 0x80 });
  });
});
