/** Priming: ordered by countersignature, confirmed at the pump, counted apart. */

import assert from "node:assert/strict";
import { COMMAND, encodeBare, encodeReservoirAmount } from "../../host-sim/controller/ids.js";
import { Peer } from "../peers.js";
import { EVENT, eventsOf, sayYes, statusOf } from "./reservoirScene.js";
import {
  ANNUNCIATION,
  assertHistoryWhole,
  assertSound,
  bolusOf,
  CODE,
  coilsOn,
  inSession,
  MINUTE_MS,
  oldestAnnunciation,
  peerScene,
  RUN,
  type Scene,
  STOP,
} from "./scene.js";

const U = 1_000_000;
const STOP_PRIMING = encodeBare(COMMAND.stopPriming);
const primeOf = (amountMicrounits: number) => encodeReservoirAmount("startPriming", { amountMicrounits });
const operational = (from: number, to: number) => `30c ${from.toString(16)}${to.toString(16)}`;

function stopped(seed: number): Scene {
  const scene = peerScene({ seed });
  assert.equal(scene.peer.tell(STOP), CODE.success);
  return scene;
}

/** Orders a priming; its dose ID. */
function ordered(peer: Peer, amountMicrounits: number) {
  const command = primeOf(amountMicrounits);
  const challenge = peer.challenge(command);
  assert.equal(peer.commit(command, challenge), CODE.success);
  return challenge.doseId;
}

function outcomeOf(peer: Peer, doseId: Parameters<Peer["outcome"]>[0]) {
  const outcome = peer.outcome(doseId);
  assert.ok(typeof outcome !== "number");
  return [outcome.kind, outcome.lowMicrounits, outcome.highMicrounits];
}

describe("priming", () => {
  it("waits for a hold at the pump, moves its amount, and is told and recorded (SR-126, SR-128)", () => {
    const { world, peer } = stopped(1_421);
    const { plant } = world.hardware;
    const before = plant.displacedMicrounits;
    const doseId = ordered(peer, 3 * U);
    assert.equal(statusOf(peer).operationalState, "waiting");
    assert.deepEqual(world.hardware.display, [
      "Remote priming: 3.00 U",
      "Is the line off your body?",
      "Yes: two taps and a hold. No: a hold",
    ]);
    world.clock.advance(30_000);
    assert.equal(plant.displacedMicrounits, before);
    assert.deepEqual(outcomeOf(peer, doseId), ["delivering", 0, 0]);
    sayYes(world);
    assert.equal(statusOf(peer).operationalState, "priming");
    for (const command of [RUN, primeOf(U)]) assert.equal(peer.order(command), CODE.notApplicable);
    world.clock.advance(3 * MINUTE_MS);
    assert.deepEqual(outcomeOf(peer, doseId), ["delivered", 3 * U, 3 * U]);
    assert.equal(statusOf(peer).operationalState, "ready");
    const moved = plant.displacedMicrounits - before;
    assert.ok(moved <= 3 * U && moved > 3 * U - 1_300, `${moved}`);
    assert.deepEqual(eventsOf(world, EVENT.operational, EVENT.primingStarted, EVENT.primingDone), [
      operational(0x96, 0x66),
      "395 0300",
      operational(0x66, 0x5a),
      "39a 0003003c",
      operational(0x5a, 0x96),
    ]);
    assert.ok(plant.minPulseGapMs >= 1_990, `${plant.minPulseGapMs}`);
    assertSound(world);
    assertHistoryWhole(world);
  });

  it("is in no total and no window, and out of the reservoir (SR-128)", () => {
    const { world, peer } = stopped(1_422);
    const totals = () => peer.ask(0x24, Uint8Array.of(0xc0, 0x03))?.value.join();
    const before = totals();
    for (const amount of [15 * U, 15 * U]) {
      ordered(peer, amount);
      sayYes(world);
      world.clock.advance(11 * MINUTE_MS);
    }
    assert.equal(totals(), before);
    assert.equal(statusOf(peer).reservoirMicrounits, 270 * U);
    assert.equal(peer.order(RUN), CODE.success);
    assert.equal(peer.order(bolusOf(10 * U)), CODE.success);
  });

  it("passes its own limit, of one and of all of a reservoir, and what there is (SR-128)", () => {
    const { world, peer } = stopped(1_423);
    for (const [amount, code] of [
      [0, CODE.invalidOperand],
      [30_100_000, CODE.outOfRange],
      [301 * U, CODE.outOfRange],
    ] as const)
      assert.equal(peer.order(primeOf(amount)), code, `${amount}`);
    assert.equal(peer.tell(primeOf(U)), CODE.notApplicable);
    ordered(peer, 20 * U);
    sayYes(world);
    world.clock.advance(15 * MINUTE_MS);
    assert.equal(peer.order(primeOf(10_100_000)), CODE.plausibility);
    ordered(peer, 10 * U);
    assert.equal(peer.tell(STOP_PRIMING), CODE.success);
    assert.equal(peer.order(RUN), CODE.success);
    assert.equal(peer.order(primeOf(U)), CODE.notApplicable);
  });

  it("that nobody confirms in 60 s has moved nothing and leaves no record of a priming (SR-126)", () => {
    const { world, peer } = stopped(1_424);
    const { plant } = world.hardware;
    const before = plant.commandedHalfSteps;
    const doseId = ordered(peer, 3 * U);
    world.clock.advance(59_000);
    assert.equal(statusOf(peer).operationalState, "waiting");
    world.clock.advance(2_000);
    assert.deepEqual(outcomeOf(peer, doseId), ["stopped", 0, 0]);
    assert.equal(statusOf(peer).operationalState, "ready");
    world.holdButton(2);
    world.clock.advance(MINUTE_MS);
    assert.equal(plant.commandedHalfSteps, before);
    assert.deepEqual(eventsOf(world, EVENT.primingStarted, EVENT.primingDone), []);
    for (const no of [
      () => world.holdButton(),
      () => world.holdButton(1),
      () => world.holdButton(7),
      () => peer.tell(STOP),
    ]) {
      if (peer.ended) assert.ok(peer.open());
      const again = ordered(peer, U);
      world.clock.advance(5_000);
      no();
      world.clock.advance(5_000);
      world.holdButton(2);
      world.clock.advance(MINUTE_MS);
      assert.equal(plant.commandedHalfSteps, before);
      if (!peer.ended) assert.deepEqual(outcomeOf(peer, again), ["stopped", 0, 0]);
      if (peer.ended) return;
    }
  });

  for (const [what, end] of [
    ["Stop Priming", ({ peer }: Scene) => assert.equal(peer.tell(STOP_PRIMING), CODE.success)],
    ["Stop", ({ peer }: Scene) => assert.equal(peer.tell(STOP), CODE.success)],
    ["a hold", ({ world }: Scene) => world.hardware.pressButton(1_200)],
  ] as const)
    it(`ends with ${what}, within 1 s, and with what it has moved (SR-127, SR-128)`, () => {
      for (let intoMs = 0; intoMs < 2_000; intoMs += 170) {
        const scene = stopped(1_425);
        const { world, peer } = scene;
        const { plant } = world.hardware;
        const before = plant.displacedMicrounits;
        const doseId = ordered(peer, 5 * U);
        sayYes(world);
        world.clock.advance(9_000 + intoMs);
        end(scene);
        world.clock.advance(1_000);
        assert.ok(!coilsOn(world));
        const moved = plant.displacedMicrounits - before;
        world.clock.advance(MINUTE_MS);
        assert.equal(plant.displacedMicrounits - before, moved);
        const [kind, low = 0, high = 0] = outcomeOf(peer, doseId);
        assert.deepEqual([kind, low], ["stopped", high]);
        assert.ok(Math.abs(moved - Number(low)) < 1_300, `${moved} of ${low}`);
        assert.equal(statusOf(peer).operationalState, "ready");
        assert.equal(peer.tell(STOP_PRIMING), CODE.notApplicable);
      }
    });

  it("is confirmed by no gesture that began before it was asked, nor in the place of another question (SR-126)", () => {
    const { world, peer } = stopped(1_430);
    const { plant } = world.hardware;
    const before = plant.commandedHalfSteps;
    const command = primeOf(3 * U);
    for (const taps of [0, 2]) {
      const challenge = peer.challenge(command);
      for (let i = 0; i < taps; i++) {
        world.hardware.pressButton(100);
        world.clock.advance(300);
      }
      world.hardware.pressButton(1_500);
      world.clock.advance(100);
      peer.commit(command, challenge);
      world.clock.advance(MINUTE_MS + 10_000);
      assert.equal(plant.commandedHalfSteps, before, `${taps} taps`);
    }
    world.tapButton(5);
    assert.equal(peer.order(command), CODE.notApplicable);
    world.clock.advance(5_000);
    world.holdButton(2);
    assert.equal(statusOf(peer).operationalState, "preparing");
  });

  it("that waits ends without a record when the power goes (SR-126)", () => {
    const { world, peer } = stopped(1_431);
    const doseId = ordered(peer, 3 * U);
    peer.close();
    world.powerCycle();
    world.clock.advance(2_000);
    inSession(peer, () => {
      assert.deepEqual(outcomeOf(peer, doseId), ["stopped", 0, 0]);
      assert.deepEqual(eventsOf(world, EVENT.primingStarted, EVENT.primingDone), []);
      assert.equal(eventsOf(world, EVENT.operational).at(-1), operational(0x66, 0x96));
    });
  });

  it("goes on when the session ends (SR-128)", () => {
    const { world, peer } = stopped(1_426);
    const doseId = ordered(peer, 2 * U);
    sayYes(world);
    peer.close();
    world.clock.advance(2 * MINUTE_MS);
    inSession(peer, () => assert.deepEqual(outcomeOf(peer, doseId), ["delivered", 2 * U, 2 * U]));
  });

  it("keeps the display, and says nothing of no insulin, when a reminder of Stop falls due (SR-127)", () => {
    const { world, peer } = peerScene({ seed: 1_432 });
    assert.equal(peer.order(bolusOf(U)), CODE.success);
    world.clock.advance(2 * MINUTE_MS);
    assert.equal(peer.tell(STOP), CODE.success);
    ordered(peer, 30 * U);
    sayYes(world);
    for (let minute = 0; minute < 18; minute++) {
      assert.deepEqual(world.hardware.display, ["Priming", "Hold to halt it"], `after ${minute} min`);
      world.clock.advance(MINUTE_MS);
    }
  });

  it("ends on an occlusion, and says so (SR-57)", () => {
    const { world, peer } = stopped(1_427);
    const doseId = ordered(peer, 20 * U);
    world.hardware.plant.setOccluded(true);
    sayYes(world);
    world.clock.advance(15 * MINUTE_MS);
    const [kind, low] = outcomeOf(peer, doseId);
    assert.equal(kind, "stopped");
    assert.ok(Number(low) > 2.5 * U && Number(low) < 4 * U, `${low}`);
    assert.equal(oldestAnnunciation(peer), ANNUNCIATION.occlusion);
    assert.match(eventsOf(world, EVENT.primingDone).join(), /55$/);
  });

  it("that stalls is a fault, and what it moved is an interval that holds the truth (SR-56, SR-50)", () => {
    const { world, peer } = stopped(1_428);
    const { plant } = world.hardware;
    const before = plant.displacedMicrounits;
    const doseId = ordered(peer, 5 * U);
    sayYes(world);
    world.clock.advance(9_000);
    plant.setJammed(true);
    world.clock.advance(MINUTE_MS);
    const [kind, low = 0, high = 0] = outcomeOf(peer, doseId);
    const moved = plant.displacedMicrounits - before;
    assert.equal(kind, "uncertain");
    assert.ok(Number(low) <= moved && moved <= Number(high), `${low} ${moved} ${high}`);
    assert.equal(statusOf(peer).operationalState, "off");
  });

  it("cut off by the power is uncertain by a pulse at most, is not resumed, and is out of the reservoir (SR-50, SR-127)", () => {
    const kinds = new Set<unknown>();
    for (let operation = 1; operation < 120; operation += 7)
      for (const phase of ["before", "during", "after"] as const) {
        const { world, peer, store } = stopped(1_429);
        const { plant } = world.hardware;
        const before = plant.displacedMicrounits;
        const doseId = ordered(peer, 2 * U);
        world.hardware.cutAt({ operation: world.hardware.operations + operation, phase });
        sayYes(world);
        world.clock.runUntil(() => !world.hardware.powered, 2 * MINUTE_MS);
        assert.ok(!world.hardware.powered);
        world.clock.advance(1_000);
        world.powerUp();
        world.clock.advance(2 * MINUTE_MS);
        const moved = plant.displacedMicrounits - before;
        const place = `${operation} ${phase}: ${moved}`;
        inSession(new Peer(world, store, 2), (again) => {
          const [kind, low = 0, high = 0] = outcomeOf(again, doseId);
          kinds.add(kind);
          assert.ok(kind === "stopped" || kind === "uncertain", `${place} ${kind}`);
          assert.ok(Number(low) <= moved + 1_300 && moved <= Number(high) + 1, `${place} in ${low} to ${high}`);
          assert.ok(Number(high) - Number(low) <= 50_000 + 2 * 5_025, place);
          assert.equal(statusOf(again).operationalState, "ready");
          const there = plant.reservoirMicrounits;
          const { reservoirMicrounits = Number.NaN } = statusOf(again);
          assert.ok(reservoirMicrounits <= there + 1 && there - reservoirMicrounits < U + 120_000, place);
        });
        assertHistoryWhole(world);
      }
    assert.deepEqual([...kinds].sort(), ["stopped", "uncertain"]);
  });
});
