/**
 * One rig: the geometry of its drive, its limits, and what a new pump is provisioned with. A default for the
 * 28BYJ-48 syringe drive; per-unit calibration replaces `insulinPerTurnMicrounits`. Never changed by radio.
 */

import { type Microunits, type MicrounitsPerHour, MS_PER_HOUR, microunits, microunitsPerHour } from "./base/units.js";

/** The syringe drive: integers all, but for the fraction; what they may be is `rigErrors`. */
export interface DriveConfig {
  /** Insulin that one turn of the lead screw displaces, calibrated. */
  readonly insulinPerTurnMicrounits: Microunits;
  /** Half-steps of the motor in one turn of the lead screw, as a ratio of integers. */
  readonly halfStepsPerTurn: { readonly numerator: number; readonly denominator: number };
  /** x4 counts of the encoder in one turn of the lead screw, and how far they may be off; `none` for a bare board. */
  readonly encoder: { readonly countsPerTurn: number; readonly toleranceCounts: number } | "none";
  /** Least time from one half-step to the next. */
  readonly halfStepMs: number;
  /** Coils held after the last half-step of a pulse, then settling without current before the encoder is read. */
  readonly holdMs: number;
  readonly settleMs: number;
  /** Insulin of one pulse, at most; basal always comes in whole ones. */
  readonly pulseMaxMicrounits: Microunits;
  /** Least time from the start of one pulse to the start of the next. */
  readonly pulseIntervalMs: number;
  /** Force on the plunger that counts as an occlusion, as a fraction of the sensor's full scale. */
  readonly occlusionForceFraction: number;
}

/** A battery of one Li-ion cell, measured through a divider. */
export interface BatteryConfig {
  /** The cell's voltage at which the converter reads full scale. */
  readonly fullScaleMillivolts: number;
}

/** The reservoir, and the way of the drive behind its plunger. */
export interface ReservoirConfig {
  /** From the stop at the back to where a full reservoir is empty, as insulin. */
  readonly strokeMicrounits: Microunits;
  /** Less than that is none that could be used. */
  readonly fillLeastMicrounits: Microunits;
  /** At or under that the user is told. */
  readonly lowMicrounits: Microunits;
  /** Force that tells that the drive touches the plunger, as a fraction of the sensor's full scale. */
  readonly contactForceFraction: number;
}

/** What the gate lets through (therapy/limits.ts). */
export interface LimitsConfig {
  /** One bolus. */
  readonly bolusMaxMicrounits: Microunits;
  /** All insulin of any 60 minutes, and of any 24 hours. */
  readonly hourMaxMicrounits: Microunits;
  readonly dayMaxMicrounits: Microunits;
  /** Programmed and temporary rates. */
  readonly basalMaxMicrounitsPerHour: MicrounitsPerHour;
  /** All priming of one reservoir. */
  readonly primingMaxMicrounits: Microunits;
}

/** Everything that differs from rig to rig. */
export interface RigConfig {
  readonly drive: DriveConfig;
  readonly reservoir: ReservoirConfig;
  readonly limits: LimitsConfig;
  /** `none` for a board on a supply. */
  readonly battery: BatteryConfig | "none";
  /** What a pump that was never provisioned begins with, in Stop. */
  readonly provisioning: {
    readonly basalMicrounitsPerHour: MicrounitsPerHour;
    readonly reservoirMicrounits: Microunits;
  };
}

/**
 * What no configuration may exceed. Manuals of pumps in use: bolus to 25 U (t:slim) and 30 U (Omnipod), basal to 30 U/h
 * (Omnipod). The others have no such source: about one largest bolus an hour, half a cartridge a day, and for priming
 * twice what the longest line takes.
 */
export const CEILINGS: LimitsConfig = {
  bolusMaxMicrounits: microunits(25_000_000),
  hourMaxMicrounits: microunits(30_000_000),
  dayMaxMicrounits: microunits(150_000_000),
  basalMaxMicrounitsPerHour: microunitsPerHour(30_000_000),
  primingMaxMicrounits: microunits(50_000_000),
};

/**
 * 28BYJ-48: the rotor makes 64 half-steps a turn, its gears 25792/405 (measured tooth
 * counts 32/9 x 22/11 x 26/9 x 31/10): 4075.77 half-steps a turn. Lead 0.7 mm, bore 9.65 mm (ISO 11608-3, 3 ml
 * cartridge): 51.197 microlitres, 5.1197 U of U-100 a turn. The pulse of 0.05 U every 2 s is Omnipod's.
 *
 * Chosen for this rig, to be confirmed on a bench: 3 ms a half-step (the motor starts at up to about 1,000
 * half-steps/s), 20 ms to hold and 50 ms to settle a geared rotor, 15 N (2 bar on this bore) of a 30 N sensor for an
 * occlusion, 2 counts for a quadrature edge at either end. The limits leave room for the largest boluses and days that
 * closed loops give.
 */
export const DEFAULT_RIG: RigConfig = {
  drive: {
    insulinPerTurnMicrounits: microunits(5_119_676),
    halfStepsPerTurn: { numerator: 64 * 25_792, denominator: 405 },
    encoder: { countsPerTurn: 2_400, toleranceCounts: 2 },
    halfStepMs: 3,
    holdMs: 20,
    settleMs: 50,
    pulseMaxMicrounits: microunits(50_000),
    pulseIntervalMs: 2_000,
    occlusionForceFraction: 0.5,
  },
  reservoir: {
    // 300 U, and 1 mm on the bore behind the plunger of a full cartridge.
    strokeMicrounits: microunits(307_314_000),
    fillLeastMicrounits: microunits(10_000_000),
    // What t:slim X2 begins with (its user guide, Low Insulin Alert).
    lowMicrounits: microunits(20_000_000),
    // 0.6 N of a 30 N sensor.
    contactForceFraction: 0.02,
  },
  limits: {
    bolusMaxMicrounits: microunits(10_000_000),
    hourMaxMicrounits: microunits(15_000_000),
    dayMaxMicrounits: microunits(80_000_000),
    basalMaxMicrounitsPerHour: microunitsPerHour(5_000_000),
    // t:slim X2 fills its lines with 10 to 30 U (its user guide, Fill Tubing).
    primingMaxMicrounits: microunits(30_000_000),
  },
  // Two equal resistors before a converter that reads full scale at 2.45 V (the SDK's _analog.c, 12 dB).
  battery: { fullScaleMillivolts: 4_900 },
  provisioning: {
    basalMicrounitsPerHour: microunitsPerHour(900_000),
    reservoirMicrounits: microunits(300_000_000),
  },
};

/** SR-53: at most 0.05 U a pulse, at least 2 s apart. */
const PULSE_MAX_MICROUNITS = 50_000;
const PULSE_INTERVAL_MIN_MS = 2_000;
/** SR-55. */
const HALF_STEP_MIN_MS = 3;
/** From the coils' first current to the report: what the button may have to wait for of its second (SR-58, SR-64). */
const PULSE_MAX_MS = 250;
/** At 3 ms each, a pulse keeps everything else waiting for under 130 ms. */
const PULSE_MAX_HALF_STEPS = 42;
/** More would hide a pulse of 0.01 U, 4.7 counts, that moved half. */
const TOLERANCE_MAX_COUNTS = 2;
/** Fewer would not tell a stalled pulse of 0.01 U from a whole one beside a tolerance of 2. */
const ENCODER_COUNTS_MIN = 2_400;

/** A full cell must be within the scale, and a millivolt of it must not be lost in a 12-bit reading. */
const BATTERY_FULL_SCALE_MILLIVOLTS = { least: 4_450, most: 10_000 } as const;

/**
 * Checks a rig before anything runs on it. Returns what is wrong with it, one line each, naming field and bound.
 */
export function rigErrors(rig: RigConfig): readonly string[] {
  const errors: string[] = [];
  for (const name of Object.keys(CEILINGS) as (keyof LimitsConfig)[]) {
    const value = rig.limits[name];
    if (!Number.isSafeInteger(value) || value <= 0 || value > CEILINGS[name])
      errors.push(`limits.${name} is ${value}; it must be an integer from 1 to ${CEILINGS[name]}`);
  }
  const { drive, provisioning } = rig;
  const integers = { ...drive, ...provisioning, encoder: 0, halfStepsPerTurn: 0, occlusionForceFraction: 0 };
  for (const [name, value] of Object.entries(integers))
    if (!Number.isSafeInteger(value) || value < 0) errors.push(`${name} is ${value}; it must be an integer from 0 up`);
  if (!(drive.occlusionForceFraction > 0 && drive.occlusionForceFraction < 1))
    errors.push(`drive.occlusionForceFraction is ${drive.occlusionForceFraction}; it must lie between 0 and 1`);
  errors.push(...reservoirErrors(rig));
  if (drive.pulseMaxMicrounits < 1) errors.push("drive.pulseMaxMicrounits is under 1");
  if (drive.insulinPerTurnMicrounits < 1) errors.push("drive.insulinPerTurnMicrounits is under 1");
  if (provisioning.basalMicrounitsPerHour > rig.limits.basalMaxMicrounitsPerHour)
    errors.push("provisioning.basalMicrounitsPerHour is over limits.basalMaxMicrounitsPerHour");
  if (drive.pulseMaxMicrounits > PULSE_MAX_MICROUNITS)
    errors.push(`drive.pulseMaxMicrounits is over ${PULSE_MAX_MICROUNITS} (0.05 U)`);
  if (drive.pulseIntervalMs < PULSE_INTERVAL_MIN_MS)
    errors.push(`drive.pulseIntervalMs is under ${PULSE_INTERVAL_MIN_MS} (1.5 U/min)`);
  if (drive.halfStepMs < HALF_STEP_MIN_MS)
    errors.push(`drive.halfStepMs is under ${HALF_STEP_MIN_MS}: the rotor would lose steps`);
  const { numerator, denominator } = drive.halfStepsPerTurn;
  if (!(Number.isSafeInteger(numerator) && Number.isSafeInteger(denominator) && numerator > 0 && denominator > 0))
    errors.push(`drive.halfStepsPerTurn is ${numerator}/${denominator}; both must be integers from 1 up`);
  if (drive.encoder !== "none") {
    const { countsPerTurn, toleranceCounts } = drive.encoder;
    if (!(Number.isSafeInteger(countsPerTurn) && countsPerTurn >= ENCODER_COUNTS_MIN))
      errors.push(
        `drive.encoder.countsPerTurn is ${countsPerTurn}; it must be an integer from ${ENCODER_COUNTS_MIN} up`,
      );
    if (!(Number.isSafeInteger(toleranceCounts) && toleranceCounts >= 0 && toleranceCounts <= TOLERANCE_MAX_COUNTS))
      errors.push(`drive.encoder.toleranceCounts is ${toleranceCounts}; it must be 0 to ${TOLERANCE_MAX_COUNTS}`);
  }
  if (rig.battery !== "none") {
    const { fullScaleMillivolts } = rig.battery;
    const { least, most } = BATTERY_FULL_SCALE_MILLIVOLTS;
    if (!(Number.isSafeInteger(fullScaleMillivolts) && fullScaleMillivolts >= least && fullScaleMillivolts <= most))
      errors.push(
        `battery.fullScaleMillivolts is ${fullScaleMillivolts}; it must be an integer from ${least} to ${most}`,
      );
  }
  const pulseHalfSteps = (drive.pulseMaxMicrounits * numerator) / (denominator * drive.insulinPerTurnMicrounits);
  if (!(pulseHalfSteps >= 1 && pulseHalfSteps <= PULSE_MAX_HALF_STEPS))
    errors.push(`a whole pulse is ${pulseHalfSteps} half-steps; it must be 1 to ${PULSE_MAX_HALF_STEPS}`);
  const pulseMs = pulseHalfSteps * drive.halfStepMs + 2 * drive.holdMs + drive.settleMs;
  if (!(pulseMs <= PULSE_MAX_MS)) errors.push(`a whole pulse takes ${pulseMs} ms; it may take ${PULSE_MAX_MS}`);
  const fastest = (drive.pulseMaxMicrounits * MS_PER_HOUR) / drive.pulseIntervalMs;
  if (rig.limits.basalMaxMicrounitsPerHour > fastest)
    errors.push(`limits.basalMaxMicrounitsPerHour is over ${fastest}, what the pulses can deliver`);
  return errors;
}

function reservoirErrors({ reservoir, provisioning, drive }: RigConfig): readonly string[] {
  const errors: string[] = [];
  const { strokeMicrounits, fillLeastMicrounits, lowMicrounits, contactForceFraction } = reservoir;
  for (const [name, value] of Object.entries({ strokeMicrounits, fillLeastMicrounits, lowMicrounits }))
    if (!(Number.isSafeInteger(value) && value >= 0 && value <= strokeMicrounits))
      errors.push(`reservoir.${name} is ${value}; it must be an integer from 0 to the stroke`);
  // The stroke is so many turns: a calibration may make it a twentieth less.
  if (provisioning.reservoirMicrounits > 1.05 * strokeMicrounits)
    errors.push("provisioning.reservoirMicrounits is over reservoir.strokeMicrounits");
  if (!(contactForceFraction > 0 && contactForceFraction < drive.occlusionForceFraction))
    errors.push(
      `reservoir.contactForceFraction is ${contactForceFraction}; it must lie between 0 and drive.occlusionForceFraction`,
    );
  return errors;
}
