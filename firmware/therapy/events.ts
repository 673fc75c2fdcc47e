/** The history events that the therapy records, each with its data as the Insulin Delivery Service 1.0 lays it out. */

import type { Microunits, MicrounitsPerHour } from "../base/units.js";
import { microunits } from "../base/units.js";
import type { DateTime } from "../ids/dateTime.js";
import { encodeSfloatMicrounits } from "../ids/float.js";
import {
  AnnunciationPart1Data,
  AnnunciationPart2Data,
  BasalBlockChangedData,
  BasalRateChangedData,
  BolusDeliveredPart2Data,
  BolusPart1Data,
  BolusProgrammedPart2Data,
  NoEventData,
  PrimingDoneData,
  PrimingStartedData,
  ProfileActivatedData,
  ReservoirChangedData,
  StateChangedData,
  TbrChangedData,
  TbrEndedData,
  TbrStartedData,
  TotalDailyInsulinData,
} from "../ids/history.js";
import {
  BasalRateChangedFlag,
  BolusDeliveredFlag,
  type BolusEndReason,
  type PrimingEndReason,
  ProfileType,
  TotalDailyInsulinFlag,
} from "../ids/historyValues.js";
import {
  AnnunciationStatus,
  BolusType,
  HistoryEvent,
  type OperationalState,
  type TbrContext,
  TbrType,
  TherapyControlState,
} from "../ids/values.js";
import type { Annunciation } from "./annunciations.js";
import type { NewEvent } from "./history.js";
import type { TimeBlock } from "./profiles.js";
import type { Tbr, TbrAmount } from "./tbr.js";

const rateSfloat = (rate: MicrounitsPerHour): number => encodeSfloatMicrounits(microunits(rate), "up");

const bolusPart1 = (bolusId: number, amountMicrounits: Microunits): Uint8Array =>
  BolusPart1Data.encode({
    bolusId,
    type: BolusType.Fast,
    fastSfloat: encodeSfloatMicrounits(amountMicrounits, "up"),
    extendedSfloat: 0,
    durationMinutes: 0,
  });

export const bolusProgrammed = (bolusId: number, amountMicrounits: Microunits, flags: number): readonly NewEvent[] => [
  { event: HistoryEvent.BolusProgrammedPart1, data: bolusPart1(bolusId, amountMicrounits) },
  { event: HistoryEvent.BolusProgrammedPart2, data: BolusProgrammedPart2Data.encode({ flags }) },
];

/**
 * The upper bound of what was delivered. A bolus without a delay begins with the pump's next pulse, at once as far as the
 * start offset's seconds go; it is counted from Bolus Programmed.
 */
export const bolusDelivered = (
  bolusId: number,
  highMicrounits: Microunits,
  endReason: BolusEndReason,
): readonly NewEvent[] => [
  { event: HistoryEvent.BolusDeliveredPart1, data: bolusPart1(bolusId, highMicrounits) },
  {
    event: HistoryEvent.BolusDeliveredPart2,
    data: BolusDeliveredPart2Data.encode({ flags: BolusDeliveredFlag.EndReasonPresent, startOffsetS: 0, endReason }),
  },
];

/** `context`: who runs the temporary rate that is in force from now on. */
export const basalRateChanged = (
  from: MicrounitsPerHour,
  to: MicrounitsPerHour,
  context: TbrContext | undefined,
): NewEvent => ({
  event: HistoryEvent.DeliveredBasalRateChanged,
  data: BasalRateChangedData.encode({
    flags: context === undefined ? 0 : BasalRateChangedFlag.ContextPresent,
    oldRateSfloat: rateSfloat(from),
    newRateSfloat: rateSfloat(to),
    ...(context !== undefined && { context }),
  }),
});

/** Whether it is a rate, or a factor. */
export const tbrType = (tbr: TbrAmount): TbrType => ("factorMillionths" in tbr ? TbrType.Relative : TbrType.Absolute);

/** A rate in U/h, or a factor: what the type says. */
export function tbrAmountSfloat(tbr: TbrAmount): number {
  const amount = "factorMillionths" in tbr ? tbr.factorMillionths : tbr.rateMicrounitsPerHour;
  return encodeSfloatMicrounits(microunits(amount), "up");
}

export const tbrStarted = (tbr: Tbr): NewEvent => ({
  event: HistoryEvent.TbrStarted,
  data: TbrStartedData.encode({
    flags: 0,
    type: tbrType(tbr),
    rateSfloat: tbrAmountSfloat(tbr),
    durationMinutes: tbr.durationMinutes,
  }),
});

/** `tbr` in place of one that was in effect for `elapsedMinutes`. */
export const tbrChanged = (tbr: Tbr, elapsedMinutes: number): NewEvent => ({
  event: HistoryEvent.TbrChanged,
  data: TbrChangedData.encode({
    flags: 0,
    type: tbrType(tbr),
    rateSfloat: tbrAmountSfloat(tbr),
    programmedMinutes: tbr.durationMinutes,
    elapsedMinutes,
  }),
});

export const tbrEnded = (tbr: Tbr, effectiveMinutes: number, reason: number): NewEvent => ({
  event: HistoryEvent.TbrEnded,
  data: TbrEndedData.encode({ flags: 0, type: tbrType(tbr), effectiveMinutes, reason }),
});

export const profileActivated = (oldTemplateNumber: number, newTemplateNumber: number): NewEvent => ({
  event: HistoryEvent.ProfileTemplateActivated,
  data: ProfileActivatedData.encode({ type: ProfileType.BasalRate, oldTemplateNumber, newTemplateNumber }),
});

/** One block of a template, as it is now; numbered from 1. */
export const basalBlockChanged = (templateNumber: number, blockNumber: number, block: TimeBlock): NewEvent => ({
  event: HistoryEvent.BasalTimeBlockChanged,
  data: BasalBlockChangedData.encode({
    templateNumber,
    blockNumber,
    durationMinutes: block.durationMinutes,
    rateSfloat: rateSfloat(block.rateMicrounitsPerHour),
  }),
});

/** A day that has ended, on that date. `timeChanged`: the time was set in it, so that it was longer or shorter. */
export const totalDailyInsulin = (
  bolusMicrounits: Microunits,
  basalMicrounits: Microunits,
  { year, month, day }: DateTime,
  timeChanged: boolean,
): NewEvent => ({
  event: HistoryEvent.TotalDailyInsulin,
  data: TotalDailyInsulinData.encode({
    flags: timeChanged ? TotalDailyInsulinFlag.TimeChanged : 0,
    bolusSfloat: encodeSfloatMicrounits(bolusMicrounits, "up"),
    basalSfloat: encodeSfloatMicrounits(basalMicrounits, "up"),
    year,
    month,
    day,
  }),
});

export const controlStateChanged = (run: boolean): NewEvent => {
  const { Run, Stop } = TherapyControlState;
  const data = run ? { oldState: Stop, newState: Run } : { oldState: Run, newState: Stop };
  return { event: HistoryEvent.TherapyControlStateChanged, data: StateChangedData.encode(data) };
};

export const operationalStateChanged = (oldState: OperationalState, newState: OperationalState): NewEvent => ({
  event: HistoryEvent.OperationalStateChanged,
  data: StateChangedData.encode({ oldState, newState }),
});

/** The reservoir was put in, or its amount set. */
export const reservoirChanged = (remainingMicrounits: Microunits): NewEvent => ({
  event: HistoryEvent.ReservoirRemainingChanged,
  data: ReservoirChangedData.encode({ remainingSfloat: encodeSfloatMicrounits(remainingMicrounits, "down") }),
});

export const primingStarted = (amountMicrounits: Microunits): NewEvent => ({
  event: HistoryEvent.PrimingStarted,
  data: PrimingStartedData.encode({ amountSfloat: encodeSfloatMicrounits(amountMicrounits, "up") }),
});

/** The upper bound of what was primed. */
export const primingDone = (highMicrounits: Microunits, reason: PrimingEndReason): NewEvent => ({
  event: HistoryEvent.PrimingDone,
  data: PrimingDoneData.encode({ flags: 0, deliveredSfloat: encodeSfloatMicrounits(highMicrounits, "up"), reason }),
});

/** A new annunciation, or its new status: always both parts, the second without auxiliary information too. */
export const annunciationChanged = (
  annunciation: Annunciation,
  status: keyof typeof AnnunciationStatus,
): readonly NewEvent[] => [
  {
    event: HistoryEvent.AnnunciationChangedPart1,
    data: AnnunciationPart1Data.encode({
      flags: 0,
      instance: annunciation.instance,
      type: annunciation.type,
      status: AnnunciationStatus[status],
    }),
  },
  { event: HistoryEvent.AnnunciationChangedPart2, data: AnnunciationPart2Data.encode({ flags: 0 }) },
];

export const dataCorruption = (): NewEvent => ({ event: HistoryEvent.DataCorruption, data: NoEventData.encode({}) });
