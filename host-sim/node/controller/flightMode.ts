/** `flight-mode`: takes the pump off the air. */

import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode, exitOf } from "./ended.js";
import { placeOrder } from "./ordering.js";

const QUESTION = "Take the pump off the air? Then only its own button stops it; two taps bring it back. [y/N] ";

/** Orders flight mode once a person has said yes. */
export async function beginFlightMode(desk: Desk): Promise<ExitCode> {
  await desk.open();
  if (!(await desk.confirm(QUESTION)))
    throw new Ended(EXIT.refused, "Nothing was ordered: say yes on a terminal, or give --yes.");
  const ordered = await placeOrder(desk, false, (done) => desk.controller.flightMode(done));
  if (ordered.kind === "resolved") return exitOf(ordered.outcome.kind);
  if (ordered.kind === "refused") return EXIT.refused;
  desk.tell({ event: "note", what: "The pump is off the air: two taps of its button bring it back." });
  return EXIT.done;
}
