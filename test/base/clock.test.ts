import assert from "node:assert/strict";
import * as fc from "fast-check";
import { UptimeClock } from "../../firmware/base/clock.js";

/** A counter of the platform: 32 bits, signed, set to any number of milliseconds. */
class Counter {
  #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  readonly ticks = (): number => this.#ms | 0;

  advance(ms: number): void {
    this.#ms += ms;
  }
}

describe("the uptime clock", () => {
  it("begins at zero, whatever the counter shows", () => {
    for (const ms of [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])
      assert.equal(new UptimeClock(new Counter(ms).ticks).now(), 0);
  });

  for (const [title, wrapMs] of [
    ["2^31, where the sign turns", 2 ** 31],
    ["2^32, where the counter passes zero", 2 ** 32],
  ] as const) {
    it(`goes on across ${title}`, () => {
      const counter = new Counter(wrapMs - 3);
      const clock = new UptimeClock(counter.ticks);
      for (let ms = 1; ms <= 6; ms++) {
        counter.advance(1);
        assert.equal(clock.now(), ms);
      }
    });
  }

  it("counts a year without a wrap", () => {
    const counter = new Counter(0);
    const clock = new UptimeClock(counter.ticks);
    const dayMs = 86_400_000;
    for (let day = 1; day <= 365; day++) {
      counter.advance(dayMs);
      assert.equal(clock.now(), day * dayMs);
    }
  });

  it("counts the longest gap between readings that it promises, 2^31 - 1 ms", () => {
    const counter = new Counter(-5);
    const clock = new UptimeClock(counter.ticks);
    counter.advance(2 ** 31 - 1);
    assert.equal(clock.now(), 2 ** 31 - 1);
  });

  it("sums any steps from any start", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 20 }),
        (startMs, stepsMs) => {
          const counter = new Counter(startMs);
          const clock = new UptimeClock(counter.ticks);
          let sumMs = 0;
          for (const stepMs of stepsMs) {
            counter.advance(stepMs);
            sumMs += stepMs;
            assert.equal(clock.now(), sumMs);
          }
        },
      ),
    );
  });

  it("stands still while the counter has stepped backwards, and counts nothing twice", () => {
    const counter = new Counter(1000);
    const clock = new UptimeClock(counter.ticks);
    counter.advance(500);
    assert.equal(clock.now(), 500);
    counter.advance(-200);
    assert.equal(clock.now(), 500);
    counter.advance(150);
    assert.equal(clock.now(), 500);
    counter.advance(60);
    assert.equal(clock.now(), 510);
  });
});
