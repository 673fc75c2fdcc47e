/** The memory of the running pump. Its programs run one after the other on one machine; each prints what is in use. */

import type { Board } from "../../../firmware/board.js";
import { MemoryStore, World } from "../../../host-sim/world.js";
import type { HeapUse } from "../benchReport.js";
import type { Bonded } from "../bonded.js";
import { bootMain } from "./firmware.js";

const LIMIT_MS = 60_000;

/** Prints what is in use now. */
export function printHeap(name: string): void {
  print(JSON.stringify({ name, slots: liveSlots(), dataBytes: liveDataBytes() } satisfies HeapUse));
}

/**
 * Opens what the firmware opens, so that the simulator's peripherals, which a board has in C, are in the baseline. The
 * board's session keeps them as long as its power is on.
 */
function openPeripherals(board: Board): void {
  const { pins, Digital } = board;
  const held: object[] = [...pins.coils, pins.led].map((pin) => new Digital({ pin, mode: Digital.Output }));
  held.push(
    new Digital({
      pin: pins.button,
      mode: Digital.InputPullUp,
      edge: Digital.Rising | Digital.Falling,
      onReadable: () => held.length,
    }),
    new board.PWM({ pin: pins.buzzer }),
    new board.PulseCount(pins.encoder),
    new board.Analog({ pin: pins.force }),
    board.openKeyValue(),
    board.openHistoryFlash(),
    new board.Serial({
      ...pins.serial,
      baud: 115_200,
      format: "buffer",
      onReadable: () => held.length,
      onWritable: () => held.length,
    }),
    new board.GATTServer({
      mtu: 247,
      services: [],
      onReady: () => held.length,
      onConnect: () => {},
      onDisconnect: () => {},
    }),
  );
}

/** The pump in its states, from one that has been in use. */
export function heap({ pump, store }: Bonded): void {
  let firmware: (board: Board) => void = openPeripherals;
  const world = new World({ seed: 1, firmware: (board) => firmware(board) });
  const kept = new MemoryStore();
  kept.write(Uint8Array.from(store));
  const controller = world.controller(kept);
  const ask = (start: (done: (result: { readonly kind: string }) => void) => void) => {
    const result = world.await(start, LIMIT_MS);
    if (result?.kind !== "ok") throw new Error(`asked, and got ${result?.kind}`);
  };
  world.hardware.keyValue.restore(pump);
  world.powerUp();
  world.clock.advance(1_000);
  printHeap("board without firmware");
  world.hardware.cut();
  firmware = bootMain;
  world.powerUp();
  world.clock.advance(1_000);
  printHeap("booted");
  ask((done) => controller.open(done));
  printHeap("open session");
  controller.close();
  world.clock.advance(10_000);
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
