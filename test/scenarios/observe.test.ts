/** A bond that may observe: it reads all there is, and nothing it says changes therapy. */

import assert from "node:assert/strict";
import { type Challenge, encodeCommit, encodePrepare } from "../../host-sim/controller/control.js";
import {
  CHANNEL,
  COMMAND,
  encodeBare,
  encodeCancelBolus,
  encodeGetActiveBolusDelivery,
  encodeResetStatus,
  READER,
} from "../../host-sim/controller/ids.js";
import {
  decodeActiveBasal,
  decodeActiveBolusDelivery,
  decodeActiveBolusIds,
  decodeDeliveredInsulin,
  decodeFeatures,
  decodeStatus,
  decodeStatusChanged,
} from "../../host-sim/controller/idsAnswers.js";
import { CHANNEL_CONTROL } from "../../host-sim/controller/records.js";
import { MemoryStore } from "../../host-sim/world.js";
import { codeOf, Peer } from "../peers.js";
import {
  assertDisplaced,
  assertSound,
  bolusOf,
  CODE,
  MINUTE_MS,
  peerScene,
  RUN,
  rigWith,
  STOP,
  tbrOf,
} from "./scene.js";

const U = 1_000_000;
const EVERY_COMMAND: Readonly<Record<string, Uint8Array>> = {
  Stop: STOP,
  Run: RUN,
  "Set Bolus": bolusOf(U),
  "Cancel Bolus": encodeCancelBolus(1),
  "Set TBR": tbrOf(0, 30),
  "Change TBR": tbrOf(0, 30, true),
  "Cancel TBR": encodeBare(COMMAND.cancelTbr),
  "a malformed Set Bolus": bolusOf(U).slice(0, 4),
  Pause: Uint8Array.of(0x5a, 0x0f, 0x3c),
};

/** A bolus of 2 U of an operator's under way, and an observer in session. */
function observed(seed: number) {
  const { world, peer } = peerScene({ seed, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
  const command = bolusOf(2 * U);
  const challenge: Challenge = peer.challenge(command);
  assert.equal(peer.commit(command, challenge), CODE.success);
  peer.close();
  const store = new MemoryStore();
  const controller = world.controller(store);
  const text = world.openPairing("observe");
  const paired = world.await<{ readonly kind: string }>((done) => controller.pair(text, done));
  assert.equal(paired?.kind, "ok");
  controller.close();
  world.clock.advance(1_000);
  const observer = new Peer(world, store);
  assert.ok(observer.open());
  return { world, operator: peer, observer, challenge };
}

describe("an observer", () => {
  it("reads status, features, annunciations, boluses, basal and delivered insulin (SR-31)", () => {
    const { world, observer } = observed(481);
    const read = (channel: number, value?: Uint8Array) => observer.ask(channel, value)?.value ?? new Uint8Array(0);
    assert.equal(observer.bond.role, 2);
    assert.notEqual(decodeStatusChanged(read(CHANNEL.statusChanged)), undefined);
    assert.equal(decodeStatus(read(CHANNEL.status))?.therapyControlState, "run");
    assert.equal(read(CHANNEL.annunciationStatus).length > 0, true);
    assert.equal(decodeFeatures(read(CHANNEL.features))?.concentrationUnitsPerMl, 100);
    const reader = (opcode: number) => read(CHANNEL.statusReader, encodeBare(opcode));
    const [bolusId = 0] = decodeActiveBolusIds(reader(READER.getActiveBolusIds)) ?? [];
    assert.ok(bolusId > 0);
    const programmed = read(CHANNEL.statusReader, encodeGetActiveBolusDelivery(bolusId, "programmed"));
    assert.equal(decodeActiveBolusDelivery(programmed)?.amountMicrounits, 2 * U);
    assert.equal(decodeActiveBasal(reader(READER.getActiveBasal))?.programmedMicrounitsPerHour, 0);
    const delivered = decodeDeliveredInsulin(reader(READER.getDeliveredInsulin));
    assert.ok((delivered?.bolusMicrounits ?? 0) >= world.hardware.plant.displacedMicrounits - 50_000);
    assertSound(world);
  });

  it("may ask for the outcome of an operator's dose (SR-31, SR-34)", () => {
    const { world, observer, challenge } = observed(482);
    const outcome = observer.outcome(challenge.doseId);
    assert.ok(typeof outcome !== "number");
    assert.deepEqual([outcome.kind, outcome.intendedMicrounits], ["delivering", 2 * U]);
    const moved = world.hardware.plant.displacedMicrounits;
    assert.ok(outcome.lowMicrounits - 50_000 <= moved && moved <= outcome.highMicrounits + 50_000, `${moved}`);
    assertSound(world);
  });

  it("is refused with 85 every command of channel 25, every Prepare and every Commit, and nothing changes (SR-31)", () => {
    const { world, operator, observer, challenge } = observed(483);
    for (const [name, command] of Object.entries(EVERY_COMMAND)) {
      assert.equal(observer.tell(command), CODE.roleNotPermitted, name);
      assert.equal(observer.prepare(command), CODE.roleNotPermitted, `Prepare of ${name}`);
    }
    const commits = [
      observer.commitMessage(bolusOf(2 * U), challenge),
      encodeCommit({ epoch: 1, sequence: 1 }, new Uint8Array(16)),
      encodeCommit(challenge.doseId, new Uint8Array(16)).slice(0, 9),
    ];
    for (const commit of commits) assert.equal(codeOf(observer.ask(CHANNEL_CONTROL, commit)), CODE.roleNotPermitted);
    const malformed = encodePrepare(0, 0, new Uint8Array(0));
    assert.equal(codeOf(observer.ask(CHANNEL_CONTROL, malformed)), CODE.roleNotPermitted);
    assert.equal(codeOf(observer.ask(CHANNEL.command, Uint8Array.of(0x34, 0x12))), CODE.opcodeNotSupported);
    observer.close();
    world.clock.advance(5 * MINUTE_MS);
    assertDisplaced(world, 2 * U);
    assert.ok(operator.open());
    assert.equal(operator.prepare(RUN), CODE.notApplicable, "the pump is still in Run");
    assert.equal(operator.prepare(encodeBare(COMMAND.cancelTbr)), CODE.notApplicable, "there is no TBR");
    assertSound(world);
  });

  it("may reset Status Changed flags, and starts or stops nothing by it (SR-31)", () => {
    const { world, observer } = observed(484);
    const flags = () => decodeStatusChanged(observer.ask(CHANNEL.statusChanged)?.value ?? new Uint8Array(0)) ?? 0;
    assert.notEqual(flags(), 0);
    const answer = observer.ask(CHANNEL.statusReader, encodeResetStatus(0xff));
    assert.deepEqual([...(answer?.value ?? [])], [0x03, 0x03, 0x0c, 0x03, CODE.success]);
    assert.equal(flags(), 0);
    observer.close();
    world.clock.advance(5 * MINUTE_MS);
    assertDisplaced(world, 2 * U);
    assertSound(world);
  });

  it("stays one when it was paired so: its own bond does not operate, whatever it claims (SR-07, SR-31)", () => {
    const { world, observer } = observed(485);
    observer.close();
    // The role is part of both tags: a controller that takes its bond for an operator's does not even get in.
    Object.assign(observer.bond, { role: 1 });
    assert.ok(!observer.open(10_000));
    Object.assign(observer.bond, { role: 2 });
    assert.ok(observer.open());
    assertSound(world);
  });
});
