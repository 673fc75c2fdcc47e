/**
 * One of everything that was ever stored, in every version, and whole pumps: today's firmware reads them all.
 *
 * When the layout of a blob or of a history record changes:
 * 1. Raise its version, and add what read the version before to its `older` (storage/blob.ts; of records,
 *    `decodeRecord` in storage/historyRecord.ts). A new blob raises the marker's version as well (boot.ts).
 * 2. Where the value has changed too, change its sample in samples.ts, and in storedVersions.json the `value` of older
 *    versions to what they now mean. Never change their `bytes`, nor anything in storedPumps.json.
 * 3. `npm run build && node .build/test/storage/addStored.js && npx biome check --write test/storage` adds today's
 *    versions, and a pump of today's. Commit them with the change.
 * A version that is to be read no longer keeps its entry: it is then found to be refused.
 */

import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { blobSpecs } from "../../firmware/boot.js";
import { type BlobSpec, StateBlob } from "../../firmware/storage/blob.js";
import { World } from "../../host-sim/world.js";
import { Peer } from "../peers.js";
import { assertSound, bolusOf, CODE, historyOf, MINUTE_MS } from "../scenarios/scene.js";
import { FakeFlash, mounted, SLOT_BYTES } from "./fake-flash.js";
import { FakeStore } from "./fake-store.js";
import { nameOf, PUMP_BLOBS, type PumpBlob } from "./formats.js";
import {
  bytesOf,
  currentVersions,
  durableStateOf,
  HISTORY,
  hexOf,
  outcomeOf,
  plain,
  type StoredPump,
  type StoredVersion,
  stateOf,
  storedPumps,
  storedToday,
  storedVersions,
  storeOf,
} from "./stored.js";

/** Of a record's slot. */
const FORMAT_OFFSET = 25;
const HOW = "see the top of this file for how to add it";

const specOf = (of: PumpBlob) => blobSpecs(sha256)[of] as BlobSpec<unknown>;

/** What today's firmware finds in two such copies. */
function loadedFrom({ of, bytes }: StoredVersion & { readonly of: PumpBlob }) {
  const store = new FakeStore();
  const spec = specOf(of);
  for (const slot of ["a", "b"]) store.write(`${spec.name}.${slot}`, bytesOf(bytes));
  const blob = new StateBlob(store, spec);
  return { store, blob, found: blob.load() };
}

function assertReads(stored: StoredVersion): void {
  const { of, version, bytes, value } = stored;
  if (of === HISTORY) {
    const flash = new FakeFlash(2, 1);
    flash.memory.set(bytesOf(bytes));
    const records: unknown[] = [];
    mounted(flash).log.read(0, 0xffffffff, (record) => records.push(plain(record)));
    assert.deepEqual(records, [value]);
    return;
  }
  const { older = [], version: today, name } = specOf(of);
  const { store, blob, found } = loadedFrom({ ...stored, of });
  if (version !== today && !older.some((each) => each.version === version)) {
    assert.deepEqual(found, { kind: "lost", unreadVersion: version });
    return;
  }
  assert.equal(found.kind, version === today ? "intact" : "older");
  assert.ok("value" in found);
  assert.deepEqual(plain(found.value), value);
  blob.commit(found.value);
  assert.equal(store.entries.get(`${name}.a`)?.[0], today);
  const again = new StateBlob(store, specOf(of)).load();
  assert.ok(again.kind === "intact");
  assert.deepEqual(plain(again.value), value);
}

describe("stored versions", () => {
  const all = storedVersions();

  for (const of of [...PUMP_BLOBS, HISTORY] as const) {
    it(`have one of ${of} in every version up to today's, each once (SR-73)`, () => {
      const today = currentVersions()[of] ?? 0;
      const kept = all.filter((each) => each.of === of).map(({ version }) => version);
      const wanted = Array.from({ length: today }, (_, i) => i + 1);
      assert.deepEqual(kept.sort(), wanted, `versions of ${of} kept, and wanted: ${HOW}`);
      const known = of === HISTORY ? [] : (specOf(of).older ?? []);
      for (const { version } of known) assert.ok(wanted.includes(version) && version < today, `${of} ${version}`);
    });

    it(`hold ${of} as today's firmware stores it: a change of layout is a new version (SR-73)`, () => {
      const kept = all.find((each) => each.of === of && each.version === currentVersions()[of]);
      assert.deepEqual(storedToday(of), kept, `the layout of ${of} has changed, and its version has not`);
    });
  }

  for (const stored of all)
    it(`are read: ${stored.of} version ${stored.version} (SR-73)`, () => {
      assertReads(stored);
    });
});

/** Boots today's firmware on a stored pump. */
function booted(pump: StoredPump): { readonly world: World; readonly peer: Peer } {
  const world = new World({ seed: 7, restored: durableStateOf(pump), earlierStarts: 1 });
  world.powerUp();
  world.clock.advance(1_000);
  return { world, peer: new Peer(world, storeOf(pump)) };
}

describe("stored pumps", () => {
  const pumps = storedPumps();

  it("have one with today's versions of everything, and say their versions truly (SR-73)", () => {
    const today = JSON.stringify(currentVersions());
    assert.ok(
      pumps.some(({ versions }) => JSON.stringify(versions) === today),
      `no pump has ${today}: ${HOW}`,
    );
    for (const { versions, keyValue, flash, historyRecords } of pumps) {
      const { [HISTORY]: history, ...blobs } = versions;
      for (const [blob, version] of Object.entries(blobs))
        for (const slot of ["a", "b"]) {
          const stored = keyValue[`${nameOf(blob as PumpBlob)}.${slot}`];
          assert.equal(stored && bytesOf(stored)[0], version, blob);
        }
      const names = Object.keys(blobs).map((blob) => nameOf(blob as PumpBlob));
      const keys = names.flatMap((name) => [`${name}.a`, `${name}.b`]);
      assert.deepEqual(Object.keys(keyValue).sort(), keys.sort(), "every key is of a blob");
      const format = bytesOf(flash)[(historyRecords - 1) * SLOT_BYTES + FORMAT_OFFSET];
      assert.equal(format === 0xff ? 1 : format, history);
    }
  });

  for (const [index, pump] of pumps.entries())
    it(`are booted on: number ${index + 1} keeps bond, doses, totals and history, in the next epoch (SR-33, SR-73)`, () => {
      const { world, peer } = booted(pump);
      const { identity, journal } = stateOf(world.hardware.keyValue.snapshot());
      assert.equal(hexOf(identity.pumpId), pump.pumpId);
      assert.equal(identity.epoch, pump.epoch + 1);
      assert.equal(journal.bolusTotalMicrounits, pump.bolusTotalMicrounits);
      assert.equal(journal.basalTotalMicrounits, pump.basalTotalMicrounits);
      assert.equal(world.hardware.trace.filter(({ line }) => line.startsWith("fault")).length, 0);
      const history = historyOf(world);
      assert.deepEqual(
        hexOf(history.slice(0, pump.historyRecords * SLOT_BYTES)),
        pump.flash.padEnd(pump.historyRecords * 64, "f"),
      );
      assert.ok(history[pump.historyRecords * SLOT_BYTES] !== 0xff, "this boot's events follow");

      assert.ok(peer.open(), "the bond");
      for (const outcome of pump.outcomes) assert.deepEqual(outcomeOf(peer, outcome.doseId), outcome);
      const { plant } = world.hardware;
      const from = plant.displacedMicrounits;
      assert.equal(peer.order(bolusOf(100_000)), CODE.success);
      world.clock.advance(MINUTE_MS / 4);
      const moved = plant.displacedMicrounits - from;
      // 2 pulses, perhaps a basal one before them, and up to 4 half-steps of jump: the cut came amid a pulse.
      assert.ok(Math.abs(moved - 100_000) < 6_300 || Math.abs(moved - 150_000) < 6_300, `${moved}`);
      assertSound(world);
    });

  it("of which today's boots leave the storage in today's versions (SR-73)", () => {
    for (const pump of pumps) {
      const { world } = booted(pump);
      const keyValue = world.hardware.keyValue.snapshot();
      for (const blob of PUMP_BLOBS.filter((each) => each in pump.versions))
        for (const slot of ["a", "b"])
          assert.equal(keyValue[`${nameOf(blob)}.${slot}`]?.[0], specOf(blob).version, blob);
    }
  });
});
