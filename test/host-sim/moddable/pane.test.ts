/** The pane paints every view that a pump can have, and tells what hands do. */

import assert from "node:assert/strict";
import type { View } from "../../../host-sim/moddable/view.js";
import { Pane, paneDevice } from "./piu.js";

const VIEW: View = {
  address: "127.0.0.1:5160",
  time: "0:12:34",
  powered: true,
  state: "Run",
  controller: true,
  display: ["Remote bolus"],
  qr: [],
  lit: true,
  sounding: false,
  coils: [true, true, false, false],
  rotor: 0.9375,
  received: "0.45 U",
  last: "0.50 U",
  pulses: "10 pulses",
  reservoir: "299.50 U",
  reservoirFraction: 0.99833,
  occluded: false,
  line: "Open",
  pressure: "0.3 N on the plunger, 0.05 U held back",
  forceFraction: 0.01,
};

describe("the simulator's pane", () => {
  let device: Awaited<ReturnType<typeof paneDevice>>;
  before(async () => {
    device = await paneDevice();
  });

  it("paints every amount and word of a view", () => {
    const texts = new Pane(device).show(VIEW);
    const { received, last, pulses, reservoir, line, pressure, state, display } = VIEW;
    for (const text of [received, last, pulses, reservoir, line, pressure, state, ...display])
      assert.ok(texts.includes(text), text);
    const heading = texts.find((text) => text.includes(VIEW.time));
    assert.ok(heading?.includes(VIEW.address));
  });

  it("paints within itself whatever the pump does", () => {
    const pane = new Pane(device);
    const qr = Array(29).fill("10".repeat(14).concat("1"));
    const pairing = ["Pair", ...Array(3).fill("AAAAAAA AAAAAAA")];
    for (const state of ["Run", "Stop", "Fault", "Off"] as const)
      for (const fraction of [0, 0.0001, 0.5, 1])
        for (const occluded of [false, true]) {
          pane.show({ ...VIEW, state, occluded, reservoirFraction: fraction, forceFraction: fraction });
          pane.show({ ...VIEW, state, occluded, rotor: fraction === 1 ? 0 : fraction, qr, display: pairing });
          pane.show({ ...VIEW, state, powered: false, display: [], coils: [false, false, false, false] });
        }
  });

  it("paints a display of 30 columns and six lines", () => {
    const lines = Array(6).fill("x".repeat(30));
    assert.equal(new Pane(device).show({ ...VIEW, display: lines }).filter((text) => text === lines[0]).length, 6);
  });

  it("holds the button while it is touched, also when the touch is taken away", () => {
    const pane = new Pane(device);
    const { button } = pane;
    for (const event of ["onTouchBegan", "onTouchEnded", "onTouchBegan", "onTouchCancelled"])
      button.behavior?.[event]?.(button, 0, 1, 1, 0);
    assert.deepEqual(pane.sent, ['{"do":"press"}', '{"do":"release"}', '{"do":"press"}', '{"do":"release"}']);
  });

  it("tells of its switches, and turns them where someone else has", () => {
    const pane = new Pane(device);
    const { behavior } = pane.device;
    behavior?.["onPower"]?.(pane.device, { value: false });
    behavior?.["onPower"]?.(pane.device, { value: true });
    behavior?.["onOcclusion"]?.(pane.device, { value: true });
    behavior?.["onOcclusion"]?.(pane.device, { value: false });
    behavior?.["onEmpty"]?.(pane.device);
    behavior?.["onLoad"]?.(pane.device);
    const sent = pane.sent.map((message) => (JSON.parse(message) as { readonly do: string }).do);
    assert.deepEqual(sent, ["cut", "restore", "occlude", "clear", "empty", "load"]);
    pane.show({ ...VIEW, powered: false, occluded: true });
    const values = pane.controls.contents?.map(({ value }) => value);
    assert.deepEqual(values, [false, true, undefined]);
  });
});
