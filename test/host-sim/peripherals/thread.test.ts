import assert from "node:assert/strict";
import { PowerCut } from "../../../host-sim/peripherals/power.js";
import { Bench } from "./bench.js";

describe("board's thread", () => {
  const logging = () => {
    const bench = new Bench();
    const seen: string[] = [];
    const at = (name: string, delayMs: number) =>
      bench.session.thread.schedule(() => seen.push(`${name}@${bench.clock.nowMs}`), delayMs);
    return { bench, seen, at };
  };

  it("calls back once, on time when idle", () => {
    const { bench, seen, at } = logging();
    at("b", 7);
    at("a", 3);
    bench.clock.advance(100);
    assert.deepEqual(seen, ["a@3", "b@7"]);
  });

  it("delays a stalled callback and every later one, and makes up none twice", () => {
    const { bench, seen, at } = logging();
    bench.stallMs = (number) => (number === 2 ? 600 : number === 4 ? 10 : 0);
    for (const [name, delayMs] of [
      ["a", 1],
      ["b", 2],
      ["c", 3],
      ["d", 4],
      ["e", 700],
    ] as const)
      at(name, delayMs);
    bench.clock.advance(1_000);
    assert.deepEqual(seen, ["a@1", "b@602", "c@602", "d@612", "e@700"]);
  });

  it("never runs a callback within another", () => {
    const { bench, seen, at } = logging();
    bench.session.thread.schedule(() => {
      at("inner", 0);
      seen.push("outer");
    }, 0);
    bench.clock.advance(1);
    assert.deepEqual(seen, ["outer", "inner@0"]);
  });

  it("does not run a callback cancelled while it waited for the thread", () => {
    const { bench, seen, at } = logging();
    bench.stallMs = (number) => (number === 1 ? 50 : 0);
    bench.session.thread.schedule(() => late.cancel(), 1);
    const late = at("late", 10);
    at("later", 11);
    bench.clock.advance(100);
    assert.deepEqual(seen, ["later@51"]);
  });

  it("runs nothing after the power went, not even what was waiting or stalled", () => {
    const { bench, seen, at } = logging();
    bench.stallMs = () => 50;
    at("stalled", 1);
    at("waiting", 2);
    at("pending", 100);
    bench.clock.advance(10);
    bench.session.end();
    assert.equal(bench.clock.nextEventMs, undefined);
    bench.clock.advance(1_000);
    assert.deepEqual(seen, []);
  });

  it("asks for no further stall when the power goes within a callback", () => {
    const { bench, seen, at } = logging();
    let asked = 0;
    bench.stallMs = () => {
      asked += 1;
      return 20;
    };
    bench.session.thread.schedule(() => bench.session.end(), 1);
    at("waiting", 2);
    bench.clock.advance(100);
    assert.equal(asked, 1);
    assert.deepEqual(seen, []);
  });

  it("drops what a callback throws once the power is gone, and reports what it throws with power", () => {
    const bench = new Bench();
    const crash = new Error("a bug");
    bench.session.thread.schedule(() => {
      throw crash;
    }, 1);
    bench.session.thread.schedule(() => {
      bench.cutPhase = "before";
      try {
        bench.session.operate("kvWrite", assert.fail, assert.fail);
      } catch (error) {
        assert.ok(error instanceof PowerCut);
        throw new Error("storage failed");
      }
    }, 2);
    bench.clock.advance(10);
    assert.deepEqual(bench.crashes, [crash]);
  });
});
