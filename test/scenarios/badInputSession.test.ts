/** What a bonded peer that has lost its mind says in a session: every bad request earns the code that the page names. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { PASS } from "../../host-sim/air/tap.js";
import { Random } from "../../host-sim/clock/random.js";
import { concat, equalBytes, toHex } from "../../host-sim/controller/bytes.js";
import { CONTROL, decodeControl, encodePrepare } from "../../host-sim/controller/control.js";
import {
  CHANNEL,
  COMMAND,
  encodeBare,
  encodeCancelBolus,
  encodeGetActiveBolusDelivery,
  encodeResetStatus,
  READER,
} from "../../host-sim/controller/ids.js";
import { decodeResponse } from "../../host-sim/controller/idsAnswers.js";
import { CHANNEL_CONTROL, LONGEST_VALUE_BYTES } from "../../host-sim/controller/records.js";
import type { Message } from "../peers.js";
import { bytes, visited, WRONG_ORDERS } from "./badInputCentral.js";
import { expectedOf, type Manner, recordAccessCode } from "./badInputOracle.js";
import { bolusOf, CODE, RUN, type Scene, STOP, tbrOf } from "./scene.js";

const SEED = 62;
const FRESH: Manner = { observes: false, stale: false };
/** Operands of no, some and many bytes, up to what one record holds. */
const OPERAND_BYTES = [0, 1, 2, 3, 6, 8, 9, 24, 25, LONGEST_VALUE_BYTES - 2];
/** Prime, so that every residue of the opcodes' bytes comes up. */
const OPCODE_STEP = 7;
/** There and back. */
const END_MS = 100;
const FUZZ_RUNS = 1_500;

/** Asks, and asserts that the answer is the expected one, byte by byte where it is a refusal. */
function assertAnswer({ peer, world }: Scene, channel: number, value: Uint8Array, manner = FRESH): void {
  const expected = expectedOf(channel, value, manner);
  const what = `channel ${channel.toString(16)}, ${toHex(value)}, ${JSON.stringify(manner)}`;
  if (peer.ended) assert.ok(peer.open(), what);
  if (expected === "silence" || expected === "end") {
    const before = peer.received.length;
    peer.send(channel, value);
    world.clock.advance(200);
    assert.equal(peer.received.length, before, what);
    assert.equal(peer.ended !== undefined, expected === "end", what);
    return;
  }
  const answer = peer.ask(channel, value);
  assert.ok(answer, `${what}: no answer, ${peer.ended?.reason}`);
  if (expected === "answered") {
    assert.equal(answer.channel, channel, what);
    assert.ok(!isRefusal(answer), `${what}: ${toHex(answer.value)}`);
  } else {
    assert.equal(`${answer.channel} ${toHex(answer.value)}`, `${expected.channel} ${toHex(expected.value)}`, what);
  }
}

function isRefusal({ channel, value }: Message): boolean {
  if (channel === CHANNEL_CONTROL) return decodeControl(value)?.kind === "refused";
  const response = decodeResponse(value, channel === CHANNEL.command ? COMMAND.response : READER.response);
  return response !== undefined && response.code !== CODE.success;
}

/** A Stop is no nonsense, and an Outcome of this boot's doses has an answer that depends on them. */
function isSense(channel: number, value: Uint8Array): boolean {
  const issued = channel === CHANNEL_CONTROL && value[0] === CONTROL.outcome && value.length === 9 && value[1] === 1;
  if (channel === CHANNEL.recordAccess) return recordAccessCode(value) === undefined;
  return issued || (channel === CHANNEL.command && equalBytes(value, STOP));
}

/** Asks all of `records`; the pump must be as it was afterwards, and its twin that nobody asked must be just so. */
function assertAnswers(records: Iterable<readonly [number, Uint8Array]>): void {
  visited(SEED, (scene) => {
    const { peer } = scene;
    assert.ok(peer.open());
    const before = peer.ask(CHANNEL.status);
    for (const [channel, value] of records) if (!isSense(channel, value)) assertAnswer(scene, channel, value);
    if (peer.ended) assert.ok(peer.open());
    assert.deepEqual(peer.ask(CHANNEL.status), before);
    peer.close();
  });
}

const opcode = (word: number): Uint8Array => bytes(word & 0xff, word >> 8);
const MESSAGES: readonly (readonly [number, Uint8Array])[] = [
  ...[bolusOf(50_000), tbrOf(500_000, 30), tbrOf(500_000, 30, true), encodeBare(COMMAND.cancelTbr), RUN, STOP].map(
    (command) => [CHANNEL.command, command] as const,
  ),
  [CHANNEL.command, encodeCancelBolus(1)],
  ...[READER.getActiveBolusIds, READER.getActiveBasal, READER.getTotalDailyInsulin, READER.getDeliveredInsulin].map(
    (request) => [CHANNEL.statusReader, encodeBare(request)] as const,
  ),
  [CHANNEL.statusReader, encodeGetActiveBolusDelivery(1, "delivered")],
  [CHANNEL.statusReader, encodeResetStatus(0xff)],
  [CHANNEL_CONTROL, concat(bytes(CONTROL.commit), new Uint8Array(24))],
  [CHANNEL_CONTROL, concat(bytes(CONTROL.outcome), new Uint8Array(8))],
];
const PREPARES = MESSAGES.filter(([channel]) => channel === CHANNEL.command).map(
  ([, command]) => [CHANNEL_CONTROL, encodePrepare(10, CHANNEL.command, command)] as const,
);

/** Every listed message cut to each length, down to nothing, and grown by one byte and by many. */
function* wrongLengths(): Generator<readonly [number, Uint8Array]> {
  for (const [channel, value] of [...MESSAGES, ...PREPARES]) {
    for (let length = 0; length <= value.length; length += 1) yield [channel, value.subarray(0, length)];
    yield [channel, concat(value, new Uint8Array(1))];
    yield [channel, concat(value, new Uint8Array(LONGEST_VALUE_BYTES - value.length))];
  }
}

describe(`a session of a bonded controller (seed ${SEED})`, () => {
  it("ends at any wrong order of fragments in it, with nothing changed (SR-01, SR-02, SR-20)", () => {
    visited(SEED, ({ world, peer }) => {
      for (const [name, values] of WRONG_ORDERS) {
        let connectionId = 0;
        world.air.tap = (packet) => {
          connectionId = packet.connectionId;
          return PASS;
        };
        assert.ok(peer.open(), name);
        for (const value of values) world.air.inject(connectionId, { direction: "toPeripheral", kind: "write", value });
        assert.ok(
          world.clock.runUntil(() => peer.ended !== undefined, END_MS),
          `${name}: the session goes on`,
        );
      }
    });
  });
});

describe(`nonsense from a bonded controller (seed ${SEED})`, () => {
  it("on every control opcode, with operands of many lengths, earns what the page says (SR-02, SR-03, SR-04)", () => {
    const random = new Random(SEED);
    const records = Array.from({ length: 256 }, (_, code) =>
      OPERAND_BYTES.map((length) => [CHANNEL_CONTROL, concat(bytes(code), random.bytes(length))] as const),
    );
    assertAnswers([[CHANNEL_CONTROL, bytes()], ...records.flat()]);
  });

  it("on every channel, with values of many lengths, earns what the page says (SR-02, SR-03)", () => {
    const random = new Random(SEED);
    const records = Array.from({ length: 256 }, (_, channel) =>
      OPERAND_BYTES.map((length) => [channel, random.bytes(length)] as const),
    );
    assertAnswers(records.flat());
  });

  for (const [name, channel] of [
    ["Status Reader", CHANNEL.statusReader],
    ["Command", CHANNEL.command],
  ] as const)
    it(`on every ${OPCODE_STEP}th opcode of the ${name} Control Point earns 70, or its own refusal (SR-02, SR-03)`, () => {
      const random = new Random(SEED);
      const count = Math.floor(0x10000 / OPCODE_STEP);
      const records = Array.from({ length: count }, (_, index) => {
        const length = OPERAND_BYTES[index % OPERAND_BYTES.length] ?? 0;
        return [channel, concat(opcode(index * OPCODE_STEP), random.bytes(length))] as const;
      });
      assertAnswers(records);
    });

  it("that is a message cut to each length or grown earns what the page says (SR-02, SR-03, SR-04)", () => {
    assertAnswers(wrongLengths());
  });

  it("that is a Set Bolus with one byte altered, to every value, earns what the page says, in Prepare too (SR-04)", () => {
    const bolus = bolusOf(50_000);
    const altered = (at: number, byte: number) => bolus.map((value, index) => (index === at ? byte : value));
    const commands = Array.from({ length: 256 }, (_, byte) => [2, 3, 4, 5, 6, 7, 8, 9].map((at) => altered(at, byte)));
    assertAnswers(
      commands
        .flat()
        .flatMap((command) => [
          [CHANNEL.command, command] as const,
          [CHANNEL_CONTROL, encodePrepare(10, CHANNEL.command, command)] as const,
        ]),
    );
  });

  it(`drawn at random ${FUZZ_RUNS} times earns what the page says (SR-02, SR-03, SR-04)`, () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const listed = fc.constantFrom(...[...MESSAGES, ...PREPARES]);
    const mutated = fc
      .tuple(listed, fc.array(fc.tuple(fc.nat({ max: 40 }), byte), { maxLength: 3 }), fc.uint8Array({ maxLength: 4 }))
      .map(([[channel, value], changes, more]) => {
        const copy = concat(value, more);
        for (const [at, to] of changes) if (at < copy.length) copy[at] = to;
        return [channel, copy] as const;
      });
    const any = fc.tuple(byte, fc.uint8Array({ maxLength: LONGEST_VALUE_BYTES }));
    assertAnswers(
      fc.sample(fc.oneof({ arbitrary: mutated, weight: 3 }, { arbitrary: any, weight: 1 }), {
        seed: SEED,
        numRuns: FUZZ_RUNS,
      }),
    );
  });
});
