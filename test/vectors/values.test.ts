/** PROTOCOL.md's values and amounts, run through the firmware's codecs and the controller's. */

import assert from "node:assert/strict";
import { hex } from "../../firmware/base/bytes.js";
import { microunits } from "../../firmware/base/units.js";
import { encodeFloatMicrounits, encodeSfloatMicrounits } from "../../firmware/ids/float.js";
import {
  ActiveBasalRateDeliveryResponse,
  AnnunciationStatusValue,
  DeliveredInsulinResponse,
  operandOf,
  StatusChangedValue,
} from "../../firmware/ids/layouts.js";
import { decodeControl } from "../../host-sim/controller/control.js";
import * as answers from "../../host-sim/controller/idsAnswers.js";
import { decodeFloat, decodeSfloat } from "../../host-sim/controller/sfloat.js";
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
