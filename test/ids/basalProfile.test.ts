import { strict as assert } from "node:assert";
import fc from "fast-check";
import { hex } from "../../firmware/base/bytes.js";
import {
  profileMessages,
  ReadBasalRateProfileOperand,
  ReadBasalRateProfileResponse,
  TemplateNumbers,
  type TimeBlock,
  WriteBasalRateProfileOperand,
  WriteBasalRateProfileResponse,
} from "../../firmware/ids/basalProfile.js";
import { decodeSfloatMicrounits } from "../../firmware/ids/float.js";
import { opcodeOf, operandOf } from "../../firmware/ids/layouts.js";
import { CommandOpcode } from "../../firmware/ids/opcodes.js";
import { type AnnouncedLength, bit, bytesOf, itHolds, type Vector } from "./codecs.js";

const SEED = 0x0fcc;

const block = (durationMinutes: number, rateSfloat: number): TimeBlock => ({ durationMinutes, rateSfloat });

/** 0.1, 0.2, 0.03 U/h. */
const [RATE_1, RATE_2, RATE_3] = [0xf001, 0xf002, 0xe003] as const;

const vectors: readonly Vector[] = [
  ["Read Basal Rate Profile Template", ReadBasalRateProfileOperand, "02", { templateNumber: 2 }],
  [
    // Figures of Tidepool's testCreateWriteBasalRateProfileRequest1Segment: 0.1 U/h all day.
    "a profile of one block, written whole",
    WriteBasalRateProfileOperand,
    "010101a00501f0",
    { endTransaction: true, templateNumber: 1, firstBlockNumber: 1, blocks: [block(1440, RATE_1)] },
  ],
  [
    // Those of its test of 2 segments: 10 h and 14 h.
    "two blocks, written whole",
    WriteBasalRateProfileOperand,
    "030101580201f0480302f0",
    {
      endTransaction: true,
      templateNumber: 1,
      firstBlockNumber: 1,
      blocks: [block(600, RATE_1), block(840, RATE_2)],
    },
  ],
  [
    // Those of its test of 3 segments, here with more to come.
    "three blocks with more to come",
    WriteBasalRateProfileOperand,
    "060101680101f0e00102f0580203e0",
    {
      endTransaction: false,
      templateNumber: 1,
      firstBlockNumber: 1,
      blocks: [block(360, RATE_1), block(480, RATE_2), block(600, RATE_3)],
    },
  ],
  [
    // Figures of the Kotlin composer's composeWriteBasalRateProfileTemplateTest.
    "a chunk that begins with the second block",
    WriteBasalRateProfileOperand,
    "030102030004000400" + "0500",
    { endTransaction: true, templateNumber: 1, firstBlockNumber: 2, blocks: [block(3, 4), block(4, 5)] },
  ],
  [
    // Figures of the Kotlin parser's WriteBasalRateProfileTemplateResponseParserTest.
    "a chunk that completed its transaction",
    WriteBasalRateProfileResponse,
    "010203",
    { transactionCompleted: true, templateNumber: 2, firstBlockNumber: 3 },
  ],
  [
    "a chunk that did not",
    WriteBasalRateProfileResponse,
    "000104",
    { transactionCompleted: false, templateNumber: 1, firstBlockNumber: 4 },
  ],
  [
    // Figures of the Kotlin parser's ReadSingleValueTimeBlockProfileTemplateResponseParserTest.
    "three blocks that are read",
    ReadBasalRateProfileResponse,
    "030102030004000500060007000800",
    { templateNumber: 1, firstBlockNumber: 2, blocks: [block(3, 4), block(5, 6), block(7, 8)] },
  ],
  [
    "one block that is read",
    ReadBasalRateProfileResponse,
    "00010203000400",
    { templateNumber: 1, firstBlockNumber: 2, blocks: [block(3, 4)] },
  ],
  ["no template", TemplateNumbers, "00", []],
  // Figures of the Kotlin composer's composeResetTemplate.
  ["two templates", TemplateNumbers, "020304", [3, 4]],
];

const rules: readonly AnnouncedLength[] = [
  [
    "a written chunk",
    WriteBasalRateProfileOperand,
    0,
    1,
    (f) => (f < 8 && bit(f, 4) <= bit(f, 2) ? 7 + 4 * bit(f, 2) + 4 * bit(f, 4) : undefined),
  ],
  [
    "a chunk that is read",
    ReadBasalRateProfileResponse,
    0,
    1,
    (f) => (f < 4 && bit(f, 2) <= bit(f, 1) ? 7 + 4 * bit(f, 1) + 4 * bit(f, 2) : undefined),
  ],
  ["the answer to a written chunk", WriteBasalRateProfileResponse, 0, 1, (f) => (f < 2 ? 3 : undefined)],
  ["template numbers", TemplateNumbers, 0, 1, (count) => 1 + count],
];

describe("basal rate profile templates", () => {
  itHolds(vectors, rules, SEED);

  for (const blocks of [[], [1, 2, 3, 4].map((rate) => block(60, rate))])
    it(`throws on ${blocks.length} time blocks in one message`, () => {
      const chunk = { templateNumber: 1, firstBlockNumber: 1, blocks };
      assert.throws(() => WriteBasalRateProfileOperand.encode({ ...chunk, endTransaction: true }), /time blocks in a/);
      assert.throws(() => ReadBasalRateProfileResponse.encode(chunk), /time blocks in a message/);
    });

  it("throws on a block number that is no u8", () => {
    const chunk = { templateNumber: 1, firstBlockNumber: 256, blocks: [block(1, 1)] };
    assert.throws(() => ReadBasalRateProfileResponse.encode(chunk), /firstBlockNumber = 256/);
  });

  it("leaves a rate as it came, so that what is no exact amount is there to be refused", () => {
    for (const [raw, amount] of [
      ["e003", 30_000],
      ["07ff", undefined],
      ["0800", undefined],
      ["07fe", undefined],
      ["0fff", undefined],
      ["900b", undefined],
    ] as const) {
      const rate = `${raw.slice(2)}${raw.slice(0, 2)}`;
      const chunk = WriteBasalRateProfileOperand.decode(bytesOf(`010101a005${rate}`));
      assert.equal(decodeSfloatMicrounits(chunk?.blocks[0]?.rateSfloat ?? 0), amount, raw);
    }
  });
});

describe("a profile that is read", () => {
  const blocks = Array.from({ length: 24 }, (_, i) => block(60, i + 1));

  for (const [count, firsts, lengths] of [
    [1, [1], [9]],
    [2, [1], [13]],
    [3, [1], [17]],
    [4, [1, 4], [17, 9]],
    [8, [1, 4, 7], [17, 17, 13]],
    [24, [1, 4, 7, 10, 13, 16, 19, 22], [17, 17, 17, 17, 17, 17, 17, 17]],
  ] as const)
    it(`comes as messages of three blocks and a rest: ${count} blocks`, () => {
      const messages = profileMessages(3, blocks.slice(0, count));
      assert.deepEqual(
        messages.map(({ length }) => length),
        lengths,
      );
      const chunks = messages.map((each) => ReadBasalRateProfileResponse.decode(operandOf(each) ?? new Uint8Array(0)));
      assert.deepEqual(
        chunks.map((chunk) => chunk?.firstBlockNumber),
        firsts,
      );
      assert.deepEqual(
        chunks.flatMap((chunk) => chunk?.blocks ?? []),
        blocks.slice(0, count),
      );
      for (const each of messages) assert.equal(opcodeOf(each), CommandOpcode.ReadBasalRateProfileTemplateResponse);
    });

  it("is written out byte by byte", () =>
    assert.deepEqual(profileMessages(1, blocks.slice(0, 4)).map(hex), [
      "c30f0301013c0001003c0002003c000300",
      "c30f0001043c000400",
    ]));

  it("has at least one block and at most 255", () => {
    assert.throws(() => profileMessages(1, []), /without time blocks/);
    const many = Array.from({ length: 255 }, () => block(1, 1));
    assert.equal(profileMessages(1, many).length, 85);
    assert.throws(() => profileMessages(1, [...many, ...many.slice(0, 1)]), /firstBlockNumber = 256/);
  });

  it(`gives every block back, in order (seed ${SEED})`, () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.nat(0xffff), fc.nat(0xffff)).map(([minutes, rate]) => block(minutes, rate)),
          { minLength: 1, maxLength: 255 },
        ),
        fc.nat(255),
        (blocks, templateNumber) => {
          const read: TimeBlock[] = [];
          for (const each of profileMessages(templateNumber, blocks)) {
            assert.ok(each.length <= 17, "opcode, flags, template, block number and three blocks");
            const chunk = ReadBasalRateProfileResponse.decode(operandOf(each) ?? new Uint8Array(0));
            assert.equal(chunk?.firstBlockNumber, read.length + 1);
            assert.equal(chunk?.templateNumber, templateNumber);
            read.push(...(chunk?.blocks ?? []));
          }
          assert.deepEqual(read, blocks);
        },
      ),
      { seed: SEED, numRuns: 30 },
    ));
});
