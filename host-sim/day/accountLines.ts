/** The account of a day told to a person, as a table of two columns. Pure. */

import { units } from "./lines.js";
import type { Account, Spread } from "./summary.js";

const LABEL_COLUMNS = 36;
const PLACES = 4;

/** The account as lines. */
export function accountLines(account: Account): readonly string[] {
  const { reported, bolusMicrounits, primedMicrounits, ordered, moves, bytesPerDose, roundTripsPerDose } = account;
  const rows: readonly (readonly [string, string])[] = [
    ["boluses, sum of outcomes", units(bolusMicrounits)],
    ["basal, the pump's total", known(reported?.basalMicrounits)],
    ["  by profile, as ordered", units(ordered.byProfileMicrounits, PLACES)],
    ["  by TBR, as ordered", units(ordered.byTbrMicrounits, PLACES)],
    ["delivered in all", units(bolusMicrounits + (reported?.basalMicrounits ?? 0))],
    ["primed, of no total", units(primedMicrounits)],
    ["reservoirs put in", `${account.reservoirs}`],
    ["pushed by the touch of the plunger", units(moves.pushedMicrounits, PLACES)],
    ["displaced by the plant in all", units(account.displacedMicrounits, PLACES)],
    ["  of it still in the line", units(account.lineStorageMicrounits, PLACES)],
    ["half-steps, ideal for insulin", account.idealHalfSteps.toFixed(3)],
    ["half-steps, commanded in all", `${account.commandedHalfSteps}`],
    ["  of the drive on its way back", `${moves.backHalfSteps}`],
    ["  of the drive on its way up", `${moves.upHalfSteps}`],
    ["  for insulin", `${account.commandedHalfSteps - moves.backHalfSteps - moves.upHalfSteps}`],
    ["encoder counts, by the screw's angle", account.expectedCounts.toFixed(3)],
    ["encoder counts, counted", `${account.encoderEdges}`],
    ["reservoir, the pump's report", known(account.reservoirReportedMicrounits)],
    ["reservoir, plant", units(account.reservoirMicrounits, PLACES)],
    [
      "history records, read by radio",
      account.historyRecords === undefined ? "not known" : `${account.historyRecords}`,
    ],
    ["key-value entries written", `${account.keyValueEntries}`],
    ["history writes", `${account.historyWrites}`],
    [`radio bytes a bolus (${account.doses})`, spreadText(bytesPerDose)],
    ["round trips a bolus", spreadText(roundTripsPerDose)],
  ];
  return rows.map(([label, value]) => `  ${label.padEnd(LABEL_COLUMNS)} ${value}`);
}

function known(amountMicrounits: number | undefined): string {
  return amountMicrounits === undefined ? "not known" : units(amountMicrounits);
}

function spreadText({ mean, most }: Spread): string {
  return `mean ${mean.toFixed(1)}, most ${most}`;
}
