/** A session's life: silence, stale echoes, messages that pile up, and commands after their time. */

import assert from "node:assert/strict";
import { type Packet, u16 } from "../../host-sim/air/packet.js";
import { DROP, delay, PASS } from "../../host-sim/air/tap.js";
import { encodeResetStatus } from "../../host-sim/controller/ids.js";
import type { World } from "../../host-sim/world.js";
import { bondedWorld } from "../bench.js";
import { Peer, Stranger } from "../peers.js";
import {
  assertDisplaced,
  assertSound,
  bolusOf,
  CODE,
  MINUTE_MS,
  peerScene,
  rigWith,
  type Scene,
  STOP,
  tbrOf,
} from "./scene.js";

const U = 1_000_000;
const NO_BASAL = rigWith({ basalMicrounitsPerHour: 0 });

const isRecordToPump = ({ kind, direction }: Packet): boolean => kind === "write" && direction === "toPeripheral";

/** The next record to the pump arrives `lateMs` later. Lets the answers to earlier ticks go first. */
function delayNext(world: World, lateMs: number): void {
  world.clock.advance(1_000);
  world.air.tap = (packet) => {
    if (!isRecordToPump(packet)) return PASS;
    world.air.tap = undefined;
    return delay(lateMs);
  };
}

/** The number on the air of the peer's connection, as an eavesdropper learns it. */
function connectionOf({ world, peer }: Scene): number {
  let connectionId = 0;
  world.air.tap = (packet) => {
    connectionId = packet.connectionId;
    return PASS;
  };
  assert.ok(peer.ask(0x21));
  return connectionId;
}

const lastTrace = ({ world }: Scene): string => world.hardware.trace.at(-1)?.line ?? "";

describe("a session", () => {
  it("ends 15 s after the controller's last record, and a bolus under way goes on (SR-23, SR-70)", () => {
    const scene = peerScene({ seed: 341, rig: NO_BASAL });
    const { world, peer } = scene;
    assert.equal(peer.order(bolusOf(U)), CODE.success);
    const heardMs = world.clock.nowMs;
    world.air.tap = (packet) => (isRecordToPump(packet) ? DROP : PASS);
    assert.ok(world.clock.runUntil(() => /session: ended/.test(lastTrace(scene)), MINUTE_MS));
    assert.equal(lastTrace(scene), "session: ended: silence");
    const silentMs = world.clock.nowMs - heardMs;
    assert.ok(silentMs > 14_950 && silentMs < 15_250, `${silentMs} ms`);
    world.air.tap = undefined;
    world.clock.advance(MINUTE_MS);
    assertDisplaced(world, U);
    assert.ok(peer.open());
    assertSound(world);
  });

  it("of an observer ends after 60 s, and one of an operator does not (SR-23)", () => {
    for (const role of ["observe", "operate"] as const) {
      const { world, store, controller } = bondedWorld({ seed: 342 }, role);
      controller.close();
      world.clock.advance(1_000);
      const peer = new Peer(world, store);
      assert.ok(peer.open());
      const openedMs = world.clock.nowMs;
      const ended = world.clock.runUntil(() => peer.ended !== undefined, 5 * MINUTE_MS);
      assert.equal(ended, role === "observe");
      const lastedMs = world.clock.nowMs - openedMs;
      if (ended) assert.ok(lastedMs > 59_800 && lastedMs < 60_200, `${lastedMs} ms`);
      assertSound(world);
    }
  });

  it("refuses a Stop, a TBR and a Reset Status with 80 that were held back over 10 s (SR-22)", () => {
    const { world, peer } = peerScene({ seed: 343, rig: NO_BASAL });
    assert.equal(peer.order(bolusOf(2 * U)), CODE.success);
    for (const lateMs of [10_100, 13_000]) {
      delayNext(world, lateMs);
      assert.equal(peer.tell(STOP), CODE.stale, `Stop ${lateMs} ms late`);
    }
    delayNext(world, 10_100);
    assert.equal(peer.prepare(tbrOf(0, 30)), CODE.stale);
    delayNext(world, 10_100);
    const reset = peer.ask(0x24, encodeResetStatus(0xff), 20_000);
    assert.equal(reset?.value[4], CODE.stale);
    world.clock.advance(2 * MINUTE_MS);
    assertDisplaced(world, 2 * U);
    assertSound(world);
  });

  it("obeys a Stop that was held back for 4 s at once when it arrives (SR-22, SR-32, SR-62)", () => {
    const { world, peer } = peerScene({ seed: 344, rig: NO_BASAL });
    assert.equal(peer.order(bolusOf(2 * U)), CODE.success);
    delayNext(world, 4_000);
    assert.equal(peer.tell(STOP), CODE.success);
    const moved = world.hardware.plant.displacedMicrounits;
    world.clock.advance(2 * MINUTE_MS);
    assert.equal(world.hardware.plant.displacedMicrounits, moved);
    assert.ok(moved > 50_000 && moved < 200_000, `${moved}`);
    assertSound(world);
  });

  it("answers reads and Outcome however late they are (SR-22)", () => {
    const { world, peer } = peerScene({ seed: 345, rig: NO_BASAL });
    const command = bolusOf(100_000);
    const challenge = peer.challenge(command);
    assert.equal(peer.commit(command, challenge), CODE.success);
    for (const channel of [0x20, 0x21, 0x22, 0x23]) {
      delayNext(world, 12_000);
      assert.equal(peer.ask(channel, new Uint8Array(0), 20_000)?.channel, channel);
    }
    delayNext(world, 12_000);
    const outcome = peer.outcome(challenge.doseId);
    assert.ok(typeof outcome !== "number" && outcome.kind === "delivered");
    assertSound(world);
  });

  it("refuses a Commit that was held back over 10 s with 80, and its challenge is spent (SR-22, SR-26)", () => {
    const { world, peer } = peerScene({ seed: 346, rig: NO_BASAL });
    const command = bolusOf(U);
    const challenge = peer.challenge(command, 30);
    delayNext(world, 10_100);
    assert.equal(peer.commit(command, challenge), CODE.stale);
    assert.equal(peer.commit(command, challenge), CODE.challengeUnknown);
    const outcome = peer.outcome(challenge.doseId);
    assert.ok(typeof outcome !== "number");
    assert.deepEqual([outcome.kind, outcome.code], ["refused", CODE.stale]);
    world.clock.advance(2 * MINUTE_MS);
    assertDisplaced(world, 0);
    assertSound(world);
  });

  it("ends when a fifth message of the controller waits, and takes four (SR-05)", () => {
    for (const messages of [4, 5]) {
      const { world, peer } = peerScene({ seed: 347, rig: NO_BASAL });
      assert.equal(peer.order(bolusOf(500_000)), CODE.success);
      const { plant } = world.hardware;
      const from = plant.commandedHalfSteps;
      // While a pulse runs the pump handles no message: they wait.
      assert.ok(world.clock.runUntil(() => plant.commandedHalfSteps > from, 5_000));
      let sent = 0;
      world.air.tap = (packet) => {
        if (isRecordToPump(packet)) sent += 1;
        return PASS;
      };
      peer.received.length = 0;
      for (let i = 0; i < 4; i++) peer.send(0x21, new Uint8Array(0));
      if (messages === 5) {
        assert.ok(world.clock.runUntil(() => sent === 4, 500));
        peer.send(0x21, new Uint8Array(0));
      }
      world.clock.advance(1_000);
      assert.equal(peer.ended !== undefined, messages === 5, `${messages} messages`);
      if (messages === 4) assert.equal(peer.received.filter(({ channel }) => channel === 0x21).length, 4);
      else assert.match(world.hardware.trace.at(-1)?.line ?? "", /too much at once/);
      world.clock.advance(MINUTE_MS);
      assertDisplaced(world, 500_000);
      assertSound(world);
    }
  });

  it("ends rather than have a fifth message of its own wait unseen (SR-05)", () => {
    const { world, peer } = peerScene({ seed: 348, rig: NO_BASAL });
    world.clock.advance(6_000);
    // What the pump sends arrives too late for an echo: the reads that the controller goes on to send echo the past.
    world.air.tap = ({ kind, direction }) =>
      kind === "indication" && direction === "toCentral" ? delay(20_000) : PASS;
    for (let i = 0; i < 5; i++) {
      peer.send(0x23, new Uint8Array(0));
      world.clock.advance(200);
    }
    assert.ok(world.clock.runUntil(() => peer.ended !== undefined, 3_000));
    assert.match(world.hardware.trace.at(-1)?.line ?? "", /four messages wait/);
    assertSound(world);
  });

  it("ends when the controller unsubscribes (SR-71)", () => {
    const scene = peerScene({ seed: 349, rig: NO_BASAL });
    const { world, peer } = scene;
    const connectionId = connectionOf(scene);
    world.air.inject(connectionId, { direction: "toPeripheral", kind: "subscribe", value: u16(0) });
    world.clock.advance(100);
    assert.equal(lastTrace(scene), "session: ended: unsubscribed");
    assert.ok(peer.open());
    assertSound(world);
  });

  it("that an attacker keeps up for a controller that has gone ends by itself (SR-23, SR-71)", () => {
    const scene = peerScene({ seed: 350, rig: NO_BASAL });
    const { world, peer } = scene;
    const connectionId = connectionOf(scene);
    world.air.hold(connectionId, "peripheral");
    peer.close();
    const goneMs = world.clock.nowMs;
    assert.ok(world.clock.runUntil(() => /session: ended/.test(lastTrace(scene)), MINUTE_MS));
    assert.ok(world.clock.nowMs - goneMs <= 15_100, `${world.clock.nowMs - goneMs} ms`);
    assert.ok(peer.open(6_000));
    assertSound(world);
  });

  it("keeps the one connection there is: nobody else gets in while it lasts, and it goes on (SR-70)", () => {
    const { world, peer } = peerScene({ seed: 351, rig: NO_BASAL });
    const strangers = Array.from({ length: 3 }, () => new Stranger(world));
    for (let i = 0; i < 6; i++) {
      assert.equal(peer.ask(0x21)?.channel, 0x21);
      world.clock.advance(6_000);
    }
    assert.deepEqual(
      strangers.map(({ connectedMs }) => connectedMs),
      [undefined, undefined, undefined],
    );
    assert.equal(peer.order(bolusOf(100_000)), CODE.success);
    assertSound(world);
  });

  it("ends for the controller within 2 s of the pump's power, and a new one opens after it is back (SR-71)", () => {
    const { world, peer } = peerScene({ seed: 352, rig: NO_BASAL });
    const command = bolusOf(U);
    const challenge = peer.challenge(command);
    world.hardware.cut();
    const cutMs = world.clock.nowMs;
    assert.ok(world.clock.runUntil(() => peer.ended !== undefined, MINUTE_MS));
    assert.ok(world.clock.nowMs - cutMs <= 2_000);
    world.clock.advance(5_000);
    world.powerUp();
    assert.ok(peer.open());
    // The challenge of the session before is nobody's now.
    assert.equal(peer.commit(command, challenge), CODE.challengeUnknown);
    world.clock.advance(MINUTE_MS);
    assertDisplaced(world, 0);
    assertSound(world);
  });
});
