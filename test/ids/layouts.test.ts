import { strict as assert } from "node:assert";
import { hex } from "../../firmware/base/bytes.js";
import * as layouts from "../../firmware/ids/layouts.js";
import { type AnnouncedLength, bit, bytesOf, itHolds } from "./codecs.js";
import { layoutVectors } from "./layout-vectors.js";

const SEED = 0x183a;

const AUX_INFO = [0x02, 0x04, 0x08, 0x10, 0x20];

const rules: readonly AnnouncedLength[] = [
  ["Status Changed", layouts.StatusChangedValue, 0, 2, (f) => (f < 0x100 ? 2 : undefined)],
  ["Reset Status", layouts.ResetStatusOperand, 0, 2, (f) => (f < 0x100 ? 2 : undefined)],
  ["Status", layouts.StatusValue, 4, 1, (f) => (f < 2 ? 5 : undefined)],
  ["Features", layouts.FeaturesValue, 5, 3, (f) => (f < 0x10000 ? 8 : undefined)],
  [
    "Annunciation Status",
    layouts.AnnunciationStatusValue,
    0,
    1,
    (f) => (f === 0 ? 1 : f < 64 && bit(f, 1) ? AUX_INFO.reduce((sum, aux) => sum + 2 * bit(f, aux), 6) : undefined),
  ],
  ["active bolus IDs", layouts.ActiveBolusIdsResponse, 0, 1, (count) => 1 + 2 * count],
  ["insulin on board", layouts.InsulinOnBoardResponse, 0, 1, (f) => (f < 2 ? 3 + 2 * f : undefined)],
  ["available boluses", layouts.AvailableBolusesResponse, 0, 1, (f) => (f < 8 ? 1 : undefined)],
  [
    "active bolus delivery",
    layouts.ActiveBolusDeliveryResponse,
    0,
    1,
    (f) => (f < 32 ? 10 + 2 * bit(f, 1) + bit(f, 2) + bit(f, 4) : undefined),
  ],
  [
    "active basal rate",
    layouts.ActiveBasalRateDeliveryResponse,
    0,
    1,
    (f) => (f < 8 ? 4 + 7 * bit(f, 1) + bit(f, 2) + bit(f, 4) : undefined),
  ],
  ["Set TBR", layouts.SetTbrOperand, 0, 1, (f) => (f < 8 ? 6 + bit(f, 1) + bit(f, 2) : undefined)],
  ["Set Bolus", layouts.SetBolusOperand, 0, 1, (f) => (f < 32 ? 8 + 2 * bit(f, 1) + bit(f, 2) + bit(f, 4) : undefined)],
];

describe("layouts of the Insulin Delivery Service", () => {
  itHolds(layoutVectors, rules, SEED);

  it("decodes from a view into a longer buffer", () => {
    const buffer = bytesOf("aaaa083305e000000000bbbb");
    assert.equal(layouts.SetBolusOperand.decode(buffer.subarray(2, 10))?.fastSfloat, 0xe005);
  });

  it("throws when an optional part and its flag disagree", () => {
    const base = { type: 0x33, rateSfloat: 0, durationMinutes: 30 };
    assert.throws(() => layouts.SetTbrOperand.encode({ ...base, flags: 1 }), /templateNumber and its flag/);
    assert.throws(() => layouts.SetTbrOperand.encode({ ...base, flags: 1, context: 0x33 }), /invariant/);
    assert.throws(() => layouts.SetTbrOperand.encode({ ...base, flags: 0, context: 0x33 }), /context and its flag/);
    assert.throws(() => layouts.AnnunciationStatusValue.encode({ flags: 1 }), /annunciation and its flag/);
    assert.throws(() => layouts.AnnunciationStatusValue.encode({ flags: 2, auxInfo1: 1 }), /lack one/);
  });

  it("throws on sending a reserved flag", () => {
    assert.throws(() => layouts.StatusChangedValue.encode({ flags: 0x100 }), /reserved flags/);
    const features = { ...layouts.WITHOUT_E2E, concentrationSfloat: 0x2001 };
    assert.throws(() => layouts.FeaturesValue.encode({ ...features, flags: 0x800000 }), /reserved flags/);
  });

  it("counts up to 255 bolus IDs and throws beyond", () => {
    const ids = Array.from({ length: 255 }, (_, i) => i * 257);
    assert.deepEqual(layouts.ActiveBolusIdsResponse.decode(layouts.ActiveBolusIdsResponse.encode(ids)), ids);
    assert.throws(() => layouts.ActiveBolusIdsResponse.encode([...ids, 1]), /count = 256/);
    assert.throws(() => layouts.ActiveBolusIdsResponse.encode([0x10000]), /bolusId = 65536/);
  });
});

describe("messages of the control points", () => {
  it("puts the opcode first, little-endian, before the operand", () => {
    assert.equal(hex(layouts.message(0x1178, Uint8Array.of(0x02, 0x01))), "78110201");
    assert.equal(hex(layouts.message(0x1111, new Uint8Array(0))), "1111");
  });

  it("takes opcode and operand apart again, and neither from fewer than 2 bytes", () => {
    const value = bytesOf("78110201");
    assert.equal(layouts.opcodeOf(value), 0x1178);
    assert.deepEqual(layouts.operandOf(value), Uint8Array.of(0x02, 0x01));
    assert.deepEqual(layouts.operandOf(bytesOf("1111")), new Uint8Array(0));
    for (const short of ["", "78"]) {
      assert.equal(layouts.opcodeOf(bytesOf(short)), undefined);
      assert.equal(layouts.operandOf(bytesOf(short)), undefined);
    }
  });

  it("throws on an opcode that is no u16", () =>
    assert.throws(() => layouts.message(0x10000, new Uint8Array(0)), /opcode = 65536/));
});
