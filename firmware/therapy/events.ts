/** The history events that the therapy records, each with its data as the Insulin Delivery Service 1.0 lays it out. */

import { layout } from "../base/layout.js";
import type { Microunits, MicrounitsPerHour } from "../base/units.js";
import { microunits } from "../base/units.js";
import { encodeSfloatMicrounits } from "../ids/float.js";
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

const BolusPart1 = layout(
  ["bolusId", "u16"],
  ["type", "u8"],
  ["fastSfloat", "u16"],
  ["extendedSfloat", "u16"],
  ["durationMinutes", "u16"],
);
const BolusProgrammedPart2 = layout(["flags", "u8"]);
const RateChanged = layout(["flags", "u8"], ["oldRateSfloat", "u16"], ["newRateSfloat", "u16"]);
const TbrStarted = layout(["flags", "u8"], ["type", "u8"], ["rateSfloat", "u16"], ["durationMinutes", "u16"]);
const TbrEnded = layout(["flags", "u8"], ["type", "u8"], ["effectiveMinutes", "u16"], ["reason", "u8"]);
const StateChanged = layout(["oldState", "u8"], ["newState", "u8"]);
const AnnunciationChanged = layout(["flags", "u8"], ["instance", "u16"], ["type", "u16"], ["status", "u8"]);

const rateSfloat = (rate: MicrounitsPerHour): number => encodeSfloatMicrounits(microunits(rate), "up");

const bolusPart1 = (bolusId: number, amountMicrounits: Microunits): Uint8Array =>
  BolusPart1.encode({
    bolusId,
    type: BolusType.Fast,
    fastSfloat: encodeSfloatMicrounits(amountMicrounits, "up"),
    extendedSfloat: 0,
    durationMinutes: 0,
  });

export const bolusProgrammed = (bolusId: number, amountMicrounits: Microunits, flags: number): readonly NewEvent[] => [
  { event: HistoryEvent.BolusProgrammedPart1, data: bolusPart1(bolusId, amountMicrounits) },
  { event: HistoryEvent.BolusProgrammedPart2, data: BolusProgrammedPart2.encode({ flags }) },
];

/** The upper bound of what was delivered. */
export const bolusDelivered = (bolusId: number, highMicrounits: Microunits): NewEvent => ({
  event: HistoryEvent.BolusDeliveredPart1,
  data: bolusPart1(bolusId, highMicrounits),
});

export const basalRateChanged = (from: MicrounitsPerHour, to: MicrounitsPerHour): NewEvent => ({
  event: HistoryEvent.DeliveredBasalRateChanged,
  data: RateChanged.encode({ flags: 0, oldRateSfloat: rateSfloat(from), newRateSfloat: rateSfloat(to) }),
});

export const tbrStarted = (tbr: Tbr, changed: boolean): NewEvent => ({
  event: changed ? HistoryEvent.TbrChanged : HistoryEvent.TbrStarted,
  data: TbrStarted.encode({
    flags: 0,
    type: TbrType.Absolute,
    rateSfloat: rateSfloat(tbr.rateMicrounitsPerHour),
    durationMinutes: tbr.durationMinutes,
  }),
});

/** Why a TBR ended (Insulin Delivery Service 1.0, TBR End Reason). */
export const TbrEndReason = { Undetermined: 0x0f, DurationOver: 0x33, Canceled: 0x3c, ErrorAbort: 0x55 } as const;

export const tbrEnded = (effectiveMinutes: number, reason: number): NewEvent => ({
  event: HistoryEvent.TbrEnded,
  data: TbrEnded.encode({ flags: 0, type: TbrType.Absolute, effectiveMinutes, reason }),
});

export const controlStateChanged = (run: boolean): NewEvent => {
  const { Run, Stop } = TherapyControlState;
  const data = run ? { oldState: Stop, newState: Run } : { oldState: Run, newState: Stop };
  return { event: HistoryEvent.TherapyControlStateChanged, data: StateChanged.encode(data) };
};

/** A fault took the motor out of service. */
export const operationalStateOff = (): NewEvent => ({
  event: HistoryEvent.OperationalStateChanged,
  data: StateChanged.encode({ oldState: OperationalState.Ready, newState: OperationalState.Off }),
});

export const annunciationChanged = (annunciation: Annunciation, confirmed: boolean): NewEvent => ({
  event: HistoryEvent.AnnunciationChangedPart1,
  data: AnnunciationChanged.encode({
    flags: 0,
    instance: annunciation.instance,
    type: annunciation.type,
    status: confirmed ? AnnunciationStatus.Confirmed : AnnunciationStatus.Pending,
  }),
});

export const dataCorruption = (): NewEvent => ({ event: HistoryEvent.DataCorruption, data: new Uint8Array(0) });
