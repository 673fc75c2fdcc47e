/**
 * One connection to a pump as a state machine: handshake, then sealed records. It answers ticks, times silence and
 * wipes its keys at the end. What to answer m1 with, and what messages mean, its listener decides. PROTOCOL.md
 * sections 1.3, 3 and 5.
 *
 *     idle -> connecting -> awaitM1 -> awaitM3 -> awaitHello -> open
 *     any of them -> closing (this side disconnects) -> down
 *     any of them -> down (the pump or the radio disconnects)
 */

import type { Transport } from "../air/transport.js";
import { equalBytes, wipe } from "./bytes.js";
import type { Clock, Timer } from "./clock.js";
import { decodeControl } from "./control.js";
import type { EndReason } from "./ends.js";
import { type PumpHello, parseM1 } from "./handshake.js";
import type { SessionKeys } from "./keys.js";
import { MessageLink } from "./messageLink.js";
import { CHANNEL_CONTROL, CHANNEL_TICK, Lateness, RecordKey } from "./records.js";

/** Longest wait for the connection. The protocol gives none; 30 s is what Bluetooth stacks commonly allow. */
const CONNECT_TIMEOUT_MS = 30_000;
/** The pump gives the handshake 5 s (PROTOCOL.md section 3); one more for m3 on its way. */
const HANDSHAKE_TIMEOUT_MS = 6_000;
/** Longest time without a record (PROTOCOL.md section 5). */
const SILENCE_MS = 15_000;

/** The answer to an m1. */
export interface Handshake {
  readonly m2: Uint8Array;
  /** The m3 that proves the pump. */
  readonly m3: Uint8Array;
  /** The bond's role, which Hello must repeat. */
  readonly role: number;
  /** The session's keys, taken over; undefined in mode 02, which opens no session. */
  readonly keys: SessionKeys | undefined;
  /** Called once m3 has proved right, before anything else follows from it. */
  authenticated(): void;
}

/** Decides for a session and hears from it. */
export interface SessionListener {
  /** Answers m1, or says why the connection ends. What must be durable before m2 is made so in here. */
  answer(m1: PumpHello): Handshake | EndReason;
  /** Record 0 has been opened: requests may go. */
  opened(): void;
  /** A record other than a tick. `lateMs`: how much later it came than the promptest record of the session. */
  message(channel: number, value: Uint8Array, lateMs: number): void;
  /** The session is over, its keys are wiped, and nothing but `down` follows. */
  ended(reason: EndReason): void;
  /** The connection is down, so that the next one may be made. Nothing follows. */
  down(): void;
}

interface Records {
  readonly outgoing: RecordKey;
  readonly incoming: RecordKey;
  readonly lateness: Lateness;
  /** The newest time of the pump that was opened; undefined before record 0. */
  echoMs: number | undefined;
}

type State =
  | { readonly kind: "idle" | "connecting" | "awaitM1" | "closing" | "down" }
  | { readonly kind: "awaitM3"; readonly handshake: Handshake }
  | { readonly kind: "awaitHello"; readonly records: Records; readonly role: number }
  | { readonly kind: "open"; readonly records: Records };

/** One connection. Make one, {@link start} it, and make another for the next. */
export class Session {
  readonly #clock: Clock;
  readonly #listener: SessionListener;
  readonly #link: MessageLink;
  #state: State = { kind: "idle" };
  #timer: Timer | undefined;

  constructor(transport: Transport, clock: Clock, listener: SessionListener) {
    this.#clock = clock;
    this.#listener = listener;
    this.#link = new MessageLink(transport, {
      connected: () => this.#onConnected(),
      message: (message) => this.#onMessage(message),
      violation: () => this.close("fragment"),
      down: () => this.#onDown(),
    });
  }

  /** Connects. */
  start(): void {
    this.#state = { kind: "connecting" };
    this.#arm(CONNECT_TIMEOUT_MS, "connectTimeout");
    this.#link.connect();
  }

  /** Seals and sends a value when its turn comes. Ends the session when four messages wait already. */
  send(channel: number, value: Uint8Array): void {
    const state = this.#state;
    if (state.kind !== "open") return;
    const { records } = state;
    if (!this.#link.send(() => records.outgoing.seal({ timeMs: records.echoMs ?? 0, channel, value })))
      this.close("queueFull");
  }

  /** Ends the session: wipes the keys, disconnects and reports `ended` before it returns; `down` follows. */
  close(reason: EndReason): void {
    if (this.#state.kind === "closing" || this.#state.kind === "down") return;
    this.#end("closing");
    this.#link.close();
    this.#listener.ended(reason);
  }

  #onConnected(): void {
    if (this.#state.kind !== "connecting") return;
    this.#state = { kind: "awaitM1" };
    this.#arm(HANDSHAKE_TIMEOUT_MS, "handshakeTimeout");
  }

  #onDown(): void {
    const before = this.#state.kind;
    this.#end("down");
    if (before !== "closing") this.#listener.ended(before === "connecting" ? "notConnected" : "pumpDisconnected");
    this.#listener.down();
  }

  #onMessage(message: Uint8Array): void {
    const state = this.#state;
    switch (state.kind) {
      case "awaitM1":
        this.#onM1(message);
        return;
      case "awaitM3":
        this.#onM3(message, state.handshake);
        return;
      case "awaitHello":
      case "open":
        this.#onRecord(message, state.records);
        return;
      case "idle":
      case "connecting":
      case "closing":
      case "down":
        return;
    }
  }

  #onM1(message: Uint8Array): void {
    const parsed = parseM1(message);
    if (parsed.kind === "refused") {
      this.close(parsed.why);
      return;
    }
    const handshake = this.#listener.answer(parsed.m1);
    if (typeof handshake === "string") {
      this.close(handshake);
      return;
    }
    this.#state = { kind: "awaitM3", handshake };
    this.#link.send(() => handshake.m2);
  }

  #onM3(message: Uint8Array, handshake: Handshake): void {
    if (!equalBytes(message, handshake.m3)) {
      this.close("m3Wrong");
      return;
    }
    const { keys, role } = handshake;
    if (keys === undefined) {
      handshake.authenticated();
      this.close("paired");
      return;
    }
    const outgoing = new RecordKey(keys.controllerToPump);
    const incoming = new RecordKey(keys.pumpToController);
    const records = { outgoing, incoming, lateness: new Lateness(), echoMs: undefined };
    this.#state = { kind: "awaitHello", records, role };
    this.#arm(SILENCE_MS, "silence");
    handshake.authenticated();
  }

  #onRecord(message: Uint8Array, records: Records): void {
    const opened = records.incoming.open(message);
    if (opened === undefined) {
      this.close("recordNotOpened");
      return;
    }
    const { timeMs, channel, value } = opened;
    records.echoMs = timeMs;
    const lateMs = records.lateness.measureMs(this.#clock.nowMs, timeMs);
    this.#arm(SILENCE_MS, "silence");
    if (this.#state.kind === "awaitHello") {
      this.#onHello(channel, value, this.#state.role, records);
      return;
    }
    if (channel !== CHANNEL_TICK) {
      this.#listener.message(channel, value, lateMs);
      return;
    }
    if (value.length !== 0) {
      this.close("unexpectedMessage");
      return;
    }
    this.send(CHANNEL_TICK, value);
  }

  #onHello(channel: number, value: Uint8Array, role: number, records: Records): void {
    const hello = channel === CHANNEL_CONTROL ? decodeControl(value) : undefined;
    if (hello?.kind !== "hello" || hello.role !== role) {
      this.close("unexpectedMessage");
      return;
    }
    this.#state = { kind: "open", records };
    this.#listener.opened();
  }

  #arm(delayMs: number, reason: EndReason): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.schedule(() => this.close(reason), delayMs);
  }

  #end(kind: "closing" | "down"): void {
    const state = this.#state;
    this.#timer?.cancel();
    if (state.kind === "awaitHello" || state.kind === "open") {
      state.records.outgoing.wipe();
      state.records.incoming.wipe();
    }
    if (state.kind === "awaitM3" && state.handshake.keys !== undefined)
      wipe(state.handshake.keys.controllerToPump, state.handshake.keys.pumpToController);
    this.#state = { kind };
  }
}
