/** What strangers write: bytes of every length, fragments in every wrong order, floods, and nothing at all. */

import assert from "node:assert/strict";
import { Random } from "../../host-sim/clock/random.js";
import { concat, toHex } from "../../host-sim/controller/bytes.js";
import type { World } from "../../host-sim/world.js";
import { assertServes, bytes, HEADER, RawCentral, visited, WRONG_ORDERS } from "./badInputCentral.js";
import { assertDisplaced, bolusOf, CODE, inSession, quietScene, rigWith } from "./scene.js";

const SEED = 60;
const LONGEST_BYTES = 512;
/** PROTOCOL.md sections 1.2 and 3. */
const M1_FRAGMENT_BYTES = 27;
const ANSWER_MS = 2_000;
const HANDSHAKE_MS = 5_000;
/** There and back, and some: a way takes 15 ms. */
const AIR_MS = 50;
/** Attempts in a row of a stranger that hangs. */
const HANGS = 20;
const FLOOD_FRAGMENTS = 5_000;

const lengths = Array.from({ length: LONGEST_BYTES + 1 }, (_, length) => length);

/** Fragments of `message`, of `payloadBytes` each, without a limit to their number. */
function fragmentsOf(message: Uint8Array, payloadBytes: number): Uint8Array[] {
  const count = Math.max(1, Math.ceil(message.length / payloadBytes));
  return Array.from({ length: count }, (_, index) => {
    const header = (index === 0 ? HEADER.first : 0) | (index === count - 1 ? HEADER.last : 0) | (index & 0x3f);
    return concat(bytes(header), message.subarray(index * payloadBytes, (index + 1) * payloadBytes));
  });
}

/** A connection whose m1 has come writes `values`; it must see m1, then at most acknowledgements, then the end. */
function assertEnds(world: World, values: readonly Uint8Array[], withinMs: number): void {
  const central = new RawCentral(world);
  central.challenged();
  central.mark();
  for (const value of values) central.write(value);
  const tookMs = central.untilEnded();
  assert.ok(tookMs <= withinMs, `the connection lasted ${tookMs} ms`);
  assert.deepEqual(
    central.indications.map(({ length }) => length),
    [M1_FRAGMENT_BYTES],
  );
}

/** From the pump's clock to the central's there is the air, and the pump ends with the first millisecond over. */
function assertNear(tookMs: number, limitMs: number): void {
  assert.ok(tookMs >= limitMs - AIR_MS && tookMs <= limitMs + 2 * AIR_MS, `the connection lasted ${tookMs} ms`);
}

describe(`a stranger (seed ${SEED})`, () => {
  it("who writes garbage of any length from 0 to 512 as one value gets nothing but an end within 2 s (SR-02, SR-06, SR-69)", () => {
    visited(SEED, ({ world }) => {
      const random = new Random(SEED);
      for (const length of lengths) assertEnds(world, [random.bytes(length)], ANSWER_MS + AIR_MS);
    });
  });

  it("who writes garbage of any length from 1 to 512 as a message gets nothing but an end at once (SR-01, SR-06, SR-69)", () => {
    visited(SEED, ({ world }) => {
      const random = new Random(SEED);
      for (const length of lengths.slice(1)) {
        const fragments = fragmentsOf(random.bytes(length), 243);
        assertEnds(world, fragments, (1 + fragments.length) * AIR_MS);
      }
    });
  });

  it(`who writes ${WRONG_ORDERS.length} wrong orders of fragments gets an end at once (SR-01, SR-06, SR-69)`, () => {
    visited(SEED, ({ world }) => {
      for (const [name, values] of WRONG_ORDERS) {
        try {
          assertEnds(world, values, (1 + values.length) * AIR_MS);
        } catch (error) {
          throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
        }
      }
    });
  });

  it("who floods the pump with 5,000 fragments at once, none of them the last, gets an end at once (SR-02, SR-05)", () => {
    visited(SEED, ({ world }) => {
      for (const payload of [1, 4, 19, 243]) {
        const central = new RawCentral(world);
        central.challenged();
        central.mark();
        for (let index = 0; index < FLOOD_FRAGMENTS; index += 1)
          central.inject(concat(bytes((index === 0 ? HEADER.first : 0) | (index & 63)), new Uint8Array(payload)));
        assert.ok(central.untilEnded() <= AIR_MS);
        assert.equal(central.indications.length, 1);
      }
    });
  });

  it("who floods the pump while its motor runs does not touch the bolus under way (SR-05, SR-70)", () => {
    const scene = quietScene({ seed: SEED, rig: rigWith({ basalMicrounitsPerHour: 0 }) });
    const { world, peer } = scene;
    const { plant } = world.hardware;
    const amountMicrounits = 400_000;
    const challenge = inSession(peer, () => {
      const prepared = peer.challenge(bolusOf(amountMicrounits));
      assert.equal(peer.commit(bolusOf(amountMicrounits), prepared), CODE.success);
      return prepared;
    });
    const energised = () => [0, 1, 2, 3].some((coil) => plant.coilLevel(coil) > 0);
    const floods = [
      Array.from({ length: 6 }, () => bytes(HEADER.whole, 1)),
      Array.from({ length: 300 }, (_, index) => bytes((index === 0 ? HEADER.first : 0) | (index & 63), 1)),
      Array.from({ length: 300 }, () => bytes()),
    ];
    let struck = 0;
    for (const flood of [...floods, ...floods]) {
      const central = new RawCentral(world);
      central.challenged();
      if (world.clock.runUntil(energised, 2_500)) struck += 1;
      for (const value of flood) central.inject(value);
      central.untilEnded();
      assert.equal(central.indications.length, 1);
    }
    assert.ok(struck >= 3, `${struck} floods met a pulse`);
    world.clock.advance(20_000);
    assertDisplaced(world, amountMicrounits);
    assert.ok(plant.minPulseGapMs >= 2_000, `pulses ${plant.minPulseGapMs} ms apart`);
    const outcome = inSession(peer, () => peer.outcome(challenge.doseId));
    assert.ok(typeof outcome !== "number" && outcome.kind === "delivered", JSON.stringify(outcome));
    assertServes(scene);
  });

  it("who subscribes and unsubscribes in any order gets one m1 at most, never with the same Np (SR-06, SR-09)", () => {
    const orders: readonly (readonly (readonly number[])[])[] = [
      [[2, 0]],
      [
        [2, 0],
        [2, 0],
      ],
      [
        [2, 0],
        [0, 0],
      ],
      [
        [2, 0],
        [0, 0],
        [2, 0],
      ],
      [
        [0, 0],
        [2, 0],
      ],
      [
        [0, 0],
        [0, 0],
        [2, 0],
        [2, 0],
        [0, 0],
        [2, 0],
      ],
      [
        [3, 0],
        [1, 0],
        [2, 0],
      ],
      [[], [2], [2, 0, 0], [0xff, 0xff]],
    ];
    const nonces = new Set<string>();
    visited(SEED, ({ world }) => {
      for (const [index, order] of [...orders, ...orders].entries()) {
        const central = new RawCentral(world);
        for (const configuration of order) {
          central.configure(...configuration);
          // The second time round all come at once.
          if (index < orders.length) world.clock.advance(AIR_MS);
        }
        central.untilEnded();
        assert.ok(central.indications.length <= 1, `${central.indications.length} messages after ${order.join("; ")}`);
        for (const m1 of central.indications) nonces.add(toHex(m1));
        if (central.indications.length === 0) nonces.add(`none ${index}`);
      }
    });
    assert.equal(nonces.size, 2 * orders.length);
  });

  it("who writes before it subscribes gets an end at once and no m1 (SR-06)", () => {
    visited(SEED, ({ world }) => {
      const central = new RawCentral(world);
      central.mark();
      central.write(bytes(HEADER.whole, 1));
      assert.ok(central.untilEnded() <= AIR_MS);
      assert.equal(central.indications.length, 0);
    });
  });

  it("who hangs has the connection for 2 s after m1 and 5 s at most, however often it comes (SR-09, SR-71)", () => {
    visited(SEED, ({ world }) => {
      for (let hang = 0; hang < HANGS; hang += 1) {
        const silent = new RawCentral(world);
        assertNear(silent.untilEnded(), HANDSHAKE_MS);
        const challenged = new RawCentral(world);
        challenged.challenged();
        challenged.mark();
        assertNear(challenged.untilEnded(), ANSWER_MS);
        const late = new RawCentral(world);
        world.clock.advance(4_000);
        late.challenged();
        assertNear(late.untilEnded(), HANDSHAKE_MS);
      }
    });
  });
});
