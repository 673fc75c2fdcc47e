/** LE security as a second wall: who gets through it, and that behind it nothing is easier. */

import assert from "node:assert/strict";
import { LeBondStore } from "../../host-sim/peripherals/gattSecurity.js";
import { MemoryStore, type World } from "../../host-sim/world.js";
import { bondedWorld } from "../bench.js";
import { Peer } from "../peers.js";
import { connected, phone, securedWorld, shownPasskey } from "./linkScene.js";
import { assertSound, bolusOf, CODE, peerScene } from "./scene.js";

/** The longest that the pump waits for an LE pairing, and a little. */
const LINK_PAIRING_MS = 30_000;

const ended = (world: World, reason: string): boolean =>
  world.hardware.trace.some(({ line }) => line === `session: ended: ${reason}`);

/** A controller that paired, LE below and the protocol above, over one phone. */
function pairedPhone(seed: number) {
  const world = securedWorld({ seed });
  const store = new MemoryStore();
  const controller = world.controller(store, { transport: phone(world, "phone") });
  const text = world.openPairing();
  const paired = world.await((done: (result: { readonly kind: string }) => void) => controller.pair(text, done));
  assert.equal(paired?.kind, "ok");
  return { world, store, controller };
}

describe("LE security", () => {
  it("lets a phone pair by the passkey beside the pairing text, and bond by the protocol behind it (SR-80)", () => {
    const { world, controller } = pairedPhone(701);
    assert.deepEqual([...world.radio.leBonds], [["phone", { authenticated: true, subscribed: false }]]);
    world.powerCycle();
    world.clock.advance(5_000);
    const opened = world.await((done: (result: { readonly kind: string }) => void) => controller.open(done));
    assert.equal(opened?.kind, "ok");
    const run = world.await((done: (result: { readonly kind: string }) => void) => controller.run(() => true, done));
    assert.equal(run?.kind, "ok");
    assertSound(world);
  });

  it("shows the passkey with six digits beside the pairing text while the window is open, and takes it away after", () => {
    const world = securedWorld({ seed: 702 });
    const text = world.openPairing();
    connected(world);
    world.radio.pair("phone", "keyboard");
    world.clock.advance(100);
    const [title, shown, line] = world.hardware.display;
    assert.deepEqual([title, shown], ["Pair", text]);
    assert.match(line ?? "", /^Bluetooth passkey \d{6}$/);
    world.radio.typePasskey(shownPasskey(world) ?? 0);
    world.clock.advance(100);
    assert.deepEqual(world.hardware.display, ["Pair", text]);
  });

  it("refuses a central that has not paired before it gets m1, and is free for the next (SR-80, SR-71)", () => {
    const world = securedWorld({ seed: 703 });
    const stranger = connected(world);
    stranger.link.subscribe();
    world.clock.advance(1_000);
    assert.notEqual(stranger.endedMs, undefined);
    assert.deepEqual(stranger.indications, []);
    assert.notEqual(connected(world).connectedMs, undefined);
  });

  for (const capability of ["keyboard", "none"] as const)
    it(`refuses LE pairing outside the window, keeps no bond and shows nothing: central with ${capability} (SR-80)`, () => {
      const world = securedWorld({ seed: 704 });
      const before = world.hardware.display;
      const stranger = connected(world);
      world.radio.pair("stranger", capability);
      world.clock.advance(1_000);
      assert.notEqual(stranger.endedMs, undefined);
      assert.deepEqual([world.radio.leBonds.size, world.hardware.display], [0, before]);
      assert.ok(ended(world, capability === "none" ? "LE pairing without passkey" : "LE pairing outside the window"));
      world.powerCycle();
      world.clock.advance(1_000);
      connected(world);
      assert.equal(world.radio.encrypt("stranger"), false);
    });

  it("keeps no bond for whoever guesses the passkey outside the window before the pump ends the link (SR-80)", () => {
    const world = securedWorld({ seed: 705 });
    const guesser = connected(world);
    world.radio.pair("stranger", "keyboard");
    // The stack draws the first passkey of a simulated radio as this one does.
    const guess = 1 + new LeBondStore().random.below(999_999);
    assert.equal(world.radio.typePasskey(guess), true);
    world.clock.advance(1_000);
    assert.equal(world.radio.leBonds.size, 0);
    assert.notEqual(guesser.endedMs, undefined);
  });

  it("refuses a central without keys inside the window too, and leaves the window open (SR-80)", () => {
    const world = securedWorld({ seed: 706 });
    const text = world.openPairing();
    const stranger = connected(world);
    world.radio.pair("headset", "none");
    world.clock.advance(1_000);
    assert.notEqual(stranger.endedMs, undefined);
    assert.equal(world.radio.leBonds.size, 0);
    assert.deepEqual(world.hardware.display, ["Pair", text]);
  });

  it("keeps no bond when the window closed while the passkey was typed (SR-80)", () => {
    const world = securedWorld({ seed: 707 });
    world.openPairing();
    world.clock.advance(110_000);
    const late = connected(world);
    world.radio.pair("phone", "keyboard");
    world.clock.advance(100);
    const passkey = shownPasskey(world) ?? 0;
    world.clock.advance(15_000);
    assert.equal(world.hardware.display[0], "Pairing closed");
    assert.equal(world.radio.typePasskey(passkey), true);
    world.clock.advance(1_000);
    assert.equal(world.radio.leBonds.size, 0);
    assert.notEqual(late.endedMs, undefined);
  });

  it("waits 30 s for a passkey, once a connection: pairing again and again does not keep the slot (SR-80, SR-09)", () => {
    const world = securedWorld({ seed: 708 });
    world.openPairing();
    const slow = connected(world);
    for (let second = 0; second < 40 && slow.endedMs === undefined; second++) {
      world.radio.pair("slow", "keyboard");
      world.clock.advance(500);
      if (slow.endedMs === undefined) world.radio.typePasskey(0);
      world.clock.advance(500);
    }
    const tookMs = (slow.endedMs ?? 0) - (slow.connectedMs ?? 0);
    assert.ok(tookMs >= LINK_PAIRING_MS && tookMs <= LINK_PAIRING_MS + 1_000, `${tookMs} ms`);
  });

  it("gives a central that never pairs no longer than before: 5 s (SR-09)", () => {
    const world = securedWorld({ seed: 709 });
    world.openPairing();
    const idle = connected(world);
    world.clock.advance(10_000);
    const tookMs = (idle.endedMs ?? 0) - (idle.connectedMs ?? 0);
    assert.ok(tookMs >= 5_000 && tookMs <= 5_200, `${tookMs} ms`);
  });

  it("sends a bonded phone no m1 before it subscribes: no subscription is restored (SR-80)", () => {
    const { world, controller } = pairedPhone(710);
    controller.close();
    world.clock.advance(2_000);
    const later = connected(world);
    assert.equal(world.radio.encrypt("phone"), true);
    world.clock.advance(1_000);
    assert.deepEqual(later.indications, []);
    later.link.subscribe();
    world.clock.advance(200);
    assert.equal(later.indications.length, 1);
  });

  it("deletes the LE bonds with all others, by the button (SR-72, SR-81)", () => {
    const { world } = pairedPhone(711);
    assert.equal(world.radio.leBonds.size, 1);
    world.holdButton(7);
    assert.equal(world.radio.leBonds.size, 0);
    assert.ok(world.hardware.display.includes("All controllers revoked"));
  });

  it("opens no session to an LE bond alone: nothing rests on it (SR-81, SR-06)", () => {
    const { world, controller } = pairedPhone(712);
    controller.close();
    world.clock.advance(2_000);
    const thief = connected(world);
    assert.equal(world.radio.encrypt("phone"), true);
    thief.link.subscribe();
    world.clock.advance(200);
    const before = world.hardware.plant.commandedHalfSteps;
    thief.link.write(Uint8Array.of(0xc0, 1, ...new Uint8Array(40)));
    world.clock.advance(1_000);
    assert.notEqual(thief.endedMs, undefined);
    assert.equal(world.hardware.plant.commandedHalfSteps, before);
    assert.ok(ended(world, "unknown controller"));
  });

  it("changes no byte of a session: the same pump with it and without it (SR-81)", () => {
    const bytesOf = (linkSecurity: "passkey" | "none") => {
      const bytes: number[] = [];
      const scene = peerScene({
        seed: 713,
        linkSecurity,
        observer: ({ what, packet }) => {
          if (what === "sent") bytes.push(...packet.value);
        },
      });
      assert.equal(scene.peer.order(bolusOf(100_000)), CODE.success);
      scene.world.clock.advance(20_000);
      return { bytes, displaced: scene.world.hardware.plant.displacedMicrounits };
    };
    assert.deepEqual(bytesOf("passkey"), bytesOf("none"));
  });

  it("asks nothing of a central where the board turns it off", () => {
    const { world, controller, store } = bondedWorld({ seed: 714 });
    controller.close();
    world.clock.advance(1_000);
    world.radio.centralsArePaired = false;
    assert.ok(new Peer(world, store).open());
  });

  it("revokes all controllers though the LE bonds cannot be deleted, and says so in the trace (SR-72, SR-81)", () => {
    const { world } = pairedPhone(715);
    world.hardware.cut();
    const { radio } = world;
    const linkControl = radio.linkControl.bind(radio);
    radio.linkControl = () => ({
      ...linkControl(),
      forgetBonds: () => {
        throw new Error("LE bonds stay");
      },
    });
    world.powerUp();
    world.clock.advance(1_000);
    world.holdButton(7);
    assert.ok(world.hardware.display.includes("All controllers revoked"));
    assert.ok(world.hardware.trace.some(({ line }) => line === "LE bonds could not be deleted"));
    assertSound(world);
  });

  it("stays off the air, says so and goes on with therapy when the stack is not as native/link.c needs it (SR-70)", () => {
    const { world, store } = bondedWorld({ seed: 716 });
    world.hardware.cut();
    const linkControl = world.radio.linkControl.bind(world.radio);
    world.radio.linkControl = () => ({
      ...linkControl(),
      watch: () => {
        throw new Error("no GAP listener");
      },
    });
    world.powerUp();
    world.clock.advance(10_000);
    assert.equal(world.radio.advertisement, undefined);
    assert.ok(world.hardware.trace.some(({ line }) => line === "radio: no GAP listener"));
    assert.ok(!new Peer(world, store).open(2_000));
    assertSound(world);
  });
});
