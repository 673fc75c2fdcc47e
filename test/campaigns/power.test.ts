/**
 * The power goes at every storage operation and every half-step of a bolus, and the plant, not the firmware, says what
 * the patient received.
 */

import { running } from "./power/kept.js";
import { BOLUS_CANCELED, expectAnnunciation, finish, recover, settle, smallBolus } from "./power/recovery.js";
import { begin, fastBolus, recovers } from "./power/scripts.js";
import { cut, judged, operationsOf, report, runUntilCut, type Script, sweep, Tally } from "./power/sweep.js";
import { Trial } from "./power/trial.js";

const SEED = 41;

/** A bolus that the cut ended is told of. */
const recoversAndTells: Script = (trial) => {
  recover(trial);
  const { kind } = trial.outcome ?? {};
  if (kind === "uncertain" || kind === "stopped") expectAnnunciation(trial, BOLUS_CANCELED);
  finish(trial);
};

/** Cancels `afterMs` after the bolus was accepted, 50 ms at the soonest: the answer's way. */
const cancelledBolus =
  (afterMs: number): Script =>
  (trial) => {
    begin(trial);
    trial.advance(2_000);
    const bolusId = trial.bolus(130_000);
    trial.advance(afterMs);
    if (bolusId !== undefined) trial.cancel(bolusId);
    while (!trial.resolve()) trial.advance(1_000);
  };

/** The gear blocks `jamMs` after the bolus was accepted: 0 is before its first pulse, 2,000 before its second. */
const jammedBolus =
  (jamMs: number): Script =>
  (trial) => {
    begin(trial);
    trial.advance(2_000);
    trial.bolus(130_000);
    trial.advance(jamMs);
    trial.world.hardware.plant.setJammed(true);
    trial.advance(4_000);
  };

describe("campaign: power cuts in a dose", () => {
  it(`leave a fast bolus in the interval reported (SR-49, SR-50, SR-36), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    sweep(tally, "bolus", () => new Trial(kept, SEED), fastBolus, recoversAndTells);
    report(tally);
  });

  it(`leave room for the jump of coils that rest half a cycle off (SR-50), seed ${SEED}`, () => {
    // 36.2 half-steps a pulse: from the middle of one, the phase kept pulls either way.
    const kept = running(SEED, { insulinPerTurnMicrounits: 5_631_644 });
    const tally = new Tally();
    sweep(tally, "bolus", () => new Trial(kept, SEED), fastBolus, recovers);
    report(tally);
  });

  it(`leave a fast bolus and the basal pulses between in their bounds (SR-50, SR-63), seed ${SEED}`, () => {
    const kept = running(SEED, { basalMicrounitsPerHour: 5_000_000 });
    const tally = new Tally();
    const script: Script = (trial) => {
      begin(trial);
      trial.advance(34_000);
      trial.bolus(60_000);
      while (!trial.resolve()) trial.advance(1_000);
      trial.advance(8_000);
    };
    sweep(tally, "bolus and basal", () => new Trial(kept, SEED), script, recovers);
    report(tally);
  });

  for (const afterMs of [1_000, 2_030])
    it(`leave a bolus cancelled ${afterMs} ms after its start in the interval reported (SR-50), seed ${SEED}`, () => {
      const kept = running(SEED);
      const tally = new Tally();
      sweep(tally, "cancel", () => new Trial(kept, SEED), cancelledBolus(afterMs), recovers);
      report(tally);
    });

  it(`leave a bolus stopped by the button amid a pulse in the interval reported (SR-50, SR-64), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    const script: Script = (trial) => {
      begin(trial);
      trial.advance(2_000);
      trial.bolus(130_000);
      trial.advance(1_260);
      trial.stopByButton();
      settle(trial);
    };
    sweep(tally, "button", () => new Trial(kept, SEED), script, recovers);
    report(tally);
  });

  it(`leave a bolus whose motor jams in the interval reported, freed again by then (SR-50, SR-56), seed ${SEED}`, () => {
    const tally = new Tally();
    const freed: Script = (trial) => {
      trial.world.hardware.plant.setJammed(false);
      trial.model.mayJam = true;
      trial.mayBe = { run: true, stop: true };
      recover(trial);
      finish(trial);
    };
    for (const insulinPerTurnMicrounits of [5_119_676, 5_400_000, 5_631_644]) {
      const kept = running(SEED, { insulinPerTurnMicrounits });
      const make = () => new Trial(kept, SEED);
      for (const pulseMs of [0, 2_000])
        for (let jamMs = pulseMs + 5; jamMs < pulseMs + 160; jamMs += 8) {
          const trial = make();
          judged(tally, `jam at ${jamMs}, ${insulinPerTurnMicrounits} a turn`, trial, () => {
            jammedBolus(jamMs)(trial);
            trial.world.hardware.cut();
            freed(trial);
          });
        }
      sweep(tally, "jam", make, jammedBolus(2_060), freed, { from: 80 });
    }
    report(tally);
  });

  it(`during the boot after a cut, and during the first pulse then, cost nothing more (SR-50), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    const make = () => new Trial(kept, SEED);
    const operations = operationsOf(make, fastBolus);
    const next: Script = (trial) => {
      recover(trial);
      smallBolus(trial);
    };
    for (let first = 25; first <= operations; first += 19) {
      const halted: Script = (trial) => {
        trial.world.hardware.cutAt({ operation: first, phase: first % 2 === 0 ? "during" : "after" });
        runUntilCut(trial, fastBolus);
      };
      const probe = make();
      halted(probe);
      const begun = probe.world.hardware.operations;
      next(probe);
      for (let operation = begun + 1; operation <= probe.world.hardware.operations; operation++)
        for (const phase of ["during", "after"] as const) {
          const trial = make();
          judged(tally, `cut at ${first}, then ${phase} ${operation}`, trial, () => {
            halted(trial);
            trial.world.hardware.cutAt({ operation, phase });
            if (!runUntilCut(trial, next)) throw new Error("the second cut never came");
            recovers(trial);
          });
        }
    }
    report(tally);
  });

  it(`amid a bolus of a thread that stalls leave the dose in the interval (SR-50), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    const make = () => {
      const trial = new Trial(kept, SEED);
      trial.world.hardware.stallMs = (callback) => (callback % 5 === 0 ? 40 : 0);
      return trial;
    };
    const operations = operationsOf(make, fastBolus);
    for (let operation = 1; operation <= operations; operation += 3) {
      const trial = make();
      judged(tally, `cut during operation ${operation}`, trial, () => {
        cut(trial, fastBolus, { operation, phase: "during" });
        recovers(trial);
      });
    }
    report(tally);
  });
});
