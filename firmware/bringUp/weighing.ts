/** From what a turning weighed to the insulin of a turn. Pure, in integers. */

import { ok, type Result, refuse } from "../base/result.js";
import { type Microunits, microunits } from "../base/units.js";
import { PLAUSIBLE_DIVISOR } from "../motor/calibration.js";
import { exactProduct } from "../motor/geometry.js";
import type { RigConfig } from "../rig.js";
import { encoderVerdict, type Turned } from "./turning.js";

/**
 * Density of water in micrograms a microlitre, at 21 C: 0.99802 g/ml (CRC Handbook of Chemistry and Physics, "Standard
 * density of water"; 0.99821 at 20 C, 0.99705 at 25 C). The buoyancy of air, 0.1 %, is not corrected.
 */
const WATER_MICROGRAMS_A_MICROLITRE = 998;
/** U-100: 100 U a millilitre. */
const MICROUNITS_A_MICROLITRE = 100_000;
/** A hundredth of a milligram, the unit of a weight here. */
const MICROGRAMS = 10;
/** So that 1 mg, the least that a common balance shows, is 0.4 % at most, and 0.1 mg 0.04 %. */
export const WEIGHED_TURNS_MIN = 5;

/**
 * The insulin of one turn of the screw, from the weight of the water that a turning moved. Refuses, in words: a turning
 * that is too short or that the encoder did not see as it was commanded, and a figure that lies beyond what parts vary
 * by.
 */
export function insulinPerTurn(
  nominal: RigConfig,
  turned: Turned | undefined,
  hundredthsOfMilligram: number,
): Result<Microunits, string> {
  const { drive } = nominal;
  const { numerator, denominator } = drive.halfStepsPerTurn;
  if (!turned) return refuse("Refused: nothing was turned since the pump started. Fill the line, then: turn 10");
  const { madeHalfSteps } = turned;
  if (exactProduct(madeHalfSteps + 1, denominator) < exactProduct(WEIGHED_TURNS_MIN, numerator))
    return refuse(`Refused: the last turning was too short to weigh. Turn ${WEIGHED_TURNS_MIN} or more: turn 10`);
  const { kind, line } = encoderVerdict(drive, turned);
  if (kind === "wrong") return refuse(`Refused: ${line}`);
  const micrograms = exactProduct(hundredthsOfMilligram, MICROGRAMS);
  const moved = Math.round(exactProduct(micrograms, MICROUNITS_A_MICROLITRE) / WATER_MICROGRAMS_A_MICROLITRE);
  const perTurn = Math.round(exactProduct(moved, numerator) / exactProduct(denominator, madeHalfSteps));
  const percent = (100 * perTurn) / drive.insulinPerTurnMicrounits - 100;
  if (Math.abs(perTurn - drive.insulinPerTurnMicrounits) * PLAUSIBLE_DIVISOR > drive.insulinPerTurnMicrounits)
    return refuse(
      `Refused: that makes ${perTurn} microunits a turn, ${percent.toFixed(1)} % from nominal; at most 5 % is plausible. ` +
        "Check weight and vessel; fill the line; turn again",
    );
  return ok(microunits(perTurn));
}
