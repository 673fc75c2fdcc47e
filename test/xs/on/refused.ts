/**
 * What refusals cost that must not depend on the bytes refused: connections of strangers who know a controller's ID or
 * do not, and Commits whose tag is wrong early, late or everywhere.
 */

import { answerM1, MODE } from "../../../host-sim/controller/handshake.js";
import { CHANNEL_CONTROL } from "../../../host-sim/controller/records.js";
import type { KeyValueSnapshot } from "../../../host-sim/peripherals/keyValue.js";
import { type MemoryStore, World } from "../../../host-sim/world.js";
import { Peer, Stranger } from "../../peers.js";
import { bootMain } from "./firmware.js";
import { Meter, meteredBoard } from "./meteredBoard.js";

const TAG_BYTES = 16;
const CONTROLLER_ID_OFFSET = 1;
/** Set Bolus of 0.1 U: flags 0, fast, 1 x 10^-1, no extended part. */
const SET_BOLUS = Uint8Array.of(0x4b, 0x11, 0x00, 0x33, 0x01, 0xf0, 0x00, 0x00, 0x00, 0x00);

type Alter = (message: Uint8Array) => Uint8Array;

/** Flips one bit of each of some bytes. */
function flipped(...offsets: readonly number[]): Alter {
  return (message) => message.map((byte, at) => (offsets.includes(at) ? byte ^ 1 : byte));
}

/** The same, counted from the end. */
function flippedFromEnd(...offsets: readonly number[]): Alter {
  return (message) => flipped(...offsets.map((offset) => message.length - offset))(message);
}

const EVERY_TAG_BYTE = Array.from({ length: TAG_BYTES }, (_, i) => i + 1);

/** m2 as a bonded controller would send it, altered. */
const CONNECTIONS: readonly Alter[] = [
  flippedFromEnd(TAG_BYTES),
  flippedFromEnd(1),
  flippedFromEnd(...EVERY_TAG_BYTE),
  flipped(CONTROLLER_ID_OFFSET),
  flipped(CONTROLLER_ID_OFFSET + 7),
  (m2) => m2.map((byte, at) => (at >= CONTROLLER_ID_OFFSET && at < CONTROLLER_ID_OFFSET + 8 ? 0 : byte)),
  (m2) => m2.map((byte, at) => (at >= CONTROLLER_ID_OFFSET && at < CONTROLLER_ID_OFFSET + 8 ? 0xff : byte)),
];

/** A bonded pump: what it has stored, and what its controller has. */
export interface BondedPair {
  readonly pump: KeyValueSnapshot;
  readonly store: MemoryStore;
}

/** A pump just booted, the same each time, and its bonded peer. */
function bootedAgain({ pump, store }: BondedPair) {
  const meter = new Meter();
  const world = new World({
    seed: 1,
    firmware: (board) => meter.inside(() => bootMain(meteredBoard(board, meter))),
  });
  world.hardware.keyValue.restore(pump);
  world.powerUp();
  world.clock.advance(1_000);
  return { world, meter, peer: new Peer(world, store) };
}

/** Computrons from the connection to its end, of each. */
export function refusedConnections(bonded: BondedPair): readonly number[] {
  return CONNECTIONS.map((alter) => {
    const { world, meter, peer } = bootedAgain(bonded);
    const { bond, controllerId } = peer;
    meter.take();
    const stranger = new Stranger(world);
    world.clock.runUntil(() => stranger.m1 !== undefined, 5_000);
    const nonceC = new Uint8Array(16);
    const { m2 } = answerM1(stranger.m1 ?? nonceC, {
      mode: MODE.confirmed,
      controllerId,
      nonceC,
      role: bond.role,
      keys: bond,
    });
    stranger.write(alter(m2));
    world.clock.runUntil(() => stranger.endedMs !== undefined, 5_000);
    return meter.take();
  });
}

/** Computrons from a wrong Commit to `Refused`, of each. */
export function refusedCommits(bonded: BondedPair): readonly number[] {
  return [flippedFromEnd(TAG_BYTES), flippedFromEnd(1), flippedFromEnd(...EVERY_TAG_BYTE)].map((alter) => {
    const { meter, peer } = bootedAgain(bonded);
    if (!peer.open()) throw new Error("no session for the refused Commits");
    const challenge = peer.challenge(SET_BOLUS);
    const commit = alter(peer.commitMessage(SET_BOLUS, challenge));
    meter.take();
    peer.ask(CHANNEL_CONTROL, commit);
    return meter.take();
  });
}
