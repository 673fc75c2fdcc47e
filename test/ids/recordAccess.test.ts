import { strict as assert } from "node:assert";
import fc from "fast-check";
import { hex } from "../../firmware/base/bytes.js";
import {
  RecordAccessFilter,
  RecordAccessOpcode,
  RecordAccessOperator,
  RecordAccessResponse,
} from "../../firmware/ids/opcodes.js";
import {
  decodeRecordAccess,
  decodeRecordAccessResponse,
  encodeRecordAccess,
  numberOfRecords,
  type RecordAccessOutcome,
  type RecordAccessRequest,
  type RecordSelection,
  recordAccessOutcome,
} from "../../firmware/ids/recordAccess.js";
import { bytesOf } from "./codecs.js";

const SEED = 0x2b27;

const { ReportRecords, DeleteRecords, Abort, ReportNumberOfRecords } = RecordAccessOpcode;
const { All, First, Last, LessOrEqual, GreaterOrEqual, Range, Null } = RecordAccessOperator;
const FILTERS = Object.values(RecordAccessFilter);
const SEARCHES = [ReportRecords, DeleteRecords, ReportNumberOfRecords];

/** Every operator with each filter; bounds at their ends. */
const selections: readonly (readonly [operand: string, selection: RecordSelection])[] = FILTERS.flatMap((filter) => {
  const f = hex(Uint8Array.of(filter));
  return [
    [`33${f}`, { operator: All, filter }],
    [`66${f}`, { operator: First, filter }],
    [`69${f}`, { operator: Last, filter }],
    [`3c${f}00000000`, { operator: LessOrEqual, filter, sequence: 0 }],
    [`3c${f}ffffffff`, { operator: LessOrEqual, filter, sequence: 0xffffffff }],
    [`55${f}64000000`, { operator: GreaterOrEqual, filter, sequence: 100 }],
    [`5a${f}0c00000022000000`, { operator: Range, filter, from: 12, to: 34 }],
    [`5a${f}8000000080000000`, { operator: Range, filter, from: 128, to: 128 }],
    [`5a${f}00000000ffffffff`, { operator: Range, filter, from: 0, to: 0xffffffff }],
  ] as const;
});

const requests: readonly (readonly [bytes: string, request: RecordAccessRequest])[] = [
  ["550f", { opcode: Abort }],
  ...SEARCHES.flatMap((opcode) =>
    selections.map(([operand, selection]) => [hex(Uint8Array.of(opcode)) + operand, { opcode, selection }] as const),
  ),
];

/** Requests of the implementations' tests: K, Kotlin's RacpComposerTest; T, Tidepool's RecordAccessControlPointTests. */
const others: readonly (readonly [bytes: string, request: RecordAccessRequest, whose: string])[] = [
  [
    "5a5a3c0c00000022000000",
    {
      opcode: ReportNumberOfRecords,
      selection: { operator: Range, filter: RecordAccessFilter.OtherEvents, from: 12, to: 34 },
    },
    "K",
  ],
  [
    "33553305000000",
    {
      opcode: ReportRecords,
      selection: { operator: GreaterOrEqual, filter: RecordAccessFilter.ReferenceTimes, sequence: 5 },
    },
    "K",
  ],
  [
    "33550f64000000",
    {
      opcode: ReportRecords,
      selection: { operator: GreaterOrEqual, filter: RecordAccessFilter.Sequence, sequence: 100 },
    },
    "T",
  ],
  [
    "335a0f640000007d000000",
    {
      opcode: ReportRecords,
      selection: { operator: Range, filter: RecordAccessFilter.Sequence, from: 100, to: 125 },
    },
    "T",
  ],
  ["33690f", { opcode: ReportRecords, selection: { operator: Last, filter: RecordAccessFilter.Sequence } }, "T"],
  ["550f", { opcode: Abort }, "K and T"],
];

const R = RecordAccessResponse;
const refused: readonly (readonly [bytes: string, code: RecordAccessResponse, what: string])[] = [
  ["", R.OpcodeNotSupported, "nothing"],
  ["00", R.OpcodeNotSupported, "no opcode of the standard"],
  ["0f0f33f0", R.OpcodeNotSupported, "a response"],
  ["660f01000000", R.OpcodeNotSupported, "a number of records"],
  ["01330f", R.OpcodeNotSupported, "an opcode of other services"],
  ["33", R.InvalidOperator, "no operator"],
  ["55", R.InvalidOperator, "no operator"],
  ["330f", R.InvalidOperator, "Null for a report"],
  ["5a0f0f", R.InvalidOperator, "Null for a number"],
  ["3c0f", R.InvalidOperator, "Null for Delete"],
  ["5533", R.InvalidOperator, "All for Abort"],
  ["55330f", R.InvalidOperator, "All for Abort, with a filter"],
  ["5500", R.InvalidOperator, "no operator of the standard for Abort"],
  ["550f0f", R.InvalidOperand, "a filter for Abort"],
  ["33000f", R.OperatorNotSupported, "no operator of the standard"],
  ["3301", R.OperatorNotSupported, "an operator of other services"],
  ["3333", R.InvalidOperand, "All without a filter"],
  ["33330f00", R.InvalidOperand, "a byte after All"],
  ["333c", R.InvalidOperand, "no operand"],
  ["333c0f", R.InvalidOperand, "no bound"],
  ["333c0f010000", R.InvalidOperand, "a bound one byte short"],
  ["333c0f0100000000", R.InvalidOperand, "a bound one byte long"],
  ["33550f0100000002000000", R.InvalidOperand, "two bounds for one"],
  ["335a0f01000000", R.InvalidOperand, "one bound for two"],
  ["335a0f010000000200", R.InvalidOperand, "a bound cut short"],
  ["335a0f020000000100000000", R.InvalidOperand, "a range one byte long"],
  ["335a0f0200000001000000", R.InvalidOperand, "a range that ends before it begins"],
  ["335a0fffffffff00000000", R.InvalidOperand, "a range that ends before it begins"],
  ["333300", R.OperandNotSupported, "no filter of the standard"],
  ["336655", R.OperandNotSupported, "no filter of the standard"],
  ["333c0100000000", R.OperandNotSupported, "a filter of other services"],
  ["335a010200000001000000", R.OperandNotSupported, "such a filter before a range that ends before it begins"],
];

const responses: readonly (readonly [bytes: string, response: RecordAccessOutcome | { readonly count: number }])[] = [
  ...Object.values(RecordAccessResponse).map(
    (code) => [`0f0f33${hex(Uint8Array.of(code))}`, { requestOpcode: ReportRecords, code }] as const,
  ),
  ["0f0f55f0", { requestOpcode: Abort, code: R.Success }],
  ["0f0f0002", { requestOpcode: 0, code: R.OpcodeNotSupported }],
  ["660f00000000", { count: 0 }],
  // Figures of the Kotlin parser's RacpParserTest.
  ["660f7b000000", { count: 123 }],
  ["660fffffffff", { count: 0xffffffff }],
];

const sent = (response: RecordAccessOutcome | { readonly count: number }): Uint8Array =>
  "count" in response ? numberOfRecords(response.count) : recordAccessOutcome(response);

describe("requests for records", () => {
  it("are, of each opcode with each operator and filter, the bytes that are decoded", () => {
    assert.equal(requests.length, 1 + 3 * 27);
    for (const [bytes, request] of requests) {
      assert.equal(hex(encodeRecordAccess(request)), bytes);
      assert.deepEqual(decodeRecordAccess(bytesOf(bytes)), request);
    }
  });

  for (const [bytes, request, whose] of others)
    it(`are those that others send: ${bytes} (${whose})`, () => {
      assert.equal(hex(encodeRecordAccess(request)), bytes);
      assert.deepEqual(decodeRecordAccess(bytesOf(bytes)), request);
    });

  for (const [bytes, code, what] of refused)
    it(`are refused with ${code.toString(16)} for ${what}: ${bytes}`, () =>
      assert.deepEqual(decodeRecordAccess(bytesOf(bytes)), { requestOpcode: bytesOf(bytes)[0] ?? 0, code }));

  it("are refused cut short anywhere and with a byte after them", () => {
    for (const [bytes] of requests) {
      const whole = bytesOf(bytes);
      for (let length = 0; length < whole.length; length++)
        assert.ok("code" in decodeRecordAccess(whole.subarray(0, length)), `${length} bytes of ${bytes}`);
      assert.ok("code" in decodeRecordAccess(Uint8Array.of(...whole, 0)), `${bytes} and one more`);
    }
  });

  it("of every opcode, operator and filter are taken or refused, each by its own code", () => {
    const outcomes = new Map<number, number>();
    for (let opcode = 0; opcode < 256; opcode++)
      for (const operator of [...Object.values(RecordAccessOperator), 0, 1, 0xff])
        for (const filter of [...FILTERS, 0, 1, 0xff]) {
          const decoded = decodeRecordAccess(Uint8Array.of(opcode, operator, filter));
          const code = "code" in decoded ? decoded.code : RecordAccessResponse.Success;
          outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
        }
    // 60 of operator and filter for each opcode: three search; Abort takes none with a filter.
    assert.deepEqual(
      [...outcomes].sort(([a], [b]) => a - b),
      [
        [R.OpcodeNotSupported, 252 * 60],
        [R.InvalidOperator, 3 * 6 + 9 * 6],
        [R.OperatorNotSupported, 3 * 3 * 6],
        [R.InvalidOperand, 3 * 3 * 6 + 6],
        [R.OperandNotSupported, 3 * 3 * 3],
        [R.Success, 3 * 3 * 3],
      ],
    );
  });

  it("throw on a range that ends before it begins and on a sequence that is no u32", () => {
    const filter = RecordAccessFilter.Sequence;
    const range = { operator: Range, filter, from: 2, to: 1 } as const;
    assert.throws(() => encodeRecordAccess({ opcode: ReportRecords, selection: range }), /range 2 to 1/);
    const bound = { operator: LessOrEqual, filter, sequence: 2 ** 32 } as const;
    assert.throws(() => encodeRecordAccess({ opcode: ReportRecords, selection: bound }), /sequence/);
  });

  it(`have one value for any bytes that decode, and never throw (seed ${SEED})`, () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...SEARCHES, Abort, 0x0f, 0),
        fc.constantFrom(...Object.values(RecordAccessOperator), Null, 0),
        fc.constantFrom(...FILTERS, 0),
        fc.uint8Array({ maxLength: 10 }),
        (opcode, operator, filter, rest) => {
          const bytes = Uint8Array.of(opcode, operator, filter, ...rest);
          const decoded = decodeRecordAccess(bytes);
          if (!("code" in decoded)) assert.equal(hex(encodeRecordAccess(decoded)), hex(bytes));
        },
      ),
      { seed: SEED, numRuns: 1000 },
    ));
});

describe("responses about records", () => {
  for (const [bytes, response] of responses)
    it(`are ${bytes}`, () => {
      assert.equal(hex(sent(response)), bytes);
      assert.deepEqual(decodeRecordAccessResponse(bytesOf(bytes)), response);
      for (let length = 0; length < bytes.length; length += 2)
        assert.equal(decodeRecordAccessResponse(bytesOf(bytes.slice(0, length))), undefined);
      assert.equal(decodeRecordAccessResponse(bytesOf(`${bytes}00`)), undefined);
    });

  for (const [bytes, what] of [
    ["0f3333f0", "an operator"],
    ["66337b000000", "an operator"],
    ["330f0f", "a request"],
    ["0f0f3300", "a code that the standard lacks"],
    ["0f0f3301", "the Success of other services"],
    ["0f33f0", "no Null"],
  ] as const)
    it(`are not ${bytes}: ${what}`, () => assert.equal(decodeRecordAccessResponse(bytesOf(bytes)), undefined));

  it("throw on a count that is no u32", () => {
    for (const count of [-1, 2 ** 32, 0.5]) assert.throws(() => numberOfRecords(count), /count/);
  });

  it(`have one value for any bytes that decode, and never throw (seed ${SEED})`, () =>
    fc.assert(
      fc.property(
        fc.constantFrom(0x0f, 0x66, 0x33),
        fc.constantFrom(Null, All),
        fc.uint8Array({ maxLength: 6 }),
        (opcode, operator, rest) => {
          const bytes = Uint8Array.of(opcode, operator, ...rest);
          const decoded = decodeRecordAccessResponse(bytes);
          if (decoded !== undefined) assert.equal(hex(sent(decoded)), hex(bytes));
        },
      ),
      { seed: SEED, numRuns: 500 },
    ));
});
