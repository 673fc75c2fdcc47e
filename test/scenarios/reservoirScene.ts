/** The change of a reservoir as hands and a peer do it, and what of it a peer and the flash can tell. */

import assert from "node:assert/strict";
import { HistoryLog } from "../../firmware/storage/history.js";
import { decodeStatus, type Status } from "../../host-sim/controller/idsAnswers.js";
import type { World } from "../../host-sim/world.js";
import type { Peer } from "../peers.js";
import { MAINS, MINUTE_MS } from "./scene.js";

/** A full rewind takes under 15 minutes. */
const LEG_LIMIT_MS = 20 * MINUTE_MS;

export const EVENT = { reservoirChanged: 0x0330, operational: 0x030c, primingStarted: 0x0395, primingDone: 0x039a };
export const OPERATIONAL = { off: 0x33, preparing: 0x55, priming: 0x5a, waiting: 0x66, ready: 0x96 } as const;

export function statusOf(peer: Peer): Status {
  const status = decodeStatus(peer.ask(0x21)?.value ?? new Uint8Array(0));
  assert.ok(status, "a status");
  return status;
}

const shows = (world: World, text: string): boolean => world.hardware.display.some((line) => line.includes(text));

/** Asks for a move of the drive and confirms it. */
export function beginMove(world: World): void {
  world.tapButton(5);
  assert.ok(shows(world, "Hold within a minute"), `the pump asks: ${world.hardware.display.join(" / ")}`);
  world.holdButton();
}

/** Waits until the drive has come to a rest; what the pump shows then. */
export function moveEnded(world: World): readonly string[] {
  const moves = () => shows(world, "Hold to halt it");
  assert.ok(moves(), `the drive moves: ${world.hardware.display.join(" / ")}`);
  assert.ok(
    world.clock.runUntil(() => !moves(), LEG_LIMIT_MS),
    "the drive comes to a rest",
  );
  return world.hardware.display;
}

/** In Stop: rewinds, puts a reservoir in, has the drive come up. */
export function changeReservoir(world: World, contentMicrounits: number): void {
  beginMove(world);
  assert.deepEqual(moveEnded(world), ["Change the reservoir", "Then tap five times"]);
  world.hardware.plant.loadCartridge(contentMicrounits);
  beginMove(world);
  assert.match(moveEnded(world)[0] ?? "", /^Reservoir: /);
}

/** Events of a kind as [sequence, data in hexadecimal], as they stand on the flash. */
export function eventsOf(world: World, ...events: readonly number[]): readonly string[] {
  const log = new HistoryLog(world.hardware.flash.open(MAINS));
  const found: string[] = [];
  log.mount();
  log.read(0, 0xffffffff, ({ event, data }) => {
    if (events.includes(event)) found.push(`${event.toString(16)} ${Buffer.from(data).toString("hex")}`);
  });
  return found;
}
