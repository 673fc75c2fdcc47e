/**
 * The pump: gathers the layers and runs them on the one thread, one event at a time. Callbacks only queue and arm;
 * while a pulse runs everything waits but the reading of the button. What is written and moved is delivery.ts, what is
 * sent radio.ts, each in the order commit, adopt, perform.
 */

import { Annunciator } from "./annunciator.js";
import { ATTENTION_INTERVAL_MS, Attention } from "./attention.js";
import { UptimeClock } from "./base/clock.js";
import type { UptimeMs } from "./base/units.js";
import type { Board, DigitalPin, ScheduledCallback } from "./board.js";
import { BondKeeper } from "./bondKeeper.js";
import { type Booted, boot } from "./boot.js";
import { type Button, buttonAtBoot, buttonWakeAt, type Gesture, stepButton } from "./button.js";
import { Console } from "./console.js";
import { Delivery } from "./delivery.js";
import { Motor, type MotorReport } from "./motor/motor.js";
import { Radio } from "./radio.js";
import { type RigConfig, rigErrors } from "./rig.js";
import type { Role } from "./session/bonds.js";
import { activePriming, isConfirmed } from "./therapy/ledger.js";
import { confirmAnnunciation, endFlightMode, resume, stop } from "./therapy/obey.js";
import type { Therapy } from "./therapy/therapy.js";
import { Workbench } from "./workbench.js";

/**
 * Starts the pump. Where its storage will not let it, or its rig is impossible, it shows why and stands still with the
 * coils off: a restart would only fail again.
 */
export function startPump(board: Board): void {
  let pump: Pump | undefined;
  let terminal: Console | undefined;
  const show = (lines: readonly string[]) => {
    board.show(lines);
    terminal?.print(lines);
  };
  try {
    // The motor comes first: it writes the coils off.
    const motor = new Motor(board, (report) => pump?.pulseEnded(report));
    terminal = new Console(board, () => pump?.wake());
    pump = new Pump({ ...board, show }, motor, terminal);
  } catch (error) {
    board.trace(`fault: the pump does not start: ${messageOf(error)}`);
    show(["FAULT", "The pump does not start", messageOf(error)]);
  }
}

/** Taps before a hold: README.md, "The button". Any other hold in Run stops. */
const RESUME_TAPS = 1;
const REVOKE_TAPS = 7;
/** Taps alone that end flight mode. */
const FLIGHT_TAPS = 2;
/** Taps alone that open pairing. */
const OPERATE_TAPS = 3;
const OBSERVE_TAPS = 4;
/** Taps alone that ask to change the reservoir. */
const RESERVOIR_TAPS = 5;
/** Taps before the hold that says yes to what the pump asks: none that stops anything. */
const YES_TAPS = 2;

/** Longer than a pulse takes (SR-58). */
const ATTENTION_RETRY_MS = 500;

const NEVER = Number.POSITIVE_INFINITY;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : "unknown");

/** A gesture, and whether it began, or came to pass, while there was something to stop: then it starts nothing. */
interface Meant {
  readonly gesture: Gesture;
  readonly stops: boolean;
}

class Pump {
  readonly #board: Board;
  readonly #clock: UptimeClock;
  readonly #buttonPin: DigitalPin;
  readonly #annunciator: Annunciator;
  readonly #terminal: Console;
  readonly #workbench: Workbench;
  /** When the workbench next has something to do: an uptime, or infinity. */
  #benchAt = NEVER;
  readonly #rig: RigConfig;
  readonly #delivery: Delivery;
  readonly #attention: Attention;
  readonly #keeper: BondKeeper;
  /** Undefined when the pump has no identity, for want of entropy: then it is not on the air. */
  readonly #radio: Radio | undefined;
  #report: MotorReport | undefined;
  #button: Button;
  /** Whether, at any moment of the row of taps that is under way, there was something for a hold to stop or to say no to. */
  #stops = false;
  /** Gestures that wait for a pulse to end. */
  #gestures: readonly Meant[] = [];
  #wake: ScheduledCallback | undefined;

  /**
   * Boots. The radio starts last. Throws what the storage throws.
   *
   * @param board whose `show` prints on the terminal too.
   */
  constructor(board: Board, motor: Motor, terminal: Console) {
    this.#board = board;
    this.#terminal = terminal;
    this.#clock = new UptimeClock(board.ticks);
    const now = () => this.#clock.now();
    const annunciator = new Annunciator(board);
    this.#annunciator = annunciator;
    const booted = bootOrAlarm(board, annunciator, now());
    this.#delivery = new Delivery(board, booted, motor, annunciator, now, () => this.#radio?.killChallenge());
    this.#attention = new Attention(board, this.#delivery, now);
    this.#button = buttonAtBoot(now());
    this.#buttonPin = new board.Digital({
      pin: board.pins.button,
      mode: board.Digital.InputPullUp,
      edge: board.Digital.Rising | board.Digital.Falling,
      onReadable: () => this.#arm(0),
    });
    const { identity, rig } = booted;
    this.#rig = rig;
    const keeper = new BondKeeper(booted, this.#delivery, annunciator);
    this.#keeper = keeper;
    const bonds = () => keeper.bonds;
    const { battery } = this.#attention;
    const device = { buildHash: board.buildHash, battery: battery.isFitted ? battery : undefined };
    this.#workbench = new Workbench(board, booted, motor, this.#delivery, terminal, bonds, now);
    try {
      if (identity)
        this.#radio = new Radio(board, booted, identity, this.#delivery, keeper, device, annunciator, now, () =>
          this.#arm(0),
        );
    } catch (error) {
      // Therapy does not depend on the radio: without it, the button and what is programmed remain.
      this.#delivery.radioFailed(messageOf(error));
    }
    this.#arm(0);
    this.#attendIn(ATTENTION_INTERVAL_MS);
  }

  /** The motor's report of the pulse that was begun. */
  pulseEnded(report: MotorReport): void {
    this.#report = report;
    this.#arm(0);
  }

  /** A line waits on the console. */
  wake(): void {
    this.#benchAt = 0;
    this.#arm(0);
  }

  #arm(delayMs: number): void {
    this.#wake?.cancel();
    this.#wake = this.#board.schedule(() => this.#run(), delayMs);
  }

  /** Looks, a turn of its own, at what calls for a person; during a pulse, or before its report is taken, a little later. */
  #attendIn(delayMs: number): void {
    this.#board.schedule(() => {
      if (this.#delivery.isMoving || this.#report) {
        this.#attendIn(ATTENTION_RETRY_MS);
        return;
      }
      try {
        if (this.#attention.pass()) this.#arm(0);
      } catch (error) {
        this.#delivery.latch({ kind: "invariant", message: messageOf(error) });
      }
      this.#attendIn(ATTENTION_INTERVAL_MS);
    }, delayMs);
  }

  /**
   * Runs what is due. An exception of ours in here stops the motor; one in the motor's own callback restarts the board.
   */
  #run(): void {
    this.#wake = undefined;
    try {
      this.#readButton();
      if (this.#delivery.isMoving) {
        if (this.#gestures.some(({ gesture }) => gesture.kind === "hold")) this.#delivery.haltLeg();
        this.#armForButton();
        return;
      }
      const report = this.#report;
      this.#report = undefined;
      if (report) {
        this.#delivery.pulseEnded(report);
        this.#workbench.pulseEnded(report);
      }
      // What was asked, Stop above all, comes before the next pulse.
      do {
        this.#passDeadlines();
      } while (this.#radio?.handleNext());
      if (this.#benchAt < NEVER) {
        this.#workbench.passTime();
        this.#benchAt = this.#workbench.wakeAt();
      }
      this.#delivery.passTime();
      this.#radio?.tell();
    } catch (error) {
      this.#delivery.latch({ kind: "invariant", message: messageOf(error) });
    }
    if (this.#delivery.isMoving) {
      // Where a pulse follows on another, a press may be under way.
      this.#armForButton();
      return;
    }
    // Not before a pulse that has just begun: its first half-step comes first.
    this.#terminal.flush();
    this.#arm(this.#wakeInMs());
  }

  /** Gestures, deadlines and rates that have run out: all but pulses. */
  #passDeadlines(): void {
    this.#readButton();
    const gestures = this.#gestures;
    this.#gestures = [];
    this.#delivery.passRates();
    for (const meant of gestures) this.#obeyGesture(meant);
    this.#radio?.passTime();
  }

  /**
   * Reads the pin also while a pulse runs, which outlasts a tap: a tap missed would make another gesture of the rest.
   */
  #readButton(): void {
    const { next, gesture } = stepButton(this.#button, this.#buttonPin.read() === 0, this.#clock.now());
    if (next.position !== "up" && this.#button.position === "up") {
      this.#radio?.killChallenge();
      if (this.#button.taps === 0) this.#stops = false;
    }
    const { therapy } = this.#delivery;
    this.#stops ||= isUnderWay(therapy) || therapy.offer !== undefined;
    this.#button = next;
    if (gesture) this.#gestures = [...this.#gestures, { gesture, stops: this.#stops }];
  }

  /** During a pulse, whose end arms for everything else. */
  #armForButton(): void {
    const now = this.#clock.now();
    const at = buttonWakeAt(this.#button, now);
    if (at !== undefined) this.#arm(Math.max(0, at - now));
  }

  /** What the button's gestures do: README.md, "The button". */
  #obeyGesture({ gesture, stops }: Meant): void {
    const delivery = this.#delivery;
    const now = this.#clock.now();
    if (gesture.kind === "hold") {
      this.#workbench.held();
      if (gesture.tapsBefore === REVOKE_TAPS) this.#revokeAll();
      else if (isUnderWay(delivery.therapy)) delivery.adopt(stop(delivery.therapy, now, this.#rig));
      else if (delivery.therapy.offer) this.#answer(gesture.tapsBefore === YES_TAPS);
      else if (gesture.tapsBefore === RESUME_TAPS && !stops) delivery.adopt(resume(delivery.therapy, now));
      return;
    }
    if (delivery.therapy.offer) delivery.dropOffer();
    if (gesture.count === 1) delivery.adopt(confirmAnnunciation(delivery.therapy, now));
    if (gesture.count === FLIGHT_TAPS) delivery.adopt(endFlightMode(delivery.therapy, now));
    if (gesture.count === OPERATE_TAPS) this.#openWindow("operate");
    if (gesture.count === OBSERVE_TAPS) this.#openWindow("observe");
    if (gesture.count === RESERVOIR_TAPS) delivery.offerMove();
  }

  #answer(yes: boolean): void {
    if (yes) this.#delivery.takeOffer();
    else this.#delivery.dropOffer();
  }

  /** Pairing needs the radio: it ends flight mode. */
  #openWindow(role: Role): void {
    const delivery = this.#delivery;
    if (!this.#radio) return this.#annunciator.announce("No radio: pairing is not possible");
    if (delivery.adopt(endFlightMode(delivery.therapy, this.#clock.now()))) this.#radio.openWindow(role);
  }

  /** Bonds end with or without a radio, and with them what was asked in their name. */
  #revokeAll(): void {
    this.#delivery.endPreparation();
    this.#radio?.forgetAll();
    this.#keeper.revokeAll();
  }

  #wakeInMs(): number {
    const now = this.#clock.now();
    const radioAt = this.#radio?.wakeAt() ?? NEVER;
    const buttonAt = buttonWakeAt(this.#button, now) ?? NEVER;
    return Math.max(0, Math.min(this.#delivery.wakeAt(), this.#benchAt, radioAt, buttonAt) - now);
  }
}

/** Whether there is anything that any hold stops. */
function isUnderWay({ standing, leg }: Therapy): boolean {
  const priming = activePriming(standing.ledger);
  return standing.control === "run" || leg !== undefined || (priming !== undefined && isConfirmed(priming));
}

/** Boots, or says aloud why not before the exception goes on. */
function bootOrAlarm(board: Board, annunciator: Annunciator, now: UptimeMs): Booted {
  try {
    const errors = rigErrors(board.rig);
    if (errors.length > 0) throw new Error(`rig: ${errors.join("; ")}`);
    return boot(board, now);
  } catch (error) {
    annunciator.setPending(true);
    annunciator.announce("FAULT", "The pump does not start", messageOf(error));
    throw error;
  }
}
