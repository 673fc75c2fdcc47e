/**
 * The pump: gathers the layers and runs them, one event at a time. It alone writes, moves and sends, and only in this
 * order: commit the step's record (a throw latches a fault, and nothing below runs), adopt the next state, perform what
 * comes after. Callbacks only queue. While a pulse runs everything waits.
 */

import { Annunciator } from "./annunciator.js";
import { hex } from "./base/bytes.js";
import { UptimeClock } from "./base/clock.js";
import { type Fault, faultText } from "./base/fault.js";
import type { UptimeMs } from "./base/units.js";
import type { Board, DigitalPin, ScheduledCallback } from "./board.js";
import { type Booted, boot } from "./boot.js";
import { type Button, buttonAtBoot, buttonWakeAt, type Gesture, stepButton } from "./button.js";
import {
  type Accepted,
  type CommandContext,
  type Countersign,
  killChallenge,
  NO_CHALLENGE,
} from "./command/countersign.js";
import { dispatch, type Reply, responseOf } from "./command/dispatch.js";
import { statusChanged } from "./command/reader.js";
import { Channel } from "./ids/opcodes.js";
import { AnnunciationType } from "./ids/values.js";
import { Reassembler } from "./link/fragment.js";
import { GattLink, type LinkEvent } from "./link/gatt.js";
import { Motor, type MotorReport } from "./motor/motor.js";
import { NonceStore } from "./nonce/store.js";
import { rigErrors } from "./rig.js";
import { type Bonds, NO_BONDS, type Role } from "./session/bonds.js";
import { openPairingWindow, type PairingWindow, wipeWindow } from "./session/pairing.js";
import {
  CLOSED,
  type Received,
  type Session,
  type SessionContext,
  type SessionEffect,
  type SessionEvent,
  sessionWakeAt,
  stepSession,
} from "./session/session.js";
import { findEntry } from "./therapy/ledger.js";
import {
  confirmAnnunciation,
  endPulse,
  latchFault,
  obey,
  passTime,
  resume,
  stop,
  tell,
  therapyWakeAt,
} from "./therapy/step.js";
import type { Therapy, TherapyStep } from "./therapy/therapy.js";

type PumpEvent =
  | { readonly kind: "link"; readonly event: LinkEvent }
  | { readonly kind: "flooded" }
  | { readonly kind: "pulseEnded"; readonly report: MotorReport };

/** PROTOCOL.md section 1.2: four messages of 256 bytes may wait, in fragments of at least 20 bytes. */
const WAITING_MESSAGES_MAX = 4;
const WAITING_FRAGMENTS_MAX = WAITING_MESSAGES_MAX * Math.ceil(256 / 19);
const LAST_FRAGMENT = 0x40;
/** Messages that may wait unacknowledged before an unasked one holds back. */
const UNASKED_WAIT_MAX = 2;
/** Advertising is re-armed from here: no event is relied on after a failed connection. */
const ADVERTISE_INTERVAL_MS = 5_000;

/**
 * Starts the pump. Where its storage will not let it, or its rig is impossible, it shows why and stands still with the
 * coils off: a restart would only fail again.
 */
export function startPump(board: Board): void {
  try {
    new Pump(board);
  } catch (error) {
    const message = error instanceof Error ? error.message : "unknown";
    board.trace(`fault: the pump does not start: ${message}`);
    board.show(["FAULT", "The pump does not start", message]);
  }
}

class Pump {
  readonly #board: Board;
  readonly #clock: UptimeClock;
  readonly #motor: Motor;
  readonly #annunciator: Annunciator;
  readonly #buttonPin: DigitalPin;
  readonly #stores: Booted["stores"];
  readonly #entropy: Booted["entropy"];
  readonly #pumpId: Uint8Array;
  readonly #nonces: NonceStore | undefined;
  readonly #link: GattLink | undefined;
  readonly #reassembler = new Reassembler();
  readonly #queue: PumpEvent[] = [];
  #therapy: Therapy;
  #bonds: Bonds;
  #session: Session = CLOSED;
  #sessions = 0;
  #window: PairingWindow | undefined;
  #countersign: Countersign = NO_CHALLENGE;
  #button: Button;
  /** Status Changed flags that the open session has been told of. */
  #toldChanged = 0;
  #waitingMessages = 0;
  #waitingFragments = 0;
  #wake: ScheduledCallback | undefined;

  /** Boots the pump. Coils are off before anything else; the radio starts last. Throws what the storage throws. */
  constructor(board: Board) {
    this.#motor = new Motor(board, (report) => this.#enqueue({ kind: "pulseEnded", report }));
    const errors = rigErrors(board.rig);
    if (errors.length > 0) throw new Error(`rig: ${errors.join("; ")}`);
    this.#board = board;
    this.#clock = new UptimeClock(board.ticks);
    this.#annunciator = new Annunciator(board);
    const now = this.#clock.now();
    const booted = boot(board, now);
    this.#stores = booted.stores;
    this.#entropy = booted.entropy;
    this.#therapy = booted.therapy;
    this.#bonds = booted.bonds;
    this.#motor.align(booted.therapy.journal.coilPhase);
    this.#button = buttonAtBoot(now);
    this.#buttonPin = new board.Digital({
      pin: board.pins.button,
      mode: board.Digital.InputPullUp,
      edge: board.Digital.Rising | board.Digital.Falling,
      onReadable: () => this.#arm(0),
    });
    if (booted.entropyFault) this.#entropyFailed(booted.entropyFault);
    if (booted.news.length > 0) this.#annunciator.announce(...booted.news);
    this.#pumpId = booted.identity?.value.pumpId ?? new Uint8Array(8);
    if (booted.identity) {
      this.#nonces = new NonceStore(booted.identity, booted.entropy, (fault) => this.#entropyFailed(fault));
      this.#link = new GattLink(board.GATTServer, (event) => this.#onLink(event));
    }
    this.#arm(0);
  }

  #onLink(event: LinkEvent): void {
    if (event.kind === "written") {
      this.#waitingFragments += 1;
      if (((event.value[0] ?? 0) & LAST_FRAGMENT) !== 0) this.#waitingMessages += 1;
      const flooded = this.#waitingMessages > WAITING_MESSAGES_MAX || this.#waitingFragments > WAITING_FRAGMENTS_MAX;
      if (flooded) {
        if (!this.#queue.some((queued) => queued.kind === "flooded")) this.#enqueue({ kind: "flooded" });
        return;
      }
    }
    this.#enqueue({ kind: "link", event });
  }

  #enqueue(event: PumpEvent): void {
    this.#queue.push(event);
    this.#arm(0);
  }

  #arm(delayMs: number): void {
    this.#wake?.cancel();
    this.#wake = this.#board.schedule(() => this.#run(), delayMs);
  }

  /** Runs what is due. The one place where an exception of ours is caught: it stops the motor. */
  #run(): void {
    this.#wake = undefined;
    if (this.#motor.busy) return;
    try {
      this.#passTime();
      while (!this.#motor.busy) {
        const event = this.#queue.shift();
        if (!event) break;
        this.#handle(event);
        this.#passTime();
      }
    } catch (error) {
      this.#latch({ kind: "invariant", message: error instanceof Error ? error.message : "unknown" }, undefined);
    }
    if (!this.#motor.busy) this.#arm(this.#wakeInMs());
  }

  #handle(event: PumpEvent): void {
    switch (event.kind) {
      case "pulseEnded":
        return this.#pulseEnded(event.report);
      case "flooded":
        return this.#stepSession({ kind: "broken", reason: "too many messages at once" });
      case "link":
        return this.#linkEvent(event.event);
      default:
        return event satisfies never;
    }
  }

  #linkEvent(event: LinkEvent): void {
    switch (event.kind) {
      case "connected":
        this.#sessions += 1;
        this.#clearInbound();
        return this.#stepSession({ kind: "connected", id: this.#sessions });
      case "subscribed":
        return this.#stepSession({ kind: "subscribed" });
      case "written": {
        this.#waitingFragments -= 1;
        const reassembly = this.#reassembler.accept(event.value);
        if (((event.value[0] ?? 0) & LAST_FRAGMENT) !== 0) this.#waitingMessages -= 1;
        if (reassembly.kind === "message") this.#stepSession({ kind: "message", bytes: reassembly.bytes });
        if (reassembly.kind === "violation") this.#stepSession({ kind: "broken", reason: reassembly.reason });
        return;
      }
      case "unsubscribed":
      case "disconnected":
        return this.#stepSession({ kind: "broken", reason: event.kind });
      default:
        return event satisfies never;
    }
  }

  #pulseEnded(report: MotorReport): void {
    const { check } = report;
    this.#adopt(endPulse(this.#therapy, report, this.#clock.now(), this.#board.rig));
    if (check.kind === "inTolerance" || this.#therapy.fault) return;
    const kind = check.kind === "short" ? "motorShort" : "motorOver";
    this.#latch({ kind, counted: check.countedCounts, expected: check.expectedCounts }, report);
  }

  /** Lets time pass in every layer, until nothing more is due or a pulse has begun. */
  #passTime(): void {
    const now = this.#clock.now();
    const { next, gesture } = stepButton(this.#button, this.#buttonPin.read() === 0, now);
    this.#button = next;
    if (gesture) this.#obeyGesture(gesture, now);
    if (this.#window && now > this.#window.closesAt) this.#closeWindow();
    this.#stepSession({ kind: "time" });
    if (this.#session.kind === "closed") this.#link?.advertise();
    let recorded = true;
    while (recorded && !this.#motor.busy) {
      const step = passTime(this.#therapy, now, this.#board.rig);
      recorded = this.#adopt(step) && step.record !== undefined;
    }
    this.#tellChanged();
  }

  #wakeInMs(): number {
    const now = this.#clock.now();
    const wakes: (UptimeMs | undefined)[] = [
      therapyWakeAt(this.#therapy, now, this.#board.rig),
      sessionWakeAt(this.#session),
      buttonWakeAt(this.#button),
      this.#window && ((this.#window.closesAt + 1) as UptimeMs),
    ];
    const advertisingMs = this.#session.kind === "closed" ? ADVERTISE_INTERVAL_MS : Number.POSITIVE_INFINITY;
    const soonest = wakes.reduce<number>((least, at) => Math.min(least, at ?? least), now + advertisingMs);
    return Math.max(0, soonest - now);
  }

  /** Commits, then adopts, then performs. False when the record could not be made durable: a fault is latched. */
  #adopt(step: TherapyStep): boolean {
    const { record, next } = step;
    const before = this.#therapy;
    try {
      if (record?.kind === "pulse") {
        const proof = this.#stores.journal.commit(record.value);
        this.#therapy = next;
        this.#motor.begin(record.value.plan, proof);
      } else {
        if (record?.kind === "journal") this.#stores.journal.commit(record.value);
        if (record?.kind === "standing") this.#stores.standing.commit(record.value);
        this.#therapy = next;
      }
    } catch {
      this.#latch({ kind: "storageFailed", blob: record?.kind ?? "none" }, undefined);
      return false;
    }
    if (record?.kind === "standing") this.#recordHistory();
    if (before.standing.run !== next.standing.run || before.fault !== next.fault) this.#killChallenge();
    const { pending } = next.standing.annunciations;
    if (pending.length > before.standing.annunciations.pending.length)
      this.#annunciator.announce(`Annunciation ${pending.at(-1)?.type.toString(16)}`);
    if (record?.kind === "standing") this.#annunciator.setPending(pending.length > 0);
    return true;
  }

  #recordHistory(): void {
    try {
      for (const event of this.#therapy.standing.history.pending) this.#stores.history.append(event);
    } catch {
      this.#latch({ kind: "storageFailed", blob: "history" }, undefined);
    }
  }

  /** Stops the motor for good, until a restart. The state is still written, if the storage lets it. */
  #latch(fault: Fault, report: MotorReport | undefined): void {
    if (this.#therapy.fault) return;
    this.#motor.deenergise();
    this.#board.trace(`fault: ${faultText(fault)}`);
    const step = latchFault(this.#therapy, fault, this.#clock.now(), report);
    this.#therapy = step.next;
    this.#killChallenge();
    this.#annunciator.announce("FAULT", faultText(fault));
    if (step.record?.kind !== "standing" || (fault.kind === "storageFailed" && fault.blob === "standing")) return;
    try {
      this.#stores.standing.commit(step.record.value);
    } catch {
      this.#board.trace("fault: the state at the fault could not be stored");
    }
  }

  #entropyFailed(fault: Fault): void {
    this.#board.trace(`entropy: ${faultText(fault)}`);
    this.#adopt(tell(this.#therapy, AnnunciationType.SystemIssue, this.#clock.now()));
  }

  #stepSession(event: SessionEvent): void {
    const nonces = this.#nonces;
    if (!nonces) return;
    const context: SessionContext = {
      pumpId: this.#pumpId,
      bonds: this.#bonds,
      nonces,
      entropy: this.#entropy,
      window: this.#window,
    };
    const step = stepSession(this.#session, event, this.#clock.now(), context);
    if (step.record) {
      try {
        this.#bonds = this.#stores.bonds.commit(step.record).value;
      } catch {
        this.#latch({ kind: "storageFailed", blob: "bonds" }, undefined);
        this.#stepSession({ kind: "broken", reason: "bonds could not be stored" });
        return;
      }
    }
    this.#session = step.next;
    for (const effect of step.after) this.#performSession(effect);
  }

  #performSession(effect: SessionEffect): void {
    switch (effect.kind) {
      case "send":
        return this.#link?.send(effect.message);
      case "end":
        this.#board.trace(`session: ended: ${effect.reason}`);
        this.#killChallenge();
        this.#clearInbound();
        return this.#link?.close();
      case "opened":
        this.#toldChanged = this.#therapy.changed;
        return this.#board.trace(`session: opened: ${hex(effect.bond.controllerId)} ${effect.bond.role}`);
      case "bonded":
        this.#closeWindow();
        return this.#annunciator.announce("New controller", hex(effect.bond.controllerId), effect.bond.role);
      case "received":
        return this.#received(effect.received);
      case "entropyFault":
        return this.#entropyFailed(effect.fault);
      default:
        return effect satisfies never;
    }
  }

  #received(received: Received): void {
    const nonces = this.#nonces;
    if (!nonces) return;
    const { bond, session, channel, value, stale } = received;
    const request = {
      channel,
      value,
      stale,
      session,
      controllerId: bond.controllerId,
      doseKey: bond.keys.doseKey,
      mayOperate: bond.role === "operate",
    };
    const { rig } = this.#board;
    const context: CommandContext = {
      pumpId: this.#pumpId,
      nonces,
      therapy: this.#therapy,
      rig,
      now: this.#clock.now(),
    };
    const { next, reply, accepted, reset, refused } = dispatch(this.#countersign, request, context);
    this.#countersign = next;
    if (refused !== undefined) this.#board.trace(`refused: ${refused}`);
    if (reset !== undefined) {
      this.#therapy = { ...this.#therapy, changed: this.#therapy.changed & ~reset };
      this.#toldChanged &= ~reset;
    }
    if (reply) this.#send(reply);
    if (accepted) this.#obey(accepted);
  }

  #obey(accepted: Accepted): void {
    const { authorised, doseId } = accepted;
    const { kind } = authorised.command;
    if (kind === "stop" || kind === "cancelBolus") this.#killChallenge();
    if (!this.#adopt(obey(this.#therapy, authorised, doseId, this.#clock.now()))) return;
    const entry = doseId && findEntry(this.#therapy.standing.ledger, doseId);
    this.#board.trace(`obeyed: ${kind}`);
    if (kind === "setBolus") this.#annunciator.announce("Remote bolus");
    this.#send(responseOf(accepted, entry?.bolusId ?? 0));
  }

  #send(reply: Reply): void {
    this.#stepSession({ kind: "send", ...reply });
  }

  /** Tells an open session of newly set Status Changed flags, once it has taken in what was sent before. */
  #tellChanged(): void {
    const session = this.#session;
    if (session.kind !== "open" || session.waiting.length >= UNASKED_WAIT_MAX) return;
    if ((this.#therapy.changed & ~this.#toldChanged) === 0) return;
    this.#toldChanged = this.#therapy.changed;
    this.#send({ channel: Channel.StatusChanged, value: statusChanged(this.#therapy) });
  }

  /** What the button's gestures do: README.md, "The button". */
  #obeyGesture(gesture: Gesture, now: UptimeMs): void {
    this.#killChallenge();
    if (gesture.kind === "hold") {
      if (gesture.tapsBefore === 0) this.#adopt(stop(this.#therapy, now));
      if (gesture.tapsBefore === 1) this.#adopt(resume(this.#therapy, now));
      if (gesture.tapsBefore === 7) this.#revokeAll();
      return;
    }
    if (gesture.count === 1) this.#adopt(confirmAnnunciation(this.#therapy, now));
    if (gesture.count === 3) this.#openWindow("operate", now);
    if (gesture.count === 4) this.#openWindow("observe", now);
  }

  #openWindow(role: Role, now: UptimeMs): void {
    if (!this.#nonces) return;
    this.#closeWindow();
    const opened = openPairingWindow(this.#pumpId, role, this.#entropy, now);
    if (!opened.ok) {
      this.#entropyFailed(opened.refusal);
      return;
    }
    this.#window = opened.value;
    this.#annunciator.announce("Pair", opened.value.shownText);
  }

  #closeWindow(): void {
    if (!this.#window) return;
    wipeWindow(this.#window);
    this.#window = undefined;
    this.#board.show(["Pairing closed"]);
  }

  #revokeAll(): void {
    try {
      this.#bonds = this.#stores.bonds.commit(NO_BONDS).value;
    } catch {
      this.#latch({ kind: "storageFailed", blob: "bonds" }, undefined);
      return;
    }
    this.#stepSession({ kind: "broken", reason: "bonds revoked" });
    this.#annunciator.announce("All controllers revoked");
  }

  #killChallenge(): void {
    if (this.#nonces) this.#countersign = killChallenge(this.#countersign, this.#nonces);
  }

  /** Forgets what a connection had sent, so that the next one begins clean. */
  #clearInbound(): void {
    this.#reassembler.reset();
    for (let i = this.#queue.length - 1; i >= 0; i--) {
      const queued = this.#queue[i];
      const stale = queued?.kind === "flooded" || (queued?.kind === "link" && queued.event.kind === "written");
      if (stale) this.#queue.splice(i, 1);
    }
    this.#waitingFragments = 0;
    this.#waitingMessages = 0;
  }
}
