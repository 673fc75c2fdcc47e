/**
 * The power goes, and some of the storage has rotted by the time that it is back: one copy of a blob, or both. What is
 * known less is reported wider; what is lost stops the pump.
 */

import { running } from "./power/kept.js";
import { judged, operationsOf, report, runUntilCut, type Script, Tally } from "./power/sweep.js";
import { type Kept, Trial } from "./power/trial.js";

const SEED = 43;
const BLOBS = ["identity", "bonds", "therapy", "journal", "provisioned"] as const;
type Blob = (typeof BLOBS)[number];

const fastBolus: Script = (trial) => {
  trial.powerUp();
  trial.open();
  trial.advance(1_000);
  trial.bolus(130_000);
  while (!trial.resolve()) trial.advance(1_000);
};

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

/** Flips one bit, of a byte that the cut's number picks. */
function rot(trial: Trial, key: string, pick: number): void {
  const { keyValue } = trial.world.hardware;
  const { length } = keyValue.snapshot()[key] ?? [];
  keyValue.corrupt(key, (pick * 13) % length, 1 << (pick % 8));
}

function rotBoth(trial: Trial, blob: Blob, pick: number): void {
  rot(trial, `${blob}.a`, pick);
  rot(trial, `${blob}.b`, pick + 5);
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
            rot(trial, `${blob}.${slot}`, operation);
            if (blob === "journal") trial.model.journalCopiesLost = 1;
            trial.recover();
            trial.finish();
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
            trial.recoverStopped();
            bolusRefused(trial);
            // Longer than the rest of the hour under way and the whole one after it, which counts as used.
            trial.passHours(2);
            trial.smallBolus();
            trial.world.hardware.cut();
            trial.audit();
          });
        }
        report(tally);
      });

  it(`lost therapy state makes up no basal insulin (SR-46, SR-63, SR-66), seed ${SEED}`, () => {
    const kept = running(SEED, 5_000_000);
    const tally = new Tally();
    for (const blob of ["therapy", "journal"] as const)
      for (const operation of cutPoints(kept).filter((_, i) => i % 4 === 0)) {
        const trial = cutAt(kept, operation);
        judged(tally, `cut at ${operation}, ${blob} lost`, trial, () => {
          rotBoth(trial, blob, operation);
          trial.model.stateLost = blob;
          trial.recoverStopped();
          const { plant } = trial.world.hardware;
          for (let hour = 0; hour < 3; hour++) {
            const before = plant.displacedMicrounits;
            trial.passHours(1);
            const moved = plant.displacedMicrounits - before;
            if (moved > 5_000_000 + 50_000 + trial.model.jumpMicrounits)
              trial.model.violations.push(`hour ${hour}: ${Math.round(moved)} of basal at 5 U/h`);
            if (hour === 2 && moved < 5_000_000 - 100_000) trial.model.violations.push(`hour 2: ${Math.round(moved)}`);
          }
          trial.audit();
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
          trial.recoverStranger();
          trial.finish();
        });
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
        trial.recoverPairing();
        trial.settle();
        trial.finish();
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
        trial.recover();
        trial.finish();
      });
    }
    report(tally);
  });
});
