/** What the pane is shown of a pump: words that hold whatever happens to it. */

import assert from "node:assert/strict";
import { type QrCode, Viewer } from "../../../host-sim/moddable/view.js";
import type { PumpEvent } from "../../../host-sim/simulatedPump.js";
import { World } from "../../../host-sim/world.js";

const noCode = (): QrCode => Object.assign(new ArrayBuffer(0), { size: 0 });

/** A pump in state Run with a viewer that looks every 50 ms. */
function viewed() {
  const world = new World({ seed: 31 });
  const viewer = new Viewer(noCode);
  const hear = (event: PumpEvent) => viewer.hear(event);
  world.hardware.panel.listener = {
    onShown: (lines) => hear({ kind: "shown", lines, pairingText: lines[0] === "Pair" ? lines[1] : undefined }),
    onTraced: () => {},
    onCrashed: () => {},
  };
  const look = () => viewer.look(world);
  const pass = (durationMs: number) => {
    for (let left = durationMs; left > 0; left -= 50) {
      world.clock.advance(50);
      look();
    }
  };
  world.powerUp();
  pass(1_000);
  const controller = world.controller();
  const text = world.openPairing();
  assert.ok(world.await((done) => controller.pair(text, done)));
  assert.ok(world.await((done) => controller.run(() => true, done)));
  const bolus = (amountMicrounits: number) => {
    if (controller.pending()) world.await((done) => controller.resolve(done));
    const ended = world.await<{ readonly kind: string }>((done) => controller.bolus(amountMicrounits, {}, done));
    assert.equal(ended?.kind, "ok");
  };
  return { world, hear, look, pass, bolus };
}

describe("the view of a simulated pump", () => {
  it("says Fault from the moment that the motor jams until the power comes back", () => {
    const { world, hear, look, pass, bolus } = viewed();
    assert.equal(look().state, "Run");
    world.hardware.plant.setJammed(true);
    bolus(500_000);
    pass(5_000);
    assert.equal(look().state, "Fault");
    assert.equal(look().display[0], "FAULT");
    world.hardware.cut();
    hear({ kind: "powered", on: false });
    assert.equal(look().state, "Off");
    world.powerUp();
    hear({ kind: "powered", on: true });
    assert.equal(look().state, "Stop");
  });

  it("counts the pulses of a dose as one delivery, and the next dose as another", () => {
    const { look, pass, bolus } = viewed();
    bolus(150_000);
    pass(15_000);
    assert.deepEqual([look().last, look().pulses], ["0.15 U", "3 pulses"]);
    bolus(50_000);
    pass(15_000);
    assert.deepEqual([look().last, look().pulses], ["0.05 U", "1 pulse"]);
    assert.equal(look().received, "0.20 U");
  });

  it("counts the pulses of basal one by one", () => {
    const { look, pass } = viewed();
    // 0.9 U/h: a pulse of 0.05 U in 200 s.
    pass(650_000);
    assert.deepEqual([look().last, look().pulses, look().received], ["0.05 U", "1 pulse", "0.15 U"]);
  });

  it("breaks what is shown into lines of at most 30 characters, and loses no word", () => {
    const { world, look } = viewed();
    const shown = [
      "",
      "a short line",
      "The pump does not start because its rig is impossible",
      "A".repeat(42),
      `${"B".repeat(30)} ${"C".repeat(31)}`,
    ];
    world.hardware.panel.show(shown);
    const { display } = look();
    assert.ok(display.every((line) => line.length <= 30));
    assert.equal(display.join("").replaceAll(" ", ""), shown.join("").replaceAll(" ", ""));
    assert.deepEqual(display.slice(2, 4), ["The pump does not start", "because its rig is impossible"]);
    assert.deepEqual(display.slice(4, 7), Array(3).fill("AAAAAAA AAAAAAA"));
  });

  it("says nothing of the pump that looking would change", () => {
    const { world, look, pass } = viewed();
    pass(10_000);
    const before = world.hardware.durableState();
    for (let i = 0; i < 10; i++) look();
    assert.deepEqual(world.hardware.durableState(), before);
  });
});
