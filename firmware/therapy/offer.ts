/**
 * What the pump asks of somebody who stands at it, and the answer: nothing that moves the drive in Stop begins without. A
 * question waits for a minute, in RAM alone; one at a time. Pure.
 *
 *     none --five taps, or a priming by radio--> asked --two taps and a hold--> begun
 *                                                asked --a hold, Stop, Run, a minute, a restart--> none
 */

import { type UptimeMs, uptimeMs } from "../base/units.js";
import type { RigConfig } from "../rig.js";
import { apply, beginChange, finishChange, offerEnded, operated } from "./change.js";
import { primingStarted } from "./events.js";
import { activePriming, confirmActive } from "./ledger.js";
import { mayMove, rewind, seek } from "./preparation.js";
import { clockAt, type Offer, reservoirMicrounits, type Therapy, type TherapyStep } from "./therapy.js";

/** So long a question waits. */
const OFFER_MS = 60_000;
/** Longer than two taps and a hold take (button.ts): an answer that began before the question is none. */
const OFFER_LEAST_MS = 4_000;

export const offerOf = (kind: Offer["kind"], now: UptimeMs): Offer => ({
  kind,
  from: uptimeMs(now + OFFER_LEAST_MS),
  until: uptimeMs(now + OFFER_MS),
});

/** Somebody at the pump asks to change the reservoir: the pump asks back. Nothing where it may not be, or is not told yet. */
export function offerMove(therapy: Therapy, now: UptimeMs): TherapyStep {
  if (!mayMove(therapy)) return { next: therapy };
  const open = therapy.standing.reservoir.state === "open";
  if (open && reservoirMicrounits(therapy) === 0) return { next: therapy };
  return { next: { ...therapy, offer: offerOf(open ? "seek" : "rewind", now) } };
}

/** A question ends unanswered, or with no; a priming that waits for it ends with it. */
export function dropOffer(therapy: Therapy, now: UptimeMs): TherapyStep {
  const change = offerEnded(beginChange(therapy, clockAt(therapy, now)));
  return change.events.length > 0 ? finishChange(change) : { next: change.therapy };
}

/**
 * Somebody at the pump says yes.
 *
 * @param forceFraction of a drive at rest, of the sensor's full scale; undefined when it cannot be read.
 */
export function takeOffer(
  therapy: Therapy,
  forceFraction: number | undefined,
  now: UptimeMs,
  rig: RigConfig,
): TherapyStep {
  const { offer } = therapy;
  if (!offer || therapy.fault || now < offer.from) return { next: therapy };
  const answered: Therapy = { ...therapy, offer: undefined };
  if (offer.kind === "prime") return primingConfirmed(answered, now);
  if (!mayMove(answered)) return { next: answered };
  return offer.kind === "rewind" ? rewind(answered, now, rig) : seek(answered, forceFraction, now, rig);
}

function primingConfirmed(therapy: Therapy, now: UptimeMs): TherapyStep {
  const { ledger } = therapy.standing;
  const priming = activePriming(ledger);
  if (!priming) return { next: therapy };
  const change = beginChange(therapy, clockAt(therapy, now));
  const begun = apply(change, { ledger: confirmActive(ledger) }, 0, primingStarted(priming.intendedMicrounits));
  return finishChange(operated(therapy, begun));
}
