/** The memory of the running pump. Its programs run one after the other on one machine; each prints what is in use. */

import type { Board } from "../../../firmware/board.js";
import { World } from "../../../host-sim/world.js";
import type { HeapUse } from "../benchReport.js";
import { bootMain } from "./firmware.js";

const LIMIT_MS = 60_000;

/** Prints what is in use now. */
export function printHeap(name: string): void {
  print(JSON.stringify({ name, slots: liveSlots(), dataBytes: liveDataBytes() } satisfies HeapUse));
}

/** The pump in its states, with the controller that brings it there. */
export function heap(): void {
  let firmware: (board: Board) => void = () => {};
  const world = new World({ seed: 1, firmware: (board) => firmware(board) });
  const controller = world.controller();
  const ask = (start: (done: (result: { readonly kind: string }) => void) => void) => {
    const result = world.await(start, LIMIT_MS);
    if (result?.kind !== "ok") throw new Error(`asked, and got ${result?.kind}`);
  };
  world.powerUp();
  world.clock.advance(1_000);
  printHeap("board without firmware");
  world.hardware.cut();
  firmware = bootMain;
  world.powerUp();
  world.clock.advance(1_000);
  printHeap("booted");
  const pair = () => {
    const shown = world.openPairing();
    ask((done) => controller.pair(shown, done));
    controller.close();
    world.clock.advance(130_000);
  };
  pair();
  printHeap("paired");
  pair();
  printHeap("paired again");
  if (world.hardware.crashes.length > 0) throw new Error(world.hardware.crashes.join());
}
