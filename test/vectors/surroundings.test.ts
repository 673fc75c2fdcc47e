/** PROTOCOL.md's values of annunciations, bonds, device, counters, days and flight mode, through both sides' codecs. */

import assert from "node:assert/strict";
import { hex } from "../../firmware/base/bytes.js";
import { microunits, pumpClockMs } from "../../firmware/base/units.js";
import { responseOf, revokedReply } from "../../firmware/command/dispatch.js";
import { HistoryRecordValue } from "../../firmware/ids/history.js";
import { PrimingEndReason } from "../../firmware/ids/historyValues.js";
import { AnnunciationType } from "../../firmware/ids/values.js";
import type { Bond } from "../../firmware/session/bonds.js";
import { primingDone, primingStarted, reservoirChanged, totalDailyInsulin } from "../../firmware/therapy/events.js";
import type { Reservoir } from "../../firmware/therapy/standing.js";
import type { Therapy } from "../../firmware/therapy/therapy.js";
import { decodeControl, encodeListBonds, encodeRevokeBond } from "../../host-sim/controller/control.js";
import { readEvent } from "../../host-sim/controller/events.js";
import * as requests from "../../host-sim/controller/ids.js";
import * as answers from "../../host-sim/controller/idsAnswers.js";
import { decodeRecord } from "../../host-sim/controller/recordAccess.js";
import { ASKER, Desk } from "../command/bench.js";
import { bondOf, unhex } from "../session/bench.js";
import { entryOf, ledgerOf, reservoirOf, therapyOf } from "../therapy/bench.js";
import { vectorNamed } from "./appendix.js";

const INSTANCE = 0x0102;
const OWN = unhex("c0c1c2c3c4c5c6c7");
const OTHER = unhex("d0d1d2d3d4d5d6d7");
const THIRD = unhex("0102030405060708");

const bytesOf = (name: string): Uint8Array => unhex(vectorNamed("value", name).outputs.value);

/** Asks the pump, which must answer with the vector of that name; gives its bytes. */
function answered(desk: Desk, channel: number, request: Uint8Array, name: string): Uint8Array {
  assert.equal(desk.ask(channel, hex(request)).slice(3), hex(bytesOf(name)), name);
  return bytesOf(name);
}

/** Sends a request that must be the vector of that name. */
function asked(made: Uint8Array, name: string): Uint8Array {
  assert.equal(hex(made), hex(bytesOf(name)), name);
  return made;
}

const annunciated = (type: AnnunciationType): Therapy =>
  therapyOf({ annunciations: { nextInstance: INSTANCE + 1, pending: [{ instance: INSTANCE, type }] } });

describe("values of PROTOCOL.md beside boluses and rates", () => {
  it("are snooze and confirmation of an annunciation, and what is answered", () => {
    for (const [command, name, opcode] of [
      ["snoozeAnnunciation", "Snooze Annunciation", requests.COMMAND.snoozeAnnunciationResponse],
      ["confirmAnnunciation", "Confirm Annunciation", requests.COMMAND.confirmAnnunciationResponse],
    ] as const) {
      const request = asked(requests.encodeAnnunciationCommand(command, INSTANCE), name);
      const { accepted } = new Desk(annunciated(AnnunciationType.BatteryLow)).send(0x25, hex(request));
      assert.ok(accepted);
      const response = bytesOf(`response to ${name}`);
      assert.equal(hex(responseOf(accepted, 0).value), hex(response));
      assert.equal(answers.decodeAnnunciationInstance(response, opcode), INSTANCE);
    }
    const occluded = new Desk(annunciated(AnnunciationType.Occlusion));
    const request = bytesOf("Confirm Annunciation");
    const refused = answered(occluded, 0x25, request, "Confirm Annunciation of an Occlusion, refused");
    assert.deepEqual(answers.decodeResponse(refused, requests.COMMAND.response), { request: 0x0f99, code: 0x74 });
  });

  it("are the bonds, the end of one's own, and the refusal to end another's so", () => {
    const of = (controllerId: Uint8Array, name: number, role: Bond["role"] = "operate") => ({
      ...bondOf(name, role),
      controllerId,
    });
    const bonds = { confirmed: [of(OWN, 1), of(OTHER, 2, "observe")], unconfirmed: of(THIRD, 3) };
    const desk = Object.assign(new Desk(), { bonds, asker: { ...ASKER, controllerId: OWN } });
    const list = asked(encodeListBonds(), "List Bonds");
    const are = answered(desk, 0, list, "Bonds Are: one's own, operate; another's, observe; a third not confirmed");
    assert.deepEqual(decodeControl(are), {
      kind: "bondsAre",
      bonds: [
        { controllerId: OWN, role: 1, confirmed: true, yours: true },
        { controllerId: OTHER, role: 2, confirmed: true, yours: false },
        { controllerId: THIRD, role: 1, confirmed: false, yours: false },
      ],
    });
    answered(desk, 0, encodeRevokeBond(OTHER), "Revoke Bond of another without countersignature, refused");

    const two = Object.assign(desk, { bonds: { ...bonds, confirmed: [of(OWN, 1), of(OTHER, 2)] } });
    const { revocation } = two.send(0, hex(asked(encodeRevokeBond(OWN), "Revoke Bond, one's own")));
    assert.ok(revocation);
    const revoked = bytesOf("Bond Revoked");
    assert.equal(hex(revokedReply(revocation.authorised.command).value), hex(revoked));
    assert.deepEqual(decodeControl(revoked), { kind: "bondRevoked", controllerId: OWN });
  });

  it("are what the pump says of itself and of its charge", () => {
    const desk = new Desk();
    const none = asked(new Uint8Array(0), "read of Battery Level");
    assert.equal(answers.decodeBatteryLevel(answered(desk, 0xd9, none, "Battery Level: 83 %")), 83);
    for (const [channel, name, text] of [
      [0xe9, "Manufacturer Name", "Countersign"],
      [0xe4, "Model Number", "28BYJ-48 syringe drive"],
      [0xe6, "Firmware Revision", "0.1.0"],
      [0xe8, "Software Revision", "0123456789abcdef"],
    ] as const)
      assert.equal(answers.decodeText(answered(desk, channel, none, name)), text);
    const blind = Object.assign(new Desk(), { device: { buildHash: "", battery: { percent: undefined } } });
    const refused = answered(blind, 0xd9, none, "Refused: a charge that is not known");
    assert.deepEqual(decodeControl(refused), { kind: "refused", request: 0xd9, code: 0x72 });
  });

  it("are the pump's lifetime, and a counter that it has not", () => {
    // The desk's clock is at 5 s.
    const desk = new Desk(therapyOf({}, { clockMs: pumpClockMs(66_051 * 60_000 - 5_000) }));
    const request = asked(
      requests.encodeGetCounter(requests.COUNTER_LIFETIME, "elapsed"),
      "Get Counter: lifetime elapsed",
    );
    const counter = answered(desk, 0x24, request, "Counter: 66051 min");
    assert.equal(answers.decodeCounter(counter, requests.COUNTER_LIFETIME, "elapsed"), 66_051);
    const warranty = asked(requests.encodeGetCounter(0x33, "remaining"), "Get Counter: warranty remaining");
    const refused = answered(desk, 0x24, warranty, "Get Counter of the warranty, refused");
    assert.deepEqual(answers.decodeResponse(refused, requests.READER.response), { request: 0x03a6, code: 0x74 });
  });

  it("are the insulin of a day, under way and recorded (SR-118)", () => {
    const [bolus, basal] = [microunits(8_100_000), microunits(12_345_678)];
    const desk = new Desk(therapyOf({}, { bolusTotalMicrounits: bolus, basalTotalMicrounits: basal }));
    const request = asked(requests.encodeBare(requests.READER.getTotalDailyInsulin), "Get Total Daily Insulin Status");
    const name = "Total Daily Insulin Status: bolus 8.1 U, basal 12.345678 U";
    assert.deepEqual(answers.decodeTotalDailyInsulin(answered(desk, 0x24, request, name)), {
      bolusMicrounits: 8_100_000,
      basalMicrounits: 12_350_000,
      totalMicrounits: 20_450_000,
    });
    const date = { year: 2026, month: 11, day: 22, hours: 23, minutes: 59, seconds: 59 };
    const event = totalDailyInsulin(bolus, basal, date, false);
    const recorded = bytesOf("History Data: the same as the day of 2026-11-22");
    assert.equal(hex(HistoryRecordValue.encode({ ...event, sequence: 302, relativeOffsetS: 0 })), hex(recorded));
    const record = decodeRecord(recorded);
    assert.deepEqual(record && readEvent(record), {
      name: "Total Daily Insulin Delivery",
      figures: { flags: 0, bolusMicrounits: 8_100_000, basalMicrounits: 12_350_000, year: 2026, month: 11, day: 22 },
    });
  });

  it("are a pump without a reservoir, a priming refused and stopped, and what is recorded of both (SR-126, SR-128)", () => {
    const open: Reservoir = { ...reservoirOf(0), state: "open" };
    const status = answered(
      new Desk(therapyOf({ control: "stop", reservoir: open })),
      0x21,
      new Uint8Array(0),
      "Status: Stop, Waiting, no reservoir attached",
    );
    assert.deepEqual(answers.decodeStatus(status), {
      therapyControlState: "stop",
      operationalState: "waiting",
      reservoirMicrounits: undefined,
      reservoirAttached: false,
    });
    const stopped = { control: "stop" } as const;
    const start = requests.encodeReservoirAmount("startPriming", { amountMicrounits: 10_000_000 });
    answered(new Desk(therapyOf(stopped)), 0x25, start, "Start Priming without countersignature, refused");
    const priming = ledgerOf([entryOf(1, { kind: "delivering", intendedMicrounits: microunits(10_000_000) })]);
    const request = asked(requests.encodeBare(requests.COMMAND.stopPriming), "Stop Priming");
    const { accepted } = new Desk(therapyOf({ ...stopped, ledger: priming })).send(0x25, hex(request));
    assert.ok(accepted);
    assert.equal(hex(responseOf(accepted, 0).value), hex(bytesOf("response to Stop Priming")));
    for (const [name, event, sequence, relativeOffsetS, figures] of [
      [
        "a reservoir of 179.6 U put in",
        reservoirChanged(microunits(179_699_999)),
        303,
        0,
        { remainingMicrounits: 179_600_000 },
      ],
      ["priming of 10 U started", primingStarted(microunits(10_000_000)), 304, 5, { amountMicrounits: 10_000_000 }],
      [
        "priming stopped at 2.5 U",
        primingDone(microunits(2_500_000), PrimingEndReason.Aborted),
        305,
        105,
        { flags: 0, primedMicrounits: 2_500_000, endReason: 0x33 },
      ],
    ] as const) {
      const recorded = bytesOf(`History Data: ${name}`);
      assert.equal(hex(HistoryRecordValue.encode({ ...event, sequence, relativeOffsetS })), hex(recorded), name);
      const record = decodeRecord(recorded);
      assert.deepEqual(record && readEvent(record).figures, figures);
    }
  });

  it("are flight mode refused as it is, and its response once it is signed (SR-119)", () => {
    const command = requests.encodeBare(requests.COMMAND.setFlightMode);
    answered(new Desk(), 0x25, command, "Set Flight Mode without countersignature, refused");
    const desk = new Desk();
    const challenged = desk.challenged(hex(command));
    const { accepted } = desk.send(0, `3c${hex(challenged.doseIdBytes)}${hex(desk.tagOf(hex(command), challenged))}`);
    assert.ok(accepted && "row" in accepted);
    const response = bytesOf("response to Set Flight Mode");
    assert.equal(hex(responseOf(accepted, 0).value), hex(response));
    assert.deepEqual(answers.decodeResponse(response, requests.COMMAND.response), { request: 0x0f66, code: 0x0f });
  });
});
