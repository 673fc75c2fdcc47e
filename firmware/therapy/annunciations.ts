/**
 * What the pump has to tell its user, until it is confirmed. One unconfirmed annunciation of a type: a second cause adds
 * nothing a person could use, and the number of types bounds the list. Pure.
 *
 *     pending --snooze, by radio--> snoozed --15 min, or a restart--> pending
 *     pending, snoozed --confirm: by the button, or by radio where `mayConfirmByRadio`--> gone
 *
 * A snooze is in RAM only: losing it tells a person once more, which is the safe way to lose it.
 */

import { MS_PER_MINUTE, type UptimeMs } from "../base/units.js";
import { AnnunciationType } from "../ids/values.js";

export interface Annunciation {
  /** u16, growing with each new one. */
  readonly instance: number;
  readonly type: AnnunciationType;
}

export interface Annunciations {
  readonly nextInstance: number;
  /** Not confirmed, snoozed or not, oldest first. */
  readonly pending: readonly Annunciation[];
}

export const NO_ANNUNCIATIONS: Annunciations = { nextInstance: 0, pending: [] };

/** An annunciation that is to be quiet until then. */
export interface Snooze {
  readonly instance: number;
  readonly until: UptimeMs;
}

/** As long as t:slim X2 is quiet after its user has acknowledged that it stands still (support.tandemdiabetes.com). */
export const SNOOZE_MS = 15 * MS_PER_MINUTE;

/**
 * What is over, or says by itself what to do, and needs no hand at the pump. All else wants somebody who looks at pump,
 * line or reservoir, and is confirmed where that is: one that is not listed never goes by radio.
 */
const CONFIRMED_BY_RADIO: readonly AnnunciationType[] = [
  AnnunciationType.BatteryLow,
  AnnunciationType.BolusCanceled,
  AnnunciationType.TbrCanceled,
  AnnunciationType.MaxDelivery,
  AnnunciationType.DateTimeIssue,
];

export function mayConfirmByRadio(type: AnnunciationType): boolean {
  return CONFIRMED_BY_RADIO.includes(type);
}

/** Adds a pending annunciation; undefined when one of its type is unconfirmed already. */
export function annunciate(annunciations: Annunciations, type: AnnunciationType): Annunciations | undefined {
  const { nextInstance, pending } = annunciations;
  if (pending.some((other) => other.type === type)) return undefined;
  return { nextInstance: (nextInstance + 1) & 0xffff, pending: [...pending, { instance: nextInstance, type }] };
}

/** The unconfirmed annunciation of that instance. */
export function findPending({ pending }: Annunciations, instance: number): Annunciation | undefined {
  return pending.find((annunciation) => annunciation.instance === instance);
}

/** Takes an annunciation off. */
export function confirm(annunciations: Annunciations, { instance }: Annunciation): Annunciations {
  return { ...annunciations, pending: annunciations.pending.filter((other) => other.instance !== instance) };
}

export function isSnoozed(snoozes: readonly Snooze[], { instance }: Annunciation): boolean {
  return snoozes.some((snooze) => snooze.instance === instance);
}

/** What is to be shown first: the oldest that is not snoozed, else the oldest. */
export function foremost({ pending }: Annunciations, snoozes: readonly Snooze[]): Annunciation | undefined {
  return pending.find((annunciation) => !isSnoozed(snoozes, annunciation)) ?? pending[0];
}
