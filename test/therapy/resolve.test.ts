/** What a command would do now: PROTOCOL.md 6.3's table of states and limits, row by row and in its order. */

import assert from "node:assert/strict";
import { microunits, microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import type { Command } from "../../firmware/therapy/commands.js";
import { resolve } from "../../firmware/therapy/resolve.js";
import type { Therapy } from "../../firmware/therapy/therapy.js";
import { at, bolusStanding, closedBins, HOUR_MS, RIG, reservoirOf, therapyOf } from "./bench.js";

const TBR = { rateMicrounitsPerHour: microunitsPerHour(0), durationMinutes: 60, endsAtMs: pumpClockMs(HOUR_MS) };
const stopped = therapyOf({ control: "stop" });
const running = therapyOf();
const withTbr = therapyOf({ tbr: TBR });
const withBolus = therapyOf(bolusStanding(1_000_000));
const faulted: Therapy = { ...running, fault: { cause: { kind: "invariant", message: "x" }, stored: true } };
const emptied = therapyOf({ reservoir: reservoirOf(1_000_000) });
const busyHour = therapyOf({}, { openHourMicrounits: microunits(14_000_000) });

const bolus = (amount: number): Command => ({ kind: "setBolus", flags: 0, amountMicrounits: microunits(amount) });
const tbr = (rate: number, durationMinutes: number, change = false): Command => ({
  kind: "setTbr",
  change,
  amount: { rateMicrounitsPerHour: microunitsPerHour(rate) },
  context: undefined,
  durationMinutes,
});

const answer = (therapy: Therapy, command: Command, now = 0) => {
  const meaning = resolve(therapy, command, at(now), RIG);
  return meaning.ok ? "ok" : meaning.refusal.toString(16);
};

describe("resolve", () => {
  it("judges Set Bolus by state, active bolus, amount, maximum, reservoir and windows, in this order (SR-30, SR-43)", () => {
    assert.equal(answer(running, bolus(10_000)), "ok");
    assert.equal(answer(running, bolus(10_000_000)), "ok");
    for (const [therapy, amount, code] of [
      [stopped, 0, "74"],
      [withBolus, 0, "76"],
      [running, 0, "71"],
      [running, 10_010_000, "73"],
      [emptied, 10_010_000, "73"],
      [emptied, 1_010_000, "72"],
      [busyHour, 1_010_000, "75"],
    ] as const)
      assert.equal(answer(therapy, bolus(amount)), code, `${amount}`);
    assert.equal(answer(emptied, bolus(1_000_000)), "ok");
    assert.equal(answer(busyHour, bolus(1_000_000)), "ok");
  });

  it("closes an hour that has passed before it judges the windows (SR-44)", () => {
    assert.equal(answer(busyHour, bolus(1_010_000), HOUR_MS), "75");
    assert.equal(answer(busyHour, bolus(1_010_000), 2 * HOUR_MS), "ok");
    const day = therapyOf({ windows: { hour: 0, closedMicrounits: closedBins(...Array(24).fill(3_300_000)) } });
    assert.equal(answer(day, bolus(1_000_000)), "75");
    assert.equal(answer(day, bolus(1_000_000), HOUR_MS), "ok");
  });

  it("judges Set TBR by state, change flag, duration and rate, in this order (SR-43, SR-61)", () => {
    assert.equal(answer(running, tbr(0, 1)), "ok");
    assert.equal(answer(running, tbr(5_000_000, 1_440)), "ok");
    assert.equal(answer(withTbr, tbr(5_000_000, 1_440, true)), "ok");
    for (const [therapy, rate, minutes, change, code] of [
      [stopped, 0, 0, false, "74"],
      [withTbr, 0, 0, false, "74"],
      [running, 0, 0, true, "74"],
      [running, 9_000_000, 0, false, "71"],
      [running, 5_010_000, 1, false, "73"],
      [running, 0, 1_441, false, "73"],
    ] as const)
      assert.equal(answer(therapy, tbr(rate, minutes, change)), code, `${rate} for ${minutes}, ${change}`);
  });

  it("judges Cancel TBR and Run by state, and resolves the rate that takes over (SR-29, SR-61)", () => {
    assert.equal(answer(running, { kind: "cancelTbr" }), "74");
    assert.equal(answer(running, { kind: "run" }), "74");
    const rateMicrounitsPerHour = 900_000;
    assert.deepEqual(resolve(withTbr, { kind: "cancelTbr" }, at(0), RIG), {
      ok: true,
      value: { kind: "cancelTbr", rateMicrounitsPerHour },
    });
    assert.deepEqual(resolve(stopped, { kind: "run" }, at(0), RIG), {
      ok: true,
      value: { kind: "run", rateMicrounitsPerHour },
    });
  });

  it("allows Stop always and Cancel Bolus for the active bolus alone (SR-32)", () => {
    for (const therapy of [stopped, running, faulted]) assert.equal(answer(therapy, { kind: "stop" }), "ok");
    assert.equal(answer(withBolus, { kind: "cancelBolus", bolusId: 5 }), "ok");
    assert.equal(answer(withBolus, { kind: "cancelBolus", bolusId: 6 }), "74");
    assert.equal(answer(running, { kind: "cancelBolus", bolusId: 0 }), "74");
    assert.equal(answer(faulted, { kind: "cancelBolus", bolusId: 5 }), "74");
  });

  it("refuses everything that begins or raises insulin while a fault is latched (SR-56)", () => {
    for (const command of [bolus(10_000), tbr(0, 1), { kind: "cancelTbr" }, { kind: "run" }] as const)
      assert.equal(answer(faulted, command), "72", command.kind);
  });
});
