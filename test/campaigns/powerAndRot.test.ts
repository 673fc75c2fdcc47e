/**
 * The power goes, and some of the storage has rotted by the time that it is back: one copy of a blob, or both. What is
 * known less is reported wider; what is lost stops the pump.
 */

import { running } from "./power/kept.js";
import type { Kept } from "./power/life.js";
import {
  audit,
  finish,
  recover,
  recoverPairing,
  recoverStopped,
  recoverStranger,
  smallBolus,
} from "./power/recovery.js";
import { boot, fastBolus } from "./power/scripts.js";
import { judged, operationsOf, report, runUntilCut, type Script, sweep, Tally } from "./power/sweep.js";
import { Trial } from "./power/trial.js";

const SEED = 43;
const MS_PER_HOUR = 3_600_000;
const BLOBS = ["identity", "bonds", "therapy", "journal", "provisioned"] as const;
type Blob = (typeof BLOBS)[number];

/** Every 7th operation of the bolus: writes of every kind, and half-steps of every pulse, among them. */
function cutPoints(kept: Kept): readonly number[] {
  const operations = operationsOf(() => new Trial(kept, SEED), fastBolus);
  return Array.from({ length: Math.floor(operations / 7) }, (_, i) => 1 + 7 * i);
}

/** A trial that lost power at the operation, with the storage as that left it. */
function cutAt(kept: Kept, operation: number): Trial {
  const trial = new Trial(kept, SEED);
  trial.world.hardware.cutAt({ operation, phase: operation % 2 === 0 ? "during" : "after" });
  if (!runUntilCut(trial, fastBolus)) throw new Error(`no operation ${operation}`);
  return trial;
}

function rotBoth(trial: Trial, blob: Blob, pick: number): void {
  trial.rot(`${blob}.a`, pick);
  trial.rot(`${blob}.b`, pick + 5);
}

const bolusRefused: Script = (trial) => {
  if (trial.bolus(20_000) !== undefined) trial.model.violations.push("the hour's limit did not count as used");
};

describe("campaign: power cuts and rotten storage", () => {
  for (const blob of BLOBS)
    it(`one copy of ${blob} costs at most one pulse of certainty (SR-50, SR-65), seed ${SEED}`, () => {
      const kept = running(SEED);
      const tally = new Tally();
      for (const operation of cutPoints(kept))
        for (const slot of ["a", "b"] as const) {
          const trial = cutAt(kept, operation);
          judged(tally, `cut at ${operation}, ${blob}.${slot} rotten`, trial, () => {
            trial.rot(`${blob}.${slot}`, operation);
            if (blob === "journal") trial.model.journalCopiesLost = 1;
            recover(trial);
            finish(trial);
          });
        }
      report(tally);
    });

  it(`an old phase of the coils costs no more than the jump from it (SR-50), seed ${SEED}`, () => {
    // 36.2 half-steps a pulse: the phase before it is half a cycle off the one after it.
    const kept = running(SEED, { insulinPerTurnMicrounits: 5_631_644 });
    const tally = new Tally();
    for (let operation = 60; operation < 108; operation++)
      for (const slot of ["a", "b"] as const) {
        const trial = cutAt(kept, operation);
        judged(tally, `cut at ${operation}, journal.${slot} rotten`, trial, () => {
          trial.rot(`journal.${slot}`, operation);
          trial.model.journalCopiesLost = 1;
          recover(trial);
          finish(trial);
        });
      }
    report(tally);
  });

  for (const blob of ["therapy", "journal"] as const)
    for (const how of ["rotten", "missing"] as const)
      it(`${blob} ${how} stops the pump until a countersigned Run, and counts the hour as full (SR-66), seed ${SEED}`, () => {
        const kept = running(SEED);
        const tally = new Tally();
        for (const operation of cutPoints(kept)) {
          const trial = cutAt(kept, operation);
          judged(tally, `cut at ${operation}, ${blob} ${how}`, trial, () => {
            if (how === "rotten") rotBoth(trial, blob, operation);
            else trial.remove(`${blob}.a`, `${blob}.b`);
            trial.model.stateLost = blob;
            recoverStopped(trial);
            bolusRefused(trial);
            // Longer than the rest of the hour under way and the whole one after it, which counts as used.
            trial.phoneAway(2 * MS_PER_HOUR);
            smallBolus(trial);
            trial.world.hardware.cut();
            audit(trial);
          });
        }
        report(tally);
      });

  it(`lost therapy state makes up no basal insulin (SR-46, SR-63, SR-66), seed ${SEED}`, () => {
    const kept = running(SEED, { basalMicrounitsPerHour: 5_000_000 });
    const tally = new Tally();
    for (const blob of ["therapy", "journal"] as const)
      for (const operation of cutPoints(kept).filter((_, i) => i % 4 === 0)) {
        const trial = cutAt(kept, operation);
        judged(tally, `cut at ${operation}, ${blob} lost`, trial, () => {
          rotBoth(trial, blob, operation);
          trial.model.stateLost = blob;
          recoverStopped(trial);
          const { plant } = trial.world.hardware;
          for (let hour = 0; hour < 3; hour++) {
            const before = plant.displacedMicrounits;
            trial.phoneAway(MS_PER_HOUR);
            const moved = plant.displacedMicrounits - before;
            if (moved > 5_000_000 + 50_000 + trial.model.jumpMicrounits)
              trial.model.violations.push(`hour ${hour}: ${Math.round(moved)} of basal at 5 U/h`);
            if (hour === 2 && moved < 5_000_000 - 100_000) trial.model.violations.push(`hour 2: ${Math.round(moved)}`);
          }
          audit(trial);
        });
      }
    report(tally);
  });

  it(`a lost identity makes another pump of it, and the old bonds and dose IDs die (SR-41), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    for (const how of ["rotten", "missing"] as const)
      for (const operation of cutPoints(kept)) {
        const trial = cutAt(kept, operation);
        judged(tally, `cut at ${operation}, identity ${how}`, trial, () => {
          if (how === "rotten") rotBoth(trial, "identity", operation);
          else trial.remove("identity.a", "identity.b");
          recoverStranger(trial);
          finish(trial);
        });
      }
    report(tally);
  });

  /** What recovers a trial whose `blob` was lost in both copies. */
  const recoversLoss: { readonly [blob in Blob]: Script } = {
    identity: recoverStranger,
    bonds: recoverPairing,
    therapy: recoverStopped,
    journal: recoverStopped,
    provisioned: recover,
  };

  for (const blob of BLOBS)
    it(`${blob} lost, and a cut again in the boot that finds it, is found lost by the next (SR-66), seed ${SEED}`, () => {
      const kept = running(SEED);
      const tally = new Tally();
      // Amid the first pulse and amid the second.
      for (const operation of [40, 78]) {
        const make = () => {
          const trial = cutAt(kept, operation);
          rotBoth(trial, blob, operation);
          if (blob === "therapy" || blob === "journal") trial.model.stateLost = blob;
          if (trial.model.stateLost) trial.mayBe = { run: false, stop: true };
          return trial;
        };
        const begun = make().world.hardware.operations;
        sweep(
          tally,
          `cut at ${operation}, ${blob} lost`,
          make,
          boot,
          (trial) => {
            recoversLoss[blob](trial);
            if (trial.model.stateLost) bolusRefused(trial);
            else finish(trial);
          },
          { from: begun + 1 },
        );
      }
      report(tally);
    });

  it(`one copy lost, and a cut again in the boot that finds it, costs no more than the copy (SR-50), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    for (const blob of BLOBS)
      for (const slot of ["a", "b"] as const) {
        const make = () => {
          const trial = cutAt(kept, 78);
          trial.rot(`${blob}.${slot}`, 78);
          if (blob === "journal") trial.model.journalCopiesLost = 1;
          return trial;
        };
        const begun = make().world.hardware.operations;
        const again: Script = (trial) => {
          recover(trial);
          finish(trial);
        };
        sweep(tally, `${blob}.${slot} rotten`, make, boot, again, { from: begun + 1 });
      }
    report(tally);
  });

  it(`lost bonds are paired again, and nothing else is lost (SR-65), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    for (const operation of cutPoints(kept)) {
      const trial = cutAt(kept, operation);
      judged(tally, `cut at ${operation}, bonds lost`, trial, () => {
        rotBoth(trial, "bonds", operation);
        recoverPairing(trial);
        finish(trial);
      });
    }
    report(tally);
  });

  it(`a lost mark of provisioning is renewed and changes nothing (SR-65, SR-66), seed ${SEED}`, () => {
    const kept = running(SEED);
    const tally = new Tally();
    for (const operation of cutPoints(kept)) {
      const trial = cutAt(kept, operation);
      judged(tally, `cut at ${operation}, mark lost`, trial, () => {
        rotBoth(trial, "provisioned", operation);
        recover(trial);
        finish(trial);
      });
    }
    report(tally);
  });
});
