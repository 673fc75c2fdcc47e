/** What the pump says on the channels of the Insulin Delivery Service, read. PROTOCOL.md sections 6.1 to 6.3. */

import {
  BOLUS_FLAG,
  BOLUS_TYPE_FAST,
  type COMMAND,
  COUNTER_VALUE,
  READER,
  TBR_TYPE_ABSOLUTE,
  TBR_TYPE_RELATIVE,
  THERAPY,
} from "./ids.js";
import { Layout } from "./layout.js";
import { decodeFloat, decodeSfloat, decodeSfloatWhole } from "./sfloat.js";

const FLAGS = new Layout({ flags: "u16" });
const STATUS = new Layout({ therapyControlState: "u8", operationalState: "u8", reservoir: "u16", flags: "u8" });
const NO_ANNUNCIATION = new Layout({ flags: "u8" });
const COUNTER = new Layout({ opcode: "u16", type: "u8", value: "u8", minutes: "u32" });
const INSTANCE_ANSWER = new Layout({ opcode: "u16", instance: "u16" });
const ANNUNCIATION = new Layout({ flags: "u8", instance: "u16", type: "u16", status: "u8" });
const FEATURES = new Layout({ e2eCrc: "u16", e2eCounter: "u8", concentration: "u16", flags: "u24" });
const RESPONSE = new Layout({ opcode: "u16", request: "u16", code: "u8" });
const ID_ANSWER = new Layout({ opcode: "u16", bolusId: "u16" });
const BOLUS_IDS_HEAD = new Layout({ opcode: "u16", count: "u8" });
const BOLUS_DELIVERY = new Layout({
  opcode: "u16",
  flags: "u8",
  bolusId: "u16",
  type: "u8",
  fast: "u16",
  extended: "u16",
  durationMinutes: "u16",
});
const BASAL = new Layout({ opcode: "u16", flags: "u8", template: "u8", programmed: "u16" });
const BASAL_WITH_TBR = new Layout({
  opcode: "u16",
  flags: "u8",
  template: "u8",
  programmed: "u16",
  type: "u8",
  rate: "u16",
  durationMinutes: "u16",
  remainingMinutes: "u16",
});
const TOTAL_DAILY = new Layout({ opcode: "u16", bolus: "u16", basal: "u16", total: "u16" });
const DELIVERED = new Layout({ opcode: "u16", bolus: "u32", basal: "u32" });
const TBR_PRESENT = 0x01;
const CONTEXT_PRESENT = 0x04;
const ATTACHED = 0x01;
const ANNUNCIATION_PRESENT = 0x01;
/** Operational states, by their code on channel 21. */
const OPERATIONAL = { 0x33: "off", 0x55: "preparing", 0x5a: "priming", 0x66: "waiting", 0x96: "ready" } as const;
const isOperational = (code: number): code is keyof typeof OPERATIONAL => code in OPERATIONAL;
const NO_CRC = 0xffff;

/**
 * Channel 21. `off` while a fault is latched, `waiting` for somebody at the pump. A reservoir that says no amount (detached)
 * is undefined.
 */
export interface Status {
  readonly therapyControlState: "stop" | "run";
  readonly operationalState: (typeof OPERATIONAL)[keyof typeof OPERATIONAL];
  readonly reservoirMicrounits: number | undefined;
  readonly reservoirAttached: boolean;
}

/** Channel 22: the oldest annunciation that is pending; with none, the oldest that is snoozed. */
export interface Annunciation {
  readonly instance: number;
  readonly type: number;
  /** ANNUNCIATION_STATUS. */
  readonly status: number;
}

/** Channel 23. Flags are those of the standard. */
export interface Features {
  readonly concentrationUnitsPerMl: number;
  readonly flags: number;
}

/** One bolus' programmed, remaining or delivered amount. */
export interface BolusDelivery {
  readonly bolusId: number;
  readonly amountMicrounits: number;
  readonly correction: boolean;
  readonly meal: boolean;
}

/** The basal rate that is programmed and the TBR over it, if any. */
export interface ActiveBasal {
  readonly programmedMicrounitsPerHour: number;
  readonly tbr:
    | {
        /** Of this moment. */
        readonly rateMicrounitsPerHour: number;
        /** Of a relative one: what the programmed rate is multiplied with. */
        readonly factorMillionths?: number;
        readonly durationMinutes: number;
        readonly remainingMinutes: number;
      }
    | undefined;
}

/** Delivered since provisioning, rounded up as far as FLOAT cannot hold it. */
export interface DeliveredInsulin {
  readonly bolusMicrounits: number;
  readonly basalMicrounits: number;
}

/** Delivered on the pump's day under way, each rounded up as far as SFLOAT cannot hold it. */
export interface TotalDailyInsulin extends DeliveredInsulin {
  /** Of the exact sum: at most what the two make. */
  readonly totalMicrounits: number;
}

/** Channel 20's flags. Undefined when malformed, as for every reader below. */
export function decodeStatusChanged(value: Uint8Array): number | undefined {
  return FLAGS.decode(value)?.flags;
}

/** Reads channel 21. */
export function decodeStatus(value: Uint8Array): Status | undefined {
  const status = STATUS.decode(value);
  if (status === undefined) return undefined;
  const { therapyControlState: therapy, operationalState: operational } = status;
  if (therapy !== THERAPY.stop && therapy !== THERAPY.run) return undefined;
  if (!isOperational(operational)) return undefined;
  return {
    therapyControlState: therapy === THERAPY.run ? "run" : "stop",
    operationalState: OPERATIONAL[operational],
    reservoirMicrounits: decodeSfloat(status.reservoir),
    reservoirAttached: (status.flags & ATTACHED) !== 0,
  };
}

/** Reads channel 22; `annunciation` is undefined when none is pending. */
export function decodeAnnunciation(value: Uint8Array): { readonly annunciation: Annunciation | undefined } | undefined {
  const none = NO_ANNUNCIATION.decode(value);
  if (none !== undefined) return (none.flags & ANNUNCIATION_PRESENT) === 0 ? { annunciation: undefined } : undefined;
  const one = ANNUNCIATION.decode(value);
  if (one === undefined || (one.flags & ANNUNCIATION_PRESENT) === 0) return undefined;
  return { annunciation: { instance: one.instance, type: one.type, status: one.status } };
}

/** Reads channel 23. */
export function decodeFeatures(value: Uint8Array): Features | undefined {
  const features = FEATURES.decode(value);
  if (features === undefined || features.e2eCrc !== NO_CRC || features.e2eCounter !== 0) return undefined;
  const concentrationUnitsPerMl = decodeSfloatWhole(features.concentration);
  return concentrationUnitsPerMl === undefined ? undefined : { concentrationUnitsPerMl, flags: features.flags };
}

/** A general response: 0303 on channel 24, 0F55 on channel 25. */
export function decodeResponse(
  value: Uint8Array,
  opcode: typeof READER.response | typeof COMMAND.response,
): { readonly request: number; readonly code: number } | undefined {
  const response = RESPONSE.decode(value);
  return response?.opcode === opcode ? { request: response.request, code: response.code } : undefined;
}

/** The bolus ID in a response to Set Bolus or Cancel Bolus. */
export function decodeBolusId(
  value: Uint8Array,
  opcode: typeof COMMAND.setBolusResponse | typeof COMMAND.cancelBolusResponse,
): number | undefined {
  const answer = ID_ANSWER.decode(value);
  return answer?.opcode === opcode ? answer.bolusId : undefined;
}

/** The instance in a response to Snooze or Confirm Annunciation. */
export function decodeAnnunciationInstance(
  value: Uint8Array,
  opcode: typeof COMMAND.snoozeAnnunciationResponse | typeof COMMAND.confirmAnnunciationResponse,
): number | undefined {
  const answer = INSTANCE_ANSWER.decode(value);
  return answer?.opcode === opcode ? answer.instance : undefined;
}

/** Reads the answer to Get Active Bolus IDs. */
export function decodeActiveBolusIds(value: Uint8Array): readonly number[] | undefined {
  const head = BOLUS_IDS_HEAD.decodeHead(value);
  if (head?.values.opcode !== READER.activeBolusIds || head.tail.length !== 2 * head.values.count) return undefined;
  const view = new DataView(head.tail.buffer, head.tail.byteOffset, head.tail.length);
  return Array.from({ length: head.values.count }, (_, index) => view.getUint16(2 * index, true));
}

/** Reads the answer to Get Active Bolus Delivery. */
export function decodeActiveBolusDelivery(value: Uint8Array): BolusDelivery | undefined {
  const delivery = BOLUS_DELIVERY.decode(value);
  const amountMicrounits = delivery && decodeSfloat(delivery.fast);
  if (delivery?.opcode !== READER.activeBolusDelivery || delivery.type !== BOLUS_TYPE_FAST) return undefined;
  if (amountMicrounits === undefined) return undefined;
  const { bolusId, flags } = delivery;
  const correction = (flags & BOLUS_FLAG.correction) !== 0;
  return { bolusId, amountMicrounits, correction, meal: (flags & BOLUS_FLAG.meal) !== 0 };
}

/** Reads the answer to Get Active Basal Rate Delivery. */
export function decodeActiveBasal(value: Uint8Array): ActiveBasal | undefined {
  const plain = BASAL.decode(value);
  const head = BASAL_WITH_TBR.decodeHead(value);
  const contextBytes = ((head?.values.flags ?? 0) & CONTEXT_PRESENT) !== 0 ? 1 : 0;
  const withTbr = head?.tail.length === contextBytes ? head.values : undefined;
  const basal = plain ?? withTbr;
  if (basal?.opcode !== READER.activeBasal) return undefined;
  if (((basal.flags & TBR_PRESENT) !== 0) !== (withTbr !== undefined)) return undefined;
  const programmedMicrounitsPerHour = decodeSfloat(basal.programmed);
  if (programmedMicrounitsPerHour === undefined) return undefined;
  if (withTbr === undefined) return { programmedMicrounitsPerHour, tbr: undefined };
  const amount = decodeSfloat(withTbr.rate);
  if (amount === undefined) return undefined;
  const { type, durationMinutes, remainingMinutes } = withTbr;
  const minutes = { durationMinutes, remainingMinutes };
  if (type === TBR_TYPE_ABSOLUTE)
    return { programmedMicrounitsPerHour, tbr: { rateMicrounitsPerHour: amount, ...minutes } };
  if (type !== TBR_TYPE_RELATIVE) return undefined;
  const rateMicrounitsPerHour = Math.floor((programmedMicrounitsPerHour * amount) / 1_000_000);
  return { programmedMicrounitsPerHour, tbr: { rateMicrounitsPerHour, factorMillionths: amount, ...minutes } };
}

/** Reads the answer to Get Delivered Insulin. */
export function decodeDeliveredInsulin(value: Uint8Array): DeliveredInsulin | undefined {
  const delivered = DELIVERED.decode(value);
  if (delivered?.opcode !== READER.deliveredInsulin) return undefined;
  const bolusMicrounits = decodeFloat(delivered.bolus);
  const basalMicrounits = decodeFloat(delivered.basal);
  if (bolusMicrounits === undefined || basalMicrounits === undefined) return undefined;
  return { bolusMicrounits, basalMicrounits };
}

/** Reads the answer to Get Total Daily Insulin Status. */
export function decodeTotalDailyInsulin(value: Uint8Array): TotalDailyInsulin | undefined {
  const answer = TOTAL_DAILY.decode(value);
  if (answer?.opcode !== READER.totalDailyInsulin) return undefined;
  const bolusMicrounits = decodeSfloat(answer.bolus);
  const basalMicrounits = decodeSfloat(answer.basal);
  const totalMicrounits = decodeSfloat(answer.total);
  if (bolusMicrounits === undefined || basalMicrounits === undefined || totalMicrounits === undefined) return undefined;
  return { bolusMicrounits, basalMicrounits, totalMicrounits };
}

const LARGEST_TEXT_BYTES = 64;
const [FIRST_PRINTABLE, LAST_PRINTABLE] = [0x20, 0x7e];

/** Reads a text of section 6.6: 1 to 64 printable ASCII characters. */
export function decodeText(value: Uint8Array): string | undefined {
  const printable = value.every((byte) => byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE);
  if (!printable || value.length < 1 || value.length > LARGEST_TEXT_BYTES) return undefined;
  return String.fromCharCode(...value);
}

/** Reads the battery level, in percent. */
export function decodeBatteryLevel(value: Uint8Array): number | undefined {
  const [percent, ...more] = value;
  return percent === undefined || percent > 100 || more.length > 0 ? undefined : percent;
}

/** Reads the answer to Get Counter for that counter, in minutes: below zero once a time limit has passed. */
export function decodeCounter(value: Uint8Array, type: number, which: keyof typeof COUNTER_VALUE): number | undefined {
  const answer = COUNTER.decode(value);
  if (answer?.opcode !== READER.counter || answer.type !== type || answer.value !== COUNTER_VALUE[which])
    return undefined;
  return answer.minutes | 0;
}
