/**
 * The pump's history as its controller fetched it, read as an account: of every bolus, and of basal insulin, whose rates
 * are integrated over the pump's own time.
 */

import { EVENT, type Figures, readEvent } from "../../../host-sim/controller/events.js";
import type { HistoryItem, HistoryStore } from "../../../host-sim/controller/historyFetch.js";
import type { HistoryRecord } from "../../../host-sim/controller/recordAccess.js";
import { localMsOf } from "./recordedTime.js";

const SECONDS_PER_QUARTER = 900;
const SECONDS_PER_HOUR = 3_600;
const REASON = { set: 0x33, lost: 0x55 } as const;
/** 18 h: the most that a record is from its Reference Time. */
const REFERENCE_SECONDS = 18 * SECONDS_PER_HOUR;
const LARGEST_MANTISSA = 2_045;
/** A reading of the time and a date recorded are each rounded down. */
const SECOND_EACH_SIDE = 2;

/** A history in memory. */
export class Kept implements HistoryStore {
  readonly items: HistoryItem[] = [];

  newest(): HistoryRecord | undefined {
    const last = this.items.findLast(({ kind }) => kind !== "gap");
    return last?.kind === "record" ? last.record : undefined;
  }

  append(_pumpId: Uint8Array, items: readonly HistoryItem[]): void {
    this.items.push(...items);
  }

  get records(): readonly HistoryRecord[] {
    return this.items.flatMap((item) => (item.kind === "record" ? [item.record] : []));
  }
}

/** An amount or rate as SFLOAT reports it: exactly, or with the finest exponent that leaves four digits up to 2045. */
export function reported(micro: number, round: "up" | "down"): number {
  let unit = 1;
  const toUnit = () => (round === "up" ? Math.ceil(micro / unit) : Math.floor(micro / unit));
  while (toUnit() > LARGEST_MANTISSA) unit *= 10;
  return toUnit() * unit;
}

/** What an account of the history comes to. */
export interface Account {
  readonly wrong: readonly string[];
  /** By bolus ID. */
  readonly boluses: ReadonlyMap<number, { readonly programmed: number; delivered: number | undefined }>;
  /** Since the first time was set. Of a rate at least, and at most: SFLOAT rounds up. */
  readonly basalMicrounits: { readonly least: number; readonly most: number };
  /** What it may be off by, because times are whole seconds. */
  readonly slackMicrounits: number;
  readonly counts: ReadonlyMap<number, number>;
  readonly longestReferenceSeconds: number;
}

class Reader {
  readonly wrong: string[] = [];
  readonly boluses = new Map<number, { readonly programmed: number; delivered: number | undefined }>();
  readonly counts = new Map<number, number>();
  least = 0;
  most = 0;
  slack = 0;
  longestReferenceSeconds = 0;
  /** UTC of the last Reference Time, as the pump had it, and of the last record: seconds since 2000. */
  #referenceSeconds: number | undefined;
  #nowSeconds = 0;
  /** Since when a rate has been in force. */
  #rateFromSeconds = 0;
  /** Undefined from a boot on: a restart ends a temporary rate, and the next change tells what took over. */
  #rate: number | undefined = 0;
  /** What the pump's time was at each moment it was set, in their order. */
  readonly #setFrom: number[];

  constructor(setFrom: readonly number[]) {
    this.#setFrom = [...setFrom];
  }

  read(record: HistoryRecord): void {
    const { figures, name } = readEvent(record);
    const { event, sequence } = record;
    this.counts.set(event, (this.counts.get(event) ?? 0) + 1);
    if (!figures) this.wrong.push(`record ${sequence} cannot be read: ${name ?? event.toString(16)}`);
    else if (event === EVENT.referenceTime) this.#reference(figures);
    else this.#event(record, figures);
  }

  /** Ends the account at the pump's time `utcSeconds`, with this rate in force if none is known. */
  end(utcSeconds: number, rate: number): void {
    this.#pass(utcSeconds, this.#rate ?? rate);
  }

  #reference(figures: Figures): void {
    const { reason, year, timeZoneQuarters = 0, dst = 0 } = figures;
    if (year === 0) return;
    const seconds = localMsOf(figures) / 1_000 - (timeZoneQuarters + dst) * SECONDS_PER_QUARTER;
    const before = reason === REASON.set ? this.#setFrom.shift() : seconds;
    if (this.#referenceSeconds !== undefined && before !== undefined) {
      const agedSeconds = before - this.#referenceSeconds;
      this.longestReferenceSeconds = Math.max(this.longestReferenceSeconds, agedSeconds);
      if (before < this.#nowSeconds - 1) this.wrong.push(`the pump's time went back by ${this.#nowSeconds - before} s`);
      if (reason === REASON.lost) this.#restarted(before);
      // The rate in force began so long before the time that is now.
      this.#rateFromSeconds += seconds - before;
      this.slack += ((this.#rate ?? 0) * SECOND_EACH_SIDE) / SECONDS_PER_HOUR;
    } else this.#rateFromSeconds = seconds;
    this.#referenceSeconds = seconds;
    this.#nowSeconds = seconds;
  }

  /** What was in force goes to the moment at which the pump's clock stood; another rate may have taken over. */
  #restarted(atSeconds: number): void {
    if (this.#rate !== undefined) this.#pass(atSeconds, this.#rate);
    this.#rate = undefined;
  }

  #event({ event, sequence, relativeOffsetS }: HistoryRecord, figures: Figures): void {
    if (this.#referenceSeconds !== undefined) this.#nowSeconds = this.#referenceSeconds + relativeOffsetS;
    if (relativeOffsetS > REFERENCE_SECONDS)
      this.wrong.push(`record ${sequence} is ${relativeOffsetS} s after its reference`);
    const { bolusId = 0, fastMicrounits = 0 } = figures;
    if (event === EVENT.bolusProgrammed1)
      this.boluses.set(bolusId, { programmed: fastMicrounits, delivered: undefined });
    const bolus = this.boluses.get(bolusId);
    if (event === EVENT.bolusDelivered1 && bolus?.delivered === undefined && bolus) bolus.delivered = fastMicrounits;
    else if (event === EVENT.bolusDelivered1) this.wrong.push(`bolus ${bolusId} ended twice, or never began`);
    if (event === EVENT.basalRateChanged) this.#rateChanged(figures);
  }

  #rateChanged({ oldMicrounitsPerHour = 0, newMicrounitsPerHour = 0 }: Figures): void {
    const rate = this.#rate ?? oldMicrounitsPerHour;
    if (oldMicrounitsPerHour !== rate && this.#referenceSeconds !== undefined)
      this.wrong.push(`the rate was ${rate} µU/h, and changes from ${oldMicrounitsPerHour}`);
    this.#pass(this.#nowSeconds, rate);
    this.slack += Math.abs(newMicrounitsPerHour - rate) / SECONDS_PER_HOUR;
    this.#rate = newMicrounitsPerHour;
  }

  #pass(toSeconds: number, rate: number): void {
    const hours = (toSeconds - this.#rateFromSeconds) / SECONDS_PER_HOUR;
    this.#rateFromSeconds = toSeconds;
    if (this.#referenceSeconds === undefined) return;
    let ulp = 1;
    while (rate / ulp > LARGEST_MANTISSA) ulp *= 10;
    this.most += rate * hours;
    this.least += Math.max(0, rate - (ulp > 1 ? ulp : 0)) * hours;
  }
}

/**
 * Reads a history from its first record on.
 *
 * @param setFrom what the pump's time was whenever it was set, in UTC seconds since 2000; not a number the first time.
 * @param end what it is at the end, and the rate in force then.
 */
export function accountOf(
  kept: Kept,
  setFrom: readonly number[],
  end: { readonly seconds: number; readonly rateMicrounitsPerHour: number },
): Account {
  const reader = new Reader(setFrom);
  for (const [index, item] of kept.items.entries()) {
    if (item.kind !== "record") reader.wrong.push(`item ${index} of the history: ${JSON.stringify(item)}`);
    else if (item.record.sequence !== index) reader.wrong.push(`record ${item.record.sequence} stands at ${index}`);
    else reader.read(item.record);
  }
  reader.end(end.seconds, end.rateMicrounitsPerHour);
  const { wrong, boluses, least, most, slack, counts, longestReferenceSeconds } = reader;
  const basalMicrounits = { least, most };
  return { wrong, boluses, basalMicrounits, slackMicrounits: slack, counts, longestReferenceSeconds };
}
