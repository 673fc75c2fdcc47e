/** Bonds seen and ended by radio: who sees which, who may end whose, and that what was revoked stays so. */

import assert from "node:assert/strict";
import {
  type BondEntry,
  CONTROL,
  decodeControl,
  encodeListBonds,
  encodeRevokeBond,
} from "../../host-sim/controller/control.js";
import { MODE } from "../../host-sim/controller/handshake.js";
import { CHANNEL_CONTROL } from "../../host-sim/controller/records.js";
import type { DurableState } from "../../host-sim/durable.js";
import { MemoryStore, World } from "../../host-sim/world.js";
import { codeOf, Peer } from "../peers.js";
import { hex } from "../session/bench.js";
import { booted, dropAfterM3, pair } from "./pairingScene.js";
import { assertSound, bolusOf, CODE, failOnce, inSession, RUN } from "./scene.js";

const ROLE = { operate: 1, observe: 2 } as const;

function paired(world: World, role: keyof typeof ROLE): MemoryStore {
  const store = new MemoryStore();
  const controller = world.controller(store);
  assert.equal(pair(world, controller, world.openPairing(role))?.kind, "ok");
  controller.close();
  world.clock.advance(1_000);
  return store;
}

/** A pump with two operators and an observer, no session open. */
function threeBonded(seed: number) {
  const world = booted(seed);
  const stores = [paired(world, "operate"), paired(world, "operate"), paired(world, "observe")] as const;
  const [first, second, observer] = stores.map((store, i) => new Peer(world, store, i + 1));
  assert.ok(first && second && observer);
  return { world, stores, first, second, observer };
}

function bondsOf(peer: Peer): readonly BondEntry[] {
  const answer = peer.ask(CHANNEL_CONTROL, encodeListBonds());
  const message = answer && decodeControl(answer.value);
  assert.ok(message?.kind === "bondsAre", "Bonds Are");
  return message.bonds;
}

const idsOf = (bonds: readonly BondEntry[]) => bonds.map(({ controllerId }) => hex(controllerId)).sort();
const idOf = (peer: Peer) => hex(peer.controllerId);

/** Revoke Bond of a peer's own, as it is: Success, or the code of the refusal. */
const revokeAsIs = (peer: Peer, controllerId: Uint8Array) =>
  codeOf(peer.ask(CHANNEL_CONTROL, encodeRevokeBond(controllerId)));

/** Another's bond, by countersignature: Success, or the code of the refusal. */
function revoke(peer: Peer, controllerId: Uint8Array): number {
  const command = encodeRevokeBond(controllerId);
  const prepared = peer.prepare(command, 30, CHANNEL_CONTROL);
  if (typeof prepared === "number") return prepared;
  return codeOf(peer.ask(CHANNEL_CONTROL, peer.commitMessage(command, prepared, CHANNEL_CONTROL)));
}

const opens = (peer: Peer, limitMs = 3_000): boolean => {
  const opened = peer.open(limitMs);
  if (opened) peer.close();
  return opened;
};

describe("the list of bonds", () => {
  it("shows an operator all, with role and which is its own, and an observer its own alone (SR-114)", () => {
    const { first, second, observer } = threeBonded(931);
    const seen = inSession(first, bondsOf);
    assert.deepEqual(idsOf(seen), [first, second, observer].map(idOf).sort());
    for (const { controllerId, role, confirmed, yours } of seen) {
      assert.equal(role, hex(controllerId) === idOf(observer) ? ROLE.observe : ROLE.operate);
      assert.ok(confirmed);
      assert.equal(yours, hex(controllerId) === idOf(first));
    }
    const own = inSession(observer, bondsOf);
    assert.deepEqual(own, [{ controllerId: observer.controllerId, role: ROLE.observe, confirmed: true, yours: true }]);
  });

  it("shows a bond that is not confirmed yet, which can be revoked (SR-114, SR-115)", () => {
    const world = booted(932);
    const operator = new Peer(world, paired(world, "operate"));
    const store = new MemoryStore();
    const text = world.openPairing("observe");
    world.air.tap = dropAfterM3();
    assert.equal(pair(world, world.controller(store), text)?.kind, "unfinished");
    world.air.tap = undefined;
    world.clock.advance(10_000);
    const waiting = new Peer(world, store);
    assert.ok(operator.open());
    const [, entry] = bondsOf(operator);
    assert.deepEqual(entry, {
      controllerId: waiting.controllerId,
      role: ROLE.observe,
      confirmed: false,
      yours: false,
    });
    assert.equal(revoke(operator, waiting.controllerId), CODE.success);
    operator.close();
    assert.ok(!waiting.open(3_000, MODE.unconfirmed));
    world.powerCycle();
    world.clock.advance(2_000);
    assert.ok(!waiting.open(3_000, MODE.unconfirmed));
    assert.ok(opens(operator, 20_000));
  });
});

describe("a bond", () => {
  it("is revoked by its own controller in one step, an observer's too: the session is over, and it is gone (SR-115)", () => {
    const { world, first, second, observer } = threeBonded(933);
    for (const peer of [observer, second]) {
      assert.ok(peer.open());
      const from = peer.received.length;
      assert.equal(revokeAsIs(peer, peer.controllerId), CODE.success);
      assert.deepEqual(world.hardware.display, ["Controller revoked", idOf(peer)]);
      // Nothing is taken any more: the next record ends the connection.
      peer.send(0x21, new Uint8Array(0));
      world.clock.advance(1_000);
      assert.equal(peer.ended?.reason, "pumpDisconnected");
      assert.equal(peer.received.length, from + 1);
      assert.ok(!opens(peer));
    }
    assert.deepEqual(idsOf(inSession(first, bondsOf)), [idOf(first)]);
    world.powerCycle();
    world.clock.advance(2_000);
    for (const peer of [observer, second]) assert.ok(!opens(peer));
    assert.ok(opens(first, 20_000));
    assertSound(world);
  });

  it("whose own revocation was answered ends its connection within 5 s, though its controller says nothing (SR-115)", () => {
    const { world, observer } = threeBonded(934);
    assert.ok(observer.open());
    assert.equal(revokeAsIs(observer, observer.controllerId), CODE.success);
    world.clock.advance(5_100);
    assert.equal(observer.ended?.reason, "pumpDisconnected");
  });

  it("of another is revoked by an operator's countersignature alone, and its doses stay to be asked for (SR-115, SR-34)", () => {
    const { world, first, second, observer } = threeBonded(935);
    assert.ok(second.open());
    assert.equal(second.order(RUN), CODE.success);
    const command = bolusOf(50_000);
    const challenge = second.challenge(command);
    assert.equal(second.commit(command, challenge), CODE.success);
    second.close();
    world.clock.advance(10_000);

    assert.ok(first.open());
    assert.equal(revokeAsIs(first, second.controllerId), CODE.notApplicable, "as it is");
    for (const peer of [second, observer]) {
      const message = encodeRevokeBond(peer.controllerId);
      const prepared = first.prepare(message, 30, CHANNEL_CONTROL);
      assert.ok(typeof prepared !== "number");
      const role = peer === second ? "01" : "02";
      assert.equal(hex(prepared.reading), `a5${idOf(peer)}${role}`);
      // Signed for the other channel it is another command.
      const wrong = first.commitMessage(message, prepared);
      assert.equal(codeOf(first.ask(CHANNEL_CONTROL, wrong)), 0x83);
      const again = first.prepare(message, 30, CHANNEL_CONTROL);
      assert.ok(typeof again !== "number");
      const answer = first.ask(CHANNEL_CONTROL, first.commitMessage(message, again, CHANNEL_CONTROL));
      assert.equal(answer?.channel, CHANNEL_CONTROL);
      assert.equal(hex(answer?.value ?? new Uint8Array(0)), `aa${idOf(peer)}`);
      const outcome = first.outcome(again.doseId);
      assert.equal(typeof outcome === "number" ? outcome : outcome.kind, "applied");
    }
    assert.deepEqual(idsOf(bondsOf(first)), [idOf(first)]);
    const dose = first.outcome(challenge.doseId);
    assert.equal(typeof dose === "number" ? dose : dose.kind, "delivered");
    first.close();
    for (const peer of [second, observer]) assert.ok(!opens(peer));
    assertSound(world);
  });

  it("is not revoked by who may not, nor when it is malformed, unknown or the last operator's (SR-115)", () => {
    const { world, first, second, observer } = threeBonded(936);
    const nobody = new Uint8Array(8).fill(0xee);
    assert.ok(observer.open());
    for (const other of [first.controllerId, nobody]) {
      assert.equal(revokeAsIs(observer, other), CODE.roleNotPermitted);
      assert.equal(revoke(observer, other), CODE.roleNotPermitted);
    }
    assert.equal(codeOf(observer.ask(CHANNEL_CONTROL, Uint8Array.of(CONTROL.revokeBond))), CODE.invalidOperand);
    assert.equal(codeOf(observer.ask(CHANNEL_CONTROL, Uint8Array.of(CONTROL.listBonds, 0))), CODE.invalidOperand);
    observer.close();

    assert.ok(first.open());
    assert.equal(revoke(first, nobody), CODE.notApplicable);
    assert.equal(revoke(first, first.controllerId), CODE.notApplicable, "its own takes no challenge");
    for (const [command, code] of [
      [encodeRevokeBond(second.controllerId).subarray(0, 8), CODE.invalidOperand],
      [Uint8Array.of(CONTROL.revokeBond), CODE.invalidOperand],
      [Uint8Array.of(CONTROL.listBonds, 0), CODE.opcodeNotSupported],
    ] as const)
      assert.equal(first.prepare(command, 30, CHANNEL_CONTROL), code);
    assert.equal(revoke(first, second.controllerId), CODE.success);
    assert.equal(revoke(first, second.controllerId), CODE.notApplicable, "it is gone");
    assert.equal(revokeAsIs(first, first.controllerId), CODE.notApplicable, "the last operator");
    assert.deepEqual(idsOf(bondsOf(first)), [idOf(first), idOf(observer)].sort());
    first.close();
    assert.ok(opens(first, 20_000));
    assert.ok(opens(observer, 20_000));
    assertSound(world);
  });

  it("cannot be used by a Commit that was challenged before it was revoked (SR-115, SR-28)", () => {
    const { world, second } = threeBonded(937);
    assert.ok(second.open());
    const challenge = second.challenge(RUN);
    assert.equal(revokeAsIs(second, second.controllerId), CODE.success);
    second.send(CHANNEL_CONTROL, second.commitMessage(RUN, challenge));
    world.clock.advance(2_000);
    assert.equal(world.hardware.trace.filter(({ line }) => line.startsWith("obeyed")).length, 0);
    assertSound(world);
  });

  it("that the storage does not let go is gone until a restart, and that is said (SR-115, SR-52)", () => {
    const { world, first, second } = threeBonded(938);
    const arm = failOnce(world, "bonds.a");
    assert.ok(first.open());
    arm();
    assert.equal(revoke(first, second.controllerId), CODE.notCompleted);
    assert.deepEqual(world.hardware.display, ["FAULT", "Controllers are revoked until a restart only"]);
    first.close();
    assert.ok(!opens(second));
    world.powerCycle();
    world.clock.advance(2_000);
    assert.ok(opens(second, 20_000));
    assert.ok(opens(first, 20_000));
    assert.deepEqual(world.hardware.crashes, []);
  });
});

describe("a power cut at any write of a revocation", () => {
  /** A pump as it was kept, in a world of its own, and its peers. */
  function again(state: DurableState, stores: readonly MemoryStore[]) {
    const world = new World({ seed: 940, restored: state, earlierStarts: 1 });
    world.powerUp();
    world.clock.advance(2_000);
    const [first, second, observer] = stores.map((store, i) => new Peer(world, store, i + 1));
    assert.ok(first && second && observer);
    return { world, first, second, observer };
  }

  it("leaves the old bonds or the new ones, for good, and `applied` is said of what happened only (SR-115, SR-65)", () => {
    const kept = threeBonded(939);
    kept.world.hardware.cut();
    const state = kept.world.hardware.durableState();
    const seen = new Set<string>();
    for (let operation = 1; ; operation++) {
      let whole = false;
      for (const phase of ["before", "during", "after"] as const) {
        const { world, first, second, observer } = again(state, kept.stores);
        assert.ok(first.open());
        const command = encodeRevokeBond(second.controllerId);
        const challenge = first.prepare(command, 30, CHANNEL_CONTROL);
        assert.ok(typeof challenge !== "number");
        const { hardware } = world;
        hardware.cutAt({ operation: hardware.operations + operation, phase });
        const answer = first.ask(CHANNEL_CONTROL, first.commitMessage(command, challenge, CHANNEL_CONTROL), 1_000);
        if (hardware.powered) hardware.cutAt(undefined);
        whole = hardware.powered;
        if (hardware.powered) hardware.cut();
        for (let boots = 0; boots < 2; boots++) {
          world.clock.advance(20_000);
          world.powerUp();
          world.clock.advance(2_000);
          const gone = !opens(second);
          assert.ok(gone || !answer, `${operation} ${phase}: answered, and not revoked`);
          assert.ok(first.open(), `${operation} ${phase}`);
          assert.deepEqual(idsOf(bondsOf(first)).length, gone ? 2 : 3);
          const outcome = first.outcome(challenge.doseId);
          const kind = typeof outcome === "number" ? `${outcome}` : outcome.kind;
          assert.ok(kind === "never" || (kind === "applied" && gone), `${operation} ${phase}: ${kind}`);
          first.close();
          seen.add(`${gone} ${kind} ${boots}`);
          if (boots === 0) hardware.cut();
        }
        assert.ok(opens(observer, 20_000));
        assert.deepEqual(hardware.crashes, []);
        if (whole) break;
      }
      if (whole) break;
      assert.ok(operation < 20);
    }
    const both = (text: string) => [`${text} 0`, `${text} 1`];
    assert.deepEqual([...seen].sort(), [...both("false never"), ...both("true applied"), ...both("true never")]);
  });
});
