/** The battery by its voltage: what is taken for a charge, and when a person is told. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { BATTERY_AT_BOOT, type BatteryState, percentOf, stepBattery } from "../firmware/battery.js";
import { AnnunciationType } from "../firmware/ids/values.js";

const { BatteryLow, BatteryEmpty, PowerInsufficient } = AnnunciationType;

/** What is told as one measurement follows the other, `-` for nothing, and the state in the end. */
function run(measured: readonly (number | undefined)[]) {
  let state: BatteryState = BATTERY_AT_BOOT;
  const told = measured.map((millivolts) => {
    const { next, tell } = stepBattery(state, millivolts);
    state = next;
    return tell ?? "-";
  });
  return { told, state };
}

const times = <T>(count: number, value: T): readonly T[] => Array<T>(count).fill(value);

describe("battery", () => {
  it("has a charge that never rises as the voltage falls, from 100 to 0 % (SR-112)", () => {
    assert.equal(percentOf(4_200), 100);
    assert.equal(percentOf(4_150), 100);
    assert.equal(percentOf(4_149), 99);
    assert.equal(percentOf(3_800), 50);
    assert.equal(percentOf(3_750), 37);
    assert.equal(percentOf(3_300), 0);
    assert.equal(percentOf(2_000), 0);
    for (let mv = 2_500; mv < 4_400; mv++) assert.ok(percentOf(mv) <= percentOf(mv + 1), `${mv}`);
  });

  it("is annunciated at each step at the third measurement in a row (SR-112)", () => {
    const measured = [3_900, 3_700, 3_700, 3_900, 3_700, 3_700, 3_700, ...times(3, 3_500), ...times(3, 3_400)];
    const { told } = run(measured);
    const at = told.flatMap((type, i) => (type === "-" ? [] : [[i, type]]));
    assert.deepEqual(at, [
      [6, BatteryLow],
      [9, BatteryEmpty],
      [12, PowerInsufficient],
    ]);
  });

  it("is annunciated once a step, however it wavers about it, and again after it was charged (SR-112)", () => {
    const wavering = Array.from({ length: 40 }, (_, i) => (i % 4 === 3 ? 3_715 : 3_700));
    assert.deepEqual(
      run(wavering).told.filter((type) => type !== "-"),
      [BatteryLow],
    );
    const charged = [...times(3, 3_700), 4_100, ...times(3, 3_700)];
    assert.deepEqual(
      run(charged).told.filter((type) => type !== "-"),
      [BatteryLow, BatteryLow],
    );
  });

  it("says the gravest of several steps that are reached at once", () => {
    assert.deepEqual(run(times(4, 3_300)).told, ["-", "-", PowerInsufficient, "-"]);
  });

  it("is low and of no known charge when three measurements in a row fail, or can be no battery's (SR-112)", () => {
    for (const bad of [undefined, 0, 300, 2_799, 4_401, 4_900]) {
      const { told, state } = run([4_000, ...times(3, bad), ...times(3, bad)]);
      assert.deepEqual(told, ["-", "-", "-", BatteryLow, "-", "-", "-"], `${bad}`);
      assert.equal(state.percent, undefined);
      const passing = run([4_000, bad, bad, 4_000, bad]);
      assert.deepEqual(
        passing.told.filter((type) => type !== "-"),
        [],
      );
      assert.equal(passing.state.percent, 81);
    }
  });

  it("never lifts the gravity of an empty one because it cannot be measured, and is known again when it can", () => {
    const { told, state } = run([...times(3, 3_500), ...times(6, undefined), 3_500]);
    assert.deepEqual(
      told.filter((type) => type !== "-"),
      [BatteryEmpty],
    );
    assert.equal(state.percent, 5);
  });

  it("never shows a charge after three failures, whatever came before", () => {
    const measurement = fc.option(fc.integer({ min: 0, max: 5_000 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(measurement, { maxLength: 30 }), (measured) => {
        assert.equal(run([...measured, undefined, undefined, undefined]).state.percent, undefined);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
