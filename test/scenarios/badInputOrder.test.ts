/** Of several refusals that fit, the first in the page's order is given: opcode, role, stale, operand, class, state. */

import assert from "node:assert/strict";
import type { Packet } from "../../host-sim/air/packet.js";
import { delay, PASS } from "../../host-sim/air/tap.js";
import { concat, equalBytes, toHex } from "../../host-sim/controller/bytes.js";
import { CONTROL, encodePrepare } from "../../host-sim/controller/control.js";
import {
  CHANNEL,
  COMMAND,
  encodeBare,
  encodeCancelBolus,
  encodeResetStatus,
  READER,
} from "../../host-sim/controller/ids.js";
import { CHANNEL_CONTROL } from "../../host-sim/controller/records.js";
import { MemoryStore, type World } from "../../host-sim/world.js";
import { Peer } from "../peers.js";
import { assertServes, bytes, restingScene } from "./badInputCentral.js";
import { expectedOf, type Manner } from "./badInputOracle.js";
import { bolusOf, RUN, STOP, tbrOf } from "./scene.js";

const SEED = 63;
const STALE_MS = 10_500;

const UNLISTED = bytes(0x8d, 0x14, 0);
const CUT_BOLUS = bolusOf(50_000).subarray(0, 5);
const prepare = (command: Uint8Array) => encodePrepare(10, CHANNEL.command, command);
/** Each fits two refusals or more, in one manner or another. */
const RECORDS: readonly (readonly [number, Uint8Array])[] = [
  ...[bytes(), bytes(0x5a), UNLISTED, CUT_BOLUS, bolusOf(50_000), tbrOf(0, 30), encodeBare(COMMAND.cancelTbr), RUN].map(
    (value) => [CHANNEL.command, value] as const,
  ),
  [CHANNEL.command, bytes(0x5a, 0x0f, 0x3c)],
  [CHANNEL.command, encodeCancelBolus(1)],
  [CHANNEL.command, encodeCancelBolus(1).subarray(0, 3)],
  ...[bytes(), bytes(0x0c), bytes(0x95, 0x03), encodeResetStatus(0), encodeResetStatus(0x0100)].map(
    (value) => [CHANNEL.statusReader, value] as const,
  ),
  [CHANNEL.statusReader, encodeResetStatus(0).subarray(0, 3)],
  [CHANNEL.statusReader, encodeBare(READER.getDeliveredInsulin)],
  [CHANNEL.statusReader, concat(encodeBare(READER.getDeliveredInsulin), bytes(0))],
  ...[bytes(), bytes(0x42, 1), bytes(CONTROL.prepare), bytes(CONTROL.commit), bytes(CONTROL.outcome, 1)].map(
    (value) => [CHANNEL_CONTROL, value] as const,
  ),
  ...[UNLISTED, CUT_BOLUS, bolusOf(50_000), STOP, RUN, encodeCancelBolus(1), encodeCancelBolus(1).subarray(0, 3)].map(
    (command) => [CHANNEL_CONTROL, prepare(command)] as const,
  ),
  [CHANNEL_CONTROL, prepare(bolusOf(11_000_000))],
  [CHANNEL_CONTROL, prepare(tbrOf(6_000_000, 30))],
  [CHANNEL_CONTROL, prepare(tbrOf(6_000_000, 30, true))],
  [CHANNEL_CONTROL, encodePrepare(10, CHANNEL.statusReader, bolusOf(50_000))],
  [CHANNEL_CONTROL, concat(bytes(CONTROL.commit), new Uint8Array(24))],
  [CHANNEL.status, bytes()],
  [CHANNEL.status, bytes(0)],
  [CHANNEL.recordAccess, bytes()],
  [CHANNEL.recordAccess, bytes(0x33, 0x33, 0x3c)],
  [0x7f, UNLISTED],
];

const isRecordToPump = ({ kind, direction }: Packet): boolean => kind === "write" && direction === "toPeripheral";

function delayNextRecord(world: World): void {
  world.air.tap = (packet) => {
    if (!isRecordToPump(packet)) return PASS;
    world.air.tap = undefined;
    return delay(STALE_MS);
  };
}

/** A controller that a pairing made an observer, in session. */
function observerOf(world: World): Peer {
  const store = new MemoryStore();
  const controller = world.controller(store);
  const text = world.openPairing("observe");
  const paired = world.await<{ readonly kind: string }>((done) => controller.pair(text, done));
  assert.equal(paired?.kind, "ok");
  controller.close();
  world.clock.advance(1_000);
  return new Peer(world, store);
}

describe(`refusals in their order (seed ${SEED})`, () => {
  for (const manner of [
    { observes: false, stale: false },
    { observes: false, stale: true },
    { observes: true, stale: false },
    { observes: true, stale: true },
  ] satisfies readonly Manner[]) {
    const who = `${manner.observes ? "an observer" : "an operator"}${manner.stale ? " whose records are stale" : ""}`;
    it(`come to ${who} as the page orders them (SR-03, SR-04, SR-22, SR-24, SR-31)`, () => {
      const scene = restingScene(SEED);
      const { world } = scene;
      const peer = manner.observes ? observerOf(world) : scene.peer;
      const before = world.hardware.operationCounts.halfStep;
      for (const [channel, value] of RECORDS) {
        assert.ok(peer.open());
        if (manner.stale) delayNextRecord(world);
        const answer = peer.ask(channel, value);
        const what = `channel ${channel.toString(16)}, ${toHex(value)}: ${answer && toHex(answer.value)}`;
        const expected = expectedOf(channel, value, manner);
        assert.ok(answer && expected !== "silence" && expected !== "end", what);
        if (expected === "answered") assert.equal(answer.channel, channel, what);
        else
          assert.ok(
            answer.channel === expected.channel && equalBytes(answer.value, expected.value),
            `${what}, not ${toHex(expected.value)}`,
          );
        peer.close();
      }
      assert.equal(world.hardware.operationCounts.halfStep, before);
      assertServes(scene);
    });
  }
});
