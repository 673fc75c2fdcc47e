/** Outcome: every kind, and the death of a challenge. */

import assert from "node:assert/strict";
import { microunits } from "../../firmware/base/units.js";
import { killChallenge, NO_CHALLENGE } from "../../firmware/command/countersign.js";
import { ledgerEntries } from "../../firmware/therapy/ledger.js";
import { bolusStanding, ledgerOf, therapyOf } from "../therapy/bench.js";
import { COMMAND, Desk } from "./bench.js";

describe("a challenge dies", () => {
  /** Whether the challenge still lives after `kill`. */
  function lives(kill: (desk: Desk) => void, therapy = therapyOf(bolusStanding(100_000, 77))): boolean {
    const desk = new Desk(therapy);
    const challenged = desk.challenged(COMMAND.tbr);
    kill(desk);
    const answer = desk.commit(challenged, desk.tagOf(COMMAND.tbr, challenged));
    assert.ok(answer === "accepted" || answer === "00 663c81", answer);
    return answer === "accepted";
  }

  it("by a new Prepare, accepted or refused (SR-28)", () => {
    assert.equal(
      lives((desk) => desk.prepare(COMMAND.tbr)),
      false,
    );
    for (const refused of ["", "00", COMMAND.stop, COMMAND.run, "8d14"])
      assert.equal(
        lives((desk) => assert.ok(desk.prepare(refused).startsWith("00 660f"))),
        false,
        refused,
      );
  });

  it("not by a Prepare that is refused with 80 or 85 (SR-28)", () => {
    for (const bar of [{ stale: true }, { mayOperate: false }])
      assert.equal(
        lives((desk) => {
          Object.assign(desk, bar);
          desk.prepare(COMMAND.tbr);
          Object.assign(desk, { stale: false, mayOperate: true });
        }),
        true,
      );
  });

  it("by Stop and Cancel Bolus (SR-28)", () => {
    for (const command of [COMMAND.stop, COMMAND.cancelBolus])
      assert.equal(
        lives((desk) => assert.equal(desk.ask(0x25, command), "accepted")),
        false,
        command,
      );
  });

  it("by an Outcome that answers never for it, and by no other Outcome (SR-28, SR-35)", () => {
    assert.equal(
      lives((desk) => assert.equal(desk.outcome({ epoch: 1, sequence: 1 }), "0f 00 0 0 0")),
      false,
    );
    assert.equal(
      lives((desk) => assert.equal(desk.outcome({ epoch: 1, sequence: 2 }), "00 665571")),
      true,
    );
  });

  it("by being killed from outside: button, change of state, loss of the bond (SR-28)", () => {
    assert.equal(
      lives((desk) => {
        desk.state = killChallenge(desk.state, desk.nonces);
      }),
      false,
    );
    assert.equal(killChallenge(NO_CHALLENGE, new Desk().nonces), NO_CHALLENGE);
  });

  it("not by reads, unknown messages or refused commands of other classes", () => {
    const harmless = ["21", "24", "20"].map((channel) => (desk: Desk) => desk.ask(Number.parseInt(channel, 16), ""));
    for (const ask of [...harmless, (desk: Desk) => desk.ask(0x25, COMMAND.run), (desk: Desk) => desk.ask(0, "aa")])
      assert.equal(lives(ask), true);
  });
});

describe("Outcome", () => {
  it("knows the eight newest refused, of this boot alone (SR-34)", () => {
    const desk = new Desk();
    const refused = Array.from({ length: 9 }, () => {
      const challenged = desk.challenged(COMMAND.bolus);
      assert.equal(desk.commit(challenged, new Uint8Array(16)), "00 663c83");
      return challenged.doseId;
    });
    assert.deepEqual(
      refused.map((doseId) => desk.outcome(doseId)),
      ["0f 00 0 0 0", ...Array(8).fill("33 83 0 0 0")],
    );
    const [, second] = refused;
    assert.ok(second);
    assert.equal(new Desk(therapyOf(), 2).outcome(second), "0f 00 0 0 0");
  });

  it("refuses with 71 an ID that was never issued, and every wrong length (SR-34)", () => {
    const desk = new Desk(therapyOf(), 3);
    desk.prepare(COMMAND.bolus);
    for (const [epoch, sequence] of [
      [0, 1],
      [1, 0],
      [3, 0],
      [3, 2],
      [4, 1],
      [0xffffffff, 1],
    ] as const)
      assert.equal(desk.outcome({ epoch, sequence }), "00 665571", `${epoch} ${sequence}`);
    for (const length of [0, 7, 9]) assert.equal(desk.ask(0, `55${"01".repeat(length)}`), "00 665571");
  });

  it("counts every sequence of an earlier epoch as issued (SR-34)", () => {
    const desk = new Desk(therapyOf(), 3);
    assert.equal(desk.outcome({ epoch: 2, sequence: 0xffffffff }), "0f 00 0 0 0");
    assert.equal(desk.outcome({ epoch: 1, sequence: 1 }), "0f 00 0 0 0");
  });

  it("tells of a bolus under way what is done and what the pulse under way adds (SR-34, SR-36)", () => {
    const bolus = { doseId: { epoch: 1, sequence: 1 }, doneMicrounits: microunits(50_000) };
    const pulse = { source: "bolus", insulinMicrounits: microunits(50_000) } as const;
    const doseId = { epoch: 1, sequence: 1 };
    const at = (journal: Parameters<typeof therapyOf>[1]) =>
      new Desk(therapyOf(bolusStanding(130_000), journal), 2).outcome(doseId);
    assert.equal(at({}), "55 00 130000 0 0");
    assert.equal(at({ bolus }), "55 00 130000 50000 50000");
    assert.equal(at({ bolus, pulse }), "55 00 130000 50000 100000");
    assert.equal(at({ bolus, pulse: { ...pulse, source: "basal" } }), "55 00 130000 50000 50000");
  });

  it("tells of a settled dose its kind and interval, to every bond (SR-34)", () => {
    const [entry] = ledgerEntries(bolusStanding(130_000).ledger);
    assert.ok(entry);
    for (const [kind, code, low, high] of [
      ["delivered", "5a", 130_000, 130_000],
      ["stopped", "66", 50_000, 50_000],
      ["uncertain", "69", 40_000, 90_000],
    ] as const) {
      const settled = { ...entry, kind, lowMicrounits: microunits(low), highMicrounits: microunits(high) };
      const ledger = ledgerOf([settled]);
      const desk = new Desk(therapyOf({ ledger }), 2);
      desk.mayOperate = false;
      assert.equal(desk.outcome(entry.doseId), `${code} 00 130000 ${low} ${high}`);
    }
  });

  it("forgets after 64 committed commands, says so, and never says never of them (SR-34, SR-35)", () => {
    const desk = new Desk();
    const ids = [desk.done(COMMAND.tbr)];
    assert.equal(desk.outcome(ids[0] ?? { epoch: 0, sequence: 0 }), "3c 00 0 0 0");
    const unused = desk.challenged(COMMAND.changeTbr).doseId;
    assert.equal(desk.outcome(unused), "0f 00 0 0 0");
    for (let i = 0; i < 63; i++) ids.push(desk.done(COMMAND.changeTbr));
    assert.equal(desk.outcome(ids[0] ?? unused), "3c 00 0 0 0");
    ids.push(desk.done(COMMAND.changeTbr));
    assert.equal(desk.outcome(ids[0] ?? unused), "96 00 0 0 0");
    assert.equal(desk.outcome(ids[1] ?? unused), "3c 00 0 0 0");
    assert.equal(desk.outcome(unused), "0f 00 0 0 0");
    ids.push(desk.done(COMMAND.changeTbr));
    assert.equal(desk.outcome(unused), "96 00 0 0 0");
  });

  it("is refused with 72 for what is not in the ledger while the storage is dead, never answered never (SR-34, SR-52)", () => {
    const desk = new Desk();
    const kept = desk.done(COMMAND.tbr);
    const open = desk.challenged(COMMAND.changeTbr).doseId;
    const cause = { kind: "storageFailed", blob: "therapy" } as const;
    desk.therapy = { ...desk.therapy, fault: { cause, stored: false } };
    assert.equal(desk.outcome(kept), "3c 00 0 0 0");
    assert.equal(desk.outcome(open), "00 665572");
  });

  it("is answered stale or not (SR-22)", () => {
    const desk = new Desk();
    const doseId = desk.done(COMMAND.tbr);
    desk.stale = true;
    assert.equal(desk.outcome(doseId), "3c 00 0 0 0");
  });
});
