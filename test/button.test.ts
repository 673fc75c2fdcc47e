/** Gestures of the button, edge by edge. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { uptimeMs } from "../firmware/base/units.js";
import { type Button, buttonAtBoot, buttonWakeAt, type Gesture, stepButton } from "../firmware/button.js";

/** Plays edges `[at, pressed]`, with the wakes that the button asks for in between, until `untilMs`. */
function played(
  edges: readonly (readonly [atMs: number, pressed: boolean])[],
  untilMs: number,
  lateMs = 0,
): readonly (readonly [number, Gesture])[] {
  let button: Button = buttonAtBoot(uptimeMs(0));
  let level = false;
  let nowMs = 0;
  const gestures: [number, Gesture][] = [];
  const step = (atMs: number) => {
    nowMs = Math.max(nowMs, atMs);
    const { next, gesture } = stepButton(button, level, uptimeMs(nowMs));
    button = next;
    if (gesture) gestures.push([nowMs, gesture]);
  };
  const wakeUntil = (limitMs: number) => {
    for (;;) {
      const wake = buttonWakeAt(button, uptimeMs(nowMs));
      if (wake === undefined || wake + lateMs >= limitMs) return;
      const before = button;
      step(wake + lateMs);
      if (button === before && wake <= nowMs && buttonWakeAt(button, uptimeMs(nowMs)) === wake) return;
    }
  };
  for (const [atMs, pressed] of edges) {
    wakeUntil(atMs);
    level = pressed;
    step(atMs);
  }
  wakeUntil(untilMs);
  step(untilMs);
  return gestures;
}

const taps = (count: number, everyMs = 250, forMs = 100) =>
  Array.from({ length: count }, (_, i) => [
    [100 + i * everyMs, true] as const,
    [100 + i * everyMs + forMs, false] as const,
  ]).flat();

describe("button", () => {
  it("is held after 800 ms, not after 799, whether or not it is released afterwards (SR-64)", () => {
    const held = [[900, { kind: "hold", tapsBefore: 0 }]];
    assert.deepEqual(played([[100, true]], 3_000), held);
    assert.deepEqual(
      played(
        [
          [100, true],
          [2_000, false],
        ],
        3_000,
      ),
      held,
    );
    assert.deepEqual(
      played(
        [
          [100, true],
          [899, false],
        ],
        3_000,
      ),
      [[1_499, { kind: "taps", count: 1 }]],
    );
  });

  it("takes a glitch for nothing, and bouncing contacts for one tap, never for a hold (SR-64)", () => {
    assert.deepEqual(
      played(
        [
          [100, true],
          [105, false],
        ],
        3_000,
      ),
      [],
    );
    const glitchBeforeHold = [
      [100, true],
      [105, false],
      [200, true],
    ] as const;
    assert.deepEqual(played(glitchBeforeHold, 3_000), [[1_000, { kind: "hold", tapsBefore: 0 }]]);
    const bouncing = [
      [100, true],
      [103, false],
      [106, true],
      [110, false],
      [114, true],
      [400, false],
      [402, true],
      [404, false],
    ] as const;
    assert.deepEqual(played(bouncing, 3_000), [[1_000, { kind: "taps", count: 1 }]]);
  });

  it("counts taps until 600 ms pass without another", () => {
    for (const count of [1, 3, 4, 7])
      assert.deepEqual(played(taps(count), 5_000), [[100 + (count - 1) * 250 + 100 + 600, { kind: "taps", count }]]);
    assert.deepEqual(
      played([...taps(1), [800, true], [900, false]], 5_000).map(([, gesture]) => gesture),
      [
        { kind: "taps", count: 1 },
        { kind: "taps", count: 1 },
      ],
    );
  });

  it("tells how many taps came before a hold", () => {
    for (const count of [1, 7]) {
      const from = 100 + count * 250;
      assert.deepEqual(played([...taps(count), [from, true]], from + 2_000), [
        [from + 800, { kind: "hold", tapsBefore: count }],
      ]);
    }
  });

  it("begins anew after a hold", () => {
    const gestures = played(
      [
        [100, true],
        [1_500, false],
        [2_000, true],
        [2_100, false],
      ],
      5_000,
    );
    assert.deepEqual(
      gestures.map(([, gesture]) => gesture),
      [
        { kind: "hold", tapsBefore: 0 },
        { kind: "taps", count: 1 },
      ],
    );
  });

  it("sees a release within the bouncing after a hold, and the press after it (SR-64)", () => {
    const gestures = played(
      [
        [100, true],
        [905, false],
        [1_000, true],
      ],
      5_000,
    );
    assert.deepEqual(gestures, [
      [900, { kind: "hold", tapsBefore: 0 }],
      [1_800, { kind: "hold", tapsBefore: 0 }],
    ]);
  });

  it("takes a release that was seen late for neither a hold nor a tap (SR-64)", () => {
    const late: Button = { position: "down", since: uptimeMs(100), taps: 2 };
    const { next, gesture } = stepButton(late, false, uptimeMs(1_200));
    assert.equal(gesture, undefined);
    assert.deepEqual(next, { position: "up", since: 1_200, taps: 0 });
  });

  it("takes a press that ends a pause of taps for the first of the next gesture", () => {
    const waiting: Button = { position: "up", since: uptimeMs(100), taps: 2 };
    const { next, gesture } = stepButton(waiting, true, uptimeMs(900));
    assert.deepEqual(gesture, { kind: "taps", count: 2 });
    assert.deepEqual(next, { position: "touched", since: 900, taps: 0 });
  });

  it("asks to be read at the end of bouncing, even when that is past: a hold is never left unwatched (SR-64)", () => {
    for (const position of ["touched", "bouncing"] as const)
      for (const nowMs of [1_000, 1_019, 1_020, 1_500])
        assert.equal(buttonWakeAt({ position, since: uptimeMs(1_000), taps: 0 }, uptimeMs(nowMs)), 1_020);
  });

  it("asks for nothing while it rests", () => {
    assert.equal(buttonWakeAt(buttonAtBoot(uptimeMs(0)), uptimeMs(500)), undefined);
    assert.equal(buttonWakeAt({ position: "held", since: uptimeMs(0), taps: 0 }, uptimeMs(500)), undefined);
  });

  it("stops within a second of any press that lasts, however the thread lags by up to 150 ms (SR-64)", () => {
    fc.assert(
      fc.property(fc.nat(150), fc.integer({ min: 1_000, max: 5_000 }), fc.nat(6), (lateMs, pressMs, tapsBefore) => {
        const from = 100 + tapsBefore * 250;
        const [gesture] = played([...taps(tapsBefore), [from, true], [from + pressMs, false]], from + 8_000, lateMs);
        assert.ok(gesture && gesture[0] <= from + 1_000, JSON.stringify(gesture));
        assert.deepEqual(gesture[1], { kind: "hold", tapsBefore });
      }),
      { seed: 101, numRuns: 100 },
    );
  });
});
