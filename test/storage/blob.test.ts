import assert from "node:assert/strict";
import { type Durable, StateBlob } from "../../firmware/storage/blob.js";
import { boot, FakeStore, KINDS, PowerCut, specOf, stored } from "./fake-store.js";

for (const copies of KINDS)
  describe(`state blob, ${copies}`, () => {
    it("is missing when neither key exists, and returns the last value committed", () => {
      const store = new FakeStore();
      const { blob, loaded } = boot(store, copies);
      assert.deepEqual(loaded, { kind: "missing" });
      for (let value = 1; value <= 5; value++) {
        assert.equal(blob.commit(value).value, value);
        assert.deepEqual(boot(store.copy(), copies).loaded, { kind: "intact", value });
      }
    });

    it("holds version, sequence, payload and check in each copy", () => {
      const expected = [1, 1, 0, 0, 0, 7, 0xa5];
      const store = new FakeStore();
      boot(store, copies).blob.commit(7);
      assert.deepEqual([...(store.entries.get("state.a") ?? [])].slice(0, 7), expected);
      assert.equal(store.entries.get("state.a")?.length, 11);
    });

    it("writes nothing at a load after completed commits", () => {
      for (let count = 0; count <= 4; count++) {
        const store = stored(copies, count).copy();
        boot(store, copies);
        assert.equal(store.writes, 0);
      }
    });

    it("is lost when something exists and nothing is good, and can be committed anew", () => {
      for (const first of ["state.a", "state.b"])
        for (const secondGone of [false, true]) {
          const store = stored(copies, 3);
          store.entries.set(first, Uint8Array.of(1, 2, 3));
          const second = first === "state.a" ? "state.b" : "state.a";
          if (secondGone) store.delete(second);
          else store.entries.set(second, new Uint8Array(40));
          const { blob, loaded } = boot(store, copies);
          assert.deepEqual(loaded, { kind: "lost" });
          blob.commit(9);
          assert.deepEqual(boot(store, copies).loaded, { kind: "intact", value: 9 });
        }
    });

    it("takes a copy that does not decode for bad", () => {
      const store = stored(copies, 3);
      const picky = new StateBlob(store, { ...specOf(copies), decode: () => undefined });
      assert.deepEqual(picky.load(), { kind: "lost" });
    });

    it("refuses to commit before a load and after a commit that threw", () => {
      const store = stored(copies, 2);
      const unloaded = new StateBlob(store, specOf(copies));
      assert.throws(() => unloaded.commit(3), /^Error: invariant/);
      const { blob } = boot(store, copies);
      store.cutPower(1, true);
      assert.throws(() => blob.commit(3), PowerCut);
      const writes = store.writes;
      assert.throws(() => blob.commit(4), /^Error: invariant/);
      assert.equal(store.writes, writes);
    });

    it("refuses to wrap its sequence, and leaves the store as it is", () => {
      const store = stored(copies, 1);
      // Version 1, sequence FF FF FF FF, value 9, and the CRC-32 that zlib gives for these bytes.
      const last = Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 9, 0xa5, 0, 0, 0, 0);
      new DataView(last.buffer).setUint32(7, 0x025866b8, true);
      store.entries.set("state.a", last);
      store.entries.set("state.b", last);
      const { blob, loaded } = boot(store, copies);
      assert.deepEqual(loaded, { kind: "intact", value: 9 });
      assert.throws(() => blob.commit(10), /^Error: invariant/);
      assert.deepEqual(boot(store, copies).loaded, { kind: "intact", value: 9 });
    });
  });

describe("state blob", () => {
  it("writes one copy a commit when alternating, over the older, and two when mirrored", () => {
    for (const [copies, writes] of [
      ["alternating", 1],
      ["mirrored", 2],
    ] as const) {
      const store = stored(copies, 2);
      const { blob } = boot(store, copies);
      for (let value = 3; value <= 8; value++) {
        const before = store.writes;
        const newest = copies === "alternating" ? [...store.entries.values()].map((bytes) => bytes[5] ?? 0) : [];
        blob.commit(value);
        assert.equal(store.writes - before, writes);
        const after = [...store.entries.values()].map((bytes) => bytes[5]);
        assert.deepEqual(after.toSorted(), copies === "alternating" ? [Math.max(...newest), value] : [value, value]);
      }
    }
  });

  it("completes a first commit cut after its first copy", () => {
    for (const copies of KINDS) {
      const store = new FakeStore();
      const { blob } = boot(store, copies);
      store.cutPower(1, true);
      assert.throws(() => blob.commit(1), PowerCut);
      assert.deepEqual([...store.entries.keys()], ["state.a"]);
      const again = boot(store, copies);
      assert.deepEqual(again.loaded, { kind: "intact", value: 1 });
      assert.equal(store.entries.size, 2);
      // The next commit must not leave `.a` at sequence 1: alone, it would pass for a first commit cut short.
      again.blob.commit(2);
      store.delete("state.b");
      assert.deepEqual(boot(store, copies).loaded, { kind: "oneCopy", value: 2 });
    }
  });

  it("refuses a name that does not fit a key", () => {
    for (const name of ["", "fourteen_chars"])
      assert.throws(() => new StateBlob(new FakeStore(), { ...specOf("mirrored"), name }), /^Error: invariant/);
    const blob = new StateBlob(new FakeStore(), { ...specOf("mirrored"), name: "thirteen_char" });
    blob.load();
    blob.commit(1);
  });

  it("gives proofs that a look-alike cannot stand in for", () => {
    // @ts-expect-error an object of the same shape is no proof
    const forged: Durable<number> = { value: 1 };
    assert.ok(forged);
  });
});
