/**
 * A countersigned command from order to answer: Prepare, Challenge, judge the reading, store the pending command,
 * Commit, the command's own response. PROTOCOL.md section 7.
 */

import { equalBytes } from "./bytes.js";
import type { Clock, Timer } from "./clock.js";
import { type Challenge, CONTROL, type DoseId, decodeControl, encodeCommit, encodePrepare } from "./control.js";
import { countersign } from "./countersignature.js";
import type { PendingCommands } from "./doses.js";
import { COMMAND, SUCCESS } from "./ids.js";
import { decodeBolusId, decodeResponse } from "./idsAnswers.js";
import type { Bond } from "./pairing.js";
import { channelOf, type Meaning, meaningOf, type Order, type RateReading } from "./readings.js";
import { CHANNEL_CONTROL, STALE_MS } from "./records.js";
import type { Exchange, Incoming, NotSentReason, Operation, Step } from "./requests.js";
import type { Written } from "./store.js";

/** The longest life that a pump grants a challenge, in s (PROTOCOL.md section 7). */
const LONGEST_LIFE_SECONDS = 30;

/** How a countersigned command ended. */
export type CommandResult<T> =
  /** The pump has accepted it. `value.doseId` names it for Outcome. */
  | { readonly kind: "ok"; readonly value: T }
  /** Refused with a response code at Prepare (no doseId) or at Commit; nothing has moved and nothing will. */
  | { readonly kind: "refused"; readonly code: number; readonly doseId: DoseId | undefined }
  /** The pump's reading is not what was ordered, or was not approved: not signed. Nothing has moved. */
  | { readonly kind: "notSigned"; readonly reading: Uint8Array }
  /** An earlier command is pending: resolve it first. Nothing was sent. */
  | { readonly kind: "blocked"; readonly doseId: DoseId }
  /** The session ended after Commit: whether the pump took it, resolve will tell. Never just order it again. */
  | { readonly kind: "lost"; readonly doseId: DoseId }
  /** No Commit was sent; nothing has moved. */
  | { readonly kind: "notSent"; readonly reason: NotSentReason };

/** What every accepted command is known by. */
export interface Accepted {
  readonly doseId: DoseId;
}

/** An accepted bolus. */
export interface AcceptedBolus extends Accepted {
  /** The pump's ID of the bolus, for Cancel Bolus and Get Active Bolus Delivery. */
  readonly bolusId: number;
}

/** An order that is about to be sent for good. */
export interface CommittedOrder {
  /** The pump that issued the ID. */
  readonly pumpId: Uint8Array;
  /** Names the order for Outcome. */
  readonly doseId: DoseId;
  readonly meaning: Meaning;
}

/** Reads a command's own response; undefined when it is none. */
export type AcceptedReader<T> = (answer: Uint8Array, doseId: DoseId) => T | undefined;

/** What a countersigned command works with. */
export interface CommandContext {
  readonly clock: Clock;
  readonly bond: Bond;
  readonly controllerId: Uint8Array;
  /** Life asked for the challenge, in s, 1 to 255. */
  readonly lifeSeconds: number;
  readonly pending: PendingCommands;
  /** Whether a one-step command that ends the challenge waits. */
  overtaken(): boolean;
  /** Tells the application of the order. Only when this is `ok` may its Commit be sent. */
  announce(order: CommittedOrder): Written;
  /** The store refused a write. */
  storeFailed(error: unknown): void;
}

type Phase =
  | { readonly kind: "waiting" | "preparing" | "over" }
  | { readonly kind: "asking"; readonly resume: (step: Step) => void; readonly timer: Timer }
  | { readonly kind: "committed"; readonly doseId: DoseId };

/** One countersigned command in the queue. `T` is what its own response gives. */
export class CountersignedCommand<T extends Accepted> implements Operation {
  readonly #context: CommandContext;
  readonly #order: Order;
  readonly #command: Uint8Array;
  readonly #accepted: AcceptedReader<T>;
  readonly #done: (result: CommandResult<T>) => void;
  #phase: Phase = { kind: "waiting" };

  /** `command`: the bytes of `order`. */
  constructor(
    context: CommandContext,
    order: Order,
    command: Uint8Array,
    accepted: AcceptedReader<T>,
    done: (result: CommandResult<T>) => void,
  ) {
    this.#context = context;
    this.#order = order;
    this.#command = command;
    this.#accepted = accepted;
    this.#done = done;
  }

  begin(): Step {
    const doseId = this.#context.pending.blocking(this.#isDose);
    if (doseId !== undefined) return this.#finish({ kind: "blocked", doseId });
    this.#phase = { kind: "preparing" };
    const value = encodePrepare(this.#context.lifeSeconds, channelOf(this.#order), this.#command);
    return exchange(CHANNEL_CONTROL, value, (answer) => this.#onPrepared(answer));
  }

  ended(): void {
    const phase = this.#phase;
    this.#leave();
    if (phase.kind === "committed") this.#done({ kind: "lost", doseId: phase.doseId });
    else this.#done({ kind: "notSent", reason: phase.kind === "waiting" ? "noSession" : "linkEnded" });
  }

  overtaken(): void {
    if (this.#phase.kind === "asking") this.#phase.resume(this.#finish({ kind: "notSent", reason: "overtaken" }));
  }

  get #isDose(): boolean {
    const { command } = this.#order;
    return command === "setBolus" || command === "startPriming";
  }

  #onPrepared({ channel, value, lateMs }: Incoming): Step | undefined {
    const message = channel === CHANNEL_CONTROL ? decodeControl(value) : undefined;
    if (message?.kind === "refused" && message.request === CONTROL.prepare)
      return this.#finish({ kind: "refused", code: message.code, doseId: undefined });
    if (message?.kind !== "challenge") return undefined;
    const { challenge } = message;
    if (challenge.lifeSeconds !== Math.min(this.#context.lifeSeconds, LONGEST_LIFE_SECONDS)) return undefined;
    if (lateMs > STALE_MS) return this.#finish({ kind: "notSent", reason: "challengeLate" });
    if (this.#context.overtaken()) return this.#finish({ kind: "notSent", reason: "overtaken" });
    const meaning = meaningOf(this.#order, challenge.reading);
    if (meaning === undefined) return this.#finish({ kind: "notSigned", reading: challenge.reading });
    if (!("rateMicrounitsPerHour" in meaning) || meaning.command === "setTbr") return this.#commit(challenge, meaning);
    return { kind: "pause", begin: (resume) => this.#ask(challenge, meaning, resume) };
  }

  /** Has the reading approved. Whoever is asked may end the session, or ask for a Stop, before it answers. */
  #ask(challenge: Challenge, meaning: RateReading, resume: (step: Step) => void): void {
    const order = this.#order;
    if (!("approve" in order)) return;
    const late = () => resume(this.#finish({ kind: "notSent", reason: "approvalLate" }));
    const timer = this.#context.clock.schedule(late, challenge.lifeSeconds * 1_000);
    this.#phase = { kind: "asking", resume, timer };
    const answer = (approved: boolean) => {
      if (this.#phase.kind !== "asking") return;
      const { reading } = challenge;
      resume(approved ? this.#commit(challenge, meaning) : this.#finish({ kind: "notSigned", reading }));
    };
    const atOnce = order.approve(meaning, answer);
    if (atOnce !== undefined) answer(atOnce);
  }

  #commit({ doseId, challenge, reading }: Challenge, meaning: Meaning): Step {
    const { bond, controllerId, pending } = this.#context;
    const { pumpId } = bond;
    const announced = this.#context.announce({ pumpId, doseId, meaning });
    const written = announced.kind === "ok" ? pending.store({ pumpId, doseId, isDose: this.#isDose }) : announced;
    if (written.kind === "failed") {
      this.#context.storeFailed(written.error);
      return this.#finish({ kind: "notSent", reason: "storeFailed" });
    }
    this.#leave();
    this.#phase = { kind: "committed", doseId };
    const command = this.#command;
    const channel = channelOf(this.#order);
    const tag = countersign(bond.kDose, { pumpId, controllerId, doseId, challenge, channel, command, reading });
    return exchange(CHANNEL_CONTROL, encodeCommit(doseId, tag), (answer) => this.#onCommitted(answer, doseId));
  }

  #onCommitted({ channel, value }: Incoming, doseId: DoseId): Step | undefined {
    const message = channel === CHANNEL_CONTROL ? decodeControl(value) : undefined;
    if (message?.kind === "refused") {
      if (message.request !== CONTROL.commit) return undefined;
      this.#settle(doseId);
      return this.#finish({ kind: "refused", code: message.code, doseId });
    }
    const accepted = channel === channelOf(this.#order) ? this.#accepted(value, doseId) : undefined;
    if (accepted === undefined) return undefined;
    if (this.#isDose) this.#context.pending.accepted(this.#context.bond.pumpId, doseId);
    else this.#settle(doseId);
    return this.#finish({ kind: "ok", value: accepted });
  }

  #settle(doseId: DoseId): void {
    const written = this.#context.pending.settled(this.#context.bond.pumpId, doseId);
    if (written.kind === "failed") this.#context.storeFailed(written.error);
  }

  #finish(result: CommandResult<T>): Step {
    this.#leave();
    return { kind: "done", report: () => this.#done(result) };
  }

  #leave(): void {
    if (this.#phase.kind === "asking") this.#phase.timer.cancel();
    this.#phase = { kind: "over" };
  }
}

function exchange(channel: number, value: Uint8Array, accept: Exchange["accept"]): Step {
  return { kind: "next", exchange: { channel, value, accept } };
}

/** Reads the response to Set Bolus. */
export function acceptedBolus(answer: Uint8Array, doseId: DoseId): AcceptedBolus | undefined {
  const bolusId = decodeBolusId(answer, COMMAND.setBolusResponse);
  return bolusId === undefined ? undefined : { doseId, bolusId };
}

/** Gives the reader of the general response to `opcode`, which after a Commit can only say Success. */
export function acceptedCommand(opcode: number): AcceptedReader<Accepted> {
  return (answer, doseId) => {
    const response = decodeResponse(answer, COMMAND.response);
    return response?.request === opcode && response.code === SUCCESS ? { doseId } : undefined;
  };
}

/** Gives the reader of the answer to the revocation of that controller's bond. */
export function acceptedRevocation(controllerId: Uint8Array): AcceptedReader<Accepted> {
  return (answer, doseId) => {
    const message = decodeControl(answer);
    return message?.kind === "bondRevoked" && equalBytes(message.controllerId, controllerId) ? { doseId } : undefined;
  };
}
