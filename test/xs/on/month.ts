/** Many days of one pump on XS: what is in use at the end of each. */

import { microunitsPerHour } from "../../../firmware/base/units.js";
import type { Board } from "../../../firmware/board.js";
import { startPump } from "../../../firmware/pump.js";
import { DEFAULT_RIG } from "../../../firmware/rig.js";
import { World } from "../../../host-sim/world.js";
import { printHeap } from "./heap.js";

const LIMIT_MS = 60_000;
const DAY_MS = 86_400_000;
/** Fills the pump's list of remembered commands (PROTOCOL.md section 7), which then grows no more. */
const REMEMBERED_COMMANDS = 64;
/** A low rate: one cartridge lasts the month, and every pulse is like every other. */
const BASAL_MICROUNITS_PER_HOUR = 100_000;
const BOLUSES_A_DAY = 3;
const BOLUS_MICROUNITS = 100_000;

type Done = (result: { readonly kind: string }) => void;

/** Prints the memory in use after each of `days` days: boluses, a temporary rate, a Stop and a Run a day. */
export function month(days: number): void {
  const rig = {
    ...DEFAULT_RIG,
    provisioning: { ...DEFAULT_RIG.provisioning, basalMicrounitsPerHour: microunitsPerHour(BASAL_MICROUNITS_PER_HOUR) },
  };
  // The simulator keeps the trace; the pump keeps nothing of it.
  const firmware = (board: Board) => startPump({ ...board, trace: () => {} });
  const world = new World({ seed: 1, rig, firmware });
  const { clock } = world;
  const controller = world.controller();
  const ask = (start: (done: Done) => void) => {
    const result = world.await(start, LIMIT_MS);
    if (result?.kind !== "ok") throw new Error(`asked, and got ${JSON.stringify(result)}`);
  };
  const session = (run: () => void) => {
    ask((done) => controller.open(done));
    run();
    controller.close();
    clock.advance(10_000);
  };
  const setTbr = (change: boolean) =>
    ask((done) => controller.setTbr({ rateMicrounitsPerHour: 50_000, durationMinutes: 60, change }, done));

  world.powerUp();
  clock.advance(1_000);
  const shown = world.openPairing();
  ask((done) => controller.pair(shown, done));
  controller.close();
  clock.advance(10_000);
  session(() => {
    ask((done) => controller.run(() => true, done));
    for (let i = 1; i < REMEMBERED_COMMANDS; i++) setTbr(i > 1);
  });
  for (let day = 1; day <= days; day++) {
    const endMs = clock.nowMs + DAY_MS;
    for (let i = 0; i < BOLUSES_A_DAY; i++) {
      session(() => {
        ask((done) => controller.bolus(BOLUS_MICROUNITS, {}, done));
        clock.advance(10_000);
        ask((done) => controller.resolve(done));
      });
      clock.advance(2 * 3_600_000);
    }
    session(() => {
      ask((done) => controller.stop(done));
      ask((done) => controller.run(() => true, done));
      setTbr(false);
    });
    clock.advance(endMs - clock.nowMs);
    printHeap(`day ${day}`);
  }
  if (world.hardware.crashes.length > 0) throw new Error(world.hardware.crashes.join());
}
