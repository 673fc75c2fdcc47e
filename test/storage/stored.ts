/** The stored versions and pumps as their files have them, and what is needed to make more. */

import { readFileSync } from "node:fs";
import { sha256 } from "@noble/hashes/sha2.js";
import { HmacKey } from "../../firmware/base/hmacKey.js";
import { blobSpecs } from "../../firmware/boot.js";
import { type BlobSpec, StateBlob } from "../../firmware/storage/blob.js";
import { HISTORY_VERSION } from "../../firmware/storage/historyRecord.js";
import type { DoseId, Outcome } from "../../host-sim/controller/control.js";
import type { DurableState } from "../../host-sim/durable.js";
import { contentsOf } from "../../host-sim/peripherals/flash.js";
import type { KeyValueSnapshot } from "../../host-sim/peripherals/keyValue.js";
import type { PlantSnapshot } from "../../host-sim/plant/plant.js";
import { MemoryStore } from "../../host-sim/world.js";
import type { Peer } from "../peers.js";
import { bolusOf, coilsOn, MINUTE_MS, peerScene, type Scene, tbrOf } from "../scenarios/scene.js";
import { FakeFlash, mounted } from "./fake-flash.js";
import { FakeStore } from "./fake-store.js";
import { PUMP_BLOBS, type PumpBlob } from "./formats.js";
import { HISTORY_SAMPLE, SAMPLES } from "./samples.js";

export const VERSIONS_FILE = "test/storage/storedVersions.json";
export const PUMPS_FILE = "test/storage/storedPumps.json";
export const HISTORY = "history";

/** One copy of one blob, or one record of the history, in one version; and what it means to today's firmware. */
export interface StoredVersion {
  readonly of: PumpBlob | typeof HISTORY;
  readonly version: number;
  /** Hexadecimal, all that is stored: a copy with its envelope, or a slot of the flash. */
  readonly bytes: string;
  readonly value: unknown;
}

/** All that a pump left when its power went, and what is to be found again. */
export interface StoredPump {
  /** Versions of its blobs and its history. */
  readonly versions: { readonly [name: string]: number };
  readonly nowMs: number;
  readonly keyValue: { readonly [key: string]: string };
  /** From its start, without what is erased behind. */
  readonly flash: string;
  readonly plant: PlantSnapshot;
  /** The store of the controller that it is bonded with. */
  readonly controller: string;
  readonly epoch: number;
  readonly pumpId: string;
  readonly bolusTotalMicrounits: number;
  readonly basalTotalMicrounits: number;
  /** What the next boot answered, each with its ID. */
  readonly outcomes: readonly Outcome[];
  readonly historyRecords: number;
}

export const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));

export const storedVersions = (): readonly StoredVersion[] => JSON.parse(readFileSync(VERSIONS_FILE, "utf8"));
export const storedPumps = (): readonly StoredPump[] => JSON.parse(readFileSync(PUMPS_FILE, "utf8"));

/** A value as JSON has it: bytes and keys in hexadecimal, without what is undefined. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hexOf(value);
  if (value instanceof HmacKey) return hexOf(value.bytes);
  if (Array.isArray(value)) return value.map((each) => plain(each ?? null));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
}

/** Of everything that is stored. */
export function currentVersions(): StoredPump["versions"] {
  const specs = blobSpecs(sha256);
  const blobs = PUMP_BLOBS.map((blob) => [blob, specs[blob].version]);
  return Object.fromEntries([...blobs, [HISTORY, HISTORY_VERSION]]);
}

/** The sample of a blob, or of the history, as today's firmware stores it. */
export function storedToday(of: StoredVersion["of"]): StoredVersion {
  const version = currentVersions()[of] ?? 0;
  if (of === HISTORY) {
    const flash = new FakeFlash(2, 1);
    mounted(flash).log.append(HISTORY_SAMPLE);
    return { of, version, bytes: hexOf(flash.memory.slice(0, 32)), value: plain(HISTORY_SAMPLE) };
  }
  const store = new FakeStore();
  const spec: BlobSpec<unknown> = blobSpecs(sha256)[of] as BlobSpec<unknown>;
  const blob = new StateBlob(store, spec);
  blob.load();
  blob.commit(SAMPLES[of]);
  const stored = store.entries.get(`${spec.name}.a`) ?? new Uint8Array(0);
  return { of, version, bytes: hexOf(stored), value: plain(SAMPLES[of]) };
}

/** The content of a pump's key-value storage, a calibration added. */
export function withCalibration(keyValue: KeyValueSnapshot): KeyValueSnapshot {
  const store = new FakeStore();
  const { calibration } = blobSpecs(sha256);
  const blob = new StateBlob(store, calibration);
  blob.load();
  blob.commit({ insulinPerTurnMicrounits: undefined, forceZero: 200 });
  return { ...keyValue, ...Object.fromEntries([...store.entries].map(([key, bytes]) => [key, [...bytes]])) };
}

/** A pump that has been provisioned, calibrated, bonded and used, cut amid a bolus by today's firmware. */
export function pumpStoredToday(seed: number): StoredPump {
  const scene = peerScene({ seed });
  const { world, store, peer } = scene;
  peer.close();
  world.hardware.cut();
  world.hardware.keyValue.restore(withCalibration(world.hardware.keyValue.snapshot()));
  world.powerUp();
  if (!peer.open()) throw new Error("no first session");
  const ids = [ordered(scene, bolusOf(300_000))];
  peer.close();
  world.clock.advance(10 * MINUTE_MS);
  if (!peer.open()) throw new Error("no second session");
  ids.push(ordered(scene, tbrOf(2_000_000, 30)), ordered(scene, bolusOf(500_000)));
  world.clock.advance(5_000);
  // Amid a pulse.
  world.clock.runUntil(() => coilsOn(world), MINUTE_MS);
  world.hardware.cut();
  const { keyValue, flash, plant, nowMs } = world.hardware.durableState();
  if (!plant) throw new Error("nothing moved");
  const { identity, journal } = stateOf(keyValue);
  const used = flash.findLastIndex((byte) => byte !== 0xff) + 1;
  world.powerUp();
  if (!peer.open()) throw new Error("no session after the cut");
  return {
    versions: currentVersions(),
    nowMs,
    keyValue: Object.fromEntries(Object.entries(keyValue).map(([key, bytes]) => [key, hexOf(Uint8Array.from(bytes))])),
    flash: hexOf(flash.slice(0, used)),
    plant,
    controller: hexOf(store.read() ?? new Uint8Array(0)),
    epoch: identity.epoch,
    pumpId: hexOf(identity.pumpId),
    bolusTotalMicrounits: journal.bolusTotalMicrounits,
    basalTotalMicrounits: journal.basalTotalMicrounits,
    outcomes: ids.map((doseId) => outcomeOf(peer, doseId)),
    historyRecords: Math.ceil(used / 32),
  };
}

function ordered({ peer }: Scene, command: Uint8Array): DoseId {
  const challenge = peer.challenge(command);
  peer.commit(command, challenge);
  return challenge.doseId;
}

export function outcomeOf(peer: Peer, doseId: DoseId): Outcome {
  const outcome = peer.outcome(doseId);
  if (typeof outcome === "number") throw new Error(`Outcome was refused with ${outcome}`);
  return outcome;
}

/** What a storage means to today's firmware. Throws where something is missing. */
export function stateOf(keyValue: DurableState["keyValue"]) {
  const store = new FakeStore();
  for (const [key, bytes] of Object.entries(keyValue)) store.entries.set(key, Uint8Array.from(bytes));
  const loaded = <T>(spec: BlobSpec<T>): T => {
    const found = new StateBlob(store, spec).load();
    if (!("value" in found)) throw new Error(`${spec.name} is ${found.kind}`);
    return found.value;
  };
  const { identity, bonds, standing, journal } = blobSpecs(sha256);
  return {
    identity: loaded(identity),
    bonds: loaded(bonds),
    standing: loaded(standing),
    journal: loaded(journal),
  };
}

/** A stored pump as a board finds it. */
export function durableStateOf(pump: StoredPump): DurableState {
  const flash = contentsOf([{ offset: 0, bytes: [...bytesOf(pump.flash)] }]);
  if (!flash) throw new Error("more than the flash holds");
  const keyValue = Object.fromEntries(Object.entries(pump.keyValue).map(([key, hex]) => [key, [...bytesOf(hex)]]));
  return { nowMs: pump.nowMs, keyValue, flash, plant: pump.plant, entropyMode: "good" };
}

export function storeOf(pump: StoredPump): MemoryStore {
  const store = new MemoryStore();
  store.write(bytesOf(pump.controller));
  return store;
}
