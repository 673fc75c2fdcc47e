/**
 * The reads: status channels 20 to 23 and the Status Reader Control Point (PROTOCOL.md sections 6.1 and 6.2). Every
 * bond may read. Rounding is the honest way round: reservoir down, delivered insulin up.
 */

import { Refusal, SUCCESS } from "../base/refusal.js";
import { type Microunits, MS_PER_MINUTE, microunits } from "../base/units.js";
import { encodeFloatMicrounits, encodeSfloatExact, encodeSfloatMicrounits, SFLOAT_NAN } from "../ids/float.js";
import {
  ActiveBasalRateDeliveryResponse,
  ActiveBolusDeliveryOperand,
  ActiveBolusDeliveryResponse,
  ActiveBolusIdsResponse,
  AnnunciationStatusValue,
  CounterOperand,
  CounterResponse,
  DeliveredInsulinResponse,
  FeaturesValue,
  GeneralResponse,
  message,
  NoOperand,
  opcodeOf,
  operandOf,
  ResetStatusOperand,
  StatusChangedValue,
  StatusValue,
  TotalDailyInsulinResponse,
  WITHOUT_E2E,
} from "../ids/layouts.js";
import { Channel, StatusReaderOpcode } from "../ids/opcodes.js";
import { encodeInt } from "../ids/signed.js";
import {
  AnnunciationFlag,
  AnnunciationStatus,
  BasalFlag,
  BolusType,
  BolusValue,
  CounterType,
  CounterValue,
  FeatureFlag,
  StatusFlag,
  TherapyControlState,
} from "../ids/values.js";
import { foremost, isSnoozed } from "../therapy/annunciations.js";
import { dayInsulin } from "../therapy/day.js";
import { tbrAmountSfloat, tbrType } from "../therapy/events.js";
import { activeBolus } from "../therapy/ledger.js";
import { operationalState } from "../therapy/operational.js";
import { bolusDone, clockAt, reservoirMicrounits, type Therapy } from "../therapy/therapy.js";
import type { CommandContext } from "./countersign.js";
import { deviceTime } from "./deviceTime.js";

/**
 * U-100 insulin, the only strength this rig is made for: 100 IU/ml. As "microunits" so that the SFLOAT codec can write
 * it.
 */
const CONCENTRATION = microunits(100_000_000);
const FEATURES =
  FeatureFlag.Basal | FeatureFlag.TbrAbsolute | FeatureFlag.TbrRelative | FeatureFlag.FastBolus | FeatureFlag.MultiBond;
/** Over 4,000 years of minutes. */
const INT32_MAX = 2 ** 31 - 1;

export function statusChanged(therapy: Therapy): Uint8Array {
  return StatusChangedValue.encode({ flags: therapy.changed });
}

/** The value of a channel that is read, or undefined when it is none. */
export function statusValue(channel: number, { therapy, now }: CommandContext): Uint8Array | undefined {
  switch (channel) {
    case Channel.StatusChanged:
      return statusChanged(therapy);
    case Channel.Status:
      return StatusValue.encode({
        therapyControlState: therapy.standing.control === "run" ? TherapyControlState.Run : TherapyControlState.Stop,
        operationalState: operationalState(therapy),
        ...reservoirStatus(therapy),
      });
    case Channel.AnnunciationStatus: {
      const first = foremost(therapy.standing.annunciations, therapy.snoozes);
      if (!first) return AnnunciationStatusValue.encode({ flags: 0 });
      const { Snoozed, Pending } = AnnunciationStatus;
      const annunciation = { ...first, status: isSnoozed(therapy.snoozes, first) ? Snoozed : Pending };
      return AnnunciationStatusValue.encode({ flags: AnnunciationFlag.Present, annunciation });
    }
    case Channel.Features:
      return FeaturesValue.encode({
        ...WITHOUT_E2E,
        concentrationSfloat: encodeSfloatExact(CONCENTRATION) ?? 0,
        flags: FEATURES,
      });
    case Channel.DeviceTime:
      return deviceTime(therapy, now);
    default:
      return undefined;
  }
}

function reservoirStatus(therapy: Therapy) {
  return therapy.standing.reservoir.state === "attached"
    ? {
        reservoirSfloat: encodeSfloatMicrounits(reservoirMicrounits(therapy), "down"),
        flags: StatusFlag.ReservoirAttached,
      }
    : { reservoirSfloat: SFLOAT_NAN, flags: 0 };
}

/** The answer to a Status Reader request, and the Status Changed flags that it resets. */
export interface ReaderAnswer {
  readonly value: Uint8Array;
  readonly reset?: number;
}

function readerResponse(requestOpcode: number, code: number): ReaderAnswer {
  return { value: message(StatusReaderOpcode.Response, GeneralResponse.encode({ requestOpcode, code })) };
}

/** Answers one request on channel 24. `stale` concerns Reset Status alone: it changes state. */
export function readStatus(value: Uint8Array, stale: boolean, context: CommandContext): ReaderAnswer {
  const opcode = opcodeOf(value);
  const operand = operandOf(value);
  if (opcode === undefined || operand === undefined) return readerResponse(0, Refusal.InvalidOperand);
  const { therapy } = context;
  const bolus = activeBolus(therapy.standing.ledger);
  const invalid = readerResponse(opcode, Refusal.InvalidOperand);
  switch (opcode) {
    case StatusReaderOpcode.ResetStatus: {
      if (stale) return readerResponse(opcode, Refusal.Stale);
      const fields = ResetStatusOperand.decode(operand);
      return fields ? { ...readerResponse(opcode, SUCCESS), reset: fields.flags } : invalid;
    }
    case StatusReaderOpcode.GetActiveBolusIds: {
      if (!NoOperand.decode(operand)) return invalid;
      const ids = ActiveBolusIdsResponse.encode(bolus ? [bolus.bolusId] : []);
      return { value: message(StatusReaderOpcode.GetActiveBolusIdsResponse, ids) };
    }
    case StatusReaderOpcode.GetActiveBolusDelivery: {
      const fields = ActiveBolusDeliveryOperand.decode(operand);
      const amount = fields && bolus && bolusAmount(fields.value, bolus.intendedMicrounits, bolusDone(therapy, bolus));
      if (!fields || !Object.values<number>(BolusValue).includes(fields.value)) return invalid;
      if (!bolus || bolus.bolusId !== fields.bolusId || amount === undefined)
        return readerResponse(opcode, Refusal.NotApplicable);
      const delivery = ActiveBolusDeliveryResponse.encode({
        flags: bolus.flags,
        bolusId: bolus.bolusId,
        type: BolusType.Fast,
        fastSfloat: encodeSfloatMicrounits(amount, "up"),
        extendedSfloat: 0,
        durationMinutes: 0,
      });
      return { value: message(StatusReaderOpcode.GetActiveBolusDeliveryResponse, delivery) };
    }
    case StatusReaderOpcode.GetActiveBasalRateDelivery: {
      if (!NoOperand.decode(operand)) return invalid;
      if (therapy.standing.control !== "run") return readerResponse(opcode, Refusal.NotApplicable);
      return { value: message(StatusReaderOpcode.GetActiveBasalRateDeliveryResponse, activeBasal(context)) };
    }
    case StatusReaderOpcode.GetTotalDailyInsulinStatus: {
      if (!NoOperand.decode(operand)) return invalid;
      const { bolusMicrounits, basalMicrounits } = dayInsulin(therapy);
      const insulin = TotalDailyInsulinResponse.encode({
        bolusSfloat: encodeSfloatMicrounits(bolusMicrounits, "up"),
        basalSfloat: encodeSfloatMicrounits(basalMicrounits, "up"),
        totalSfloat: encodeSfloatMicrounits(microunits(bolusMicrounits + basalMicrounits), "up"),
      });
      return { value: message(StatusReaderOpcode.GetTotalDailyInsulinStatusResponse, insulin) };
    }
    case StatusReaderOpcode.GetCounter: {
      const fields = CounterOperand.decode(operand);
      if (!fields || !isCounter(fields)) return invalid;
      const sinceMs = countedFrom(therapy, fields.type);
      // No end is set to anything, so nothing is left of it.
      if (sinceMs === undefined || fields.value !== CounterValue.Elapsed)
        return readerResponse(opcode, Refusal.NotApplicable);
      const minutes = Math.floor((clockAt(therapy, context.now) - sinceMs) / MS_PER_MINUTE);
      const minutesInt32 = encodeInt(Math.min(minutes, INT32_MAX), 32);
      return {
        value: message(StatusReaderOpcode.GetCounterResponse, CounterResponse.encode({ ...fields, minutesInt32 })),
      };
    }
    case StatusReaderOpcode.GetDeliveredInsulin: {
      if (!NoOperand.decode(operand)) return invalid;
      const { bolusTotalMicrounits, basalTotalMicrounits } = therapy.journal;
      const insulin = DeliveredInsulinResponse.encode({
        bolusFloat: encodeFloatMicrounits(bolusTotalMicrounits, "up"),
        basalFloat: encodeFloatMicrounits(basalTotalMicrounits, "up"),
      });
      return { value: message(StatusReaderOpcode.GetDeliveredInsulinResponse, insulin) };
    }
    default:
      return readerResponse(opcode, Refusal.OpcodeNotSupported);
  }
}

/** Pump clock at which a counter began; undefined for one that the pump has not: it is on no warranty and no loan. */
function countedFrom({ standing }: Therapy, type: number): number | undefined {
  if (type === CounterType.Lifetime) return 0;
  const { state, sinceMs } = standing.reservoir;
  return type === CounterType.ReservoirInsulinOperation && state === "attached" ? sinceMs : undefined;
}

function isCounter({ type, value }: { readonly type: number; readonly value: number }): boolean {
  return Object.values<number>(CounterType).includes(type) && Object.values<number>(CounterValue).includes(value);
}

function bolusAmount(selection: number, intended: Microunits, done: Microunits): Microunits {
  if (selection === BolusValue.Programmed) return intended;
  return selection === BolusValue.Delivered ? done : microunits(intended - done);
}

function activeBasal({ therapy, now }: CommandContext): Uint8Array {
  const { tbr, basalMicrounitsPerHour, activeTemplate } = therapy.standing;
  const head = {
    profileTemplateNumber: activeTemplate,
    rateSfloat: encodeSfloatMicrounits(microunits(basalMicrounitsPerHour), "up"),
  };
  if (!tbr) return ActiveBasalRateDeliveryResponse.encode({ flags: 0, ...head });
  const leftMs = Math.max(0, tbr.endsAtMs - clockAt(therapy, now));
  return ActiveBasalRateDeliveryResponse.encode({
    flags: BasalFlag.TbrPresent | (tbr.context === undefined ? 0 : BasalFlag.ContextPresent),
    ...head,
    tbr: {
      type: tbrType(tbr),
      rateSfloat: tbrAmountSfloat(tbr),
      programmedMinutes: tbr.durationMinutes,
      remainingMinutes: Math.ceil(leftMs / MS_PER_MINUTE),
    },
    ...(tbr.context !== undefined && { context: tbr.context }),
  });
}
