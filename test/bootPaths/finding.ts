/** Whole pumps whose storage a boot is to find in some state, and what can be seen of them from outside. */

import assert from "node:assert/strict";
import type { Board } from "../../firmware/board.js";
import { AnnunciationType } from "../../firmware/ids/values.js";
import { startPump } from "../../firmware/pump.js";
import type { RigConfig } from "../../firmware/rig.js";
import { StateBlob } from "../../firmware/storage/blob.js";
import { STANDING_BLOB } from "../../firmware/therapy/standingBlob.js";
import type { DurableState } from "../../host-sim/durable.js";
import type { EntropyMode } from "../../host-sim/peripherals/entropy.js";
import { MemoryStore, World } from "../../host-sim/world.js";
import { Peer, Stranger } from "../peers.js";
import { CODE, coilsOn, HOUR_MS, MINUTE_MS, quietScene, RUN, rigWith } from "../scenarios/scene.js";
import { FakeStore } from "../storage/fake-store.js";
import { withCalibration } from "../storage/stored.js";

const SEED = 471;
const U = 1_000_000;
/** A pulse every 36 s. */
const RIG = rigWith({ basalMicrounitsPerHour: 5 * U });
/** The firmware's PINS, on the simulated board. */
const LED_PIN = 2;
const BUZZER_PIN = 25;

/** What a pump left that was bonded, in Run, with nothing pending, and its controller's store. */
export interface Kept {
  readonly durable: DurableState;
  readonly controller: Uint8Array;
}

/** A pump in Run at 5 U/h, cut between two pulses. */
export function keptPump(): Kept {
  const { world, store } = quietScene({ seed: SEED, rig: RIG });
  world.hardware.cut();
  world.hardware.keyValue.restore(withCalibration(world.hardware.keyValue.snapshot()));
  world.powerUp();
  world.clock.advance(5 * MINUTE_MS);
  world.tapButton(1);
  world.clock.runUntil(() => coilsOn(world), MINUTE_MS);
  world.clock.advance(5_000);
  world.hardware.cut();
  const controller = store.read();
  assert.ok(controller);
  return { durable: world.hardware.durableState(), controller };
}

export interface Changes {
  readonly rig?: RigConfig;
  readonly entropy?: EntropyMode;
  /** What the firmware finds its board to be. */
  readonly board?: (board: Board) => Board;
}

export interface Finding {
  readonly world: World;
  /** Of the controller that the pump was bonded with; undefined for a new pump. */
  readonly controller: Uint8Array | undefined;
}

/** The kept pump, its storage changed: power is off. */
export function finding(kept: Kept, change: (durable: DurableState) => DurableState, changes: Changes = {}): Finding {
  const { rig = RIG, entropy = "good", board = (same) => same } = changes;
  const restored = { ...change(kept.durable), entropyMode: entropy };
  const firmware = (given: Board) => startPump(board(given));
  return { world: new World({ seed: SEED, rig, restored, earlierStarts: 1, firmware }), controller: kept.controller };
}

/** A pump as it left the factory. */
export function newPump(changes: Changes = {}): Finding {
  const { rig = RIG, entropy = "good", board = (same) => same } = changes;
  const world = new World({ seed: SEED, rig, firmware: (given) => startPump(board(given)) });
  world.hardware.entropy.mode = entropy;
  return { world, controller: undefined };
}

/** What comes of a boot, in the words of the table. */
export interface Seen {
  readonly therapy: "Stop" | "Run" | "none: coils off";
  readonly radio: "on the air, bonds kept" | "on the air, no bonds" | "off";
  readonly shown: string;
  readonly annunciations: string;
  readonly run: string;
}

const runs = ({ hardware, clock }: World): boolean => {
  const from = hardware.plant.displacedMicrounits;
  clock.advance(3 * MINUTE_MS);
  const moved = hardware.plant.displacedMicrounits - from;
  // Five pulses of 0.05 U, or none.
  assert.ok(moved === 0 || (moved > 190_000 && moved < 310_000), `${moved}`);
  return moved > 0;
};

/** Switches the pump on and looks. */
export function seen({ world, controller }: Finding): Seen {
  const { hardware } = world;
  world.powerUp();
  assert.ok(hardware.powered, `${hardware.crashes}`);
  world.clock.advance(100);
  const buzzed = hardware.outputLevel(BUZZER_PIN) > 0;
  world.clock.advance(900);
  const shown = hardware.display.join(" / ");
  assert.ok(buzzed && hardware.outputLevel(BUZZER_PIN) === 0, "a sound, and its end");
  assert.equal(hardware.outputLevel(LED_PIN), 1, "the light");
  const moves = runs(world);
  const radio = radioOf(world, controller);
  const isFault = shown.startsWith("FAULT");
  const therapy = isFault ? "none: coils off" : moves ? "Run" : "Stop";
  if (!moves) assert.ok(!coilsOn(world), "coils off");
  const result: Seen = {
    therapy,
    radio,
    shown,
    annunciations: radio === "off" && isFault ? "none stored" : pendingOf(world),
    run: radio === "off" ? "unheard" : runOrdered(world, controller, radio === "on the air, no bonds"),
  };
  assert.deepEqual(hardware.crashes, []);
  return result;
}

/** Names of what is pending, as it is stored. */
function pendingOf({ hardware }: World): string {
  const store = new FakeStore();
  for (const [key, bytes] of Object.entries(hardware.keyValue.snapshot()))
    store.entries.set(key, Uint8Array.from(bytes));
  const found = new StateBlob(store, STANDING_BLOB).load();
  assert.ok("value" in found, found.kind);
  return found.value.annunciations.pending.map(({ type }) => nameOf(type)).join(", ");
}

const nameOf = (type: number) => Object.entries(AnnunciationType).find(([, value]) => value === type)?.[0] ?? `${type}`;

function radioOf(world: World, controller: Uint8Array | undefined): Seen["radio"] {
  const stranger = new Stranger(world);
  world.clock.advance(20_000);
  stranger.leave();
  world.clock.advance(5_000);
  if (stranger.connectedMs === undefined) return "off";
  if (controller === undefined) return "on the air, no bonds";
  const peer = new Peer(world, storeOf(controller));
  const opened = peer.open(10_000);
  peer.close();
  return opened ? "on the air, bonds kept" : "on the air, no bonds";
}

export function storeOf(controller: Uint8Array): MemoryStore {
  const store = new MemoryStore();
  store.write(controller);
  return store;
}

/** Orders Run by a countersigned command, paired for it if need be, and says what comes of it. */
function runOrdered(world: World, controller: Uint8Array | undefined, pairs: boolean): string {
  const store = pairs || controller === undefined ? paired(world) : storeOf(controller);
  if (store === undefined) return "unheard: no pairing";
  const peer = new Peer(world, store);
  assert.ok(peer.open(), "a session to order Run in");
  const code = peer.order(RUN);
  peer.close();
  if (code !== CODE.success) return `refused: ${code.toString(16)}`;
  if (runs(world)) return "starts basal";
  assert.match(pendingOf(world), /MaxDelivery/);
  world.clock.advance(2 * HOUR_MS);
  assert.ok(runs(world), "Run was obeyed");
  return "starts basal within 2 h";
}

function paired(world: World): MemoryStore | undefined {
  const store = new MemoryStore();
  const controller = world.controller(store);
  const text = world.openPairing();
  if (text === "") return undefined;
  const result = world.await<{ readonly kind: string }>((done) => controller.pair(text, done));
  assert.equal(result?.kind, "ok", "pairing");
  controller.close();
  world.clock.advance(1_000);
  return store;
}
