/**
 * Who a scenario sends to the pump when the controller is too well-behaved: a bonded peer that says what the test tells
 * it to, and a stranger with a bare connection. Both speak by the controller's own low-level pieces.
 */

import assert from "node:assert/strict";
import type { CentralLink } from "../host-sim/air/transport.js";
import { Random } from "../host-sim/clock/random.js";
import {
  type Challenge,
  CONTROL,
  type DoseId,
  decodeControl,
  encodeCommit,
  encodeOutcome,
  encodePrepare,
  type Outcome,
} from "../host-sim/controller/control.js";
import { countersign } from "../host-sim/controller/countersignature.js";
import type { EndReason } from "../host-sim/controller/ends.js";
import { answerM1, MODE } from "../host-sim/controller/handshake.js";
import { CHANNEL, COMMAND, SUCCESS } from "../host-sim/controller/ids.js";
import { decodeResponse } from "../host-sim/controller/idsAnswers.js";
import { sessionKeys } from "../host-sim/controller/keys.js";
import type { Bond } from "../host-sim/controller/pairing.js";
import { CHANNEL_CONTROL } from "../host-sim/controller/records.js";
import { Session } from "../host-sim/controller/session.js";
import { decodeContents } from "../host-sim/controller/store.js";
import { PUMP_ADDRESS } from "../host-sim/pumpWorld.js";
import type { MemoryStore, World } from "../host-sim/world.js";

const TRANSPORT = { address: PUMP_ADDRESS, mtu: 247 };
/** Longer than the session itself would wait. */
const ANSWER_LIMIT_MS = 20_000;
const RANDOM_STREAM = 200;

export interface Message {
  readonly channel: number;
  readonly value: Uint8Array;
}

/** A bonded controller without a will of its own: no queue, no pending doses, no scruples. */
export class Peer {
  readonly bond: Bond;
  readonly controllerId: Uint8Array;
  /** All messages of the pump but ticks, of all sessions, oldest first. */
  readonly received: Message[] = [];
  /** Why and when the last session ended; undefined while one is open. */
  ended: { readonly reason: EndReason; readonly atMs: number } | undefined;
  readonly #world: World;
  readonly #random: Random;
  #session: Session | undefined;
  #down = true;

  /** Takes its bond from a controller's store: the confirmed one, or the newest provisional one if that is all. */
  constructor(world: World, store: MemoryStore, seed = 1) {
    const blob = store.read();
    assert.ok(blob, "the store is empty");
    const { controllerId, bonds, provisional } = decodeContents(blob);
    const bond = bonds[0] ?? provisional.at(-1);
    assert.ok(bond, "the store has no bond");
    this.bond = bond;
    this.controllerId = controllerId;
    this.#world = world;
    this.#random = new Random(seed, RANDOM_STREAM);
  }

  /** Opens a session within `limitMs`, trying again as a controller would; says whether it did. */
  open(limitMs = 20_000, mode: number = MODE.confirmed): boolean {
    const { clock } = this.#world;
    const endMs = clock.nowMs + limitMs;
    while (clock.nowMs < endMs) {
      if (this.#connect(mode, endMs - clock.nowMs)) return true;
      clock.advance(Math.min(500, Math.max(0, endMs - clock.nowMs)));
    }
    return false;
  }

  /** Makes one connection and one handshake. */
  #connect(mode: number, limitMs: number): boolean {
    const { clock, air } = this.#world;
    let opened = false;
    this.ended = undefined;
    this.#down = false;
    const session = new Session(air.transport(TRANSPORT), clock, {
      answer: ({ raw }) => {
        const { controllerId, bond } = this;
        const nonceC = this.#random.bytes(16);
        const { m2, m3 } = answerM1(raw, { mode, controllerId, nonceC, role: bond.role, keys: bond });
        const keys = sessionKeys(bond.kSes, raw, m2, m3);
        return { m2, m3, role: bond.role, keys, authenticated: () => {} };
      },
      opened: () => {
        opened = true;
      },
      message: (channel, value) => this.received.push({ channel, value }),
      ended: (reason) => {
        this.ended = { reason, atMs: clock.nowMs };
      },
      down: () => {
        this.#down = true;
      },
    });
    this.#session = session;
    session.start();
    clock.runUntil(() => opened || this.#down, limitMs);
    if (!opened) this.close();
    return opened;
  }

  /** Disconnects, and waits for the link to be down. */
  close(): void {
    this.#session?.close("closed");
    this.#world.clock.runUntil(() => this.#down, 2_000);
  }

  /** Sends a record when its turn comes, and does not wait. */
  send(channel: number, value: Uint8Array): void {
    this.#session?.send(channel, value);
  }

  /** Sends a record and waits for the answer: the next message that is not Status Changed, unless that was read. */
  ask(channel: number, value: Uint8Array = new Uint8Array(0), limitMs = ANSWER_LIMIT_MS): Message | undefined {
    const from = this.received.length;
    this.send(channel, value);
    const answer = () =>
      this.received
        .slice(from)
        .find((message) => message.channel !== CHANNEL.statusChanged || channel === CHANNEL.statusChanged);
    this.#world.clock.runUntil(() => answer() !== undefined || this.ended !== undefined, limitMs);
    return answer();
  }

  /** Prepare: the challenge, or the code of the refusal. */
  prepare(command: Uint8Array, lifeSeconds = 30, channel: number = CHANNEL.command): Challenge | number {
    const answer = this.ask(CHANNEL_CONTROL, encodePrepare(lifeSeconds, channel, command));
    const message = answer && decodeControl(answer.value);
    if (message?.kind === "refused" && message.request === CONTROL.prepare) return message.code;
    assert.equal(message?.kind, "challenge", "Prepare was not answered");
    assert.ok(message?.kind === "challenge");
    return message.challenge;
  }

  /** Prepare that must give a challenge. */
  challenge(command: Uint8Array, lifeSeconds = 30): Challenge {
    const prepared = this.prepare(command, lifeSeconds);
    assert.ok(typeof prepared !== "number", `Prepare was refused with ${Number(prepared).toString(16)}`);
    return prepared;
  }

  /** The Commit that belongs to a challenge, as a control message. */
  commitMessage(
    command: Uint8Array,
    { doseId, challenge, reading }: Challenge,
    channel: number = CHANNEL.command,
  ): Uint8Array {
    const { bond, controllerId } = this;
    const signed = { pumpId: bond.pumpId, controllerId, doseId, challenge, channel, command, reading };
    return encodeCommit(doseId, countersign(bond.kDose, signed));
  }

  /** Commit: Success, or the code of the refusal. */
  commit(command: Uint8Array, challenge: Challenge, limitMs = ANSWER_LIMIT_MS): number {
    return codeOf(this.ask(CHANNEL_CONTROL, this.commitMessage(command, challenge), limitMs));
  }

  /** A countersigned command from Prepare to answer: Success, or the code of the refusal. */
  order(command: Uint8Array, lifeSeconds = 30): number {
    const prepared = this.prepare(command, lifeSeconds);
    return typeof prepared === "number" ? prepared : this.commit(command, prepared);
  }

  /** A command sent on channel 25 as it is: the code of the answer. */
  tell(command: Uint8Array, limitMs = ANSWER_LIMIT_MS): number {
    return codeOf(this.ask(CHANNEL.command, command, limitMs));
  }

  /** Outcome of a dose, or the code of the refusal. */
  outcome(doseId: DoseId): Outcome | number {
    const answer = this.ask(CHANNEL_CONTROL, encodeOutcome(doseId));
    const message = answer && decodeControl(answer.value);
    if (message?.kind === "refused") return message.code;
    assert.ok(message?.kind === "outcomeIs", "Outcome was not answered");
    return message.outcome;
  }
}

/** Response code of an answer to a command: Refused, a general response, or a response of its own, which is Success. */
export function codeOf(answer: Message | undefined): number {
  assert.ok(answer, "no answer came");
  const { channel, value } = answer;
  const control = channel === CHANNEL_CONTROL ? decodeControl(value) : undefined;
  if (control?.kind === "refused") return control.code;
  return decodeResponse(value, COMMAND.response)?.code ?? SUCCESS;
}

/** A central without a bond: what it received, and when its link came up and ended. */
export class Stranger {
  readonly indications: Uint8Array[] = [];
  connectedMs: number | undefined;
  endedMs: number | undefined;
  readonly #link: CentralLink;

  /** Begins to connect; subscribes once connected unless told not to. */
  constructor(world: World, options: { readonly subscribe?: boolean } = {}) {
    const { clock } = world;
    const link: CentralLink = world.air.transport(TRANSPORT).connect({
      onConnected: () => {
        this.connectedMs = clock.nowMs;
        if (options.subscribe ?? true) link.subscribe();
      },
      onDisconnected: () => {
        this.endedMs = clock.nowMs;
      },
      onIndication: (value) => this.indications.push(value),
      onWritten: () => {},
    });
    this.#link = link;
  }

  /** m1 as received, without its fragment header; undefined while there is none. */
  get m1(): Uint8Array | undefined {
    return this.indications[0]?.subarray(1);
  }

  /** Writes one message of up to 243 bytes, in one fragment. Only once connected. */
  write(message: Uint8Array): void {
    this.#link.write(Uint8Array.of(0xc0, ...message));
  }

  leave(): void {
    this.#link.disconnect();
  }
}
