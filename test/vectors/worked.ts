/**
 * The fixed inputs of PROTOCOL.md's test vectors, as one story: a pairing, the handshake that confirms it, a session
 * with a bolus that is stopped. Keys and nonces are counting bytes, so that a part is recognised where it reappears.
 */

import {
  asks,
  COMMAND,
  CONTROL,
  CONTROLLER_ID,
  counting,
  generalResponse,
  OBSERVER_ID,
  PUMP_ID,
  refusedMessage,
  says,
} from "./story.js";
import { surroundings } from "./surroundings.js";
import { type Parts, type Vector, work } from "./vector.js";

/** One subsection of the appendix. */
export interface Section {
  readonly title: string;
  readonly text: string;
  readonly vectors: readonly Vector[];
}

const VERSION = "01";
const TICK = "01";
const STATUS = "21";

const pairing = work("pairing", "pairing, mode 02, role operate", {
  version: VERSION,
  pumpId: PUMP_ID,
  role: "01",
  secret: counting(0x30, 16),
  flags: "01",
  np: counting(0x00, 16),
  ephemeralPrivateP: counting(0x40, 32),
  mode: "02",
  controllerId: CONTROLLER_ID,
  nc: counting(0x10, 16),
  ephemeralPrivateC: counting(0x60, 32),
});
const { kAuth, kDose } = pairing.outputs;
const bond = { kAuth, role: "01", version: VERSION, pumpId: PUMP_ID, controllerId: CONTROLLER_ID };

const confirming = work("handshake", "handshake, mode 03, window open", {
  ...bond,
  flags: "01",
  np: counting(0x20, 16),
  ephemeralPrivateP: counting(0x80, 32),
  mode: "03",
  nc: counting(0x30, 16),
});
const opening = work("handshake", "handshake, mode 01, window closed", {
  ...bond,
  flags: "00",
  np: counting(0x50, 16),
  mode: "01",
  nc: counting(0x60, 16),
});
const observing = work("handshake", "handshake, mode 01, role observe", {
  ...bond,
  kAuth: counting(0x00, 32),
  role: "02",
  controllerId: OBSERVER_ID,
  flags: "00",
  np: counting(0x70, 16),
  mode: "01",
  nc: counting(0x80, 16),
});

/** The pump's time at record 0: every byte differs. */
const BEGIN_MS = 0x12345678;
const { kCp, kPc } = opening.outputs;

const fromPump = (name: string, counter: number, afterMs: number, channel: string, fields: Parts) =>
  work("record", name, { sender: "pump", key: kPc, counter, timeMs: BEGIN_MS + afterMs, channel, fields });
const fromController = (name: string, counter: number, echoAfterMs: number, channel: string, fields: Parts) =>
  work("record", name, { sender: "controller", key: kCp, counter, timeMs: BEGIN_MS + echoAfterMs, channel, fields });

/** Epoch 258, sequence 3. */
const DOSE_ID = "0201000003000000";
const dose = { kDose, pumpId: PUMP_ID, controllerId: CONTROLLER_ID, channel: COMMAND };
/** 1.50 U for a meal. */
const bolusFields = {
  opcode: "4b11",
  flags: "10",
  type: "33",
  fast: "96e0",
  extended: "0000",
  durationMin: "0000",
};
const bolus = work("countersignature", "countersignature of Set Bolus", {
  ...dose,
  doseId: DOSE_ID,
  challenge: counting(0xe0, 16),
  commandFields: bolusFields,
  readingFields: {
    opcode: "4b11",
    flags: "10",
    type: "33",
    fastMicrounits: "60e31600",
    extendedMicrounits: "00000000",
    durationMin: "0000",
  },
});

const challenge = fromPump("Challenge", 3, 5_300, CONTROL, {
  opcode: "33",
  doseId: DOSE_ID,
  challenge: bolus.inputs.challenge,
  lifeS: "0a",
  reading: bolus.outputs.reading,
});

const outcomeIs = (name: string, counter: number, afterMs: number, kind: string, low: string, high: string) =>
  fromPump(name, counter, afterMs, CONTROL, {
    opcode: "5a",
    doseId: DOSE_ID,
    kind,
    code: "00",
    intendedMicrounits: "60e31600",
    lowMicrounits: low,
    highMicrounits: high,
  });

const session: readonly Vector[] = [
  fromPump("Hello", 0, 0, CONTROL, { opcode: "69", role: "01" }),
  fromController("read of Status", 0, 0, STATUS, {}),
  fromPump("Status", 1, 250, STATUS, {
    therapyControlState: "55",
    operationalState: "96",
    reservoirRemaining: "b5f4",
    flags: "01",
  }),
  fromPump("tick from the pump", 2, 5_000, TICK, {}),
  fromController("tick from the controller", 1, 5_000, TICK, {}),
  fromController("Prepare of Set Bolus", 2, 5_000, CONTROL, {
    opcode: "0f",
    lifeS: "0a",
    channel: COMMAND,
    command: bolus.outputs.command,
  }),
  challenge,
  bolus,
  fromController("Commit", 3, 5_300, CONTROL, { opcode: "3c", doseId: DOSE_ID, tag: bolus.outputs.tag }),
  fromPump("Set Bolus response", 4, 5_600, COMMAND, { opcode: "7711", bolusId: "0700" }),
  fromController("Outcome", 4, 5_600, CONTROL, { opcode: "55", doseId: DOSE_ID }),
  outcomeIs("OutcomeIs delivering", 5, 7_700, "55", "50c30000", "a0860100"),
  fromController("Stop", 5, 7_700, COMMAND, { opcode: "5a0f", state: "33" }),
  fromPump("response to Stop", 6, 8_000, COMMAND, { opcode: "550f", requestOpcode: "5a0f", code: "0f" }),
  fromController("Prepare in state Stop", 6, 8_000, CONTROL, {
    opcode: "0f",
    lifeS: "0a",
    channel: COMMAND,
    command: bolus.outputs.command,
  }),
  fromPump("Refused", 7, 8_200, CONTROL, { opcode: "66", requestOpcode: "0f", code: "74" }),
  fromController("Outcome after Stop", 7, 8_200, CONTROL, { opcode: "55", doseId: DOSE_ID }),
  outcomeIs("OutcomeIs stopped", 8, 8_400, "66", "a0860100", "a0860100"),
];

const otherCountersignatures = [
  work("countersignature", "countersignature of Set TBR, 0.75 U/h for 90 min", {
    ...dose,
    doseId: "0201000004000000",
    challenge: counting(0x90, 16),
    commandFields: { opcode: "ff0f", flags: "00", type: "33", rate: "4be0", durationMin: "5a00" },
    readingFields: { opcode: "ff0f", mode: "0f", rateMicrounitsPerHour: "b0710b00", durationMin: "5a00" },
  }),
  work("countersignature", "countersignature of Cancel TBR, 1.2 U/h takes over", {
    ...dose,
    doseId: "0201000005000000",
    challenge: counting(0xa0, 16),
    commandFields: { opcode: "1111" },
    readingFields: { opcode: "1111", rateMicrounitsPerHour: "804f1200" },
  }),
  work("countersignature", "countersignature of Run, 1.2 U/h begins", {
    ...dose,
    doseId: "0201000006000000",
    challenge: counting(0xb0, 16),
    commandFields: { opcode: "5a0f", state: "55" },
    readingFields: { opcode: "5a0f", state: "55", rateMicrounitsPerHour: "804f1200" },
  }),
  work("countersignature", "countersignature of Set TBR, 1.5 times 0.9 U/h for 60 min, AP controller", {
    ...dose,
    doseId: "020100000a000000",
    challenge: counting(0x40, 16),
    commandFields: { opcode: "ff0f", flags: "02", type: "3c", factor: "96e0", durationMin: "3c00", context: "55" },
    readingFields: {
      opcode: "ff0f",
      mode: "3c",
      factorMillionths: "60e31600",
      rateMicrounitsPerHour: "70991400",
      durationMin: "3c00",
      context: "55",
    },
  }),
  work("countersignature", "countersignature of the last chunk of the active profile, 0.8 and 1.1 U/h", {
    ...dose,
    doseId: "020100000b000000",
    challenge: counting(0x50, 16),
    commandFields: {
      opcode: "cc0f",
      flags: "03",
      template: "01",
      firstBlock: "01",
      duration1Min: "6801",
      rate1: "50e0",
      duration2Min: "3804",
      rate2: "6ee0",
    },
    readingFields: {
      opcode: "cc0f",
      template: "01",
      state: "33",
      rateMicrounitsPerHour: "00350c00",
      dayMicrounits: "c05d7701",
      blocks: "02",
      duration1Min: "6801",
      rate1MicrounitsPerHour: "00350c00",
      duration2Min: "3804",
      rate2MicrounitsPerHour: "e0c81000",
    },
  }),
  work("countersignature", "countersignature of Activate Profile Templates, 2", {
    ...dose,
    doseId: "020100000c000000",
    challenge: counting(0x60, 16),
    commandFields: { opcode: "2e12", count: "01", template: "02" },
    readingFields: { opcode: "2e12", template: "02", rateMicrounitsPerHour: "804f1200" },
  }),
  work("countersignature", "countersignature of Propose Time Update, 2026-11-22 20:00:00", {
    ...dose,
    channel: "91",
    doseId: "020100000d000000",
    challenge: counting(0x70, 16),
    commandFields: {
      opcode: "02",
      flags: "4100",
      baseTimeS: "803e9632",
      timeZone: "ec",
      dstOffset: "04",
      source: "06",
      accuracy: "08",
    },
    readingFields: {
      opcode: "02",
      year: "ea07",
      month: "0b",
      day: "16",
      hours: "14",
      minutes: "00",
      seconds: "00",
      timeZone: "ec",
      dstOffset: "04",
      rateMicrounitsPerHour: "a0bb0d00",
    },
  }),
  work("countersignature", "countersignature of Set Flight Mode", {
    ...dose,
    doseId: "020100000e000000",
    challenge: counting(0x80, 16),
    commandFields: { opcode: "660f" },
    readingFields: { opcode: "660f" },
  }),
  work("countersignature", "countersignature of Start Priming, 10 U", {
    ...dose,
    doseId: "0201000010000000",
    challenge: counting(0x30, 16),
    commandFields: { opcode: "7b12", amount: "e8e3" },
    readingFields: { opcode: "7b12", amountMicrounits: "80969800" },
  }),
  work("countersignature", "countersignature of Set Initial Reservoir Fill, 200 U", {
    ...dose,
    doseId: "0201000011000000",
    challenge: counting(0x40, 16),
    commandFields: { opcode: "8b12", amount: "c800" },
    readingFields: { opcode: "8b12", amountMicrounits: "00c2eb0b" },
  }),
  work("countersignature", "countersignature of Reset Reservoir Insulin Operation Time", {
    ...dose,
    doseId: "0201000012000000",
    challenge: counting(0x50, 16),
    commandFields: { opcode: "b712" },
    readingFields: { opcode: "b712" },
  }),
  work("countersignature", "countersignature of Revoke Bond, an observer's", {
    ...dose,
    channel: CONTROL,
    doseId: "020100000f000000",
    challenge: counting(0x20, 16),
    commandFields: { opcode: "a5", controllerId: OBSERVER_ID },
    readingFields: { opcode: "a5", controllerId: OBSERVER_ID, role: "02" },
  }),
];

const becameOf = (kind: string, doseId: string, code: string, intended: string, low: string, high: string) =>
  says(`OutcomeIs ${kind}`, CONTROL, {
    opcode: "5a",
    doseId,
    kind: { never: "0f", refused: "33", applied: "3c", uncertain: "69", forgotten: "96" }[kind] ?? "",
    code,
    intendedMicrounits: intended,
    lowMicrounits: low,
    highMicrounits: high,
  });
const NONE = "00000000";

/** The first bolus of this pump. */
const BOLUS_ID = "0100";
const otherValues = [
  says("Status Changed: control state, active basal, history event", "20", { flags: "a100" }),
  says("Annunciation Status: none", "22", { flags: "00" }),
  says("Annunciation Status: Occlusion", "22", { flags: "01", instance: "0200", type: "3c00", status: "33" }),
  asks("Reset Status: all", "24", { opcode: "0c03", flags: "ff00" }),
  generalResponse("response to Reset Status", "24", "0303", "0c03", "0f"),
  says("Features", "23", {
    e2eCrc: "ffff",
    e2eCounter: "00",
    insulinConcentration: "0120",
    flags: "2e0800",
  }),
  asks("Get Active Bolus IDs", "24", { opcode: "3003" }),
  says("Active Bolus IDs: none", "24", { opcode: "3f03", count: "00" }),
  says("Active Bolus IDs: 1", "24", { opcode: "3f03", count: "01", bolusIds: BOLUS_ID }),
  asks("Get Active Bolus Delivery: delivered", "24", { opcode: "5603", bolusId: BOLUS_ID, value: "3c" }),
  says("Active Bolus Delivery: 0.35 U, meal", "24", {
    opcode: "5903",
    flags: "10",
    bolusId: BOLUS_ID,
    type: "33",
    fast: "23e0",
    extended: "0000",
    durationMin: "0000",
  }),
  generalResponse("Get Active Bolus Delivery of an ended bolus, refused", "24", "0303", "5603", "74"),
  asks("Cancel Bolus", COMMAND, { opcode: "7811", bolusId: BOLUS_ID }),
  says("response to Cancel Bolus", COMMAND, { opcode: "8711", bolusId: BOLUS_ID }),
  generalResponse("Cancel Bolus of an ended bolus, refused", COMMAND, "550f", "7811", "74"),
  generalResponse("Set Bolus without countersignature, refused", COMMAND, "550f", "4b11", "74"),
  refusedMessage("Refused: a Commit sent twice", "3c", "81"),
  refusedMessage("Refused: a message on channel 26", "26", "70"),
  asks("Get Active Basal Rate Delivery", "24", { opcode: "6503" }),
  says("Active Basal Rate Delivery: 0.9 U/h", "24", {
    opcode: "6a03",
    flags: "00",
    profileTemplate: "01",
    rate: "09f0",
  }),
  says("Active Basal Rate Delivery: 0.9 U/h, TBR of 0.75 U/h for 90 min, 61 s gone", "24", {
    opcode: "6a03",
    flags: "01",
    profileTemplate: "01",
    rate: "09f0",
    tbrType: "33",
    tbrRate: "4be0",
    programmedMin: "5a00",
    remainingMin: "5900",
  }),
  says("Delivered Insulin: bolus 8.1 U, basal 11 U", "24", { opcode: "cf03", bolus: "510000ff", basal: "0b000000" }),
  asks("Report Stored Records from 300 on", "27", { opcode: "33", operator: "55", filter: "0f", sequence: "2c010000" }),
  asks("Report Number of Stored Records from 1 to 258", "27", {
    opcode: "5a",
    operator: "5a",
    filter: "0f",
    from: "01000000",
    to: "02010000",
  }),
  asks("Abort Operation", "27", { opcode: "55", operator: "0f" }),
  says("History Data: bolus 1 programmed, 1.5 U", "28", {
    event: "5a00",
    sequence: "2c010000",
    relativeOffsetS: "3d00",
    data: "0100330ff000000000",
  }),
  says("History Data: Data Corruption", "28", {
    event: "a603",
    sequence: "2d010000",
    relativeOffsetS: "0000",
    data: "",
  }),
  says("response after the last record", "27", { opcode: "0f", operator: "0f", requestOpcode: "33", code: "f0" }),
  says("Number of Stored Records Response: 258", "27", { opcode: "66", operator: "0f", number: "02010000" }),
  says("Delete Stored Records, refused", "27", { opcode: "0f", operator: "0f", requestOpcode: "3c", code: "02" }),
  becameOf("never", "0201000007000000", "00", NONE, NONE, NONE),
  becameOf("refused", "0201000008000000", "82", NONE, NONE, NONE),
  becameOf("applied", "0201000001000000", "00", NONE, NONE, NONE),
  becameOf("uncertain", "0101000005000000", "00", "60e31600", "f8060600", "58f10600"),
  becameOf("forgotten", "0100000001000000", "00", NONE, NONE, NONE),
  ...surroundings,
];

/** Exact ones, the ends of what a mantissa holds and one microunit beyond, whole tens, and a reservoir. */
const AMOUNTS = {
  amountsMicrounits: [
    ...[0, 1, 2_045, 2_046, 50_000, 20_450_000, 20_460_000, 280_900_600],
    ...[8_388_605, 8_388_606, 83_886_051, 20_000_000, 299_500_000],
  ],
};

/** One for each rule of section 1.2 that a few bytes can break. */
const BROKEN_SEQUENCES = [
  [""],
  ["c0"],
  ["8101"],
  ["0101"],
  ["8001", "8001"],
  ["8001", "0001"],
  ["8001", "0201"],
  ["c001", "4101"],
] as const;

const m1Of = (version: string, flags: string, pumpId: string, ephemeralP = "") =>
  version + flags + pumpId + counting(0x50, 16) + ephemeralP;
/** Public keys of small order: X25519 gives all zero (RFC 7748 section 6.1). */
const SMALL_ORDER = ["00".repeat(32), "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"];

/** Around the wrap of the record's time, and of the controller's clock if that has 32 bits too. */
const WRAP_MS = 2 ** 32;

const refusals = [
  work("brokenFragments", "fragments that end the connection", { sequences: BROKEN_SEQUENCES }),
  work("refusedM1", "m1 that a controller refuses", {
    pumpId: PUMP_ID,
    m1: [
      m1Of("02", "00", PUMP_ID),
      m1Of(VERSION, "02", PUMP_ID),
      m1Of(VERSION, "01", PUMP_ID),
      m1Of(VERSION, "00", PUMP_ID, counting(0x80, 32)),
      m1Of(VERSION, "00", CONTROLLER_ID),
      ...SMALL_ORDER.map((key) => m1Of(VERSION, "01", PUMP_ID, key)),
    ],
  }),
  work("staleEchoes", "echoes that are stale at the pump", {
    pumpMs: [10_000, 10_001, 5_000, 5_000, 5_001, 7_000],
    echoesMs: [0, 0, WRAP_MS - 5_000, WRAP_MS - 5_001, WRAP_MS - 5_000, 7_001],
  }),
  work("staleTimes", "records that are stale at the controller", {
    arrivedMs: [500, 10_500, 20_501, 30_000, 40_000, 40_001, 40_400],
    timesMs: [WRAP_MS - 10_000, WRAP_MS - 1, 0, 19_600, 19_600, 19_600, 30_000],
  }),
];

/** The appendix in its order. */
export const SECTIONS: readonly Section[] = [
  {
    title: "Labels",
    text: "`inputs.texts` and the names of the outputs are characters.",
    vectors: [
      work("labels", "labels", {
        texts: [
          ...["CS1 k ctl", "CS1 k pump", "CS1 k ses", "CS1 tag C", "CS1 tag P", "CS1 session"],
          ...["CS1 pairing", "CS1 pair C", "CS1 pair P", "CS1 bond auth", "CS1 bond dose", "CS1 dose"],
        ],
      }),
    ],
  },
  {
    title: "Pairing",
    text: "`shownBase32` (characters) is the text that is shown and that a QR code holds; `shown` are the bytes it stands for.",
    vectors: [pairing],
  },
  {
    title: "Handshakes",
    text:
      "The first confirms the bond of 9.2 while the window is still open, the second opens the session of 9.4, " +
      "the third is of another bond. An empty `ephemeralP` stands for none.",
    vectors: [confirming, opening, observing],
  },
  {
    title: "A session",
    text:
      "Records of the second handshake's session in their order. `fields` are the parts of the value, in the order " +
      "of the wire and as they stand on it. `timeMs` is the pump's time or the controller's echo of it.",
    vectors: session,
  },
  {
    title: "Other countersignatures",
    text: "Of the same bond, each with the whole input of its tag.",
    vectors: otherCountersignatures,
  },
  {
    title: "Fragments",
    text: "`mtu` is the ATT_MTU.",
    vectors: [
      work("fragmentation", "fragments of the record Challenge", { mtu: 23, message: challenge.outputs.record }),
      work("fragmentation", "fragments of m1, window open", { mtu: 23, message: confirming.outputs.m1 }),
      work("fragmentation", "m3 in one fragment", { mtu: 23, message: opening.outputs.m3 }),
    ],
  },
  {
    title: "Amounts as the pump reports them",
    text:
      "`amountsMicrounits` in µU; `sfloats` and `floats` of the same order, each as it stands on the wire, " +
      "little-endian. `rounding` is the direction for an amount that has no exact encoding.",
    vectors: [
      work("amounts", "amounts, rounded down", { rounding: "down", ...AMOUNTS }),
      work("amounts", "amounts, rounded up", { rounding: "up", ...AMOUNTS }),
    ],
  },
  {
    title: "Other values",
    text: "Values of records of no one session. `fields` as in 9.4.",
    vectors: otherValues,
  },
  {
    title: "What is refused",
    text:
      "`sequences`: values that arrive one after the other; `endsAt` is the place, from 0, of the one that ends the " +
      "connection. `why` (characters) is what the controller of the bond with `pumpId`, pairing in mode 02 where the " +
      "window is open, finds wrong. `pumpMs` is the pump's time when a record with that echo arrives, `arrivedMs` the " +
      "controller's when a record with that time does, in the order of one session; all are numbers mod 2^32.",
    vectors: refusals,
  },
];
