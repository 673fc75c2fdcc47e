import { strict as assert } from "node:assert";
import fc from "fast-check";
import { hex } from "../../firmware/base/bytes.js";
import * as layouts from "../../firmware/ids/layouts.js";
import { type Codec, layoutVectors } from "./layout-vectors.js";

const SEED = 0x183a;

const bytesOf = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const bit = (flags: number, mask: number) => ((flags & mask) === 0 ? 0 : 1);

/** Where the flags stand, how wide they are, and the length that they announce; `undefined` for reserved bits. */
const flagRules: readonly (readonly [
  name: string,
  codec: Codec,
  offset: number,
  width: number,
  length: (flags: number) => number | undefined,
])[] = [
  ["Status Changed", layouts.StatusChangedValue, 0, 2, (f) => (f < 0x100 ? 2 : undefined)],
  ["Reset Status", layouts.ResetStatusOperand, 0, 2, (f) => (f < 0x100 ? 2 : undefined)],
  ["Status", layouts.StatusValue, 4, 1, (f) => (f < 2 ? 5 : undefined)],
  ["Features", layouts.FeaturesValue, 5, 3, (f) => (f < 0x10000 ? 8 : undefined)],
  ["Annunciation Status", layouts.AnnunciationStatusValue, 0, 1, (f) => (f < 2 ? 1 + 5 * f : undefined)],
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
  for (const [name, codec, bytes, values] of layoutVectors) {
    it(`encodes and decodes ${name}`, () => {
      assert.equal(hex(codec.encode(values as never)), bytes);
      assert.deepEqual(codec.decode(bytesOf(bytes)), values);
    });

    it(`does not decode ${name} cut short anywhere or with bytes after it`, () => {
      const whole = bytesOf(bytes);
      for (let length = 0; length < whole.length; length++)
        assert.equal(codec.decode(whole.subarray(0, length)), undefined, `${length} bytes`);
      for (let extra = 1; extra <= 8; extra++)
        assert.equal(codec.decode(Uint8Array.of(...whole, ...new Uint8Array(extra))), undefined, `${extra} more`);
    });
  }

  for (const [name, codec, offset, width, lengthFor] of flagRules)
    it(`decodes ${name} for every flag combination at its one length, and for no reserved flag`, () => {
      // Every combination of the lower 9 bits, and each higher bit alone.
      const combinations = Array.from({ length: Math.min(512, 2 ** (8 * width)) }, (_, flags) => flags);
      for (let high = 9; high < 8 * width; high++) combinations.push(2 ** high);
      for (const flags of combinations)
        for (let length = offset + width; length <= 20; length++) {
          const bytes = new Uint8Array(length).fill(0x33);
          for (let i = 0; i < width; i++) bytes[offset + i] = flags >>> (8 * i);
          const decodes = codec.decode(bytes) !== undefined;
          if (decodes !== (length === lengthFor(flags))) assert.fail(`flags ${flags}, ${length} bytes: ${decodes}`);
        }
    });

  for (const [name, codec, text] of layoutVectors)
    it(`gives ${name} back whatever its fields hold (seed ${SEED})`, () => {
      const whole = bytesOf(text);
      const [, , offset, width] = flagRules.find(([, ruled]) => ruled === codec) ?? [];
      // What announces the length stays; every other byte is drawn.
      const fixed = (i: number) =>
        offset === undefined
          ? codec === layouts.ActiveBolusIdsResponse && i === 0
          : i >= offset && i < offset + (width ?? 0);
      fc.assert(
        fc.property(fc.uint8Array({ minLength: whole.length, maxLength: whole.length }), (drawn) => {
          const bytes = drawn.map((byte, i) => (fixed(i) ? (whole[i] ?? 0) : byte));
          const values = codec.decode(bytes);
          assert.notEqual(values, undefined);
          const encoded = codec.encode(values as never);
          assert.equal(hex(encoded), hex(bytes));
          assert.deepEqual(codec.decode(encoded), values);
        }),
        { seed: SEED, numRuns: 100 },
      );
    });

  it(`never throws on bytes from outside, and has one value for those that decode (seed ${SEED})`, () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        for (const [, codec] of layoutVectors) {
          const values = codec.decode(bytes);
          if (values !== undefined) assert.equal(hex(codec.encode(values as never)), hex(bytes));
        }
      }),
      { seed: SEED, numRuns: 500 },
    ));

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
