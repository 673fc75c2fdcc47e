/**
 * The account after a bolus that somebody wanted: what its controller's journal says, what the pump counts, and what the
 * plant displaced must agree. Shares no code and no figures with the firmware.
 */

import type { Line, Seen } from "./scene.js";

/** A little over 5.12 U a turn of the screw by 4075.5 half-steps (README.md, source of the drive's figures: rig.ts). */
const HALF_STEP_MICROUNITS = 1_300;
/** Coils that find current again after a cut pull the rotor at most this far (SECURITY.md, SR-50). */
const JUMP_HALF_STEPS = 4;
/** A basal pulse that was open at a kill counts whole, and may have moved nothing (SR-50). */
const PULSE_MICROUNITS = 50_000;

/** How an order can end, and whether that may have moved insulin. */
const MOVED = ["delivered", "stopped", "uncertain"];
const NOTHING_MOVED = ["never", "refused", "notSent"];

/** Whether an end is one that moved insulin; false when nothing moved; undefined for what is no end. */
export function moved(kind: unknown): boolean | undefined {
  if (MOVED.includes(`${kind}`)) return true;
  return NOTHING_MOVED.includes(`${kind}`) ? false : undefined;
}

/** A bolus of the journal. */
export interface Entry {
  readonly line: number;
  readonly dose: string;
  readonly amountMicrounits: number;
  /** Undefined until it is known. */
  readonly kind: string | undefined;
  readonly lowMicrounits: number;
  readonly highMicrounits: number;
}

/** The boluses of `history --json`. */
export function entriesOf(lines: readonly Line[]): readonly Entry[] {
  type Members = {
    readonly event: string;
    readonly line: number;
    readonly dose: string;
    readonly order: { readonly command: string; readonly amountMicrounits: number };
    readonly end?: { readonly kind: string; readonly lowMicrounits?: number; readonly highMicrounits?: number };
  };
  return lines
    .map((line) => line as unknown as Members)
    .filter(({ event, order }) => event === "entry" && order.command === "setBolus")
    .map(({ line, dose, order, end }) => ({
      line,
      dose,
      amountMicrounits: order.amountMicrounits,
      kind: end?.kind,
      lowMicrounits: end?.lowMicrounits ?? 0,
      highMicrounits: end?.highMicrounits ?? 0,
    }));
}

/** What pump and plant have come to. */
export interface Reading extends Seen {
  /** What the pump counts, of `status --json`. */
  readonly bolusMicrounits: number;
  readonly basalMicrounits: number;
}

/** One bolus wanted, and all that was typed for it. */
export interface Given {
  readonly amountMicrounits: number;
  /** How often it was ordered. */
  readonly typed: number;
  /** What is new in the journal since. */
  readonly entries: readonly Entry[];
  /** What the person was told of each dose last. */
  readonly told: ReadonlyMap<string, string>;
  readonly pumpKills: number;
  readonly before: Reading;
  readonly after: Reading;
}

/** The sums of a campaign so far, in µU, and how often the pump was killed. */
export interface Sums {
  low: number;
  high: number;
  /** Of `high`, room for jumps of the rotor, which the pump's own totals leave out. */
  jumps: number;
  basal: number;
  /** Basal pulses that may have been open at a kill, whole. */
  basalOpen: number;
  displaced: number;
  counted: number;
  pumpKills: number;
}

export class Account {
  readonly sums: Sums = { low: 0, high: 0, jumps: 0, basal: 0, basalOpen: 0, displaced: 0, counted: 0, pumpKills: 0 };
  /** Ends by kind, of every order in the journal. */
  readonly ends = new Map<string, number>();
  /** Largest distance of the displaced from the interval, µU; 0 or less when always within. */
  mostBeyondMicrounits = Number.NEGATIVE_INFINITY;
  /** Kills of the pump in the bolus before: the rotor may jump at the first pulse of the next. */
  #killsBefore = 0;

  /** Adds a bolus; gives what is wrong with it. */
  add(given: Given): readonly string[] {
    const wrong = [...this.#ordersWrong(given), ...this.#amountsWrong(given)];
    for (const { kind = "not known" } of given.entries) this.ends.set(kind, (this.ends.get(kind) ?? 0) + 1);
    return wrong;
  }

  /** What is wrong with all boluses together. */
  total(): readonly string[] {
    const { low, high, jumps, basal, basalOpen, displaced, counted, pumpKills } = this.sums;
    // The rig's figures are not the plant's: README.md allows 0.1 %.
    const slack = HALF_STEP_MICROUNITS * (1 + JUMP_HALF_STEPS * pumpKills) + displaced / 1_000;
    const wrong: string[] = [];
    if (displaced > high + basal + slack || displaced < low + basal - basalOpen - slack)
      wrong.push(
        `in all ${displaced} µU were displaced: not from ${low} + ${basal} - ${basalOpen} to ${high} + ${basal}`,
      );
    if (counted > high || counted < high - jumps) wrong.push(`the pump counts ${counted} µU of boluses for ${high}`);
    return wrong;
  }

  #ordersWrong({ amountMicrounits, typed, entries, told }: Given): readonly string[] {
    const wrong: string[] = [];
    const movedDoses = entries.filter(({ kind }) => moved(kind));
    if (movedDoses.length !== 1) wrong.push(`${movedDoses.length} doses for one bolus wanted`);
    if (entries.length > typed) wrong.push(`${entries.length} orders sent, and ${typed} typed`);
    if (new Set(entries.map(({ dose }) => dose)).size !== entries.length) wrong.push("a dose ID twice");
    for (const { dose, kind, amountMicrounits: ordered } of entries) {
      if (moved(kind) === undefined) wrong.push(`dose ${dose} is ${kind ?? "not known"}`);
      if (ordered !== amountMicrounits) wrong.push(`dose ${dose} is of ${ordered} µU`);
      const heard = told.get(dose);
      if (heard === "accepted" && moved(kind) !== true) wrong.push(`dose ${dose} was accepted, and then ${kind}`);
      if (moved(heard) !== undefined && heard !== kind) wrong.push(`dose ${dose} was told as ${heard}, and is ${kind}`);
    }
    for (const dose of told.keys())
      if (!entries.some((entry) => entry.dose === dose)) wrong.push(`dose ${dose} is not in the journal`);
    return wrong;
  }

  #amountsWrong({ entries, before, after, pumpKills }: Given): readonly string[] {
    const wrong: string[] = [];
    const low = entries.reduce((sum, { lowMicrounits }) => sum + lowMicrounits, 0);
    const high = entries.reduce((sum, { highMicrounits }) => sum + highMicrounits, 0);
    const uncertain = entries.filter(({ kind }) => kind === "uncertain");
    for (const { dose, lowMicrounits, highMicrounits } of uncertain)
      if (highMicrounits - lowMicrounits > PULSE_MICROUNITS + 2 * JUMP_HALF_STEPS * HALF_STEP_MICROUNITS)
        wrong.push(`dose ${dose} is from ${lowMicrounits} to ${highMicrounits} µU`);
    const counted = after.bolusMicrounits - before.bolusMicrounits;
    const jumps = uncertain.length * JUMP_HALF_STEPS * HALF_STEP_MICROUNITS;
    if (counted > high || counted < high - jumps) wrong.push(`the pump counts ${counted} µU more, and says ${high}`);

    const basal = after.basalMicrounits - before.basalMicrounits;
    // At most one pulse is open at a kill, and a bolus that is uncertain had it.
    const open = Math.min(basal, Math.max(0, pumpKills - uncertain.length) * PULSE_MICROUNITS);
    const displaced = after.displacedMicrounits - before.displacedMicrounits;
    const slack = HALF_STEP_MICROUNITS * (1 + JUMP_HALF_STEPS * (pumpKills + this.#killsBefore));
    const beyond = Math.max(displaced - high - basal, low + basal - open - displaced);
    this.mostBeyondMicrounits = Math.max(this.mostBeyondMicrounits, beyond);
    if (beyond > slack)
      wrong.push(`${displaced} µU were displaced: not from ${low} + ${basal} - ${open} to ${high} + ${basal}`);
    this.#killsBefore = pumpKills;

    const { sums } = this;
    sums.low += low;
    sums.high += high;
    sums.jumps += jumps;
    sums.basal += basal;
    sums.basalOpen += open;
    sums.displaced += displaced;
    sums.counted += counted;
    sums.pumpKills += pumpKills;
    return wrong;
  }
}
