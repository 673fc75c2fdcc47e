/** What must agree of reservoirs, primings, states and days, besides insulin delivered to somebody. */

import type { DeliveredInsulin, Status, TotalDailyInsulin } from "../../../host-sim/controller/idsAnswers.js";
import type { World } from "../../../host-sim/world.js";
import { reported } from "./history.js";
import { all, type Part, sum, units, unless, within } from "./part.js";
import type { Told } from "./person.js";
import type { Fitted } from "./reservoir.js";
import { OPERATIONAL, type StateHistory } from "./stateHistory.js";
import type { Witness } from "./witness.js";

/** What the pump had from its maker. */
export const FIRST_MICROUNITS = 300_000_000;
/** What may be less than is said (SR-129). */
const OVER_MICROUNITS = 50_000;
/** How far under what the drive has found an account may be: its stop's slack, and what a second seek found gone. */
const UNDER_MICROUNITS = 150_000;
/**
 * What one touch of a plunger may push out of the line: a pulse of a leg, 256 half-steps, that was not enough for the force,
 * one that was, and the one of 40 that makes sure.
 */
const TOUCH_MICROUNITS = 2 * 322_000 + 51_000;
/** What the give of a line has left seconds after its last pulse, which a plunger that is left takes back. */
const TAKEN_BACK_MICROUNITS = 1_000;
/** Insulin is counted in hundredths of a unit; FLOAT holds that exactly. */
const COUNT_MICROUNITS = 10_000;
const LARGEST_MANTISSA = 2_045;
/** Why a priming ended: its amount was reached. */
const REACHED = 0x3c;
/** What of the pump's time is known to the second: the history's, and after a boot the witness's. */
const SECONDS_MS = 2_000;

/** What is asked of it in the evening. */
export interface ReservoirEvening {
  readonly status: Status | undefined;
  readonly delivered: DeliveredInsulin | undefined;
  readonly today: TotalDailyInsulin | undefined;
  readonly told: readonly Told[];
  readonly fitted: readonly Fitted[];
  readonly states: StateHistory;
}

/** The unit in which SFLOAT reports an amount. */
function unitOf(microunits: number): number {
  let unit = 1;
  while (Math.floor(microunits / unit) > LARGEST_MANTISSA) unit *= 10;
  return unit;
}

/** Judges reservoirs, primings, states and days. */
export function judgeReservoirs(world: World, witness: Witness, evening: ReservoirEvening): Part {
  const { states } = evening;
  return all(
    ...evening.fitted.map(changed),
    cartridges(world, evening.fitted),
    legs(witness),
    remaining(world, evening),
    primings(evening),
    operations(witness, states),
    turns(witness, states),
    days(evening),
    { lines: [], wrong: states.wrong },
  );
}

/** Right after a change: the lesser of what was told and what is there, as the pump says it; never over what is there. */
function changed({ toldMicrounits, thereMicrounits, saidMicrounits, contentMicrounits }: Fitted, index: number): Part {
  const lesser = Math.min(toldMicrounits, thereMicrounits);
  const least = lesser - UNDER_MICROUNITS - unitOf(lesser);
  const most = Math.min(toldMicrounits, thereMicrounits + OVER_MICROUNITS);
  const what = `reservoir ${index + 2} of ${units(contentMicrounits)} U, told as ${units(toldMicrounits)} U, as the pump said`;
  return within(what, saidMicrounits, least, most);
}

/** All that was ever in the pump is displaced, thrown away, or there. */
function cartridges({ hardware }: World, fitted: readonly Fitted[]): Part {
  const { displacedMicrounits, reservoirMicrounits } = hardware.plant;
  const put = FIRST_MICROUNITS + sum(fitted.map(({ contentMicrounits }) => contentMicrounits));
  const thrown = sum(fitted.map(({ thrownMicrounits }) => thrownMicrounits));
  const gone = put - thrown - reservoirMicrounits;
  return within("out of all reservoirs, and displaced", displacedMicrounits, gone - 1, gone + 1);
}

/** What the ways of the drive displaced, which is in no total: a touch pushes a little out. */
function legs({ legs: ways }: Witness): Part {
  const up = ways.filter(({ way }) => way === "up");
  const back = ways.filter(({ way }) => way === "back");
  const displaced = (of: typeof ways) => sum(of.map(({ displacedMicrounits }) => displacedMicrounits));
  const taken = -TAKEN_BACK_MICROUNITS * back.length;
  const most = Math.max(0, ...up.map(({ displacedMicrounits }) => displacedMicrounits));
  return all(
    within("pushed out by one touch at most", most, 0, TOUCH_MICROUNITS),
    within(`pushed out by ${up.length} touches of a plunger`, displaced(up), 0, TOUCH_MICROUNITS * up.length),
    within(`displaced on ${back.length} ways back`, displaced(back), taken, 0),
  );
}

/** What remains, as told: what a change left, less what has been counted and primed since, rounded down. */
function remaining({ hardware }: World, { status, delivered, told, fitted }: ReservoirEvening): Part {
  const said = status?.reservoirMicrounits;
  const last = fitted.at(-1);
  if (said === undefined || !delivered) return unless(false, "no reservoir is told of");
  const since = told.slice(last?.dosesBefore ?? 0).filter(({ dose }) => dose.kind === "priming");
  const primed = sum(since.map(({ outcome }) => outcome?.highMicrounits ?? 0));
  const counted = delivered.bolusMicrounits + delivered.basalMicrounits - (last?.countedMicrounits ?? 0);
  const began = last?.saidMicrounits ?? FIRST_MICROUNITS;
  // What was said then was rounded down.
  const mostBegan = last ? began + unitOf(began) - 1 : began;
  const left = (from: number) => reported(from - counted - primed, "down");
  const there = hardware.plant.reservoirMicrounits;
  return all(
    within("reservoir as told, and as counted", said, left(began), left(mostBegan)),
    within("reservoir as told, and in the plant", said, 0, there + OVER_MICROUNITS),
  );
}

function primings({ told, states }: ReservoirEvening): Part {
  const wrong: string[] = [];
  const recorded = [...states.primings];
  const ordered = told.filter(({ dose }) => dose.kind === "priming");
  for (const { dose, outcome } of ordered) {
    const { kind, highMicrounits: high = 0 } = outcome ?? {};
    const [next] = recorded;
    const primed = reported(high, "up");
    const isRecorded = next?.programmedMicrounits === dose.amountMicrounits && next.primedMicrounits === primed;
    // One that nobody had confirmed when the power went has no record.
    if (!isRecorded && high === 0 && dose.pulses === 0) continue;
    recorded.shift();
    if (!isRecorded || (next.endReason === REACHED) !== (kind === "delivered"))
      wrong.push(`a priming of ${dose.amountMicrounits}, ${kind} at most ${high}: recorded ${JSON.stringify(next)}`);
  }
  if (recorded.length > 0) wrong.push(`primings recorded that nobody ordered: ${JSON.stringify(recorded)}`);
  const displaced = sum(ordered.map(({ dose }) => dose.displacedMicrounits));
  return { lines: [`primings: ${ordered.length}, of ${units(displaced)} U displaced`], wrong };
}

/** Every way of the drive and every priming stands in the history as a state, and the pump is ready in the end. */
function operations({ legs: ways }: Witness, { entered, primings: recorded }: StateHistory): Part {
  const count = (state: number) => entered.filter((each) => each === state).length;
  return all(
    unless(
      count(OPERATIONAL.preparing) === ways.length,
      `${count(OPERATIONAL.preparing)} times Preparing, for ${ways.length} ways of the drive`,
    ),
    unless(
      count(OPERATIONAL.priming) === recorded.length,
      `${count(OPERATIONAL.priming)} times Priming, for ${recorded.length} primings`,
    ),
    unless((entered.at(-1) ?? OPERATIONAL.ready) === OPERATIONAL.ready, `in state ${entered.at(-1)}`),
  );
}

/** Delivery began and stopped when the display said so, by the pump's own time. */
function turns({ turns: shown }: Witness, { turns: recorded }: StateHistory): Part {
  const wrong: string[] = [];
  for (let i = 0; i < Math.max(shown.length, recorded.length); i++) {
    const [seen, told] = [shown[i], recorded[i]];
    const offMs = Math.abs((seen?.localMs ?? 0) - (told?.localMs ?? 0));
    if (seen?.running !== told?.running || !(offMs <= SECONDS_MS))
      wrong.push(`turn ${i}: shown ${JSON.stringify(seen)}, recorded ${JSON.stringify(told)}`);
  }
  return { lines: [`Run and Stop: ${recorded.length} times`], wrong };
}

/** The days recorded and the one under way are the counters: each is rounded up, where SFLOAT does not hold hundredths. */
function days({ states, today, delivered }: ReservoirEvening): Part {
  if (!today || !delivered) return unless(false, "no day is told of");
  const every = [...states.days, today];
  const source = (name: "bolusMicrounits" | "basalMicrounits"): Part => {
    const counted = delivered[name];
    const amounts = every.map((day) => day[name]);
    const rounded = sum(amounts.map((amount) => unitOf(amount) - COUNT_MICROUNITS).filter((more) => more > 0));
    const what = `${states.days.length} days and the one under way, ${name === "bolusMicrounits" ? "boluses" : "basal"}`;
    return within(what, sum(amounts), counted, counted + rounded);
  };
  return all(source("bolusMicrounits"), source("basalMicrounits"));
}
