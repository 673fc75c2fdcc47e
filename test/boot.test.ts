/** The boot: what is made anew, what counts as lost, and a power cut at any of its writes. */

import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { uptimeMs } from "../firmware/base/units.js";
import type { Board, FlashPartition } from "../firmware/board.js";
import { type Booted, boot } from "../firmware/boot.js";
import { AnnunciationType } from "../firmware/ids/values.js";
import { DEFAULT_RIG } from "../firmware/rig.js";
import { ledgerEntries } from "../firmware/therapy/ledger.js";
import { soundSource } from "./nonce/bench.js";
import { bondsOf, hex } from "./session/bench.js";
import { FakeFlash } from "./storage/fake-flash.js";
import { FakeStore, PowerCut } from "./storage/fake-store.js";
import { nameOf, PUMP_BLOBS, versionOf, withNextFormats } from "./storage/formats.js";
import { entryOf, ledgerOf } from "./therapy/bench.js";

const REVOKED = "Pairings were lost: pair again";
const STOPPED = "Stored therapy state was lost: stopped";

/** What outlives a power cut, and the boots on it. */
class Machine {
  readonly store: FakeStore;
  flash: FlashPartition = new FakeFlash(4, 8);
  entropy = soundSource(1);

  constructor(store = new FakeStore()) {
    this.store = store;
  }

  boot(): Booted {
    const { store: keyValue, flash: historyFlash, entropy } = this;
    const board: Partial<Board> = {
      openKeyValue: () => keyValue,
      openHistoryFlash: () => historyFlash,
      entropy,
      sha256,
      rig: DEFAULT_RIG,
    };
    return boot(board as Board, uptimeMs(0));
  }

  remove(blob: string): void {
    for (const slot of ["a", "b"]) this.store.delete(`${blob}.${slot}`);
  }

  rot(blob: string, ...slots: readonly ("a" | "b")[]): void {
    for (const slot of slots) {
      const value = this.store.entries.get(`${blob}.${slot}`);
      assert.ok(value, `${blob}.${slot}`);
      value[value.length - 1] = (value.at(-1) ?? 0) ^ 1;
    }
  }
}

const typesOf = ({ therapy }: Booted) => therapy.standing.annunciations.pending.map(({ type }) => type);
const idOf = ({ identity }: Booted) => (identity ? hex(identity.value.pumpId) : undefined);

/** Of a boot that brings all six blobs to another version. */
const BOOT_WRITES = 14;

/** Of both copies of every blob. */
const storedVersions = ({ store }: Machine) =>
  PUMP_BLOBS.flatMap((blob) => ["a", "b"].map((slot) => store.entries.get(`${nameOf(blob)}.${slot}`)?.[0]));

/** Whether a boot came to its end, or the power went. */
function bootsWhole(machine: Machine): boolean {
  try {
    machine.boot();
    return true;
  } catch (error) {
    assert.ok(error instanceof PowerCut);
    return false;
  }
}

/** A machine that has booted twice and holds a bond and a committed command. */
function provisioned(): Machine {
  const machine = new Machine();
  const { stores, therapy } = machine.boot();
  stores.bonds.commit(bondsOf(1));
  stores.calibration.commit({ insulinPerTurnMicrounits: undefined, forceZero: 1 });
  const ledger = ledgerOf([entryOf(1)]);
  stores.standing.commit({ ...therapy.standing, control: "run", ledger });
  machine.boot();
  return machine;
}

describe("boot", () => {
  it("makes a new pump: epoch 1, no bonds, Stop, nothing lost", () => {
    const booted = new Machine().boot();
    assert.equal(booted.identity?.value.epoch, 1);
    assert.deepEqual(booted.bonds, { confirmed: [], unconfirmed: undefined });
    assert.equal(booted.therapy.standing.control, "stop");
    assert.deepEqual([booted.news, booted.entropyFault, booted.historyFailed], [[], undefined, false]);
    assert.deepEqual(typesOf(booted), [AnnunciationType.DateTimeIssue]);
  });

  it("keeps identity, bonds and therapy over a restart, in the next epoch (SR-33)", () => {
    const machine = provisioned();
    const [first, second] = [machine.boot(), machine.boot()];
    assert.equal(idOf(second), idOf(first));
    assert.equal(second.identity?.value.epoch, (first.identity?.value.epoch ?? 0) + 1);
    assert.deepEqual(second.bonds, bondsOf(1));
    assert.equal(second.therapy.standing.control, "run");
    assert.deepEqual(second.news, []);
  });

  it("takes state that is gone from a provisioned pump for lost, and never for new (SR-66)", () => {
    for (const blob of ["therapy", "journal"])
      for (const lose of [
        (machine: Machine) => machine.remove(blob),
        (machine: Machine) => machine.rot(blob, "a", "b"),
      ]) {
        const machine = provisioned();
        lose(machine);
        const booted = machine.boot();
        assert.deepEqual(booted.news, [STOPPED], blob);
        assert.equal(booted.therapy.standing.control, "stopAfterLoss");
        assert.ok(typesOf(booted).includes(AnnunciationType.SystemIssue));
        assert.deepEqual(booted.bonds, bondsOf(1));
      }
  });

  it("knows that it was provisioned by its marker or its identity, either alone (SR-66)", () => {
    for (const [gone, news] of [
      ["provisioned", [STOPPED]],
      ["identity", [STOPPED, REVOKED]],
    ] as const) {
      const machine = provisioned();
      machine.remove(gone);
      machine.remove("therapy");
      assert.deepEqual(machine.boot().news, news, gone);
      machine.remove("therapy");
      assert.deepEqual(machine.boot().news, [STOPPED], `${gone}, made again`);
    }
  });

  it("knows by its history that it was provisioned, when every blob is gone, and numbers on from there (SR-66, SR-67)", () => {
    const machine = provisioned();
    const before = machine.boot().therapy.standing.history.nextSequence;
    for (const blob of ["identity", "bonds", "therapy", "journal", "provisioned"]) machine.remove(blob);
    const booted = machine.boot();
    assert.deepEqual(booted.news, [STOPPED, REVOKED]);
    assert.equal(booted.therapy.standing.control, "stopAfterLoss");
    assert.equal(booted.therapy.standing.history.pending[0]?.sequence, before);
    assert.deepEqual(machine.boot().news, []);
    const sequences: number[] = [];
    machine.boot().stores.history.read(0, 0xffffffff, ({ sequence }) => sequences.push(sequence));
    assert.deepEqual(sequences, [...sequences.keys()]);
    assert.ok(sequences.length > before);
  });

  it("takes what is too old to be read for lost, and says which and how old, once (SR-66, SR-73)", () => {
    for (const [blob, ...lost] of [
      ["marker"],
      ["identity", REVOKED],
      ["bonds", REVOKED],
      ["standing", STOPPED],
      ["journal", STOPPED],
    ] as const) {
      const machine = provisioned();
      const version = versionOf(blob);
      withNextFormats(
        [blob],
        () => {
          const { news } = machine.boot();
          assert.deepEqual(news, [`Stored ${nameOf(blob)} is of version ${version}, too old to be read`, ...lost]);
          assert.deepEqual(machine.boot().news, [], blob);
        },
        false,
      );
    }
  });

  it("brings every blob up to today's version at the first boot, and again wherever a cut ends it (SR-73)", () => {
    for (const after of [false, true])
      for (let write = 1; ; write++) {
        const machine = provisioned();
        const reference = machine.boot();
        withNextFormats(PUMP_BLOBS, () => {
          machine.store.cutPower(write, after);
          assert.equal(bootsWhole(machine), write > BOOT_WRITES, `write ${write}`);
          machine.store.cutAtWrite = 0;
          const booted = machine.boot();
          const place = `write ${write}, after ${after}`;
          assert.deepEqual(booted.news, [], place);
          assert.deepEqual(
            storedVersions(machine),
            PUMP_BLOBS.flatMap((blob) => [versionOf(blob), versionOf(blob)]),
          );
          assert.equal(idOf(booted), idOf(reference), place);
          assert.ok((booted.identity?.value.epoch ?? 0) > (reference.identity?.value.epoch ?? 0), place);
          assert.deepEqual(booted.bonds, bondsOf(1), place);
          assert.equal(booted.therapy.standing.control, "run", place);
          assert.deepEqual(booted.therapy.standing.ledger, reference.therapy.standing.ledger, place);
          assert.deepEqual(booted.therapy.standing.windows, reference.therapy.standing.windows, place);
          assert.deepEqual(booted.therapy.journal, reference.therapy.journal, place);
        });
        if (write > BOOT_WRITES) break;
      }
  });

  it("writes nothing where newer firmware has stored anything, wherever a cut ended that (SR-73)", () => {
    for (const after of [false, true])
      for (let write = 1; write <= BOOT_WRITES + 1; write++) {
        const machine = provisioned();
        machine.boot();
        machine.store.cutPower(write, after);
        withNextFormats(PUMP_BLOBS, () => bootsWhole(machine));
        machine.store.cutAtWrite = 0;
        const place = `write ${write}, after ${after}`;
        if (write === 1 && !after) continue;
        const { writes } = machine.store;
        const stored = machine.store.copy().entries;
        assert.throws(
          () => machine.boot(),
          /^Error: newer firmware has stored .*therapy version \d \(this reads \d\)/,
          place,
        );
        assert.equal(machine.store.writes, writes, place);
        assert.deepEqual(machine.store.entries, stored, place);
        withNextFormats(PUMP_BLOBS, () => assert.deepEqual(machine.boot().news, [], place));
      }
  });

  it("keeps everything when one copy of each blob has rotted (SR-65)", () => {
    for (const slot of ["a", "b"] as const) {
      const machine = provisioned();
      const before = machine.boot();
      for (const blob of ["identity", "bonds", "therapy", "journal", "provisioned"])
        if (machine.store.entries.has(`${blob}.${slot}`)) machine.rot(blob, slot);
      const booted = machine.boot();
      assert.deepEqual(booted.news, []);
      assert.equal(idOf(booted), idOf(before));
      assert.equal(booted.identity?.value.epoch, (before.identity?.value.epoch ?? 0) + 1);
      assert.deepEqual(booted.bonds, bondsOf(1));
      assert.equal(booted.therapy.standing.control, "run");
    }
  });

  it("erases all bonds with a lost identity, takes a new pumpId, and keeps no dose of the old one (SR-41)", () => {
    const machine = provisioned();
    const before = machine.boot();
    machine.rot("identity", "a", "b");
    machine.entropy = soundSource(2);
    const booted = machine.boot();
    assert.notEqual(idOf(booted), idOf(before));
    assert.equal(booted.identity?.value.epoch, 1);
    assert.deepEqual(booted.bonds.confirmed, []);
    assert.deepEqual(ledgerEntries(booted.therapy.standing.ledger), []);
    assert.deepEqual(booted.news, [REVOKED]);
    assert.ok(typesOf(booted).includes(AnnunciationType.SystemIssue));
    assert.deepEqual(machine.boot().bonds.confirmed, []);
  });

  it("says that lost bonds are lost, once (SR-66)", () => {
    const machine = provisioned();
    machine.rot("bonds", "a", "b");
    assert.deepEqual(machine.boot().news, [REVOKED]);
    assert.deepEqual(machine.boot().news, []);
  });

  it("makes no identity of failing entropy, and starts as a new pump once it works (SR-40)", () => {
    const machine = new Machine();
    machine.entropy = () => {
      throw new Error("dead");
    };
    const without = machine.boot();
    assert.equal(without.identity, undefined);
    assert.equal(without.entropyFault?.test, "source");
    machine.entropy = soundSource(3);
    const booted = machine.boot();
    assert.equal(booted.identity?.value.epoch, 1);
    assert.deepEqual([booted.news, booted.entropyFault], [[], undefined]);
  });

  it("advances its epoch on failing entropy too, and tells of the fault (SR-39, SR-40)", () => {
    const machine = provisioned();
    const before = machine.boot();
    machine.entropy = (length) => new Uint8Array(length);
    const booted = machine.boot();
    assert.equal(booted.identity?.value.epoch, (before.identity?.value.epoch ?? 0) + 1);
    assert.equal(booted.entropyFault?.test, "repetition");
  });

  it("boots without a history that fails, and says so (SR-52)", () => {
    const sound = new FakeFlash(4, 8);
    const failing = (part: Partial<FlashPartition>): FlashPartition => ({
      status: () => sound.status(),
      read: (length, offset) => sound.read(length, offset),
      write: (bytes, offset) => sound.write(bytes, offset),
      eraseBlock: (from, to) => sound.eraseBlock(from, to),
      ...part,
    });
    const fail = () => {
      throw new Error("flash");
    };
    for (const part of [{ read: fail }, { write: fail }]) {
      const machine = provisioned();
      machine.flash = failing(part);
      const booted = machine.boot();
      assert.equal(booted.historyFailed, true);
      assert.equal(booted.therapy.standing.control, "run");
      assert.notEqual(booted.identity, undefined);
    }
  });

  it("brings events to flash that a cut had left in the standing state, each once (SR-67)", () => {
    const machine = provisioned();
    const { stores, therapy } = machine.boot();
    const { history } = therapy.standing;
    const sequence = history.nextSequence;
    const event = { sequence, event: 0x0303, relativeOffsetS: 0, pumpClockMs: 0, data: Uint8Array.of(1, 2) };
    const pending = { ...history, nextSequence: sequence + 1, pending: [event] };
    stores.standing.commit({ ...therapy.standing, history: pending });
    const sequences: number[] = [];
    machine.boot().stores.history.read(0, 0xffffffff, (record) => sequences.push(record.sequence));
    assert.deepEqual(
      sequences,
      sequences.map((_, i) => i),
    );
    assert.ok(sequences.includes(sequence));
  });

  for (const after of [false, true])
    it(`survives a power cut ${after ? "after" : "before"} any of its writes, the first boot's too (SR-39, SR-65)`, () => {
      for (const [name, begin] of [
        ["new", () => new Machine()],
        ["provisioned", provisioned],
      ] as const)
        for (let write = 1; ; write++) {
          const machine = begin();
          const issued = machine.store.entries.size > 0 ? (machine.boot().identity?.value.epoch ?? 0) : 0;
          machine.store.cutPower(write, after);
          const whole = (() => {
            try {
              machine.boot();
              return true;
            } catch {
              return false;
            }
          })();
          machine.store.cutAtWrite = 0;
          if (whole) {
            assert.ok(write > 5, `${name} boots with ${write - 1} writes`);
            break;
          }
          const again = machine.boot();
          const what = `${name}, write ${write}`;
          assert.deepEqual(again.news, [], what);
          assert.ok((again.identity?.value.epoch ?? 0) > issued, what);
          assert.equal(again.therapy.standing.control === "run", name === "provisioned", what);
          assert.deepEqual(again.bonds, name === "provisioned" ? bondsOf(1) : bondsOf(), what);
        }
    });
});
