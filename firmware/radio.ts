/**
 * The pump's side of the air: from the link's events through the session and the command layer to what the therapy is
 * to obey, and the answers back. Owns link, session, pairing window and challenge. Alone sends.
 */

import type { Annunciator } from "./annunciator.js";
import { hex } from "./base/bytes.js";
import { Refusal } from "./base/refusal.js";
import { type UptimeMs, uptimeMs } from "./base/units.js";
import type { Board } from "./board.js";
import type { BondKeeper } from "./bondKeeper.js";
import type { Booted } from "./boot.js";
import {
  type Accepted,
  type AcceptedRevocation,
  type Countersign,
  endSession,
  killChallenge,
  NO_CHALLENGE,
  withRefused,
} from "./command/countersign.js";
import type { Device } from "./command/device.js";
import { dispatch, failureOf, responseOf, revokedReply } from "./command/dispatch.js";
import { statusChanged } from "./command/reader.js";
import { continueReport, type RecordAccessStep, type Report, requestRecords } from "./command/recordAccess.js";
import type { Reply } from "./command/table.js";
import type { Delivery } from "./delivery.js";
import { Channel } from "./ids/opcodes.js";
import { GattLink } from "./link/gatt.js";
import { Inbox, type InboxEvent } from "./link/inbox.js";
import { LinkPairing } from "./link/pairing.js";
import type { Identity } from "./nonce/identity.js";
import { NonceStore } from "./nonce/store.js";
import type { RigConfig } from "./rig.js";
import type { Role } from "./session/bonds.js";
import { Handshake } from "./session/handshake.js";
import { openPairingWindow, type PairingWindow, wipeWindow } from "./session/pairing.js";
import {
  CLOSED,
  type Received,
  type Session,
  type SessionEffect,
  type SessionEvent,
  sessionWakeAt,
  stepSession,
} from "./session/session.js";
import type { Durable } from "./storage/blob.js";
import { findEntry } from "./therapy/ledger.js";
import { noteApplied, obey } from "./therapy/obey.js";

/** Messages that may wait unacknowledged before an unasked one holds back: half of the four (PROTOCOL.md 1.2). */
const UNASKED_WAIT_MAX = 2;
/** Advertising is re-armed from the pump's clock: no event is relied on after a failed connection. */
const ADVERTISE_INTERVAL_MS = 5_000;

export class Radio {
  readonly #board: Board;
  readonly #rig: RigConfig;
  readonly #entropy: Booted["entropy"];
  readonly #pumpId: Uint8Array;
  readonly #nonces: NonceStore;
  readonly #handshake: Handshake;
  readonly #delivery: Delivery;
  readonly #keeper: BondKeeper;
  readonly #device: Device;
  readonly #annunciator: Annunciator;
  readonly #history: Booted["stores"]["history"];
  readonly #now: () => UptimeMs;
  readonly #link: GattLink | undefined;
  readonly #linkPairing: LinkPairing;
  readonly #inbox = new Inbox();
  #session: Session = CLOSED;
  /** Number of the connection whose events are being handled. */
  #connection = 0;
  #window: PairingWindow | undefined;
  #countersign: Countersign = NO_CHALLENGE;
  /** What is left of an answer of several messages. */
  #replies: readonly Reply[] = [];
  /** Status Changed flags that the open session has been told of. */
  #toldChanged = 0;
  /** The report of history records that the open session asked for. */
  #report: Report | undefined;

  /**
   * Starts the radio. The identity's proof says that its epoch is durable.
   * @param onEvent is called from the radio's callbacks when there is something to take in; it must only arm a timer.
   */
  constructor(
    board: Board,
    booted: Booted,
    identity: Durable<Identity>,
    delivery: Delivery,
    keeper: BondKeeper,
    device: Device,
    annunciator: Annunciator,
    now: () => UptimeMs,
    onEvent: () => void,
  ) {
    this.#board = board;
    this.#rig = booted.rig;
    this.#entropy = booted.entropy;
    this.#history = booted.stores.history;
    this.#keeper = keeper;
    this.#device = device;
    this.#pumpId = identity.value.pumpId;
    this.#delivery = delivery;
    this.#annunciator = annunciator;
    this.#now = now;
    this.#nonces = new NonceStore(identity, booted.entropy, board.sha256, (fault) => delivery.entropyFailed(fault));
    this.#handshake = new Handshake(board.sha256);
    this.#linkPairing = new LinkPairing(board);
    this.#link = new GattLink(board, (event) => {
      // A server that threw while it was made may still call back: nobody would take its events out.
      if (this.#link === undefined) return;
      this.#inbox.put(event);
      onEvent();
    });
  }

  /** Handles one waiting event. False when there was none. */
  handleNext(): boolean {
    const event = this.#inbox.take();
    if (event) this.#handle(event);
    return event !== undefined;
  }

  /** Deadlines, ticks, the pairing window's end, advertising. */
  passTime(): void {
    if (this.#window && this.#now() > this.#window.closesAt) this.#closeWindow();
    const dueAt = sessionWakeAt(this.#session);
    if (dueAt !== undefined && this.#now() >= dueAt) this.#step({ kind: "time" });
    if (this.#session.kind !== "closed") return;
    if (this.#isSilent) this.#link?.passTime(this.#now());
    else this.#link?.advertise(this.#now());
  }

  wakeAt(): UptimeMs {
    const now = this.#now();
    const idleAt = this.#session.kind === "closed" ? now + ADVERTISE_INTERVAL_MS : Number.POSITIVE_INFINITY;
    const windowAt = this.#window ? this.#window.closesAt + 1 : Number.POSITIVE_INFINITY;
    if (this.#report && this.#mayTell) return now;
    return uptimeMs(Math.min(idleAt, windowAt, sessionWakeAt(this.#session) ?? idleAt));
  }

  /** Whether flight mode keeps the pump off the air. */
  get #isSilent(): boolean {
    return this.#delivery.therapy.standing.flightMode;
  }

  /** Whether the open session has taken in enough of what was sent before. */
  get #mayTell(): boolean {
    return this.#session.kind === "open" && this.#session.waiting.length < UNASKED_WAIT_MAX;
  }

  /**
   * Goes on with an answer of several messages, tells an open session of newly set Status Changed flags, and lets a report
   * of history records have its turn, once what was sent before has been taken in.
   */
  tell(): void {
    if (!this.#mayTell) return;
    this.#sendReplies();
    this.#tellChanged();
    // No record is read from flash, nor sealed, while a pulse runs.
    if (this.#report && this.#mayTell && !this.#delivery.isMoving)
      this.#answerRecords(continueReport(this.#report, this.#history));
  }

  #tellChanged(): void {
    const { therapy } = this.#delivery;
    if ((therapy.changed & ~this.#toldChanged) === 0) return;
    this.#toldChanged = therapy.changed;
    this.#send({ channel: Channel.StatusChanged, value: statusChanged(therapy) });
  }

  killChallenge(): void {
    this.#countersign = killChallenge(this.#countersign, this.#nonces);
  }

  /** Opens the pairing window and shows its secret, unless the entropy source has failed. */
  openWindow(role: Role): void {
    this.#closeWindow();
    const opened = openPairingWindow(this.#pumpId, role, this.#entropy, this.#board.sha256, this.#now());
    if (!opened.ok) {
      this.#delivery.entropyFailed(opened.refusal);
      return;
    }
    this.#window = opened.value;
    this.#linkPairing.allow(true);
    this.#annunciator.announce("Pair", opened.value.shownText);
  }

  /** Ends the session and the pairing window, and forgets every LE bond: the controllers' bonds are being revoked. */
  forgetAll(): void {
    this.#closeWindow();
    this.#step({ kind: "broken", reason: "bonds revoked" });
    this.#linkPairing.forgetBonds();
  }

  #handle(event: InboxEvent): void {
    switch (event.kind) {
      case "connected":
        this.#connection = event.connection;
        this.#step({ kind: "connected", id: event.connection });
        // A central may have been on its way.
        if (this.#isSilent) this.#step({ kind: "broken", reason: "flight mode" });
        return;
      case "failed":
        return this.#delivery.radioFailed(event.reason);
      case "passkey": {
        const reason = this.#linkPairing.show(event.passkey, this.#window?.shownText);
        return this.#step(reason === undefined ? { kind: "linkPairing" } : { kind: "broken", reason });
      }
      case "secured": {
        const reason = this.#linkPairing.finish(event.authenticated, this.#window?.shownText);
        if (reason !== undefined) this.#step({ kind: "broken", reason });
        return;
      }
      case "subscribed":
      case "message":
      case "broken":
        return this.#step(event);
      default:
        return event satisfies never;
    }
  }

  #step(event: SessionEvent): void {
    const context = {
      pumpId: this.#pumpId,
      bonds: this.#keeper.bonds,
      nonces: this.#nonces,
      entropy: this.#entropy,
      handshake: this.#handshake,
      window: this.#window,
    };
    const step = stepSession(this.#session, event, this.#now(), context);
    if (step.record && !this.#keeper.commit(step.record)) {
      // The bond may be stored or not: its secret is spent either way. The fault has the last word on the display.
      this.#closeWindow();
      this.#keeper.fail();
      this.#step({ kind: "broken", reason: "bonds could not be stored" });
      return;
    }
    this.#session = step.next;
    for (const effect of step.after) this.#perform(effect);
  }

  #perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case "send":
        return this.#link?.send(this.#connection, effect.message);
      case "end":
        this.#board.trace(`session: ended: ${effect.reason}`);
        this.#countersign = endSession(this.#countersign, this.#nonces);
        this.#replies = [];
        this.#report = undefined;
        this.#inbox.forgetWrites();
        return this.#link?.close(this.#connection, this.#now());
      case "over":
        this.#board.trace(`session: ended: ${effect.reason}`);
        this.killChallenge();
        return this.#inbox.forgetWrites();
      case "opened":
        this.#toldChanged = this.#delivery.therapy.changed;
        return this.#board.trace(`session: opened: ${hex(effect.bond.controllerId)} ${effect.bond.role}`);
      case "bonded":
        this.#closeWindow();
        return this.#annunciator.announce("New controller", hex(effect.bond.controllerId), effect.bond.role);
      case "confirmed":
        return this.#annunciator.announce("Controller confirmed", hex(effect.bond.controllerId), effect.bond.role);
      case "received":
        return this.#receive(effect.received);
      case "entropyFault":
        return this.#delivery.entropyFailed(effect.fault);
      default:
        return effect satisfies never;
    }
  }

  #receive({ bond, session, channel, value, stale }: Received): void {
    const request = {
      channel,
      value,
      stale,
      session,
      controllerId: bond.controllerId,
      doseKey: bond.keys.doseKey,
      mayOperate: bond.role === "operate",
      answering: this.#replies.length > 0,
    };
    const context = {
      pumpId: this.#pumpId,
      bonds: this.#keeper.bonds,
      nonces: this.#nonces,
      therapy: this.#delivery.therapy,
      rig: this.#rig,
      device: this.#device,
      now: this.#now(),
    };
    const dispatched = dispatch(this.#countersign, request, context);
    const { next, reply, replies, accepted, revocation, reset, refused, asksRecords } = dispatched;
    this.#countersign = next;
    if (refused !== undefined) this.#board.trace(`refused: ${refused}`);
    if (reset !== undefined) {
      this.#delivery.resetChanged(reset);
      this.#toldChanged &= ~reset;
    }
    if (reply) this.#send(reply);
    if (replies) this.#replies = replies;
    if (accepted) this.#obey(accepted);
    if (revocation) this.#revoke(revocation);
    if (asksRecords) this.#answerRecords(requestRecords(this.#report, value, this.#history));
  }

  #answerRecords({ next, reply }: RecordAccessStep): void {
    this.#report = next;
    if (reply) this.#send(reply);
  }

  /**
   * Takes a bond away: from storage, then from memory, then it is answered; the ledger comes after the bond, so that
   * `applied` is said of what has happened. Where the storage fails the bond is gone until a restart at least.
   */
  #revoke(revocation: AcceptedRevocation): void {
    const { authorised, doseId } = revocation;
    const { controllerId } = authorised.command;
    // What waits for an answer at the pump may have been asked in its name.
    this.#delivery.dropOffer();
    const stored = this.#keeper.revoke(controllerId);
    this.#board.trace(`session: revoked: ${hex(controllerId)}`);
    if (doseId === undefined) {
      const answer = stored ? revokedReply(authorised.command) : failureOf(revocation);
      return this.#step({ kind: "farewell", ...answer, reason: "its bond was revoked" });
    }
    const delivery = this.#delivery;
    if (!delivery.adopt(noteApplied(delivery.therapy, doseId, this.#now())) || !stored)
      return this.#refuseUnstored(revocation);
    this.#send(revokedReply(authorised.command));
  }

  #obey(accepted: Accepted): void {
    const { authorised, doseId } = accepted;
    const { kind } = authorised.command;
    const delivery = this.#delivery;
    if (kind === "flightMode") this.#closeWindow();
    const stored = delivery.adopt(obey(delivery.therapy, authorised, doseId, this.#now(), this.#rig));
    // A Stop that could not be stored is obeyed all the same: the fault has stopped everything.
    if (!stored && kind !== "stop") return this.#refuseUnstored(accepted);
    const entry = doseId && findEntry(delivery.therapy.standing.ledger, doseId);
    this.#board.trace(`obeyed: ${kind}`);
    if (kind === "setBolus" && !delivery.therapy.fault) this.#annunciator.announce("Remote bolus");
    const response = responseOf(accepted, entry?.bolusId ?? 0);
    if (kind !== "flightMode") return this.#send(response);
    this.#step({ kind: "farewell", ...response, reason: "flight mode" });
  }

  /** Answers a command that was accepted and could not be stored; while even that is not certain, nothing. */
  #refuseUnstored(accepted: Accepted | AcceptedRevocation): void {
    if (this.#delivery.therapy.fault?.stored === false) return;
    if (accepted.doseId) this.#countersign = withRefused(this.#countersign, accepted.doseId, Refusal.NotCompleted);
    this.#send(failureOf(accepted));
  }

  #send(reply: Reply): void {
    this.#step({ kind: "send", ...reply });
  }

  /** What is left of a long answer, as the controller takes it in. */
  #sendReplies(): void {
    while (this.#mayTell) {
      const [reply, ...rest] = this.#replies;
      if (!reply) return;
      this.#replies = rest;
      this.#send(reply);
    }
  }

  #closeWindow(): void {
    if (!this.#window) return;
    wipeWindow(this.#window);
    this.#window = undefined;
    this.#linkPairing.allow(false);
    this.#board.show(["Pairing closed"]);
  }
}
