/** The hourly bins against the plain sum over a sliding window. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { microunits, pumpClockMs } from "../../firmware/base/units.js";
import { withHoursClosed } from "../../firmware/therapy/therapy.js";
import {
  CLOSED_BINS,
  closeHours,
  hourOf,
  lastDayMicrounits,
  lastHourMicrounits,
  NO_DELIVERY,
  type Windows,
} from "../../firmware/therapy/windows.js";
import { closedBins, HOUR_MS, therapyOf } from "./bench.js";

interface Delivery {
  readonly atMs: number;
  readonly amount: number;
}

/** Delivered within `spanMs` up to `nowMs`, both ends in. */
const slidingSum = (deliveries: readonly Delivery[], nowMs: number, spanMs: number): number =>
  deliveries.filter(({ atMs }) => atMs <= nowMs && atMs >= nowMs - spanMs).reduce((sum, { amount }) => sum + amount, 0);

/** Deliveries as gaps in ms: dense, hourly and with silent days between. */
const gaps = fc.array(
  fc.record({
    gapMs: fc.oneof(
      fc.nat(600_000),
      fc.constantFrom(0, 1, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1, 24 * HOUR_MS, 25 * HOUR_MS),
      fc.nat(40 * HOUR_MS),
    ),
    amount: fc.nat(50_000),
  }),
  { maxLength: 60 },
);

describe("windows", () => {
  it("never hold less than the true sliding sum, and at most one hour's delivery more (SR-44, SR-47)", () => {
    fc.assert(
      fc.property(gaps, (steps) => {
        let windows: Windows = NO_DELIVERY;
        let open = 0;
        let nowMs = 0;
        const deliveries: Delivery[] = [];
        for (const { gapMs, amount } of steps) {
          nowMs += gapMs;
          const hour = hourOf(pumpClockMs(nowMs));
          if (hour !== windows.hour) {
            windows = closeHours(windows, microunits(open), hour);
            open = 0;
          }
          deliveries.push({ atMs: nowMs, amount });
          open += amount;
          for (const [last, hours] of [
            [lastHourMicrounits(windows, microunits(open)), 1],
            [lastDayMicrounits(windows, microunits(open)), 24],
          ] as const) {
            assert.ok(last >= slidingSum(deliveries, nowMs, hours * HOUR_MS - 1), `${hours} h at ${nowMs}`);
            assert.ok(last <= slidingSum(deliveries, nowMs, (hours + 1) * HOUR_MS), `${hours} h at ${nowMs}, above`);
          }
        }
      }),
      { seed: 31, numRuns: 300 },
    );
  });

  it("drop an hour once 24 others have passed, and keep it until then (SR-47)", () => {
    for (const [hours, kept] of [
      [1, 7],
      [24, 7],
      [25, 0],
      [26, 0],
      [1_000_000, 0],
    ] as const) {
      const windows = closeHours(NO_DELIVERY, microunits(7), hours);
      assert.equal(lastDayMicrounits(windows, microunits(0)), kept, `${hours} hours on`);
      assert.equal(windows.closedMicrounits.length, CLOSED_BINS);
      assert.equal(windows.hour, hours);
    }
  });

  it("are what they were within the hour", () => {
    const windows: Windows = { hour: 3, closedMicrounits: closedBins(1, 2, 3) };
    assert.deepEqual(closeHours(windows, microunits(9), 3), windows);
  });

  it("shift every bin by the hours that passed", () => {
    const windows: Windows = { hour: 3, closedMicrounits: closedBins(1, 2, 3) };
    assert.deepEqual(closeHours(windows, microunits(9), 5).closedMicrounits, closedBins(0, 9, 1, 2, 3));
  });

  it("hold to a pump clock that never runs backwards", () => {
    assert.throws(() => closeHours({ ...NO_DELIVERY, hour: 2 }, microunits(0), 1), /invariant: the pump clock/);
  });

  it("count an hour's border to the hour that begins", () => {
    assert.equal(hourOf(pumpClockMs(HOUR_MS - 1)), 0);
    assert.equal(hourOf(pumpClockMs(HOUR_MS)), 1);
  });
});

describe("hours closed in the therapy", () => {
  it("move what was delivered from the open hour to its bin, once (SR-47)", () => {
    const therapy = therapyOf({}, { basalTotalMicrounits: microunits(500), openHourMicrounits: microunits(200) });
    const closed = withHoursClosed(therapy, pumpClockMs(HOUR_MS + 5));
    assert.equal(closed.journal.openHourMicrounits, 0);
    assert.deepEqual(closed.standing.windows, { hour: 1, closedMicrounits: closedBins(200) });
    assert.equal(closed.standing.windowsTotalMicrounits, 500);
    assert.equal(withHoursClosed(closed, pumpClockMs(2 * HOUR_MS - 1)), closed);
  });
});
