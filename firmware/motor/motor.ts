/**
 * The motor of the plunger: runs one pulse at a time and reports what the encoder and the force sensor saw.
 * Owns the coils, the encoder, the force input and the one pending callback. Never decides how much insulin: it moves
 * only against a proof that the pulse has been made durable. Never latches a fault: it reports, and the top decides.
 */

import { type EncoderCounts, encoderCounts, halfSteps, type Microunits } from "../base/units.js";
import type { AnalogInput, Board, PulseCounter, ScheduledCallback } from "../board.js";
import type { DriveConfig } from "../rig.js";
import type { Durable } from "../storage/blob.js";
import {
  type CheckedMotion,
  checkMotion,
  checkRest,
  type EncoderState,
  encoderAligned,
  encoderAtBoot,
  type MotionCheck,
} from "./encoder.js";
import type { PulsePlan } from "./geometry.js";
import { checkForce, type OcclusionState, OPEN_LINE } from "./occlusion.js";
import { Coils, PHASES } from "./stepper.js";

/** What must be durable before a pulse moves. The record that the journal commits extends it. */
export interface PulseBegun {
  readonly plan: PulsePlan;
}

/**
 * The end of a pulse. [low, high] is the insulin that moved as far as is known (encoder.ts); for a pulse in tolerance
 * that was not aborted the plan's own amount stands. `coilPhase` is where the coils were left. `aborted`: cut short
 * before its hold ended, though perhaps after its last half-step.
 */
export interface MotorReport {
  readonly plan: PulsePlan;
  readonly check: MotionCheck;
  /** Signed counts of the encoder since the report before. */
  readonly countedCounts: number;
  readonly lowMicrounits: Microunits;
  readonly highMicrounits: Microunits;
  readonly coilPhase: number;
  /** Force after the pulse, as a fraction of the sensor's full scale; undefined when it could not be read. */
  readonly forceFraction: number | undefined;
  readonly occluded: boolean;
  readonly aborted: boolean;
}

/**
 *     idle --begin--> stepping --last half-step--> holding --holdMs--> settling --settleMs: report--> idle
 *     idle --first begin since boot--> begun --at once--> aligning --holdMs--> stepping
 *     idle --begin of a plan without half-steps--> settling
 *     begun, aligning, stepping, holding --deenergise--> settling
 *
 * Aligning holds the phase that the journal kept, so that the rotor rests where the half-steps begin: a power cut may
 * have left it up to 4 half-steps off. What moves by that is reported with the first pulse.
 */
type State =
  | { readonly kind: "idle" }
  | { readonly kind: "begun"; readonly plan: PulsePlan }
  | { readonly kind: "aligning"; readonly plan: PulsePlan }
  | { readonly kind: "stepping"; readonly plan: PulsePlan; readonly madeHalfSteps: number }
  | { readonly kind: "holding"; readonly plan: PulsePlan }
  | { readonly kind: "settling"; readonly plan: PulsePlan; readonly madeHalfSteps: number; readonly aborted: boolean };

export class Motor {
  readonly #coils: Coils;
  readonly #board: Board;
  #drive: DriveConfig;
  readonly #onPulseEnd: (report: MotorReport) => void;
  readonly #encoder: PulseCounter | undefined;
  #force: AnalogInput | undefined;
  #state: State = { kind: "idle" };
  #timer: ScheduledCallback | undefined;
  #coilPhase: number | undefined;
  #encoderState: EncoderState;
  #occlusionState: OcclusionState = OPEN_LINE;

  /**
   * Writes the coils off before it does anything else.
   *
   * @param onPulseEnd is called once for every pulse begun, from a scheduled callback, when the motor is idle again.
   */
  constructor(board: Board, onPulseEnd: (report: MotorReport) => void) {
    this.#coils = new Coils(board);
    this.#board = board;
    this.#drive = board.rig.drive;
    this.#onPulseEnd = onPulseEnd;
    this.#encoder = board.rig.drive.encoder === "none" ? undefined : new board.PulseCount(board.pins.encoder);
    this.#encoderState = encoderAtBoot(this.#readEncoder());
  }

  /**
   * Takes what only storage knows, once, before the first pulse: the coil phase that the journal kept, 0 to 7 (anything
   * else is an invariant), and the drive in force, calibrated. Opens the force sensor, since the boot's entropy comes
   * from the same converter (native/entropy.c).
   */
  align(coilPhase: number, drive: DriveConfig): void {
    if (this.#coilPhase !== undefined) throw new Error("invariant: the motor is already aligned");
    if (!Number.isInteger(coilPhase) || coilPhase < 0 || coilPhase >= PHASES)
      throw new Error(`invariant: ${coilPhase} is no coil phase`);
    this.#coilPhase = coilPhase;
    this.#drive = drive;
    this.#force = new this.#board.Analog({ pin: this.#board.pins.force });
  }

  /** The phase last energised; before the first pulse the one aligned to. Throws an invariant when not aligned. */
  get coilPhase(): number {
    if (this.#coilPhase === undefined) throw new Error("invariant: the motor is not aligned");
    return this.#coilPhase;
  }

  /** The encoder's running total since boot. */
  get encoderCounts(): EncoderCounts {
    return this.#readEncoder();
  }

  /**
   * One reading of the force sensor, as a fraction of its full scale. A conversion that failed counts as full force: a
   * sensor that cannot be read must not look like an open line.
   */
  get forceFraction(): number {
    return this.readForce() ?? 1;
  }

  /** The same, and undefined for a conversion that failed. */
  readForce(): number | undefined {
    const reading = this.#force?.read();
    return reading === undefined ? undefined : reading / (2 ** (this.#force?.resolution ?? 0) - 1);
  }

  /** True from `begin` until the pulse is about to be reported. */
  get busy(): boolean {
    return this.#state.kind !== "idle";
  }

  /**
   * Begins a pulse; the coils are energised in a callback of its own, and the first pulse since boot aligns the rotor
   * for holdMs before its first half-step. Throws an invariant, and moves nothing, when busy, not aligned, or when the
   * proof is of another plan.
   */
  begin(plan: PulsePlan, proof: Durable<PulseBegun>): void {
    if (this.busy) throw new Error("invariant: a pulse is running");
    if (this.#coilPhase === undefined) throw new Error("invariant: the motor is not aligned");
    if (proof.value.plan !== plan) throw new Error("invariant: the pulse made durable is another one");
    if (plan.halfSteps > 0) {
      const first = this.#encoderState.phase === "booted";
      this.#state = first ? { kind: "begun", plan } : { kind: "stepping", plan, madeHalfSteps: 0 };
      this.#arm(0);
    } else {
      this.#settle(plan, 0, false);
    }
  }

  /**
   * What the encoder says of a motor at rest: in tolerance, or moved by something else, and then by how much at most.
   * Throws an invariant while a pulse runs.
   */
  checkRest(): Pick<CheckedMotion, "check" | "highMicrounits"> {
    if (this.busy) throw new Error("invariant: a pulse is running");
    const motion = checkRest(this.#drive, this.#encoderState, this.#readEncoder());
    this.#encoderState = motion.next;
    return motion;
  }

  /**
   * Takes where the rotor rests for its new zero: after hands, or a stop that the drive ran against, have had it. The next
   * pulse aligns it as after a boot. Throws an invariant while a pulse runs.
   */
  realign(): void {
    if (this.busy) throw new Error("invariant: a pulse is running");
    this.#encoderState = encoderAtBoot(this.#readEncoder());
    this.#occlusionState = OPEN_LINE;
  }

  /**
   * Takes the current off the coils at once; no further half-step follows. A pulse that has not yet begun to settle is
   * aborted: it settles, so that the encoder is read at rest, and is reported after `settleMs`.
   */
  deenergise(): void {
    this.#coils.off();
    switch (this.#state.kind) {
      case "aligning":
        this.#encoderState = encoderAligned(this.#encoderState, this.#readEncoder());
        this.#settle(this.#state.plan, 0, true);
        return;
      case "begun":
        this.#settle(this.#state.plan, 0, true);
        return;
      case "stepping":
        this.#settle(this.#state.plan, this.#state.madeHalfSteps, true);
        return;
      case "holding":
        this.#settle(this.#state.plan, this.#state.plan.halfSteps, true);
        return;
      case "idle":
      case "settling":
        return;
      default:
        this.#state satisfies never;
    }
  }

  /** Re-armed from now: after a stall the next half-step is late, never early, and none is made up. */
  #arm(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#board.schedule(() => {
      this.#timer = undefined;
      this.#advance();
    }, delayMs);
  }

  #advance(): void {
    const state = this.#state;
    switch (state.kind) {
      case "begun":
        this.#coils.energise(this.coilPhase);
        this.#state = { kind: "aligning", plan: state.plan };
        this.#arm(this.#drive.holdMs);
        return;
      case "aligning":
        this.#encoderState = encoderAligned(this.#encoderState, this.#readEncoder());
        this.#step(state.plan, 1);
        return;
      case "stepping":
        this.#step(state.plan, state.madeHalfSteps + 1);
        return;
      case "holding":
        this.#coils.off();
        this.#settle(state.plan, state.plan.halfSteps, false);
        return;
      case "settling":
        this.#state = { kind: "idle" };
        this.#report(state.plan, state.madeHalfSteps, state.aborted);
        return;
      case "idle":
        return;
      default:
        state satisfies never;
    }
  }

  #step(plan: PulsePlan, madeHalfSteps: number): void {
    const { halfStepMs, holdMs } = this.#drive;
    this.#coilPhase = (this.coilPhase + (plan.backwards ? PHASES - 1 : 1)) % PHASES;
    this.#coils.energise(this.#coilPhase);
    const last = madeHalfSteps === plan.halfSteps;
    this.#state = last ? { kind: "holding", plan } : { kind: "stepping", plan, madeHalfSteps };
    this.#arm(last ? holdMs : halfStepMs);
  }

  /** Waits, without current, until the rotor is at rest. */
  #settle(plan: PulsePlan, madeHalfSteps: number, aborted: boolean): void {
    this.#state = { kind: "settling", plan, madeHalfSteps, aborted };
    this.#arm(this.#drive.settleMs);
  }

  #readEncoder(): EncoderCounts {
    return encoderCounts(this.#encoder?.read() ?? 0);
  }

  #report(plan: PulsePlan, madeHalfSteps: number, aborted: boolean): void {
    const drive = this.#drive;
    const steps = halfSteps(plan.backwards ? -madeHalfSteps : madeHalfSteps);
    const motion = checkMotion(drive, this.#encoderState, steps, this.#readEncoder());
    this.#encoderState = motion.next;
    const forceFraction = this.readForce();
    const force = checkForce(drive, this.#occlusionState, forceFraction ?? 1);
    this.#occlusionState = force.next;
    this.#onPulseEnd({
      plan,
      check: motion.check,
      countedCounts: motion.countedCounts,
      lowMicrounits: motion.lowMicrounits,
      highMicrounits: motion.highMicrounits,
      coilPhase: this.coilPhase,
      forceFraction,
      occluded: force.occluded,
      aborted,
    });
  }
}
