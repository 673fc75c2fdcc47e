/** The pump's history, as it was read by radio, held against what was played: each event that must be there is. Pure. */

import { EVENT, type Figures, readEvent } from "../controller/events.js";
import { THERAPY } from "../controller/ids.js";
import type { HistoryRecord } from "../controller/recordAccess.js";
import type { Check } from "./check.js";
import { dayChecks } from "./insulinDays.js";
import type { DayEnd, PlayedEntry } from "./played.js";
import { appliedOf } from "./rates.js";
import { reportedUp } from "./reported.js";

const OPERATIONAL = { off: 0x33, preparing: 0x55, priming: 0x5a, waiting: 0x66, ready: 0x96 } as const;

/** A record that could be read. */
export interface ReadRecord {
  readonly event: number;
  readonly figures: Figures;
}

/** Every record with its figures; undefined when one cannot be read. */
export function readRecords(history: readonly HistoryRecord[]): readonly ReadRecord[] | undefined {
  const records = history.flatMap((record) => {
    const { figures } = readEvent(record);
    return figures === undefined ? [] : [{ event: record.event, figures }];
  });
  return records.length === history.length ? records : undefined;
}

/** Of a history that could not be read the first alone, which fails. */
export function historyChecks(played: readonly PlayedEntry[], end: DayEnd): readonly Check[] {
  const records = end.history && readRecords(end.history);
  const whole = records !== undefined && end.history?.[0]?.sequence === 0;
  const read = { what: "the history was read by radio, every record from the first on", passed: whole };
  if (records === undefined) return [read];
  const operational = statesIn(records, EVENT.operationalStateChanged);
  const fault = end.status?.operationalState === "off";
  return [
    read,
    { what: "the boluses in the history are those of the outcomes", passed: bolusesAgree(records, played) },
    { what: "the primings in the history are those of the outcomes", passed: primingsAgree(records, played) },
    {
      what: "the operational states in the history are those of the reservoir's changes",
      passed: same(
        operational?.filter((state) => state !== OPERATIONAL.off),
        operationalStates(played),
        fault,
      ),
    },
    {
      what: "the history has each reservoir that was put in",
      passed: recordsOf(records, EVENT.reservoirChanged).length === reservoirsOf(played),
    },
    {
      what: "the therapy control states in the history are those ordered",
      passed: same(statesIn(records, EVENT.therapyControlStateChanged), controlStates(played), fault),
    },
    { what: "the profiles in the history are those ordered, block by block", passed: profilesAgree(records, played) },
    ...dayChecks(recordsOf(records, EVENT.totalDailyInsulin), played, end),
  ];
}

const recordsOf = (records: readonly ReadRecord[], event: number): readonly Figures[] =>
  records.filter((record) => record.event === event).map(({ figures }) => figures);

const figuresOf = (records: readonly ReadRecord[], event: number, name: string): readonly (number | undefined)[] =>
  recordsOf(records, event).map((figures) => figures[name]);

/** Whether the lists are equal; of a pump that a fault has stopped, whether the one is the other's beginning. */
function same(
  recorded: readonly (number | undefined)[] | undefined,
  expected: readonly number[],
  fault = false,
): boolean {
  if (recorded === undefined || (fault ? recorded.length > expected.length : recorded.length !== expected.length))
    return false;
  return recorded.every((value, index) => value === expected[index]);
}

function bolusesAgree(records: readonly ReadRecord[], played: readonly PlayedEntry[]): boolean {
  const delivered = played.flatMap(({ outcome }) =>
    "highMicrounits" in outcome ? [reportedUp(outcome.highMicrounits)] : [],
  );
  return same(figuresOf(records, EVENT.bolusDelivered1, "fastMicrounits"), delivered);
}

function primingsAgree(records: readonly ReadRecord[], played: readonly PlayedEntry[]): boolean {
  const primings = played.flatMap(({ entry, change }) =>
    entry.event === "changeReservoir" && change?.primed !== undefined ? [{ entry, primed: change.primed }] : [],
  );
  const begun = primings.map(({ entry }) => entry.primingMicrounits);
  const done = primings.map(({ primed }) => reportedUp(primed.highMicrounits));
  return (
    same(figuresOf(records, EVENT.primingStarted, "amountMicrounits"), begun) &&
    same(figuresOf(records, EVENT.primingDone, "primedMicrounits"), done)
  );
}

/** The states that were entered; undefined when one does not follow from the one before. */
function statesIn(records: readonly ReadRecord[], event: number): readonly (number | undefined)[] | undefined {
  const changes = recordsOf(records, event);
  const follows = changes.every(({ oldState }, index) => index === 0 || oldState === changes[index - 1]?.["newState"]);
  return follows ? changes.map(({ newState }) => newState) : undefined;
}

function operationalStates(played: readonly PlayedEntry[]): readonly number[] {
  const { preparing, priming, waiting, ready } = OPERATIONAL;
  return played.flatMap(({ change }) =>
    change === undefined
      ? []
      : [
          ...(change.backHalfSteps === 0 ? [] : [preparing, waiting]),
          ...(change.upHalfSteps === 0 ? [] : [preparing, change.attached ? ready : waiting]),
          ...(change.primed === undefined ? [] : [waiting, priming, ready]),
        ],
  );
}

const reservoirsOf = (played: readonly PlayedEntry[]): number =>
  played.reduce((sum, { change }) => sum + (change?.attached ? 1 : 0), 0);

/** From the first Run, which was committed before the day began. */
function controlStates(played: readonly PlayedEntry[]): readonly number[] {
  const states: number[] = [THERAPY.run];
  const enter = (state: number) => {
    if (states.at(-1) !== state) states.push(state);
  };
  for (const { entry, change } of appliedOf(played)) {
    if (entry.event === "suspend" || entry.event === "changeReservoir") enter(THERAPY.stop);
    if (entry.event === "resume" || change?.ranAtMs !== undefined) enter(THERAPY.run);
  }
  return states;
}

/** Each activation finds the blocks of its template recorded, and each profile that was ordered was activated. */
function profilesAgree(records: readonly ReadRecord[], played: readonly PlayedEntry[]): boolean {
  const templates = new Map<number | undefined, string[]>();
  const activated: string[] = [];
  for (const { event, figures } of records) {
    const { template, block, durationMinutes, microunitsPerHour, newTemplate } = figures;
    if (event === EVENT.basalBlockChanged) {
      const blocks = block === 1 ? [] : (templates.get(template) ?? []);
      templates.set(template, [...blocks, `${durationMinutes} ${microunitsPerHour}`]);
    }
    if (event === EVENT.profileActivated) activated.push(templates.get(newTemplate)?.join() ?? "");
  }
  const ordered = appliedOf(played).flatMap(({ entry }) =>
    entry.event === "profile"
      ? [entry.blocks.map((block) => `${block.durationMinutes} ${block.rateMicrounitsPerHour}`).join()]
      : [],
  );
  return activated.length === ordered.length && activated.every((each, index) => each === ordered[index]);
}
