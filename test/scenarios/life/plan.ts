/** Fourteen days as they are to come, drawn from a seed: what the person does when, and when the power goes. */

import type { Random } from "../../../host-sim/clock/random.js";
import { type Block, DAY_MS, MS_PER_HOUR, type Tbr } from "./program.js";

const MINUTE_MS = 60_000;

/** Where the power goes: between two operations, in the next write or erasure, in the next pulse at one of its half-steps. */
export interface Cut {
  readonly where: "between" | "write" | "pulse";
  /** Wait for a bolus, and for as long into it. */
  readonly bolusMs: number | undefined;
  readonly halfStep: number;
  readonly phase: "before" | "during" | "after";
  readonly offMs: number;
}

/** A change of the reservoir. */
export interface Change {
  /** What the syringe's scale said, and the pump is told. */
  readonly toldMicrounits: number;
  readonly contentMicrounits: number;
  readonly primingMicrounits: number;
  readonly cut: ChangeCut | undefined;
}

/** Where in a change the power goes, and so long into it. */
export interface ChangeCut {
  readonly amid: "back" | "up" | "priming";
  readonly intoMs: number;
  readonly cut: Cut;
}

export type Deed =
  | { readonly do: "tbr"; readonly tbr: Tbr }
  | { readonly do: "cancelTbr" | "fetch" }
  | { readonly do: "reservoir"; readonly change: Change }
  | { readonly do: "bolus"; readonly amountMicrounits: number; readonly after: "stay" | "leave" | "cancel" }
  | { readonly do: "stop" | "run"; readonly by: "radio" | "button" }
  | { readonly do: "travel"; readonly zoneQuarters: number; readonly dstQuarters: 0 | 4 }
  /** The pump is given a wrong time: so many days from today, at this minute. */
  | { readonly do: "misset"; readonly days: number; readonly minuteOfDay: number }
  | { readonly do: "setRight" }
  | { readonly do: "writeProfile"; readonly template: number; readonly blocks: readonly Block[] }
  | { readonly do: "activateProfile"; readonly template: number }
  | { readonly do: "cut"; readonly cut: Cut };

/** A deed and its time, from the day's begin on. */
export type Planned = Deed & { readonly atMs: number };

const block = (hours: number, rateMicrounitsPerHour: number): Block => ({
  durationMinutes: hours * 60,
  rateMicrounitsPerHour,
});
/** The days of the first week, those of the second, and those from day 10 on. */
export const PROFILES = {
  weekday: [
    block(3, 450_000),
    block(4, 700_000),
    block(5, 550_000),
    block(5, 400_000),
    block(5, 650_000),
    block(2, 500_000),
  ],
  holiday: [block(4.5, 500_000), block(4.75, 750_000), block(8.75, 450_000), block(6, 600_000)],
  revised: [block(2, 550_000), block(6.5, 800_000), block(9, 350_000), block(6.5, 600_000)],
} as const;
const HOLIDAY_TEMPLATE = 3;

/** Hours of the meals. */
const MEALS = [7, 10.5, 13, 16.5, 19.5];
/** Nothing is set and the power stays on, so that 18 hours pass without a Reference Time. */
const QUIET_DAY = 4;
const CUTS_A_DAY = 2;
/** What the reservoirs are told to hold, one after the other: what three days need, one of them with little to spare. */
const FILLS_MICROUNITS = [300_000_000, 180_000_000, 130_000_000, 220_000_000];
const DAYS_A_RESERVOIR = 3;
const CHANGE_HOUR = 18;
/** So that the pump is in Run when its reservoir is changed. */
const PAUSES_BEFORE_HOUR = 17;
/** Half-steps of a pulse of a leg; and what of 4 changes are cut. */
const LEG_HALF_STEPS = 256;
const CUT_OF_4 = 3;

const at = (hour: number): number => Math.floor(hour * MS_PER_HOUR);

/** What happens on one day only; days count from 0. */
const ONCE: Readonly<Record<number, readonly Planned[]>> = {
  1: [{ do: "travel", zoneQuarters: 12, dstQuarters: 0, atMs: at(15.2) }],
  3: [{ do: "travel", zoneQuarters: 0, dstQuarters: 0, atMs: at(9.1) }],
  5: [
    { do: "misset", days: 1, minuteOfDay: 20, atMs: at(22.9) },
    { do: "setRight", atMs: at(23.6) },
  ],
  6: [{ do: "writeProfile", template: HOLIDAY_TEMPLATE, blocks: PROFILES.holiday, atMs: at(20.1) }],
  7: [{ do: "activateProfile", template: HOLIDAY_TEMPLATE, atMs: at(8.4) }],
  8: [
    { do: "misset", days: -1, minuteOfDay: 22 * 60 + 30, atMs: at(1.1) },
    { do: "setRight", atMs: at(4.3) },
  ],
  9: [{ do: "writeProfile", template: HOLIDAY_TEMPLATE, blocks: PROFILES.revised, atMs: at(17.7) }],
  10: [{ do: "travel", zoneQuarters: 0, dstQuarters: 4, atMs: at(2) }],
  12: [{ do: "travel", zoneQuarters: 0, dstQuarters: 0, atMs: at(2) }],
};

function tbr(random: Random): Tbr {
  const durationMinutes = 8 + random.below(90);
  const kind = random.below(10);
  if (kind < 2) return { rateMicrounitsPerHour: 0, durationMinutes: 8 + random.below(25) };
  if (kind < 6) return { rateMicrounitsPerHour: 10_000 * (5 + random.below(140)), durationMinutes };
  return { factorMillionths: 10_000 * (10 + random.below(180)), durationMinutes };
}

function cut(random: Random): Cut {
  return {
    where: (["between", "write", "pulse"] as const)[random.below(3)] ?? "between",
    bolusMs: random.boolean() ? random.below(20_000) : undefined,
    halfStep: random.below(41),
    phase: (["before", "during", "after"] as const)[random.below(3)] ?? "during",
    offMs: random.boolean() ? 100 + random.below(2_000) : random.below(40 * MINUTE_MS),
  };
}

/** What is in a reservoir is within 1.5 U of what its syringe's scale says. */
function change(random: Random, day: number): Change {
  const toldMicrounits = FILLS_MICROUNITS[Math.floor(day / DAYS_A_RESERVOIR) - 1] ?? 200_000_000;
  const amid = (["back", "up", "priming"] as const)[random.below(3)] ?? "back";
  const halfStep = random.below(amid === "priming" ? 41 : LEG_HALF_STEPS);
  const drawn: ChangeCut = {
    amid,
    intoMs: random.below(25_000),
    cut: { ...cut(random), bolusMs: undefined, halfStep },
  };
  return {
    toldMicrounits,
    contentMicrounits: toldMicrounits + 10_000 * (random.below(301) - 150),
    primingMicrounits: 10_000 * (100 + random.below(300)),
    cut: random.below(4) < CUT_OF_4 ? drawn : undefined,
  };
}

/** Stop and Run again, one by radio and the other by the button. */
function pause(random: Random): readonly Planned[] {
  const atMs = random.below(at(PAUSES_BEFORE_HOUR));
  const [stop, run] = random.boolean() ? (["radio", "button"] as const) : (["button", "radio"] as const);
  const untilMs = atMs + (3 + random.below(22)) * MINUTE_MS;
  return [
    { do: "stop", by: stop, atMs },
    { do: "run", by: run, atMs: untilMs },
  ];
}

function meal(random: Random, hour: number): Planned {
  const after = (["stay", "leave", "leave", "stay", "cancel"] as const)[random.below(5)] ?? "stay";
  const amountMicrounits = 10_000 * (100 + random.below(400));
  return { do: "bolus", amountMicrounits, after, atMs: at(hour) + random.below(40 * MINUTE_MS) };
}

/** Day `day`, from 0, in the order of its times. */
export function planDay(random: Random, day: number): readonly Planned[] {
  const hours = Array.from({ length: 24 }, (_, hour) => at(hour));
  const deeds: Planned[] = [
    ...hours.map((ms) => ({ do: "tbr" as const, tbr: tbr(random), atMs: ms + random.below(50 * MINUTE_MS) })),
    ...hours.filter((_, i) => i % 5 === 2).map((ms) => ({ do: "cancelTbr" as const, atMs: ms + 51 * MINUTE_MS })),
    ...MEALS.map((hour) => meal(random, hour)),
    ...pause(random),
    ...[8, 21].map((hour) => ({ do: "fetch" as const, atMs: at(hour) + random.below(at(2)) })),
    ...(ONCE[day] ?? []),
  ];
  if (day % DAYS_A_RESERVOIR === 0 && day > 0)
    deeds.push({ do: "reservoir", change: change(random, day), atMs: at(CHANGE_HOUR) });
  if (day !== QUIET_DAY)
    for (let i = 0; i < CUTS_A_DAY; i++) deeds.push({ do: "cut", cut: cut(random), atMs: random.below(DAY_MS) });
  return deeds.toSorted((a, b) => a.atMs - b.atMs);
}
