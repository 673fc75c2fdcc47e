/** What the person who holds the pump is told, and what no failure beside the therapy may undo or begin. */

import assert from "node:assert/strict";
import { microunits } from "../../firmware/base/units.js";
import { DEFAULT_RIG } from "../../firmware/rig.js";
import { World } from "../../host-sim/world.js";
import { bondedWorld } from "../bench.js";
import { Peer } from "../peers.js";
import {
  assertHistoryWhole,
  bolusOf,
  CODE,
  deliver,
  failOnce,
  HOUR_MS,
  MINUTE_MS,
  peerScene,
  quietScene,
  RUN,
  rigWith,
  STOP,
} from "./scene.js";

const U = 1_000_000;
const LED = 2;

/** Makes the radio's constructor throw at every power-up from now on. */
function withoutRadio(world: World): void {
  const { hardware } = world;
  const powerUp = hardware.powerUp.bind(hardware);
  hardware.powerUp = (Server) =>
    powerUp(
      class extends Server {
        constructor(options: ConstructorParameters<typeof Server>[0]) {
          super(options);
          throw new Error("BLE init failed");
        }
      } as typeof Server,
    );
}

describe("the display", () => {
  it("says Stopped and Running when the control state changes, by radio or button (SR-64)", () => {
    const { world, peer } = peerScene({ seed: 701 });
    peer.ask(0x25, STOP);
    assert.deepEqual(world.hardware.display, ["Stopped"]);
    assert.equal(peer.order(RUN), CODE.success);
    assert.deepEqual(world.hardware.display, ["Running"]);
    world.holdButton();
    assert.deepEqual(world.hardware.display, ["Stopped"]);
    world.holdButton(1);
    assert.deepEqual(world.hardware.display, ["Running"]);
  });
});

describe("the light", () => {
  it("stays lit while a fault is latched, however often the button is tapped (SR-56)", () => {
    const { world } = quietScene({ seed: 702, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    world.hardware.plant.setJammed(true);
    world.clock.advance(5 * MINUTE_MS);
    assert.equal(world.hardware.display[0], "FAULT");
    for (let i = 0; i < 4; i++) world.tapButton(1);
    assert.equal(world.hardware.outputLevel(LED), 1);
  });
});

describe("a radio that does not start", () => {
  it("leaves basal and the button as they are, and is annunciated (SR-64, SR-70)", () => {
    const { world } = quietScene({ seed: 703, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    withoutRadio(world);
    world.powerCycle();
    const before = world.hardware.plant.displacedMicrounits;
    world.clock.advance(HOUR_MS);
    const moved = world.hardware.plant.displacedMicrounits - before;
    assert.ok(Math.abs(moved - 5 * U) <= 55_000, `${moved}`);
    assert.ok(world.hardware.display.includes("Annunciation: SystemIssue"));
    world.holdButton();
    const stoppedAt = world.hardware.plant.displacedMicrounits;
    world.clock.advance(HOUR_MS);
    assert.equal(world.hardware.plant.displacedMicrounits, stoppedAt);
    assert.deepEqual(world.hardware.crashes, []);
  });
});

describe("a hold of the button in Run", () => {
  for (const taps of [1, 2, 3])
    it(`stops after ${taps} taps too (SR-64)`, () => {
      const { world } = quietScene({ seed: 704, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
      world.holdButton(taps);
      const { displacedMicrounits } = world.hardware.plant;
      world.clock.advance(HOUR_MS);
      assert.equal(world.hardware.plant.displacedMicrounits, displacedMicrounits);
    });

  it("stops though contacts chattered just before (SR-64)", () => {
    const { world } = quietScene({ seed: 705, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    world.hardware.pressButton(5);
    world.clock.advance(100);
    world.holdButton();
    const { displacedMicrounits } = world.hardware.plant;
    world.clock.advance(HOUR_MS);
    assert.equal(world.hardware.plant.displacedMicrounits, displacedMicrounits);
  });
});

describe("storage that comes back", () => {
  it("takes the Stop that it refused: a restart later does not undo it (SR-52, SR-62)", () => {
    const { world } = quietScene({ seed: 706, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    const { keyValue } = world.hardware;
    const open = keyValue.open.bind(keyValue);
    let refusing = false;
    keyValue.open = (power) => {
      const store = open(power);
      const write = (key: string, value: Uint8Array) => {
        if (refusing) throw new Error("ESP_ERR_FLASH_OP_FAIL");
        store.write(key, value);
      };
      return { ...store, write };
    };
    world.powerCycle();
    world.clock.advance(5_000);
    refusing = true;
    world.holdButton();
    refusing = false;
    world.clock.advance(3 * MINUTE_MS);
    const { displacedMicrounits } = world.hardware.plant;
    world.powerCycle();
    world.clock.advance(2 * HOUR_MS);
    assert.equal(world.hardware.plant.displacedMicrounits, displacedMicrounits);
  });
});

describe("a fault that is stored late", () => {
  it("leaves its events in the history, though an annunciation was confirmed since (SR-52, SR-67)", () => {
    const { world } = quietScene({ seed: 715, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    const arms = ["therapy.a", "therapy.b"].map((key) => failOnce(world, key));
    for (const arm of arms) arm();
    world.holdButton();
    assert.equal(world.hardware.display[0], "FAULT");
    world.clock.advance(5 * MINUTE_MS);
    world.tapButton(1);
    world.powerCycle();
    world.clock.advance(5_000);
    assertHistoryWhole(world);
  });
});

describe("a screw that turns by itself", () => {
  it("in Stop is found within minutes, counted, and a fault (SR-44, SR-56)", () => {
    const { world, store } = bondedWorld({ seed: 707 });
    world.hardware.plant.turnScrew(4_000);
    world.clock.advance(6 * MINUTE_MS);
    assert.equal(world.hardware.display[0], "FAULT");
    world.powerCycle();
    world.clock.advance(5_000);
    const peer = new Peer(world, store);
    assert.ok(peer.open());
    assert.equal(peer.order(RUN), CODE.success);
    assert.equal(peer.prepare(bolusOf(10 * U)), CODE.plausibility);
  });
});

describe("the loss of stored state", () => {
  it("frees no part of the day for boluses, and leaves basal its share (SR-44, SR-66)", () => {
    const { world, peer, store } = peerScene({ seed: 708 });
    const scene = { world, peer, store };
    peer.close();
    for (const amount of [9, 5]) assert.equal(deliver(scene, amount * U), CODE.success);
    for (const copy of ["therapy.a", "therapy.b"]) world.hardware.keyValue.corrupt(copy, 20, 0xff);
    world.powerCycle();
    world.clock.advance(5_000);
    const again = new Peer(world, store);
    assert.ok(again.open());
    assert.equal(again.order(RUN), CODE.success);
    again.close();
    const before = world.hardware.plant.displacedMicrounits;
    let bolused = 0;
    for (let hour = 0; hour < 20; hour++) {
      world.clock.advance(HOUR_MS);
      if (deliver({ ...scene, peer: new Peer(world, store) }, 5 * U) === CODE.success) bolused += 5 * U;
    }
    const moved = world.hardware.plant.displacedMicrounits - before;
    assert.ok(moved + 14 * U <= 80 * U, `${moved} µU after the loss, ${bolused} of them boluses`);
    assert.ok(moved - bolused > 15 * U, `${moved - bolused} µU of basal in 20 hours`);
  });

  for (const blob of ["journal", "therapy"])
    it(`of ${blob} frees nothing of the hour when the pump's clock turns to the next (SR-44, SR-47, SR-66)`, () => {
      const { world, store } = quietScene({ seed: 716 });
      world.clock.advance(HOUR_MS - 18 * MINUTE_MS);
      const scene = { world, store, peer: new Peer(world, store) };
      for (const amount of [9, 5]) assert.equal(deliver(scene, amount * U), CODE.success);
      for (const copy of ["a", "b"]) world.hardware.keyValue.corrupt(`${blob}.${copy}`, 20, 0xff);
      world.powerCycle();
      world.clock.advance(5_000);
      const peer = new Peer(world, store);
      assert.ok(peer.open());
      assert.equal(peer.order(RUN), CODE.success);
      peer.close();
      // The clock may stand up to 5 minutes behind: over the hour's turn in any case, and within 60 minutes of the doses.
      world.clock.advance(25 * MINUTE_MS);
      const again = new Peer(world, store);
      assert.ok(again.open());
      assert.equal(again.prepare(bolusOf(5 * U)), CODE.plausibility);
    });

  it("of all four copies that name the pump gives it an empty ledger: old doses answer for no new one (SR-33, SR-41)", () => {
    const { world, peer } = peerScene({ seed: 709, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    assert.equal(peer.order(bolusOf(U / 2)), CODE.success);
    peer.close();
    world.clock.advance(MINUTE_MS);
    const bare = world.hardware.keyValue.snapshot();
    const names = /^(identity|provisioned)\./;
    world.hardware.keyValue.restore(Object.fromEntries(Object.entries(bare).filter(([key]) => !names.test(key))));
    world.powerCycle();
    world.clock.advance(5_000);
    const controller = world.controller();
    const text = world.openPairing();
    const paired = world.await((done: (result: { readonly kind: string }) => void) => controller.pair(text, done));
    assert.equal(paired?.kind, "ok");
    for (const sequence of [1, 2]) {
      const asked = world.await((done: (result: { readonly kind: string }) => void) =>
        controller.outcome({ epoch: 1, sequence }, done),
      );
      assert.equal(asked?.kind, "refused", "never issued");
    }
  });
});

describe("a screw that turns by itself amid a bolus", () => {
  it("leaves the bolus uncertain around what moved, also when the storage fails just then (SR-36, SR-52, SR-56)", () => {
    for (const failing of [false, true]) {
      const { world, store } = quietScene({ seed: 712, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
      const { plant } = world.hardware;
      const arms = ["journal.a", "journal.b"].map((key) => failOnce(world, key));
      const peer = new Peer(world, store);
      assert.ok(peer.open());
      const challenge = peer.challenge(bolusOf(U));
      assert.equal(peer.commit(bolusOf(U), challenge), CODE.success);
      assert.ok(world.clock.runUntil(() => plant.displacedMicrounits > 300_000, MINUTE_MS));
      world.clock.advance(700);
      plant.turnScrew(100);
      if (failing) for (const arm of arms) arm();
      world.clock.advance(10_000);
      assert.equal(world.hardware.display[0], "FAULT");
      const outcome = peer.outcome(challenge.doseId);
      assert.ok(typeof outcome === "object" && outcome.kind === "uncertain");
      const { displacedMicrounits } = plant;
      assert.ok(outcome.lowMicrounits <= displacedMicrounits && displacedMicrounits <= outcome.highMicrounits + 1_300);
    }
  });
});

describe("a press of the button", () => {
  it("ends an outstanding challenge, however late the thread reads the pin (SR-28)", () => {
    for (const lateMs of [0, 30, 60]) {
      const { world, peer } = peerScene({ seed: 713 });
      const challenge = peer.challenge(bolusOf(U));
      world.hardware.stallMs = () => lateMs;
      world.hardware.pressButton(150);
      world.clock.advance(400);
      assert.equal(peer.commit(bolusOf(U), challenge), CODE.challengeUnknown, `${lateMs} ms late`);
    }
  });
});

describe("revoking all bonds", () => {
  it("works without a radio too (SR-72)", () => {
    const { world, store } = quietScene({ seed: 714 });
    const { hardware } = world;
    const powerUp = hardware.powerUp.bind(hardware);
    withoutRadio(world);
    world.powerCycle();
    world.clock.advance(5_000);
    world.holdButton(7);
    assert.deepEqual(hardware.display, ["All controllers revoked"]);
    hardware.powerUp = powerUp;
    world.powerCycle();
    world.clock.advance(5_000);
    assert.ok(!new Peer(world, store).open(10_000));
  });

  it("closes an open pairing window too: its secret is worth nothing (SR-12, SR-72)", () => {
    const { world } = quietScene({ seed: 710 });
    const text = world.openPairing();
    world.holdButton(7);
    assert.deepEqual(world.hardware.display, ["All controllers revoked"]);
    const stranger = world.controller();
    const paired = world.await((done: (result: { readonly kind: string }) => void) => stranger.pair(text, done));
    assert.notEqual(paired?.kind, "ok");
  });
});

describe("another calibration", () => {
  it("begins without the fraction of a half-step that was carried under the old one (SR-54)", () => {
    const { world, store } = quietScene({ seed: 711, rig: rigWith({ basalMicrounitsPerHour: 5 * U }) });
    world.clock.advance(HOUR_MS);
    const insulinPerTurnMicrounits = microunits(4_900_001);
    const rig = { ...DEFAULT_RIG, drive: { ...DEFAULT_RIG.drive, insulinPerTurnMicrounits } };
    const other = new World({ seed: 711, rig });
    other.hardware.keyValue.restore(world.hardware.keyValue.snapshot());
    other.powerUp();
    other.clock.advance(5_000);
    assert.equal(deliver({ world: other, peer: new Peer(other, store), store }, U), CODE.success);
    assert.deepEqual(other.hardware.crashes, []);
    assert.notEqual(other.hardware.display[0], "FAULT");
  });
});
