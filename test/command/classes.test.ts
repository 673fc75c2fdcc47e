/** SECURITY.md section 5 against the command table, and against everything that the command layer takes. */

import assert from "node:assert/strict";
import { TIME_UPDATE } from "../../firmware/command/deviceTime.js";
import { COMMANDS, type CommandClass } from "../../firmware/command/table.js";
import { rowsAfter } from "../documentTable.js";
import { Desk } from "./bench.js";

const CLASSES: { readonly [Class in CommandClass]: string } = {
  oneStep: "one step",
  countersigned: "countersigned",
  refused: "refused: 71",
};
const CHANNELS = { control: "00", reader: "24", command: "25", time: "91" } as const;
/** Rows that the command table does not have: what is no command of the therapy. */
const BESIDE = [
  "25 0FAA read",
  "25 0FCC one step",
  "25 1248 read",
  "24 030C one step",
  "00 A5 one step",
  "00 A5 countersigned",
];

const ROWS = rowsAfter("firmware/SECURITY.md", "## 5 Classes of commands").map(
  ([channel = "", opcode = "", procedure = "", text = "", reason = ""]) => ({
    channel,
    opcode,
    procedure,
    text,
    reason,
  }),
);
const nameOf = ({ channel, opcode, text }: (typeof ROWS)[number]) => `${channel} ${opcode} ${text}`;

describe("the table of classes in SECURITY.md", () => {
  it("has every row of the command table, with its class and its reason, and no other command (SR-122, SR-24)", () => {
    const listed = ROWS.filter((row) => !BESIDE.includes(nameOf(row))).map(
      ({ channel, opcode, procedure, text, reason }) => {
        const state = /\b(33|55)$/.exec(procedure)?.[1] ?? "";
        return [channel, opcode, state, text, reason].join(" | ");
      },
    );
    const ours = [...COMMANDS, TIME_UPDATE].map((row) => {
      const channel = row.channel?.toString(16) ?? CHANNELS.command;
      const opcode = row.opcode
        .toString(16)
        .toUpperCase()
        .padStart(row.channel === undefined ? 4 : 2, "0");
      return [channel, opcode, row.operand?.toString(16) ?? "", CLASSES[row.class], row.why].join(" | ");
    });
    assert.deepEqual(listed.sort(), ours.sort());
    assert.deepEqual(
      ROWS.map(nameOf)
        .filter((name) => BESIDE.includes(name))
        .sort(),
      [...BESIDE].sort(),
    );
  });

  it("gives a reason with each class, and has each row once (SR-122)", () => {
    for (const { reason, procedure } of ROWS) assert.ok(reason.length > 10, procedure);
    const whole = ROWS.map((row) => `${nameOf(row)} ${row.procedure}`);
    assert.equal(new Set(whole).size, whole.length);
  });

  it("lacks no opcode that is taken on its channels, of all that there are (SR-122, SR-03)", () => {
    const desk = new Desk();
    const taken = (
      channel: keyof typeof CHANNELS,
      opcodes: number,
      bytes: number,
      refused: (value: string) => string,
    ) => {
      const number = Number.parseInt(CHANNELS[channel], 16);
      const found: string[] = [];
      for (let opcode = 0; opcode < opcodes; opcode++) {
        const value = bytes === 1 ? Uint8Array.of(opcode) : Uint8Array.of(opcode & 0xff, opcode >> 8);
        const text = Buffer.from(value).toString("hex");
        if (desk.ask(number, text) !== refused(text))
          found.push(
            opcode
              .toString(16)
              .toUpperCase()
              .padStart(2 * bytes, "0"),
          );
      }
      return found;
    };
    const listed = (channel: keyof typeof CHANNELS) => [
      ...new Set(ROWS.filter((row) => row.channel === CHANNELS[channel]).map(({ opcode }) => opcode)),
    ];
    const on25 = taken("command", 0x10000, 2, (text) => `25 550f${text}70`);
    assert.deepEqual(on25, listed("command").sort());
    // 09, the opcode, 02: not supported.
    assert.deepEqual(
      taken("time", 0x100, 1, (text) => `91 09${text}02`),
      listed("time"),
    );
    // Of Prepare, Commit, Outcome, List Bonds and Revoke Bond the last alone changes something by itself.
    assert.deepEqual(
      taken("control", 0x100, 1, (text) => `00 66${text}70`),
      ["0F", "3C", "55", "96", "A5"],
    );
    // The reads of the Status Reader, and Reset Status.
    for (let opcode = 0; opcode < 0x10000; opcode++) {
      const text = Buffer.from(Uint8Array.of(opcode & 0xff, opcode >> 8, 0, 0)).toString("hex");
      const { reset, accepted, revocation } = desk.send(0x24, text);
      assert.equal(reset !== undefined, opcode === 0x030c, text);
      assert.ok(!accepted && !revocation);
    }
  });
});
