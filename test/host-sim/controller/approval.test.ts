/** What stands between an order and its Commit: a person's approval, and the application's own record. */

import { strict as assert } from "node:assert";
import type { CommandResult } from "../../../host-sim/controller/commands.js";
import { Controller, type OpenResult } from "../../../host-sim/controller/controller.js";
import type { Result } from "../../../host-sim/controller/requests.js";
import { type Bench, BOLUS_MICROUNITS, paired } from "./bench.js";

type Ended = CommandResult<unknown>;

const commits = ({ pump }: Bench) => pump.received.filter((record) => record.startsWith("00 3c")).length;

/** Run ordered, and the question that its reading has led to. */
function asked() {
  const bench = paired();
  const ends: Ended[] = [];
  const answers: ((approved: boolean) => void)[] = [];
  bench.controller.run(
    (_, answer) => {
      answers.push(answer);
      return undefined;
    },
    (result) => ends.push(result),
  );
  bench.clock.pass(100);
  const [answer] = answers;
  assert.ok(answer);
  return { bench, ends, answer };
}

describe("controller: approval", () => {
  it("waits for an answer given later, and signs nothing before it", () => {
    const { bench, ends, answer } = asked();
    bench.clock.pass(8_000);
    assert.deepEqual([ends.length, commits(bench)], [0, 0]);
    answer(true);
    bench.clock.pass(100);
    assert.deepEqual([ends.map(({ kind }) => kind), commits(bench)], [["ok"], 1]);
  });

  it("takes the first answer only", () => {
    const { bench, ends, answer } = asked();
    answer(false);
    answer(true);
    bench.clock.pass(20_000);
    assert.deepEqual([ends.map(({ kind }) => kind), commits(bench)], [["notSigned"], 0]);
  });

  it("gives up when nobody answers while the challenge lives, and an answer after that does nothing", () => {
    const { bench, ends, answer } = asked();
    bench.clock.pass(10_000);
    answer(true);
    bench.clock.pass(100);
    assert.deepEqual(ends, [{ kind: "notSent", reason: "approvalLate" }]);
    assert.equal(commits(bench), 0);
    assert.equal(bench.await<Result<unknown>>((done) => bench.controller.status(done)).kind, "ok");
  });

  it("lets Stop go at once while the question stands, and drops the order", () => {
    const { bench, ends, answer } = asked();
    const stopped = bench.await<Result<undefined>>((done) => bench.controller.stop(done), 200);
    answer(true);
    bench.clock.pass(100);
    assert.deepEqual(stopped, { kind: "ok", value: undefined });
    assert.deepEqual(ends, [{ kind: "notSent", reason: "overtaken" }]);
    assert.equal(commits(bench), 0);
  });

  it("drops the order when the session ends while the question stands", () => {
    const { bench, ends, answer } = asked();
    bench.pump.disconnect();
    bench.clock.pass(100);
    answer(true);
    bench.clock.pass(20_000);
    assert.deepEqual(ends, [{ kind: "notSent", reason: "linkEnded" }]);
    assert.equal(commits(bench), 0);
  });

  it("ends the session on a message that comes while the question stands", () => {
    const { bench } = asked();
    bench.pump.send(0, Uint8Array.of(0x66, 0x0f, 0x75));
    assert.deepEqual(bench.events.at(-1), { kind: "closed", reason: "unexpectedMessage" });
  });
});

/** A paired bench whose controller has started again with `onCommit`, in session. */
function recording(onCommit: (bench: Bench, what: unknown) => void): Bench {
  const bench = paired();
  bench.controller.close();
  bench.clock.pass(100);
  const { blob } = bench;
  bench.controller = new Controller({
    transport: bench.pump,
    clock: bench.clock,
    random: (length) => new Uint8Array(length).fill(0x77),
    store: {
      read: () => blob,
      write: (bytes) => {
        bench.blob = bytes;
      },
    },
    onEvent: (event) => bench.events.push(event),
    onCommit: ({ doseId, meaning }) => onCommit(bench, { doseId, meaning }),
  });
  assert.equal(bench.open().kind, "ok");
  return bench;
}

describe("controller: record of orders", () => {
  it("tells of an order before it is stored and before its Commit", () => {
    const told: unknown[] = [];
    const bench = recording((at, what) => told.push(what, at.kept.pending.length, commits(at)));
    assert.equal(bench.bolus().kind, "ok");
    const meaning = { command: "setBolus", amountMicrounits: BOLUS_MICROUNITS, correction: false, meal: true };
    assert.deepEqual(told, [{ doseId: { epoch: 7, sequence: 1 }, meaning }, 0, 0]);
    assert.equal(bench.kept.pending.length, 1);
    assert.equal(commits(bench), 1);
  });

  it("tells the rate that was approved", () => {
    const told: unknown[] = [];
    const bench = recording((_, what) => told.push(what));
    bench.await<Ended>((done) => bench.controller.run(() => true, done));
    const meaning = { command: "run", rateMicrounitsPerHour: 850_000 };
    assert.deepEqual(told, [{ doseId: { epoch: 7, sequence: 1 }, meaning }]);
  });

  it("keeps the Commit back when the record cannot be written", () => {
    const bench = recording(() => {
      throw new Error("no space");
    });
    assert.deepEqual(bench.bolus(), { kind: "notSent", reason: "storeFailed" });
    assert.deepEqual([commits(bench), bench.kept.pending.length], [0, 0]);
    assert.equal(bench.events.at(-1)?.kind, "storeFailed");
  });
});

describe("controller: opening again", () => {
  it("opens from within the word that the session is over, once the connection is down", () => {
    const bench = paired();
    const ends: OpenResult[] = [];
    bench.controller.close();
    assert.equal(bench.controller.state.kind, "closing");
    bench.controller.open((result) => ends.push(result));
    assert.equal(bench.controller.state.kind, "opening");
    bench.controller.open((result) => ends.push(result));
    assert.deepEqual(ends, [{ kind: "notClosed" }]);
    bench.clock.pass(1_000);
    assert.deepEqual(
      ends.map(({ kind }) => kind),
      ["notClosed", "ok"],
    );
  });

  it("gives up an opening that waits", () => {
    const bench = paired();
    const ends: OpenResult[] = [];
    bench.controller.close();
    bench.controller.open((result) => ends.push(result));
    bench.controller.close();
    bench.clock.pass(1_000);
    assert.deepEqual(ends, [{ kind: "failed", reason: "closed" }]);
    assert.equal(bench.controller.state.kind, "closed");
  });

  it("says that no connection came about when the radio gives up before there is one", () => {
    const bench = paired();
    bench.controller.close();
    bench.clock.pass(100);
    const gone = {
      connect: (listener: { onDisconnected(): void }) => {
        bench.clock.schedule(() => listener.onDisconnected(), 10);
        return { maximumWrite: 20, subscribe: () => {}, write: () => {}, disconnect: () => {} };
      },
    };
    const store = { read: () => bench.blob, write: () => {} };
    const controller = new Controller({
      transport: gone,
      clock: bench.clock,
      random: (length) => new Uint8Array(length),
      store,
    });
    const result = bench.await<OpenResult>((done) => controller.open(done));
    assert.deepEqual(result, { kind: "failed", reason: "notConnected" });
  });
});
