/** After every kind of end the pump is there again for its own controller, and no stranger costs it a write. */

import assert from "node:assert/strict";
import type { Packet } from "../../host-sim/air/packet.js";
import { DROP, PASS } from "../../host-sim/air/tap.js";
import { Random } from "../../host-sim/clock/random.js";
import type { World } from "../../host-sim/world.js";
import { type Peer, Stranger } from "../peers.js";
import { assertSound, MINUTE_MS, quietScene, rigWith } from "./scene.js";

const NO_BASAL = rigWith({ basalMicrounitsPerHour: 0 });
const AGAIN_MS = 20_000;

/** A stranger that has m1. */
function connected(world: World, options: { readonly subscribe?: boolean } = {}): Stranger {
  const stranger = new Stranger(world, options);
  const there = () => ((options.subscribe ?? true) ? stranger.m1 !== undefined : stranger.connectedMs !== undefined);
  assert.ok(world.clock.runUntil(there, AGAIN_MS), "the stranger did not get in");
  return stranger;
}

const over = (world: World, stranger: Stranger): boolean =>
  world.clock.runUntil(() => stranger.endedMs !== undefined, 10_000);

/** Each begins with the pump free and returns when the connection has ended, or is about to without a word. */
const ENDS: Readonly<Record<string, (world: World, peer: Peer) => void>> = {
  "a controller that closes": (_, peer) => {
    assert.ok(peer.open());
    peer.close();
  },
  "a stranger that leaves before it subscribes": (world) => connected(world, { subscribe: false }).leave(),
  "a stranger that leaves after m1": (world) => connected(world).leave(),
  "a stranger that never subscribes": (world) => assert.ok(over(world, connected(world, { subscribe: false }))),
  "a stranger that never answers": (world) => assert.ok(over(world, connected(world))),
  "a wrong m2": (world) => {
    const stranger = connected(world);
    stranger.write(Uint8Array.of(1, ...new Random(361).bytes(40)));
    assert.ok(over(world, stranger));
  },
  "a malformed m2": (world) => {
    const stranger = connected(world);
    stranger.write(Uint8Array.of(9, 9, 9));
    assert.ok(over(world, stranger));
  },
  "a link lost without a word after m1": (world) => {
    const stranger = connected(world);
    world.air.tap = () => DROP;
    stranger.leave();
    world.clock.advance(100);
    world.air.tap = undefined;
  },
  "a stranger that confirms no indication": (world) => {
    world.air.tap = ({ kind }: Packet) => (kind === "confirmation" ? DROP : PASS);
    assert.ok(over(world, connected(world)));
    world.air.tap = undefined;
  },
  "a connection request whose answer is lost": (world) => {
    world.air.tap = ({ kind, direction }: Packet) => (kind === "connect" && direction === "toCentral" ? DROP : PASS);
    const stranger = new Stranger(world);
    world.clock.advance(7_000);
    assert.equal(stranger.connectedMs, undefined);
    world.air.tap = undefined;
  },
  "a record that does not open": (world, peer) => {
    assert.ok(peer.open());
    world.air.tap = (packet) => {
      if (packet.kind !== "write") return PASS;
      world.air.tap = undefined;
      const value = packet.value.slice();
      value[value.length - 1] = (value.at(-1) ?? 0) ^ 1;
      return { kind: "replace", value };
    };
    peer.send(0x21, new Uint8Array(0));
    assert.ok(world.clock.runUntil(() => peer.ended !== undefined, 5_000));
  },
  "a session that the radio lost": (world, peer) => {
    assert.ok(peer.open());
    world.air.tap = () => DROP;
    world.clock.advance(1_000);
    peer.close();
    world.air.tap = undefined;
  },
  "a restart of the pump": (world, peer) => {
    assert.ok(peer.open());
    world.powerCycle();
  },
};

describe("the pump's one connection", () => {
  for (const [name, end] of Object.entries(ENDS))
    it(`is free for the bonded controller within 20 s of ${name} (SR-71)`, () => {
      const { world, peer } = quietScene({ seed: 362, rig: NO_BASAL });
      for (let i = 0; i < 3; i++) {
        end(world, peer);
        assert.ok(peer.open(AGAIN_MS), `time ${i + 1}`);
        peer.close();
      }
      assertSound(world);
    });

  it("is free after 100 wrong handshakes in a row, none of which wrote anything (SR-69, SR-71)", () => {
    const { world, peer } = quietScene({ seed: 363, rig: NO_BASAL });
    const random = new Random(363, 1);
    const wrote = () => {
      const { kvWrite, kvDelete, flashWrite, flashErase } = world.hardware.operationCounts;
      return kvWrite + kvDelete + flashWrite + flashErase;
    };
    const before = wrote();
    const fromMs = world.clock.nowMs;
    for (let i = 0; i < 100; i++) {
      const stranger = connected(world);
      const mode = 1 + (i % 4);
      stranger.write(Uint8Array.of(mode, ...random.bytes(mode === 2 ? 72 : 40)));
      assert.ok(over(world, stranger));
    }
    // The pump's own clock and accumulator go to storage every 5 minutes, and nothing else does.
    const saves = Math.ceil((world.clock.nowMs - fromMs) / (5 * MINUTE_MS));
    assert.ok(wrote() - before <= saves, `${wrote() - before} writes, ${saves} of them the pump's own`);
    assert.ok(peer.open(AGAIN_MS));
    assertSound(world);
  });

  it("ends the same for every wrong m2: no byte but m1 leaves the pump (SR-06)", () => {
    const { world, peer } = quietScene({ seed: 364, rig: NO_BASAL });
    const random = new Random(364, 1);
    for (const m2 of [
      Uint8Array.of(1, ...peer.controllerId, ...random.bytes(32)),
      Uint8Array.of(1, ...random.bytes(40)),
      Uint8Array.of(3, ...peer.controllerId, ...random.bytes(32)),
      Uint8Array.of(2, ...peer.controllerId, ...random.bytes(64)),
      Uint8Array.of(4, ...random.bytes(40)),
      random.bytes(1),
      random.bytes(200),
    ]) {
      const stranger = connected(world);
      stranger.write(m2);
      const wroteMs = world.clock.nowMs;
      assert.ok(over(world, stranger));
      assert.ok((stranger.endedMs ?? 0) - wroteMs <= 50, `mode ${m2[0]}`);
      assert.equal(stranger.indications.length, 1);
    }
    assertSound(world);
  });
});
