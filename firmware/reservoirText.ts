/** What the pump shows and asks while its reservoir is changed and its line is primed. */

import type { Microunits } from "./base/units.js";
import { activePriming } from "./therapy/ledger.js";
import { type Offer, reservoirMicrounits, type Therapy } from "./therapy/therapy.js";

/** What is asked, and how to answer. */
export const OFFER_LINES: Readonly<Record<Offer["kind"], readonly string[]>> = {
  rewind: ["Change the reservoir?", "Take the line off your body", "Hold within a minute: the drive goes back"],
  seek: ["Reservoir in?", "The line is still off your body?", "Hold within a minute: the drive comes up"],
  prime: ["Prime the line?", "Is it off your body?", "Hold within a minute"],
};

/** Hundredths of a unit, rounded down. */
function units(microunits: Microunits): string {
  return `${(Math.floor(microunits / 10_000) / 100).toFixed(2)} U`;
}

/** What a stored change of the therapy has to say of reservoir and priming. */
export function reservoirLines(before: Therapy, after: Therapy): readonly string[] {
  return [...stateLines(before, after), ...primingLines(before, after)];
}

function stateLines(before: Therapy, after: Therapy): readonly string[] {
  const { state } = after.standing.reservoir;
  if (state === before.standing.reservoir.state) return [];
  switch (state) {
    case "attached":
      return [`Reservoir: ${units(reservoirMicrounits(after))}`, "Prime the line, then run"];
    case "rewinding":
      return ["The drive goes back", "Hold to halt it"];
    case "open":
      return ["Change the reservoir", "Then tap five times"];
    case "seeking":
      return ["The drive comes up", "Hold to halt it"];
    case "adrift":
      return ["The drive has halted", "Tap five times: it goes back"];
    default:
      return state satisfies never;
  }
}

function primingLines(before: Therapy, after: Therapy): readonly string[] {
  const [was, is] = [activePriming(before.standing.ledger), activePriming(after.standing.ledger)];
  if (is && !was) return [`Remote priming: ${units(is.intendedMicrounits)}`, ...OFFER_LINES.prime];
  if (is && before.offer && !after.offer) return ["Priming", "Hold to halt it"];
  return was && !is ? ["Priming has ended"] : [];
}
