/**
 * The power goes at every storage operation of what changes the pump's state: rates, Stop and Run, hours, bonds, and the
 * first boot. The state is then the old or the new one, and no insulin is forgotten.
 */

import { provisioned, rigWith, running } from "./power/kept.js";
import {
  audit,
  expectAnnunciation,
  fillHour,
  finish,
  recover,
  recoverPairing,
  settle,
  TBR_CANCELED,
} from "./power/recovery.js";
import { begin, boot, recovers } from "./power/scripts.js";
import { judged, report, type Script, sweep, Tally } from "./power/sweep.js";
import { Trial } from "./power/trial.js";

const SEED = 42;

const pairs: Script = (trial) => {
  recoverPairing(trial);
  finish(trial);
};

describe("campaign: power cuts in a change of state", () => {
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
    const script: Script = (trial) => {
      begin(trial);
      trial.setTbr(5_000_000, 1);
      trial.tbrOver(60_000);
      trial.advance(5_000);
    };
    const isTold: Script = (trial) => {
      const { tbrActive } = trial;
      recover(trial);
      if (tbrActive) expectAnnunciation(trial, TBR_CANCELED);
      finish(trial);
    };
    sweep(tally, "TBR", () => new Trial(kept, SEED), script, isTold);
    report(tally);
  });

  it(`leave the pump as Stop or Run had it, at one of their writes either way (SR-62, SR-65), seed ${SEED}`, () => {
    const kept = running(SEED, { basalMicrounitsPerHour: 5_000_000 });
    const tally = new Tally();
    const script: Script = (trial) => {
      begin(trial);
      trial.advance(34_000);
      trial.bolus(60_000);
      trial.advance(2_100);
      trial.stop();
      settle(trial);
      trial.advance(2_000);
      trial.run();
      trial.advance(10_000);
    };
    sweep(tally, "Stop, Run", () => new Trial(kept, SEED), script, recovers);
    report(tally);
  });

  it(`leave a pairing that can be finished or repeated, and the bonds before it (SR-17), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    const script: Script = (trial) => {
      begin(trial);
      trial.takePhone(1);
      trial.pair();
    };
    const bothOpen: Script = (trial) => {
      trial.takePhone(1);
      recoverPairing(trial);
      trial.takePhone(0);
      trial.open();
      settle(trial);
      // What was shown as bonded stays so when one copy rots.
      const { hardware } = trial.world;
      hardware.cut();
      trial.rot(hardware.operations % 2 === 0 ? "bonds.a" : "bonds.b", hardware.operations);
      recover(trial);
      trial.takePhone(1);
      trial.open();
      settle(trial);
      finish(trial);
    };
    sweep(tally, "pairing", () => new Trial(kept, SEED), script, bothOpen);
    report(tally);
  });

  it(`leave a first boot that the next one completes (SR-33, SR-39, SR-65), seed ${SEED}`, () => {
    const rig = rigWith();
    const tally = new Tally();
    sweep(tally, "first boot", () => new Trial(rig, SEED), boot, pairs);
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
    sweep(tally, "second boot", make, boot, pairs);
    report(tally);
  });

  it(`every few minutes cost at most five minutes of basal each, and none is made up (SR-63), seed ${SEED}`, () => {
    // A pulse every half hour: what is owed is durable only by the saves in between.
    const kept = running(SEED, { basalMicrounitsPerHour: 100_000 });
    const tally = new Tally();
    for (const minutes of [7, 13, 29]) {
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
});
