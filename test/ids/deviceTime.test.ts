import { strict as assert } from "node:assert";
import fc from "fast-check";
import { hex } from "../../firmware/base/bytes.js";
import { dateTimeOf, secondsOf } from "../../firmware/ids/dateTime.js";
import {
  DeviceTimeFlag,
  DeviceTimeOpcode,
  type DeviceTimeOutcome,
  DeviceTimeOutcomeMessage,
  DeviceTimeResponse,
  DeviceTimeValue,
  DstOffset,
  TIME_ACCURACY_UNKNOWN,
  TIME_ZONE_QUARTERS,
  TimeRejectionFlag,
  TimeSource,
  TimeUpdateFlag,
  TimeUpdateRequest,
} from "../../firmware/ids/deviceTime.js";
import { decodeInt, encodeInt } from "../../firmware/ids/signed.js";
import { type AnnouncedLength, bytesOf, itHolds, type Vector } from "./codecs.js";

const SEED = 0x1847;

type Table = { readonly [name: string]: number };
const numbers: readonly (readonly [name: string, table: Table, values: readonly number[]])[] = [
  ["opcodes", DeviceTimeOpcode, [2, 3, 4, 5, 7, 9]],
  ["response values", DeviceTimeResponse, [1, 2, 3, 4, 5, 7]],
  ["flags of a Device Time", DeviceTimeFlag, [1, 2, 4, 8, 16, 32, 64]],
  ["flags of a time update", TimeUpdateFlag, [1, 2, 4, 8, 16, 32, 64, 128]],
  ["flags of a rejection", TimeRejectionFlag, [1, 2, 4, 8, 16, 32, 64, 256, 512, 1024]],
  ["time sources", TimeSource, [0, 1, 2, 3, 4, 5, 6]],
  ["DST offsets", DstOffset, [0, 2, 4, 8, 255]],
];

const vectors: readonly Vector[] = [
  [
    // Flags and sources as Tidepool's testCreateProposeTimeUpdateRequest has them; New York on 2021-07-03, 04:05:06 UTC.
    "Propose Time Update",
    TimeUpdateRequest,
    "02" + "f300" + "729e7228" + "ec" + "04" + "01" + "ff",
    {
      opcode: 2,
      flags: 0xf3,
      baseTimeS: 0x28729e72,
      timeZoneInt8: 0xec,
      dstOffset: 4,
      source: 1,
      accuracy: 255,
    },
  ],
  [
    "a Device Time",
    DeviceTimeValue,
    "729e7228" + "ec" + "04" + "1600",
    { baseTimeS: 0x28729e72, timeZoneInt8: 0xec, dstOffset: 4, flags: 0x16 },
  ],
  [
    "a Device Time that was lost",
    DeviceTimeValue,
    "00000000" + "80" + "ff" + "1900",
    { baseTimeS: 0, timeZoneInt8: 0x80, dstOffset: 255, flags: 0x19 },
  ],
];

const rules: readonly AnnouncedLength[] = [
  ["a time update", TimeUpdateRequest, 1, 2, (f) => (f < 0x100 ? 11 : undefined)],
  ["a Device Time", DeviceTimeValue, 6, 2, (f) => (f < 0x80 ? 8 : undefined)],
];

describe("the Device Time Service", () => {
  for (const [name, table, values] of numbers)
    it(`numbers its ${name} as the standard does`, () => assert.deepEqual(Object.values(table), values));

  itHolds(vectors, rules, SEED);

  it("counts base time from 2000, and a time zone in signed quarters of an hour", () => {
    const request = TimeUpdateRequest.decode(bytesOf("02f300729e7228ec0401ff"));
    assert.deepEqual(dateTimeOf(request?.baseTimeS ?? 0), {
      year: 2021,
      month: 7,
      day: 3,
      hours: 4,
      minutes: 5,
      seconds: 6,
    });
    assert.equal(decodeInt(request?.timeZoneInt8 ?? 0, 8), -20);
    assert.equal(encodeInt(TIME_ZONE_QUARTERS.unknown, 8), 0x80);
    assert.equal(encodeInt(TIME_ZONE_QUARTERS.min, 8), 0xd0);
    assert.equal(encodeInt(TIME_ZONE_QUARTERS.max, 8), 0x38);
    assert.equal(request?.accuracy, TIME_ACCURACY_UNKNOWN);
    assert.equal(secondsOf(dateTimeOf(0x28729e72)), 0x28729e72);
  });
});

describe("the answer to a time update", () => {
  const answers: readonly (readonly [bytes: string, outcome: DeviceTimeOutcome])[] = [
    ["090201", { requestOpcode: 2, code: DeviceTimeResponse.Success }],
    ["090602", { requestOpcode: 6, code: DeviceTimeResponse.OpcodeNotSupported }],
    ["090203", { requestOpcode: 2, code: DeviceTimeResponse.InvalidOperand }],
    ["090204", { requestOpcode: 2, code: DeviceTimeResponse.OperationFailed }],
    ["0902050100", { requestOpcode: 2, code: DeviceTimeResponse.Rejected, rejection: 1 }],
    ["0903057f07", { requestOpcode: 3, code: DeviceTimeResponse.Rejected, rejection: 0x077f }],
    ["0902050000", { requestOpcode: 2, code: DeviceTimeResponse.Rejected, rejection: 0 }],
    ["090207", { requestOpcode: 2, code: DeviceTimeResponse.DeviceBusy }],
  ];
  for (const [bytes, outcome] of answers) {
    it(`is ${bytes} for code ${outcome.code}`, () => {
      assert.equal(hex(DeviceTimeOutcomeMessage.encode(outcome)), bytes);
      assert.deepEqual(DeviceTimeOutcomeMessage.decode(bytesOf(bytes)), outcome);
    });

    it(`is not ${bytes} cut short or with a byte after it`, () => {
      for (let length = 0; length < bytes.length; length += 2)
        assert.equal(DeviceTimeOutcomeMessage.decode(bytesOf(bytes.slice(0, length))), undefined);
      for (const more of ["00", "0000", "000000"])
        assert.equal(DeviceTimeOutcomeMessage.decode(bytesOf(bytes + more)), undefined);
    });
  }

  for (const [bytes, what] of [
    ["080201", "another opcode"],
    ["090200", "code 0"],
    ["090206", "a code that the standard lacks"],
    ["090208", "a code that the standard lacks"],
    ["0902058000", "a reserved rejection"],
    ["0902050008", "a reserved rejection"],
    ["0902010100", "a rejection with Success"],
  ] as const)
    it(`does not decode ${bytes}: ${what}`, () =>
      assert.equal(DeviceTimeOutcomeMessage.decode(bytesOf(bytes)), undefined));

  it("throws when a rejection and its code disagree, and on a reserved one", () => {
    const { encode } = DeviceTimeOutcomeMessage;
    assert.throws(() => encode({ requestOpcode: 2, code: DeviceTimeResponse.Rejected }), /disagree/);
    assert.throws(() => encode({ requestOpcode: 2, code: DeviceTimeResponse.Success, rejection: 1 }), /disagree/);
    assert.throws(
      () => encode({ requestOpcode: 2, code: DeviceTimeResponse.Rejected, rejection: 0x80 }),
      /reserved flags/,
    );
  });

  it(`has one value for any bytes that decode, and never throws (seed ${SEED})`, () =>
    fc.assert(
      fc.property(
        fc
          .tuple(fc.constantFrom(9, 9, 9, 8), fc.uint8Array({ maxLength: 6 }))
          .map(([first, rest]) => Uint8Array.of(first, ...rest)),
        (bytes) => {
          const outcome = DeviceTimeOutcomeMessage.decode(bytes);
          if (outcome !== undefined) assert.equal(hex(DeviceTimeOutcomeMessage.encode(outcome)), hex(bytes));
        },
      ),
      { seed: SEED, numRuns: 300 },
    ));
});
