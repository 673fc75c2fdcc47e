import { strict as assert } from "node:assert";
import * as history from "../../firmware/ids/historyValues.js";
import {
  Channel,
  CommandOpcode,
  ControlPointResponse,
  RecordAccessFilter,
  RecordAccessOpcode,
  RecordAccessOperator,
  RecordAccessResponse,
  StatusReaderOpcode,
} from "../../firmware/ids/opcodes.js";
import {
  AnnunciationFlag,
  AnnunciationStatus,
  AnnunciationType,
  AvailableBolusFlag,
  BasalFlag,
  BolusActivation,
  BolusFlag,
  BolusType,
  BolusValue,
  CounterType,
  CounterValue,
  FeatureFlag,
  HistoryEvent,
  InsulinOnBoardFlag,
  OperationalState,
  StatusChangedFlag,
  StatusFlag,
  TbrContext,
  TbrFlag,
  TbrType,
  TherapyControlState,
} from "../../firmware/ids/values.js";

type Table = { readonly [name: string]: number };

/** The standard's opcodes in its order, written a second time as plain numbers. */
const STATUS_READER = "0303 030C 0330 033F 0356 0359 0365 036A 0395 039A 03A6 03A9 03C0 03CF 03F3 03FC";
const COMMAND =
  "0F55 0F5A 0F66 0F69 0F96 0F99 0FA5 0FAA 0FC3 0FCC 0FF0 0FFF 1111 111E 1122 112D 1144 114B 1177 1178 1187 1188 " +
  "11B4 11BB 11D2 11DD 11E1 11EE 1212 121D 1221 122E 1247 1248 1274 127B 1284 128B 12B7 12B8 12D1 12DE 12E2 12ED " +
  "1414 141B 1427 1428 1441 144E 1472 147D 1482 148D";
const ANNUNCIATION =
  "000F 0033 003C 0055 005A 0066 0069 0096 0099 00A5 00AA 00C3 00CC 00F0 00FF 0303 030C 0330 033F 0356 0359 0365";
const HISTORY =
  "000F 0033 003C 0055 005A 0066 0069 0096 0099 00A5 00AA 00C3 00CC 00F0 00FF 0303 030C 0330 033F 0356 0359 0365 " +
  "036A 0395 039A 03A6 03A9 03C0 03CF 03F3 03FC";
const NIBBLES = "0F 33 3C 55 5A 66 69 96 99 A5 AA C3 CC F0 FF";

const u16Tables: readonly (readonly [name: string, table: Table, numbers: string])[] = [
  ["Status Reader opcodes", StatusReaderOpcode, STATUS_READER],
  ["Command opcodes", CommandOpcode, COMMAND],
  ["annunciation types", AnnunciationType, ANNUNCIATION],
  ["history events", HistoryEvent, HISTORY],
];

const u8Tables: readonly (readonly [name: string, table: Table, numbers: string])[] = [
  ["therapy control states", TherapyControlState, "0F 33 3C 55"],
  ["operational states", OperationalState, "0F 33 3C 55 5A 66 96"],
  ["annunciation states", AnnunciationStatus, "0F 33 3C 55"],
  ["bolus types", BolusType, "33 3C 55"],
  ["bolus values", BolusValue, "0F 33 3C"],
  ["bolus activations", BolusActivation, "33 3C 55 5A"],
  ["TBR types", TbrType, "33 3C"],
  ["TBR contexts", TbrContext, "33 3C 55"],
  ["record access opcodes", RecordAccessOpcode, "0F 33 3C 55 5A 66"],
  ["record access operators", RecordAccessOperator, "0F 33 3C 55 5A 66 69"],
  ["record access filters", RecordAccessFilter, "0F 33 3C"],
  ["counter types", CounterType, "0F 33 3C 55"],
  ["counter values", CounterValue, "0F 33"],
  ["recording reasons", history.RecordingReason, "0F 33 3C 55"],
  ["bolus end reasons", history.BolusEndReason, "0F 33 3C 55"],
  ["TBR end reasons", history.TbrEndReason, "0F 33 3C 55"],
  ["priming end reasons", history.PrimingEndReason, "0F 33 3C 55"],
  ["profile types", history.ProfileType, "33 3C 55 5A"],
];

const flagTables: readonly (readonly [name: string, table: Table, all: number])[] = [
  ["Status Changed", StatusChangedFlag, 0x00ff],
  ["Status", StatusFlag, 0x01],
  ["Annunciation Status", AnnunciationFlag, 0x3f],
  ["Set Bolus", BolusFlag, 0x1f],
  ["Set TBR", TbrFlag, 0x07],
  ["active basal rate", BasalFlag, 0x07],
  ["Features", FeatureFlag, 0x80ffff],
  ["insulin on board", InsulinOnBoardFlag, 0x01],
  ["available boluses", AvailableBolusFlag, 0x07],
  ["Bolus Delivered, part 2", history.BolusDeliveredFlag, 0x07],
  ["Delivered Basal Rate Changed", history.BasalRateChangedFlag, 0x01],
  ["TBR started and changed", history.TbrSetFlag, 0x01],
  ["TBR ended", history.TbrEndedFlag, 0x03],
  ["Total Daily Insulin Delivery", history.TotalDailyInsulinFlag, 0x01],
  ["Annunciation Status Changed, part 1", history.AnnunciationPart1Flag, 0x03],
  ["Annunciation Status Changed, part 2", history.AnnunciationPart2Flag, 0x07],
  ["Priming Done", history.PrimingDoneFlag, 0x01],
];

const hexNumbers = (text: string) => text.split(" ").map((digits) => Number.parseInt(digits, 16));

function distance(a: number, b: number): number {
  let count = 0;
  for (let rest = a ^ b; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}

/** Pairs closer than the standard's code allows. */
function closePairs(values: readonly number[]): string[] {
  const close: string[] = [];
  values.forEach((a, i) => {
    for (const b of values.slice(0, i)) if (distance(a, b) < 4) close.push(`${a.toString(16)} ${b.toString(16)}`);
  });
  return close;
}

describe("numbers of the Insulin Delivery Service", () => {
  for (const [name, table, numbers] of [...u16Tables, ...u8Tables])
    it(`holds all ${name} of the standard, in its order`, () =>
      assert.deepEqual(Object.values(table), hexNumbers(numbers)));

  for (const [name, table] of [...u16Tables, ...u8Tables])
    it(`keeps any two ${name} 4 bits apart, so that three flipped bits make no other`, () =>
      assert.deepEqual(closePairs(Object.values(table)), []));

  it("keeps opcodes of both control points 4 bits apart from each other", () =>
    assert.deepEqual(closePairs([...Object.values(StatusReaderOpcode), ...Object.values(CommandOpcode)]), []));

  for (const [name, table] of u8Tables)
    it(`takes ${name} from the fifteen bytes of the standard's code`, () => {
      const code = new Set(hexNumbers(NIBBLES));
      assert.deepEqual(
        Object.values(table).filter((value) => !code.has(value)),
        [],
      );
    });

  for (const [name, table, all] of flagTables)
    it(`gives every flag of ${name} one bit of its own`, () => {
      const masks = Object.values(table);
      assert.ok(masks.every((mask) => distance(mask, 0) === 1));
      assert.equal(new Set(masks).size, masks.length);
      assert.equal(
        masks.reduce((sum, mask) => sum + mask, 0),
        all,
      );
      assert.deepEqual(
        masks,
        masks.toSorted((a, b) => a - b),
      );
    });

  it("names channels by their characteristic, 2B20 to 2B28, 2B90 and 2B91, or C0 and the low byte of 2Axx, beside control and tick", () =>
    assert.deepEqual(Channel, {
      Control: 0x00,
      Tick: 0x01,
      StatusChanged: 0x20,
      Status: 0x21,
      AnnunciationStatus: 0x22,
      Features: 0x23,
      StatusReaderControlPoint: 0x24,
      CommandControlPoint: 0x25,
      CommandData: 0x26,
      RecordAccessControlPoint: 0x27,
      HistoryData: 0x28,
      DeviceTime: 0x90,
      DeviceTimeControlPoint: 0x91,
      BatteryLevel: 0xc0 + 0x19,
      ModelNumber: 0xc0 + 0x24,
      FirmwareRevision: 0xc0 + 0x26,
      SoftwareRevision: 0xc0 + 0x28,
      ManufacturerName: 0xc0 + 0x29,
    }));

  it("answers with the standard's response codes and Countersign's from 80 up", () =>
    assert.deepEqual(Object.values(ControlPointResponse), hexNumbers("0F 70 71 72 73 74 75 76 80 81 82 83 84 85")));

  it("answers on record access with the standard's own response codes", () =>
    assert.deepEqual(Object.values(RecordAccessResponse), hexNumbers("F0 02 03 04 05 06 07 08 09 0A")));
});
