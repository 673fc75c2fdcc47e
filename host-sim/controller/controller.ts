/**
 * A controller for one pump at a time: pairs, opens a session, sends requests, and never lets a lost answer become a
 * second dose. The way in for applications; everything else in this folder is what it is made of.
 *
 * Callbacks only: each `done` is called once. Nothing here knows a platform: radio, clock, randomness and storage are
 * given.
 */

import type { Transport } from "../air/transport.js";
import { equalBytes } from "./bytes.js";
import type { Clock } from "./clock.js";
import {
  type Accepted,
  type AcceptedBolus,
  type AcceptedReader,
  acceptedBolus,
  acceptedCommand,
  acceptedRevocation,
  type CommandResult,
  type CommittedOrder,
  CountersignedCommand,
} from "./commands.js";
import { Connection, type ControllerEvent, type ControllerState, type OpenSession } from "./connection.js";
import type { DoseId, Outcome } from "./control.js";
import { isFinal, PendingCommands } from "./doses.js";
import type { EndReason } from "./ends.js";
import { COMMAND, type RelativeTbrOrder, type TbrOrder } from "./ids.js";
import { parseShown } from "./pairing.js";
import {
  decodeTemplateNumber,
  encodeProfile,
  isChunkAnswer,
  isTimeSet,
  type ProfileOrder,
  type TimeOrder,
  writeChunk,
} from "./profiles.js";
import { PumpReader } from "./pumpReader.js";
import { type Approve, encodeOrder, type Order, type RevocationOrder } from "./readings.js";
import * as reads from "./reads.js";
import type { Result } from "./requests.js";
import { attempt, type ControllerStore, Keeper } from "./store.js";

/** Life asked for a challenge when the options name none: what a controller without a user at hand asks. */
const DEFAULT_LIFE_SECONDS = 10;

/** How {@link Controller.open} ended. What each reason asks for: END_ADVICE. */
export type OpenResult =
  | { readonly kind: "ok"; readonly value: OpenSession }
  | { readonly kind: "failed"; readonly reason: EndReason }
  /** A session is open or opening. */
  | { readonly kind: "notClosed" };

/** How {@link Controller.pair} ended. */
export type PairResult =
  | OpenResult
  /** The text is none that a pump shows; `what` says why, to the user. */
  | { readonly kind: "malformed"; readonly what: string }
  /** A bond was made, and whether the pump has it is not known: `open` within 7 minutes, or pair again. */
  | { readonly kind: "unfinished"; readonly reason: EndReason };

/** What a {@link Controller} is made of. */
export interface ControllerOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** That many bytes from a cryptographically secure source. */
  readonly random: (length: number) => Uint8Array;
  readonly store: ControllerStore;
  readonly onEvent?: (event: ControllerEvent) => void;
  /**
   * Told of each countersigned order just before it is stored as pending and its Commit goes out: where an application
   * writes its own record of what was ordered. What it throws keeps the Commit back (`notSent`, `storeFailed`).
   */
  readonly onCommit?: (order: CommittedOrder) => void;
  /** Life asked for a challenge, in s, 1 to 255; the pump grants at most 30. 10 unless given. */
  readonly lifeSeconds?: number;
}

type Done<T> = (result: T) => void;

/** See the module. */
export class Controller extends PumpReader {
  readonly #keeper: Keeper;
  readonly #connection: Connection;
  readonly #pending: PendingCommands;
  readonly #lifeSeconds: number;
  readonly #storeFailed: (error: unknown) => void;
  readonly #onCommit: (order: CommittedOrder) => void;
  readonly #clock: Clock;

  /** Reads the store, or begins it. Throws when it is damaged, and a RangeError for a life not within 1 to 255. */
  constructor(options: ControllerOptions) {
    const { transport, clock, random, store, onEvent = () => {}, onCommit = () => {} } = options;
    const { lifeSeconds = DEFAULT_LIFE_SECONDS } = options;
    if (!Number.isInteger(lifeSeconds) || lifeSeconds < 1 || lifeSeconds > 255)
      throw new RangeError(`lifeSeconds is ${lifeSeconds}: give a whole number from 1 to 255`);
    const storeFailed = (error: unknown) => onEvent({ kind: "storeFailed", error });
    const keeper = new Keeper(store, random);
    const connection = new Connection({ transport, clock, keeper, random, storeFailed }, onEvent);
    super(connection);
    this.#keeper = keeper;
    this.#connection = connection;
    this.#pending = new PendingCommands(keeper);
    this.#storeFailed = storeFailed;
    this.#onCommit = onCommit;
    this.#clock = clock;
    this.#lifeSeconds = lifeSeconds;
  }

  get state(): ControllerState {
    return this.#connection.state;
  }

  /**
   * Pairs with the pump that shows `shownText` (base32, as typed or scanned), confirms the bond and leaves a session
   * open. A lost answer is made good by itself; where that fails too, the result is `unfinished`.
   */
  pair(shownText: string, done: Done<PairResult>): void {
    const text = parseShown(shownText);
    if (text.kind === "malformed") done(text);
    else if (!this.#mayStart) done({ kind: "notClosed" });
    else
      this.#connection.start(
        {
          opened: (value) => done({ kind: "ok", value }),
          failed: (reason, bondMade) => done({ kind: bondMade ? "unfinished" : "failed", reason }),
        },
        text.shown,
      );
  }

  /**
   * Opens a session with the bonded pump that answers; provisional bonds are tried first, newest first. While the last
   * connection is still closing it waits for its end, so that it may be called as soon as that session is over.
   */
  open(done: Done<OpenResult>): void {
    if (!this.#mayStart) done({ kind: "notClosed" });
    else
      this.#connection.start({
        opened: (value) => done({ kind: "ok", value }),
        failed: (reason) => done({ kind: "failed", reason }),
      });
  }

  /** Closes the session, or gives up opening one. Requests under way end as `lost` or `notSent` before it returns. */
  close(): void {
    this.#connection.close();
  }

  /**
   * Orders a bolus. `ok` means accepted, not delivered: {@link resolve} tells how much was, and until its outcome is
   * final the next bolus is `blocked`. Throws a RangeError for an amount that is not positive or not expressible
   * exactly (multiples of 10,000 µU; above 20.45 U of 100,000 µU).
   */
  bolus(
    amountMicrounits: number,
    options: { readonly correction?: boolean; readonly meal?: boolean },
    done: Done<CommandResult<AcceptedBolus>>,
  ): void {
    const { correction = false, meal = false } = options;
    this.#command({ command: "setBolus", amountMicrounits, correction, meal }, acceptedBolus, done);
  }

  /** Starts a TBR, or with `change` changes the active one. Throws a RangeError for what cannot be expressed. */
  setTbr(order: TbrOrder, done: Done<CommandResult<Accepted>>): void {
    this.#command({ command: "setTbr", ...order }, acceptedCommand(COMMAND.setTbr), done);
  }

  /** Ends the active TBR once `approve` has said yes to the rate that takes over. */
  cancelTbr(approve: Approve, done: Done<CommandResult<Accepted>>): void {
    this.#command({ command: "cancelTbr", approve }, acceptedCommand(COMMAND.cancelTbr), done);
  }

  /** Starts a TBR relative to the programmed rate, or changes the active one, once `approve` has said yes to its rate. */
  relativeTbr(order: RelativeTbrOrder, approve: Approve, done: Done<CommandResult<Accepted>>): void {
    this.#command({ command: "relativeTbr", ...order, approve }, acceptedCommand(COMMAND.setTbr), done);
  }

  /**
   * Writes a basal rate profile template, chunk by chunk. `approve` is asked where it is the active one: for the rate
   * that is programmed from now on. Throws a RangeError for what is no day.
   */
  writeProfile(order: ProfileOrder, approve: Approve, done: Done<CommandResult<Accepted>>): void {
    const chunks = encodeProfile(order);
    const last = chunks.at(-1) ?? new Uint8Array(0);
    const send = (index: number): void => {
      const chunk = chunks[index];
      if (chunk === undefined || chunk === last) {
        const accepted = (answer: Uint8Array, doseId: DoseId) =>
          isChunkAnswer(answer, last, true) ? { doseId } : undefined;
        this.#command({ command: "writeProfile", ...order, approve }, accepted, done);
        return;
      }
      this.request(writeChunk(chunk), (result) => {
        if (result.kind === "ok" || result.kind === "stale") send(index + 1);
        else if (result.kind === "refused") done({ ...result, doseId: undefined });
        else done({ kind: "notSent", reason: result.kind === "lost" ? "linkEnded" : result.reason });
      });
    };
    send(0);
  }

  /** Activates a template once `approve` has said yes to the rate that is programmed from now on. */
  activateProfile(templateNumber: number, approve: Approve, done: Done<CommandResult<Accepted>>): void {
    const accepted = (answer: Uint8Array, doseId: DoseId) =>
      decodeTemplateNumber(answer, COMMAND.activateProfileResponse) === templateNumber ? { doseId } : undefined;
    this.#command({ command: "activateProfile", templateNumber, approve }, accepted, done);
  }

  /** Sets the pump's time once `approve` has said yes to the rate that is programmed then. */
  setTime(order: TimeOrder, approve: Approve, done: Done<CommandResult<Accepted>>): void {
    const accepted = (answer: Uint8Array, doseId: DoseId) => (isTimeSet(answer) ? { doseId } : undefined);
    this.#command({ command: "setTime", ...order, approve }, accepted, done);
  }

  /**
   * Takes the pump off the air, until somebody at the pump gives it back. On `ok` the session is over. After `lost` the
   * pump cannot say what became of it before it is back.
   */
  flightMode(done: Done<CommandResult<Accepted>>): void {
    this.#command({ command: "flightMode" }, acceptedCommand(COMMAND.setFlightMode), (result) => {
      if (result.kind === "ok") this.close();
      done(result);
    });
  }

  /** Starts delivery once `approve` has said yes to the rate that begins. */
  run(approve: Approve, done: Done<CommandResult<Accepted>>): void {
    this.#command({ command: "run", approve }, acceptedCommand(COMMAND.setTherapyControlState), done);
  }

  /**
   * Primes the line, once somebody at the pump has confirmed it there within 60 s. `ok` means accepted: {@link resolve}
   * tells how much was. Throws a RangeError for what SFLOAT cannot hold exactly.
   */
  startPriming(amountMicrounits: number, done: Done<CommandResult<Accepted>>): void {
    this.#command({ command: "startPriming", amountMicrounits }, acceptedCommand(COMMAND.startPriming), done);
  }

  /** Ends a priming in one step, ahead of all that waits. */
  stopPriming(done: Done<Result<undefined>>): void {
    this.request(reads.stopPriming, done, true);
  }

  /** Tells a pump whose drive is back what the next reservoir holds, at most: it has to find its plunger there. */
  setReservoirFill(amountMicrounits: number, done: Done<CommandResult<Accepted>>): void {
    this.#command({ command: "setReservoirFill", amountMicrounits }, acceptedCommand(COMMAND.setReservoirFill), done);
  }

  /** Has the operation time of the reservoir's insulin count from now on. */
  resetReservoirTime(done: Done<CommandResult<Accepted>>): void {
    this.#command({ command: "resetReservoirTime" }, acceptedCommand(COMMAND.resetReservoirTime), done);
  }

  /** Stops delivery in one step, ahead of all that waits. On `lost` ask again: stopping twice does no harm. */
  stop(done: Done<Result<undefined>>): void {
    this.request(reads.stop, done, true);
  }

  /** Cancels a bolus in one step, ahead of all that waits. Gives the ID of the cancelled bolus. */
  cancelBolus(bolusId: number, done: Done<Result<number>>): void {
    this.request(reads.cancelBolus(bolusId), done, true);
  }

  /** Makes an annunciation quiet: the pump tells of it again after 15 min. Its light stays on. */
  snoozeAnnunciation(instance: number, done: Done<Result<undefined>>): void {
    this.request(reads.annunciationCommand("snoozeAnnunciation", instance), done);
  }

  /** Ends an annunciation, of the types that need nobody at the pump; any other is refused with NotApplicable. */
  confirmAnnunciation(instance: number, done: Done<Result<undefined>>): void {
    this.request(reads.annunciationCommand("confirmAnnunciation", instance), done);
  }

  /** Revokes another controller's bond, by countersignature, as {@link bonds} has listed it. */
  revokeBond(order: RevocationOrder, done: Done<CommandResult<Accepted>>): void {
    this.#command({ command: "revokeBond", ...order }, acceptedRevocation(order.controllerId), done);
  }

  /**
   * Revokes this controller's own bond, in one step. On `ok` the bond is erased here too, and the session is over. On
   * `lost` the pump may have it or not: a pump that refuses the next session has not.
   */
  revokeOwnBond(done: Done<Result<undefined>>): void {
    const pumpId = this.#connection.bond?.pumpId;
    this.request(reads.revokeOwnBond(this.#keeper.contents.controllerId), (result) => {
      if (result.kind === "ok" && pumpId !== undefined) {
        const others = (bond: { readonly pumpId: Uint8Array }) => !equalBytes(bond.pumpId, pumpId);
        const { bonds, provisional } = this.#keeper.contents;
        const parts = { bonds: bonds.filter(others), provisional: provisional.filter(others) };
        const written = this.#keeper.change(parts);
        if (written.kind === "failed") this.#storeFailed(written.error);
        this.close();
      }
      done(result);
    });
  }

  /** Asks what became of any dose of the connected pump. A final answer also settles it where it was pending. */
  outcome(doseId: DoseId, done: Done<Result<Outcome>>): void {
    const pumpId = this.#connection.bond?.pumpId;
    this.request(reads.outcome(doseId), (result) => {
      if (pumpId !== undefined && (result.kind === "ok" || result.kind === "stale")) this.#heard(pumpId, result.value);
      done(result);
    });
  }

  /** The command whose end is not known: first one that may not even have been accepted, else an accepted bolus. */
  pending(): DoseId | undefined {
    return this.#pending.first?.doseId;
  }

  /**
   * Asks Outcome for the pending command and settles it when the answer is final. Only after `never` or `refused` may
   * that dose be ordered anew, and nobody but the caller does so.
   */
  resolve(done: Done<Result<Outcome>>): void {
    const command = this.#pending.first;
    const { bond } = this.#connection;
    if (command === undefined) done({ kind: "notSent", reason: "nothingPending" });
    else if (bond !== undefined && !equalBytes(command.pumpId, bond.pumpId))
      done({ kind: "notSent", reason: "otherPump" });
    else this.outcome(command.doseId, done);
  }

  /**
   * Takes a command off the pending ones on a person's word that its dose is accounted for: for a pump that is lost,
   * or has lost its identity, and can never say. False when it is not pending or the store refuses.
   */
  abandon(doseId: DoseId): boolean {
    const command = this.#pending.find(doseId);
    return command !== undefined && this.#settle(command.pumpId, doseId);
  }

  get #mayStart(): boolean {
    return this.state.kind === "closed" || this.state.kind === "closing";
  }

  #command<T extends Accepted>(order: Order, accepted: AcceptedReader<T>, done: Done<CommandResult<T>>): void {
    const command = encodeOrder(order);
    const { bond } = this.#connection;
    if (bond === undefined) {
      done({ kind: "notSent", reason: "noSession" });
      return;
    }
    const context = {
      clock: this.#clock,
      bond,
      controllerId: this.#keeper.contents.controllerId,
      lifeSeconds: this.#lifeSeconds,
      pending: this.#pending,
      overtaken: () => this.#connection.urgentWaiting,
      announce: (order: CommittedOrder) => attempt(() => this.#onCommit(order)),
      storeFailed: this.#storeFailed,
    };
    const operation = new CountersignedCommand(context, order, command, accepted, done);
    const queued = this.#connection.queue(operation, false);
    if (queued !== "queued") done({ kind: "notSent", reason: queued });
  }

  #heard(pumpId: Uint8Array, outcome: Outcome): void {
    if (isFinal(outcome.kind)) this.#settle(pumpId, outcome.doseId);
    else this.#pending.accepted(pumpId, outcome.doseId);
  }

  #settle(pumpId: Uint8Array, doseId: DoseId): boolean {
    const written = this.#pending.settled(pumpId, doseId);
    if (written.kind === "failed") this.#storeFailed(written.error);
    return written.kind === "ok";
  }
}
