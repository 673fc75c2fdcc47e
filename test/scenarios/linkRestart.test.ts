/**
 * Restarts that the SDK's GATT server causes: a null pointer read in C, at any moment that a central chooses. Each is a
 * power cut, and the board boots again as an ESP32 does.
 */

import assert from "node:assert/strict";
import { startPump } from "../../firmware/pump.js";
import type { World } from "../../host-sim/world.js";
import { Peer } from "../peers.js";
import { Bare, connected } from "./linkScene.js";
import { bolusOf, CODE, peerScene, rigWith } from "./scene.js";

const U = 1_000_000;
/** One pulse of 0.05 U, and 4 half-steps at each end (SR-50). */
const PULSE_MICROUNITS = 50_000;
const INTERVAL_MICROUNITS = PULSE_MICROUNITS + 2 * 4 * 1_257;
/** ROM and second-stage loader, until the firmware runs. Chosen. */
const BOOT_MS = 300;
/** Over the hold of native/link.c, so that an MTU exchange finds no record. */
const LONG_STALL_MS = 1_500;

/** Boots again whenever the board falls, as it does by itself. Counts how often. */
function rebooting(world: World): { count: number } {
  const restarts = { count: 0 };
  const { hardware, clock } = world;
  const powerLost = hardware.onPowerLost;
  hardware.onPowerLost = () => {
    powerLost?.();
    restarts.count += 1;
    clock.schedule(() => {
      if (!hardware.powered) world.powerUp();
    }, BOOT_MS);
  };
  return restarts;
}

/** A central connects while the thread stalls for longer than native/link.c holds the stack up. */
function fell(world: World): void {
  world.clock.runUntil(() => world.radio.advertisement !== undefined, 10_000);
  world.hardware.stallMs = () => LONG_STALL_MS;
  new Bare(world);
  world.clock.runUntil(() => !world.hardware.powered, 30_000);
  world.hardware.stallMs = () => 0;
}

describe("a board that the SDK's GATT server restarts", () => {
  for (const delayMs of [0, 500, 2_100, 5_050, 9_990])
    it(`delivers no more than was ordered, knows how much within a pulse, and serves again: ${delayMs} ms into a bolus (SR-82, SR-50, SR-71)`, () => {
      const { world, peer } = peerScene({ seed: 721, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
      const challenge = peer.challenge(bolusOf(U));
      assert.equal(peer.commit(bolusOf(U), challenge), CODE.success);
      const restarts = rebooting(world);
      peer.close();
      world.clock.advance(delayMs);
      fell(world);
      assert.equal(restarts.count, 1);
      assert.match(world.hardware.crashes[0] ?? "", /an MTU exchange of a connection without a record/);
      const fellMs = world.clock.nowMs;
      assert.ok(peer.open(20_000), "the pump serves its controller again");
      assert.ok(world.clock.nowMs - fellMs <= 20_000);
      const outcome = peer.outcome(challenge.doseId);
      assert.ok(typeof outcome !== "number");
      const { displacedMicrounits } = world.hardware.plant;
      world.clock.advance(60_000);
      assert.equal(world.hardware.plant.displacedMicrounits, displacedMicrounits, "nothing is resumed");
      assert.ok(displacedMicrounits <= U);
      assert.ok("lowMicrounits" in outcome && "highMicrounits" in outcome);
      assert.ok(outcome.lowMicrounits <= displacedMicrounits && displacedMicrounits <= outcome.highMicrounits);
      assert.ok(outcome.highMicrounits - outcome.lowMicrounits <= INTERVAL_MICROUNITS);
      assert.equal(restarts.count, 1);
    });

  it("gives as basal never more than was owed, restarted each minute by whoever connects, and makes up nothing (SR-82, SR-63)", () => {
    const rate = 1_200_000;
    const { world, store, peer } = peerScene({ seed: 722, rig: rigWith({ basalMicrounitsPerHour: rate }) });
    peer.close();
    const restarts = rebooting(world);
    const begunMs = world.clock.nowMs;
    const begun = world.hardware.plant.displacedMicrounits;
    for (let i = 0; i < 20; i++) {
      fell(world);
      world.clock.advance(60_000);
    }
    assert.equal(restarts.count, 20);
    const owed = (rate * (world.clock.nowMs - begunMs)) / 3_600_000;
    const given = world.hardware.plant.displacedMicrounits - begun;
    // What was owed before the scene may still be under way: one pulse; and 4 half-steps a restart (SR-63).
    assert.ok(given <= owed + PULSE_MICROUNITS + 20 * 4 * 1_256, `${given} of ${owed}`);
    assert.ok(new Peer(world, store).open());
  });

  it("does not fall at any stall of up to 600 ms: every session is opened and ended in order (SR-82, SR-55)", () => {
    const { world, peer } = peerScene({ seed: 723, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    for (const stallMs of [0, 29, 31, 100, 300]) {
      peer.close();
      world.hardware.stallMs = () => stallMs;
      const stranger = connected(world);
      stranger.link.subscribe();
      world.clock.runUntil(() => stranger.endedMs !== undefined, 30_000);
      world.hardware.stallMs = () => 0;
      assert.ok(peer.open(), `${stallMs} ms`);
    }
    peer.close();
    world.hardware.stallMs = () => 600;
    const stranger = connected(world);
    world.clock.runUntil(() => stranger.endedMs !== undefined, 60_000);
    assert.deepEqual(world.hardware.crashes, []);
  });

  for (const [linkSecurity, crashes] of [
    ["none", ["a write"]],
    ["passkey", []],
  ] as const)
    it(`falls to a first write that outruns the thread, which LE security "passkey" refuses: "${linkSecurity}" (SR-80, SR-82)`, () => {
      const { world, store, peer } = peerScene({ seed: 725, linkSecurity });
      peer.close();
      const restarts = rebooting(world);
      world.radio.centralsArePaired = false;
      world.hardware.stallMs = () => 300;
      const bare = new Bare(world, 0);
      world.clock.runUntil(() => bare.connectedMs !== undefined, 10_000);
      bare.link.write(Uint8Array.of(0xc0, 1));
      world.clock.advance(5_000);
      world.hardware.stallMs = () => 0;
      assert.deepEqual(
        world.hardware.crashes.map((crash) => /bleserver\.c: (.*) of a connection without/.exec(crash)?.[1]),
        crashes,
      );
      assert.equal(restarts.count, crashes.length);
      world.radio.centralsArePaired = true;
      assert.ok(new Peer(world, store).open());
    });

  it("is what a firmware that used the SDK's own close would get at the end of each session", () => {
    const { world, peer } = peerScene({
      seed: 724,
      firmware: (board) => {
        const { GATTServer } = board;
        let open: { close(): void } | undefined;
        startPump({
          ...board,
          GATTServer: class extends GATTServer {
            constructor(options: ConstructorParameters<typeof GATTServer>[0]) {
              const { onConnect } = options;
              super({
                ...options,
                onConnect(connection) {
                  open = connection;
                  onConnect.call(this, connection);
                },
              });
            }
          },
          link: { ...board.link, end: () => open?.close() },
        });
      },
    });
    peer.close();
    const stranger = connected(world);
    stranger.link.subscribe();
    world.clock.advance(5_000);
    assert.match(world.hardware.crashes[0] ?? "", /the end of a subscription of a connection without a record/);
  });
});
