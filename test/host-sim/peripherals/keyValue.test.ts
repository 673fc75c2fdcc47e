import assert from "node:assert/strict";
import { Random } from "../../../host-sim/clock/random.js";
import { KeyValueFlash } from "../../../host-sim/peripherals/keyValue.js";
import { PowerCut } from "../../../host-sim/peripherals/power.js";
import { Bench } from "./bench.js";

const bytes = (buffer: ArrayBuffer | undefined) => (buffer ? [...new Uint8Array(buffer)] : undefined);

describe("key-value storage", () => {
  const opened = (seed = 1) => {
    const bench = new Bench();
    const flash = new KeyValueFlash(new Random(seed));
    return { bench, flash, store: flash.open(bench.session) };
  };

  it("reads what was written, by value both ways, and undefined for a missing key", () => {
    const { store } = opened();
    const value = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
    store.write("key", value);
    value.fill(9);
    new Uint8Array(store.read("key") ?? new ArrayBuffer(0)).fill(7);
    assert.deepEqual(bytes(store.read("key")), [2, 3]);
    assert.equal(store.read("other"), undefined);
    store.delete("key");
    store.delete("key");
    assert.equal(store.read("key"), undefined);
  });

  it("takes keys of 15 characters and none longer", () => {
    const { bench, store } = opened();
    store.write("k".repeat(15), Uint8Array.of(1));
    const long = "k".repeat(16);
    assert.throws(() => store.write(long, Uint8Array.of(1)), /KEY_TOO_LONG/);
    assert.throws(() => store.read(long), /KEY_TOO_LONG/);
    assert.throws(() => store.delete(long), /KEY_TOO_LONG/);
    assert.throws(() => store.read(""), /INVALID_NAME/);
    assert.equal(bench.operations.length, 1);
  });

  it("counts as wear two entries and the data's, of every write, by key", () => {
    const { flash, store } = opened();
    store.write("a", new Uint8Array(64));
    store.write("a", new Uint8Array(65));
    store.write("b", new Uint8Array(0));
    store.delete("b");
    assert.equal(flash.entriesWritten("a"), 4 + 5);
    assert.equal(flash.entriesWritten("b"), 2);
    assert.equal(flash.entriesWritten(), 11);
    assert.equal(flash.entriesUsed, 5);
  });

  it("refuses a write that does not fit beside the old value", () => {
    const { store } = opened();
    // 629 entries in all: 2 + 312 twice leave one.
    store.write("a", new Uint8Array(312 * 32));
    store.write("b", new Uint8Array(312 * 32));
    assert.throws(() => store.write("c", Uint8Array.of()), /NOT_ENOUGH_SPACE/);
    assert.throws(() => store.write("a", Uint8Array.of(1)), /NOT_ENOUGH_SPACE/);
    assert.equal(store.read("a")?.byteLength, 312 * 32);
    store.delete("b");
    store.write("a", Uint8Array.of(1));
    assert.deepEqual(bytes(store.read("a")), [1]);
  });

  it("keeps the old value or the new through a power cut, and works no more", () => {
    const after = (phase: "before" | "during" | "after", seed: number) => {
      const { bench, flash, store } = opened(seed);
      store.write("key", Uint8Array.of(1));
      bench.cutPhase = phase;
      assert.throws(() => store.write("key", Uint8Array.of(2)), PowerCut);
      assert.throws(() => store.read("key"), PowerCut);
      assert.throws(() => store.write("key", Uint8Array.of(3)), PowerCut);
      assert.throws(() => store.delete("key"), PowerCut);
      return bytes(flash.open(bench.powerUp()).read("key"))?.[0];
    };
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    assert.deepEqual([...new Set(seeds.map((seed) => after("before", seed)))], [1]);
    assert.deepEqual([...new Set(seeds.map((seed) => after("during", seed)))].sort(), [1, 2]);
    assert.deepEqual([...new Set(seeds.map((seed) => after("after", seed)))], [2]);
  });

  it("deletes wholly or not at all when the power goes", () => {
    const left = Array.from({ length: 20 }, (_, seed) => {
      const { bench, flash, store } = opened(seed);
      store.write("key", Uint8Array.of(1));
      bench.cutPhase = "during";
      assert.throws(() => store.delete("key"), PowerCut);
      return flash.entriesUsed;
    });
    assert.deepEqual([...new Set(left)].sort(), [0, 3]);
  });

  it("rots by the bits asked for", () => {
    const { flash, store } = opened();
    store.write("key", Uint8Array.of(0x0f, 0xf0));
    flash.corrupt("key", 1, 0x81);
    assert.deepEqual(bytes(store.read("key")), [0x0f, 0x71]);
    assert.throws(() => flash.corrupt("key", 2, 1), RangeError);
    assert.throws(() => flash.corrupt("none", 0, 1), RangeError);
  });

  it("is carried over as a plain object", () => {
    const { flash, store } = opened();
    store.write("key", Uint8Array.of(1, 2));
    const carried = JSON.parse(JSON.stringify(flash.snapshot()));
    const other = opened();
    other.store.write("stale", Uint8Array.of(3));
    other.flash.restore(carried);
    assert.deepEqual(other.flash.snapshot(), { key: [1, 2] });
    other.flash.corrupt("key", 0, 1);
    assert.deepEqual(bytes(store.read("key")), [1, 2]);
  });
});
