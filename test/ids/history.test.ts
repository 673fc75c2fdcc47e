import { strict as assert } from "node:assert";
import fc from "fast-check";
import { hex } from "../../firmware/base/bytes.js";
import * as history from "../../firmware/ids/history.js";
import { DATA_MAX_BYTES } from "../../firmware/storage/historyRecord.js";
import { type AnnouncedLength, bit, bytesOf, itHolds } from "./codecs.js";
import { eventCodecs, historyVectors } from "./history-vectors.js";

const SEED = 0x2b28;

const rules: readonly AnnouncedLength[] = [
  [
    "Bolus Programmed, part 2",
    history.BolusProgrammedPart2Data,
    0,
    1,
    (f) => (f < 32 ? 1 + 2 * bit(f, 1) + bit(f, 2) + bit(f, 4) : undefined),
  ],
  [
    "Bolus Delivered, part 2",
    history.BolusDeliveredPart2Data,
    0,
    1,
    (f) => (f < 8 ? 5 + bit(f, 1) + bit(f, 2) + 2 * bit(f, 4) : undefined),
  ],
  ["Delivered Basal Rate Changed", history.BasalRateChangedData, 0, 1, (f) => (f < 2 ? 5 + f : undefined)],
  ["TBR started", history.TbrStartedData, 0, 1, (f) => (f < 2 ? 6 + f : undefined)],
  ["TBR ended", history.TbrEndedData, 0, 1, (f) => (f < 4 ? 5 + bit(f, 1) + 2 * bit(f, 2) : undefined)],
  ["TBR changed", history.TbrChangedData, 0, 1, (f) => (f < 2 ? 8 + f : undefined)],
  ["Total Daily Insulin Delivery", history.TotalDailyInsulinData, 0, 1, (f) => (f < 2 ? 9 : undefined)],
  [
    "Annunciation Status Changed, part 1",
    history.AnnunciationPart1Data,
    0,
    1,
    (f) => (f < 4 ? 6 + 2 * bit(f, 1) + 2 * bit(f, 2) : undefined),
  ],
  [
    "Annunciation Status Changed, part 2",
    history.AnnunciationPart2Data,
    0,
    1,
    (f) => (f < 8 ? 1 + 2 * bit(f, 1) + 2 * bit(f, 2) + 2 * bit(f, 4) : undefined),
  ],
  ["Priming Done", history.PrimingDoneData, 0, 1, (f) => (f < 2 ? 4 + 2 * f : undefined)],
];

describe("data of history events", () => {
  itHolds(historyVectors, rules, SEED);

  it("has a vector for each event that the pump can record, and each for what some event has", () => {
    const codecs = new Set(historyVectors.map(([, codec]) => codec));
    for (const [event, codec] of eventCodecs) assert.ok(codecs.has(codec), `event ${event.toString(16)}`);
    assert.deepEqual(codecs, new Set(eventCodecs.map(([, codec]) => codec)));
    assert.equal(new Set(eventCodecs.map(([event]) => event)).size, 22);
  });

  it("is never over 10 bytes, with all that its flags may announce, as the log holds it", () => {
    assert.equal(history.EVENT_DATA_MAX_BYTES, DATA_MAX_BYTES);
    for (const [name, , , , lengthFor] of rules)
      for (let flags = 0; flags < 256; flags++) assert.ok((lengthFor(flags) ?? 0) <= DATA_MAX_BYTES, name);
    for (const [name, , bytes] of historyVectors) assert.ok(bytes.length / 2 <= DATA_MAX_BYTES, name);
  });
});

describe("history records", () => {
  const record = (data: Uint8Array) => ({ event: 0x0303, sequence: 1, relativeOffsetS: 100, data });
  const head = "0303" + "01000000" + "6400";

  it("are event, sequence, offset in seconds, data: those of Tidepool's test", () => {
    const bytes = history.HistoryRecordValue.encode(record(bytesOf("3355")));
    assert.equal(hex(bytes), `${head}3355`);
    assert.deepEqual(history.HistoryRecordValue.decode(bytes), record(bytesOf("3355")));
  });

  for (let length = 0; length <= 10; length++)
    it(`carry ${length} bytes of data`, () => {
      const data = new Uint8Array(length).fill(0xa5);
      const bytes = history.HistoryRecordValue.encode(record(data));
      assert.equal(hex(bytes), head + "a5".repeat(length));
      assert.deepEqual(history.HistoryRecordValue.decode(bytes), record(data));
    });

  it("do not decode from fewer than 8 bytes or more than 18", () => {
    const whole = bytesOf(`${head}${"a5".repeat(16)}`);
    for (let length = 0; length <= whole.length; length++)
      assert.equal(
        history.HistoryRecordValue.decode(whole.subarray(0, length)) !== undefined,
        length >= 8 && length <= 18,
        `${length} bytes`,
      );
  });

  it("throw on 11 bytes of data and on numbers that do not fit", () => {
    const { encode } = history.HistoryRecordValue;
    const data = new Uint8Array(0);
    assert.throws(() => encode(record(new Uint8Array(11))), /11 bytes of event data/);
    assert.throws(() => encode({ ...record(data), sequence: 2 ** 32 }), /sequence/);
    assert.throws(() => encode({ ...record(data), relativeOffsetS: 65_536 }), /relativeOffsetS/);
    assert.throws(() => encode({ ...record(data), event: 65_536 }), /event/);
  });

  it("mark corrupt data by the last sequence number of all", () => {
    const corrupt = { ...record(new Uint8Array(0)), event: 0x03a6, sequence: history.CORRUPT_SEQUENCE };
    assert.equal(hex(history.HistoryRecordValue.encode(corrupt)), "a603" + "ffffffff" + "6400");
  });

  it(`have one value for any bytes that decode, and never throw (seed ${SEED})`, () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        const decoded = history.HistoryRecordValue.decode(bytes);
        if (decoded !== undefined) assert.equal(hex(history.HistoryRecordValue.encode(decoded)), hex(bytes));
      }),
      { seed: SEED, numRuns: 300 },
    ));
});
