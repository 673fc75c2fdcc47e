/**
 * A central that keeps no rule: writes any bytes at any time, and notes all that it can see. And the pump that it is sent
 * to, beside a twin of the same seed that nobody visits.
 */

import assert from "node:assert/strict";
import { PASS } from "../../host-sim/air/tap.js";
import type { CentralLink } from "../../host-sim/air/transport.js";
import { PUMP_ADDRESS } from "../../host-sim/pumpWorld.js";
import type { World } from "../../host-sim/world.js";
import { assertSound, bolusOf, CODE, inSession, quietScene, rigWith, type Scene, tbrOf } from "./scene.js";

/** Longer than a handshake may take, and the supervision timeout. */
const END_MS = 7_000;
/** SECURITY.md, SR-71. */
const OPEN_WITHIN_MS = 20_000;
const BOLUS_MICROUNITS = 20_000;
/** A half-step of the plant moves 1,256 µU. */
const HALF_STEP_MICROUNITS = 1_300;

/** Bits of a fragment's header (PROTOCOL.md section 1.2). */
export const HEADER = { first: 0x80, last: 0x40, whole: 0xc0 } as const;

export const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

/** Fragments that break the rules of PROTOCOL.md section 1.2, by what is wrong with them. */
export const WRONG_ORDERS: readonly (readonly [string, readonly Uint8Array[]])[] = [
  ["an empty value", [bytes()]],
  ["a header alone", [bytes(HEADER.whole)]],
  ["a first fragment of index 1", [bytes(HEADER.first | 1, 0)]],
  ["a whole message of index 63", [bytes(HEADER.whole | 63, 0)]],
  ["a continuation of nothing", [bytes(1, 0)]],
  ["a last fragment of nothing", [bytes(HEADER.last, 0)]],
  ["a first fragment twice", [bytes(HEADER.first, 0), bytes(HEADER.first, 0)]],
  ["a whole message inside a message", [bytes(HEADER.first, 0), bytes(HEADER.whole, 0)]],
  ["an index left out", [bytes(HEADER.first, 0), bytes(2, 0)]],
  ["an index repeated", [bytes(HEADER.first, 0), bytes(1, 0), bytes(1, 0)]],
  ["an index of 0 for a continuation", [bytes(HEADER.first, 0), bytes(0, 0)]],
  ["a continuation without bytes", [bytes(HEADER.first, 0), bytes(1)]],
  ["65 fragments", Array.from({ length: 65 }, (_, index) => bytes((index === 0 ? HEADER.first : 0) | (index & 63), 0))],
  ["257 bytes in two fragments", [bytes(HEADER.first, ...new Array(200)), bytes(1, ...new Array(57))]],
];

/** One thing that a central sees. `bytes` of an indication; `afterMs` since the last mark. */
export interface Seen {
  readonly what: "connected" | "indication" | "written" | "ended";
  readonly bytes: number;
  readonly afterMs: number;
}

export class RawCentral {
  readonly indications: Uint8Array[] = [];
  readonly #world: World;
  readonly #link: CentralLink;
  #seen: Seen[] = [];
  #markMs: number;
  #connectionId = 0;

  /** Connects, and waits until the link is up. */
  constructor(world: World, mtu = 247) {
    this.#world = world;
    this.#markMs = world.clock.nowMs;
    world.air.tap = ({ connectionId }) => {
      this.#connectionId = connectionId;
      return PASS;
    };
    this.#link = world.air.transport({ address: PUMP_ADDRESS, mtu }).connect({
      onConnected: () => this.#note("connected"),
      onDisconnected: () => this.#note("ended"),
      onIndication: (value) => {
        this.indications.push(value);
        this.#note("indication", value.length);
      },
      onWritten: () => this.#note("written"),
    });
    assert.ok(
      world.clock.runUntil(() => this.#seen.length > 0, OPEN_WITHIN_MS),
      "no connection",
    );
    world.air.tap = undefined;
    this.mark();
  }

  /** What was seen since the last mark, or since the link came up. */
  get seen(): readonly Seen[] {
    return this.#seen;
  }

  get ended(): boolean {
    return this.#seen.at(-1)?.what === "ended";
  }

  mark(): void {
    this.#seen = [];
    this.#markMs = this.#world.clock.nowMs;
  }

  /** Subscribes and waits for m1, which it returns without the header of its fragment. */
  challenged(): Uint8Array {
    this.#link.subscribe();
    assert.ok(
      this.#world.clock.runUntil(() => this.indications.length > 0, END_MS),
      "no m1",
    );
    return this.indications[0]?.subarray(1) ?? new Uint8Array(0);
  }

  /** Writes one value as a client's ATT does, or, where it is too long for that, by prepared writes. */
  write(value: Uint8Array): void {
    if (value.length <= this.#link.maximumWrite) this.#link.write(value);
    else this.inject(value);
  }

  /** Puts a value on the air without waiting for the answers to those before it. */
  inject(value: Uint8Array): void {
    this.#world.air.inject(this.#connectionId, { direction: "toPeripheral", kind: "write", value });
  }

  /** Writes the client characteristic configuration: 2 for indications, 0 for none, or any other bytes. */
  configure(...value: readonly number[]): void {
    const configuration = Uint8Array.from(value);
    this.#world.air.inject(this.#connectionId, { direction: "toPeripheral", kind: "subscribe", value: configuration });
  }

  /** Waits for the end of the connection, and says how long after the last mark it came. */
  untilEnded(limitMs = END_MS): number {
    assert.ok(
      this.#world.clock.runUntil(() => this.ended, limitMs),
      `the connection lasts over ${limitMs} ms`,
    );
    return this.#world.clock.nowMs - this.#markMs;
  }

  leave(): void {
    this.#link.disconnect();
    this.#world.clock.advance(100);
  }

  #note(what: Seen["what"], bytes = 0): void {
    this.#seen.push({ what, bytes, afterMs: this.#world.clock.nowMs - this.#markMs });
  }
}

/** A pump in Run whose temporary rate is zero, so that nothing is due. */
export function restingScene(seed: number): Scene {
  const scene = quietScene({ seed, rig: rigWith({ basalMicrounitsPerHour: 10_000 }) });
  inSession(scene.peer, (peer) => assert.equal(peer.order(tbrOf(0, 1_440)), CODE.success));
  return scene;
}

/**
 * Lets `visit` do its worst to a resting pump, and asserts what none of it may change: half-steps and storage are those
 * of a twin that was left alone for as long, nothing crashed, and the bonded controller gets in and delivers.
 */
export function visited(seed: number, visit: (scene: Scene) => void): void {
  const scene = restingScene(seed);
  const { world } = scene;
  const fromMs = world.clock.nowMs;
  visit(scene);
  world.air.tap = undefined;
  const twin = restingScene(seed).world;
  twin.clock.advance(world.clock.nowMs - fromMs);
  assert.deepEqual(world.hardware.operationCounts, twin.hardware.operationCounts, `seed ${seed}`);
  assertServes(scene);
}

/** The bonded controller gets in within 20 s, and a bolus of it reaches the plant. */
export function assertServes({ world, peer }: Scene): void {
  const { plant } = world.hardware;
  const beforeMicrounits = plant.displacedMicrounits;
  assert.ok(peer.open(OPEN_WITHIN_MS), "the bonded controller does not get in");
  assert.equal(peer.order(bolusOf(BOLUS_MICROUNITS)), CODE.success);
  world.clock.advance(3_000);
  const displacedMicrounits = plant.displacedMicrounits - beforeMicrounits;
  assert.ok(Math.abs(displacedMicrounits - BOLUS_MICROUNITS) < HALF_STEP_MICROUNITS, `${displacedMicrounits} µU moved`);
  peer.close();
  assertSound(world);
}
