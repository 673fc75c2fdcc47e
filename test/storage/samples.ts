/** One value of everything that is stored, with something in every field: what stored versions are made of. */

import { microunits, microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { AnnunciationType, HistoryEvent } from "../../firmware/ids/values.js";
import type { Bonds } from "../../firmware/session/bonds.js";
import type { HistoryRecord } from "../../firmware/storage/historyRecord.js";
import type { Journal } from "../../firmware/therapy/journal.js";
import { type Profile, type Profiles, profileOfBlocks } from "../../firmware/therapy/profiles.js";
import type { Standing } from "../../firmware/therapy/standing.js";
import { varied } from "../nonce/bench.js";
import { bondOf } from "../session/bench.js";
import { closedBins, entryOf, ledgerOf } from "../therapy/bench.js";
import type { PumpBlob } from "./formats.js";

export const HISTORY_SAMPLE: HistoryRecord = {
  sequence: 0x01020304,
  event: HistoryEvent.ReferenceTime,
  relativeOffsetS: 0xfedc,
  pumpClockMs: 0x0a0b0c0d0e0f,
  data: Uint8Array.of(0x55, 1, 2, 3, 4, 5, 6, 7),
};

const BONDS: Bonds = {
  confirmed: [bondOf(1), bondOf(2, "observe")],
  unconfirmed: bondOf(3),
};

const JOURNAL: Journal = {
  clockMs: pumpClockMs(0x0102030405),
  bolusTotalMicrounits: microunits(0x0203040506),
  basalTotalMicrounits: microunits(0x0304050607),
  openHourMicrounits: microunits(1_234_567),
  basalOwed: 0x0405060708,
  stepRemainder: 0x11223344,
  stepDenominator: 0x22334455,
  coilPhase: 5,
  pulse: { source: "bolus", insulinMicrounits: microunits(49_999) },
  bolus: { doseId: { epoch: 7, sequence: 0x33445566 }, doneMicrounits: microunits(150_001) },
};

const STANDING: Standing = {
  clockMs: pumpClockMs(0x0102030400),
  control: "stopAfterLoss",
  basalMicrounitsPerHour: microunitsPerHour(912_345),
  activeTemplate: 3,
  profilesRevision: 0x05060708,
  blockToRecord: 9,
  time: {
    setAtMs: pumpClockMs(0x0102030100),
    baseTimeS: 0x31323334,
    timeZoneQuarters: -38,
    dstOffset: 4,
    certain: true,
  },
  tbr: {
    factorMillionths: 1_330_000,
    context: 0x55,
    durationMinutes: 1439,
    endsAtMs: pumpClockMs(0x0102040506),
  },
  reservoir: {
    state: "open",
    endMicrounits: microunits(0x0708090a0b),
    sinceMs: pumpClockMs(0x0201040309),
    primedMicrounits: microunits(0x03020104),
  },
  day: {
    bolusTotalMicrounits: microunits(0x0501020304),
    basalTotalMicrounits: microunits(0x0602030405),
    endsAtMs: pumpClockMs(0x0703040506),
  },
  flightMode: true,
  nextBolusId: 0xabcd,
  windows: { hour: 0x00010203, closedMicrounits: closedBins(...Array.from({ length: 24 }, (_, i) => 1_000_003 * i)) },
  windowsTotalMicrounits: microunits(0x0607080900),
  ledger: ledgerOf(
    [
      entryOf(1),
      entryOf(2, {
        kind: "uncertain",
        bolusId: 3,
        flags: 5,
        intendedMicrounits: microunits(500_000),
        lowMicrounits: microunits(144_976),
        highMicrounits: microunits(205_024),
      }),
      entryOf(9, { kind: "delivering", bolusId: 4, flags: 1, intendedMicrounits: microunits(250_000) }),
    ],
    { epoch: 1, sequence: 0 },
  ),
  annunciations: {
    nextInstance: 0x1234,
    pending: [
      { instance: 0x1232, type: AnnunciationType.DateTimeIssue },
      { instance: 0x1233, type: AnnunciationType.TbrCanceled },
    ],
  },
  history: {
    nextSequence: HISTORY_SAMPLE.sequence + 1,
    referenceMs: pumpClockMs(0x0a0b0c000000),
    pending: [HISTORY_SAMPLE],
  },
};

const blocks = (count: number, each: number): Profile =>
  profileOfBlocks(
    Array.from({ length: count }, (_, i) => ({
      durationMinutes: i < count - 1 ? 11 + i : 1_440 - (count - 1) * 11 - ((count - 1) * (count - 2)) / 2,
      rateMicrounitsPerHour: microunitsPerHour(each * (i + 1)),
    })),
  );

const PROFILES: Profiles = {
  templates: [blocks(1, 900_000), blocks(24, 110_000), undefined, blocks(3, 0), undefined],
  newest: { revision: 0x01020304, templateNumber: 3, profile: blocks(24, 10_000) },
};

export const SAMPLES: { readonly [blob in PumpBlob]: unknown } = {
  marker: { provisioned: 1 },
  identity: { deviceSecret: varied(32, 1), pumpId: varied(8, 2), epoch: 0x01020304, bootDraw: varied(8, 3) },
  bonds: BONDS,
  standing: STANDING,
  journal: JOURNAL,
  calibration: { insulinPerTurnMicrounits: microunits(5_200_001), forceZero: 0x0123 },
  profiles: PROFILES,
};
