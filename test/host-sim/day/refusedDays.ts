/** Entries of a day, and what of them and of whole texts is refused, with the line that refuses it. */

export const BOLUS = { atSeconds: 10, event: "bolus", units: 0.1, automatic: true };
const TBR = { atSeconds: 10, event: "tempBasal", unitsPerHour: 1.2, minutes: 30 };
const UNITS =
  "a number from 0.01 to 300, what a cartridge holds, in steps of 0.01 (of 0.1 above 20.45, of 1 above 204.5: a command carries no finer)";
export const TIME = { atSeconds: 10, event: "setTime", localTime: "2025-04-28T16:00:00+02:00" };
export const PROFILE = { atSeconds: 10, event: "profile", blocks: [{ minutes: 1440, unitsPerHour: 0.9 }] };
export const CHANGE = { atSeconds: 10, event: "changeReservoir", fillUnits: 180, primingUnits: 10 };
const LOCAL_TIME =
  "a local time and its offset from UTC such as 2025-04-28T16:00:00+02:00, from 2000 to 2099, the offset of whole quarters of an hour from -12:00 to +14:00";
const SECONDS = "a whole number of seconds from 0 to 2678400";

/** The second entry of a day, and the one line that refuses it. */
export const REFUSED: readonly (readonly [entry: unknown, line: string])[] = [
  [{ ...BOLUS, units: -0.1 }, `entry 2 (bolus at 10 s): units is -0.1; it must be ${UNITS}`],
  [{ ...BOLUS, units: 0 }, `entry 2 (bolus at 10 s): units is 0; it must be ${UNITS}`],
  [{ ...BOLUS, units: "0.1" }, `entry 2 (bolus at 10 s): units is "0.1"; it must be ${UNITS}`],
  [{ ...BOLUS, units: null }, `entry 2 (bolus at 10 s): units is null; it must be ${UNITS}`],
  [{ ...BOLUS, units: [0.1] }, `entry 2 (bolus at 10 s): units is [0.1]; it must be ${UNITS}`],
  [{ ...BOLUS, units: undefined }, `entry 2 (bolus at 10 s): units is missing; it must be ${UNITS}`],
  [{ ...BOLUS, units: 0.005 }, `entry 2 (bolus at 10 s): units is 0.005; it must be ${UNITS}`],
  [{ ...BOLUS, units: 0.1 + 0.2 }, `entry 2 (bolus at 10 s): units is 0.30000000000000004; it must be ${UNITS}`],
  [{ ...BOLUS, units: 20.46 }, `entry 2 (bolus at 10 s): units is 20.46; it must be ${UNITS}`],
  [{ ...BOLUS, units: 300.1 }, `entry 2 (bolus at 10 s): units is 300.1; it must be ${UNITS}`],
  [{ ...BOLUS, units: 1e300 }, `entry 2 (bolus at 10 s): units is 1e+300; it must be ${UNITS}`],
  [{ ...BOLUS, automatic: 1 }, "entry 2 (bolus at 10 s): automatic is 1; it must be true or false"],
  [{ ...BOLUS, automatic: undefined }, "entry 2 (bolus at 10 s): automatic is missing; it must be true or false"],
  [
    { ...BOLUS, unit: 1 },
    'entry 2 (bolus at 10 s): "unit" is no field of it; it has atSeconds, event, units, automatic',
  ],
  [
    { atSeconds: 10, event: "suspend", minutes: 5 },
    'entry 2 (suspend at 10 s): "minutes" is no field of it; it has atSeconds, event',
  ],
  [
    { ...TBR, unitsPerHour: -1 },
    `entry 2 (tempBasal at 10 s): unitsPerHour is -1; it must be ${UNITS.replace("0.01", "0")}`,
  ],
  [{ ...TBR, minutes: 0 }, "entry 2 (tempBasal at 10 s): minutes is 0; it must be a whole number from 1 to 1440"],
  [{ ...TBR, minutes: 1441 }, "entry 2 (tempBasal at 10 s): minutes is 1441; it must be a whole number from 1 to 1440"],
  [{ ...TBR, minutes: 2.5 }, "entry 2 (tempBasal at 10 s): minutes is 2.5; it must be a whole number from 1 to 1440"],
  [{ ...BOLUS, atSeconds: -1 }, `entry 2 (bolus): atSeconds is -1; it must be ${SECONDS}`],
  [{ ...BOLUS, atSeconds: 0.5 }, `entry 2 (bolus): atSeconds is 0.5; it must be ${SECONDS}`],
  [{ ...BOLUS, atSeconds: 2_678_401 }, `entry 2 (bolus): atSeconds is 2678401; it must be ${SECONDS}`],
  [{ ...BOLUS, atSeconds: undefined }, `entry 2 (bolus): atSeconds is missing; it must be ${SECONDS}`],
  [
    { ...BOLUS, atSeconds: 4 },
    "entry 2 (bolus at 4 s): atSeconds is 4; it must be 5, as in the entry before, or later",
  ],
  [
    { ...BOLUS, event: "square" },
    'entry 2: event is "square"; it must be one of bolus, tempBasal, suspend, resume, setTime, profile, changeReservoir',
  ],
  [
    { ...BOLUS, event: "toString" },
    'entry 2: event is "toString"; it must be one of bolus, tempBasal, suspend, resume, setTime, profile, changeReservoir',
  ],
  ...[
    "",
    "2025-04-28",
    "2025-04-28T16:00:00",
    "2025-04-28T16:00:00Z",
    "2025-04-28 16:00:00+02:00",
    "2025-04-28T16:00:00+02:10",
    "2025-04-28T16:00:00+00:60",
    "2025-04-28T16:00:00+14:15",
    "2025-04-28T16:00:00-12:15",
    "2025-04-28T24:00:00+02:00",
    "2025-04-28T16:60:00+02:00",
    "2025-04-31T16:00:00+02:00",
    "2025-02-29T16:00:00+02:00",
    "2025-00-01T16:00:00+02:00",
    "1999-12-31T23:59:59-01:00",
    "2000-01-01T00:00:00+00:15",
    "2100-01-01T00:00:00+00:00",
  ].map((localTime): readonly [unknown, string] => [
    { ...TIME, localTime },
    `entry 2 (setTime at 10 s): localTime is "${localTime}"; it must be ${LOCAL_TIME}`,
  ]),
  [{ ...TIME, localTime: undefined }, `entry 2 (setTime at 10 s): localTime is missing; it must be ${LOCAL_TIME}`],
  [{ ...TIME, zone: 8 }, 'entry 2 (setTime at 10 s): "zone" is no field of it; it has atSeconds, event, localTime'],
  [{ ...PROFILE, blocks: {} }, "entry 2 (profile at 10 s): blocks is {}; it must be an array of blocks"],
  [{ ...PROFILE, blocks: [] }, "entry 2 (profile at 10 s): blocks has 0 entries; it must have 1 to 24"],
  [
    { ...PROFILE, blocks: Array(25).fill({ minutes: 60, unitsPerHour: 1 }) },
    "entry 2 (profile at 10 s): blocks has 25 entries; it must have 1 to 24",
  ],
  [
    { ...PROFILE, blocks: [{ minutes: 1439, unitsPerHour: 1 }] },
    "entry 2 (profile at 10 s): blocks make 1439 minutes; they must make 1440",
  ],
  [
    { ...PROFILE, blocks: [...PROFILE.blocks, { minutes: 1, unitsPerHour: 1 }] },
    "entry 2 (profile at 10 s): blocks make 1441 minutes; they must make 1440",
  ],
  [
    { ...PROFILE, blocks: [{ minutes: 720, unitsPerHour: 1 }, { minutes: 720 }] },
    `entry 2 (profile at 10 s): block 2 of blocks: unitsPerHour is missing; it must be ${UNITS.replace("0.01", "0")}`,
  ],
  [
    { ...PROFILE, blocks: [{ minutes: 0, unitsPerHour: 1 }] },
    "entry 2 (profile at 10 s): block 1 of blocks: minutes is 0; it must be a whole number from 1 to 1440",
  ],
  [
    { ...PROFILE, blocks: [{ minutes: 1440, unitsPerHour: 1, rate: 1 }] },
    'entry 2 (profile at 10 s): block 1 of blocks: "rate" is no field of it; it has minutes, unitsPerHour',
  ],
  [{ ...PROFILE, blocks: [1440] }, "entry 2 (profile at 10 s): block 1 of blocks: it is 1440; it must be an object"],
  [{ ...CHANGE, fillUnits: 0 }, `entry 2 (changeReservoir at 10 s): fillUnits is 0; it must be ${UNITS}`],
  [{ ...CHANGE, fillUnits: 301 }, `entry 2 (changeReservoir at 10 s): fillUnits is 301; it must be ${UNITS}`],
  [
    { ...CHANGE, primingUnits: undefined },
    `entry 2 (changeReservoir at 10 s): primingUnits is missing; it must be ${UNITS}`,
  ],
  [
    { ...CHANGE, units: 180 },
    'entry 2 (changeReservoir at 10 s): "units" is no field of it; it has atSeconds, event, fillUnits, primingUnits',
  ],
  [
    {},
    "entry 2: event is missing; it must be one of bolus, tempBasal, suspend, resume, setTime, profile, changeReservoir",
  ],
  [null, "entry 2 is null; it must be an object"],
  [[BOLUS], 'entry 2 is [{"atSeconds":10,"event":"bolus","units":0.1,"automatic":true}]; it must be an object'],
  ["bolus", 'entry 2 is "bolus"; it must be an object'],
  [7, "entry 2 is 7; it must be an object"],
];

/** A whole text, and the one line that refuses it. */
export const REFUSED_TEXTS: readonly (readonly [text: string, line: RegExp])[] = [
  ["", /^the day is not JSON: /],
  ["[\n{\n}", /^the day is not JSON: /],
  ['[{"atSeconds": NaN}]', /^the day is not JSON: /],
  ["{}", /^the day is \{\}; it must be an array of entries$/],
  ["null", /^the day is null; it must be an array of entries$/],
  ["[]", /^the day has 0 entries; it must have 1 to 10000$/],
  [`[${Array(10_001).fill("0").join()}]`, /^the day has 10001 entries; it must have 1 to 10000$/],
  [
    '[{"atSeconds": 0, "event": "bolus", "units": 1e999, "automatic": true}]',
    /^entry 1 \(bolus at 0 s\): units is Infinity; it must be a number from 0\.01/,
  ],
  [
    '[{"atSeconds": 1e999, "event": "suspend"}]',
    /^entry 1 \(suspend\): atSeconds is Infinity; it must be a whole number/,
  ],
];
