/**
 * What the pump has to tell its user, until it is confirmed on the pump. One pending annunciation of a type: a second
 * cause adds nothing a person could use, and the number of types bounds the list. Pure.
 */

import type { AnnunciationType } from "../ids/values.js";

export interface Annunciation {
  /** u16, growing with each new one. */
  readonly instance: number;
  readonly type: AnnunciationType;
}

export interface Annunciations {
  readonly nextInstance: number;
  /** Pending, oldest first. */
  readonly pending: readonly Annunciation[];
}

export const NO_ANNUNCIATIONS: Annunciations = { nextInstance: 0, pending: [] };

/** Adds a pending annunciation; undefined when one of its type is pending already. */
export function annunciate(annunciations: Annunciations, type: AnnunciationType): Annunciations | undefined {
  const { nextInstance, pending } = annunciations;
  if (pending.some((other) => other.type === type)) return undefined;
  return { nextInstance: (nextInstance + 1) & 0xffff, pending: [...pending, { instance: nextInstance, type }] };
}

/** Takes the oldest pending one off; undefined when there is none. */
export function confirmOldest(
  annunciations: Annunciations,
): { readonly annunciations: Annunciations; readonly confirmed: Annunciation } | undefined {
  const [confirmed, ...pending] = annunciations.pending;
  return confirmed && { annunciations: { ...annunciations, pending }, confirmed };
}
