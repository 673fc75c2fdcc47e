/** The order in which a boot uses the hardware: coils off, storage, epoch, radio, and only then motion. */

import assert from "node:assert/strict";
import { startPump } from "../firmware/pump.js";
import { DEFAULT_RIG, type RigConfig } from "../firmware/rig.js";
import { World } from "../host-sim/world.js";
import { recordingBoard, type Use } from "./recordingBoard.js";
import { PUMP_BLOBS, type PumpBlob, withNextFormats } from "./storage/formats.js";
import { durableStateOf, stateOf, storedPumps } from "./storage/stored.js";

interface Recorded {
  readonly world: World;
  readonly uses: Use[];
  /** Epochs that were stored, of both copies, when a radio's server was made. */
  readonly radioEpochs: number[];
}

const RIG_OVER_CEILING: RigConfig = {
  ...DEFAULT_RIG,
  limits: { ...DEFAULT_RIG.limits, dayMaxMicrounits: 150_000_001 as RigConfig["limits"]["dayMaxMicrounits"] },
};

/** The newest pump of those that are kept: bonded, in Run, cut amid a bolus. */
function keptPump() {
  const pump = storedPumps().at(-1);
  assert.ok(pump);
  return durableStateOf(pump);
}

function epochOf(world: World): number {
  try {
    return stateOf(world.hardware.keyValue.snapshot()).identity.epoch;
  } catch {
    return 0;
  }
}

/** A pump as it left the factory, or the kept one, whose boots are recorded. Power is off. */
function recorded(begin: "new" | "kept", rig = DEFAULT_RIG): Recorded {
  const uses: Use[] = [];
  const radioEpochs: number[] = [];
  const world: World = new World({
    seed: 3,
    rig,
    earlierStarts: 1,
    ...(begin === "kept" ? { restored: keptPump() } : {}),
    firmware: (board) =>
      startPump(
        recordingBoard(board, (use) => {
          uses.push(use);
          if (use.what === "server") radioEpochs.push(epochOf(world));
        }),
      ),
  });
  return { world, uses, radioEpochs };
}

/** Everything else is used only after each coil was opened and written off, one after the other. */
function assertCoilsFirst(uses: readonly Use[], place: string): void {
  const first = uses.slice(0, 8).map(({ of, what }) => `${of} ${what}`);
  const expected = [16, 17, 18, 19].flatMap((pin) => [`coil open ${pin}`, "coil write 0"]);
  assert.deepEqual(first, expected, place);
}

const indexOf = (uses: readonly Use[], what: string) => uses.findIndex((use) => use.what === what);
const isWrite = ({ of, what }: Use) => (of === "keyValue" || of === "flash") && /^(write|erase|delete)/.test(what);
const isMotion = ({ of, what }: Use) => of === "coil" && what === "write 1";

describe("boot order", () => {
  it("writes the coils off before it touches anything else, whatever it finds (SR-58)", () => {
    const boots: readonly (readonly [string, () => Recorded])[] = [
      ["first boot", () => recorded("new")],
      ["later boot", () => recorded("kept")],
      ["impossible rig", () => recorded("kept", RIG_OVER_CEILING)],
      [
        "dead entropy",
        () => {
          const boot = recorded("new");
          boot.world.hardware.entropy.mode = "dead";
          return boot;
        },
      ],
      [
        "storage of newer firmware",
        () => {
          const boot = recorded("kept");
          withNextFormats(["journal"], () => boot.world.powerUp());
          boot.world.hardware.cut();
          boot.uses.length = 0;
          return boot;
        },
      ],
    ];
    for (const [name, make] of boots) {
      const { world, uses } = make();
      world.powerUp();
      assertCoilsFirst(uses, name);
      assert.deepEqual(world.hardware.crashes, [], name);
    }
  });

  it("has drawn the boot's entropy before it opens the force sensor: they share a converter (SR-40)", () => {
    for (const begin of ["new", "kept"] as const) {
      const { world, uses } = recorded(begin);
      world.powerUp();
      const opened = indexOf(uses, "server");
      const force = uses.findIndex(({ of }) => of === "force");
      const drawn = uses.findLastIndex(({ of }, at) => of === "entropy" && at < opened);
      assert.ok(force > 0 && drawn > 0 && drawn < force, `${begin}: ${drawn}, ${force}, ${opened}`);
    }
  });

  it("shows what opening the storage throws, the coils off by then (SR-52, SR-58)", () => {
    for (const part of ["openKeyValue", "openHistoryFlash"] as const) {
      const uses: Use[] = [];
      const world = new World({
        seed: 3,
        firmware: (board) => {
          const broken = recordingBoard(board, (use) => uses.push(use));
          const failing = () => {
            throw new Error("ESP_ERR_NOT_FOUND");
          };
          startPump({ ...broken, [part]: failing });
        },
      });
      world.powerUp();
      world.clock.advance(60_000);
      assertCoilsFirst(uses, part);
      assert.deepEqual(world.hardware.display, ["FAULT", "The pump does not start", "ESP_ERR_NOT_FOUND"]);
      assert.ok(!uses.some(({ of }) => of === "radio"));
    }
  });

  it("makes no radio before all that it stores is stored, and moves nothing before that (SR-39, SR-49)", () => {
    for (const begin of ["new", "kept"] as const) {
      const { world, uses, radioEpochs } = recorded(begin);
      const before = epochOf(world);
      world.powerUp();
      const bootUses = uses.length;
      const server = indexOf(uses, "server");
      assert.ok(server > 0 && uses.findLastIndex(isWrite) < server, begin);
      assert.deepEqual(radioEpochs, [before + 1], begin);
      world.clock.advance(600_000);
      const moved = uses.findIndex(isMotion);
      assert.equal(moved >= 0, begin === "kept", "the kept pump is in Run");
      if (begin === "kept") assert.ok(moved >= bootUses && moved > server);
      assert.ok(indexOf(uses, "advertise") > server, begin);
    }
  });

  const boots = [
    ["a first boot", "new", []],
    ["a later boot", "kept", []],
    ["a boot that migrates", "kept", PUMP_BLOBS],
  ] as const satisfies readonly (readonly [string, "new" | "kept", readonly PumpBlob[]])[];
  for (const [name, begin, migrated] of boots)
    it(`has started no radio and moved nothing wherever ${name} is cut, and the next boot's epoch is new (SR-33, SR-39)`, () => {
      withNextFormats(migrated, () => {
        for (const phase of ["before", "during", "after"] as const)
          for (let operation = 1; ; operation++) {
            const { world, uses, radioEpochs } = recorded(begin);
            const { hardware } = world;
            const place = `${phase} operation ${operation}`;
            const before = epochOf(world);
            const moved = hardware.plant.commandedHalfSteps;
            hardware.cutAt({ operation, phase });
            world.powerUp();
            if (hardware.powered) {
              assert.ok(operation > 8, `${operation} operations in a boot`);
              break;
            }
            assert.ok(!uses.some(({ of }) => of === "radio"), place);
            assert.ok(!uses.some(isMotion), place);
            assert.equal(hardware.plant.commandedHalfSteps, moved, place);
            const left = epochOf(world);
            assert.ok(left === before || left === before + 1, place);
            world.powerUp();
            assert.deepEqual(radioEpochs, [left + 1], place);
            assert.deepEqual(hardware.crashes, [], place);
          }
      });
    });
});
