/** Device Information and Battery, read inside the session. */

import assert from "node:assert/strict";
import { unhex } from "../session/bench.js";
import { Desk } from "./bench.js";

const deskWith = (battery: { readonly percent: number | undefined } | undefined, mayOperate = true): Desk =>
  Object.assign(new Desk(), { device: { buildHash: "0123456789abcdef", battery }, mayOperate });

const textOf = (answer: string) => String.fromCharCode(...unhex(answer.slice(3)));

describe("Device Information and Battery", () => {
  it("are read by every bond, stale or not (SR-117)", () => {
    for (const mayOperate of [true, false])
      for (const stale of [true, false]) {
        const desk = Object.assign(deskWith({ percent: 83 }, mayOperate), { stale });
        assert.equal(textOf(desk.ask(0xe9, "")), "Countersign");
        assert.equal(textOf(desk.ask(0xe4, "")), "28BYJ-48 syringe drive");
        assert.match(textOf(desk.ask(0xe6, "")), /^\d+\.\d+\.\d+$/);
        assert.equal(textOf(desk.ask(0xe8, "")), "0123456789abcdef");
        assert.equal(desk.ask(0xd9, ""), "d9 53");
      }
  });

  it("say no charge that is not known, and none without a battery (SR-112)", () => {
    assert.equal(deskWith({ percent: undefined }).ask(0xd9, ""), "00 66d972");
    assert.equal(deskWith({ percent: 0 }).ask(0xd9, ""), "d9 00");
    assert.equal(deskWith(undefined).ask(0xd9, ""), "00 66d970");
  });

  it("cannot be written, and leave all other channels as they were (SR-03)", () => {
    const taken = new Set([0x00, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x27, 0x90, 0x91, 0xd9, 0xe4, 0xe6, 0xe8, 0xe9]);
    for (let channel = 0; channel < 256; channel++) {
      const text = channel.toString(16).padStart(2, "0");
      if (channel >= 0xc0) assert.equal(deskWith({ percent: 83 }).ask(channel, "00"), `00 66${text}70`);
      if (!taken.has(channel)) assert.equal(deskWith({ percent: 83 }).ask(channel, ""), `00 66${text}70`);
    }
  });
});
