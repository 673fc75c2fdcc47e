/** The history events that the therapy records, each with its data as the Insulin Delivery Service 1.0 lays it out. */

import type { Microunits, MicrounitsPerHour } from "../base/units.js";
import { microunits } from "../base/units.js";
import { encodeSfloatMicrounits } from "../ids/float.js";
import {
  AnnunciationPart1Data,
  AnnunciationPart2Data,
  BasalRateChangedData,
  BolusPart1Data,
  BolusProgrammedPart2Data,
  NoEventData,
  StateChangedData,
  TbrChangedData,
  TbrEndedData,
  TbrStartedData,
} from "../ids/history.js";
import {
  AnnunciationStatus,
  BolusType,
  HistoryEvent,
  OperationalState,
  TbrType,
  TherapyControlState,
} from "../ids/values.js";
import type { Annunciation } from "./annunciations.js";
import type { NewEvent } from "./history.js";
import type { Tbr } from "./standing.js";

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

/** The upper bound of what was delivered. */
export const bolusDelivered = (bolusId: number, highMicrounits: Microunits): NewEvent => ({
  event: HistoryEvent.BolusDeliveredPart1,
  data: bolusPart1(bolusId, highMicrounits),
});

export const basalRateChanged = (from: MicrounitsPerHour, to: MicrounitsPerHour): NewEvent => ({
  event: HistoryEvent.DeliveredBasalRateChanged,
  data: BasalRateChangedData.encode({ flags: 0, oldRateSfloat: rateSfloat(from), newRateSfloat: rateSfloat(to) }),
});

export const tbrStarted = (tbr: Tbr): NewEvent => ({
  event: HistoryEvent.TbrStarted,
  data: TbrStartedData.encode({
    flags: 0,
    type: TbrType.Absolute,
    rateSfloat: rateSfloat(tbr.rateMicrounitsPerHour),
    durationMinutes: tbr.durationMinutes,
  }),
});

/** `tbr` in place of one that was in effect for `elapsedMinutes`. */
export const tbrChanged = (tbr: Tbr, elapsedMinutes: number): NewEvent => ({
  event: HistoryEvent.TbrChanged,
  data: TbrChangedData.encode({
    flags: 0,
    type: TbrType.Absolute,
    rateSfloat: rateSfloat(tbr.rateMicrounitsPerHour),
    programmedMinutes: tbr.durationMinutes,
    elapsedMinutes,
  }),
});

export const tbrEnded = (effectiveMinutes: number, reason: number): NewEvent => ({
  event: HistoryEvent.TbrEnded,
  data: TbrEndedData.encode({ flags: 0, type: TbrType.Absolute, effectiveMinutes, reason }),
});

export const controlStateChanged = (run: boolean): NewEvent => {
  const { Run, Stop } = TherapyControlState;
  const data = run ? { oldState: Stop, newState: Run } : { oldState: Run, newState: Stop };
  return { event: HistoryEvent.TherapyControlStateChanged, data: StateChangedData.encode(data) };
};

/** A fault took the motor out of service. */
export const operationalStateOff = (): NewEvent => ({
  event: HistoryEvent.OperationalStateChanged,
  data: StateChangedData.encode({ oldState: OperationalState.Ready, newState: OperationalState.Off }),
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
