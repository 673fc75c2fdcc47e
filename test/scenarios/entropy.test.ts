/** The entropy source dead, stuck or repeating itself: after provisioning, and at the first boot. */

import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import { hex } from "../../firmware/base/bytes.js";
import type { UptimeMs } from "../../firmware/base/units.js";
import { Entropy } from "../../firmware/nonce/entropy.js";
import { advanceEpoch, createIdentity, IDENTITY_BLOB } from "../../firmware/nonce/identity.js";
import { NonceStore } from "../../firmware/nonce/store.js";
import { StateBlob } from "../../firmware/storage/blob.js";
import { Random } from "../../host-sim/clock/random.js";
import { EntropySource } from "../../host-sim/peripherals/entropy.js";
import { KeyValueFlash } from "../../host-sim/peripherals/keyValue.js";
import { World } from "../../host-sim/world.js";
import { bondedWorld } from "../bench.js";
import { Stranger } from "../peers.js";
import {
  ANNUNCIATION,
  assertDisplaced,
  assertSound,
  bolusOf,
  CODE,
  deliver,
  HOUR_MS,
  inSession,
  MAINS,
  oldestAnnunciation,
  quietScene,
  rigWith,
} from "./scene.js";

const FAILURES = ["dead", "stuck", "repeating"] as const;
const SYSTEM_ISSUE = "Annunciation: SystemIssue";

describe("failing entropy after provisioning", () => {
  for (const mode of FAILURES)
    it(`repeats no nonce in 10,000 boots of the nonce layer with the source ${mode} (SR-39)`, () => {
      const store = new KeyValueFlash(new Random(161, 1)).open(MAINS);
      const source = new EntropySource(new Random(161, 2));
      const seen = new Set<string>();
      const boot = () => {
        const blob = new StateBlob(store, IDENTITY_BLOB);
        const found = blob.load();
        const entropy = new Entropy((lengthBytes) => source.draw(lengthBytes), sha256);
        const created = "value" in found ? undefined : createIdentity(entropy);
        const identity =
          "value" in found ? advanceEpoch(found.value, entropy, sha256).identity : created?.ok && created.value;
        assert.ok(identity, "no identity");
        const nonces = new NonceStore(blob.commit(identity), entropy, sha256, () => {});
        for (const purpose of ["handshake", "dose"] as const) {
          const { bytes } = nonces.issue(purpose, 1, 0 as UptimeMs);
          seen.add(hex(bytes));
        }
      };
      boot();
      source.mode = mode;
      for (let i = 1; i < 10_000; i++) boot();
      assert.equal(seen.size, 20_000);
    });

  for (const mode of FAILURES)
    it(`sends no Np twice in 200 boots of the whole pump with the source ${mode} (SR-39)`, () => {
      const world = new World({ seed: 162 });
      world.powerUp();
      world.clock.advance(500);
      world.hardware.entropy.mode = mode;
      const seen = new Set<string>();
      for (let i = 0; i < 200; i++) {
        world.powerCycle(1);
        for (let connection = 0; connection < 2; connection++) {
          const stranger = new Stranger(world);
          assert.ok(
            world.clock.runUntil(() => stranger.m1 !== undefined, 10_000),
            `m1 at boot ${i}`,
          );
          seen.add(hex(stranger.m1?.subarray(10, 26) ?? new Uint8Array(0)));
          stranger.leave();
          world.clock.advance(60);
        }
      }
      assert.equal(seen.size, 400);
      assertSound(world);
    });

  for (const mode of FAILURES)
    it(`opens no pairing, says why, and goes on with basal, bolus and bonds with the source ${mode} (SR-40)`, () => {
      const scene = quietScene({ seed: 163, rig: rigWith({ basalMicrounitsPerHour: 900_000 }) });
      const { world, peer } = scene;
      world.hardware.entropy.mode = mode;
      assert.equal(world.openPairing(), "");
      assert.equal(world.openPairing("observe"), "");
      assert.equal(inSession(peer, oldestAnnunciation), ANNUNCIATION.systemIssue);
      assert.match(world.hardware.trace.map(({ line }) => line).join("\n"), /entropy: /);
      const stranger = new Stranger(world);
      world.clock.advance(1_000);
      assert.equal(stranger.m1?.length, 26, "the window is not open");
      stranger.leave();
      world.clock.advance(1_000);

      const from = world.hardware.plant.displacedMicrounits;
      assert.equal(deliver(scene, 1_000_000), CODE.success);
      world.clock.advance(4 * HOUR_MS);
      const moved = world.hardware.plant.displacedMicrounits - from;
      assert.ok(moved > 1_000_000 + 3_600_000 - 51_300 && moved < 1_000_000 + 3_600_000 + 101_300, `${moved}`);

      world.powerCycle();
      assert.equal(world.openPairing(), "");
      assert.equal(
        inSession(peer, () => peer.order(bolusOf(10_000))),
        CODE.success,
      );
      assertSound(world);
    });

  it("opens pairing again once the source has recovered (SR-40)", () => {
    const { world } = quietScene({ seed: 164 });
    world.hardware.entropy.mode = "stuck";
    assert.equal(world.openPairing(), "");
    world.hardware.entropy.mode = "good";
    assert.equal(world.openPairing().length, 42);
    assertSound(world);
  });

  it("makes no ephemeral key of a source that fails while the window is open (SR-40)", () => {
    const { world, controller } = bondedWorld({ seed: 165 });
    controller.close();
    world.clock.advance(1_000);
    assert.equal(world.openPairing().length, 42);
    world.hardware.entropy.mode = "dead";
    const stranger = new Stranger(world);
    world.clock.advance(1_000);
    assert.equal(stranger.m1?.length, 26);
    assert.deepEqual(world.hardware.display, [SYSTEM_ISSUE]);
    assertSound(world);
  });
});

describe("failing entropy at the first boot", () => {
  for (const mode of FAILURES)
    it(`makes no secret, issues nothing, stays off the air and says why with the source ${mode} (SR-40)`, () => {
      const world = new World({ seed: 171 });
      world.hardware.entropy.mode = mode;
      world.powerUp();
      world.clock.advance(1_000);
      assert.deepEqual(world.hardware.display, [SYSTEM_ISSUE]);
      assert.match(world.hardware.trace.map(({ line }) => line).join("\n"), /entropy: /);
      const stored = Object.keys(world.hardware.keyValue.snapshot());
      assert.deepEqual(
        stored.filter((key) => /^(identity|provisioned)/.test(key)),
        [],
      );
      const stranger = new Stranger(world);
      world.clock.advance(35_000);
      assert.equal(stranger.connectedMs, undefined);
      assert.equal(world.openPairing(), "");

      world.powerCycle();
      world.clock.advance(1_000);
      assert.deepEqual(Object.keys(world.hardware.keyValue.snapshot()), stored);

      world.hardware.entropy.mode = "good";
      world.powerCycle();
      world.clock.advance(1_000);
      const controller = world.controller();
      const text = world.openPairing();
      assert.equal(text.length, 42);
      assert.equal(world.await<{ readonly kind: string }>((done) => controller.pair(text, done))?.kind, "ok");
      world.clock.advance(1_000);
      assert.equal(world.await<{ readonly kind: string }>((done) => controller.run(() => true, done))?.kind, "ok");
      assert.equal(world.await<{ readonly kind: string }>((done) => controller.bolus(500_000, {}, done))?.kind, "ok");
      world.clock.advance(30_000);
      assertDisplaced(world, 500_000);
      assertSound(world);
    });

  it("runs basal by the button alone on a pump without an identity (SR-40)", () => {
    const world = new World({ seed: 172 });
    world.hardware.entropy.mode = "dead";
    world.powerUp();
    world.clock.advance(1_000);
    world.holdButton(1);
    world.clock.advance(2 * HOUR_MS);
    const { displacedMicrounits } = world.hardware.plant;
    assert.ok(displacedMicrounits > 1_748_000 && displacedMicrounits < 1_800_001, `${displacedMicrounits}`);
    assertSound(world);
  });
});
