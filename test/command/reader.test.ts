/** The reads: status channels and the Status Reader Control Point, byte by byte. */

import assert from "node:assert/strict";
import { microunits, microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { AnnunciationType } from "../../firmware/ids/values.js";
import { ledgerEntries } from "../../firmware/therapy/ledger.js";
import type { Therapy } from "../../firmware/therapy/therapy.js";
import { at, bolusStanding, clock, ledgerOf, reservoirOf, therapyOf } from "../therapy/bench.js";
import { Desk } from "./bench.js";

const read = (channel: number, therapy: Therapy, value = "") => new Desk(therapy).ask(channel, value);
const ask = (request: string, therapy: Therapy = therapyOf(), fields: Partial<Desk> = {}) =>
  Object.assign(new Desk(therapy), fields).ask(0x24, request);

describe("status channels", () => {
  it("read Status Changed as it is latched", () => {
    assert.equal(read(0x20, therapyOf()), "20 ff00");
    assert.equal(read(0x20, { ...therapyOf(), changed: 0x41 }), "20 4100");
  });

  it("read Status: control state, operational state, reservoir rounded down (SR-38)", () => {
    assert.equal(read(0x21, therapyOf()), "21 5596032001");
    assert.equal(read(0x21, therapyOf({ control: "stop" })).slice(3, 7), "3396");
    const faulted: Therapy = {
      ...therapyOf({ control: "stop" }),
      fault: { cause: { kind: "invariant", message: "x" }, stored: true },
    };
    assert.equal(read(0x21, faulted).slice(3, 7), "3333");
    const left = (amount: number) => read(0x21, therapyOf({ reservoir: reservoirOf(amount) })).slice(7, 11);
    assert.equal(left(120_500_000), "b5f4");
    assert.equal(left(120_599_999), "b5f4");
    assert.equal(left(0), "0000");
    assert.equal(left(20_469_999), "ccf0");
  });

  it("read the oldest pending annunciation, or none", () => {
    assert.equal(read(0x22, therapyOf()), "22 00");
    const pending = [
      { instance: 0x0102, type: AnnunciationType.Occlusion },
      { instance: 0x0103, type: AnnunciationType.SystemIssue },
    ];
    assert.equal(read(0x22, therapyOf({ annunciations: { nextInstance: 4, pending } })), "22 0102013c0033");
  });

  it("read Features: no E2E protection, 100 IU/ml, what this version has", () => {
    assert.equal(read(0x23, therapyOf()), "23 ffff0001202e0800");
  });

  it("refuse with 70 a value, and every channel that is no reading's (SR-03)", () => {
    for (const channel of [0x20, 0x21, 0x22, 0x23])
      assert.equal(read(channel, therapyOf(), "00"), `00 66${channel.toString(16)}70`);
    for (const channel of [0x02, 0x1f, 0x26, 0x28, 0x29, 0xff])
      for (const value of ["", "0102"])
        assert.equal(read(channel, therapyOf(), value), `00 66${channel.toString(16).padStart(2, "0")}70`);
  });
});

describe("status reader", () => {
  it("refuses a message without an opcode with 71, an unlisted opcode with 70 (SR-03)", () => {
    for (const value of ["", "0c"]) assert.equal(ask(value), "24 0303000071");
    for (const opcode of ["f303", "0303", "3f03", "0000"]) assert.equal(ask(opcode), `24 0303${opcode}70`);
  });

  it("refuses every operand of the wrong length with 71 (SR-04)", () => {
    for (const request of [
      "0c03",
      "0c0301",
      "0c03010000",
      "300300",
      "5603",
      "560305000f00",
      "650300",
      "950300",
      "c00300",
    ])
      assert.equal(ask(request, therapyOf(bolusStanding(130_000))), `24 0303${request.slice(0, 4)}71`, request);
  });

  it("resets the flags that it is given, stale ones refused, reserved ones too (SR-22)", () => {
    const desk = new Desk();
    const { reply, reset } = desk.send(0x24, "0c034100");
    assert.equal(reset, 0x41);
    assert.equal(Buffer.from(reply?.value ?? []).toString("hex"), "03030c030f");
    assert.equal(ask("0c030001"), "24 03030c0371");
    assert.equal(ask("0c034100", therapyOf(), { stale: true }), "24 03030c0380");
    assert.equal(ask("0c03", therapyOf(), { stale: true }), "24 03030c0380");
    assert.equal(ask("0c034100", therapyOf(), { mayOperate: false }), "24 03030c030f");
  });

  it("lists the active bolus, or none; stale or not (SR-22)", () => {
    assert.equal(ask("3003"), "24 3f0300");
    assert.equal(ask("3003", therapyOf(bolusStanding(130_000)), { stale: true }), "24 3f03010500");
  });

  it("tells of the active bolus what was programmed, remains, was delivered, each rounded up (SR-38)", () => {
    const bolus = { doseId: { epoch: 1, sequence: 1 }, doneMicrounits: microunits(50_000) };
    const therapy = therapyOf(bolusStanding(130_000), { bolus });
    const tail = "00000000";
    assert.equal(ask("560305000f", therapy), `24 5903000500330de0${tail}`);
    assert.equal(ask("5603050033", therapy), `24 59030005003308e0${tail}`);
    assert.equal(ask("560305003c", therapy), `24 59030005003305e0${tail}`);
    const flagged = ledgerEntries(bolusStanding(20_460_000).ledger).map((entry) => ({ ...entry, flags: 0x18 }));
    const ledger = ledgerOf(flagged);
    assert.equal(ask("560305000f", therapyOf({ ledger })), `24 590318050033cdf0${tail}`);
  });

  it("refuses another bolus with 74, another amount with 71 (SR-03)", () => {
    assert.equal(ask("560306000f", therapyOf(bolusStanding(130_000))), "24 0303560374");
    assert.equal(ask("560305000f"), "24 0303560374");
    for (const value of ["00", "34", "ff"])
      assert.equal(ask(`56030500${value}`, therapyOf(bolusStanding(130_000))), "24 0303560371");
  });

  it("tells the basal rate, the temporary rate and its time left rounded up; 74 in Stop", () => {
    assert.equal(ask("6503"), "24 6a03000109f0");
    const tbr = {
      rateMicrounitsPerHour: microunitsPerHour(750_000),
      durationMinutes: 90,
      endsAtMs: pumpClockMs(5_000 + 30 * 60_000 + 1),
    };
    assert.equal(ask("6503", therapyOf({ tbr })), "24 6a03010109f0334be05a001f00");
    const over = { ...tbr, endsAtMs: pumpClockMs(4_000) };
    assert.equal(ask("6503", therapyOf({ tbr: over })).slice(-4), "0000");
    assert.equal(ask("6503", therapyOf({ control: "stop" })), "24 0303650374");
  });

  it("tells all insulin since provisioning, bolus and basal apart, rounded up (SR-38)", () => {
    const journal = { bolusTotalMicrounits: microunits(12_340_000), basalTotalMicrounits: microunits(8_388_606) };
    assert.equal(ask("c003", therapyOf({}, journal)), "24 cf03d20400fecdcc0cfb");
    assert.equal(ask("c003"), "24 cf030000000000000000");
  });

  it("tells the insulin of the day under way, bolus, basal and their sum, each rounded up (SR-38, SR-118)", () => {
    const day = {
      bolusTotalMicrounits: microunits(4_000_000),
      basalTotalMicrounits: microunits(0),
      endsAtMs: clock(9_000),
    };
    const journal = { bolusTotalMicrounits: microunits(12_340_000), basalTotalMicrounits: microunits(12_345_678) };
    // 8.34 U, 12.345678 U as 12.35, and of 20.685678 U, which is over 20.45, 20.7.
    assert.equal(ask("9503", therapyOf({ day }, journal)), "24 9a0342e3d3e4cff0");
    assert.equal(ask("9503"), "24 9a03000000000000");
  });

  it("counts the minutes with power since provisioning, and refuses every other counter with 74, no counter with 71", () => {
    // The desk's clock is at 5 s.
    const after = (minutes: number) => therapyOf({}, { clockMs: pumpClockMs(minutes * 60_000 - 5_000) });
    assert.equal(ask("a6030f33"), "24 a9030f3300000000");
    assert.equal(ask("a6030f33", after(1)), "24 a9030f3301000000");
    assert.equal(ask("a6030f33", after(0x01020304)), "24 a9030f3304030201");
    assert.equal(ask("a6030f33", after(2 ** 31 + 5)), "24 a9030f33ffffff7f");
    for (const counter of ["0f0f", "330f", "3333", "3c0f", "3c33", "550f"])
      assert.equal(ask(`a603${counter}`), "24 0303a60374", counter);
    for (const none of ["", "0f", "0f3300", "0f3c", "0f00", "5a33", "0033"])
      assert.equal(ask(`a603${none}`), "24 0303a60371", none);
  });

  it("shows the oldest annunciation that is pending, then the oldest that is snoozed", () => {
    const { Occlusion, TbrCanceled } = AnnunciationType;
    const pending = [
      { instance: 7, type: Occlusion },
      { instance: 9, type: TbrCanceled },
    ];
    const therapy = therapyOf({ annunciations: { nextInstance: 10, pending } });
    const snoozed = (...instances: readonly number[]) => ({
      ...therapy,
      snoozes: instances.map((instance) => ({ instance, until: at(1_000_000) })),
    });
    const shown = (given: Therapy) => Object.assign(new Desk(given)).ask(0x22, "");
    assert.equal(shown(therapy), "22 0107003c0033");
    assert.equal(shown(snoozed(7)), "22 0109003f0333");
    assert.equal(shown(snoozed(9, 7)), "22 0107003c003c");
  });

  it("reads for every bond (SR-31)", () => {
    for (const request of ["3003", "6503", "9503", "c003", "a6030f33"])
      assert.equal(ask(request, therapyOf(), { mayOperate: false }), ask(request));
    assert.equal(Object.assign(new Desk(), { mayOperate: false }).ask(0x21, ""), new Desk().ask(0x21, ""));
  });
});
