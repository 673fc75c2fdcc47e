/**
 * The pulse journal: what must be durable before each pulse moves. Under 64 bytes with its envelope, one write a
 * pulse, so that flash outlives the pump. Beginning pulse n settles pulse n - 1. Totals count every pulse begun, whole:
 * the upper bound of what moved.
 */

import { layout } from "../base/layout.js";
import { type Microunits, microunits, type PumpClockMs, pumpClockMs } from "../base/units.js";
import type { PulseBegun } from "../motor/motor.js";
import type { BlobSpec } from "../storage/blob.js";
import type { Owed } from "./basal.js";
import type { DoseId } from "./commands.js";

/** What insulin is delivered as. */
export type InsulinSource = "bolus" | "basal";
/**
 * `bench`: the screw turned in bring-up (bench.ts), or while the reservoir is changed (preparation.ts); no insulin, whatever
 * it moves. `priming`: insulin into the line, and to nobody.
 */
export type PulseSource = InsulinSource | "bench" | "priming";

export interface Journal {
  readonly clockMs: PumpClockMs;
  readonly bolusTotalMicrounits: Microunits;
  readonly basalTotalMicrounits: Microunits;
  /** Delivered in the pump clock's hour under way. */
  readonly openHourMicrounits: Microunits;
  readonly basalOwed: Owed;
  /** The motor's carried fraction of a half-step (motor/geometry.ts), after the pulse below. */
  readonly stepRemainder: number;
  /** What the remainder is a fraction of (motor/geometry.ts): another calibration makes it meaningless. 0: none yet. */
  readonly stepDenominator: number;
  /** Coil phase after the pulse below. */
  readonly coilPhase: number;
  /** The pulse begun last and not known to have finished. */
  readonly pulse: { readonly source: PulseSource; readonly insulinMicrounits: Microunits } | undefined;
  /** The newest bolus or priming, and what of it was known to be delivered before the pulse above. Epoch 0: none yet. */
  readonly bolus: { readonly doseId: DoseId; readonly doneMicrounits: Microunits };
}

/** A journal entry that begins a pulse; its durability is what the motor asks for. */
export type JournalBegun = Journal & PulseBegun;

const JournalLayout = layout(
  ["clockMs", "u48"],
  ["bolusTotal", "u48"],
  ["basalTotal", "u48"],
  ["openHour", "u32"],
  ["basalOwed", "u48"],
  ["stepRemainder", "u32"],
  ["stepDenominator", "u32"],
  ["coilPhase", "u8"],
  ["pulseSource", "u8"],
  ["pulseInsulin", "u32"],
  ["bolusEpoch", "u32"],
  ["bolusSequence", "u32"],
  ["bolusDone", "u32"],
);

const PulseCode = { none: 0, bolus: 1, basal: 2, bench: 3, priming: 4 } as const;

/** Earlier versions are the same without the sources after these. */
const VERSION_1_SOURCES = PulseCode.basal;
const VERSION_2_SOURCES = PulseCode.bench;

export const JOURNAL_BLOB: BlobSpec<Journal> = {
  name: "journal",
  version: 3,
  copies: "alternating",
  encode: (journal) =>
    JournalLayout.encode({
      clockMs: journal.clockMs,
      bolusTotal: journal.bolusTotalMicrounits,
      basalTotal: journal.basalTotalMicrounits,
      openHour: journal.openHourMicrounits,
      basalOwed: journal.basalOwed,
      stepRemainder: journal.stepRemainder,
      stepDenominator: journal.stepDenominator,
      coilPhase: journal.coilPhase,
      pulseSource: PulseCode[journal.pulse?.source ?? "none"],
      pulseInsulin: journal.pulse?.insulinMicrounits ?? 0,
      bolusEpoch: journal.bolus.doseId.epoch,
      bolusSequence: journal.bolus.doseId.sequence,
      bolusDone: journal.bolus.doneMicrounits,
    }),
  decode: (bytes) => decodeJournal(bytes, PulseCode.priming),
  older: [
    { version: 2, decode: (bytes) => decodeJournal(bytes, VERSION_2_SOURCES) },
    { version: 1, decode: (bytes) => decodeJournal(bytes, VERSION_1_SOURCES) },
  ],
};

const SOURCES: readonly (PulseSource | undefined)[] = [undefined, "bolus", "basal", "bench", "priming"];

function decodeJournal(bytes: Uint8Array, largestSource: number): Journal | undefined {
  const fields = JournalLayout.decode(bytes);
  if (!fields || fields.pulseSource > largestSource) return undefined;
  const source = SOURCES[fields.pulseSource];
  return {
    clockMs: pumpClockMs(fields.clockMs),
    bolusTotalMicrounits: microunits(fields.bolusTotal),
    basalTotalMicrounits: microunits(fields.basalTotal),
    openHourMicrounits: microunits(fields.openHour),
    basalOwed: fields.basalOwed,
    stepRemainder: fields.stepRemainder,
    stepDenominator: fields.stepDenominator,
    coilPhase: fields.coilPhase,
    pulse: source && { source, insulinMicrounits: microunits(fields.pulseInsulin) },
    bolus: {
      doseId: { epoch: fields.bolusEpoch, sequence: fields.bolusSequence },
      doneMicrounits: microunits(fields.bolusDone),
    },
  };
}

export const NEW_JOURNAL: Journal = {
  clockMs: pumpClockMs(0),
  bolusTotalMicrounits: microunits(0),
  basalTotalMicrounits: microunits(0),
  openHourMicrounits: microunits(0),
  basalOwed: 0,
  stepRemainder: 0,
  stepDenominator: 0,
  coilPhase: 0,
  pulse: undefined,
  bolus: { doseId: { epoch: 0, sequence: 0 }, doneMicrounits: microunits(0) },
};

/** All insulin counted as delivered since provisioning, at its upper bound. */
export const totalMicrounits = (journal: Journal): Microunits =>
  microunits(journal.bolusTotalMicrounits + journal.basalTotalMicrounits);

/**
 * The journal with `amountMicrounits` more counted as delivered: in its source's total and in the hour under way. Priming
 * is delivered to nobody.
 */
export function withCounted(journal: Journal, source: InsulinSource | "priming", amountMicrounits: number): Journal {
  if (source === "priming") return journal;
  const total = source === "bolus" ? "bolusTotalMicrounits" : "basalTotalMicrounits";
  return {
    ...journal,
    [total]: microunits(journal[total] + amountMicrounits),
    openHourMicrounits: microunits(journal.openHourMicrounits + amountMicrounits),
  };
}
