/** Days of insulin on a whole pump: recorded at its midnight, told of by radio, and the same as the pulses that were given. */

import assert from "node:assert/strict";
import { HistoryLog } from "../../firmware/storage/history.js";
import type { Controller } from "../../host-sim/controller/controller.js";
import { EVENT, readEvent } from "../../host-sim/controller/events.js";
import type { TotalDailyInsulin } from "../../host-sim/controller/idsAnswers.js";
import type { Result } from "../../host-sim/controller/requests.js";
import type { World } from "../../host-sim/world.js";
import { runningWorld } from "../bench.js";
import { assertDisplaced, assertHistoryWhole, assertSound, HOUR_MS, MAINS, MINUTE_MS } from "./scene.js";

const DECEMBER_24_2025 = 819_849_600;
const DAY_S = 86_400;
const TOTAL_DAILY_INSULIN = 0x10;
const PULSE = 50_000;

/** The days on the flash: date, bolus, basal, and the flags. */
function recordedDays(world: World): readonly (readonly number[])[] {
  const log = new HistoryLog(world.hardware.flash.open(MAINS));
  const days: (readonly number[])[] = [];
  log.mount();
  log.read(0, 0xffffffff, (record) => {
    const { figures } = readEvent(record);
    if (record.event !== EVENT.totalDailyInsulin || !figures) return;
    const { year = -1, month = -1, day = -1, bolusMicrounits = -1, basalMicrounits = -1, flags = -1 } = figures;
    days.push([year, month, day, bolusMicrounits, basalMicrounits, flags]);
  });
  return days;
}

const setTime = (world: World, controller: Controller, baseTimeSeconds: number) =>
  assert.equal(
    world.await<{ readonly kind: string }>((done) =>
      controller.setTime({ baseTimeSeconds, timeZoneQuarters: 0, dstQuarters: 0 }, () => true, done),
    )?.kind,
    "ok",
  );

function today(world: World, controller: Controller): TotalDailyInsulin {
  if (controller.state.kind !== "open")
    assert.equal(world.await<{ readonly kind: string }>((done) => controller.open(done))?.kind, "ok");
  const answer = world.await<Result<TotalDailyInsulin>>((done) => controller.totalDailyInsulin(done));
  assert.ok(answer?.kind === "ok", answer?.kind);
  return answer.value;
}

describe("a day of insulin", () => {
  it("is recorded at the pump's midnight, told of, and what the syringe gave, over a restart (SR-118, SR-35)", () => {
    const { world, controller } = runningWorld({ seed: 1180 });
    setTime(world, controller, DECEMBER_24_2025 + DAY_S - 7_200);
    assert.deepEqual(recordedDays(world), [[0, 0, 0, 0, 0, 1]]);
    const flags: number[] = [];
    world.await<unknown>((done) => controller.bolus(500_000, {}, done));
    world.clock.advance(HOUR_MS);
    const evening = today(world, controller);
    assert.equal(evening.bolusMicrounits, 500_000);
    assert.equal(evening.totalMicrounits, evening.bolusMicrounits + evening.basalMicrounits);

    world.powerCycle();
    world.clock.advance(1_000);
    controller.close();
    world.clock.advance(5_000);
    assert.deepEqual(today(world, controller), evening);
    world.await<unknown>((done) => controller.resetStatus(0xff, done));
    world.clock.advance(HOUR_MS + MINUTE_MS);
    world.await<Result<number>>((done) =>
      controller.statusChanged((result) => {
        if (result.kind === "ok") flags.push(result.value);
        done(result);
      }),
    );
    assert.equal((flags[0] ?? 0) & TOTAL_DAILY_INSULIN, TOTAL_DAILY_INSULIN);
    const [, christmasEve, ...more] = recordedDays(world);
    const [year, month, day, bolus = 0, basal = 0, changed] = christmasEve ?? [];
    assert.deepEqual([year, month, day, bolus, changed, more], [2025, 12, 24, 500_000, 1, []]);
    // Two hours at 0.9 U/h are 36 pulses; the restart may have cost one.
    assert.ok(basal >= 34 * PULSE && basal <= 36 * PULSE, `${basal} µU`);
    const night = today(world, controller);
    assert.equal(night.bolusMicrounits, 0);
    assertDisplaced(world, bolus + basal + night.basalMicrounits);
    assertHistoryWhole(world);
    assertSound(world);
  });

  it("is ended by a time set back over midnight, and counts nothing twice (SR-118)", () => {
    const { world, controller } = runningWorld({ seed: 1181 });
    setTime(world, controller, DECEMBER_24_2025 + DAY_S - 3_600);
    world.clock.advance(2 * HOUR_MS);
    setTime(world, controller, DECEMBER_24_2025 + DAY_S - 1_800);
    world.clock.advance(HOUR_MS);
    const days = recordedDays(world);
    assert.deepEqual(
      days.map(([, month, day, , , flags]) => [month, day, flags]),
      [
        [0, 0, 1],
        [12, 24, 1],
        [12, 25, 1],
        [12, 24, 1],
      ],
    );
    const recorded = days.reduce((sum, [, , , bolus = 0, basal = 0]) => sum + bolus + basal, 0);
    assertDisplaced(world, recorded + today(world, controller).totalMicrounits);
    assertSound(world);
  });
});
