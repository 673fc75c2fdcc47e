/**
 * A bench for the motor: a board with a virtual scheduler, four coil pins that log every write, a rotor that follows
 * the coils, and an encoder and a force sensor on it. The constants of its mechanics are its own.
 */

import assert from "node:assert/strict";
import { microunits } from "../../firmware/base/units.js";
import type { Board, Pins, ScheduledCallback } from "../../firmware/board.js";
import { type PulsePlan, planPulse } from "../../firmware/motor/geometry.js";
import { Motor, type MotorReport, type PulseBegun } from "../../firmware/motor/motor.js";
import { DEFAULT_RIG, type DriveConfig } from "../../firmware/rig.js";
import type { Durable } from "../../firmware/storage/blob.js";

const COIL_PINS: Pins["coils"] = [11, 12, 13, 14];
const PATTERNS = ["1000", "1100", "0100", "0110", "0010", "0011", "0001", "1001"];
/** Of this bench: 2,400 counts a turn of 64 x 25,792 / 405 half-steps. */
const COUNTS_PER_HALF_STEP = (2_400 * 405) / (64 * 25_792);

interface Pending {
  readonly callback: () => void;
  readonly dueMs: number;
  readonly order: number;
}

export class Bench {
  /** Everything that touched the hardware, in order. */
  readonly log: string[] = [];
  readonly board: Board;
  nowMs = 0;
  /** Rotor in half-steps since the start; follows the coils unless stalled. */
  rotorHalfSteps = 0;
  stalled = false;
  /** Added to what the encoder counts, for slip and runaway. */
  extraCounts = 0;
  /** Raw reading of the force input, 12 bits; undefined: its conversion fails. */
  force: number | undefined = 0;
  /** Patterns of the coils as callbacks left them, with the time. */
  readonly patterns: { readonly atMs: number; readonly pattern: string }[] = [];
  #levels = [0, 0, 0, 0];
  #pending: Pending[] = [];
  #order = 0;

  constructor(drive: Partial<DriveConfig> = {}) {
    const bench = this;
    class Digital {
      static readonly InputPullUp = 1;
      static readonly Output = 8;
      static readonly Rising = 1;
      static readonly Falling = 2;
      readonly #index: number;
      constructor(options: { readonly pin: number; readonly mode: number }) {
        bench.log.push(`open ${options.pin} mode ${options.mode}`);
        this.#index = COIL_PINS.indexOf(options.pin);
      }
      read(): number {
        throw new Error("read of an output");
      }
      write(value: 0 | 1): void {
        bench.log.push(`write ${COIL_PINS[this.#index]} ${value}`);
        bench.#levels[this.#index] = value;
      }
      close(): void {}
    }
    class PulseCount {
      constructor(options: { readonly signal: number; readonly control: number }) {
        bench.log.push(`encoder ${options.signal} ${options.control}`);
      }
      read(): number {
        return Math.floor(bench.rotorHalfSteps * COUNTS_PER_HALF_STEP) + bench.extraCounts;
      }
      close(): void {}
    }
    class Analog {
      readonly resolution = 12;
      constructor(options: { readonly pin: number }) {
        bench.log.push(`analog ${options.pin}`);
      }
      read(): number | undefined {
        return bench.force;
      }
      close(): void {}
    }
    const parts: Partial<Board> = {
      Digital,
      PulseCount,
      Analog,
      pins: {
        coils: COIL_PINS,
        button: 1,
        led: 2,
        buzzer: 3,
        encoder: { signal: 4, control: 5 },
        force: 6,
        battery: 9,
        serial: { port: 0, transmit: 7, receive: 8 },
      },
      rig: { ...DEFAULT_RIG, drive: { ...DEFAULT_RIG.drive, ...drive } },
      schedule: (callback, delayMs) => this.#schedule(callback, delayMs),
    };
    this.board = parts as Board;
  }

  get pattern(): string {
    return this.#levels.join("");
  }

  /** Runs the next callback, `lateMs` after it was due. False when none is pending. */
  runNext(lateMs = 0): boolean {
    this.#pending.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    const next = this.#pending.shift();
    if (!next) return false;
    this.nowMs = Math.max(this.nowMs, next.dueMs) + lateMs;
    next.callback();
    this.turnRotor();
    if (this.pattern !== this.patterns.at(-1)?.pattern) this.patterns.push({ atMs: this.nowMs, pattern: this.pattern });
    return true;
  }

  runAll(lateMs = 0): void {
    while (this.runNext(lateMs));
  }

  /** The rotor goes to the nearest rest of the energised phase. */
  turnRotor(): void {
    const phase = PATTERNS.indexOf(this.pattern);
    if (phase < 0 || this.stalled) return;
    const ahead = (((phase - this.rotorHalfSteps) % 8) + 8) % 8;
    this.rotorHalfSteps += ahead > 4 ? ahead - 8 : ahead;
  }

  #schedule(callback: () => void, delayMs: number): ScheduledCallback {
    const entry: Pending = { callback, dueMs: this.nowMs + delayMs, order: this.#order++ };
    this.#pending.push(entry);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== entry);
      },
    };
  }

  get pendingCallbacks(): number {
    return this.#pending.length;
  }
}

/** The motor reads nothing of a proof but its value. */
export const proofOf = (plan: PulsePlan): Durable<PulseBegun> =>
  ({ value: { plan } }) as unknown as Durable<PulseBegun>;

/** A motor aligned to phase 0 on a bench, pulses planned with the remainder carried. `pulse` runs one to its report. */
export function setUp(drive: Partial<DriveConfig> = {}) {
  const bench = new Bench(drive);
  const reports: MotorReport[] = [];
  const motor = new Motor(bench.board, (report) => reports.push(report));
  motor.align(0, bench.board.rig.drive);
  let remainder = 0;
  const begin = (amount: number): PulsePlan => {
    const plan = planPulse(bench.board.rig.drive, microunits(amount), remainder);
    remainder = plan.remainderAfter;
    motor.begin(plan, proofOf(plan));
    return plan;
  };
  const pulse = (amount: number): MotorReport => {
    begin(amount);
    bench.runAll();
    const report = reports.at(-1);
    assert.ok(report);
    return report;
  };
  return { bench, motor, reports, begin, pulse };
}
