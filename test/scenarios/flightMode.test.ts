/** Flight mode: a pump that is off the air, over restarts, until somebody at the pump wants it back. */

import assert from "node:assert/strict";
import type { GattServer, GattServerOptions } from "../../firmware/board.js";
import { SERVICE_UUID } from "../../firmware/link/gatt.js";
import { PASS } from "../../host-sim/air/tap.js";
import { encodeBare } from "../../host-sim/controller/ids.js";
import { CHANNEL_CONTROL } from "../../host-sim/controller/records.js";
import { World } from "../../host-sim/world.js";
import { bondedWorld, runningWorld } from "../bench.js";
import { Peer, Stranger } from "../peers.js";
import {
  assertDisplaced,
  assertSound,
  bolusOf,
  CODE,
  failOnce,
  HOUR_MS,
  lastTracedMs,
  MINUTE_MS,
  oldestAnnunciation,
  peerScene,
  quietScene,
  type Scene,
  STOP,
} from "./scene.js";

const FLIGHT_MODE = encodeBare(0x0f66);
const BEGUN = "Flight mode: two taps end it";
const U = 1_000_000;

/** Lets time pass and counts how often a central could have found the pump, and what went over the air. */
function heardFor({ world }: Pick<Scene, "world">, ms: number): number {
  let heard = 0;
  const { air } = world;
  const started = air.advertisingStarted.bind(air);
  air.advertisingStarted = (address) => {
    heard += 1;
    started(address);
  };
  air.tap = () => {
    heard += 1;
    return PASS;
  };
  for (let passed = 0; passed < ms; passed += 1_000) {
    world.clock.advance(1_000);
    if (world.radio.advertisement !== undefined) heard += 1;
  }
  air.tap = undefined;
  air.advertisingStarted = started;
  return heard;
}

/** A pump in flight mode, its peer gone. */
function silentScene(seed: number): Scene {
  const scene = peerScene({ seed });
  assert.equal(scene.peer.order(FLIGHT_MODE), CODE.success);
  scene.peer.close();
  scene.world.clock.advance(2_000);
  return scene;
}

describe("flight mode", () => {
  it("takes a countersignature of an operator, and ends the session with its answer (SR-119, SR-24)", () => {
    const { world, peer } = peerScene({ seed: 1190 });
    assert.equal(peer.tell(FLIGHT_MODE), CODE.notApplicable);
    assert.notDeepEqual(world.hardware.display, [BEGUN]);
    const challenge = peer.challenge(FLIGHT_MODE);
    assert.deepEqual([...challenge.reading], [...FLIGHT_MODE]);
    assert.equal(peer.commit(FLIGHT_MODE, challenge), CODE.success);
    assert.deepEqual(world.hardware.display, [BEGUN]);
    lastTracedMs(world, "session: ended: flight mode");
    peer.send(0x25, STOP);
    world.clock.advance(1_000);
    assert.notEqual(peer.ended, undefined, "what comes after it ends the connection");
    assert.deepEqual(world.hardware.display, [BEGUN], "and stops nothing");
    assertSound(world);

    const observed = bondedWorld({ seed: 1191 }, "observe");
    observed.controller.close();
    observed.world.clock.advance(1_000);
    const observer = new Peer(observed.world, observed.store);
    assert.ok(observer.open());
    assert.equal(observer.order(FLIGHT_MODE), CODE.roleNotPermitted);
  });

  it("is not on the air, nor after a restart, and a central finds nobody (SR-120)", () => {
    const scene = silentScene(1192);
    const { world, peer } = scene;
    assert.equal(heardFor(scene, 10 * MINUTE_MS), 0);
    for (let restarts = 0; restarts < 3; restarts++) {
      world.powerCycle();
      assert.equal(heardFor(scene, MINUTE_MS), 0);
      assert.ok(world.hardware.display.includes(BEGUN), `${world.hardware.display}`);
    }
    const stranger = new Stranger(world);
    assert.ok(!peer.open(MINUTE_MS));
    assert.equal(stranger.connectedMs, undefined);
    assertSound(world);
  });

  it("ends at once a connection that the stack takes without being asked to (SR-120)", () => {
    const { world } = silentScene(1203);
    const { radio } = world;
    const make = radio.gattServerFor.bind(radio);
    let server: GattServer | undefined;
    radio.gattServerFor = (...given) => {
      const Server = make(...given);
      return class extends Server {
        constructor(options: GattServerOptions) {
          super(options);
          server = this;
        }
      };
    };
    world.powerCycle();
    world.clock.advance(1_000);
    server?.startAdvertising({ flags: 6, services: [SERVICE_UUID] });
    const stranger = new Stranger(world);
    assert.ok(world.clock.runUntil(() => stranger.endedMs !== undefined, MINUTE_MS));
    assert.ok((stranger.endedMs ?? 0) - (stranger.connectedMs ?? 0) < 500);
    assert.equal(stranger.m1, undefined);
    assertSound(world);
  });

  it("also ends a connection whose central does not go by itself (SR-119, SR-120)", () => {
    const { world, peer } = peerScene({ seed: 1193 });
    assert.equal(peer.order(FLIGHT_MODE), CODE.success);
    assert.equal(peer.ended, undefined);
    world.clock.advance(6_000);
    assert.notEqual(peer.ended, undefined);
    assert.equal(world.radio.advertisement, undefined);
    assertSound(world);
  });

  it("ends by two taps, and by opening pairing, and stays ended (SR-120, SR-121)", () => {
    for (const [taps, display] of [
      [2, "Flight mode ended"],
      [3, "Pair"],
      [4, "Pair"],
    ] as const) {
      const { world, peer } = silentScene(1194);
      world.tapButton(taps);
      assert.equal(world.hardware.display[0], display);
      assert.ok(peer.open(), `after ${taps} taps`);
      assert.equal(peer.tell(STOP), CODE.success);
      peer.close();
      world.powerCycle();
      assert.ok(!world.hardware.display.includes(BEGUN));
      assert.ok(peer.open());
      assertSound(world);
    }
  });

  it("ends by no other gesture, and by nothing that stops or starts (SR-120, SR-64)", () => {
    const scene = silentScene(1195);
    const { world } = scene;
    for (const taps of [1, 5, 6]) world.tapButton(taps);
    world.holdButton(0);
    world.holdButton(1);
    world.holdButton(7);
    assert.equal(heardFor(scene, MINUTE_MS), 0);
    assertSound(world);
  });

  it("changes nothing when two taps come without it", () => {
    const { world, peer } = peerScene({ seed: 1196 });
    const { display, operations } = world.hardware;
    world.tapButton(2);
    assert.deepEqual(world.hardware.display, display);
    assert.equal(world.hardware.operations, operations);
    assert.equal(peer.ended, undefined);
  });

  it("lets bolus and basal go on, the button stop, and alarms sound (SR-121, SR-62)", () => {
    const { world, peer } = peerScene({ seed: 1197 });
    const challenge = peer.challenge(bolusOf(U));
    assert.equal(peer.commit(bolusOf(U), challenge), CODE.success);
    assert.equal(peer.order(FLIGHT_MODE), CODE.success);
    peer.close();
    world.clock.advance(HOUR_MS);
    const { plant } = world.hardware;
    const given = plant.displacedMicrounits;
    assert.ok(given > 1.85 * U && given < 2 * U, `${given} µU`);
    world.holdButton();
    assert.ok(world.hardware.display.includes("Stopped"));
    const stopped = plant.displacedMicrounits;
    world.clock.advance(16 * MINUTE_MS);
    assert.deepEqual(world.hardware.display, ["Stopped", "No insulin is delivered"]);
    assertDisplaced(world, Math.round(stopped / 50_000) * 50_000);
    world.tapButton(2);
    assert.ok(peer.open());
    const outcome = peer.outcome(challenge.doseId);
    assert.equal(typeof outcome === "number" ? outcome : outcome.kind, "delivered");
    assertSound(world);
  });

  it("closes an open pairing window (SR-119)", () => {
    const { world, peer } = peerScene({ seed: 1198 });
    const challenge = () => peer.challenge(FLIGHT_MODE);
    world.openPairing();
    assert.equal(peer.commit(FLIGHT_MODE, challenge()), CODE.success);
    assert.deepEqual(world.hardware.display, [BEGUN]);
    peer.close();
    world.tapButton(2);
    const stranger = new Stranger(world);
    assert.ok(world.clock.runUntil(() => stranger.m1 !== undefined, MINUTE_MS));
    assert.equal(stranger.m1?.length, 26, "m1 offers no pairing");
    assertSound(world);
  });

  it("is answered 72 and does not begin when it could not be stored (SR-119, SR-52)", () => {
    const scene = peerScene({ seed: 1199 });
    const { world, peer } = scene;
    peer.close();
    const arm = failOnce(world, "therapy.a");
    world.clock.advance(1_000);
    assert.ok(peer.open());
    const challenge = peer.challenge(FLIGHT_MODE);
    arm();
    assert.equal(peer.commit(FLIGHT_MODE, challenge), CODE.notCompleted);
    assert.notEqual(oldestAnnunciation(peer), undefined, "the session goes on");
    peer.close();
    assert.ok(heardFor(scene, MINUTE_MS) > 0);
  });

  it("is off after the therapy's stored state was lost (SR-121, SR-52)", () => {
    const { world, peer } = silentScene(1200);
    world.hardware.cut();
    const { keyValue } = world.hardware;
    const kept = Object.entries(keyValue.snapshot()).filter(([key]) => !key.startsWith("therapy."));
    keyValue.restore(Object.fromEntries(kept));
    world.powerUp();
    world.clock.advance(2_000);
    assert.ok(!world.hardware.display.includes(BEGUN));
    assert.ok(peer.open());
  });

  it("is ordered by the controller's library, whose session is then over (SR-119)", () => {
    const { world, controller } = runningWorld({ seed: 1201 });
    const result = world.await<{ readonly kind: string }>((done) => controller.flightMode(done));
    assert.equal(result?.kind, "ok");
    assert.equal(controller.pending(), undefined);
    world.clock.advance(1_000);
    assert.equal(controller.state.kind, "closed");
    assert.deepEqual(world.hardware.display, [BEGUN]);
  });
});

describe("a power cut at any write of flight mode", () => {
  it("leaves it begun or not, for good, and it is never answered that did not last (SR-119, SR-65)", () => {
    const kept = quietScene({ seed: 1202 });
    kept.world.hardware.cut();
    const state = kept.world.hardware.durableState();
    const seen = new Set<string>();
    let whole = false;
    for (let operation = 1; !whole; operation++) {
      for (const phase of ["before", "during", "after"] as const) {
        const world = new World({ seed: 1202, restored: state, earlierStarts: 1 });
        world.powerUp();
        const peer = new Peer(world, kept.store);
        assert.ok(peer.open());
        const challenge = peer.challenge(FLIGHT_MODE);
        const { hardware } = world;
        hardware.cutAt({ operation: hardware.operations + operation, phase });
        const answer = peer.ask(CHANNEL_CONTROL, peer.commitMessage(FLIGHT_MODE, challenge), 1_000);
        if (hardware.powered) hardware.cutAt(undefined);
        whole = hardware.powered;
        if (hardware.powered) hardware.cut();
        world.clock.advance(20_000);
        world.powerUp();
        world.clock.advance(10_000);
        const silent = world.radio.advertisement === undefined;
        assert.ok(silent || !answer, `${operation} ${phase}: answered, and not silent`);
        if (silent) world.tapButton(2);
        assert.ok(peer.open(), `${operation} ${phase}`);
        const outcome = peer.outcome(challenge.doseId);
        const kind = typeof outcome === "number" ? `${outcome}` : outcome.kind;
        seen.add(`${silent} ${kind}`);
        assert.deepEqual(hardware.crashes, []);
        if (whole) break;
      }
      assert.ok(operation < 20);
    }
    assert.deepEqual([...seen].sort(), ["false never", "true applied"]);
  });
});
