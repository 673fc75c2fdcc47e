/** Basal insulin owed, exact at every rate. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { microunits, microunitsPerHour } from "../../firmware/base/units.js";
import { accrue, dueInMs, isDue, pay } from "../../firmware/therapy/basal.js";
import { HOUR_MS, PULSE } from "./bench.js";

const rate = microunitsPerHour;

describe("basal", () => {
  it("owes rate x time exactly, however the time is cut up (SR-59)", () => {
    fc.assert(
      fc.property(fc.nat(30_000_000), fc.array(fc.nat(100_000), { maxLength: 50 }), (perHour, slices) => {
        let owed = 0;
        for (const ms of slices) owed = accrue(owed, rate(perHour), ms);
        const totalMs = slices.reduce((sum, ms) => sum + ms, 0);
        assert.equal(BigInt(owed), BigInt(perHour) * BigInt(totalMs));
      }),
      { seed: 51, numRuns: 200 },
    );
  });

  it("is due at a whole pulse and not a millisecond sooner, at every rate (SR-59)", () => {
    for (const perHour of [10_000, 50_000, 900_000, 999_999, 5_000_000, 30_000_000]) {
      const ms = dueInMs(0, rate(perHour), PULSE);
      assert.ok(ms !== undefined);
      assert.equal(ms, Math.ceil((50_000 * HOUR_MS) / perHour));
      assert.equal(isDue(accrue(0, rate(perHour), ms), PULSE), true, `${perHour}`);
      assert.equal(isDue(accrue(0, rate(perHour), ms - 1), PULSE), false, `${perHour}`);
    }
  });

  it("is never due at rate 0, and due now once a pulse is owed, whatever the rate", () => {
    assert.equal(dueInMs(0, rate(0), PULSE), undefined);
    assert.equal(dueInMs(50_000 * HOUR_MS, rate(0), PULSE), 0);
    assert.equal(dueInMs(50_000 * HOUR_MS + 7, rate(900_000), PULSE), 0);
    assert.equal(dueInMs(50_000 * HOUR_MS - 1, rate(0), PULSE), undefined);
  });

  it("loses nothing over a day of pulses (SR-59)", () => {
    const perHour = rate(777_777);
    let owed = 0;
    let pulses = 0;
    for (let ms = 0; ms < 24 * HOUR_MS; ms += 997) {
      owed = accrue(owed, perHour, 997);
      if (!isDue(owed, PULSE)) continue;
      owed = pay(owed, PULSE);
      pulses += 1;
    }
    const passedMs = Math.ceil((24 * HOUR_MS) / 997) * 997;
    assert.equal(pulses * 50_000 * HOUR_MS + owed, 777_777 * passedMs);
    assert.equal(microunits(pulses), Math.floor((777_777 * passedMs) / HOUR_MS / 50_000));
  });
});
