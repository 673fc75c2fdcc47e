/**
 * Whether the controller is connected, and to which pump: one opening at a time, the queue of its session, and the
 * events that nobody asked for.
 */

import { wipe } from "./bytes.js";
import type { EndReason } from "./ends.js";
import { CHANNEL } from "./ids.js";
import { decodeStatusChanged } from "./idsAnswers.js";
import { Opening, type OpeningContext, type OpeningListener, ProvisionalExpiry } from "./opening.js";
import type { Bond, Shown } from "./pairing.js";
import { STALE_MS } from "./records.js";
import { type Operation, Requests } from "./requests.js";

/** The pump that a session is with. */
export interface OpenSession {
  readonly pumpId: Uint8Array;
  /** 01 operate, 02 observe: an observer's session lasts 60 s and may read only. */
  readonly role: number;
}

/** What happens without being asked for. */
export type ControllerEvent =
  | { readonly kind: "opened"; readonly session: OpenSession }
  /** The session is over. `state` is `closing` until the connection is down. */
  | { readonly kind: "closed"; readonly reason: EndReason }
  /** The pump latched a Status Changed flag. `stale`: the message is over 10 s late. */
  | { readonly kind: "statusChanged"; readonly flags: number; readonly stale: boolean }
  /** The store refused a write; what it held before stands. */
  | { readonly kind: "storeFailed"; readonly error: unknown };

/** Where a controller stands. */
export type ControllerState =
  | { readonly kind: "closed" }
  | { readonly kind: "opening" }
  | ({ readonly kind: "open" } & OpenSession)
  | { readonly kind: "closing" };

type Phase =
  | { readonly kind: "closed" }
  | { readonly kind: "opening"; readonly opening: Opening }
  | { readonly kind: "open"; readonly opening: Opening; readonly bond: Bond; readonly requests: Requests }
  | { readonly kind: "closing" }
  /** What is to start once the connection that is closing is down. */
  | { readonly kind: "waiting"; readonly listener: ConnectListener; readonly shown: Shown | undefined };

/** Hears how an opening ends: once, one of the two. */
export interface ConnectListener {
  opened(session: OpenSession): void;
  /** `bondMade`: the pairing's m2 has gone out. */
  failed(reason: EndReason, bondMade: boolean): void;
}

/** closed -> opening -> open -> closing -> closed, or from opening straight back; waiting -> opening after closing. */
export class Connection {
  readonly #context: OpeningContext;
  readonly #expiry: ProvisionalExpiry;
  readonly #onEvent: (event: ControllerEvent) => void;
  #phase: Phase = { kind: "closed" };

  constructor(context: OpeningContext, onEvent: (event: ControllerEvent) => void) {
    this.#context = context;
    this.#expiry = new ProvisionalExpiry(context);
    this.#onEvent = onEvent;
  }

  get state(): ControllerState {
    const phase = this.#phase;
    if (phase.kind === "waiting") return { kind: "opening" };
    if (phase.kind !== "open") return { kind: phase.kind };
    return { kind: "open", pumpId: phase.bond.pumpId, role: phase.bond.role };
  }

  /** The bond of the open session. */
  get bond(): Bond | undefined {
    return this.#phase.kind === "open" ? this.#phase.bond : undefined;
  }

  /** Whether a request waits that is to overtake a countersigned command. */
  get urgentWaiting(): boolean {
    return this.#phase.kind === "open" && this.#phase.requests.urgentWaiting;
  }

  /** Pairs (with `shown`) or opens, once a connection that is closing is down. Only in `state` closed or closing. */
  start(listener: ConnectListener, shown?: Shown): void {
    if (this.#phase.kind === "closing") {
      this.#phase = { kind: "waiting", listener, shown };
      return;
    }
    const { bonds, provisional } = this.#context.keeper.contents;
    if (shown === undefined && bonds.length + provisional.length === 0) {
      listener.failed("noBond", false);
      return;
    }
    const openingListener: OpeningListener = {
      opened: (session, bond) => {
        const requests = new Requests(session, this.#context.clock);
        this.#phase = { kind: "open", opening, bond, requests };
        const value = { pumpId: bond.pumpId, role: bond.role };
        this.#onEvent({ kind: "opened", session: value });
        listener.opened(value);
      },
      message: (channel, value, lateMs) => this.#onMessage(channel, value, lateMs),
      ended: (reason) => {
        const phase = this.#phase;
        this.#phase = { kind: "closing" };
        if (phase.kind === "open") phase.requests.end();
        this.#onEvent({ kind: "closed", reason });
      },
      down: () => {
        const phase = this.#phase;
        this.#phase = { kind: "closed" };
        if (phase.kind === "waiting") this.start(phase.listener, phase.shown);
      },
      failed: (reason, bondMade) => {
        this.#phase = { kind: "closed" };
        listener.failed(reason, bondMade);
      },
    };
    const opening = new Opening(this.#context, this.#expiry, openingListener, shown);
    this.#phase = { kind: "opening", opening };
    opening.start();
  }

  /** Closes the session or gives up the opening. */
  close(): void {
    const phase = this.#phase;
    if (phase.kind === "opening" || phase.kind === "open") phase.opening.close();
    if (phase.kind !== "waiting") return;
    this.#phase = { kind: "closing" };
    if (phase.shown !== undefined) wipe(phase.shown.secret);
    phase.listener.failed("closed", false);
  }

  /** Queues an operation, or says why it was not. */
  queue(operation: Operation, urgent: boolean): "queued" | "noSession" | "queueFull" {
    if (this.#phase.kind !== "open") return "noSession";
    return this.#phase.requests.add(operation, urgent) ? "queued" : "queueFull";
  }

  #onMessage(channel: number, value: Uint8Array, lateMs: number): void {
    if (this.#phase.kind !== "open") return;
    const { requests } = this.#phase;
    const flags = channel === CHANNEL.statusChanged ? decodeStatusChanged(value) : undefined;
    // The pump also sends these unasked; one that comes while a read of them waits serves as its answer.
    if (flags !== undefined && requests.awaitedOn !== channel)
      this.#onEvent({ kind: "statusChanged", flags, stale: lateMs > STALE_MS });
    else requests.incoming({ channel, value, lateMs });
  }
}
