/** Blobs of several versions: migrated, refused, and left alone, across power cuts and damage. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { StateBlob } from "../../firmware/storage/blob.js";
import { damaged, FakeStore, KINDS, PowerCut, shownBy } from "./fake-store.js";
import { firmwareOf, soundCopy, versionsIn } from "./formats.js";

const SEED = 20_161_004;

const bytesOf = (store: FakeStore) => [...store.entries].map(([key, bytes]) => [key, [...bytes]]);

/** Newer firmware was here: the blob says so, is not loaded, not committed, and not a byte is written. */
function assertLeftAlone(store: FakeStore, blob: StateBlob<number>, version: number, place: string): void {
  const { writes } = store;
  const before = bytesOf(store);
  const newer = blob.newer();
  assert.equal(newer?.name, "state", place);
  assert.equal(newer?.version, version, place);
  assert.throws(() => blob.load(), /^Error: invariant: state is loaded/, place);
  assert.throws(() => blob.commit(200), /^Error: invariant/, place);
  assert.equal(store.writes, writes, place);
  assert.deepEqual(bytesOf(store), before, place);
}

/** Whether a commit went through; any exception but a power cut is let out. */
function committed(blob: StateBlob<number>, value: number): boolean {
  try {
    blob.commit(value);
    return true;
  } catch (error) {
    assert.ok(error instanceof PowerCut);
    return false;
  }
}

for (const copies of KINDS) {
  const first = firmwareOf(copies, 1, 1);
  const second = firmwareOf(copies, 2, 1);
  const third = firmwareOf(copies, 3, 1);
  const forgetful = firmwareOf(copies, 3, 2);

  /** Commits 1 to `count` by the first version's firmware. */
  const storedByFirst = (count: number): FakeStore => {
    const store = new FakeStore();
    const blob = first(store);
    blob.load();
    for (let value = 1; value <= count; value++) blob.commit(value);
    return store;
  };

  describe(`state blob, ${copies}, versions`, () => {
    it("loads an older version as such, writes nothing, and stores both copies in today's with the next commit (SR-73)", () => {
      for (let count = 1; count <= 4; count++) {
        const store = storedByFirst(count);
        const { writes } = store;
        const blob = second(store);
        assert.equal(blob.newer(), undefined);
        assert.deepEqual(blob.load(), { kind: "older", value: count });
        assert.equal(store.writes, writes);
        blob.commit(count + 1);
        assert.deepEqual(versionsIn(store), [2, 2]);
        assert.deepEqual(second(store.copy()).load(), { kind: "intact", value: count + 1 });
        blob.commit(count + 2);
        assert.equal(store.writes - writes, copies === "mirrored" ? 4 : 3, "one commit, and no more, writes both");
        assert.deepEqual(second(store).load(), { kind: "intact", value: count + 2 });
      }
    });

    it("survives a cut at every write of a migration: old or new, never a rollback, and the old firmware stops (SR-73)", () => {
      for (let count = 1; count <= 4; count++)
        for (let write = 1; write <= 2; write++)
          for (const after of [false, true]) {
            const place = `${count} commits, write ${write}, after ${after}`;
            const store = storedByFirst(count);
            const blob = second(store);
            blob.load();
            store.cutPower(write, after);
            assert.equal(committed(blob, 100), false, place);
            store.cutAtWrite = 0;
            const isOld = write === 1 && !after;
            const later = store.copy();
            if (isOld) assert.deepEqual(first(store.copy()).load(), { kind: "intact", value: count }, place);
            else assertLeftAlone(store.copy(), first(store), 2, place);
            const again = second(later);
            const expected = isOld ? { kind: "older", value: count } : { kind: "intact", value: 100 };
            assert.deepEqual(again.load(), expected, place);
            // Rot before the next load may bring back the value before, and no other; and none that was shown.
            for (const damage of damaged(store)) {
              const found = second(damage.store).load();
              const allowed = copies === "alternating" && isOld ? [count - 1, count] : [count, 100];
              assert.ok(allowed.includes(shownBy(found) ?? -1), `${place}, ${damage.where}`);
            }
            again.commit(101);
            assert.ok(!versionsIn(later).includes(1), place);
            assert.deepEqual(second(later).load(), { kind: "intact", value: 101 }, place);
          }
    });

    it("leaves no copy of the old version behind that could come back when today's rots (SR-73)", () => {
      for (let count = 1; count <= 4; count++) {
        const store = storedByFirst(count);
        const blob = second(store);
        blob.load();
        blob.commit(100);
        for (const damage of damaged(store)) {
          assert.deepEqual(second(damage.store).load(), { kind: "oneCopy", value: 100 }, damage.where);
          assertLeftAlone(damage.store, first(damage.store), 2, damage.where);
        }
      }
    });

    it("takes an older copy beside a rotten one as one copy, and stores both in today's", () => {
      for (let count = 2; count <= 4; count++)
        for (const damage of damaged(storedByFirst(count))) {
          const blob = second(damage.store);
          const found = blob.load();
          assert.equal(found.kind, "oneCopy", damage.where);
          damage.store.unreadable.clear();
          blob.commit(100);
          assert.deepEqual(versionsIn(damage.store), [2, 2], damage.where);
          assert.deepEqual(second(damage.store).load(), { kind: "intact", value: 100 }, damage.where);
        }
    });

    it("leaves everything as it is when either copy is of a newer version, whatever the other one is (SR-73)", () => {
      for (const slot of ["state.a", "state.b"] as const)
        for (const beside of ["higher", "lower", "gone", "rotten", "newer"] as const) {
          const store = storedByFirst(5);
          const newer = new FakeStore();
          const blob = third(newer);
          blob.load();
          for (let value = 1; value <= (beside === "higher" ? 2 : 8); value++) blob.commit(value);
          const other = slot === "state.a" ? "state.b" : "state.a";
          store.entries.set(slot, newer.entries.get(slot) ?? new Uint8Array(0));
          if (beside === "gone") store.entries.delete(other);
          if (beside === "rotten") store.entries.set(other, Uint8Array.of(1, 2, 3, 4, 5));
          if (beside === "newer") store.entries.set(other, newer.entries.get(other) ?? new Uint8Array(0));
          assertLeftAlone(store, first(store), 3, `${slot} newer, ${beside}`);
          assertLeftAlone(store, second(store), 3, `${slot} newer, ${beside}`);
        }
    });

    it("takes a version byte that rot has raised for rot", () => {
      for (const key of ["state.a", "state.b"]) {
        const store = storedByFirst(3);
        const bytes = store.entries.get(key);
        assert.ok(bytes);
        bytes[0] = 9;
        assert.equal(first(store).newer(), undefined);
        assert.equal(first(store).load().kind, "oneCopy");
        for (const each of store.entries.values()) each[0] = 9;
        assert.equal(first(store).newer(), undefined);
        assert.deepEqual(first(store).load(), { kind: "lost" });
      }
    });

    it("has lost what is too old to be read, says its version, and counts its sequence on (SR-73)", () => {
      for (let count = 1; count <= 4; count++)
        for (const cut of [undefined, [1, false], [1, true], [2, false], [2, true]] as const) {
          const store = storedByFirst(count);
          const last = Math.max(...[...store.entries.values()].map((bytes) => soundCopy(bytes)?.sequence ?? 0));
          const blob = forgetful(store);
          assert.deepEqual(blob.load(), { kind: "lost", unreadVersion: 1 });
          if (cut) store.cutPower(cut[0], cut[1]);
          const done = committed(blob, 100);
          const isOld = cut?.[0] === 1 && !cut[1];
          const place = `${count} commits, cut ${cut}`;
          assert.equal(done, cut === undefined, place);
          store.cutAtWrite = 0;
          const found = forgetful(store).load();
          assert.deepEqual(found, isOld ? { kind: "lost", unreadVersion: 1 } : { kind: "intact", value: 100 }, place);
          const sequences = [...store.entries.values()].map((bytes) => soundCopy(bytes)?.sequence ?? 0);
          assert.equal(Math.max(...sequences), isOld ? last : last + 1, place);
        }
    });

    it("never takes a stale copy that it could read in place of the newest that it cannot (SR-73)", () => {
      const store = storedByFirst(6);
      const readable = new FakeStore();
      const blob = forgetful(readable);
      blob.load();
      blob.commit(1);
      store.entries.set("state.b", readable.entries.get("state.b") ?? new Uint8Array(0));
      const [a, b] = ["state.a", "state.b"].map((key) => soundCopy(store.entries.get(key)));
      assert.ok(a && b && a.sequence > b.sequence && a.version === 1 && b.version === 3);
      assert.deepEqual(forgetful(store).load(), { kind: "lost", unreadVersion: 1 });
    });

    it(`agrees with a trivial model while firmware of three versions comes and goes (seed ${SEED})`, () => {
      const step = fc.record({
        firmware: fc.constantFrom(1, 1, 2, 2, 3),
        commits: fc.integer({ min: 0, max: 3 }),
        cut: fc.option(fc.record({ write: fc.integer({ min: 1, max: 2 }), after: fc.boolean() })),
        rot: fc.option(fc.record({ key: fc.constantFrom("state.a", "state.b"), byte: fc.nat({ max: 12 }) })),
      });
      const firmware = [first, first, second, third];
      let refused = 0;
      let migrated = 0;
      fc.assert(
        fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
          const store = new FakeStore();
          let value = 0;
          /** What the store has held, oldest first, and what a cut may or may not have kept out of it. */
          const held: { readonly value: number; readonly version: number }[] = [];
          let perhaps: { readonly value: number; readonly version: number } | undefined;
          for (const { firmware: version, commits, cut, rot } of steps) {
            const bytes = store.entries.get(rot?.key ?? "");
            const isRotten = bytes !== undefined && perhaps === undefined;
            const flip = () => {
              const at = (rot?.byte ?? 0) % (bytes?.length ?? 1);
              if (bytes && isRotten) bytes[at] = (bytes[at] ?? 0) ^ 0x10;
            };
            flip();
            const blob = (firmware[version] ?? first)(store);
            const newest = Math.max(0, ...versionsIn(store));
            if (newest > version) {
              assertLeftAlone(store, blob, newest, `firmware ${version}`);
              refused += 1;
              flip();
              continue;
            }
            const found = blob.load();
            if (perhaps !== undefined && shownBy(found) === perhaps.value) held.push(perhaps);
            perhaps = undefined;
            const last = held.at(-1);
            if (last === undefined) assert.deepEqual(found, { kind: "missing" });
            else if (isRotten) {
              assert.equal(found.kind, "oneCopy");
              const allowed = held.slice(copies === "mirrored" ? -1 : -2).map((each) => each.value);
              assert.ok(allowed.includes(shownBy(found) ?? -1));
            } else {
              const older = last.version < version;
              assert.deepEqual(found, { kind: older ? "older" : "intact", value: last.value });
              if (older) migrated += 1;
            }
            // The owner of a copy that is lost records it.
            const count = isRotten ? Math.max(1, commits) : commits;
            for (let i = 0; i < count; i++) {
              value += 1;
              const isCut = cut !== null && i === count - 1 && !isRotten;
              if (isCut) store.cutPower(cut.write, cut.after);
              const done = committed(blob, value);
              store.cutAtWrite = 0;
              if (done) held.push({ value, version });
              else perhaps = { value, version };
            }
          }
        }),
        { seed: SEED, numRuns: 400 },
      );
      assert.ok(refused > 100 && migrated > 100, `${refused} refused, ${migrated} migrated`);
    });
  });
}
