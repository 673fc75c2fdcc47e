/**
 * The stepper motor: the currents in four coils -> half-steps of the rotor. Knows no insulin. The rotor goes where the
 * field pulls it; that this is where the firmware believes it to be, nobody promises.
 *
 * A standing field pulls the rotor to the nearest of its equilibria, one in every 8 half-steps: up to 3 away it is
 * followed, 4 away is a dead point, from which chance decides the direction. The rotor is slower than the code: of the
 * fields that stood within one millisecond it sees only the last, so that of a burst of half-steps under 1 ms apart
 * all but the last field's pull is lost. Without current the gear's friction holds it.
 */

import type { Random } from "../clock/random.js";

/** Half-steps after which the field is the same again. */
const CYCLE = 8;
const DEAD_POINT = CYCLE / 2;
/** Coils with current at a time in half-stepping. */
const MOST_COILS = 2;
/** A pause of the motor that separates two pulses: far over a half-step's 3 ms, well under the 2 s between pulses. */
const PULSE_PAUSE_MS = 500;

/** Where a pattern of coils pulls, by the sign of first less third and of second less fourth coil. */
const FIELDS: readonly (readonly (number | undefined)[])[] = [
  [5, 4, 3],
  [6, undefined, 2],
  [7, 0, 1],
];

/** From phase `from` to phase `to` the short way: -3 to 4. */
function phasesBetween(from: number, to: number): number {
  const ahead = (((to - from) % CYCLE) + CYCLE) % CYCLE;
  return ahead > DEAD_POINT ? ahead - CYCLE : ahead;
}

/**
 * Turns the load by one half-step, +1 forwards, -1 back, at a time that is now or past. False when it does not give
 * way.
 */
export type TurnLoad = (direction: 1 | -1, atMs: number) => boolean;

/** A change of the coils, all writes of one millisecond together, that the rotor has yet to react to. */
interface Transition {
  readonly atMs: number;
  readonly fromOff: boolean;
  readonly fromPhase: number;
  /** Coils switched so far. */
  writes: number;
  /** Half-steps that the field went, as written. */
  halfSteps: number;
}

/** What of a motor is left without power; what its coils last asked of the rotor included. Timings are not kept. */
export interface DriveSnapshot {
  readonly coils: readonly [number, number, number, number];
  readonly phase: number;
  readonly transition?: Readonly<Transition>;
  readonly rotorHalfSteps: number;
  readonly commandedHalfSteps: number;
  readonly lostSteps: number;
}

export class Drive {
  readonly #clock: { readonly nowMs: number };
  readonly #random: Random;
  readonly #turnLoad: TurnLoad;
  readonly #coils: [number, number, number, number] = [0, 0, 0, 0];
  /** The last phase that the coils were in, with current. Coil 0 alone is phase 0, coils 0 and 1 phase 1, and so on. */
  #phase = 0;
  #transition: Transition | undefined;
  #rotorHalfSteps = 0;
  #commandedHalfSteps = 0;
  #lostSteps = 0;
  #lastStepMs: number | undefined;
  #lastPulseStartMs: number | undefined;
  #minStepIntervalMs = Infinity;
  #minPulseGapMs = Infinity;

  constructor(clock: { readonly nowMs: number }, random: Random, turnLoad: TurnLoad) {
    this.#clock = clock;
    this.#random = random;
    this.#turnLoad = turnLoad;
  }

  /** Position of the rotor: net half-steps since the simulation began. */
  get rotorHalfSteps(): number {
    return this.#rotorHalfSteps;
  }

  /** Net half-steps that the coils went through. */
  get commandedHalfSteps(): number {
    return this.#commandedHalfSteps;
  }

  /** Half-steps by which the rotor ever fell behind or ran ahead of the coils, added up; catching up takes none off. */
  get lostSteps(): number {
    return this.#lostSteps;
  }

  /** Least time from one half-step to the next; 0 for two in one millisecond, Infinity before there were two. */
  get minStepIntervalMs(): number {
    return this.#minStepIntervalMs;
  }

  /** Least time from the start of a pulse (its first half-step after 500 ms without one) to the start of the next. */
  get minPulseGapMs(): number {
    return this.#minPulseGapMs;
  }

  level(coil: number): number {
    return this.#coils[coil] ?? 0;
  }

  setCoil(coil: number, level: 0 | 1): void {
    if (this.#coils[coil] === level) return;
    const { nowMs } = this.#clock;
    if (this.#transition && this.#transition.atMs < nowMs) this.settle();
    this.#transition ??= {
      atMs: nowMs,
      fromOff: this.#field() === undefined,
      fromPhase: this.#phase,
      writes: 0,
      halfSteps: 0,
    };
    this.#transition.writes += 1;
    this.#coils[coil] = level;
    const field = this.#field();
    if (field === undefined) return;
    this.#transition.halfSteps += phasesBetween(this.#phase, field);
    this.#phase = field;
  }

  snapshot(): DriveSnapshot {
    return {
      coils: [...this.#coils],
      phase: this.#phase,
      ...(this.#transition && { transition: { ...this.#transition } }),
      rotorHalfSteps: this.#rotorHalfSteps,
      commandedHalfSteps: this.#commandedHalfSteps,
      lostSteps: this.#lostSteps,
    };
  }

  /** Becomes the motor of a snapshot, its power gone at that moment: the rotor comes to rest where the coils left it. */
  restore(snapshot: DriveSnapshot): void {
    for (const [coil, level] of snapshot.coils.entries()) this.#coils[coil] = level;
    this.#phase = snapshot.phase;
    this.#transition = snapshot.transition && { ...snapshot.transition };
    this.#rotorHalfSteps = snapshot.rotorHalfSteps;
    this.#commandedHalfSteps = snapshot.commandedHalfSteps;
    this.#lostSteps = snapshot.lostSteps;
    this.release();
  }

  /** No current in any coil from now on. */
  release(): void {
    this.settle();
    this.#coils.fill(0);
  }

  /** Lets the rotor react to the coils as they are. */
  settle(): void {
    const transition = this.#transition;
    if (!transition) return;
    this.#transition = undefined;
    const field = this.#field();
    if (field === undefined) {
      // Switching two coils off takes two writes, and the field between them does not last.
      this.#phase = transition.fromPhase;
      return;
    }
    const lagBefore = Math.abs(this.#commandedHalfSteps - this.#rotorHalfSteps);
    const pull = this.#pullTo(field);
    const halfSteps = this.#commanded(transition, field, pull);
    this.#commandedHalfSteps += halfSteps;
    if (halfSteps !== 0) this.#time(transition.atMs, Math.abs(halfSteps) > (transition.fromOff ? DEAD_POINT : 1));
    this.#turn(pull, transition.atMs);
    const lagAfter = Math.abs(this.#commandedHalfSteps - this.#rotorHalfSteps);
    this.#lostSteps += Math.max(0, lagAfter - lagBefore);
  }

  /**
   * What a transition asks of a rotor that has kept up. Switching on goes the short way, and from the dead point
   * either.
   */
  #commanded({ fromOff, fromPhase, writes, halfSteps }: Transition, field: number, pull: number): number {
    const switchedOn = fromOff && writes <= MOST_COILS;
    if (!switchedOn) return halfSteps;
    const jump = phasesBetween(fromPhase, field);
    const keptUp = (this.#commandedHalfSteps - this.#rotorHalfSteps) % CYCLE === 0;
    return keptUp ? pull : jump;
  }

  /** Where the field pulls, 0 to 7; `undefined` without current, or when opposite coils cancel. */
  #field(): number | undefined {
    const [first, second, third, fourth] = this.#coils;
    return FIELDS[first - third + 1]?.[second - fourth + 1];
  }

  #pullTo(field: number): number {
    const pull = phasesBetween(this.#rotorHalfSteps, field);
    return pull === DEAD_POINT && this.#random.boolean() ? -DEAD_POINT : pull;
  }

  #turn(pull: number, atMs: number): void {
    const direction = pull < 0 ? -1 : 1;
    for (let left = Math.abs(pull); left > 0 && this.#turnLoad(direction, atMs); left--)
      this.#rotorHalfSteps += direction;
  }

  #time(atMs: number, burst: boolean): void {
    const lastMs = this.#lastStepMs;
    this.#lastStepMs = atMs;
    const intervalMs = lastMs === undefined ? Infinity : atMs - lastMs;
    this.#minStepIntervalMs = Math.min(this.#minStepIntervalMs, burst ? 0 : intervalMs);
    if (intervalMs < PULSE_PAUSE_MS) return;
    if (this.#lastPulseStartMs !== undefined)
      this.#minPulseGapMs = Math.min(this.#minPulseGapMs, atMs - this.#lastPulseStartMs);
    this.#lastPulseStartMs = atMs;
  }
}
