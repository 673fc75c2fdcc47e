/** The history read back at a day's end: each of its checks fails on the record that it is about. */

import { strict as assert } from "node:assert";
import { EVENT } from "../../../host-sim/controller/events.js";
import type { HistoryRecord } from "../../../host-sim/controller/recordAccess.js";
import { historyChecks } from "../../../host-sim/day/historyChecks.js";
import type { DayEnd } from "../../../host-sim/day/played.js";
import { bolus, changeReservoir, type PlayedDay, playDay, profile, SEED, setTime, suspend } from "./bench.js";

const DAY = [
  setTime(0, "2025-04-28T23:00:00+02:00"),
  profile(1, [60, 500_000], [1_380, 1_000_000]),
  bolus(60, 300_000),
  changeReservoir(600, 290_000_000, 1_000_000),
  bolus(4_000, 200_000),
  suspend(7_200),
];

/** A record with one byte of its data changed. */
const altered = (record: HistoryRecord, at: number): HistoryRecord => ({
  ...record,
  data: record.data.map((byte, index) => (index === at ? byte ^ 1 : byte)),
});

describe(`the history of a day, seed ${SEED}`, () => {
  let day: PlayedDay;
  let history: readonly HistoryRecord[] = [];
  before(() => {
    day = playDay(DAY);
    history = day.end.history ?? [];
  });

  const failed = (end: Partial<DayEnd>): string =>
    historyChecks(day.played, { ...day.end, ...end })
      .filter(({ passed }) => !passed)
      .map(({ what }) => what)
      .join("\n");

  it("agrees with what was played, day of insulin and midnight included", () => {
    assert.equal(failed({}), "");
    assert.ok(history.length >= 35, `${history.length} records`);
    for (const event of Object.values(EVENT).filter((code) => !ABSENT.includes(code)))
      assert.ok(
        history.some((record) => record.event === event),
        `event ${event.toString(16)}`,
      );
  });

  const ABSENT: readonly number[] = [EVENT.tbrStarted, EVENT.tbrEnded, EVENT.tbrChanged, EVENT.dataCorruption];

  /** An event, the byte of its data that is planted, and the check that is about it. */
  const PLANTED: readonly (readonly [name: keyof typeof EVENT, at: number, check: RegExp])[] = [
    ["bolusDelivered1", 3, /boluses in the history/],
    ["primingStarted", 0, /primings in the history/],
    ["primingDone", 1, /primings in the history/],
    ["operationalStateChanged", 1, /operational states/],
    ["therapyControlStateChanged", 0, /therapy control states/],
    ["profileActivated", 2, /profiles in the history/],
    ["basalBlockChanged", 2, /profiles in the history/],
    ["basalBlockChanged", 4, /profiles in the history/],
    ["totalDailyInsulin", 1, /make the totals/],
    ["totalDailyInsulin", 3, /make the totals/],
    ["totalDailyInsulin", 8, /days of insulin in the history/],
  ];
  for (const [name, at, check] of PLANTED) {
    it(`fails where byte ${at} of a ${name} is another`, () => {
      const last = history.findLastIndex(({ event }) => event === EVENT[name]);
      assert.match(failed({ history: history.map((record, i) => (i === last ? altered(record, at) : record)) }), check);
    });
    it(`fails without a ${name}, byte ${at}`, () => {
      const last = history.findLastIndex(({ event }) => event === EVENT[name]);
      assert.match(failed({ history: history.toSpliced(last, 1) }), check);
    });
  }

  it("fails where a reservoir is missing, a total is another, the first record is gone, or nothing was read", () => {
    const last = history.findLastIndex(({ event }) => event === EVENT.reservoirChanged);
    assert.match(failed({ history: history.toSpliced(last, 1) }), /each reservoir/);
    const { totals, today } = day.end;
    assert.ok(totals && today);
    assert.match(
      failed({ totals: { ...totals, basalMicrounits: totals.basalMicrounits + 50_000 } }),
      /make the totals/,
    );
    assert.match(failed({ today: { ...today, bolusMicrounits: today.bolusMicrounits + 10_000 } }), /make the totals/);
    assert.match(failed({ history: history.slice(1) }), /every record from the first on/);
    assert.match(failed({ history: undefined }), /every record from the first on/);
  });
});
