/** The attackers of the day: what they can read and send, and that the account sees a dose where there is one. */

import { strict as assert } from "node:assert";
import type { CentralListener, Transport } from "../../../host-sim/air/transport.js";
import { VirtualClock } from "../../../host-sim/clock/virtualClock.js";
import { CONTROL } from "../../../host-sim/controller/control.js";
import { decodeContents } from "../../../host-sim/controller/store.js";
import { playBack, readDose } from "../../../host-sim/day/attacker.js";
import type { RecordedDose } from "../../../host-sim/day/recording.js";
import { type Replay, Replays } from "../../../host-sim/day/replays.js";
import { bolus, type PlayedDay, playDay, SEED, suspend, tempBasal } from "./bench.js";

function lastBolus({ end }: PlayedDay): RecordedDose {
  assert.ok(end.lastBolus !== undefined);
  return end.lastBolus;
}

function tryAll(day: PlayedDay): readonly Replay[] {
  const { operator, end } = day;
  const replays: Replay[] = [];
  const attempts = new Replays(operator, lastBolus(day), (replay) => replays.push(replay));
  attempts.tryAll(end.status?.therapyControlState);
  assert.deepEqual(operator.world.hardware.crashes, [], `seed ${SEED}`);
  assert.equal(replays.length, 6);
  return replays;
}

const REASONS = [
  "session: ended: wrong tag",
  "session: ended: wrong tag",
  "refused: Commit: ChallengeUnknown",
  "refused: Commit: ChallengeUnknown",
  "refused: Commit: CountersignatureWrong",
  "session: ended: wrong tag",
];

describe(`a bolus replayed, seed ${SEED}`, () => {
  it("is refused every time, with the reason in the pump's trace alone (SR-07, SR-25, SR-26)", () => {
    const replays = tryAll(playDay([tempBasal(0, 5_000_000, 600), bolus(60, 100_000), bolus(300, 300_000)]));
    assert.deepEqual(
      replays.map(({ reason }) => reason),
      REASONS,
    );
    for (const { what, refused, halfSteps } of replays) {
      assert.ok(refused, what);
      assert.equal(halfSteps, 0, what);
    }
  });

  it("is refused for what it is, and not for a Stop that the day ended with (SR-26)", () => {
    const day = playDay([bolus(0, 100_000), suspend(60)]);
    assert.equal(day.end.status?.therapyControlState, "stop");
    const replays = tryAll(day);
    assert.deepEqual(
      replays.map(({ reason }) => reason),
      REASONS,
    );
  });

  it("counts as delivered when insulin moves while it is tried, whatever the trace says", () => {
    const day = playDay([bolus(0, 100_000)]);
    const { clock, hardware } = day.operator.world;
    const turn = () => {
      hardware.plant.turnScrew(1);
      clock.schedule(turn, 1_000);
    };
    turn();
    for (const { what, refused } of tryAll(day)) assert.equal(refused, false, what);
  });

  it("counts as delivered when the pump gives no reason, as when it was never reached", () => {
    const day = playDay([bolus(0, 100_000)]);
    day.operator.world.air.tap = () => ({ kind: "drop" });
    for (const { what, refused } of tryAll(day)) assert.equal(refused, false, what);
  });

  it("is read whole by whoever has the session's keys: the Prepare and the Commit of that very dose", () => {
    const day = playDay([bolus(0, 100_000), bolus(10, 200_000)]);
    const { recording, doseId } = lastBolus(day);
    const { bonds, controllerId } = decodeContents(day.operator.store.read() ?? new Uint8Array(0));
    const [bond] = bonds;
    assert.ok(bond !== undefined);
    const { kDose: _, ...secrets } = { ...bond, controllerId };
    const dose = readDose(recording, secrets, doseId);
    assert.ok(dose !== undefined);
    // 0.20 U as SFLOAT: 2 x 10^-1 or 20 x 10^-2.
    assert.deepEqual([...dose.prepare.subarray(0, 9)], [CONTROL.prepare, 10, 0x25, 0x4b, 0x11, 0, 0x33, 20, 0xe0]);
    assert.deepEqual([...dose.commit.subarray(0, 9)], [CONTROL.commit, 1, 0, 0, 0, doseId.sequence, 0, 0, 0]);
    const other = { epoch: doseId.epoch, sequence: doseId.sequence + 1 };
    assert.equal(readDose(recording, secrets, other), undefined);
    assert.equal(readDose(recording, { ...secrets, kSes: new Uint8Array(32) }, doseId), undefined);
  });

  it("is played back byte for byte to a pump that takes it", () => {
    const clock = new VirtualClock();
    const received: Uint8Array[] = [];
    const transport: Transport = {
      connect: (listener: CentralListener) => {
        clock.schedule(() => listener.onConnected(), 1);
        return {
          maximumWrite: 244,
          subscribe: () => clock.schedule(() => listener.onIndication(Uint8Array.of(0xc0, 1)), 1),
          write: (value) => {
            received.push(value);
            clock.schedule(() => listener.onWritten(), 1);
          },
          disconnect: () => clock.schedule(() => listener.onDisconnected(), 1),
        };
      },
    };
    const values = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)];
    const ends: number[] = [];
    playBack(transport, clock, values, 1_000, ({ written }) => ends.push(written));
    clock.advance(2_000);
    assert.deepEqual(received, values);
    assert.deepEqual(ends, [3]);
  });
});
