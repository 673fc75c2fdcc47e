/** Annunciations, and the history events of the therapy. */

import assert from "node:assert/strict";
import { microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { RecordingReason } from "../../firmware/ids/historyValues.js";
import { AnnunciationType, HistoryEvent } from "../../firmware/ids/values.js";
import {
  annunciate,
  confirm,
  foremost,
  mayConfirmByRadio,
  NO_ANNUNCIATIONS,
} from "../../firmware/therapy/annunciations.js";
import { annunciationChanged, basalRateChanged, controlStateChanged } from "../../firmware/therapy/events.js";
import {
  type NewEvent,
  PENDING_EVENTS_MAX,
  REFERENCE_INTERVAL_MS,
  withEvents,
} from "../../firmware/therapy/history.js";
import { hex } from "../session/bench.js";
import { at } from "./bench.js";

const { Occlusion, SystemIssue } = AnnunciationType;
const UNSET = { time: undefined };

describe("annunciations", () => {
  it("are pending once for each type, oldest first, with growing instances", () => {
    const one = annunciate(NO_ANNUNCIATIONS, Occlusion);
    assert.ok(one);
    assert.equal(annunciate(one, Occlusion), undefined);
    const two = annunciate(one, SystemIssue);
    assert.deepEqual(two, {
      nextInstance: 2,
      pending: [
        { instance: 0, type: Occlusion },
        { instance: 1, type: SystemIssue },
      ],
    });
  });

  it("are confirmed one by one, and shown oldest first, those that are snoozed last", () => {
    const one = annunciate(NO_ANNUNCIATIONS, Occlusion);
    const two = one && annunciate(one, SystemIssue);
    assert.ok(two);
    const [occlusion, issue] = two.pending;
    assert.ok(occlusion && issue);
    const snoozed = (instance: number) => ({ instance, until: at(1) });
    assert.equal(foremost(two, []), occlusion);
    assert.equal(foremost(two, [snoozed(0)]), issue);
    assert.equal(foremost(two, [snoozed(1), snoozed(0)]), occlusion);
    assert.deepEqual(confirm(two, occlusion).pending, [issue]);
    assert.equal(foremost(NO_ANNUNCIATIONS, []), undefined);
  });

  it("want somebody at the pump unless they are listed (SR-110)", () => {
    const byRadio = Object.entries(AnnunciationType).filter(([, type]) => mayConfirmByRadio(type));
    assert.deepEqual(
      byRadio.map(([name]) => name),
      ["BatteryLow", "BolusCanceled", "TbrCanceled", "MaxDelivery", "DateTimeIssue"],
    );
  });

  it("wrap their instance at 16 bits", () => {
    const last = annunciate({ nextInstance: 0xffff, pending: [] }, Occlusion);
    assert.deepEqual(last, { nextInstance: 0, pending: [{ instance: 0xffff, type: Occlusion }] });
  });
});

describe("history events", () => {
  const event: NewEvent = { event: HistoryEvent.DataCorruption, data: new Uint8Array(0) };
  const history = { nextSequence: 10, referenceMs: pumpClockMs(1_000), pending: [] };

  it("number events on and date them by the last Reference Time (SR-67)", () => {
    const next = withEvents(history, [event, event], pumpClockMs(6_999), UNSET);
    assert.equal(next.nextSequence, 12);
    assert.deepEqual(
      next.pending.map(({ sequence, relativeOffsetS, pumpClockMs: at }) => [sequence, relativeOffsetS, at]),
      [
        [10, 5, 6_999],
        [11, 5, 6_999],
      ],
    );
  });

  it("put a Reference Time before them every 18 h and after a restart", () => {
    const due = withEvents(history, [event], pumpClockMs(1_000 + REFERENCE_INTERVAL_MS), UNSET);
    const restarted = withEvents(history, [event], pumpClockMs(2_000), {
      time: undefined,
      reason: RecordingReason.TimeLost,
    });
    for (const [{ pending, referenceMs }, reason, atMs] of [
      [due, "3c", 1_000 + REFERENCE_INTERVAL_MS],
      [restarted, "55", 2_000],
    ] as const) {
      assert.deepEqual(
        pending.map((record) => [record.event, record.relativeOffsetS]),
        [
          [HistoryEvent.ReferenceTime, 0],
          [HistoryEvent.DataCorruption, 0],
        ],
      );
      assert.equal(hex(pending[0]?.data ?? new Uint8Array(0)), `${reason}${"00".repeat(9)}`);
      assert.equal(referenceMs, atMs);
    }
    assert.equal(withEvents(history, [event], pumpClockMs(999 + REFERENCE_INTERVAL_MS), UNSET).pending.length, 1);
    assert.ok(REFERENCE_INTERVAL_MS / 1_000 < 2 ** 16);
  });

  it("drop the events of the change before", () => {
    const first = withEvents(history, [event, event], pumpClockMs(2_000), UNSET);
    assert.equal(withEvents(first, [], pumpClockMs(3_000), UNSET).pending.length, 0);
  });

  it("are bounded: more in one step is our bug", () => {
    const many = Array<NewEvent>(PENDING_EVENTS_MAX + 1).fill(event);
    assert.throws(() => withEvents(history, many, pumpClockMs(2_000), UNSET), /invariant: 25 history events/);
    assert.equal(withEvents(history, many.slice(1), pumpClockMs(2_000), UNSET).pending.length, PENDING_EVENTS_MAX);
  });

  it("are laid out as the Insulin Delivery Service has them", () => {
    assert.equal(hex(controlStateChanged(true).data), "3355");
    assert.equal(hex(controlStateChanged(false).data), "5533");
    const [from, to] = [microunitsPerHour(900_000), microunitsPerHour(0)];
    assert.equal(hex(basalRateChanged(from, to, undefined).data), "0009f00000");
    const annunciation = { instance: 0x0102, type: Occlusion };
    for (const [status, data] of [
      ["Pending", "0002013c0033"],
      ["Snoozed", "0002013c003c"],
      ["Confirmed", "0002013c0055"],
    ] as const) {
      const [part1, part2] = annunciationChanged(annunciation, status);
      assert.deepEqual([part1?.event, part2?.event], [0x033f, 0x0356]);
      assert.deepEqual(
        [part1, part2].map((part) => hex(part?.data ?? new Uint8Array(0))),
        [data, "00"],
      );
    }
  });
});
