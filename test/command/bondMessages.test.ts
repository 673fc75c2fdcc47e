/** List Bonds and Revoke Bond at the command layer: who sees what, and in which order refusals come. */

import assert from "node:assert/strict";
import { addUnconfirmed, type Bonds, NO_BONDS } from "../../firmware/session/bonds.js";
import { bondOf, bondsOf, controllerId, hex } from "../session/bench.js";
import { ASKER, Desk } from "./bench.js";

const id = (n: number) => hex(controllerId(n));
const observing = (n: number) => ({ ...bondOf(n), role: "observe" as const });

/** The desk of controller `n`, as an operator unless told otherwise. */
function deskOf(n: number, bonds: Bonds, fields: Partial<Desk> = {}): Desk {
  const asker = { ...ASKER, controllerId: controllerId(n) };
  return Object.assign(new Desk(), { asker, bonds, ...fields });
}

describe("List Bonds", () => {
  const bonds = addUnconfirmed({ ...bondsOf(1), confirmed: [bondOf(1), observing(2)] }, observing(3));

  it("is answered with all bonds to an operator, its own marked, and with its own to an observer (SR-114)", () => {
    assert.equal(deskOf(1, bonds).ask(0, "96"), `00 9903${id(1)}0103${id(2)}0201${id(3)}0200`);
    const observer = { mayOperate: false };
    assert.equal(deskOf(2, bonds, observer).ask(0, "96"), `00 9901${id(2)}0203`);
    assert.equal(deskOf(9, bonds, observer).ask(0, "96"), "00 9900");
    assert.equal(deskOf(1, NO_BONDS).ask(0, "96"), "00 9900");
  });

  it("shows both bonds of a controller that pairs again", () => {
    const again = addUnconfirmed(bondsOf(1), observing(1));
    const both = `00 9902${id(1)}0103${id(1)}0202`;
    assert.equal(deskOf(1, again).ask(0, "96"), both);
    assert.equal(deskOf(1, again, { mayOperate: false }).ask(0, "96"), both);
  });

  it("is a read: stale or not, and refused at any other length (SR-22)", () => {
    assert.match(deskOf(1, bonds, { stale: true }).ask(0, "96"), /^00 9903/);
    assert.equal(deskOf(1, bonds).ask(0, "9600"), "00 669671");
  });
});

describe("Revoke Bond", () => {
  const two = { ...bondsOf(1), confirmed: [bondOf(1), bondOf(2), observing(3)] };

  it("as it is: refused in order 71, 85, 80, 74 (SR-115, SR-22)", () => {
    const barred = { mayOperate: false, stale: true };
    for (const [desk, operand, code] of [
      [deskOf(3, two, barred), "00", "71"],
      [deskOf(3, two, barred), `${id(1)}00`, "71"],
      [deskOf(3, two, barred), id(1), "85"],
      [deskOf(3, two, barred), id(3), "80"],
      [deskOf(1, two, { stale: true }), id(2), "80"],
      [deskOf(1, two), id(2), "74"],
      [deskOf(1, two), id(9), "74"],
      [deskOf(1, bondsOf(1)), id(1), "74"],
    ] as const)
      assert.equal(desk.ask(0, `a5${operand}`), `00 66a5${code}`);
    for (const [desk, own] of [
      [deskOf(1, two), 1],
      [deskOf(3, two, { mayOperate: false }), 3],
    ] as const) {
      const { revocation, reply } = desk.send(0, `a5${id(own)}`);
      assert.deepEqual(revocation?.authorised.command, { controllerId: controllerId(own) });
      assert.equal(revocation?.doseId, undefined);
      assert.equal(reply, undefined);
    }
  });

  it("of the last operator is refused beside observers and an operator that is not confirmed (SR-115)", () => {
    const alone = addUnconfirmed({ ...two, confirmed: [bondOf(1), observing(3)] }, bondOf(2));
    assert.equal(deskOf(1, alone).ask(0, `a5${id(1)}`), "00 66a574");
    assert.ok(deskOf(3, alone, { mayOperate: false }).send(0, `a5${id(3)}`).revocation);
  });

  it("of another takes a challenge of channel 00, and is refused in order 85, 80, 71, 70, 74 (SR-115)", () => {
    const prepare = (command: string, channel = "00") => `0f0a${channel}${command}`;
    for (const [desk, message, code] of [
      [deskOf(3, two, { mayOperate: false, stale: true }), prepare("a5"), "85"],
      [deskOf(1, two, { stale: true }), prepare("a5"), "80"],
      [deskOf(1, two), prepare("a5"), "71"],
      [deskOf(1, two), prepare(`a5${id(2)}00`), "71"],
      [deskOf(1, two), prepare(`96${id(2)}`), "70"],
      [deskOf(1, two), prepare(`a5${id(1)}`), "74"],
      [deskOf(1, two), prepare(`a5${id(9)}`), "74"],
      [deskOf(1, two), prepare(`a5${id(2)}`, "01"), "71"],
      [deskOf(1, two), prepare(`a5${id(2)}`, "25"), "70"],
    ] as const)
      assert.equal(desk.ask(0, message), `00 660f${code}`, message);
  });

  it("is refused with 84 when the bond has another role by now, and with 74 when it is gone (SR-29, SR-115)", () => {
    for (const [bonds, code] of [
      [{ ...two, confirmed: [bondOf(1), observing(2)] }, "84"],
      [bondsOf(1), "74"],
      [two, undefined],
    ] as const) {
      const desk = deskOf(1, two);
      const answer = desk.ask(0, `0f0a00a5${id(2)}`);
      assert.ok(answer.startsWith("00 33") && answer.endsWith(`a5${id(2)}01`), answer);
      const challenged = desk.challengeOf(answer);
      desk.bonds = bonds;
      const tag = desk.tagOf(`a5${id(2)}`, challenged, { channel: Uint8Array.of(0) });
      const { revocation, refused } = desk.send(0, `3c${hex(challenged.doseIdBytes)}${hex(tag)}`);
      assert.equal(revocation === undefined, code !== undefined, refused);
      if (revocation) assert.deepEqual(revocation.doseId, challenged.doseId);
      assert.equal(desk.state.refused[0]?.code.toString(16), code);
    }
  });
});
