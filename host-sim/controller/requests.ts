/**
 * Requests over one open session, one at a time: each is an operation of one or more exchanges (send, await the
 * answer). Stop and Cancel Bolus overtake what waits. An answer that does not fit ends the session.
 */

import type { Clock, Timer } from "./clock.js";
import type { EndReason } from "./ends.js";
import { CHANNEL_TICK, STALE_MS } from "./records.js";

/** Most requests waiting behind the one under way: more means that the caller does not wait for answers. */
const MOST_WAITING_REQUESTS = 16;
/** Longest time for an answer; the protocol gives none. The same as for silence, which ends a session too. */
const ANSWER_TIMEOUT_MS = 15_000;
const NOTHING = new Uint8Array(0);

/**
 * Why a request was not sent or, for a countersigned command, why no Commit was. Nothing has changed at the pump.
 * - `noSession`: no session was open when its turn came
 * - `queueFull`: 16 requests wait already
 * - `linkEnded`: the session ended before the Commit
 * - `challengeLate`: the challenge came over 10 s late
 * - `approvalLate`: nobody said yes or no to the reading while the challenge lived
 * - `overtaken`: a Stop or a Cancel Bolus was asked for meanwhile
 * - `storeFailed`: the store did not take the pending command
 * - `otherPump`: the pending command belongs to another pump than the one connected
 * - `nothingPending`: there is nothing to resolve
 */
export type NotSentReason =
  | "noSession"
  | "queueFull"
  | "linkEnded"
  | "challengeLate"
  | "approvalLate"
  | "overtaken"
  | "storeFailed"
  | "otherPump"
  | "nothingPending";

/** How a request ended. */
export type Result<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** The pump answered, but what it says about its state is `lateMs` old: do not show it as current. */
  | { readonly kind: "stale"; readonly value: T; readonly lateMs: number }
  /** The pump refused, with a response code (names: CODE_NAMES). */
  | { readonly kind: "refused"; readonly code: number }
  /** The session ended before the answer: the request may or may not have taken effect. */
  | { readonly kind: "lost" }
  | { readonly kind: "notSent"; readonly reason: NotSentReason };

/** A message from the pump. */
export interface Incoming {
  readonly channel: number;
  readonly value: Uint8Array;
  readonly lateMs: number;
}

/** A message to the pump. */
export interface Outgoing {
  readonly channel: number;
  readonly value: Uint8Array;
}

/** What follows an answer: another exchange, a pause, or the end, which is reported to the caller by `report`. */
export type Step =
  | { readonly kind: "next"; readonly exchange: Exchange }
  /**
   * The answer is one of several: more of the same exchange follow. `acknowledge`: it is one that the pump waits to have
   * acknowledged. `enough`: the operation wants no more of them.
   */
  | { readonly kind: "more"; readonly acknowledge: boolean; readonly enough: boolean }
  /** Until `resume` is called, which `begin` may do at once: nothing goes out and no answer is due. */
  | { readonly kind: "pause"; begin(resume: (step: Step) => void): void }
  | { readonly kind: "done"; readonly report: () => void };

/** One message out and the answer in. */
export interface Exchange {
  readonly channel: number;
  readonly value: Uint8Array;
  /** Takes the answer; undefined when that is none to this. */
  accept(answer: Incoming): Step | undefined;
}

/** A request, from its turn to its end. */
export interface Operation {
  /** Its turn has come. */
  begin(): Step;
  /** The session has ended; `begun` tells whether its turn had come. */
  ended(begun: boolean): void;
  /** A Stop or a Cancel Bolus has come in a pause: resume, so that it need not wait. */
  overtaken?(): void;
  /**
   * Something else waits while answers of one exchange go on and on: what to send so that they end, which is an answer
   * too; undefined when that has been sent.
   */
  giveWay?(): Outgoing | undefined;
}

/** Where exchanges go. */
interface RequestLink {
  send(channel: number, value: Uint8Array): void;
  close(reason: EndReason): void;
}

/** The operation whose turn it is. Without an exchange it pauses, or its turn has only just come. */
interface Active {
  readonly operation: Operation;
  exchange: Exchange | undefined;
  timer: Timer | undefined;
}

/** The queue of one session. */
export class Requests {
  readonly #link: RequestLink;
  readonly #clock: Clock;
  readonly #urgent: Operation[] = [];
  readonly #waiting: Operation[] = [];
  #active: Active | undefined;
  #over = false;

  constructor(link: RequestLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** Whether a Stop or a Cancel Bolus waits. */
  get urgentWaiting(): boolean {
    return this.#urgent.length > 0;
  }

  /** The channel on which an answer is awaited. */
  get awaitedOn(): number | undefined {
    return this.#active?.exchange?.channel;
  }

  /** Queues an operation; false when 16 wait already. */
  add(operation: Operation, urgent = false): boolean {
    if (this.#over || this.#waiting.length + this.#urgent.length >= MOST_WAITING_REQUESTS) return false;
    (urgent ? this.#urgent : this.#waiting).push(operation);
    if (urgent && this.#active !== undefined && this.#active.exchange === undefined)
      this.#active.operation.overtaken?.();
    this.#giveWay();
    this.#advance();
    return true;
  }

  /** Takes an answer. */
  incoming(message: Incoming): void {
    const active = this.#active;
    const step = active?.exchange?.accept(message);
    if (this.#over) return;
    if (active === undefined || step === undefined) {
      this.#link.close("unexpectedMessage");
      return;
    }
    this.#apply(step);
  }

  /** The session has ended: so have all requests, in their order. */
  end(): void {
    const active = this.#active;
    const waiting = [...this.#urgent, ...this.#waiting];
    this.#over = true;
    this.#active = undefined;
    this.#urgent.length = 0;
    this.#waiting.length = 0;
    active?.timer?.cancel();
    active?.operation.ended(true);
    for (const operation of waiting) operation.ended(false);
  }

  #advance(): void {
    if (this.#over || this.#active !== undefined) return;
    const operation = this.#urgent.shift() ?? this.#waiting.shift();
    if (operation === undefined) return;
    this.#active = { operation, exchange: undefined, timer: undefined };
    this.#apply(operation.begin());
  }

  #apply(step: Step): void {
    const active = this.#active;
    if (active === undefined) return;
    active.timer?.cancel();
    active.timer = undefined;
    if (step.kind !== "more") active.exchange = undefined;
    switch (step.kind) {
      case "next":
        active.exchange = step.exchange;
        this.#time(active);
        this.#link.send(step.exchange.channel, step.exchange.value);
        return;
      case "more":
        this.#time(active);
        if (step.acknowledge) this.#link.send(CHANNEL_TICK, NOTHING);
        if (step.enough || this.#urgent.length + this.#waiting.length > 0) this.#giveWay();
        return;
      case "pause":
        this.#pause(active, step.begin);
        return;
      case "done":
        this.#active = undefined;
        step.report();
        this.#advance();
        return;
      default:
        step satisfies never;
    }
  }

  #time(active: Active): void {
    active.timer = this.#clock.schedule(() => this.#link.close("answerTimeout"), ANSWER_TIMEOUT_MS);
  }

  #giveWay(): void {
    const last = this.#active?.exchange && this.#active.operation.giveWay?.();
    if (last) this.#link.send(last.channel, last.value);
  }

  #pause(active: Active, begin: (resume: (step: Step) => void) => void): void {
    let paused = true;
    begin((step) => {
      if (!paused || this.#active !== active) return;
      paused = false;
      this.#apply(step);
    });
  }
}

/** An answer's meaning. */
export type Reply<T> = { readonly kind: "ok"; readonly value: T } | { readonly kind: "refused"; readonly code: number };

/** A request of one exchange. */
export interface SimpleRequest<T> {
  readonly channel: number;
  readonly value: Uint8Array;
  /** The answer's meaning, or undefined when it is none to this request. */
  reply(answer: Incoming): Reply<T> | undefined;
  /** Whether this value speaks of a present that passes, so that it can be stale. */
  passes(value: T): boolean;
  done(result: Result<T>): void;
}

/** The operation of a request of one exchange. */
export function simpleOperation<T>(request: SimpleRequest<T>): Operation {
  const { channel, value } = request;
  const accept = (answer: Incoming): Step | undefined => {
    const reply = request.reply(answer);
    if (reply === undefined) return undefined;
    const { lateMs } = answer;
    const stale = reply.kind === "ok" && lateMs > STALE_MS && request.passes(reply.value);
    return { kind: "done", report: () => request.done(stale ? { ...reply, kind: "stale", lateMs } : reply) };
  };
  return {
    begin: () => ({ kind: "next", exchange: { channel, value, accept } }),
    ended: (begun) => request.done(begun ? { kind: "lost" } : { kind: "notSent", reason: "noSession" }),
  };
}
