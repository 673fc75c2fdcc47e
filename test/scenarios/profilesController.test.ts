/** Profiles, time and relative TBRs through the controller's library, against a whole pump. */

import assert from "node:assert/strict";
import type { Accepted, CommandResult } from "../../host-sim/controller/commands.js";
import type { RateReading } from "../../host-sim/controller/readings.js";
import type { Result } from "../../host-sim/controller/requests.js";
import { runningWorld } from "../bench.js";
import { assertSound } from "./scene.js";

type Done = (result: CommandResult<Accepted>) => void;

describe("a controller", () => {
  it("sets the time, writes and reads a profile of 24 blocks, activates it, and sets a relative TBR (SV-02)", () => {
    const { world, controller } = runningWorld({ seed: 1_301 });
    const shown: RateReading[] = [];
    const approve = (reading: RateReading) => {
      shown.push(reading);
      return true;
    };
    const ordered = (order: (done: Done) => void) => world.await<CommandResult<Accepted>>(order)?.kind;
    const read = <T>(ask: (done: (result: Result<T>) => void) => void) => world.await<Result<T>>(ask);
    const time = { baseTimeSeconds: 848_707_200 + 5 * 3_600, timeZoneQuarters: -20, dstQuarters: 4 };
    assert.equal(
      ordered((done) => controller.setTime(time, approve, done)),
      "ok",
    );
    const said = read<{ readonly time: unknown }>((done) => controller.time(done));
    assert.ok(said?.kind === "ok");
    assert.deepEqual(said.value.time, { ...time, certain: true });
    const blocks = Array.from({ length: 24 }, (_, i) => ({
      durationMinutes: i < 23 ? 59 : 83,
      rateMicrounitsPerHour: 100_000 + 20_000 * i,
    }));
    const order = { templateNumber: 4, blocks };
    assert.equal(
      ordered((done) => controller.writeProfile(order, approve, done)),
      "ok",
    );
    const from = world.clock.nowMs;
    const profile = read<readonly unknown[]>((done) => controller.profile(4, done));
    assert.ok(profile?.kind === "ok");
    assert.deepEqual(profile.value, blocks);
    assert.ok(world.clock.nowMs - from < 3_000, "it does not wait for the pump's ticks");
    const none = read<readonly unknown[]>((done) => controller.profile(3, done));
    assert.deepEqual(none, { kind: "refused", code: 0x74 });
    assert.equal(
      ordered((done) => controller.activateProfile(4, approve, done)),
      "ok",
    );
    const active = read<number>((done) => controller.activeTemplate(done));
    assert.deepEqual(active, { kind: "ok", value: 4 });
    const tbr = { factorMillionths: 1_500_000, durationMinutes: 60, change: false };
    assert.equal(
      ordered((done) => controller.relativeTbr(tbr, approve, done)),
      "ok",
    );
    const flat = { templateNumber: 4, blocks: [{ durationMinutes: 1_440, rateMicrounitsPerHour: 0 }] };
    assert.equal(
      ordered((done) => controller.writeProfile(flat, () => false, done)),
      "notSigned",
    );
    // 01:00 of local time is in the second block: 0.12 U/h. A template that is not active has no rate to approve.
    assert.deepEqual(shown, [
      { command: "setTime", rateMicrounitsPerHour: 900_000 },
      { command: "activateProfile", rateMicrounitsPerHour: 120_000 },
      { command: "relativeTbr", rateMicrounitsPerHour: 180_000 },
    ]);
    for (const wrong of [
      { templateNumber: 1, blocks: [] },
      { templateNumber: 1, blocks: [{ durationMinutes: 1_439, rateMicrounitsPerHour: 0 }] },
    ])
      assert.throws(() => controller.writeProfile(wrong, approve, () => {}), /The blocks make \d+ min/);
    assertSound(world);
  });
});
