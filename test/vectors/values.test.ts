/** PROTOCOL.md's values and amounts, run through the firmware's codecs and the controller's. */

import assert from "node:assert/strict";
import { hex } from "../../firmware/base/bytes.js";
import { microunits } from "../../firmware/base/units.js";
import { responseOf } from "../../firmware/command/dispatch.js";
import { encodeFloatMicrounits, encodeSfloatMicrounits } from "../../firmware/ids/float.js";
import { HistoryRecordValue } from "../../firmware/ids/history.js";
import {
  ActiveBasalRateDeliveryResponse,
  AnnunciationStatusValue,
  DeliveredInsulinResponse,
  operandOf,
  StatusChangedValue,
} from "../../firmware/ids/layouts.js";
import { RecordAccessFilter, RecordAccessOpcode, RecordAccessOperator } from "../../firmware/ids/opcodes.js";
import { decodeRecordAccess, numberOfRecords, recordAccessOutcome } from "../../firmware/ids/recordAccess.js";
import { bolusProgrammed } from "../../firmware/therapy/events.js";
import { decodeControl } from "../../host-sim/controller/control.js";
import { readEvent } from "../../host-sim/controller/events.js";
import * as requests from "../../host-sim/controller/ids.js";
import * as answers from "../../host-sim/controller/idsAnswers.js";
import * as records from "../../host-sim/controller/recordAccess.js";
import { decodeFloat, decodeSfloat } from "../../host-sim/controller/sfloat.js";
import { Desk } from "../command/bench.js";
import { entryOf, ledgerOf, therapyOf } from "../therapy/bench.js";
import { vectorNamed, vectorsOf } from "./appendix.js";

const bytesOf = (name: string): Uint8Array =>
  Uint8Array.from(Buffer.from(vectorNamed("value", name).outputs.value, "hex"));
const raw = (wire: string): number => Buffer.from(wire, "hex").readUIntLE(0, wire.length / 2);

describe("amounts of PROTOCOL.md", () => {
  for (const { name, inputs, outputs } of vectorsOf("amounts"))
    it(`are the pump's, and the controller reads them as no more, or no less: ${name} (SR-38)`, () => {
      inputs.amountsMicrounits.forEach((amount, i) => {
        const [sfloat, float] = [raw(outputs.sfloats[i] ?? ""), raw(outputs.floats[i] ?? "")];
        assert.equal(encodeSfloatMicrounits(microunits(amount), inputs.rounding), sfloat, `SFLOAT of ${amount}`);
        assert.equal(encodeFloatMicrounits(microunits(amount), inputs.rounding), float, `FLOAT of ${amount}`);
        for (const read of [decodeSfloat(sfloat), decodeFloat(float)]) {
          assert.ok(read !== undefined);
          assert.ok(inputs.rounding === "up" ? read >= amount : read <= amount, `${amount} read as ${read}`);
        }
      });
    });
});

describe("values of PROTOCOL.md", () => {
  it("are those of channels 20 and 22", () => {
    const changed = bytesOf("Status Changed: control state, active basal, history event");
    assert.equal(hex(StatusChangedValue.encode({ flags: 0xa1 })), hex(changed));
    assert.equal(answers.decodeStatusChanged(changed), 0xa1);
    const none = bytesOf("Annunciation Status: none");
    assert.equal(hex(AnnunciationStatusValue.encode({ flags: 0 })), hex(none));
    assert.deepEqual(answers.decodeAnnunciation(none), { annunciation: undefined });
    const one = bytesOf("Annunciation Status: Occlusion");
    const annunciation = { instance: 2, type: 0x3c, status: 0x33 };
    assert.equal(hex(AnnunciationStatusValue.encode({ flags: 1, annunciation })), hex(one));
    assert.deepEqual(answers.decodeAnnunciation(one), { annunciation });
  });

  it("are those of the Status Reader", () => {
    const plain = bytesOf("Active Basal Rate Delivery: 0.9 U/h");
    assert.deepEqual(answers.decodeActiveBasal(plain), { programmedMicrounitsPerHour: 900_000, tbr: undefined });
    const withTbr = bytesOf("Active Basal Rate Delivery: 0.9 U/h, TBR of 0.75 U/h for 90 min, 61 s gone");
    assert.deepEqual(answers.decodeActiveBasal(withTbr), {
      programmedMicrounitsPerHour: 900_000,
      tbr: { rateMicrounitsPerHour: 750_000, durationMinutes: 90, remainingMinutes: 89 },
    });
    for (const value of [plain, withTbr]) {
      const fields = ActiveBasalRateDeliveryResponse.decode(operandOf(value) ?? value);
      assert.ok(fields);
      assert.equal(hex(ActiveBasalRateDeliveryResponse.encode(fields)), hex(value).slice(4));
    }
    const delivered = bytesOf("Delivered Insulin: bolus 8.1 U, basal 11 U");
    const insulin = { bolusMicrounits: 8_100_000, basalMicrounits: 11_000_000 };
    assert.deepEqual(answers.decodeDeliveredInsulin(delivered), insulin);
    const bolusFloat = encodeFloatMicrounits(microunits(insulin.bolusMicrounits), "up");
    const basalFloat = encodeFloatMicrounits(microunits(insulin.basalMicrounits), "up");
    assert.equal(hex(DeliveredInsulinResponse.encode({ bolusFloat, basalFloat })), hex(delivered).slice(4));
  });

  it("are what the pump answers about a bolus and refuses, and what the controller asks and reads", () => {
    const doseId = { epoch: 1, sequence: 1 };
    const bolus = { doseId, bolusId: 1, flags: 0x10, intendedMicrounits: microunits(1_000_000) };
    const idle = new Desk();
    const busy = new Desk(
      therapyOf(
        { ledger: ledgerOf([entryOf(1, { ...bolus, kind: "delivering" })]) },
        { bolus: { doseId, doneMicrounits: microunits(350_000) } },
      ),
    );
    const answered = (desk: Desk, channel: number, request: Uint8Array, name: string) => {
      assert.equal(desk.ask(channel, hex(request)).slice(3), hex(bytesOf(name)), name);
      return bytesOf(name);
    };
    const none = new Uint8Array(0);
    assert.deepEqual(answers.decodeFeatures(answered(idle, 0x23, none, "Features")), {
      concentrationUnitsPerMl: 100,
      flags: 0x00082e,
    });

    const ids = requests.encodeBare(requests.READER.getActiveBolusIds);
    assert.equal(hex(ids), hex(bytesOf("Get Active Bolus IDs")));
    assert.deepEqual(answers.decodeActiveBolusIds(answered(idle, 0x24, ids, "Active Bolus IDs: none")), []);
    assert.deepEqual(answers.decodeActiveBolusIds(answered(busy, 0x24, ids, "Active Bolus IDs: 1")), [1]);
    const delivery = requests.encodeGetActiveBolusDelivery(1, "delivered");
    assert.equal(hex(delivery), hex(bytesOf("Get Active Bolus Delivery: delivered")));
    assert.deepEqual(
      answers.decodeActiveBolusDelivery(answered(busy, 0x24, delivery, "Active Bolus Delivery: 0.35 U, meal")),
      { bolusId: 1, amountMicrounits: 350_000, correction: false, meal: true },
    );
    const ended = answered(idle, 0x24, delivery, "Get Active Bolus Delivery of an ended bolus, refused");
    assert.deepEqual(answers.decodeResponse(ended, requests.READER.response), { request: 0x0356, code: 0x74 });

    const cancel = requests.encodeCancelBolus(1);
    assert.equal(hex(cancel), hex(bytesOf("Cancel Bolus")));
    const over = answered(idle, 0x25, cancel, "Cancel Bolus of an ended bolus, refused");
    assert.deepEqual(answers.decodeResponse(over, requests.COMMAND.response), { request: 0x1178, code: 0x74 });
    const { accepted } = busy.send(0x25, hex(cancel));
    assert.ok(accepted);
    const cancelled = bytesOf("response to Cancel Bolus");
    assert.equal(hex(responseOf(accepted, 1).value), hex(cancelled));
    assert.equal(answers.decodeBolusId(cancelled, requests.COMMAND.cancelBolusResponse), 1);
    const unsigned = { amountMicrounits: 1_500_000, correction: false, meal: false };
    answered(idle, 0x25, requests.encodeSetBolus(unsigned), "Set Bolus without countersignature, refused");
    answered(idle, 0x26, none, "Refused: a message on channel 26");

    const bolusCommand = hex(requests.encodeSetBolus(unsigned));
    const challenged = idle.challenged(bolusCommand);
    const tag = idle.tagOf(bolusCommand, challenged);
    assert.equal(idle.commit(challenged, tag), "accepted");
    const twice = bytesOf("Refused: a Commit sent twice");
    assert.equal(idle.commit(challenged, tag), `00 ${hex(twice)}`);
    assert.deepEqual(decodeControl(twice), { kind: "refused", request: 0x3c, code: 0x81 });
  });

  it("are those of Record Access and History Data", () => {
    assert.equal(hex(records.encodeReportFrom(300)), hex(bytesOf("Report Stored Records from 300 on")));
    const { GreaterOrEqual, Range } = RecordAccessOperator;
    const { ReportRecords, ReportNumberOfRecords, Abort } = RecordAccessOpcode;
    const filter = RecordAccessFilter.Sequence;
    const request = (name: string) => decodeRecordAccess(bytesOf(name));
    assert.deepEqual(request("Report Stored Records from 300 on"), {
      opcode: ReportRecords,
      selection: { operator: GreaterOrEqual, filter, sequence: 300 },
    });
    assert.deepEqual(request("Report Number of Stored Records from 1 to 258"), {
      opcode: ReportNumberOfRecords,
      selection: { operator: Range, filter, from: 1, to: 258 },
    });
    assert.deepEqual(request("Abort Operation"), { opcode: Abort });
    assert.equal(hex(records.encodeAbort()), hex(bytesOf("Abort Operation")));
    const ended = bytesOf("response after the last record");
    assert.equal(hex(recordAccessOutcome({ requestOpcode: ReportRecords, code: 0xf0 })), hex(ended));
    assert.deepEqual(records.decodeRecordResponse(ended), { request: 0x33, code: 0xf0 });
    assert.equal(hex(numberOfRecords(258)), hex(bytesOf("Number of Stored Records Response: 258")));
    const refused = bytesOf("Delete Stored Records, refused");
    assert.equal(hex(recordAccessOutcome({ requestOpcode: 0x3c, code: 0x02 })), hex(refused));
    const bolus = bytesOf("History Data: bolus 1 programmed, 1.5 U");
    const [event] = bolusProgrammed(1, microunits(1_500_000), 0);
    assert.ok(event);
    assert.equal(hex(HistoryRecordValue.encode({ ...event, sequence: 300, relativeOffsetS: 61 })), hex(bolus));
    const record = records.decodeRecord(bolus);
    assert.deepEqual(record && readEvent(record), {
      name: "Bolus Programmed, part 1",
      figures: { bolusId: 1, type: 0x33, fastMicrounits: 1_500_000, extendedMicrounits: 0, durationMinutes: 0 },
    });
    const lost = records.decodeRecord(bytesOf("History Data: Data Corruption"));
    assert.deepEqual(lost && readEvent(lost), { name: "Data Corruption", figures: {} });
  });

  it("are outcomes that a controller reads as what they are called", () => {
    for (const kind of ["never", "refused", "applied", "uncertain", "forgotten"] as const) {
      const message = decodeControl(bytesOf(`OutcomeIs ${kind}`));
      assert.equal(message?.kind === "outcomeIs" && message.outcome.kind, kind);
    }
    const uncertain = decodeControl(bytesOf("OutcomeIs uncertain"));
    assert.deepEqual(uncertain?.kind === "outcomeIs" && uncertain.outcome, {
      doseId: { epoch: 257, sequence: 5 },
      kind: "uncertain",
      code: 0,
      intendedMicrounits: 1_500_000,
      lowMicrounits: 395_000,
      highMicrounits: 455_000,
    });
  });
});
