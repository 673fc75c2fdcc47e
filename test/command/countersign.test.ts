/** Prepare, Challenge, Commit. */

import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { HmacKey } from "../../firmware/base/hmacKey.js";
import { microunits, microunitsPerHour, pumpClockMs, uptimeMs } from "../../firmware/base/units.js";
import { commit, NO_CHALLENGE } from "../../firmware/command/countersign.js";
import { failureOf, responseOf } from "../../firmware/command/dispatch.js";
import { NonceStore } from "../../firmware/nonce/store.js";
import { NO_BONDS } from "../../firmware/session/bonds.js";
import { withProfile } from "../../firmware/therapy/therapy.js";
import { durable, identityOf, soundEntropy, varied } from "../nonce/bench.js";
import { bondOf, flipped, hex, unhex } from "../session/bench.js";
import { bolusStanding, clock, HOUR_MS, RIG, reservoirOf, therapyOf } from "../therapy/bench.js";
import { profileOfRates } from "../therapy/profileBench.js";
import { vectorsOf } from "../vectors/appendix.js";
import { ASKER, COMMAND, Desk, doseBytes } from "./bench.js";

const BASAL = microunitsPerHour(1_200_000);
const TBR = { rateMicrounitsPerHour: microunitsPerHour(0), durationMinutes: 60, endsAtMs: pumpClockMs(HOUR_MS) };

describe("Prepare", () => {
  it("answers a challenge with dose ID, 16 bytes, the life it grants and the reading (SR-29)", () => {
    const desk = new Desk(therapyOf(), 9);
    const { doseId, challenge, lifeS, reading } = desk.challenged(COMMAND.bolus, 10);
    assert.deepEqual(doseId, { epoch: 9, sequence: 1 });
    assert.equal(challenge.length, 16);
    assert.equal(lifeS, 10);
    assert.equal(hex(reading), "4b11103360e31600000000000000");
    assert.deepEqual(desk.challenged(COMMAND.bolus).doseId, { epoch: 9, sequence: 2 });
  });

  it("grants 30 s at most (SR-27)", () => {
    for (const [asked, granted] of [
      [1, 1],
      [29, 29],
      [30, 30],
      [31, 30],
      [255, 30],
    ] as const)
      assert.equal(new Desk().challenged(COMMAND.bolus, asked).lifeS, granted);
  });

  it("refuses with 71 a life of 0, another channel, a command or operand that is too short (SR-04)", () => {
    const desk = new Desk();
    for (const operand of [`0025${COMMAND.bolus}`, `0a24${COMMAND.bolus}`, "0a254b", "0a25", "0a", "", "0a254b1110"])
      assert.equal(desk.ask(0, `0f${operand}`), "00 660f71", operand);
  });

  it("refuses one-step commands with 74, unlisted ones with 70, what the therapy refuses with its code (SR-24, SR-30)", () => {
    const desk = new Desk();
    for (const [command, code] of [
      [COMMAND.stop, "74"],
      [COMMAND.cancelBolus, "74"],
      [COMMAND.pause, "71"],
      ["8d14", "70"],
      [COMMAND.snooze, "74"],
      [COMMAND.confirm, "74"],
      ["e20f0000", "70"],
      [COMMAND.run, "74"],
      [COMMAND.cancelTbr, "74"],
      [COMMAND.changeTbr, "74"],
      ["4b11003365f000000000", "73"],
      ["ff0f003333f05a00", "73"],
      ["4b11003301d000000000", "71"],
    ] as const)
      assert.equal(desk.prepare(command), `00 660f${code}`, command);
  });

  it("names an operand that is wrong before the state that would refuse it (SR-03, SR-04)", () => {
    const stopped = new Desk(therapyOf({ control: "stop" }));
    assert.equal(stopped.prepare("4b11003301d000000000"), "00 660f71");
    assert.equal(stopped.prepare("ff0f003301d05a00"), "00 660f71");
    assert.equal(stopped.prepare(COMMAND.bolus), "00 660f74");
    assert.equal(stopped.ask(0x25, "4b11003301d000000000"), "25 550f4b1171");
    assert.equal(stopped.ask(0x25, COMMAND.bolus), "25 550f4b1174");
  });
});

/** 2000-01-02 00:00:00 at the pump clock's 0. */
const MIDNIGHT = { setAtMs: clock(0), baseTimeS: 86_400, timeZoneQuarters: 0, dstOffset: 0, certain: true } as const;

/** Whose bond the vector of Revoke Bond ends. */
const observer = { ...bondOf(2, "observe"), controllerId: unhex("d0d1d2d3d4d5d6d7") };

describe("Commit", () => {
  for (const { name, inputs, outputs } of vectorsOf("countersignature"))
    it(`accepts PROTOCOL.md's own tag, and no other: ${name} (SR-25)`, () => {
      const epoch = 0x0102;
      const sequence = unhex(inputs.doseId)[4] ?? 0;
      const therapies = {
        "4b11": therapyOf(),
        ff0f: therapyOf(),
        "1111": therapyOf({ basalMicrounitsPerHour: BASAL, tbr: TBR }),
        "5a0f": therapyOf({ basalMicrounitsPerHour: BASAL, control: "stop" }),
        cc0f: therapyOf({ time: MIDNIGHT }),
        "2e12": withProfile(therapyOf(), 2, profileOfRates([1_440, BASAL])),
        "0241": therapyOf(),
        "660f": therapyOf(),
        "7b12": therapyOf({ control: "stop" }),
        "8b12": therapyOf({ control: "stop", reservoir: { ...reservoirOf(0), state: "open" } }),
        b712: therapyOf(),
        a5d0: therapyOf(),
      };
      const attempt = (tag: Uint8Array) => {
        const identity = identityOf({ epoch, pumpId: unhex(inputs.pumpId) });
        const nonces = new NonceStore(durable(identity), soundEntropy(1), sha256, () => {});
        for (let i = 0; i < sequence; i++) nonces.issue("dose", 1, uptimeMs(9_000));
        const therapy = therapies[outputs.command.slice(0, 4) as keyof typeof therapies];
        const { device } = new Desk();
        const context = {
          pumpId: identity.pumpId,
          bonds: { ...NO_BONDS, confirmed: [observer] },
          nonces,
          therapy,
          rig: RIG,
          device,
          now: uptimeMs(1),
        };
        const asker = {
          session: 1,
          controllerId: unhex(inputs.controllerId),
          doseKey: new HmacKey(sha256, unhex(inputs.kDose)),
        };
        const outstanding = {
          doseId: { epoch, sequence },
          challenge: unhex(inputs.challenge),
          channel: Number.parseInt(inputs.channel, 16),
          command: unhex(outputs.command),
          reading: unhex(outputs.reading),
        };
        const operand = Uint8Array.from([...unhex(inputs.doseId), ...tag]);
        return commit({ ...NO_CHALLENGE, outstanding }, operand, false, asker, context).answer;
      };
      assert.equal(attempt(unhex(outputs.tag)).ok, true);
      for (let i = 0; i < 16; i++)
        assert.deepEqual(attempt(flipped(unhex(outputs.tag), i, 0x10)), { ok: false, refusal: 0x83 });
    });

  it("accepts one and answers 81 to every other, right or wrong (SR-26)", () => {
    const desk = new Desk();
    const challenged = desk.challenged(COMMAND.bolus);
    const tag = desk.tagOf(COMMAND.bolus, challenged);
    assert.equal(desk.commit(challenged, tag), "accepted");
    assert.equal(desk.commit(challenged, tag), "00 663c81");
    assert.equal(new Desk().commit(challenged, tag), "00 663c81");
  });

  it("refuses with 83 a tag over anything else: every field, and another key (SR-25)", () => {
    const other = varied(8, 99);
    const parts = [
      { pumpId: other },
      { controllerId: other },
      { doseId: doseBytes({ epoch: 1, sequence: 2 }) },
      { challenge: varied(16, 99) },
      { channel: Uint8Array.of(0x24) },
      { command: unhex(COMMAND.run) },
      { reading: unhex("4b11003360e31600000000000000") },
      { kDose: varied(32, 1) },
    ] as const;
    for (const replaced of parts) {
      const desk = new Desk();
      const challenged = desk.challenged(COMMAND.bolus);
      const what = Object.keys(replaced).join();
      assert.equal(desk.commit(challenged, desk.tagOf(COMMAND.bolus, challenged, replaced)), "00 663c83", what);
      assert.equal(desk.commit(challenged, desk.tagOf(COMMAND.bolus, challenged)), "00 663c81", `after ${what}`);
    }
  });

  it("spends the challenge with any length and whatever dose ID it names (SR-26)", () => {
    const spending = [
      (desk: Desk) => assert.equal(desk.ask(0, "3c"), "00 663c71"),
      (desk: Desk) => assert.equal(desk.ask(0, `3c${"00".repeat(25)}`), "00 663c71"),
      (desk: Desk) =>
        assert.equal(desk.ask(0, `3c${hex(doseBytes({ epoch: 1, sequence: 9 }))}${"00".repeat(16)}`), "00 663c81"),
    ];
    for (const spend of spending) {
      const desk = new Desk();
      const challenged = desk.challenged(COMMAND.bolus);
      spend(desk);
      assert.equal(desk.state.outstanding, undefined);
      assert.equal(desk.commit(challenged, desk.tagOf(COMMAND.bolus, challenged)), "00 663c81");
      assert.equal(desk.outcome(challenged.doseId), "0f 00 0 0 0");
    }
  });

  it("belongs to the session that it was issued in (SR-26)", () => {
    const desk = new Desk();
    const challenged = desk.challenged(COMMAND.bolus);
    desk.asker = { ...ASKER, session: 2 };
    assert.equal(desk.commit(challenged, desk.tagOf(COMMAND.bolus, challenged)), "00 663c81");
  });

  it("answers 82 from the first millisecond after its life (SR-27)", () => {
    for (const [afterMs, answer] of [
      [10_000, "accepted"],
      [10_001, "00 663c82"],
    ] as const) {
      const desk = new Desk();
      const challenged = desk.challenged(COMMAND.bolus, 10);
      desk.nowMs += afterMs;
      assert.equal(desk.commit(challenged, desk.tagOf(COMMAND.bolus, challenged)), answer, `${afterMs} ms`);
    }
  });

  it("answers 80 when stale, challenge or none, and spends it (SR-22)", () => {
    const desk = new Desk();
    const challenged = desk.challenged(COMMAND.bolus);
    const tag = desk.tagOf(COMMAND.bolus, challenged);
    desk.stale = true;
    assert.equal(desk.commit(challenged, tag), "00 663c80");
    assert.equal(desk.commit(challenged, tag), "00 663c80");
    desk.stale = false;
    assert.equal(desk.commit(challenged, tag), "00 663c81");
    assert.equal(desk.outcome(challenged.doseId), "33 80 0 0 0");
  });

  it("checks state and limits again, and answers with the check that fails (SR-30)", () => {
    for (const [therapy, code] of [
      [therapyOf({ control: "stop" }), "74"],
      [therapyOf(bolusStanding(100_000, 77)), "76"],
      [therapyOf({ reservoir: reservoirOf(1_000_000) }), "72"],
      [therapyOf({}, { openHourMicrounits: microunits(14_000_000) }), "75"],
    ] as const) {
      const desk = new Desk();
      const challenged = desk.challenged(COMMAND.bolus);
      desk.therapy = therapy;
      assert.equal(desk.commit(challenged, desk.tagOf(COMMAND.bolus, challenged)), `00 663c${code}`);
      assert.equal(desk.outcome(challenged.doseId), `33 ${code} 0 0 0`);
    }
  });

  it("answers 84 when the command now has another reading (SR-29)", () => {
    const desk = new Desk(therapyOf({ control: "stop" }));
    const challenged = desk.challenged(COMMAND.run);
    desk.therapy = therapyOf({ control: "stop", basalMicrounitsPerHour: BASAL });
    assert.equal(desk.commit(challenged, desk.tagOf(COMMAND.run, challenged)), "00 663c84");
    assert.equal(desk.outcome(challenged.doseId), "33 84 0 0 0");
  });

  it("yields what is to be obeyed, and the response once it has been", () => {
    const desk = new Desk();
    const challenged = desk.challenged(COMMAND.bolus);
    const { accepted } = desk.send(0, `3c${hex(challenged.doseIdBytes)}${hex(desk.tagOf(COMMAND.bolus, challenged))}`);
    assert.ok(accepted);
    assert.deepEqual(accepted.authorised.command, { kind: "setBolus", flags: 0x10, amountMicrounits: 1_500_000 });
    assert.deepEqual(accepted.doseId, challenged.doseId);
    assert.deepEqual(responseOf(accepted, 7), { channel: 0x25, value: unhex("77110700") });
    assert.deepEqual(failureOf(accepted), { channel: 0, value: unhex("663c72") });
    const stop = desk.send(0x25, COMMAND.stop).accepted;
    assert.ok(stop);
    assert.deepEqual(failureOf(stop), { channel: 0x25, value: unhex("550f5a0f72") });
  });
});
