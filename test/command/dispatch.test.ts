/** Who may do what, and in which order refusals come. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Control } from "../../firmware/command/control.js";
import { AnnunciationType } from "../../firmware/ids/values.js";
import { tell } from "../../firmware/therapy/obey.js";
import { hex } from "../session/bench.js";
import { at, bolusStanding, therapyOf } from "../therapy/bench.js";
import { COMMAND, Desk } from "./bench.js";

const desk = (fields: Partial<Desk> = {}, therapy = therapyOf(bolusStanding(100_000, 77))) =>
  Object.assign(new Desk(therapy), fields);

const BARRED = { mayOperate: false, stale: true };

describe("channel 25", () => {
  it("obeys Stop and Cancel Bolus of an operator at once (SR-32)", () => {
    for (const [command, kind] of [
      [COMMAND.stop, "stop"],
      [COMMAND.cancelBolus, "cancelBolus"],
    ] as const) {
      const { accepted, reply } = desk().send(0x25, command);
      assert.equal(accepted?.authorised.command.kind, kind);
      assert.equal(accepted?.doseId, undefined);
      assert.equal(reply, undefined);
    }
  });

  it("obeys Snooze and Confirm of an operator at once, and neither ends a challenge (SR-110)", () => {
    const standing = tell(therapyOf(), AnnunciationType.TbrCanceled, at(10)).next.standing;
    const instance = standing.annunciations.pending[0]?.instance ?? -1;
    const mine = desk({}, therapyOf(standing));
    const challenged = mine.challenged(COMMAND.bolus);
    for (const [opcode, kind] of [
      ["690f", "snoozeAnnunciation"],
      ["990f", "confirmAnnunciation"],
    ] as const) {
      const { accepted } = mine.send(0x25, `${opcode}${instance.toString(16).padStart(2, "0")}00`);
      assert.equal(accepted?.authorised.command.kind, kind);
      assert.equal(mine.ask(0x25, `${opcode}ffff`), `25 550f${opcode}74`);
    }
    assert.equal(mine.commit(challenged, mine.tagOf(COMMAND.bolus, challenged)), "accepted");
  });

  it("answers 74 to every countersigned command that comes without a Commit (SR-24)", () => {
    for (const command of [COMMAND.bolus, COMMAND.tbr, COMMAND.changeTbr, COMMAND.cancelTbr, COMMAND.run])
      assert.equal(desk().ask(0x25, command), `25 550f${command.slice(0, 4)}74`);
  });

  it("refuses in order: no opcode 71, opcode 70, role 85, stale 80, operand 71, class 74, state (SR-03)", () => {
    assert.equal(desk(BARRED).ask(0x25, ""), "25 550f000071");
    assert.equal(desk(BARRED).ask(0x25, "5a"), "25 550f000071");
    assert.equal(desk(BARRED).ask(0x25, "8d14"), "25 550f8d1470");
    assert.equal(desk(BARRED).ask(0x25, "5a0f"), "25 550f5a0f85");
    assert.equal(desk({ stale: true }).ask(0x25, "4b11"), "25 550f4b1180");
    assert.equal(desk().ask(0x25, "4b11"), "25 550f4b1171");
    assert.equal(desk().ask(0x25, COMMAND.bolus), "25 550f4b1174");
    assert.equal(desk({}, therapyOf()).ask(0x25, COMMAND.cancelBolus), "25 550f781174");
  });

  it("refuses everything of an observer with 85, Stop included (SR-31, SR-32)", () => {
    for (const command of Object.values(COMMAND))
      assert.equal(desk({ mayOperate: false }).ask(0x25, command), `25 550f${command.slice(0, 4)}85`);
  });

  it("refuses everything stale with 80, Stop included (SR-22)", () => {
    for (const command of Object.values(COMMAND))
      assert.equal(desk({ stale: true }).ask(0x25, command), `25 550f${command.slice(0, 4)}80`);
  });

  it("refuses every other opcode of the standard with 70 (SR-03)", () => {
    const profiles = ["aa0f", "cc0f", "2e12", "4812"];
    const listed = [...profiles, ...Object.values(COMMAND).map((command) => command.slice(0, 4))];
    for (let low = 0; low < 256; low++)
      for (const high of ["0f", "11", "12", "14", "03", "00"]) {
        const opcode = `${low.toString(16).padStart(2, "0")}${high}`;
        if (!listed.includes(opcode)) assert.equal(desk().ask(0x25, opcode), `25 550f${opcode}70`);
      }
  });
});

describe("control channel", () => {
  it("refuses in order: opcode 70, role 85, stale 80, length 71 (SR-03, SR-22, SR-31)", () => {
    for (const opcode of ["0f", "3c"]) {
      assert.equal(desk(BARRED).ask(0, opcode), `00 66${opcode}85`);
      assert.equal(desk().ask(0, opcode), `00 66${opcode}71`);
    }
    assert.equal(desk({ stale: true }).ask(0, "0f"), "00 660f80");
    assert.equal(desk(BARRED).ask(0, "55"), "00 665571");
    assert.equal(desk(BARRED).ask(0, ""), "00 660071");
  });

  it("refuses every other opcode with 70, those that only the pump sends among them (SR-03)", () => {
    const { Prepare, Commit, Outcome, ListBonds, RevokeBond } = Control;
    const taken: readonly number[] = [Prepare, Commit, Outcome, ListBonds, RevokeBond];
    for (let opcode = 0; opcode < 256; opcode++) {
      if (taken.includes(opcode)) continue;
      const text = opcode.toString(16).padStart(2, "0");
      assert.equal(desk(BARRED).ask(0, `${text}00`), `00 66${text}70`);
    }
  });

  it("keeps its opcodes clear of the channels, so that Refused cannot be mistaken", () => {
    for (const opcode of [...Object.values(Control), 0x69]) assert.ok(opcode < 0x20 || opcode > 0x28, `${opcode}`);
  });

  it("says for the trace what was refused and why, without a secret (SR-11)", () => {
    assert.equal(desk().send(0, "0f").refused, "Prepare: InvalidOperand");
    assert.equal(desk().send(0, `3c${"00".repeat(24)}`).refused, "Commit: ChallengeUnknown");
    assert.equal(desk().send(0x25, COMMAND.bolus).refused, "command: NotApplicable");
    assert.equal(desk().send(0x26, "").refused, "channel: OpcodeNotSupported");
    assert.equal(desk().send(0x21, "").refused, undefined);
  });
});

describe("any request", () => {
  it("is answered once or accepted, and throws for no bytes at all (SR-02, SR-03)", () => {
    const channel = fc.oneof(fc.nat(255), fc.constantFrom(0, 0x24, 0x25));
    const start = fc.constantFrom("", "0f0a25", "3c", "55", "4b11", "5a0f", "ff0f", "7811", "5603", "0c03");
    fc.assert(
      fc.property(channel, start, fc.uint8Array({ maxLength: 30 }), fc.boolean(), (to, head, tail, stale) => {
        const { reply, accepted } = desk({ stale }).send(to, head + hex(tail));
        assert.equal(reply === undefined, accepted !== undefined);
        if (reply) assert.ok(reply.value.length > 0 && reply.value.length <= 235);
      }),
      { seed: 91, numRuns: 400 },
    );
  });
});
