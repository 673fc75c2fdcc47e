/**
 * What the pump moves: motor, gear, lead screw, encoder, cartridge and line. It, not the firmware, says what the
 * patient received. Survives power cuts. Its constants are measured on the parts and share nothing with the firmware's
 * rig: were they one, their errors would cancel.
 */

import type { Random } from "../clock/random.js";
import { Drive, type DriveSnapshot } from "./drive.js";
import { ScrewEncoder, type ScrewEncoderSnapshot } from "./encoder.js";
import { CARTRIDGE_MICROUNITS, Syringe, type SyringeSnapshot } from "./syringe.js";

/** 28BYJ-48: 5.625 degrees a half-step, and four gear stages, their teeth counted. */
const ROTOR_HALF_STEPS_PER_ROTOR_TURN = 360 / 5.625;
const GEAR_RATIO = (32 / 9) * (22 / 11) * (26 / 9) * (31 / 10);
const HALF_STEPS_PER_SCREW_TURN = ROTOR_HALF_STEPS_PER_ROTOR_TURN * GEAR_RATIO;

/** Pitch of an M4 thread, and bore of a 3 ml cartridge (ISO 11608-3). */
const SCREW_PITCH_MM = 0.7;
const BORE_MM = 9.65;
/** U-100: 100 U a millilitre, 0.1 U a cubic millimetre. */
const MICROUNITS_PER_CUBIC_MM = 100_000;
const MICROUNITS_PER_SCREW_TURN = (Math.PI / 4) * BORE_MM * BORE_MM * SCREW_PITCH_MM * MICROUNITS_PER_CUBIC_MM;
const MICROUNITS_PER_HALF_STEP = MICROUNITS_PER_SCREW_TURN / HALF_STEPS_PER_SCREW_TURN;

const FORCE_SENSOR_FULL_SCALE_NEWTONS = 30;

export interface PlantOptions {
  /** What the first cartridge holds, its plunger touched by the pusher: 300 U unless given. */
  readonly cartridgeMicrounits?: number;
  /** Play of the encoder in edges: 1 unless given. */
  readonly encoderBacklashEdges?: number;
  /** What this cartridge and screw displace a turn, as a multiple of what their drawings say: 1 unless given. */
  readonly displacementFactor?: number;
  /** What the force sensor says of no force: 0 unless given. */
  readonly forceOffsetNewtons?: number;
}

/** All that a plant is without power. */
export interface PlantSnapshot {
  readonly drive: DriveSnapshot;
  readonly syringe: SyringeSnapshot;
  readonly encoder: ScrewEncoderSnapshot;
  readonly screwHalfSteps: number;
  readonly slipHalfSteps: number;
  readonly slippedHalfSteps: number;
  readonly jammed: boolean;
}

/** What hands, and the body, do to the plant, as its verbs take it. */
export type PlantInput =
  | { readonly do: "occlude"; readonly occluded: boolean }
  | { readonly do: "jam"; readonly jammed: boolean }
  | { readonly do: "slip"; readonly halfSteps: number }
  | { readonly do: "turnScrew"; readonly halfSteps: number }
  | { readonly do: "loadCartridge"; readonly contentMicrounits: number }
  | { readonly do: "restorePlant"; readonly snapshot: PlantSnapshot };

export class Plant {
  /** Called after everything done to the plant: what follows from it in time alone is in the snapshot of then. */
  onChange: (() => void) | undefined;
  readonly #clock: { readonly nowMs: number };
  readonly #drive: Drive;
  readonly #syringe: Syringe;
  readonly #encoder: ScrewEncoder;
  readonly #onInput: (input: PlantInput) => void;
  readonly #microunitsPerHalfStep: number;
  readonly #forceOffsetNewtons: number;
  #screwHalfSteps = 0;
  #slipHalfSteps = 0;
  #slippedHalfSteps = 0;
  #jammed = false;

  /** @param onInput hears of what is done to the plant from outside, before it. */
  constructor(
    clock: { readonly nowMs: number },
    random: Random,
    options: PlantOptions = {},
    onInput: (input: PlantInput) => void = () => {},
  ) {
    this.#clock = clock;
    this.#onInput = onInput;
    this.#microunitsPerHalfStep = MICROUNITS_PER_HALF_STEP * (options.displacementFactor ?? 1);
    this.#forceOffsetNewtons = options.forceOffsetNewtons ?? 0;
    this.#syringe = new Syringe(clock, options.cartridgeMicrounits ?? CARTRIDGE_MICROUNITS);
    this.#encoder = new ScrewEncoder(HALF_STEPS_PER_SCREW_TURN, options.encoderBacklashEdges ?? 1);
    this.#drive = new Drive(clock, random, (direction, atMs) => this.#turn(direction, atMs));
  }

  /** Insulin that the plunger displaced. */
  get displacedMicrounits(): number {
    return this.#settled().displacedMicrounits;
  }

  /** Insulin out of the end of the line: what the patient received. */
  get deliveredMicrounits(): number {
    return this.#settled().deliveredMicrounits;
  }

  /** Insulin displaced and held back by the give of the line. */
  get lineStorageMicrounits(): number {
    return this.#settled().lineStorageMicrounits;
  }

  /** Insulin let off when a cartridge was taken out. */
  get ventedMicrounits(): number {
    return this.#settled().ventedMicrounits;
  }

  /** Insulin left in the cartridge. */
  get reservoirMicrounits(): number {
    return this.#settled().reservoirMicrounits;
  }

  /** Force on the plunger. */
  get forceNewtons(): number {
    return this.#settled().forceNewtons;
  }

  /** Whether the line is closed. */
  get occluded(): boolean {
    return this.#syringe.occluded;
  }

  /** Output of the force sensor as a fraction of full scale, 30 N; more when overloaded. */
  get forceFraction(): number {
    return (this.forceNewtons + this.#forceOffsetNewtons) / FORCE_SENSOR_FULL_SCALE_NEWTONS;
  }

  /** Net half-steps that the rotor turned. */
  get rotorHalfSteps(): number {
    this.#drive.settle();
    return this.#drive.rotorHalfSteps;
  }

  /** Position of the lead screw: what of the rotor's turning reached it, and what a hand added, in half-steps. */
  get screwHalfSteps(): number {
    this.#drive.settle();
    return this.#screwHalfSteps;
  }

  /** Edges that the encoder on the screw has given, net, over all power cuts. */
  get encoderEdges(): number {
    this.#drive.settle();
    return this.#encoder.edges;
  }

  /** Net half-steps that the coils went through. */
  get commandedHalfSteps(): number {
    this.#drive.settle();
    return this.#drive.commandedHalfSteps;
  }

  /** Half-steps commanded that did not move the screw, added up. */
  get lostSteps(): number {
    this.#drive.settle();
    return this.#drive.lostSteps + this.#slippedHalfSteps;
  }

  /** Least time from one half-step to the next; 0 for two in one millisecond, Infinity before there were two. */
  get minStepIntervalMs(): number {
    this.#drive.settle();
    return this.#drive.minStepIntervalMs;
  }

  /** Least time from the start of a pulse (its first half-step after 500 ms without one) to the start of the next. */
  get minPulseGapMs(): number {
    this.#drive.settle();
    return this.#drive.minPulseGapMs;
  }

  coilLevel(coil: number): number {
    return this.#drive.level(coil);
  }

  /** @param coil 0 to 3; rising coils in turn move the plunger forwards. */
  setCoil(coil: number, level: 0 | 1): void {
    this.#drive.setCoil(coil, level);
    this.onChange?.();
  }

  /** No current in any coil from now on, as when the power goes. */
  releaseCoils(): void {
    this.#drive.release();
    this.onChange?.();
  }

  /** Hears the encoder's edges, signed; `undefined` ends it. */
  listenToEncoder(listener: ((edges: number) => void) | undefined): void {
    this.#encoder.listen(listener);
  }

  /** Lets the rotor react to the coils as they are. Every reading does so too. */
  settle(): void {
    this.#drive.settle();
  }

  /** Closes the line, or opens it again. */
  setOccluded(occluded: boolean): void {
    this.#onInput({ do: "occlude", occluded });
    this.#settled().setOccluded(occluded);
    this.onChange?.();
  }

  /** Blocks the gear, or frees it. */
  setJammed(jammed: boolean): void {
    this.#onInput({ do: "jam", jammed });
    this.#drive.settle();
    this.#jammed = jammed;
    this.onChange?.();
  }

  /** The coupling slips: the next `halfSteps` of the rotor do not reach the screw. */
  slip(halfSteps: number): void {
    this.#onInput({ do: "slip", halfSteps });
    this.#drive.settle();
    this.#slipHalfSteps += halfSteps;
    this.onChange?.();
  }

  /** A hand, or a fall, turns the screw under a resting rotor: negative is back. Stops at what does not give way. */
  turnScrew(halfSteps: number): void {
    this.#onInput({ do: "turnScrew", halfSteps });
    this.#drive.settle();
    const direction = halfSteps < 0 ? -1 : 1;
    for (let left = Math.abs(halfSteps); left > 0 && this.#turnScrewOnce(direction, this.#clock.nowMs); left--);
    this.onChange?.();
  }

  /** Another cartridge; see Syringe. */
  loadCartridge(contentMicrounits: number): void {
    this.#onInput({ do: "loadCartridge", contentMicrounits });
    this.#settled().loadCartridge(contentMicrounits);
    this.onChange?.();
  }

  snapshot(): PlantSnapshot {
    return {
      drive: this.#drive.snapshot(),
      syringe: this.#syringe.snapshot(),
      encoder: this.#encoder.snapshot(),
      screwHalfSteps: this.#screwHalfSteps,
      slipHalfSteps: this.#slipHalfSteps,
      slippedHalfSteps: this.#slippedHalfSteps,
      jammed: this.#jammed,
    };
  }

  /** Becomes the plant of a snapshot, its power gone at that moment. The clock is at that time, or later. */
  restore(snapshot: PlantSnapshot): void {
    this.#onInput({ do: "restorePlant", snapshot });
    this.#syringe.restore(snapshot.syringe);
    this.#encoder.restore(snapshot.encoder);
    this.#screwHalfSteps = snapshot.screwHalfSteps;
    this.#slipHalfSteps = snapshot.slipHalfSteps;
    this.#slippedHalfSteps = snapshot.slippedHalfSteps;
    this.#jammed = snapshot.jammed;
    this.#drive.restore(snapshot.drive);
  }

  #settled(): Syringe {
    this.#drive.settle();
    return this.#syringe;
  }

  #turn(direction: 1 | -1, atMs: number): boolean {
    if (this.#jammed) return false;
    if (this.#slipHalfSteps > 0) {
      this.#slipHalfSteps -= 1;
      this.#slippedHalfSteps += 1;
      return true;
    }
    return this.#turnScrewOnce(direction, atMs);
  }

  #turnScrewOnce(direction: 1 | -1, atMs: number): boolean {
    const screwHalfSteps = this.#screwHalfSteps + direction;
    if (!this.#syringe.moveTo(screwHalfSteps * this.#microunitsPerHalfStep, atMs)) return false;
    this.#screwHalfSteps = screwHalfSteps;
    this.#encoder.follow(screwHalfSteps);
    return true;
  }
}
