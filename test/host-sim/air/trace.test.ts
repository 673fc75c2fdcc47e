import assert from "node:assert/strict";
import type { AirEvent } from "../../../host-sim/air/packet.js";
import { DROP, DUPLICATE, delay, PASS, type TapAction } from "../../../host-sim/air/tap.js";
import { parseTrace, Trace } from "../../../host-sim/air/trace.js";
import { VirtualClock } from "../../../host-sim/clock/virtualClock.js";
import { Bench, bytes } from "./bench.js";

/** A conversation under a tap that a seed decides. */
function converse(seed: number): { readonly trace: Trace; readonly events: readonly AirEvent[] } {
  const trace = new Trace({ maximumBytes: 100_000 });
  const events: AirEvent[] = [];
  const bench = new Bench({
    observer: (event) => {
      trace.record(event);
      events.push(event);
    },
  });
  let state = seed;
  const actions: readonly TapAction[] = [PASS, PASS, PASS, PASS, DUPLICATE, delay(70)];
  bench.boot();
  const central = bench.join();
  bench.air.tap = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    if (state % 101 === 0) return DROP;
    return actions[(state >> 8) % actions.length] ?? PASS;
  };
  for (let i = 0; i < 20; i++) central.link.write(bytes(i, i + 1));
  bench.clock.advance(120_000);
  return { trace, events };
}

const EVENT: AirEvent = {
  timeMs: 1,
  what: "sent",
  packet: { connectionId: 1, direction: "toPeripheral", kind: "write", value: bytes(1, 2, 3) },
};

describe("the air's trace", () => {
  it("has the same bytes for the same seed, and others for another", () => {
    const [first, second, other] = [converse(7), converse(7), converse(8)];
    assert.ok(first.events.length > 20);
    assert.deepEqual(first.trace.bytes(), second.trace.bytes());
    assert.notDeepEqual(first.trace.bytes(), other.trace.bytes());
  });

  it("reads back as what was recorded", () => {
    const { trace, events } = converse(7);
    assert.deepEqual(parseTrace(trace.bytes()), { lost: 0, events });
  });

  it("is laid out as documented", () => {
    const trace = new Trace({ maximumBytes: 1_000 });
    trace.record({
      timeMs: 0x0102_0304,
      what: "arrived",
      packet: { connectionId: 5, direction: "toCentral", kind: "indication", value: bytes(0xaa, 0xbb) },
    });
    assert.deepEqual(
      trace.bytes(),
      bytes(0x43, 0x53, 0x41, 0x31, 0, 0, 0, 0, 4, 3, 2, 1, 0, 0, 5, 0, 0, 0x34, 2, 0, 0xaa, 0xbb),
    );
  });

  it("keeps the newest entries within its bound and counts the others", () => {
    const trace = new Trace({ maximumBytes: 100 });
    for (let timeMs = 0; timeMs < 50; timeMs++) trace.record({ ...EVENT, timeMs });
    // An entry is 12 + 3 bytes: six fit.
    const recording = parseTrace(trace.bytes());
    assert.deepEqual(
      recording?.events.map(({ timeMs }) => timeMs),
      [44, 45, 46, 47, 48, 49],
    );
    assert.equal(recording?.lost, 44);
    assert.equal(trace.bytes().length, 8 + 6 * 15);
  });

  it("refuses a file that is cut, foreign or has an unknown packet in it", () => {
    const trace = new Trace({ maximumBytes: 1_000 });
    trace.record(EVENT);
    const whole = trace.bytes();
    for (let length = 0; length < whole.length; length++)
      assert.equal(parseTrace(whole.slice(0, length))?.events.length, length === 8 ? 0 : undefined);
    for (const [offset, value] of [
      [0, 0x44],
      [17, 0x07],
      [17, 0x42],
    ] as const) {
      const changed = whole.slice();
      changed[offset] = value;
      assert.equal(parseTrace(changed), undefined);
    }
  });

  it("records the fractions of a real clock as whole milliseconds", () => {
    const trace = new Trace({ maximumBytes: 1_000 });
    trace.record({ ...EVENT, timeMs: new VirtualClock().nowMs + 3.9 });
    assert.equal(parseTrace(trace.bytes())?.events[0]?.timeMs, 3);
  });
});
