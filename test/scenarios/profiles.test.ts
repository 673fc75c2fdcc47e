/** Basal rate profiles, the time of day and relative TBRs, by radio and at the plant. */

import assert from "node:assert/strict";
import type { Peer } from "../peers.js";
import {
  activation,
  type Block,
  chunksOf,
  readTemplate,
  relativeTbr,
  setTime,
  stage,
  TIME_CHANNEL,
  timeUpdate,
  write,
} from "./profileScene.js";
import {
  assertDisplaced,
  assertHistoryWhole,
  assertSound,
  CODE,
  HOUR_MS,
  inSession,
  lastTracedMs,
  listenToPulses,
  MINUTE_MS,
  oldestAnnunciation,
  peerScene,
  RUN,
  STOP,
  tbrOf,
} from "./scene.js";

const U = 1_000_000;
const READING_CHANGED = 0x84;
const DATE_TIME_ISSUE = 0x359;
/** 2026-11-23 00:00:00. */
const MIDNIGHT_S = 848_707_200;

const DAY: readonly Block[] = [
  [180, 800_000],
  [180, 0],
  [360, 2_010_000],
  [360, 1_500_000],
  [359, 700_000],
  [1, 5 * U],
];
const HOURLY: readonly Block[] = Array.from({ length: 24 }, (_, i) => [60, 100_000 + 10_000 * i]);

/** What a profile comes to between two milliseconds of a day, in pulses of 0.05 U. */
function pulsesOf(blocks: readonly Block[], fromMs: number, toMs: number): number {
  let owed = 0;
  let atMs = 0;
  for (const [minutes, rate] of blocks) {
    const endMs = atMs + minutes * MINUTE_MS;
    owed += rate * Math.max(0, Math.min(toMs, endMs) - Math.max(fromMs, atMs));
    atMs = endMs;
  }
  return Math.floor(owed / (50_000 * HOUR_MS));
}

describe("a basal rate profile", () => {
  it("is written in chunks, read back as it was written, activated, and delivered by local time (SR-24, SR-59)", () => {
    const { world, peer } = peerScene({ seed: 1_201 });
    const pass = (ms: number) => world.clock.advance(ms);
    assert.equal(setTime(peer, timeUpdate(MIDNIGHT_S - 3_600 - 600, 4, 0)), CODE.success);
    assert.equal(write(peer, 2, DAY), CODE.success);
    assert.deepEqual(readTemplate(peer, 2, pass), DAY);
    assert.deepEqual([...(peer.ask(0x25, Uint8Array.of(0x48, 0x12))?.value ?? [])], [0x74, 0x12, 1, 1]);
    assert.equal(write(peer, 5, HOURLY), CODE.success);
    assert.deepEqual(readTemplate(peer, 5, pass), HOURLY);
    assert.equal(readTemplate(peer, 3, pass), CODE.notApplicable);
    for (const none of [0, 6]) assert.equal(readTemplate(peer, none, pass), CODE.outOfRange);
    assert.equal(peer.tell(STOP), CODE.success);
    assert.equal(peer.order(activation(2)), CODE.success);
    assert.deepEqual([...(peer.ask(0x25, Uint8Array.of(0x48, 0x12))?.value ?? [])], [0x74, 0x12, 1, 2]);
    // From here on the pump's own day, whatever has passed of it since the time was set.
    const setMs = lastTracedMs(world, "obeyed: setTime");
    assert.equal(peer.order(RUN), CODE.success);
    peer.close();
    const runMs = lastTracedMs(world, "obeyed: run") - setMs - 10 * MINUTE_MS + 24 * HOUR_MS;
    const starts = listenToPulses(world);
    const endMs = 24 * HOUR_MS;
    world.clock.advance(endMs - runMs + 12 * HOUR_MS);
    // 10 minutes before midnight it begins with the last two blocks.
    const before = pulsesOf(DAY, runMs, endMs);
    assert.ok(Math.abs(starts.length - before - pulsesOf(DAY, 0, 12 * HOUR_MS)) <= 2, `${starts.length}`);
    assert.ok(pulsesOf(DAY, 0, 12 * HOUR_MS) > 280);
    assertSound(world);
    assertHistoryWhole(world);
  });

  it("is read on by no session but the one that asked (SR-24)", () => {
    const { world, peer } = peerScene({ seed: 1_299 });
    assert.equal(write(peer, 2, HOURLY), CODE.success);
    peer.send(0x25, Uint8Array.of(0xaa, 0x0f, 2));
    world.clock.advance(150);
    peer.close();
    world.clock.advance(8_000);
    const from = peer.received.length;
    inSession(peer, () => {
      for (let turn = 0; turn < 10; turn++) {
        world.clock.advance(100);
        peer.send(1, new Uint8Array(0));
      }
    });
    assert.deepEqual(
      peer.received.slice(from).filter(({ channel }) => channel === 0x26),
      [],
    );
    inSession(peer, () =>
      assert.deepEqual(
        readTemplate(peer, 2, (ms) => world.clock.advance(ms)),
        HOURLY,
      ),
    );
  });

  it("is not written by chunks that a success or a refused Prepare has ended (SR-24)", () => {
    const { peer } = peerScene({ seed: 1_298 });
    const last = stage(peer, chunksOf(2, HOURLY));
    assert.equal(peer.order(last), CODE.success);
    assert.equal(peer.prepare(last), CODE.notApplicable);
    const overLimit = chunksOf(3, [...HOURLY.slice(0, 23), [60, 5_010_000]]);
    assert.equal(peer.prepare(stage(peer, overLimit)), CODE.outOfRange);
    const good = chunksOf(3, HOURLY).at(-1);
    assert.ok(good);
    assert.equal(peer.prepare(good), CODE.notApplicable);
  });

  it("changes nothing by chunks that are interrupted, out of order or malformed, and says which (SR-04, SR-24)", () => {
    const { world, peer } = peerScene({ seed: 1_202 });
    const pass = (ms: number) => world.clock.advance(ms);
    const chunks = chunksOf(2, HOURLY);
    const [first, second, third] = chunks;
    const last = chunks.at(-1);
    assert.ok(first && second && third && last);
    const before = world.hardware.keyValue.snapshot();
    assert.equal(peer.tell(second), CODE.notApplicable);
    stage(peer, [first, second, third, last].slice(0, 2));
    assert.equal(peer.tell(third), CODE.notApplicable);
    assert.equal(peer.tell(second), CODE.notApplicable);
    stage(peer, chunks);
    peer.close();
    assert.ok(peer.open());
    assert.equal(peer.prepare(last), CODE.notApplicable);
    stage(peer, chunks);
    assert.ok(typeof peer.prepare(last) !== "number");
    assert.equal(peer.tell(last), CODE.notApplicable);
    stage(peer, chunks);
    // Another template's first chunk takes the place of what there was.
    stage(peer, chunksOf(3, HOURLY).slice(0, 2));
    assert.equal(peer.prepare(last), CODE.notApplicable);
    for (const [bytes, code] of [
      [Uint8Array.of(0xcc, 0x0f, 0, 2, 1, 0, 0, 0, 0), CODE.invalidOperand],
      [Uint8Array.of(0xcc, 0x0f, 8, 2, 1, 1, 0, 0, 0), CODE.invalidOperand],
      [Uint8Array.of(0xcc, 0x0f, 4, 2, 1, 1, 0, 0, 0, 1, 0, 0, 0), CODE.invalidOperand],
      [Uint8Array.of(0xcc, 0x0f, 0, 2, 1, 1, 0, 1, 0xd0), CODE.invalidOperand],
      [Uint8Array.of(0xcc, 0x0f, 0, 0, 1, 1, 0, 0, 0), CODE.outOfRange],
      [Uint8Array.of(0xcc, 0x0f, 0, 6, 1, 1, 0, 0, 0), CODE.outOfRange],
      [Uint8Array.of(0xcc, 0x0f, 0, 2, 0, 1, 0, 0, 0), CODE.notApplicable],
      [Uint8Array.of(0xcc, 0x0f, 0, 2, 1, 0xa1, 0x05, 0, 0), CODE.plausibility],
    ] as const) {
      assert.equal(peer.tell(bytes), code, `${bytes}`);
    }
    const short = chunksOf(2, [[1_439, U]]).at(-1);
    assert.ok(short);
    assert.equal(peer.prepare(short), CODE.plausibility);
    const tooMany: Block[] = Array.from({ length: 25 }, (_, i) => [i < 24 ? 57 : 72, U]);
    const all = chunksOf(2, tooMany);
    assert.equal(peer.prepare(stage(peer, all)), CODE.outOfRange);
    assert.equal(readTemplate(peer, 2, pass), CODE.notApplicable);
    const after = world.hardware.keyValue.snapshot();
    assert.deepEqual(after["profiles.a"], before["profiles.a"]);
    assert.deepEqual(after["profiles.b"], before["profiles.b"]);
    assertSound(world);
  });

  it("is refused with 84 when a block begins between Prepare and Commit (SR-29)", () => {
    const { world, peer } = peerScene({ seed: 1_203 });
    assert.equal(setTime(peer, timeUpdate(MIDNIGHT_S - 20)), CODE.success);
    const day: readonly Block[] = [
      [720, U],
      [720, 2 * U],
    ];
    assert.equal(write(peer, 1, day), CODE.success);
    const midnightMs = lastTracedMs(world, "obeyed: setTime") + 20_000;
    const command = relativeTbr(150, 30);
    const challenge = peer.challenge(command);
    // 3 U/h of 2 U/h.
    assert.deepEqual([...challenge.reading], [0xff, 0x0f, 0x3c, 0x60, 0xe3, 0x16, 0, 0xc0, 0xc6, 0x2d, 0, 30, 0]);
    world.clock.advance(midnightMs - world.clock.nowMs - 5);
    assert.equal(peer.commit(command, challenge), READING_CHANGED);
    const again = peer.challenge(command);
    assert.deepEqual([...again.reading.slice(7, 11)], [0x60, 0xe3, 0x16, 0]);
    assert.equal(peer.commit(command, again), CODE.success);
    const basal = [...(peer.ask(0x24, Uint8Array.of(0x65, 0x03))?.value ?? [])];
    assert.deepEqual(basal, [0x6a, 0x03, 1, 1, 1, 0, 0x3c, 0x0f, 0xf0, 30, 0, 30, 0]);
    assertSound(world);
  });

  it("may have no insulin at all, and its reading says so (SR-29)", () => {
    const { world, peer } = peerScene({ seed: 1_204 });
    const starts = listenToPulses(world);
    const [chunk] = chunksOf(1, [
      [720, 0],
      [720, 0],
    ]);
    assert.ok(chunk);
    const challenge = peer.challenge(chunk);
    const zeros = [0xd0, 0x02, 0, 0, 0, 0];
    assert.deepEqual([...challenge.reading], [0xcc, 0x0f, 1, 0x33, 0, 0, 0, 0, 0, 0, 0, 0, 2, ...zeros, ...zeros]);
    assert.equal(peer.commit(chunk, challenge), CODE.success);
    peer.close();
    const already = starts.length;
    world.clock.advance(5 * HOUR_MS);
    assert.equal(starts.length, already);
    assertSound(world);
  });
});

describe("the time of day", () => {
  it("is set by a countersigned update alone, dated, read by every bond, and uncertain after a restart (SR-24)", () => {
    const { world, peer } = peerScene({ seed: 1_205 });
    const read = () => [...(peer.ask(0x90)?.value ?? [])];
    assert.deepEqual(read(), [0, 0, 0, 0, 0x80, 0xff, 0x19, 0]);
    const update = timeUpdate(MIDNIGHT_S, -20, 4);
    for (const [bytes, answer] of [
      [update, [9, 2, 5, 2, 0]],
      [update.slice(1), [9, update[1], 2]],
      [update.slice(0, 5), [9, 2, 3]],
      [new Uint8Array(0), [9, 0, 3]],
      [Uint8Array.of(3, ...update.slice(1)), [9, 3, 2]],
    ] as const)
      assert.deepEqual([...(peer.ask(TIME_CHANNEL, bytes)?.value ?? [])], answer);
    assert.deepEqual(read(), [0, 0, 0, 0, 0x80, 0xff, 0x19, 0]);
    const challenge = peer.prepare(update, 30, TIME_CHANNEL);
    assert.ok(typeof challenge !== "number");
    // 2026-11-22 20:00:00: five hours west with one of DST; and the 0.9 U/h that go on.
    assert.deepEqual([...challenge.reading], [2, 0xea, 7, 11, 22, 20, 0, 0, 236, 4, 0xa0, 0xbb, 0x0d, 0]);
    // Countersigned for another channel, it is worth nothing.
    assert.equal(peer.commit(update, challenge), 0x83);
    assert.equal(setTime(peer, update), CODE.success);
    assert.deepEqual(read().slice(4), [236, 4, 0x12, 0]);
    for (const [at, value] of [
      [1, 0x40],
      [1, 0x01],
      [2, 0x01],
      [7, 57],
      [7, 0x80],
      [8, 1],
      [8, 255],
      [9, 7],
    ] as const) {
      const wrong = update.slice();
      wrong[at] = value;
      assert.equal(peer.prepare(wrong, 30, TIME_CHANNEL), CODE.invalidOperand, `${at} ${value}`);
    }
    assert.equal(peer.prepare(Uint8Array.of(3, ...update.slice(1)), 30, TIME_CHANNEL), CODE.opcodeNotSupported);
    assert.equal(peer.prepare(timeUpdate(10, -48), 30, TIME_CHANNEL), CODE.outOfRange);
    peer.close();
    world.clock.advance(7 * MINUTE_MS);
    world.hardware.cut();
    world.clock.advance(9 * HOUR_MS);
    world.powerUp();
    inSession(peer, () => {
      const [a = 0, b = 0, c = 0, d = 0, ...rest] = read();
      const passedS = a + b * 256 + c * 65_536 + d * 2 ** 24 - MIDNIGHT_S;
      // What was off counts zero, and at most five minutes of what was on are lost.
      assert.ok(passedS >= 120 && passedS <= 7 * 60 + 60, `${passedS}`);
      assert.deepEqual(rest, [236, 4, 0x19, 0]);
      assert.equal(oldestAnnunciation(peer), DATE_TIME_ISSUE);
      assert.equal(setTime(peer, timeUpdate(MIDNIGHT_S + 40_000)), CODE.success);
      assert.equal(oldestAnnunciation(peer), undefined);
      assert.deepEqual(read().slice(4), [0, 0, 0x12, 0]);
    });
    assertSound(world);
  });

  it("moves no TBR's end and no pulse of it by jumps of hours, days and years (SR-60)", () => {
    const { world, peer } = peerScene({ seed: 1_206 });
    const starts = listenToPulses(world);
    assert.equal(peer.order(tbrOf(5 * U, 60)), CODE.success);
    const fromMs = lastTracedMs(world, "obeyed: setTbr");
    for (const [i, jump] of [3_600, -3_600, 86_400, -86_400 * 366, 86_400 * 366 * 20, 0].entries()) {
      assert.equal(setTime(peer, timeUpdate(MIDNIGHT_S + jump, i % 2 ? 56 : -48, i % 2 ? 8 : 0)), CODE.success);
      world.clock.advance(9 * MINUTE_MS);
    }
    peer.close();
    world.clock.advance(fromMs + 60 * MINUTE_MS - world.clock.nowMs);
    // 100 pulses in the hour, one each 36 s, and a part of one that was owed before.
    const during = starts.filter((ms) => ms > fromMs && ms <= fromMs + 60 * MINUTE_MS);
    assert.ok(during.length === 100 || during.length === 101, `${during.length}`);
    world.clock.advance(HOUR_MS);
    assert.ok(Math.abs(starts.length - during.length - 18) <= 2);
    assertDisplaced(world, starts.length * 50_000);
    assertSound(world);
  });
});

describe("a power cut", () => {
  const day: readonly Block[] = [[1_440, 3 * U]];
  const [chunk = new Uint8Array(0)] = chunksOf(1, day);
  const [other = new Uint8Array(0)] = chunksOf(2, day);
  const isDay = (peer: Peer, pass: (ms: number) => void) => {
    const blocks = readTemplate(peer, 1, pass);
    return JSON.stringify(blocks) === JSON.stringify(day);
  };
  const active = (peer: Peer) => peer.ask(0x25, Uint8Array.of(0x48, 0x12))?.value[3] === 2;
  const isSet = (peer: Peer) => (peer.ask(0x90)?.value[5] ?? 0xff) !== 0xff;
  const programmed = (peer: Peer) => [...(peer.ask(0x24, Uint8Array.of(0x65, 0x03))?.value.slice(4, 6) ?? [])];
  for (const [what, command, channel, isNew, rate] of [
    ["the write of the active template", chunk, 0x25, isDay, [3, 0]],
    ["an activation", activation(2), 0x25, active, [3, 0]],
    ["a set of the time", timeUpdate(MIDNIGHT_S), TIME_CHANNEL, isSet, [9, 0xf0]],
  ] as const)
    it(`at every operation of ${what} leaves the old or the new, with its outcome and its rate (SR-65)`, () => {
      const seen = new Set<boolean>();
      let cuts = 0;
      for (let operation = 1; cuts === 0 || cuts >= operation - 1; operation++)
        for (const phase of ["before", "during", "after"] as const) {
          const { world, peer } = peerScene({ seed: 1_207 });
          const pass = (ms: number) => world.clock.advance(ms);
          if (command !== chunk && channel === 0x25) assert.equal(peer.order(other), CODE.success);
          const prepared = peer.prepare(command, 30, channel);
          assert.ok(typeof prepared !== "number");
          world.hardware.cutAt({ operation: world.hardware.operations + operation, phase });
          peer.send(0, peer.commitMessage(command, prepared, channel));
          world.clock.runUntil(() => !world.hardware.powered || peer.ended !== undefined, 1_500);
          if (world.hardware.powered) {
            assert.ok(operation > 2, "the order is stored");
            continue;
          }
          cuts = operation;
          pass(1_000);
          world.powerUp();
          inSession(peer, () => {
            const now = isNew(peer, pass);
            seen.add(now);
            const place = `operation ${operation}, ${phase}`;
            const outcome = peer.outcome(prepared.doseId);
            assert.equal(typeof outcome === "number" ? outcome : outcome.kind, now ? "applied" : "never", place);
            assert.deepEqual(programmed(peer), now ? [...rate] : [9, 0xf0], place);
          });
          assertSound(world);
          assertHistoryWhole(world);
        }
      assert.deepEqual([...seen].sort(), [false, true]);
    });
});
