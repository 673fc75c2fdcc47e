/**
 * The power goes at every storage operation and every half-step of what a pump does, and the plant, not the firmware,
 * says what the patient received.
 */

import { provisioned, rigWith, running } from "./power/kept.js";
import {
  audit,
  BOLUS_CANCELED,
  expectAnnunciation,
  fillHour,
  finish,
  recover,
  recoverPairing,
  settle,
  smallBolus,
  TBR_CANCELED,
} from "./power/recovery.js";
import { cut, judged, operationsOf, report, runUntilCut, type Script, sweep, Tally } from "./power/sweep.js";
import { Trial } from "./power/trial.js";

const SEED = 41;
/** From the acceptance of a bolus into its second pulse. */
const JAM_MS = 2_030;

const recovers: Script = (trial) => {
  recover(trial);
  finish(trial);
};

const begin: Script = (trial) => {
  trial.powerUp();
  trial.open();
};

const boot: Script = (trial) => trial.powerUp();

/** Three pulses. */
const fastBolus: Script = (trial) => {
  begin(trial);
  trial.advance(1_000);
  trial.bolus(130_000);
  while (!trial.resolve()) trial.advance(1_000);
};

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

const temporaryRate: Script = (trial) => {
  begin(trial);
  trial.setTbr(5_000_000, 1);
  trial.tbrOver(60_000);
  trial.advance(5_000);
};

const stopThenRun: Script = (trial) => {
  begin(trial);
  trial.advance(35_000);
  trial.bolus(130_000);
  trial.advance(2_100);
  trial.stop();
  settle(trial);
  trial.advance(5_000);
  trial.run();
  trial.advance(40_000);
};

const secondController: Script = (trial) => {
  begin(trial);
  trial.takePhone(1);
  trial.pair();
};

describe("campaign: power cuts", () => {
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
      trial.advance(33_000);
      trial.bolus(130_000);
      while (!trial.resolve()) trial.advance(1_000);
      trial.advance(36_000);
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
      trial.advance(1_000);
      trial.stopByButton();
      settle(trial);
    };
    sweep(tally, "button", () => new Trial(kept, SEED), script, recovers);
    report(tally);
  });

  it(`leave a bolus whose motor jams in the interval reported, freed again by then (SR-50, SR-56), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    const script: Script = (trial) => {
      begin(trial);
      trial.advance(2_000);
      trial.bolus(130_000);
      trial.advance(JAM_MS);
      trial.world.hardware.plant.setJammed(true);
      trial.advance(4_000);
    };
    sweep(
      tally,
      "jam",
      () => new Trial(kept, SEED),
      script,
      (trial) => {
        trial.world.hardware.plant.setJammed(false);
        trial.model.mayJam = true;
      trial.mayBe = { run: true, stop: true };
        recover(trial);
        finish(trial);
      },
    );
    report(tally);
  });

  it(`free no part of a limit, across the end of an hour (SR-44, SR-47), seed ${SEED}`, () => {
    const hourMaxMicrounits = 300_000;
    const kept = running(SEED, { hourMaxMicrounits }, 57 * 60_000);
    const tally = new Tally();
    const script: Script = (trial) => {
      begin(trial);
      trial.advance(2_000);
      trial.bolus(130_000);
      while (!trial.resolve()) trial.advance(1_000);
      trial.phoneAway(6 * 60_000);
      trial.bolus(60_000);
      while (!trial.resolve()) trial.advance(1_000);
      trial.phoneAway(6 * 60_000);
    };
    const fills: Script = (trial) => {
      recover(trial);
      fillHour(trial, hourMaxMicrounits);
    };
    sweep(tally, "hour", () => new Trial(kept, SEED), script, fills, { storageAlone: true });
    report(tally);
  });

  it(`end a temporary rate and bring the basal rate back (SR-51, SR-60, SR-63), seed ${SEED}`, () => {
    const kept = running(SEED, { basalMicrounitsPerHour: 3_000_000 });
    const tally = new Tally();
    sweep(
      tally,
      "TBR",
      () => new Trial(kept, SEED),
      temporaryRate,
      (trial) => {
        const { tbrActive } = trial;
        recover(trial);
        if (tbrActive) expectAnnunciation(trial, TBR_CANCELED);
        finish(trial);
      },
    );
    report(tally);
  });

  it(`leave the pump as Stop or Run had it, at one of their writes either way (SR-62, SR-65), seed ${SEED}`, () => {
    const kept = running(SEED, { basalMicrounitsPerHour: 5_000_000 });
    const tally = new Tally();
    sweep(tally, "Stop, Run", () => new Trial(kept, SEED), stopThenRun, recovers);
    report(tally);
  });

  it(`leave a pairing that can be finished or repeated, and the bonds before it (SR-17), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    sweep(
      tally,
      "pairing",
      () => new Trial(kept, SEED),
      secondController,
      (trial) => {
        trial.takePhone(1);
        recoverPairing(trial);
        trial.takePhone(0);
        trial.open();
        settle(trial);
        finish(trial);
      },
    );
    report(tally);
  });

  it(`leave a first boot that the next one completes (SR-33, SR-39, SR-65), seed ${SEED}`, () => {
    const rig = rigWith();
    const tally = new Tally();
    sweep(
      tally,
      "first boot",
      () => new Trial(rig, SEED),
      boot,
      (trial) => {
        recoverPairing(trial);
        settle(trial);
        finish(trial);
      },
    );
    report(tally);
  });

  it(`leave a second boot without a bond as it was (SR-33, SR-65), seed ${SEED}`, () => {
    const kept = provisioned(SEED);
    const tally = new Tally();
    const make = () => {
      const trial = new Trial(kept, SEED);
      trial.mayBe = { run: false, stop: true };
      return trial;
    };
    sweep(tally, "second boot", make, boot, (trial) => {
      recoverPairing(trial);
      finish(trial);
    });
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

  it(`every few minutes cost at most five minutes of basal each, and none is made up (SR-63), seed ${SEED}`, () => {
    // A pulse every half hour: what is owed is durable only by the saves in between.
    const kept = running(SEED, { basalMicrounitsPerHour: 100_000 });
    const tally = new Tally();
    for (const minutes of [4, 7, 13, 29]) {
      const trial = new Trial(kept, SEED + minutes);
      judged(tally, `a cut every ${minutes} minutes`, trial, () => {
        begin(trial);
        for (let passed = 0; passed < 300; passed += minutes) {
          trial.advance(minutes * 60_000);
          trial.world.hardware.cut();
          recover(trial);
        }
        const pulses = Math.round(trial.world.hardware.plant.displacedMicrounits / 50_000);
        const reboots = Math.ceil(300 / minutes);
        const least = Math.floor((300 - 5 * reboots) / 30) - 1;
        if (pulses < least || pulses > 10) trial.model.violations.push(`${pulses} pulses, not ${least} to 10`);
        audit(trial);
      });
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
