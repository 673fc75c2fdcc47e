/** What the scenarios have in common: rigs, a pump under way with a bonded peer, and questions to the plant. */

import assert from "node:assert/strict";
import { microunits, microunitsPerHour } from "../../firmware/base/units.js";
import { DEFAULT_RIG, type LimitsConfig, type RigConfig } from "../../firmware/rig.js";
import { HistoryLog } from "../../firmware/storage/history.js";
import { encodeSetBolus, encodeSetTbr, encodeSetTherapyControlState } from "../../host-sim/controller/ids.js";
import type { Power } from "../../host-sim/peripherals/power.js";
import type { MemoryStore, World, WorldOptions } from "../../host-sim/world.js";
import { runningWorld } from "../bench.js";
import { Peer } from "../peers.js";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Response codes of PROTOCOL.md section 6. */
export const CODE = {
  success: 0x0f,
  opcodeNotSupported: 0x70,
  invalidOperand: 0x71,
  notCompleted: 0x72,
  outOfRange: 0x73,
  notApplicable: 0x74,
  plausibility: 0x75,
  maxBolusNumber: 0x76,
  stale: 0x80,
  challengeUnknown: 0x81,
  challengeExpired: 0x82,
  roleNotPermitted: 0x85,
} as const;
/** Types of annunciations (Insulin Delivery Service 1.0). */
export const ANNUNCIATION = {
  systemIssue: 0x0f,
  mechanicalIssue: 0x33,
  occlusion: 0x3c,
  bolusCanceled: 0x30c,
  maxDelivery: 0x356,
} as const;
/** Power that never goes: to read a flash from outside, or to run a store without a board. */
export const MAINS: Power = { check: () => {}, operate: (_kind, whole) => whole() };
/** Enough of the history's flash for a scenario's events. */
const HISTORY_BYTES = 64 * 1024;
/** More than one half-step of the plant, 1,256 microunits: what a plan may be short of the insulin it stands for. */
const HALF_STEP_MICROUNITS = 1_300;
/** What plant and firmware may differ by because each has its own constants: 1 in 10^6. */
const CALIBRATION = 1e-6;

export interface RigChanges {
  readonly limits?: Partial<{ readonly [Name in keyof LimitsConfig]: number }>;
  readonly basalMicrounitsPerHour?: number;
  readonly reservoirMicrounits?: number;
}

/** The default rig with other limits, basal rate and reservoir. */
export function rigWith(changes: RigChanges): RigConfig {
  const { limits, provisioning } = DEFAULT_RIG;
  const { basalMicrounitsPerHour = provisioning.basalMicrounitsPerHour } = changes;
  const { reservoirMicrounits = provisioning.reservoirMicrounits } = changes;
  return {
    ...DEFAULT_RIG,
    limits: { ...limits, ...(changes.limits as Partial<LimitsConfig>) },
    provisioning: {
      basalMicrounitsPerHour: microunitsPerHour(basalMicrounitsPerHour),
      reservoirMicrounits: microunits(reservoirMicrounits),
    },
  };
}

export const bolusOf = (amountMicrounits: number): Uint8Array =>
  encodeSetBolus({ amountMicrounits, correction: false, meal: false });

export const tbrOf = (rateMicrounitsPerHour: number, durationMinutes: number, change = false): Uint8Array =>
  encodeSetTbr({ rateMicrounitsPerHour, durationMinutes, change });

export const STOP = encodeSetTherapyControlState("stop");
export const RUN = encodeSetTherapyControlState("run");

export interface Scene {
  readonly world: World;
  readonly store: MemoryStore;
  readonly peer: Peer;
}

/** A pump in Run, and in session with it a peer that holds the only bond. No annunciation is pending. */
export function peerScene(options: WorldOptions): Scene {
  const { world, controller, store } = runningWorld(options);
  controller.close();
  world.clock.advance(1_000);
  world.tapButton(1);
  const peer = new Peer(world, store);
  assert.ok(peer.open(), `a session with seed ${options.seed}`);
  return { world, store, peer };
}

/** The same with the session closed. */
export function quietScene(options: WorldOptions): Scene {
  const scene = peerScene(options);
  scene.peer.close();
  return scene;
}

/** Opens a session, asks, and closes it again. */
export function inSession<T>(peer: Peer, ask: (peer: Peer) => T): T {
  assert.ok(peer.open(), "a session");
  const answer = ask(peer);
  peer.close();
  return answer;
}

/** Orders a bolus and waits until it must be over: a pulse of 0.05 U every 2 s, and basal pulses in between. */
export function deliver({ world, peer }: Scene, amountMicrounits: number): number {
  const code = inSession(peer, () => peer.order(bolusOf(amountMicrounits)));
  world.clock.advance((Math.ceil(amountMicrounits / 50_000) + 2) * 2_000 + 10_000);
  return code;
}

/** The plant has displaced what was planned, to within the half-step that may still be owed. */
export function assertDisplaced(world: World, plannedMicrounits: number, message = ""): void {
  const { displacedMicrounits } = world.hardware.plant;
  const missing = plannedMicrounits - displacedMicrounits;
  const calibration = plannedMicrounits * CALIBRATION + 1;
  assert.ok(
    missing >= -calibration && missing < HALF_STEP_MICROUNITS + calibration,
    `${message} the plant displaced ${displacedMicrounits} µU of ${plannedMicrounits}`,
  );
}

/** No exception left the firmware, and no half-step was lost. */
export function assertSound(world: World): void {
  assert.deepEqual(world.hardware.crashes, []);
  assert.equal(world.hardware.plant.lostSteps, 0);
}

/** The history as it stands on its flash. */
export const historyOf = ({ hardware }: World): Uint8Array =>
  new Uint8Array(hardware.flash.open(MAINS).read(HISTORY_BYTES, 0));

/** Type of the oldest pending annunciation, by radio; undefined when none is pending. */
export function oldestAnnunciation(peer: Peer): number | undefined {
  const answer = peer.ask(0x22);
  assert.ok(answer?.channel === 0x22, "the annunciation status");
  const [flags, , , low = 0, high = 0] = answer.value;
  return flags === 1 ? low | (high << 8) : undefined;
}

export const coilsOn = ({ hardware }: World): boolean =>
  [0, 1, 2, 3].some((coil) => hardware.plant.coilLevel(coil) > 0);

/** Listens at the coils from now on: calls back before they are switched on, once a pulse, however slow the pulse is. */
export function onPulse(world: World, began: () => void): void {
  const { plant } = world.hardware;
  const setCoil = plant.setCoil.bind(plant);
  plant.setCoil = (coil, level) => {
    if (level === 1 && !coilsOn(world)) began();
    setCoil(coil, level);
  };
}

/** The same: when each pulse began. */
export function listenToPulses(world: World): number[] {
  const starts: number[] = [];
  onPulse(world, () => starts.push(world.clock.nowMs));
  return starts;
}

/** When the pump last traced that it did `what`. */
export function lastTracedMs(world: World, what: string): number {
  const line = world.hardware.trace.findLast(({ line }) => line === what);
  assert.ok(line, `the pump never traced "${what}"`);
  return line.atMs;
}

/** Lets one write of `key` throw, the next one after now, and leaves the value as it was. */
export function failOnce(world: World, key: string): () => void {
  const { keyValue } = world.hardware;
  const open = keyValue.open.bind(keyValue);
  let armed = false;
  keyValue.open = (power) => {
    const store = open(power);
    const write = (name: string, value: Uint8Array) => {
      if (armed && name === key) {
        armed = false;
        throw new Error("ESP_ERR_FLASH_OP_FAIL");
      }
      store.write(name, value);
    };
    return { ...store, write };
  };
  world.powerCycle();
  world.clock.advance(5_000);
  return () => {
    armed = true;
  };
}

/** The history's flash holds every sequence from 0 on, none missing and none twice. */
export function assertHistoryWhole(world: World): void {
  const log = new HistoryLog(world.hardware.flash.open(MAINS));
  const sequences: number[] = [];
  log.mount();
  log.read(0, 0xffffffff, ({ sequence }) => sequences.push(sequence));
  assert.ok(sequences.length > 0);
  assert.deepEqual(
    sequences,
    sequences.map((_, i) => i),
  );
}
