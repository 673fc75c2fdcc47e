/** What the pump shows and asks while its reservoir is changed and its line is primed. */

import type { Microunits } from "./base/units.js";
import { activePriming } from "./therapy/ledger.js";
import { type Offer, reservoirMicrounits, type Therapy } from "./therapy/therapy.js";

const ANSWER = "Yes: two taps and a hold. No: a hold";

/** What is asked. */
export const QUESTIONS: Readonly<Record<Offer["kind"], readonly string[]>> = {
  rewind: ["Change the reservoir?", "Take the line off your body", ANSWER],
  seek: ["Reservoir in?", "The line is still off your body?", ANSWER],
  prime: ["Is the line off your body?", ANSWER],
};

/** Hundredths of a unit, rounded down. */
function units(microunits: Microunits): string {
  return `${(Math.floor(microunits / 10_000) / 100).toFixed(2)} U`;
}

/** What a change of the therapy has to say of reservoir and priming, the question left out. */
export function reservoirLines(before: Therapy, after: Therapy): readonly string[] {
  const lines = [...stateLines(before, after), ...primingLines(before, after)];
  return before.offer && !after.offer && lines.length === 0 ? ["Nothing was begun"] : lines;
}

function stateLines(before: Therapy, after: Therapy): readonly string[] {
  const { state } = after.standing.reservoir;
  if (state === before.standing.reservoir.state) {
    const told = reservoirMicrounits(after);
    return state === "open" && told > 0 && told !== reservoirMicrounits(before)
      ? [`Reservoir of ${units(told)}`, "Put it in, then tap five times"]
      : [];
  }
  switch (state) {
    case "attached":
      return [`Reservoir: ${units(reservoirMicrounits(after))}`, "Prime the line, then run"];
    case "rewinding":
      return ["The drive goes back", "Hold to halt it"];
    case "open":
      return ["Change the reservoir", "Tell the controller what is in it"];
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
  if (is && !was) return [`Remote priming: ${units(is.intendedMicrounits)}`];
  if (is && before.offer && !after.offer) return ["Priming", "Hold to halt it"];
  return was && !is && !before.offer ? ["Priming has ended"] : [];
}

/** Why a change of the reservoir cannot begin or go on. */
export function whyNoMove({ standing, fault }: Therapy): string {
  if (fault) return "A fault is latched: restart the pump";
  if (standing.control === "run") return "Hold to stop first";
  return standing.reservoir.state === "open" ? "Tell the controller what is in it first" : "Something is under way";
}
