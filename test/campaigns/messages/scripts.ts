/** What a user does with a controller while its messages are attacked, and what the controller made the user believe. */

import type { AcceptedBolus, CommandResult } from "../../../host-sim/controller/commands.js";
import type { Outcome } from "../../../host-sim/controller/control.js";
import type { Controller, OpenResult, PairResult } from "../../../host-sim/controller/controller.js";
import type { Status } from "../../../host-sim/controller/idsAnswers.js";
import type { Result } from "../../../host-sim/controller/requests.js";
import type { World } from "../../../host-sim/world.js";

/** One pulse, and three: long enough for a Stop in between. */
const BOLUS_MICROUNITS = 20_000;
const LONG_BOLUS_MICROUNITS = 150_000;
/** Over the rig's limit for one bolus. */
const REFUSED_MICROUNITS = 11_000_000;
/** After a bolus of one pulse the next may begin. */
export const PULSE_MS = 2_500;
const LONG_BOLUS_MS = 6_500;
/** The pump's first tick comes within this. */
const TICK_MS = 5_500;

export type BolusResult = CommandResult<AcceptedBolus>;

/** What the controller told its user. Undefined results: it told nothing within a minute. */
export interface Told {
  readonly boluses: readonly (BolusResult | undefined)[];
  /** Final outcomes alone. */
  readonly outcomes: readonly Outcome[];
  readonly statuses: readonly Status[];
}

/** A user of a bonded controller, or one who pairs anew with the text that the pump shows. */
export type Script =
  | { readonly user: "bonded"; readonly play: (world: World, controller: Controller) => Told }
  | { readonly user: "newcomer"; readonly play: (world: World, controller: Controller, shownText: string) => Told };

const NOTHING: Told = { boluses: [], outcomes: [], statuses: [] };

function orderBolus(world: World, controller: Controller, amountMicrounits: number): BolusResult | undefined {
  return world.await<BolusResult>((done) => controller.bolus(amountMicrounits, {}, done));
}

/** A script of a bonded user: opens a session, and does the rest only in one. */
function bonded(play: (world: World, controller: Controller) => Told): Script {
  return {
    user: "bonded",
    play(world, controller) {
      const opened = world.await<OpenResult>((done) => controller.open(done));
      return opened?.kind === "ok" ? play(world, controller) : NOTHING;
    },
  };
}

/** Does something first, then orders a bolus of one pulse and sees it delivered. */
function beforeBolus(act: (world: World, controller: Controller) => Partial<Told>): Script {
  return bonded((world, controller) => {
    const told = act(world, controller);
    const bolus = orderBolus(world, controller, BOLUS_MICROUNITS);
    world.clock.advance(PULSE_MS);
    return { ...NOTHING, ...told, boluses: [...(told.boluses ?? []), bolus] };
  });
}

/** Orders a long bolus, and ends it after its first pulse. */
function endedEarly(end: (world: World, controller: Controller, bolus: BolusResult | undefined) => void): Script {
  return bonded((world, controller) => {
    const bolus = orderBolus(world, controller, LONG_BOLUS_MICROUNITS);
    world.clock.advance(500);
    end(world, controller, bolus);
    world.clock.advance(LONG_BOLUS_MS);
    return { ...NOTHING, boluses: [bolus] };
  });
}

export const SCRIPTS = {
  pair: {
    user: "newcomer",
    play(world, controller, shownText) {
      world.await<PairResult>((done) => controller.pair(shownText, done));
      return NOTHING;
    },
  },
  bolus: beforeBolus(() => ({})),
  tickThenBolus: beforeBolus((world) => {
    world.clock.advance(TICK_MS);
    return {};
  }),
  statusThenBolus: beforeBolus((world, controller) => {
    const status = world.await<Result<Status>>((done) => controller.status(done));
    return { statuses: status?.kind === "ok" ? [status.value] : [] };
  }),
  resetThenBolus: beforeBolus((world, controller) => {
    world.await<Result<undefined>>((done) => controller.resetStatus(0xff, done));
    return {};
  }),
  refusedThenBolus: beforeBolus((world, controller) => ({
    boluses: [orderBolus(world, controller, REFUSED_MICROUNITS)],
  })),
  bolusThenOutcome: bonded((world, controller) => {
    const bolus = orderBolus(world, controller, BOLUS_MICROUNITS);
    world.clock.advance(PULSE_MS);
    const outcome = world.await<Result<Outcome>>((done) => controller.resolve(done));
    return { ...NOTHING, boluses: [bolus], outcomes: outcome?.kind === "ok" ? [outcome.value] : [] };
  }),
  bolusThenStop: endedEarly((world, controller) => {
    world.await<Result<undefined>>((done) => controller.stop(done));
  }),
  bolusThenCancel: endedEarly((world, controller, bolus) => {
    if (bolus?.kind !== "ok") return;
    const { bolusId } = bolus.value;
    world.await<Result<number>>((done) => controller.cancelBolus(bolusId, done));
  }),
} as const satisfies Record<string, Script>;
