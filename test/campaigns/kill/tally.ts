/** What campaigns have come to, one or several together, and its summary for people. */

import type { Sums } from "./account.js";

/** How often each thing occurred. */
export type Counts = Map<string, number>;

export interface Tally {
  /** Empty when every dose is accounted for. */
  readonly wrong: readonly string[];
  /** How often a bolus was ordered, sent or not. */
  readonly typed: number;
  /** Kills, by whom and when. */
  readonly kills: Counts;
  /** Exit codes of commands that were not killed. */
  readonly codes: Counts;
  /** Orders in the journals, by their ends. */
  readonly ends: Counts;
  readonly sums: Readonly<Sums>;
  /** Farthest that the plant was from what the pump said of one bolus, in µU; not over 0 when always within. */
  readonly mostBeyondMicrounits: number;
}

/** Counts one more, or so many more. */
export function count(counts: Counts, key: string, more = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}

const total = (counts: Counts) => [...counts.values()].reduce((sum, each) => sum + each, 0);

function joined(all: readonly Counts[]): Counts {
  const counts: Counts = new Map();
  for (const [key, more] of all.flatMap((each) => [...each])) count(counts, key, more);
  return counts;
}

/** Several campaigns as one. */
export function together(tallies: readonly Tally[]): Tally {
  const sumOf = (of: (tally: Tally) => number) => tallies.reduce((sum, tally) => sum + of(tally), 0);
  return {
    wrong: tallies.flatMap(({ wrong }) => wrong),
    typed: sumOf(({ typed }) => typed),
    kills: joined(tallies.map(({ kills }) => kills)),
    codes: joined(tallies.map(({ codes }) => codes)),
    ends: joined(tallies.map(({ ends }) => ends)),
    sums: {
      low: sumOf(({ sums }) => sums.low),
      high: sumOf(({ sums }) => sums.high),
      jumps: sumOf(({ sums }) => sums.jumps),
      basal: sumOf(({ sums }) => sums.basal),
      basalOpen: sumOf(({ sums }) => sums.basalOpen),
      displaced: sumOf(({ sums }) => sums.displaced),
      counted: sumOf(({ sums }) => sums.counted),
      pumpKills: sumOf(({ sums }) => sums.pumpKills),
    },
    mostBeyondMicrounits: Math.max(...tallies.map(({ mostBeyondMicrounits }) => mostBeyondMicrounits)),
  };
}

const units = (microunits: number) => `${(microunits / 1_000_000).toFixed(4)} U`;

function table(title: string, counts: Counts): readonly string[] {
  return [`${title}: ${total(counts)}`, ...[...counts].sort().map(([key, each]) => `${`${each}`.padStart(7)}  ${key}`)];
}

/** The lines of a summary. */
export function summary({ typed, kills, codes, ends, sums, mostBeyondMicrounits }: Tally): readonly string[] {
  return [
    ...table("Kills", kills),
    ...table("Orders in the journal, by their end", ends),
    ...table("Commands not killed, by their exit code", codes),
    "Account:",
    `  orders typed, sent          ${typed}, ${total(ends)}`,
    `  boluses, by their outcomes  ${units(sums.low)} to ${units(sums.high)}`,
    `  boluses, by the pump        ${units(sums.counted)}`,
    `  basal, by the pump          ${units(sums.basal)}, of which at most ${units(sums.basalOpen)} was open at a kill`,
    `  displaced by the plant      ${units(sums.displaced)}`,
    `  farthest from an interval   ${mostBeyondMicrounits} µU, in one bolus`,
  ];
}
