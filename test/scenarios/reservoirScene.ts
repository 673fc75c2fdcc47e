/** The change of a reservoir as hands and a peer do it, and what of it a peer and the flash can tell. */

import assert from "node:assert/strict";
import { HistoryLog } from "../../firmware/storage/history.js";
import { encodeReservoirAmount } from "../../host-sim/controller/ids.js";
import { decodeStatus, type Status } from "../../host-sim/controller/idsAnswers.js";
import type { World } from "../../host-sim/world.js";
import type { Peer } from "../peers.js";
import { CODE, MAINS, MINUTE_MS } from "./scene.js";

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

/** An answer that came sooner would be none. */
const ANSWER_MS = 4_000;

/** Says yes to what the pump asks, when an answer counts. */
export function sayYes(world: World): void {
  assert.ok(shows(world, "Yes: two taps and a hold"), `the pump asks: ${world.hardware.display.join(" / ")}`);
  world.clock.advance(ANSWER_MS);
  world.holdButton(2);
}

/** Asks for a move of the drive and confirms it. */
export function beginMove(world: World): void {
  world.tapButton(5);
  sayYes(world);
}

export const fillOf = (amountMicrounits: number): Uint8Array =>
  encodeReservoirAmount("setReservoirFill", { amountMicrounits });

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

/** Puts a reservoir in, tells the pump of it, and has the drive come up; what the pump shows then. */
export function putIn(world: World, peer: Peer, contentMicrounits: number, toldMicrounits = contentMicrounits) {
  world.hardware.plant.loadCartridge(contentMicrounits);
  assert.equal(peer.order(fillOf(toldMicrounits)), CODE.success);
  beginMove(world);
  return moveEnded(world);
}

/** In Stop, its peer in session: rewinds, puts a reservoir in, has the drive come up. */
export function changeReservoir(world: World, peer: Peer, contentMicrounits: number): void {
  beginMove(world);
  assert.deepEqual(moveEnded(world), ["Change the reservoir", "Tell the controller what is in it"]);
  assert.match(putIn(world, peer, contentMicrounits)[0] ?? "", /^Reservoir: /);
}

/** The force sensor reads so from now on: a fraction of its full scale, or nothing. */
export function deadForce(world: World, fraction: number | undefined): void {
  const { plant, sensors } = world.hardware;
  if (fraction === undefined) sensors.setFailing("force", true);
  else Object.defineProperty(plant, "forceFraction", { get: () => fraction, configurable: true });
}

/** One reading of the force sensor is so, the next one. */
export function forceOnce(world: World, fraction: number | undefined): void {
  const { plant } = world.hardware;
  const honest = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(plant), "forceFraction");
  assert.ok(honest?.get);
  const get = honest.get.bind(plant);
  deadForce(world, fraction);
  world.clock.advance(1_000);
  if (fraction === undefined) world.hardware.sensors.setFailing("force", false);
  else Object.defineProperty(plant, "forceFraction", { get, configurable: true });
}

/** What the drive may be off its stop by (SR-129). */
const SLACK_MICROUNITS = 50_000;
/** An SFLOAT of over 204.7 U has steps of 1 U, rounded down. */
const STEP_MICROUNITS = 1_000_000;

/** What remains by the pump's account is what is there, or a little less. */
export function assertAccount(world: World, peer: Peer): void {
  const { reservoirMicrounits } = statusOf(peer);
  const there = world.hardware.plant.reservoirMicrounits;
  assert.ok(reservoirMicrounits !== undefined);
  const short = there - reservoirMicrounits;
  assert.ok(
    short > -SLACK_MICROUNITS && short < STEP_MICROUNITS + SLACK_MICROUNITS,
    `${reservoirMicrounits} of ${there}`,
  );
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
