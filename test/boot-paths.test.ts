/**
 * Every way a boot can go, by what it finds: on a whole pump, from its storage to what the plant displaces, what the
 * air hears and what a person sees. The same table is in firmware/SECURITY.md.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { finding, type Kept, keptPump, seen, storeOf } from "./bootPaths/finding.js";
import { PATHS, rowOf, shownAfter } from "./bootPaths/paths.js";
import { withNewerRecord } from "./bootPaths/ways.js";
import { Peer } from "./peers.js";
import { bolusOf, CODE, coilsOn, HOUR_MS, MINUTE_MS } from "./scenarios/scene.js";
import { PUMP_BLOBS, withNextFormats } from "./storage/formats.js";
import { outcomeOf, stateOf } from "./storage/stored.js";

describe("boot paths", () => {
  let kept: Kept;
  before(() => {
    kept = keptPump();
  });

  it("are those of SECURITY.md, in its order", () => {
    const text = readFileSync("firmware/SECURITY.md", "utf8");
    const [, table = ""] = text.split(
      "| a boot finds | therapy | radio | shown | annunciations | Run, countersigned |\n",
    );
    const rows = (table.split("\n\n")[0] ?? "").split("\n").slice(1);
    assert.deepEqual(rows, PATHS.map(rowOf));
  });

  for (const path of PATHS) {
    const { found, ids, ways, ...expected } = path;
    it(`${found}: ${expected.therapy}, ${expected.radio} (${ids.join(", ")})`, () => {
      for (const way of ways)
        way.make(kept, (finding) => {
          assert.deepEqual(seen(finding), { ...expected, shown: shownAfter(path, way) }, way.name);
        });
    });
  }
});

describe("firmware put back", () => {
  let kept: Kept;
  before(() => {
    kept = keptPump();
  });

  it("to an older version moves nothing and changes not a byte; the newer one then goes on as if nothing had been (SR-50, SR-73)", () => {
    for (const blobs of [PUMP_BLOBS, ["journal"], ["standing"], ["marker"]] as const) {
      const { world, controller } = finding(kept, (durable) => durable);
      const { hardware, clock } = world;
      assert.ok(controller);
      const peer = new Peer(world, storeOf(controller));
      const from = hardware.plant.displacedMicrounits;
      const doseId = withNextFormats(blobs, () => {
        world.powerUp();
        assert.ok(peer.open());
        const command = bolusOf(500_000);
        const challenge = peer.challenge(command);
        assert.equal(peer.commit(command, challenge), CODE.success);
        clock.advance(5_000);
        clock.runUntil(() => coilsOn(world), MINUTE_MS);
        clock.advance(10);
        hardware.cut();
        return challenge.doseId;
      });
      const before = hardware.durableState();
      const epoch = withNextFormats(blobs, () => stateOf(before.keyValue).identity.epoch);
      const moved = hardware.plant.commandedHalfSteps;

      world.powerUp();
      assert.match(hardware.display[2] ?? "", /^newer firmware has stored .* version \d \(this reads \d\)/);
      clock.advance(HOUR_MS);
      for (const taps of [1, 3, 7]) world.holdButton(taps);
      world.tapButton(3);
      assert.equal(peer.open(5_000), false);
      world.powerCycle();
      clock.advance(HOUR_MS);
      hardware.cut();
      const after = hardware.durableState();
      assert.deepEqual(after.keyValue, before.keyValue);
      assert.deepEqual(after.flash, before.flash);
      assert.equal(hardware.plant.commandedHalfSteps, moved);
      assert.deepEqual(hardware.crashes, []);

      withNextFormats(blobs, () => {
        world.powerUp();
        assert.equal(stateOf(hardware.keyValue.snapshot()).identity.epoch, epoch + 1);
        assert.ok(peer.open(), "the bond");
        const outcome = outcomeOf(peer, doseId);
        assert.equal(outcome.kind, "uncertain");
        // One basal pulse may have come before the bolus or amid it.
        const bolus = hardware.plant.displacedMicrounits - from;
        assert.ok(bolus >= outcome.lowMicrounits - 6_300 && bolus <= outcome.highMicrounits + 56_300, `${bolus}`);
        hardware.cut();
      });
    }
  });

  it("to one that cannot read the history's newest records leaves the history as it is (SR-67, SR-73)", () => {
    const { world } = finding(kept, withNewerRecord);
    const before = world.hardware.durableState();
    world.powerUp();
    world.clock.advance(HOUR_MS);
    world.hardware.cut();
    assert.deepEqual(world.hardware.durableState().flash, before.flash);
    assert.deepEqual(world.hardware.durableState().keyValue, before.keyValue);
  });
});
