/** The paths of a boot: what it finds, and what must come of it. The same table is in firmware/SECURITY.md. */

import { HISTORY_VERSION } from "../../firmware/storage/historyRecord.js";
import { rigWith } from "../scenarios/scene.js";
import { PUMP_BLOBS } from "../storage/formats.js";
import { newPump, type Seen } from "./finding.js";
import {
  afterNext,
  bothCopies,
  byNext,
  changed,
  fails,
  oneCopy,
  repeating,
  same,
  tornFirstBoots,
  type Way,
  way,
  withFlash,
  withNewerRecord,
} from "./ways.js";

export interface Path extends Seen {
  readonly found: string;
  /** Requirements that it shows. */
  readonly ids: readonly string[];
  readonly ways: readonly Way[];
}

/** What is shown at the end of a way: the path's, with what it is about and its versions. */
export const shownAfter = ({ shown }: Path, { of }: Way): string =>
  of === undefined
    ? shown
    : shown
        .replace("BLOB", of.name)
        .replace("NEXT", `${of.version + 1}`)
        .replace(/OURS|OLD/, `${of.version}`);

/** A path as a row of the table: what is pending is shown too, and not said twice. */
export function rowOf({ found, therapy, radio, shown, annunciations, run }: Path): string {
  const lines = shown.split(" / ").filter((line) => !line.startsWith("Annunciation: "));
  return `| ${[found, therapy, radio, lines.join(" / "), annunciations, run].join(" | ")} |`;
}

const TIME_UNKNOWN = "DateTimeIssue";
const GOES_ON = {
  therapy: "Run",
  radio: "on the air, bonds kept",
  shown: `Annunciation: ${TIME_UNKNOWN}`,
  annunciations: TIME_UNKNOWN,
  run: "refused: 74",
} as const;
const NEW = { therapy: "Stop", radio: "on the air, no bonds", run: "starts basal" } as const;
const DOES_NOT_START = {
  therapy: "none: coils off",
  radio: "off",
  annunciations: "none stored",
  run: "unheard",
} as const;
const faultShown = (what: string) => `FAULT / The pump does not start / ${what}`;
const TOLD_OF_LOSS = `SystemIssue, ${TIME_UNKNOWN}`;
const SHOWN_OF_LOSS = `Annunciation: SystemIssue / Annunciation: ${TIME_UNKNOWN}`;
/** Where it is not known either whether a reservoir is in place. */
const TOLD_OF_RESERVOIR = `SystemIssue, ReservoirIssue, ${TIME_UNKNOWN}`;
const SHOWN_OF_RESERVOIR = `Annunciation: SystemIssue / Annunciation: ReservoirIssue / Annunciation: ${TIME_UNKNOWN}`;

const LATER = "starts basal within 2 h";
const PAIR_AGAIN = "Pairings were lost: pair again";
const STOPPED = "Stored therapy state was lost: stopped";

export const PATHS: readonly Path[] = [
  {
    found: "nothing: a first boot, or one that was cut short",
    ids: ["SR-65"],
    ...NEW,
    shown: GOES_ON.shown,
    annunciations: GOES_ON.annunciations,
    ways: [{ name: "new", make: (_kept, judge) => judge(newPump()) }, ...tornFirstBoots],
  },
  { found: "everything", ids: ["SR-33"], ...GOES_ON, ways: [way("as it was", same)] },
  {
    found: "one copy of any blob lost",
    ids: ["SR-65"],
    ...GOES_ON,
    ways: PUMP_BLOBS.flatMap(oneCopy),
  },
  { found: "both copies of the mark lost", ids: ["SR-66"], ...GOES_ON, ways: bothCopies("marker") },
  {
    found: "an older version of any blob, or of all",
    ids: ["SR-73"],
    ...GOES_ON,
    ways: [...PUMP_BLOBS.map((blob) => byNext(blob, [blob], true)), byNext("all", PUMP_BLOBS, true)],
  },
  {
    found: "both copies of the bonds lost",
    ids: ["SR-41"],
    ...GOES_ON,
    radio: "on the air, no bonds",
    shown: `${PAIR_AGAIN} / ${GOES_ON.shown}`,
    ways: bothCopies("bonds"),
  },
  {
    found: "both copies of the identity lost",
    ids: ["SR-41"],
    ...GOES_ON,
    radio: "on the air, no bonds",
    shown: `${PAIR_AGAIN} / ${SHOWN_OF_LOSS}`,
    annunciations: TOLD_OF_LOSS,
    ways: bothCopies("identity"),
  },
  {
    found: "both copies of therapy lost",
    ids: ["SR-66", "SR-129"],
    therapy: "Stop",
    radio: "on the air, bonds kept",
    shown: `${STOPPED} / ${SHOWN_OF_RESERVOIR}`,
    annunciations: TOLD_OF_RESERVOIR,
    run: LATER,
    ways: bothCopies("standing"),
  },
  {
    found: "both copies of the journal lost",
    ids: ["SR-66"],
    therapy: "Stop",
    radio: "on the air, bonds kept",
    shown: `${STOPPED} / ${SHOWN_OF_LOSS}`,
    annunciations: TOLD_OF_LOSS,
    run: LATER,
    ways: bothCopies("journal"),
  },
  {
    found: "both copies of the calibration lost",
    ids: ["SR-66", "SR-94"],
    therapy: "Stop",
    radio: "on the air, bonds kept",
    shown: `Calibration was lost: stopped / ${SHOWN_OF_LOSS}`,
    annunciations: TOLD_OF_LOSS,
    run: "starts basal",
    ways: bothCopies("calibration"),
  },
  {
    found: "both copies of the profiles lost",
    ids: ["SR-66"],
    therapy: "Stop",
    radio: "on the air, bonds kept",
    shown: `Basal profiles were lost: stopped / ${SHOWN_OF_LOSS}`,
    annunciations: TOLD_OF_LOSS,
    run: "starts basal",
    ways: bothCopies("profiles"),
  },
  {
    found: "no blob, but a history",
    ids: ["SR-66"],
    therapy: "Stop",
    radio: "on the air, no bonds",
    shown: `${STOPPED} / ${PAIR_AGAIN} / ${SHOWN_OF_RESERVOIR}`,
    annunciations: TOLD_OF_RESERVOIR,
    run: LATER,
    ways: [way("all keys missing", (durable) => ({ ...durable, keyValue: {} }))],
  },
  {
    found: "therapy in a version too old to be read",
    ids: ["SR-66", "SR-73"],
    therapy: "Stop",
    radio: "on the air, bonds kept",
    shown: `Stored BLOB is of version OLD, too old to be read / ${STOPPED} / ${SHOWN_OF_RESERVOIR}`,
    annunciations: TOLD_OF_RESERVOIR,
    run: LATER,
    ways: [byNext("standing", ["standing"], false)],
  },
  {
    found: "the journal in a version too old to be read",
    ids: ["SR-66", "SR-73"],
    therapy: "Stop",
    radio: "on the air, bonds kept",
    shown: `Stored BLOB is of version OLD, too old to be read / ${STOPPED} / ${SHOWN_OF_LOSS}`,
    annunciations: TOLD_OF_LOSS,
    run: LATER,
    ways: [byNext("journal", ["journal"], false)],
  },
  {
    found: "a newer version of any blob, in one copy or both",
    ids: ["SR-73"],
    ...DOES_NOT_START,
    shown: faultShown("newer firmware has stored BLOB version NEXT (this reads OURS): put that firmware back"),
    ways: PUMP_BLOBS.flatMap((blob) => [afterNext(blob), afterNext(blob, "a"), afterNext(blob, "b")]),
  },
  {
    found: "a newer version in the history",
    ids: ["SR-73"],
    ...DOES_NOT_START,
    shown: faultShown("newer firmware has stored BLOB version NEXT (this reads OURS): put that firmware back"),
    ways: [{ ...way("newest record", withNewerRecord), of: { name: "history", version: HISTORY_VERSION } }],
  },
  {
    found: "history flash that cannot be read or written",
    ids: ["SR-52"],
    therapy: "none: coils off",
    radio: "on the air, bonds kept",
    shown: "FAULT / storage: writing history failed",
    annunciations: "DateTimeIssue, SystemIssue",
    run: "refused: 72",
    ways: [
      way("unreadable", same, { board: withFlash({ read: fails }) }),
      way("unwritable", same, { board: withFlash({ write: fails }) }),
    ],
  },
  {
    found: "a dead entropy source, at a first boot",
    ids: ["SR-40"],
    therapy: "Stop",
    radio: "off",
    shown: "Annunciation: SystemIssue",
    annunciations: "DateTimeIssue, SystemIssue",
    run: "unheard",
    ways: [{ name: "new", make: (_kept, judge) => judge(newPump({ entropy: "dead" })) }],
  },
  {
    found: "a dead, stuck or repeating entropy source, later",
    ids: ["SR-40"],
    ...GOES_ON,
    shown: "Annunciation: SystemIssue",
    annunciations: "DateTimeIssue, SystemIssue",
    ways: [...(["dead", "stuck"] as const).map((entropy) => way(entropy, same, { entropy })), repeating],
  },
  {
    found: "a rig that is impossible",
    ids: ["SR-42"],
    ...DOES_NOT_START,
    shown: faultShown("rig: limits.bolusMaxMicrounits is 25000001; it must be an integer from 1 to 25000000"),
    ways: [way("limit", same, { rig: rigWith({ limits: { bolusMaxMicrounits: 25_000_001 } }) })],
  },
  {
    found: "storage that is full",
    ids: ["SR-52"],
    ...DOES_NOT_START,
    shown: faultShown("ESP_ERR_NVS_NOT_ENOUGH_SPACE"),
    ways: [
      way(
        "filler",
        changed((keyValue) => {
          keyValue["filler"] = Array.from({ length: 18_000 }, () => 0);
        }),
      ),
    ],
  },
  {
    found: "storage that does not open",
    ids: ["SR-52"],
    ...DOES_NOT_START,
    shown: faultShown("ESP_ERR_FLASH_OP_FAIL"),
    ways: (["openKeyValue", "openHistoryFlash"] as const).map((part) =>
      way(part, same, { board: (board) => ({ ...board, [part]: fails }) }),
    ),
  },
];
