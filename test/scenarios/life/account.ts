/** What must agree at a day's end: plant, outcomes, counters, history, the program, and the wear. */

import { EVENT } from "../../../host-sim/controller/events.js";
import type { World } from "../../../host-sim/world.js";
import { type Account, reported } from "./history.js";
import { all, type Part, sum, units, within } from "./part.js";
import type { Told } from "./person.js";
import { MS_PER_HOUR, microunitsOf, PULSE_MICROUNITS } from "./program.js";
import { judgeReservoirs, type ReservoirEvening } from "./reservoirAccount.js";
import type { Reboot, Witness } from "./witness.js";

/** Half a step of the plant's motor, rounded up, and what its coils can jump at most when they are switched on again. */
const HALF_STEP_MICROUNITS = 1_257;
const JUMP_MICROUNITS = 4 * HALF_STEP_MICROUNITS;
/**
 * The carried part of a half-step, of the last basal pulse before and the first one after with a dose in between, and a block
 * that begins within the second to which the pump's time is known.
 */
const ROUNDING_MICROUNITS = 2 * HALF_STEP_MICROUNITS + 400;
/** Plant and firmware have constants of their own: 1 in 10^6. */
const CALIBRATION = 1e-6;
/** The journal is one write of at most 64 bytes: 2 entries of its own and 2 of data. */
const ENTRIES_A_PULSE = 4;
const SAVE_MS = 300_000;
/** At 20, 40, 80 and 160 s after a boot, and the boot's own. */
const SAVES_A_BOOT = 5;
/** Five minutes. What the pump's clock says is known to the second. */
const CLOCK_BEHIND_MS = 300_000;
const SECOND_MS = 1_000;
/** Least time from one pulse to the next. */
const PULSE_INTERVAL_MS = 2_000;

/** What is asked at a day's end. */
export interface Evening extends ReservoirEvening {
  readonly account: Account;
  /** Temporary rates that the power kept from an answer: recorded or not. */
  readonly lostTbrs: number;
}

const micro = (value: number): string => value.toFixed(0).padStart(9);

/**
 * A line a reboot, and whether it is within its bound: a pulse and five minutes under, four half-steps over; where the
 * motor was at rest there is no pulse to lose, and no half-step.
 */
function rebootTable(reboots: readonly Reboot[]): {
  readonly lines: readonly string[];
  readonly wrong: readonly string[];
} {
  const wrong: string[] = [];
  const lines = reboots.map(({ cutMs, amid, atRest, fiveMinutesMicrounits, behindMs, underMicrounits }, index) => {
    const most = (atRest ? 0 : PULSE_MICROUNITS) + fiveMinutesMicrounits + ROUNDING_MICROUNITS;
    const least = (atRest ? 0 : -JUMP_MICROUNITS) - ROUNDING_MICROUNITS;
    const under = underMicrounits === undefined ? "     open" : micro(underMicrounits);
    const line = `reboot ${index + 1} at ${(cutMs / MS_PER_HOUR).toFixed(4)} h, ${amid}: ${under} µU under of ${micro(least)} to ${micro(most)}; the clock ${(behindMs / 1_000).toFixed(1)} s behind`;
    if (underMicrounits !== undefined && !(underMicrounits >= least && underMicrounits <= most)) wrong.push(line);
    if (!(behindMs > -SECOND_MS && behindMs < CLOCK_BEHIND_MS + SECOND_MS)) wrong.push(line);
    return line;
  });
  return { lines, wrong };
}

/** Judges it all. Gives figures for the reader, and what is wrong. */
export function judge(
  world: World,
  witness: Witness,
  evening: Evening,
): { readonly lines: readonly string[]; readonly wrong: readonly string[] } {
  const table = rebootTable(witness.reboots);
  const parts = [
    plantAndProgram(world, witness),
    doses(evening.told),
    counters(witness, evening),
    historyOfDoses(evening),
    historyOfBasal(witness, evening),
    judgeReservoirs(world, witness, evening),
    wear(world, witness),
  ];
  return {
    lines: [...parts.flatMap(({ lines }) => lines), ...table.lines],
    wrong: [...witness.wrong, ...parts.flatMap(({ wrong }) => wrong), ...table.wrong, ...evening.account.wrong],
  };
}

function plantAndProgram(world: World, witness: Witness): Part {
  const { program, basalMicrounits, doses, legs, reboots } = witness;
  const displaced = world.hardware.plant.displacedMicrounits;
  const pushed = sum(legs.map(({ displacedMicrounits }) => displacedMicrounits));
  const dosed = sum(doses.map(({ displacedMicrounits }) => displacedMicrounits));
  // What each reboot cost is judged by itself; one after which no basal pulse has come yet may still cost all it may.
  const expected = microunitsOf(program.due) - sum(reboots.map(({ underMicrounits = 0 }) => underMicrounits));
  const open = reboots.filter(({ underMicrounits }) => underMicrounits === undefined);
  const lost = sum(open.map(({ fiveMinutesMicrounits }) => fiveMinutesMicrounits + PULSE_MICROUNITS));
  // The carried part of a half-step is another after each.
  const slack = (reboots.length + 1) * HALF_STEP_MICROUNITS + expected * CALIBRATION;
  const least = expected - PULSE_MICROUNITS - lost - slack;
  const most = expected + open.length * JUMP_MICROUNITS + slack;
  const { minPulseGapMs } = world.hardware.plant;
  const gap = `pulses were ${minPulseGapMs} ms apart at least`;
  return all(
    { lines: [gap], wrong: minPulseGapMs >= PULSE_INTERVAL_MS ? [] : [gap] },
    { lines: [], wrong: witness.isLate ? [`a basal pulse is late: ${microunitsOf(program.owed)} µU are owed`] : [] },
    within("basal that the plant displaced, by the program less what reboots cost", basalMicrounits, least, most),
    within(
      "boluses, primings, basal and touches, and all that the plant displaced",
      dosed + basalMicrounits + pushed,
      displaced - 1,
      displaced + 1,
    ),
  );
}

function doses(told: readonly Told[]): Part {
  const wrong: string[] = [];
  let uncertain = 0;
  for (const { dose, outcome, doseId } of told) {
    const { amountMicrounits, displacedMicrounits: displaced } = dose;
    const name = `dose ${doseId.epoch}-${doseId.sequence} of ${amountMicrounits} µU, ${outcome?.kind} [${outcome?.lowMicrounits}, ${outcome?.highMicrounits}], displaced ${displaced.toFixed(0)}`;
    const { kind, lowMicrounits: low = 0, highMicrounits: high = 0 } = outcome ?? {};
    const isSure = kind === "never" || kind === "refused" || kind === "stopped" || kind === "delivered";
    if (kind === "uncertain") uncertain += 1;
    const widest = isSure ? 0 : PULSE_MICROUNITS + 2 * JUMP_MICROUNITS;
    // The carried part of a half-step goes from pulse to pulse, whosoever they are.
    const slack = Math.max(1, dose.runs) * HALF_STEP_MICROUNITS + (dose.hasJump ? JUMP_MICROUNITS : 0);
    const isWhole = kind !== "delivered" || low === amountMicrounits;
    const isKnown = isSure || kind === "uncertain";
    if (!isKnown || !isWhole || high - low > widest || displaced < low - slack || displaced > high + slack)
      wrong.push(name);
  }
  return { lines: [`doses: ${told.length}, of which ${uncertain} uncertain`], wrong };
}

/** What is counted is delivered to somebody: no priming, no way of the drive. */
function counters(witness: Witness, { delivered }: Evening): Part {
  const { basalPulses, reboots, basalMicrounits } = witness;
  if (!delivered) return { lines: [], wrong: ["no counters"] };
  const doses = witness.doses.filter(({ kind }) => kind === "bolus");
  // A pulse counts whole from when it is begun: one that a cut kept from its first half-step, too.
  const unseen = reboots.length * PULSE_MICROUNITS;
  const bolusPulses = sum(
    doses.map(({ amountMicrounits, pulses }) => Math.min(amountMicrounits, pulses * PULSE_MICROUNITS)),
  );
  const displaced = sum(doses.map(({ displacedMicrounits }) => displacedMicrounits));
  const { bolusMicrounits: bolus, basalMicrounits: basal } = delivered;
  const jumps = reboots.length * JUMP_MICROUNITS + (bolus + basal) * CALIBRATION;
  return all(
    within("counted as boluses, by pulses begun", bolus, bolusPulses, bolusPulses + unseen),
    within(
      "counted as basal, by pulses begun",
      basal,
      basalPulses * PULSE_MICROUNITS,
      basalPulses * PULSE_MICROUNITS + unseen,
    ),
    within(
      "counted in all, and displaced",
      bolus + basal - displaced - basalMicrounits,
      -jumps,
      2 * unseen + HALF_STEP_MICROUNITS,
    ),
  );
}

function historyOfDoses({ account, told }: Evening): Part {
  const wrong: string[] = [];
  for (const { bolusId, outcome, dose } of told) {
    if (bolusId === undefined) continue;
    const recorded = account.boluses.get(bolusId);
    const expected = reported(outcome?.highMicrounits ?? 0, "up");
    if (recorded?.programmed !== dose.amountMicrounits || recorded.delivered !== expected)
      wrong.push(
        `bolus ${bolusId}: recorded ${recorded?.delivered} of ${recorded?.programmed}, ${expected} of ${dose.amountMicrounits}`,
      );
  }
  const recorded = sum([...account.boluses.values()].map(({ delivered = 0 }) => delivered));
  return { lines: [`boluses recorded as delivered: ${units(recorded)} U`], wrong };
}

function historyOfBasal({ program, reboots, obeyed }: Witness, { account, lostTbrs }: Evening): Part {
  const { counts, basalMicrounits, slackMicrounits, longestReferenceSeconds } = account;
  const forgotten = sum(reboots.map(({ forgottenMicrounits }) => forgottenMicrounits));
  const due = microunitsOf(program.due + program.letGo) - forgotten;
  const { least, most } = basalMicrounits;
  const count = (event: number): number => counts.get(event) ?? 0;
  const set = count(EVENT.tbrStarted) + count(EVENT.tbrChanged);
  const running = program.tbr ? 1 : 0;
  const wrong: string[] = [];
  const answered = obeyed.get("setTbr") ?? 0;
  if (set < answered || set > answered + lostTbrs) wrong.push(`${set} TBRs recorded, ${answered} obeyed`);
  if (count(EVENT.tbrStarted) !== count(EVENT.tbrEnded) + running)
    wrong.push(`${count(EVENT.tbrStarted)} TBRs began, ${count(EVENT.tbrEnded)} ended, ${running} under way`);
  if (longestReferenceSeconds > 19 * 3_600) wrong.push(`${longestReferenceSeconds} s without a Reference Time`);
  const lines = [`TBRs: ${set}; the longest time to a Reference Time: ${longestReferenceSeconds} s`];
  return all(
    { lines, wrong },
    within("basal by the program, and by the history's rates", due, least - slackMicrounits, most + slackMicrounits),
  );
}

/** A pulse is one write of the journal, whatever it is of: one of a leg is of 256 half-steps, a sixteenth of a turn. */
function wear({ hardware, clock }: World, { basalPulses, doses, legs, reboots }: Witness): Part {
  const { keyValue } = hardware;
  const journal = keyValue.entriesWritten("journal.a") + keyValue.entriesWritten("journal.b");
  const ofLegs = sum(legs.map((leg) => leg.pulses));
  const pulses = basalPulses + sum(doses.map((dose) => dose.pulses)) + ofLegs;
  const writes = pulses + (reboots.length + 1) * (SAVES_A_BOOT + 1) + Math.ceil(clock.nowMs / SAVE_MS);
  const most = ENTRIES_A_PULSE * writes;
  const line = `journal: ${journal} NVS entries, at most ${most} for ${pulses} pulses, ${ofLegs} of them the drive's on its ways; ${keyValue.entriesWritten()} in all`;
  return { lines: [line], wrong: journal <= most ? [] : [line] };
}
