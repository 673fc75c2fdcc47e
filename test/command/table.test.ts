/** The table of commands against PROTOCOL.md 6.3, row by row, and how each command is read. SECURITY.md: classes.test.ts. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMANDS, type CommandRow, commandResponse, decodeCommand, rowOf } from "../../firmware/command/table.js";
import { CommandOpcode } from "../../firmware/ids/opcodes.js";
import { rowsAfter } from "../documentTable.js";
import { hex, unhex } from "../session/bench.js";
import { COMMAND } from "./bench.js";

const CLASSES: { readonly [text: string]: CommandRow["class"] } = {
  "one step": "oneStep",
  countersigned: "countersigned",
  "refused: 71": "refused",
};

/** `opcode operand class` of a row of ours; an operand only where the class depends on it. */
const keyOf = (opcode: number, operand: string, commandClass: string) =>
  `${opcode.toString(16).padStart(4, "0").toUpperCase()} ${operand} ${commandClass}`;

const ours = COMMANDS.map((row) =>
  keyOf(row.opcode, row.operand === undefined ? "" : row.operand.toString(16), row.class),
);

describe("command table", () => {
  it("has exactly the opcodes, operands and classes of PROTOCOL.md 6.3 (SR-24)", () => {
    const wanted = rowsAfter("firmware/PROTOCOL.md", "### 6.3 Command Control Point").map(
      ([name = "", operand = "", text = ""]) => {
        const opcode = Number.parseInt(name.slice(0, 4), 16);
        const state = opcode === CommandOpcode.SetTherapyControlState ? /\b(33|55)\b/.exec(operand)?.[1] : undefined;
        return keyOf(opcode, state ?? "", CLASSES[text] ?? text);
      },
    );
    assert.deepEqual([...ours].sort(), [...wanted].sort());
  });

  it("names every opcode of the standard that it lacks nowhere: those have no row (SR-03)", () => {
    const listed = new Set(COMMANDS.map(({ opcode }) => opcode));
    for (const opcode of Object.values(CommandOpcode)) {
      const value = Uint8Array.of(opcode & 0xff, opcode >> 8, 0x33);
      assert.equal(rowOf(value) !== undefined, listed.has(opcode), opcode.toString(16));
    }
    for (const value of ["", "5a", "8d14", "0000", "ffff"]) assert.equal(rowOf(unhex(value)), undefined, value);
  });

  it("gives a reason with each class", () => {
    for (const { why } of COMMANDS) assert.ok(why.length > 10);
  });

  it("answers with the standard's response of each command", () => {
    const response = (value: string) => {
      const row = rowOf(unhex(value));
      const decoded = row && decodeCommand(row, unhex(value), undefined);
      assert.ok(decoded?.ok);
      return hex(row?.response(decoded.value, 0x0201) ?? new Uint8Array(0));
    };
    assert.equal(response(COMMAND.stop), "550f5a0f0f");
    assert.equal(response(COMMAND.run), "550f5a0f0f");
    assert.equal(response(COMMAND.tbr), "550fff0f0f");
    assert.equal(response(COMMAND.cancelTbr), "550f11110f");
    assert.equal(response(COMMAND.bolus), "77110102");
    assert.equal(response(COMMAND.cancelBolus), "87110500");
    assert.equal(response(COMMAND.snooze), "960f0300");
    assert.equal(response(COMMAND.confirm), "a50f0300");
    assert.equal(response(COMMAND.flightMode), "550f660f0f");
    assert.equal(hex(commandResponse(0x114b, 0x72)), "550f4b1172");
  });
});

/** What a command's bytes decode to, or the code of the refusal. */
const decoded = (value: string) => {
  const bytes = unhex(value);
  const row = rowOf(bytes);
  assert.ok(row, value);
  const command = decodeCommand(row, bytes, undefined);
  return command.ok ? command.value : command.refusal.toString(16);
};

describe("command decoding", () => {
  it("reads every command", () => {
    assert.deepEqual(decoded(COMMAND.stop), { kind: "stop" });
    assert.deepEqual(decoded(COMMAND.run), { kind: "run" });
    assert.deepEqual(decoded(COMMAND.cancelTbr), { kind: "cancelTbr" });
    assert.deepEqual(decoded(COMMAND.flightMode), { kind: "flightMode" });
    assert.deepEqual(decoded(COMMAND.cancelBolus), { kind: "cancelBolus", bolusId: 5 });
    assert.deepEqual(decoded(COMMAND.snooze), { kind: "snoozeAnnunciation", instance: 3 });
    assert.deepEqual(decoded(COMMAND.confirm), { kind: "confirmAnnunciation", instance: 3 });
    assert.deepEqual(decoded(COMMAND.bolus), { kind: "setBolus", flags: 0x10, amountMicrounits: 1_500_000 });
    const amount = { rateMicrounitsPerHour: 750_000 };
    const tbr = { kind: "setTbr", amount, context: undefined, durationMinutes: 90 };
    assert.deepEqual(decoded(COMMAND.tbr), { ...tbr, change: false });
    assert.deepEqual(decoded(COMMAND.changeTbr), { ...tbr, change: true });
  });

  it("refuses every command at every other length (SR-04)", () => {
    for (const [name, value] of Object.entries(COMMAND)) {
      const whole = value.length / 2;
      for (let length = 2; length <= whole + 3; length++) {
        if (length === whole && name !== "pause") continue;
        const bytes = value.padEnd(2 * (whole + 3), "0").slice(0, 2 * length);
        assert.equal(decoded(bytes), "71", `${name} of ${length} bytes`);
      }
    }
  });

  it("refuses every therapy control state but Stop and Run (SR-04, SR-24)", () => {
    for (let state = 0; state < 256; state++) {
      const command = decoded(`5a0f${state.toString(16).padStart(2, "0")}`);
      if (state === 0x33 || state === 0x55) assert.equal(typeof command, "object");
      else assert.equal(command, "71", `${state}`);
    }
  });

  const bolus = (fields: {
    flags?: string;
    type?: string;
    fast?: string;
    extended?: string;
    minutes?: string;
    rest?: string;
  }) => {
    const { flags = "00", type = "33", fast = "96e0", extended = "0000", minutes = "0000", rest = "" } = fields;
    return decoded(`4b11${flags}${type}${fast}${extended}${minutes}${rest}`);
  };

  it("takes of Set Bolus bits 3 and 4 alone or together, and no other bit, with its field or without (SR-04)", () => {
    for (let flags = 0; flags < 256; flags++) {
      const text = flags.toString(16).padStart(2, "0");
      if ((flags & ~0x18) === 0) assert.notEqual(bolus({ flags: text }), "71", text);
      else
        for (const rest of ["", "00", "0000", "000000", "00000000"])
          assert.equal(bolus({ flags: text, rest }), "71", text);
    }
  });

  it("refuses of Set Bolus another type, an extended amount, a duration (SR-04)", () => {
    for (const fields of [{ type: "3c" }, { type: "55" }, { type: "00" }, { extended: "01e0" }, { minutes: "0100" }])
      assert.equal(bolus(fields), "71", JSON.stringify(fields));
    assert.notEqual(bolus({ extended: "00e0" }), "71");
  });

  it("refuses SFLOATs that are special, negative, or no multiple of 0.01 U, and takes every other encoding (SR-04)", () => {
    for (const special of ["fe07", "ff07", "0008", "0108", "0208", "fee7", "ffe7"])
      assert.equal(bolus({ fast: special }), "71", special);
    for (const wrong of ["ffef", "01d0", "05d0", "0fd0", "01c0", "e9b3"]) {
      assert.equal(bolus({ fast: wrong }), "71", wrong);
      assert.equal(decoded(`ff0f0033${wrong}5a00`), "71", wrong);
    }
    for (const [encoding, amount] of [
      ["96e0", 1_500_000],
      ["0ff0", 1_500_000],
      ["dcd5", 1_500_000],
      ["0100", 1_000_000],
      ["0110", 10_000_000],
      ["01e0", 10_000],
      ["0000", 0],
      ["00f0", 0],
    ] as const)
      assert.deepEqual(bolus({ fast: encoding }), { kind: "setBolus", flags: 0, amountMicrounits: amount }, encoding);
  });

  it("takes of Set TBR change and context, a rate or a factor, and refuses a template with 74 (SR-04)", () => {
    for (let flags = 0; flags < 256; flags++) {
      const text = flags.toString(16).padStart(2, "0");
      const reserved = (flags & ~7) !== 0;
      const optional = "0133".slice(0, 2 * ((flags & 1) + ((flags >> 1) & 1)));
      if (!reserved && (flags & 3) === 0) assert.equal(typeof decoded(`ff0f${text}334be05a00`), "object", text);
      else if (!reserved && (flags & 1) === 1) assert.equal(decoded(`ff0f${text}334be05a00${optional}`), "74", text);
      else
        for (const rest of reserved ? ["", "00", "0000"] : ["", "00"])
          assert.equal(decoded(`ff0f${text}334be05a00${rest}`), "71", text);
    }
    const tbr = { kind: "setTbr", change: false, durationMinutes: 90 };
    const relative = { ...tbr, amount: { factorMillionths: 750_000 } };
    assert.deepEqual(decoded("ff0f003c4be05a00"), { ...relative, context: undefined });
    for (const context of [0x33, 0x3c, 0x55]) {
      const text = context.toString(16);
      assert.deepEqual(decoded(`ff0f023c4be05a00${text}`), { ...relative, context });
      assert.deepEqual(decoded(`ff0f02334be05a00${text}`), {
        ...tbr,
        amount: { rateMicrounitsPerHour: 750_000 },
        context,
      });
    }
    for (const context of ["00", "0f", "5a", "ff"]) assert.equal(decoded(`ff0f023c4be05a00${context}`), "71", context);
    for (const type of ["0f", "00", "55"]) assert.equal(decoded(`ff0f00${type}4be05a00`), "71", type);
    // 1.005 is no step of 0.01.
    assert.equal(decoded("ff0f003cedd35a00"), "71");
  });

  it("throws for no bytes (SR-02)", () => {
    const opcode = fc.constantFrom("5a0f", "ff0f", "1111", "4b11", "7811", "cc0f", "2e12").map(unhex);
    fc.assert(
      fc.property(opcode, fc.uint8Array({ maxLength: 12 }), (head, operand) => {
        const bytes = Uint8Array.from([...head, ...operand]);
        const row = rowOf(bytes);
        assert.ok(row);
        decodeCommand(row, bytes, undefined);
      }),
      { seed: 81, numRuns: 500 },
    );
  });
});
