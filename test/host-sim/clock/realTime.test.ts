/** Virtual time by a clock on the wall that the test sets. */

import assert from "node:assert/strict";
import { RealTime } from "../../../host-sim/clock/realTime.js";
import { VirtualClock } from "../../../host-sim/clock/virtualClock.js";
import { ManualWall } from "./manualWall.js";

function driven(speed: () => number = () => 1) {
  const clock = new VirtualClock();
  const wall = new ManualWall();
  const passed: number[] = [];
  const time = new RealTime({ clock, wall, speed, onPassed: (nowMs) => passed.push(nowMs) });
  const ran: number[] = [];
  const at = (delayMs: number, action: () => void = () => {}) =>
    clock.schedule(() => {
      ran.push(clock.nowMs);
      action();
    }, delayMs);
  return { clock, wall, time, passed, ran, at };
}

describe("real time", () => {
  it("runs events when they are due on the wall, and none before it has started", () => {
    const { clock, wall, time, ran, at } = driven();
    at(100);
    at(250);
    wall.pass(1_000);
    assert.deepEqual(ran, []);
    time.start();
    wall.pass(99);
    assert.deepEqual(ran, []);
    wall.pass(2);
    assert.deepEqual(ran, [100]);
    wall.pass(1_000);
    assert.deepEqual(ran, [100, 250]);
    time.act(() => assert.equal(clock.nowMs, 1_101));
  });

  it("has run what was due before anything from outside acts, and then what the action made due", () => {
    const { clock, wall, time, ran, at } = driven();
    time.start();
    at(100);
    wall.setMs += 150;
    time.act(() => {
      assert.deepEqual(ran, [100]);
      assert.equal(clock.nowMs, 150);
      at(0);
    });
    assert.deepEqual(ran, [100, 150]);
    time.act(() => at(50));
    wall.pass(50);
    assert.deepEqual(ran, [100, 150, 200]);
  });

  it("runs faster as asked, and changes its speed at the event or action that asks for it, without a jump", () => {
    let speed = 10;
    const { clock, wall, time, ran, at } = driven(() => speed);
    at(1_000, () => {
      speed = 1;
      at(1_000);
    });
    time.start();
    wall.pass(99);
    assert.deepEqual(ran, []);
    wall.pass(1);
    assert.deepEqual(ran, [1_000]);
    wall.pass(999);
    assert.deepEqual(ran, [1_000]);
    wall.pass(1);
    assert.deepEqual(ran, [1_000, 2_000]);
    time.act(() => {
      speed = 100;
    });
    wall.pass(10);
    time.act(() => assert.equal(clock.nowMs, 3_000));
  });

  it("catches up in short turns after a stall, and lets others have theirs in between", () => {
    const { wall, time, ran, at } = driven();
    const costly = () => {
      wall.setMs += 5;
      if (ran.length < 100) at(10, costly);
    };
    time.start();
    at(10, costly);
    wall.setMs += 1_000;
    time.act(() => {});
    assert.ok(ran.length >= 4 && ran.length <= 10, `${ran.length} events in two turns of 20 ms`);
    wall.pass(2_000);
    assert.equal(ran.length, 100);
  });

  it("skips time at once, and goes on from there", () => {
    const { clock, wall, time, ran, at } = driven();
    time.start();
    at(3_600_000);
    time.act(() => time.skip(86_400_000));
    assert.deepEqual(ran, [3_600_000]);
    assert.equal(clock.nowMs, 86_400_000);
    at(10, () => time.skip(1_000));
    wall.pass(20);
    time.act(() => assert.ok(clock.nowMs >= 86_401_010 && clock.nowMs <= 86_401_020, `${clock.nowMs}`));
  });

  it("tells how far time has got before an action sees it", () => {
    const { clock, wall, time, passed } = driven();
    time.start();
    wall.setMs += 77;
    time.act(() => assert.equal(passed.at(-1), clock.nowMs));
    assert.equal(passed.at(-1), 77);
  });

  it("sleeps until the next event, an hour long if need be, and not at all once stopped", () => {
    const { clock, wall, time, ran, at } = driven();
    time.start();
    at(3_600_000);
    assert.equal(wall.waiting, 1);
    wall.pass(3_600_000 - 1);
    assert.deepEqual(ran, []);
    wall.pass(1);
    assert.deepEqual(ran, [3_600_000]);
    at(100, () => time.stop());
    at(100);
    time.act(() => {});
    wall.pass(1_000);
    assert.deepEqual(ran.length, 2);
    assert.equal(wall.waiting, 0);
    let acted = false;
    time.act(() => {
      acted = true;
    });
    assert.ok(acted && clock.nowMs === 3_600_100);
  });
});
