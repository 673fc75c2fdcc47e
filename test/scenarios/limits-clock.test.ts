/** What no restart, no time without power and no wall clock may change about the windows. */

import assert from "node:assert/strict";
import { Recorded } from "../recorded.js";
import { setTime, timeUpdate } from "./profileScene.js";
import {
  assertDisplaced,
  assertSound,
  bolusOf,
  CODE,
  deliver,
  HOUR_MS,
  inSession,
  MINUTE_MS,
  quietScene,
  rigWith,
  type Scene,
} from "./scene.js";

const U = 1_000_000;
const DAY_MS = 24 * HOUR_MS;
/** The pump clock is durable at least this often: what a cut may take off it. */
const SAVE_MS = 5 * MINUTE_MS;
/** 2026-11-23 12:00:00. */
const NOON_S = 848_750_400;

const hourLimited = (seed: number): Scene =>
  quietScene({ seed, rig: rigWith({ limits: { hourMaxMicrounits: U }, basalMicrounitsPerHour: 0 }) });

/** Whether a bolus of one increment would be taken now. */
const refused = ({ peer }: Scene): boolean => {
  const prepared = inSession(peer, () => peer.prepare(bolusOf(10_000)));
  assert.ok(typeof prepared !== "number" || prepared === CODE.plausibility);
  return typeof prepared === "number";
};

describe("limits and the clocks", () => {
  it("counts time without power as none: ten days off free nothing of the hour (SR-47)", () => {
    const scene = hourLimited(141);
    const { world } = scene;
    assert.equal(deliver(scene, U), CODE.success);
    assert.ok(refused(scene));
    world.powerCycle(10 * DAY_MS);
    const poweredMs = world.clock.nowMs;
    assert.ok(refused(scene));
    world.clock.advance(HOUR_MS);
    assert.ok(refused(scene));
    world.powerCycle(3 * HOUR_MS);
    assert.ok(refused(scene));
    // In the pump clock's first hour it was delivered; the second has to pass too, with power.
    world.clock.advance(2 * HOUR_MS + SAVE_MS);
    assert.ok(!refused(scene), `${world.clock.nowMs - poweredMs} ms after the first cut`);
    assertDisplaced(world, U);
    assertSound(world);
  });

  it("never frees the hour earlier than powered time does, with the power cut every few minutes (SR-47)", () => {
    const scene = hourLimited(142);
    const { world } = scene;
    assert.equal(deliver(scene, U), CODE.success);
    let poweredMs = world.clock.nowMs;
    let last = true;
    for (let i = 0; i < 40 && last; i++) {
      world.powerCycle(7 * HOUR_MS);
      world.clock.advance(SAVE_MS + 1_000);
      poweredMs += SAVE_MS + 1_000;
      last = refused(scene);
      assert.ok(last || poweredMs >= 2 * HOUR_MS, `free after ${poweredMs} ms with power`);
    }
    assert.equal(last, false, "the window never moved on");
    assertSound(world);
  });

  it("keeps the day's limit over a restart in every hour of it (SR-44, SR-47)", () => {
    const limits = { dayMaxMicrounits: 3 * U };
    const scene = quietScene({ seed: 143, rig: rigWith({ limits, basalMicrounitsPerHour: 0 }) });
    const { world } = scene;
    assert.equal(deliver(scene, 3 * U), CODE.success);
    for (let hour = 1; hour <= 24; hour++) {
      world.clock.advance(hour * HOUR_MS + SAVE_MS - world.clock.nowMs);
      world.powerCycle(1);
      assert.ok(refused(scene), `hour ${hour}`);
    }
    world.clock.advance(3 * HOUR_MS);
    assert.ok(!refused(scene));
    assertDisplaced(world, 3 * U);
    assertSound(world);
  });

  it("counts a bolus that the power cut off, at its upper bound (SR-44, SR-47)", () => {
    const scene = hourLimited(144);
    const { world, peer } = scene;
    inSession(peer, () => {
      assert.equal(peer.order(bolusOf(500_000)), CODE.success);
      // Five pulses are done and the sixth is on its way.
      const halfSteps = 5 * 40 + 20 + world.hardware.plant.commandedHalfSteps;
      world.clock.runUntil(() => world.hardware.plant.commandedHalfSteps >= halfSteps, MINUTE_MS);
      world.hardware.cut();
    });
    world.clock.advance(1_000);
    world.powerUp();
    const moved = world.hardware.plant.displacedMicrounits;
    assert.ok(moved > 250_000 && moved < 300_000, `${moved}`);
    // 0.30 U count: the pulse under way whole. Ever so little more than the rest of the hour's limit is refused.
    assert.equal(
      inSession(peer, () => peer.prepare(bolusOf(710_000))),
      CODE.plausibility,
    );
    assert.equal(deliver(scene, 700_000), CODE.success);
    assert.ok(world.hardware.plant.displacedMicrounits <= U + 4 * 1_257);
    assert.ok(refused(scene));
    assertSound(world);
  });

  for (const [name, limits, freeMs] of [
    ["hour", { hourMaxMicrounits: U }, 2 * HOUR_MS],
    ["day", { dayMaxMicrounits: U }, 25 * HOUR_MS],
  ] as const)
    it(`leaves as much of the ${name} as before, for as long, when the time is set on and back (SR-44, SR-48)`, () => {
      const scene = quietScene({ seed: 146, rig: rigWith({ limits, basalMicrounitsPerHour: 0 }) });
      const { world, peer } = scene;
      const set = (hours: number) => {
        const code = inSession(peer, () => setTime(peer, timeUpdate(NOON_S + hours * 3_600)));
        assert.equal(code, CODE.success);
      };
      assert.equal(deliver(scene, 600_000), CODE.success);
      for (const hours of [0, 3, -3, 720, -720]) {
        set(hours);
        inSession(peer, () => {
          assert.equal(peer.prepare(bolusOf(410_000)), CODE.plausibility, `set by ${hours} h`);
          assert.ok(typeof peer.prepare(bolusOf(400_000)) !== "number", `set by ${hours} h`);
        });
      }
      assert.equal(deliver(scene, 400_000), CODE.success);
      world.clock.advance(freeMs - MINUTE_MS - world.clock.nowMs);
      set(3);
      assert.ok(refused(scene));
      set(-3);
      world.clock.advance(freeMs - world.clock.nowMs);
      assert.ok(!refused(scene));
      assertDisplaced(world, U);
      assertSound(world);
    });

  it("reads no wall clock: with one that jumps by years at every look all bytes and steps stay (SR-47, SR-48)", () => {
    const run = () => {
      const recorded = new Recorded();
      const rig = rigWith({ limits: { hourMaxMicrounits: U } });
      const scene = quietScene({ seed: 145, rig, record: recorded.record });
      const { world } = scene;
      const codes = [deliver(scene, 800_000), deliver(scene, 800_000)];
      world.clock.advance(HOUR_MS);
      codes.push(deliver(scene, 800_000));
      world.powerCycle();
      codes.push(deliver(scene, 800_000));
      world.clock.advance(HOUR_MS + SAVE_MS);
      codes.push(deliver(scene, 800_000));
      assertSound(world);
      const { hardware } = world;
      return {
        codes,
        recorded: recorded.bytes(),
        stored: hardware.keyValue.snapshot(),
        moved: hardware.plant.displacedMicrounits,
      };
    };
    const ordinary = run();
    assert.deepEqual(ordinary.codes, [CODE.success, ...[1, 2, 3].map(() => CODE.plausibility), CODE.success]);
    const RealDate = globalThis.Date;
    const YEARS = [2_051, 1_970, 2_106, 1_999];
    let looks = 0;
    class JumpingDate extends RealDate {
      constructor() {
        super(JumpingDate.now());
      }
      static override now(): number {
        looks += 1;
        return RealDate.UTC(YEARS[looks % YEARS.length] ?? 2_000, 0);
      }
    }
    globalThis.Date = JumpingDate as DateConstructor;
    try {
      assert.deepEqual(run(), ordinary);
      assert.equal(looks, 0);
    } finally {
      globalThis.Date = RealDate;
    }
  });
});
