/**
 * What differs from one pump to the next of the same rig, measured on a bench and kept in storage: the insulin of a
 * turn, and what the force sensor says of no force. The rig in force is the board's with these in place of the nominal
 * figures; it changes at a boot and at no other time, so that no two pulses of one life are planned differently.
 */

import { layout } from "../base/layout.js";
import { type Microunits, microunits } from "../base/units.js";
import { type RigConfig, rigErrors } from "../rig.js";
import type { BlobSpec, Loaded } from "../storage/blob.js";

export interface Calibration {
  /** Undefined: the nominal figure. */
  readonly insulinPerTurnMicrounits: Microunits | undefined;
  /** The force sensor's reading without force, in 65,535ths of full scale. */
  readonly forceZero: number;
}

/** Of a pump that was never on a bench. */
export const NOMINAL: Calibration = { insulinPerTurnMicrounits: undefined, forceZero: 0 };

/** Full scale of a stored force zero. */
export const FORCE_SCALE = 65_535;

/**
 * How far the insulin of a turn may lie from nominal, as a fraction 1/20. A bore 0.1 mm off its 9.65 mm (the tolerance of
 * ISO 11608-3) is 2 %, a cheap screw's pitch 1 %; a miscounted turn of ten, a vessel left on the scale or grams for
 * milligrams are all beyond.
 */
export const PLAUSIBLE_DIVISOR = 20;
/** A tenth of full scale: load cells are sold with less. More is a force, and would raise the occlusion threshold. */
export const FORCE_ZERO_MAX = 6_553;

const CalibrationLayout = layout(["insulinPerTurn", "u32"], ["forceZero", "u16"]);

/** 0 in the place of the insulin of a turn stands for the nominal figure, which no calibration can be. */
export const CALIBRATION_BLOB: BlobSpec<Calibration> = {
  name: "calibration",
  version: 1,
  copies: "mirrored",
  encode: ({ insulinPerTurnMicrounits, forceZero }) =>
    CalibrationLayout.encode({ insulinPerTurn: insulinPerTurnMicrounits ?? 0, forceZero }),
  decode(bytes) {
    const fields = CalibrationLayout.decode(bytes);
    if (!fields) return undefined;
    const { insulinPerTurn, forceZero } = fields;
    return { insulinPerTurnMicrounits: insulinPerTurn === 0 ? undefined : microunits(insulinPerTurn), forceZero };
  },
};

/**
 * The rig with a calibration in place of its nominal figures: an occlusion, or a touch, is so much force above the stored
 * zero; the stroke is so many turns.
 */
export function calibrated(nominal: RigConfig, { insulinPerTurnMicrounits, forceZero }: Calibration): RigConfig {
  const { drive, reservoir } = nominal;
  const perTurn = insulinPerTurnMicrounits ?? drive.insulinPerTurnMicrounits;
  const zero = forceZero / FORCE_SCALE;
  const stroke = Math.floor((reservoir.strokeMicrounits * perTurn) / drive.insulinPerTurnMicrounits);
  return {
    ...nominal,
    drive: {
      ...drive,
      insulinPerTurnMicrounits: perTurn,
      occlusionForceFraction: drive.occlusionForceFraction + zero,
    },
    reservoir: {
      ...reservoir,
      strokeMicrounits: microunits(stroke),
      contactForceFraction: reservoir.contactForceFraction + zero,
    },
  };
}

/** What is wrong with a calibration of this rig, one line each: out of the plausible bounds, or no rig to run on. */
export function calibrationErrors(nominal: RigConfig, calibration: Calibration): readonly string[] {
  const nominalMicrounits = nominal.drive.insulinPerTurnMicrounits;
  const { insulinPerTurnMicrounits = nominalMicrounits, forceZero } = calibration;
  const errors: string[] = [];
  if (Math.abs(insulinPerTurnMicrounits - nominalMicrounits) * PLAUSIBLE_DIVISOR > nominalMicrounits)
    errors.push(
      `${insulinPerTurnMicrounits} microunits a turn are over ${100 / PLAUSIBLE_DIVISOR} % from ${nominalMicrounits}`,
    );
  if (forceZero > FORCE_ZERO_MAX) errors.push(`a force zero of ${forceZero} is over ${FORCE_ZERO_MAX}`);
  return [...errors, ...rigErrors(calibrated(nominal, calibration))];
}

/** The calibration that a boot found, and the rig that follows. */
export interface InForce {
  readonly calibration: Calibration;
  readonly rig: RigConfig;
  /** There was one, and it is gone or does not fit this rig: the nominal figures are in force. */
  readonly lost: boolean;
}

/** @param expected whether this pump has run on a calibration before: then none at all is a loss too. */
export function calibrationInForce(found: Loaded<Calibration>, expected: boolean, nominal: RigConfig): InForce {
  const value = "value" in found ? found.value : undefined;
  if (value && calibrationErrors(nominal, value).length === 0)
    return { calibration: value, rig: calibrated(nominal, value), lost: false };
  return { calibration: NOMINAL, rig: nominal, lost: found.kind !== "missing" || expected };
}
