/** Annunciations by radio: snoozed, confirmed where that may be, and back again; and the reminder of a pump that stands still. */

import assert from "node:assert/strict";
import { AnnunciationType } from "../../firmware/ids/values.js";
import { CHANNEL, encodeAnnunciationCommand, encodeResetStatus } from "../../host-sim/controller/ids.js";
import { decodeAnnunciation, decodeStatusChanged } from "../../host-sim/controller/idsAnswers.js";
import { World } from "../../host-sim/world.js";
import { codeOf, type Peer } from "../peers.js";
import { hex } from "../session/bench.js";
import {
  assertHistoryWhole,
  assertSound,
  bolusOf,
  CODE,
  HOUR_MS,
  historyOf,
  inSession,
  MINUTE_MS,
  peerScene,
  quietScene,
  RUN,
  rigWith,
  STOP,
} from "./scene.js";

const U = 1_000_000;
const { Occlusion, DateTimeIssue, BatteryLow, BatteryEmpty, PowerInsufficient } = AnnunciationType;

const snooze = (instance: number) => encodeAnnunciationCommand("snoozeAnnunciation", instance);
const confirm = (instance: number) => encodeAnnunciationCommand("confirmAnnunciation", instance);

/** What channel 22 shows. */
function shown(peer: Peer) {
  const answer = peer.ask(CHANNEL.annunciationStatus);
  const decoded = answer && decodeAnnunciation(answer.value);
  assert.ok(decoded);
  return decoded.annunciation;
}

function mustShow(peer: Peer) {
  const annunciation = shown(peer);
  assert.ok(annunciation, "an annunciation");
  return annunciation;
}

/** When the buzzer began to sound, from now on. */
function listenToBuzzer({ clock, hardware }: World, forMs: number): readonly number[] {
  const from = clock.nowMs;
  const heard: number[] = [];
  const endMs = from + forMs;
  while (clock.nowMs < endMs) {
    if (!clock.runUntil(() => hardware.sounding, endMs - clock.nowMs)) break;
    heard.push(clock.nowMs - from);
    clock.runUntil(() => !hardware.sounding, 1_000);
  }
  return heard;
}

/** A pump in Run with an Occlusion and a DateTimeIssue to tell of, in session with its peer. */
function twoToTell(seed: number) {
  const scene = peerScene({ seed, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
  const { world, peer } = scene;
  peer.close();
  world.powerCycle();
  world.hardware.sensors.setFailing("force", true);
  world.clock.advance(3 * MINUTE_MS);
  world.hardware.sensors.setFailing("force", false);
  assert.ok(peer.open());
  return scene;
}

describe("an annunciation by radio", () => {
  it("is confirmed where nobody has to look at the pump, with both parts in the history (SR-110)", () => {
    const { world, peer } = twoToTell(901);
    const dateTime = mustShow(peer);
    assert.deepEqual([dateTime.type, dateTime.status], [DateTimeIssue, 0x33]);
    const answer = peer.ask(CHANNEL.command, confirm(dateTime.instance));
    assert.equal(answer?.channel, CHANNEL.command);
    assert.equal(hex(answer?.value ?? new Uint8Array(0)), `a50f${hex(confirm(dateTime.instance)).slice(4)}`);
    assert.equal(mustShow(peer).type, Occlusion);
    assert.equal(peer.tell(confirm(dateTime.instance)), CODE.notApplicable, "it is over");
    world.powerCycle();
    world.clock.advance(5_000);
    assertHistoryWhole(world);
    assertSound(world);
  });

  it("is not confirmed when somebody has to look at the pump, only there (SR-110)", () => {
    const { world, peer } = twoToTell(902);
    assert.equal(peer.tell(confirm(mustShow(peer).instance)), CODE.success);
    const occlusion = mustShow(peer);
    assert.equal(peer.tell(confirm(occlusion.instance)), CODE.notApplicable);
    assert.equal(mustShow(peer).type, Occlusion);
    assert.ok(world.hardware.lit);
    world.tapButton(1);
    assert.equal(shown(peer), undefined);
    assert.ok(!world.hardware.lit);
  });

  it("that is snoozed keeps the light on, makes room for the next, and sounds again after 15 minutes (SR-111)", () => {
    const { world, peer } = twoToTell(903);
    assert.equal(peer.order(RUN), CODE.success);
    const first = mustShow(peer);
    assert.equal(peer.tell(snooze(first.instance)), CODE.success);
    assert.equal(peer.tell(snooze(first.instance)), CODE.notApplicable, "it is snoozed already");
    const second = mustShow(peer);
    assert.deepEqual([second.type, second.status], [Occlusion, 0x33]);
    assert.equal(peer.tell(snooze(second.instance)), CODE.success);
    assert.deepEqual(mustShow(peer), { ...first, status: 0x3c });
    peer.ask(CHANNEL.statusReader, encodeResetStatus(0xff));
    world.clock.advance(2_000);
    assert.ok(world.hardware.lit);
    const [again = 0, ...more] = listenToBuzzer(world, 16 * MINUTE_MS);
    assert.ok(again >= 15 * MINUTE_MS - 10_000 && again <= 16 * MINUTE_MS, `${again}`);
    assert.deepEqual(more, [], "one sound for both");
    assert.deepEqual(world.hardware.display, ["Annunciation: Occlusion"]);
    assert.deepEqual(mustShow(peer), first);
    const told = decodeStatusChanged(peer.ask(CHANNEL.statusChanged)?.value ?? new Uint8Array(0));
    assert.ok(((told ?? 0) & 8) !== 0, "Status Changed tells of it");
  });

  it("that is snoozed is pending again after a restart, and gone once it is confirmed (SR-111)", () => {
    const { world, peer } = twoToTell(904);
    const first = mustShow(peer);
    assert.equal(peer.tell(snooze(first.instance)), CODE.success);
    world.powerCycle();
    world.clock.advance(2_000);
    assert.ok(peer.open());
    assert.deepEqual(mustShow(peer), first);
    assert.equal(peer.tell(snooze(first.instance)), CODE.success);
    assert.equal(peer.tell(confirm(first.instance)), CODE.success);
    world.clock.advance(20 * MINUTE_MS);
    assert.notEqual(mustShow(peer).type, DateTimeIssue);
  });

  it("leaves an outstanding challenge as it is (SR-110)", () => {
    const { peer } = twoToTell(905);
    const { instance } = mustShow(peer);
    const challenge = peer.challenge(RUN);
    assert.equal(peer.tell(snooze(instance)), CODE.success);
    assert.equal(peer.tell(confirm(instance)), CODE.success);
    assert.equal(peer.tell(confirm(instance)), CODE.notApplicable);
    assert.equal(peer.commit(RUN, challenge), CODE.success);
  });

  it("is refused in every other way: no instance of that number, a wrong length, a latched fault", () => {
    const { world, peer } = twoToTell(906);
    const { instance } = mustShow(peer);
    for (const command of [snooze(0xfffe), confirm(0xfffe)]) assert.equal(peer.tell(command), CODE.notApplicable);
    for (const command of [snooze(instance), confirm(instance)]) {
      assert.equal(peer.tell(command.subarray(0, 3)), CODE.invalidOperand);
      assert.equal(peer.tell(Uint8Array.of(...command, 0)), CODE.invalidOperand);
      assert.equal(peer.prepare(command), CODE.notApplicable, "it takes no challenge");
    }
    assert.equal(peer.order(RUN), CODE.success);
    world.hardware.plant.setJammed(true);
    world.clock.advance(5 * MINUTE_MS);
    for (const command of [snooze(instance), confirm(instance)]) assert.equal(peer.tell(command), CODE.notCompleted);
    assert.deepEqual(world.hardware.crashes, []);
  });
});

describe("a pump that stands still", () => {
  it("reminds every quarter of an hour until it runs, and stores nothing for it (SR-113)", () => {
    const { world, peer } = peerScene({ seed: 911, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    world.clock.advance(5 * MINUTE_MS);
    assert.equal(peer.tell(STOP), CODE.success);
    peer.close();
    world.clock.advance(1_000);
    const before = historyOf(world);
    const heard = listenToBuzzer(world, 2 * HOUR_MS);
    assert.deepEqual(historyOf(world), before);
    assert.ok(heard.length >= 7 && heard.length <= 8, `${heard}`);
    heard.forEach((ms, i) => {
      const sinceLast = ms - (heard[i - 1] ?? 0);
      assert.ok(sinceLast >= 15 * MINUTE_MS - 2_000 && sinceLast <= 16 * MINUTE_MS, `${heard}`);
    });
    assert.deepEqual(world.hardware.display, ["Stopped", "No insulin is delivered"]);
    assert.equal(
      inSession(peer, () => peer.order(RUN)),
      CODE.success,
    );
    world.clock.advance(1_000);
    assert.deepEqual(listenToBuzzer(world, HOUR_MS), []);
    assertSound(world);
  });

  it("tells an open session of it by Status Changed (SR-113)", () => {
    const { world, peer } = peerScene({ seed: 912, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    world.clock.advance(5 * MINUTE_MS);
    assert.equal(peer.tell(STOP), CODE.success);
    peer.ask(CHANNEL.statusReader, encodeResetStatus(0xff));
    const from = peer.received.length;
    world.clock.advance(16 * MINUTE_MS);
    const told = peer.received.slice(from).map(({ channel, value }) => [channel, hex(value)]);
    assert.deepEqual(told, [[CHANNEL.statusChanged, "0100"]]);
  });

  it("reminds after a restart in Stop, and of a fault, and not when it has never delivered (SR-113)", () => {
    const { world, peer } = peerScene({ seed: 913, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    world.clock.advance(5 * MINUTE_MS);
    assert.equal(peer.tell(STOP), CODE.success);
    world.powerCycle();
    world.clock.advance(10_000);
    assert.equal(listenToBuzzer(world, 17 * MINUTE_MS).length, 1);
    assert.equal(
      inSession(peer, () => peer.order(RUN)),
      CODE.success,
    );
    world.hardware.plant.setJammed(true);
    world.clock.advance(5 * MINUTE_MS);
    assert.equal(listenToBuzzer(world, 17 * MINUTE_MS).length, 1);
    assert.equal(world.hardware.display[0], "FAULT");

    const fresh = new World({ seed: 914 });
    fresh.powerCycle();
    fresh.clock.advance(10_000);
    assert.deepEqual(listenToBuzzer(fresh, HOUR_MS), []);
  });
});

describe("a battery that runs down", () => {
  const types = (world: World, peer: Peer): readonly number[] =>
    inSession(peer, () => {
      const seen: number[] = [];
      for (let next = shown(peer); next && next.status === 0x33; next = shown(peer)) {
        seen.push(next.type);
        assert.equal(peer.tell(snooze(next.instance)), CODE.success);
      }
      assert.deepEqual(world.hardware.crashes, []);
      return seen;
    });

  it("is annunciated at each of three steps, and stops nothing (SR-112)", () => {
    const { world, peer } = quietScene({ seed: 921, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    const { sensors, plant } = world.hardware;
    for (const [millivolts, type] of [
      [3_690, BatteryLow],
      [3_490, BatteryEmpty],
      [3_390, PowerInsufficient],
    ] as const) {
      sensors.setBattery(millivolts);
      world.clock.advance(4 * MINUTE_MS);
      assert.deepEqual(types(world, peer), [type]);
    }
    const before = plant.displacedMicrounits;
    world.clock.advance(HOUR_MS);
    assert.ok(plant.displacedMicrounits - before > 4_900_000);
    assert.equal(
      inSession(peer, () => peer.order(bolusOf(100_000))),
      CODE.success,
    );
  });

  it("that cannot be measured is a low one, and one conversion that fails is nothing (SR-112)", () => {
    const { world, peer } = quietScene({ seed: 922 });
    const { sensors } = world.hardware;
    sensors.setFailing("battery", true);
    world.clock.advance(MINUTE_MS);
    sensors.setFailing("battery", false);
    world.clock.advance(5 * MINUTE_MS);
    assert.deepEqual(types(world, peer), []);
    const level = () => inSession(peer, () => peer.ask(CHANNEL.batteryLevel));
    assert.deepEqual(level(), { channel: CHANNEL.batteryLevel, value: Uint8Array.of(81) });
    sensors.setFailing("battery", true);
    world.clock.advance(4 * MINUTE_MS);
    assert.deepEqual(types(world, peer), [BatteryLow]);
    assert.equal(codeOf(level()), CODE.notCompleted);
    sensors.setFailing("battery", false);
    world.clock.advance(2 * MINUTE_MS);
    assert.deepEqual(level()?.value, Uint8Array.of(81));
  });
});
