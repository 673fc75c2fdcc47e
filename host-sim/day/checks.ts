/** What must agree in the account of a day, and each attempt to replay its last bolus. Pure. */

import { stepDenominator } from "../../firmware/motor/geometry.js";
import { DEFAULT_RIG } from "../../firmware/rig.js";
import type { Check } from "./check.js";
import type { Replay } from "./replays.js";
import { reportStep } from "./reported.js";
import type { Account } from "./summary.js";

/** x4 counts of play in the encoder's coupling, on the first move after a reversal. */
const BACKLASH_COUNTS = 1;
/** The plant's own dimensions differ from the rig's calibration by rounding alone. */
const DISPLACEMENT_TOLERANCE = 0.001;
/** What the pump may say of a reservoir over what is there, and as much under beside its rounding (SR-129). */
const RESERVOIR_SLACK_MICROUNITS = 50_000;
/**
 * What one touch of a plunger may push: a sixteenth of a turn of 5.12 U that was not enough for the force, one that was, and
 * the short one that makes sure (firmware/therapy/preparation.ts).
 */
const TOUCH_MICROUNITS = 700_000;
/** Basal insulin comes in whole pulses; and a command takes effect within 1 s of its first message, at the fastest rate. */
const BASAL_SLACK_MICROUNITS = DEFAULT_RIG.drive.pulseMaxMicrounits;
const LATE_MICROUNITS = DEFAULT_RIG.limits.basalMaxMicrounitsPerHour / 3_600;

/** Every check of a day and of the attempts to replay its last bolus. */
export function checksOf(account: Account, replays: readonly Replay[]): readonly Check[] {
  const { bolusMicrounits, reported, idealHalfSteps, commandedHalfSteps, moves } = account;
  const { drive } = DEFAULT_RIG;
  const toleranceCounts = (drive.encoder === "none" ? 0 : drive.encoder.toleranceCounts) + BACKLASH_COUNTS;
  const meantHalfSteps = commandedHalfSteps - moves.backHalfSteps - moves.upHalfSteps;
  return [
    {
      what: "the pump's total of boluses is the sum of their outcomes",
      passed: reported !== undefined && reported.bolusMicrounits === bolusMicrounits,
    },
    {
      what: "the pump's total of basal is what the rates in force come to, to within a pulse and a second an entry",
      passed: basalAgrees(account),
    },
    {
      what: "half-steps commanded for insulin differ from the ideal by less than one",
      passed: reported !== undefined && Math.abs(meantHalfSteps - idealHalfSteps) < 1,
    },
    {
      what: `the encoder's counts are within ${toleranceCounts} of the screw's angle`,
      passed: Math.abs(account.encoderEdges - account.expectedCounts) <= toleranceCounts,
    },
    {
      what: "the plant displaced what was delivered, primed and pushed, to within 0.1 % and a half-step",
      passed: displacementAgrees(account),
    },
    {
      what: "the touch of a plunger pushed less than 0.5 U",
      passed: moves.pushedMicrounits <= moves.waysUp * TOUCH_MICROUNITS,
    },
    {
      what: "the reservoir holds what the pump reports, to within its rounding and 0.05 U",
      passed: reservoirAgrees(account),
    },
    ...account.historyChecks,
    { what: "the firmware let no exception out", passed: account.crashes === 0 },
    ...replays.map(({ what, refused }) => ({ what: `refused: ${what}`, passed: refused })),
  ];
}

/** Never more than the rates; less only where the pump has recorded why. */
function basalAgrees({ reported, ordered, entries, withheld }: Account): boolean {
  if (reported === undefined) return false;
  const over = reported.basalMicrounits - ordered.byProfileMicrounits - ordered.byTbrMicrounits;
  const slack = BASAL_SLACK_MICROUNITS + entries * LATE_MICROUNITS;
  return over <= slack && (withheld || over >= -slack);
}

function displacementAgrees({
  bolusMicrounits,
  primedMicrounits,
  reported,
  moves,
  displacedMicrounits,
}: Account): boolean {
  const { drive } = DEFAULT_RIG;
  const pumpedMicrounits = bolusMicrounits + primedMicrounits + (reported?.basalMicrounits ?? 0);
  const halfStepMicrounits = stepDenominator(drive) / drive.halfStepsPerTurn.numerator;
  const toleranceMicrounits = pumpedMicrounits * DISPLACEMENT_TOLERANCE + halfStepMicrounits;
  return Math.abs(displacedMicrounits - moves.pushedMicrounits - pumpedMicrounits) <= toleranceMicrounits;
}

function reservoirAgrees({ reservoirReportedMicrounits: reported, attached, reservoirMicrounits }: Account): boolean {
  if (reported === undefined) return attached === false;
  const over = reported - reservoirMicrounits;
  return over <= RESERVOIR_SLACK_MICROUNITS && over >= -(reportStep(reservoirMicrounits) + RESERVOIR_SLACK_MICROUNITS);
}
