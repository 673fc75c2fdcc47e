/** A recording of a pump on the bench: what was typed and the firmware's own restart are in it. */

import assert from "node:assert/strict";
import { Player } from "../../../host-sim/trace/player.js";
import { readRecording } from "../../../host-sim/trace/recording.js";
import { Recorded } from "../../recorded.js";
import { BenchScene } from "../../scenarios/bringUpScene.js";

describe("a replay of bring-up", () => {
  it("types the same at the same times, restarts where the firmware did, and gives the same half-steps (SV-01)", () => {
    const into = new Recorded();
    const scene = new BenchScene({ record: into.record, plant: { displacementFactor: 1.01, forceOffsetNewtons: 1 } });
    scene.say("zero");
    scene.turn(0.1);
    scene.restart();
    scene.run(scene.pair());
    scene.world.clock.advance(600_000);
    scene.world.endRecording();

    const read = readRecording(into.bytes());
    assert.ok(read.kind === "ok");
    const player = new Player(read.recording);
    let output = "";
    player.world.hardware.serial.onOutput = (text) => {
      output += text;
    };
    const { difference, identical } = player.play();
    assert.equal(difference, undefined);
    assert.equal(identical, read.recording.sent.length);
    assert.equal(output, scene.output);
    assert.ok(output.includes("Restarting"));
    assert.equal(player.world.hardware.plant.displacedMicrounits, scene.plant.displacedMicrounits);
  });
});
