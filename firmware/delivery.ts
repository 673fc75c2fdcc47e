/**
 * The therapy made real: commits what a step asks to be durable, adopts its next state, moves the motor, in that order
 * and nowhere else. Owns the therapy's state, its two blobs and the history, the motor, and the alarm.
 */

import type { Annunciator } from "./annunciator.js";
import { type Fault, faultText } from "./base/fault.js";
import { microunits, type UptimeMs, uptimeMs } from "./base/units.js";
import type { Board } from "./board.js";
import type { Booted } from "./boot.js";
import { AnnunciationType, StatusChangedFlag } from "./ids/values.js";
import type { MotionCheck } from "./motor/encoder.js";
import type { Motor, MotorReport } from "./motor/motor.js";
import { QUESTIONS, reservoirLines, whyNoMove } from "./reservoirText.js";
import type { RigConfig } from "./rig.js";
import type { Durable } from "./storage/blob.js";
import { isSnoozed } from "./therapy/annunciations.js";
import { endBenchPulse } from "./therapy/bench.js";
import { latchFault, type Moved } from "./therapy/fault.js";
import { JOURNAL_BLOB, type JournalBegun } from "./therapy/journal.js";
import { endPreparation, tell } from "./therapy/obey.js";
import { dropOffer, offerMove, takeOffer } from "./therapy/offer.js";
import { operationalState } from "./therapy/operational.js";
import { endLegPulse } from "./therapy/preparation.js";
import { PROFILES_BLOB } from "./therapy/profiles.js";
import { countUncommanded, endPulse, passRates, passTime, therapyWakeAt } from "./therapy/pulses.js";
import { STANDING_BLOB } from "./therapy/standingBlob.js";
import type { Therapy, TherapyRecord, TherapyStep } from "./therapy/therapy.js";

/** A failing flash may recover; asking it more often would not help. */
const RETRY_INTERVAL_MS = 60_000;
/** What the display says while the radio is silent. */
const FLIGHT_MODE_LINE = "Flight mode: two taps end it";

/** What became of a record; a pulse's carries the proof that the motor asks for. */
type Committed =
  | { readonly kind: "stored" }
  | { readonly kind: "pulse"; readonly proof: Durable<JournalBegun> }
  | { readonly kind: "failed" };

export class Delivery {
  readonly #board: Board;
  readonly #rig: RigConfig;
  readonly #stores: Booted["stores"];
  readonly #motor: Motor;
  readonly #annunciator: Annunciator;
  readonly #now: () => UptimeMs;
  readonly #onStateChanged: () => void;
  #therapy: Therapy;
  #retryAt: UptimeMs = uptimeMs(0);
  /** An entropy fault is told of once a boot: a stranger who connects again must not wear the flash. */
  #entropyTold = false;

  /** @param onStateChanged is called when control state or operational state have changed. */
  constructor(
    board: Board,
    booted: Booted,
    motor: Motor,
    annunciator: Annunciator,
    now: () => UptimeMs,
    onStateChanged: () => void,
  ) {
    this.#board = board;
    this.#rig = booted.rig;
    this.#stores = booted.stores;
    this.#therapy = booted.therapy;
    this.#motor = motor;
    this.#annunciator = annunciator;
    this.#now = now;
    this.#onStateChanged = onStateChanged;
    motor.align(booted.therapy.journal.coilPhase, booted.rig.drive);
    const { pending } = this.#therapy.standing.annunciations;
    const { flightMode } = this.#therapy.standing;
    const lines = [
      ...booted.news,
      ...(flightMode ? [FLIGHT_MODE_LINE] : []),
      ...pending.map(({ type }) => annunciationLine(type)),
    ];
    if (lines.length > 0) annunciator.announce(...lines);
    annunciator.setPending(pending.length > 0);
    if (booted.entropyFault) this.entropyFailed(booted.entropyFault);
    if (booted.historyFailed) this.latch({ kind: "storageFailed", blob: "history" });
  }

  get therapy(): Therapy {
    return this.#therapy;
  }

  /** While a pulse runs everything else waits. */
  get isMoving(): boolean {
    return this.#motor.busy;
  }

  /** Lets rates and hours run out: before anything is asked of the therapy, so that it answers as of now. */
  passRates(): void {
    if (this.#faultIsUnstored && this.#now() >= this.#retryAt) this.#storeFault();
    this.#checkRest();
    this.#repeat(passRates);
  }

  /** Lets therapy time pass until nothing more is due or a pulse has begun. */
  passTime(): void {
    this.#repeat(passTime);
  }

  #repeat(pass: typeof passTime): void {
    let recorded = true;
    while (recorded && !this.#motor.busy) {
      const step = pass(this.#therapy, this.#now(), this.#rig);
      recorded = this.adopt(step) && step.record !== undefined;
    }
  }

  wakeAt(): UptimeMs {
    const at = therapyWakeAt(this.#therapy, this.#now(), this.#rig);
    return this.#faultIsUnstored ? uptimeMs(Math.min(at, this.#retryAt)) : at;
  }

  /**
   * Takes the motor's report of the pulse that was begun, and latches the fault that it may tell of: not when it moved no
   * insulin, since what the encoder then says is the bench's business, or tells of a stop.
   */
  pulseEnded(report: MotorReport): void {
    if (this.#therapy.journal.pulse?.source === "bench") {
      const end = this.#therapy.leg ? endLegPulse : endBenchPulse;
      this.adopt(end(this.#therapy, report, this.#now(), this.#rig));
      return;
    }
    this.adopt(endPulse(this.#therapy, report, this.#now(), this.#rig), report);
    this.#latchMotion(report.check, report);
  }

  /** Somebody at the pump asks to change the reservoir: asks back, or says why not. */
  offerMove(): void {
    const before = this.#therapy;
    this.adopt(offerMove(before, this.#now()));
    if (before.offer === this.#therapy.offer) this.#annunciator.announce(whyNoMove(this.#therapy));
  }

  /** Somebody at the pump said yes to what it asked. */
  takeOffer(): void {
    this.adopt(takeOffer(this.#therapy, this.#motor.readForce(), this.#now(), this.#rig));
  }

  /** Somebody at the pump said no, or gave no answer that counts. */
  dropOffer(): void {
    this.adopt(dropOffer(this.#therapy, this.#now()));
  }

  /** Ends what moves the drive in Stop, or is asked about. */
  endPreparation(): void {
    this.adopt(endPreparation(this.#therapy, this.#now()));
  }

  /** Takes the current off at once where what moves is no insulin. */
  haltLeg(): void {
    if (this.#therapy.leg) this.#motor.deenergise();
  }

  /** Looks for motion that nobody commanded, while the motor is at rest: it is counted, and a fault. */
  #checkRest(): void {
    const { fault, motion, standing } = this.#therapy;
    // At its stop, with no reservoir, hands may be at the drive.
    if (fault || motion.kind !== "idle" || standing.reservoir.state === "open") return;
    const { check, highMicrounits } = this.#motor.checkRest();
    if (check.kind === "inTolerance") return;
    const moved = { lowMicrounits: microunits(0), highMicrounits };
    this.adopt(countUncommanded(this.#therapy, highMicrounits), moved);
    this.#latchMotion(check, moved);
  }

  #latchMotion(check: MotionCheck, moved: Moved): void {
    if (check.kind === "inTolerance") return;
    const kind = check.kind === "short" ? "motorShort" : "motorOver";
    this.latch({ kind, counted: check.countedCounts, expected: check.expectedCounts }, moved);
  }

  /**
   * Commits, then adopts, then performs. False when the record could not be made durable: a fault is latched, with
   * what is known to have moved, if the step was about that.
   */
  adopt({ record, next }: TherapyStep, moved?: Moved): boolean {
    const before = this.#therapy;
    // What has moved has moved, whether or not that can be stored.
    if (moved) this.#therapy = next;
    const committed = record && this.#commit(record, moved);
    if (committed?.kind === "failed") return false;
    this.#therapy = next;
    // A leg begins wherever hands have left the drive, and ends against something.
    if ((before.leg === undefined) !== (next.leg === undefined)) this.#motor.realign();
    if (committed?.kind === "pulse") this.#motor.begin(committed.proof.value.plan, committed.proof);
    if (record?.kind === "standing") {
      if (before.offer !== next.offer) this.#ask(next);
      if (hasChangedState(before, next)) this.#onStateChanged();
      this.#recordHistory();
      this.#announce(before);
    } else if (before.offer !== next.offer) {
      this.#ask(next);
      this.#annunciator.announce(...reservoirLines(before, next));
    }
    return true;
  }

  #ask({ offer }: Therapy): void {
    this.#annunciator.ask(offer ? QUESTIONS[offer.kind] : []);
  }

  #commit(record: TherapyRecord, moved: Moved | undefined): Committed {
    const { journal, standing, profiles } = this.#stores;
    let blob = record.kind === "standing" ? STANDING_BLOB.name : JOURNAL_BLOB.name;
    try {
      if (record.kind === "standing" && record.profiles) {
        blob = PROFILES_BLOB.name;
        profiles.commit(record.profiles);
        blob = STANDING_BLOB.name;
      }
      if (record.kind === "pulse") return { kind: "pulse", proof: journal.commit(record.value) };
      if (record.kind === "journal") journal.commit(record.value);
      else standing.commit(record.value);
      return { kind: "stored" };
    } catch {
      this.latch({ kind: "storageFailed", blob }, moved);
      return { kind: "failed" };
    }
  }

  /** Resets Status Changed flags. */
  resetChanged(flags: number): void {
    this.#therapy = { ...this.#therapy, changed: this.#therapy.changed & ~flags };
  }

  /** Says that nothing is delivered, once more: aloud, and to whoever is told of changes. Nothing is stored for it. */
  remindStopped(): void {
    const { changed, fault } = this.#therapy;
    this.#therapy = { ...this.#therapy, changed: changed | StatusChangedFlag.TherapyControlState };
    if (fault) this.#annunciator.announce("FAULT", faultText(fault.cause));
    else this.#annunciator.announce("Stopped", "No insulin is delivered");
  }

  /** Tells the user that the entropy source is not to be trusted; therapy goes on. */
  entropyFailed(fault: Fault): void {
    this.#board.trace(`entropy: ${faultText(fault)}`);
    if (this.#entropyTold) return;
    this.#entropyTold = true;
    this.adopt(tell(this.#therapy, AnnunciationType.SystemIssue, this.#now()));
  }

  /** Tells the user that the radio did not start; therapy goes on without it. */
  radioFailed(message: string): void {
    this.#board.trace(`radio: ${message}`);
    this.adopt(tell(this.#therapy, AnnunciationType.SystemIssue, this.#now()));
  }

  /** Stops the motor for good, until a restart. The state is still written, if the storage lets it. */
  latch(fault: Fault, moved?: Moved): void {
    if (this.#therapy.fault) return;
    this.#motor.deenergise();
    this.#board.trace(`fault: ${faultText(fault)}`);
    this.#annunciator.ask([]);
    const step = latchFault(this.#therapy, fault, this.#now(), moved, this.#rig);
    this.#therapy = step.next;
    this.#onStateChanged();
    this.#annunciator.setPending(true);
    this.#annunciator.announce("FAULT", faultText(fault));
    this.#storeFault();
  }

  /** Stores the state at the fault; while the storage refuses, again and again: a restart must not undo a Stop. */
  #storeFault(): void {
    try {
      // A blob whose commit threw must be loaded again before it takes another. The ledger goes first: until it has
      // settled the dose, the journal keeps the pulse open.
      this.#stores.standing.load();
      this.#stores.standing.commit(this.#therapy.standing);
      this.#stores.journal.load();
      this.#stores.journal.commit(this.#therapy.journal);
      this.#markFault(true);
      this.#recordFaultHistory();
    } catch {
      this.#markFault(false);
      this.#retryAt = uptimeMs(this.#now() + RETRY_INTERVAL_MS);
      this.#board.trace("fault: the state at the fault could not be stored");
    }
  }

  #recordFaultHistory(): void {
    const cause = this.#therapy.fault?.cause;
    if (cause?.kind !== "storageFailed" || cause.blob !== "history") this.#recordHistory();
  }

  get #faultIsUnstored(): boolean {
    return this.#therapy.fault?.stored === false;
  }

  #markFault(stored: boolean): void {
    const { fault } = this.#therapy;
    if (fault) this.#therapy = { ...this.#therapy, fault: { ...fault, stored } };
  }

  #recordHistory(): void {
    try {
      for (const event of this.#therapy.standing.history.pending) this.#stores.history.append(event);
    } catch {
      this.latch({ kind: "storageFailed", blob: "history" });
    }
  }

  /** Says aloud what changed for the person who holds the pump. */
  #announce(before: Therapy): void {
    const { control, annunciations, flightMode } = this.#therapy.standing;
    const { pending } = annunciations;
    const newest = pending.at(-1);
    const lines = [...reservoirLines(before, this.#therapy)];
    if (control !== before.standing.control) lines.push(control === "run" ? "Running" : "Stopped");
    if (flightMode !== before.standing.flightMode) lines.push(flightMode ? FLIGHT_MODE_LINE : "Flight mode ended");
    if (newest && pending.length > before.standing.annunciations.pending.length)
      lines.push(annunciationLine(newest.type));
    if (before.snoozes.length > 0)
      for (const annunciation of pending)
        if (isSnoozed(before.snoozes, annunciation) && !isSnoozed(this.#therapy.snoozes, annunciation))
          lines.push(annunciationLine(annunciation.type));
    // A fault that came of writing this very record keeps the display.
    if (lines.length > 0 && !this.#therapy.fault) this.#annunciator.announce(...lines);
    this.#annunciator.setPending(pending.length > 0 || this.#therapy.fault !== undefined);
  }
}

/** Whether the therapy control state or the operational state is another. */
function hasChangedState(before: Therapy, next: Therapy): boolean {
  return before.standing.control !== next.standing.control || operationalState(before) !== operationalState(next);
}

/** One line for the display: the standard's name of an annunciation. */
function annunciationLine(type: number): string {
  const named = Object.entries(AnnunciationType).find(([, value]) => value === type);
  return `Annunciation: ${named?.[0] ?? type.toString(16)}`;
}
