import assert from "node:assert/strict";
import fc from "fast-check";
import { boot, damaged, FakeStore, KINDS, PowerCut, shownBy, stored } from "./fake-store.js";

const SEED = 20_161_004;

for (const copies of KINDS)
  describe(`state blob, ${copies}, power cuts and damage`, () => {
    it("survives a power cut at every write with the old or the new value, intact, and keeps what it has shown", () => {
      for (let before = 0; before <= 4; before++)
        for (let write = 1; write <= 2; write++)
          for (const after of [false, true]) {
            const store = stored(copies, before);
            const { blob } = boot(store, copies);
            store.cutPower(write, after);
            let done = false;
            try {
              blob.commit(before + 1);
              done = true;
            } catch (error) {
              assert.ok(error instanceof PowerCut);
            }
            store.cutAtWrite = 0;
            const { loaded } = boot(store, copies);
            const place = `${before} commits, write ${write}, after ${after}`;
            if (done) assert.deepEqual(loaded, { kind: "intact", value: before + 1 }, place);
            else if (before === 0 && write === 1 && !after) assert.deepEqual(loaded, { kind: "missing" }, place);
            else {
              const value = write === 1 && !after ? before : before + 1;
              assert.deepEqual(loaded, { kind: "intact", value }, place);
            }
            // Damage after the load has shown a value.
            const shown = shownBy(loaded);
            if (shown === undefined) continue;
            for (const damage of damaged(store)) {
              const later = boot(damage.store, copies).loaded;
              if (copies === "mirrored" || shown === 1)
                assert.equal(shownBy(later), shown, `${place}, ${damage.where}`);
              else assert.ok([shown, shown - 1].includes(shownBy(later) ?? -1), `${place}, ${damage.where}`);
              if (shownBy(later) !== shown) assert.equal(later.kind, "oneCopy", `${place}, ${damage.where}`);
            }
          }
    });

    it("survives damage of either copy after a cut at any write, before the next load", () => {
      for (let before = 2; before <= 4; before++)
        for (let write = 1; write <= 2; write++)
          for (const after of [false, true]) {
            const store = stored(copies, before);
            const { blob } = boot(store, copies);
            store.cutPower(write, after);
            try {
              blob.commit(before + 1);
            } catch (error) {
              assert.ok(error instanceof PowerCut);
            }
            for (const damage of damaged(store)) {
              const { loaded } = boot(damage.store, copies);
              assert.equal(loaded.kind, "oneCopy");
              const oldest = copies === "mirrored" ? before : before - 1;
              assert.ok((shownBy(loaded) ?? 0) >= oldest, `${before}, ${write}, ${after}, ${damage.where}`);
            }
          }
    });

    it("reports one bad copy, and the next commit makes both copies whole, also across a cut", () => {
      for (const count of [1, 2, 3])
        for (const damage of damaged(stored(copies, count)))
          for (const cut of [undefined, [1, false], [1, true], [2, false], [2, true]] as const) {
            const store = damage.store.copy();
            for (const key of damage.store.unreadable) store.unreadable.add(key);
            const { blob, loaded } = boot(store, copies);
            const value = shownBy(loaded) ?? -1;
            // The only loss that goes unreported costs nothing: `.b` gone when both copies held the first value.
            const complete = count === 1 && damage.where === "state.b gone";
            assert.equal(loaded.kind, complete ? "intact" : "oneCopy", damage.where);
            assert.ok(value === count || (copies === "alternating" && count > 1 && value === count - 1));
            store.unreadable.clear();
            if (cut) store.cutPower(cut[0], cut[1]);
            try {
              blob.commit(100);
            } catch (error) {
              assert.ok(error instanceof PowerCut);
              // A copy that only could not be read for a while is whole again.
              const left = damage.where.endsWith("unreadable") ? [value, count, 100] : [value, 100];
              assert.ok(left.includes(shownBy(boot(store.copy(), copies).loaded) ?? -1), damage.where);
              continue;
            }
            assert.deepEqual(boot(store.copy(), copies).loaded, { kind: "intact", value: 100 });
            if (complete) continue;
            for (const second of damaged(store))
              assert.deepEqual(boot(second.store, copies).loaded, { kind: "oneCopy", value: 100 }, second.where);
          }
    });

    it(`agrees with a trivial model over commits, boots, cuts and damage (seed ${SEED})`, () => {
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.constant({ kind: "commit" } as const) },
        { weight: 2, arbitrary: fc.constant({ kind: "boot" } as const) },
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constant("cut" as const),
            write: fc.integer({ min: 1, max: 2 }),
            after: fc.boolean(),
          }),
        },
        {
          weight: 2,
          arbitrary: fc.record({
            kind: fc.constant("damage" as const),
            key: fc.constantFrom("state.a", "state.b"),
            byte: fc.nat({ max: 10 }),
          }),
        },
      );
      fc.assert(
        fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
          const store = new FakeStore();
          let { blob } = boot(store, copies);
          let value = 0;
          // The values the store has held, oldest first, and one that a cut may or may not have kept out of it.
          const held: number[] = [];
          let perhaps: number | undefined;
          const reboot = (): void => {
            store.cutAtWrite = 0;
            const found = boot(store, copies);
            blob = found.blob;
            if (perhaps !== undefined && shownBy(found.loaded) === perhaps) held.push(perhaps);
            perhaps = undefined;
            const newest = held.at(-1);
            assert.deepEqual(
              found.loaded,
              newest === undefined ? { kind: "missing" } : { kind: "intact", value: newest },
            );
          };
          const commit = (): void => {
            value += 1;
            try {
              held.push(blob.commit(value).value);
            } catch (error) {
              assert.ok(error instanceof PowerCut);
              perhaps = value;
            }
          };
          for (const step of steps) {
            if (step.kind === "boot") reboot();
            else if (step.kind === "commit") commit();
            else if (step.kind === "cut") {
              store.cutPower(step.write, step.after);
              commit();
              reboot();
            } else {
              const bytes = store.entries.get(step.key);
              if (!bytes) continue;
              const byte = step.byte % bytes.length;
              bytes[byte] = (bytes[byte] ?? 0) ^ 0x10;
              const found = boot(store, copies);
              assert.equal(found.loaded.kind, "oneCopy");
              const got = shownBy(found.loaded) ?? -1;
              assert.ok(held.slice(copies === "mirrored" ? -1 : -2).includes(got), `${got} of ${held}`);
              blob = found.blob;
              commit();
            }
          }
          reboot();
        }),
        { seed: SEED, numRuns: 300 },
      );
    });
  });
