/** A pump that answers a fetch of its history with what the protocol does not have in that place, or not at all. */

import assert from "node:assert/strict";
import type { FetchResult, HistoryItem, HistoryStore } from "../../../host-sim/controller/historyFetch.js";
import type { HistoryRecord } from "../../../host-sim/controller/recordAccess.js";
import { type Bench, hex, paired } from "./bench.js";

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
/** Bolus Programmed part 2 with that sequence. */
const record = (sequence: number): string => `6600${sequence.toString(16).padStart(2, "0")}0000000100${"08"}`;
const FROM_0 = "33550f00000000";
const SUCCESS = "0f0f33f0";

class Kept implements HistoryStore {
  readonly items: HistoryItem[] = [];

  newest(): HistoryRecord | undefined {
    const last = this.items.at(-1);
    return last?.kind === "record" ? last.record : undefined;
  }

  append(_pumpId: Uint8Array, items: readonly HistoryItem[]): void {
    this.items.push(...items);
  }
}

/** Each value that comes on channel 27, answered by `[channel, value]` as `script` has it; what came. */
function answering(bench: Bench, script: (value: string) => readonly (readonly [number, string])[]): string[] {
  const asked: string[] = [];
  bench.pump.onRecordAccess = (value) => {
    asked.push(hex(value));
    for (const [on, answer] of script(hex(value))) bench.pump.send(on, bytes(answer));
  };
  return asked;
}

const fetch = (bench: Bench, kept: HistoryStore) =>
  bench.await<FetchResult>((done) => bench.controller.fetchHistory(kept, done), 60_000);

const closedFor = ({ events }: Bench) => events.flatMap((event) => (event.kind === "closed" ? [event.reason] : []));

describe("a fetch of the history", () => {
  it("asks for the newest record that is kept and above, and takes that one for the proof of the rest", () => {
    const bench = paired();
    const kept = new Kept();
    answering(bench, () => [
      [0x28, record(0)],
      [0x28, record(1)],
      [0x27, SUCCESS],
    ]);
    assert.deepEqual(fetch(bench, kept), { kind: "ok", records: 2, missing: 0 });
    const asked = answering(bench, () => [
      [0x28, record(1)],
      [0x28, record(4)],
      [0x27, SUCCESS],
    ]);
    assert.deepEqual(fetch(bench, kept), { kind: "ok", records: 1, missing: 2 });
    assert.deepEqual(asked, ["33550f01000000"]);
    assert.deepEqual(kept.items[2], { kind: "gap", from: 2, to: 3 });
  });

  it("tells what the pump refuses, an older pump's refusal of the channel too, and the session stays open", () => {
    const bench = paired();
    for (const [answer, code] of [
      [[0x27, "0f0f3308"], 0x08],
      [[0x27, "0f0f330a"], 0x0a],
      [[0x00, "662770"], 0x70],
    ] as const) {
      answering(bench, () => [answer]);
      assert.deepEqual(fetch(bench, new Kept()), { kind: "refused", code });
    }
    assert.equal(bench.controller.state.kind, "open");
  });

  it("ends the session at a record or a response that is none, and keeps what was right", () => {
    for (const wrong of [
      [0x28, "6600010000"],
      [0x28, `${record(1)}0102030405060708090a0b`],
      [0x27, "0f0f33"],
      [0x27, "660f02000000"],
      [0x27, "0f0f55f0"],
      [0x25, "550f4b110f"],
    ] as const) {
      const bench = paired();
      const kept = new Kept();
      answering(bench, () => [[0x28, record(0)], wrong]);
      assert.deepEqual(fetch(bench, kept), { kind: "lost" });
      assert.deepEqual(closedFor(bench).slice(-1), ["unexpectedMessage"]);
      assert.equal(kept.items.length, 1);
    }
  });

  it("takes records that go back, or come twice, for a history that began anew, and fetches that whole", () => {
    for (const again of [0, 1]) {
      const bench = paired();
      const kept = new Kept();
      let reports = 0;
      answering(bench, (value) => {
        if (value === "550f") return [[0x27, "0f0f55f0"]];
        reports += 1;
        const odd: readonly (readonly [number, string])[] =
          reports === 1
            ? [[0x28, record(again)]]
            : [
                [0x28, record(2)],
                [0x27, SUCCESS],
              ];
        return [[0x28, record(0)], [0x28, record(1)], ...odd];
      });
      assert.equal(fetch(bench, kept).kind, "ok");
      assert.deepEqual(
        kept.items.map((item) => (item.kind === "record" ? item.record.sequence : item.kind)),
        [0, 1, "restarted", 0, 1, 2],
      );
    }
  });

  it("waits for the answer to Abort where the report's end has crossed it", () => {
    const bench = paired();
    const kept = new Kept();
    let reports = 0;
    const asked = answering(bench, (value) => {
      if (value === "550f")
        return [
          [0x28, record(1)],
          [0x27, SUCCESS],
          [0x27, "0f0f55f0"],
        ];
      reports += 1;
      return reports === 1
        ? [[0x28, record(0)]]
        : [
            [0x28, record(0)],
            [0x28, record(1)],
            [0x27, SUCCESS],
          ];
    });
    const ended: string[] = [];
    bench.controller.fetchHistory(kept, ({ kind }) => ended.push(`history ${kind}`));
    bench.clock.pass(200);
    bench.controller.status(({ kind }) => ended.push(`status ${kind}`));
    bench.clock.pass(2_000);
    assert.deepEqual(ended, ["status ok", "history ok"]);
    assert.deepEqual(asked, [FROM_0, "550f", FROM_0]);
    assert.equal(kept.items.length, 2);
  });

  it("is lost, and said to be, when no record comes for 15 s, and not sent without a session", () => {
    const bench = paired();
    answering(bench, () => [[0x28, record(0)]]);
    assert.deepEqual(fetch(bench, new Kept()), { kind: "lost" });
    assert.deepEqual(closedFor(bench).slice(-1), ["answerTimeout"]);
    assert.deepEqual(fetch(bench, new Kept()), { kind: "notSent", reason: "noSession" });
  });

  it("says what a store threw that could not be read", () => {
    const bench = paired();
    const error = new Error("the disk is gone");
    const broken = {
      newest: () => {
        throw error;
      },
      append: () => {},
    };
    assert.deepEqual(fetch(bench, broken), { kind: "storeFailed", error });
  });
});
