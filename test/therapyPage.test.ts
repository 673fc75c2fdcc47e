/** firmware/THERAPY.md against the firmware: each procedure is asked for, each event looked for where events are made. */

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { requestRecords } from "../firmware/command/recordAccess.js";
import {
  CommandOpcode,
  RecordAccessOpcode,
  RecordAccessResponse,
  StatusReaderOpcode,
} from "../firmware/ids/opcodes.js";
import { HistoryEvent } from "../firmware/ids/values.js";
import { sourcesUnder } from "./architecture/sources.js";
import { Desk } from "./command/bench.js";
import { FakeFlash, mounted } from "./storage/fake-flash.js";

const NOT_SUPPORTED = 0x70;
const PAGE = readFileSync("firmware/THERAPY.md", "utf8");

/** Rows of one section's table: its number, and whether it says yes. */
function rows(section: string): ReadonlyMap<number, boolean> {
  const text = PAGE.split(`## ${section}\n`)[1]?.split("\n## ")[0] ?? "";
  const found = [...text.matchAll(/^\| ([0-9A-F]{2,4}) \| [^|]+ \| (yes|no) \|/gm)];
  return new Map(found.map(([, number = "", here]) => [Number.parseInt(number, 16), here === "yes"]));
}

/** The code that a bare opcode is answered with; 0 for an answer that is no code. */
function codeOf(channel: number, opcode: number): number {
  const bytes = [opcode & 0xff, opcode >> 8].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const answer = new Desk().ask(channel, bytes);
  const general = new RegExp(`^${channel.toString(16)} (?:550f|0303)${bytes}(..)$`).exec(answer);
  return general ? Number.parseInt(general[1] ?? "", 16) : 0;
}

const requests = (opcodes: { readonly [name: string]: number }) =>
  Object.entries(opcodes).filter(([name]) => !name.endsWith("Response"));

describe("THERAPY.md", () => {
  for (const [section, channel, opcodes] of [
    ["Command Control Point", 0x25, CommandOpcode],
    ["Status Reader Control Point", 0x24, StatusReaderOpcode],
  ] as const)
    it(`says of every procedure of the ${section} whether the pump has it`, () => {
      const page = rows(section);
      const names = requests(opcodes);
      assert.deepEqual([...page.keys()].sort(), names.map(([, opcode]) => opcode).sort());
      for (const [name, opcode] of names)
        assert.equal(codeOf(channel, opcode) !== NOT_SUPPORTED, page.get(opcode), name);
    });

  it("says of every procedure of the Record Access Control Point whether the pump has it", () => {
    const page = rows("Record Access Control Point");
    const { log } = mounted(new FakeFlash(2, 4));
    for (const [opcode, here] of page) {
      const { reply } = requestRecords(undefined, Uint8Array.of(opcode, 0), log);
      const refused =
        reply?.value[0] === RecordAccessOpcode.Response && reply.value[3] === RecordAccessResponse.OpcodeNotSupported;
      assert.equal(!refused, here, opcode.toString(16));
    }
    assert.equal(page.size, 4);
  });

  it("says of every history event whether the pump records it", () => {
    const page = rows("History events");
    assert.deepEqual([...page.keys()].sort(), Object.values(HistoryEvent).sort());
    const code = sourcesUnder("firmware/therapy")
      .map((each) => each.code)
      .join("\n");
    for (const [name, event] of Object.entries(HistoryEvent))
      assert.equal(new RegExp(`\\bHistoryEvent\\.${name}\\b`).test(code), page.get(event), name);
  });
});
