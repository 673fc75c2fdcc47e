/** Every request of a single exchange: what goes out and which answer is one to it. PROTOCOL.md sections 6 and 7. */

import { equalBytes } from "./bytes.js";
import {
  type BondEntry,
  CONTROL,
  type DoseId,
  decodeControl,
  encodeListBonds,
  encodeOutcome,
  encodeRevokeBond,
  type Outcome,
  sameDoseId,
} from "./control.js";
import { isFinal } from "./doses.js";
import {
  type BOLUS_VALUE,
  CHANNEL,
  COMMAND,
  COUNTER_LIFETIME,
  encodeAnnunciationCommand,
  encodeBare,
  encodeCancelBolus,
  encodeGetActiveBolusDelivery,
  encodeGetCounter,
  encodeResetStatus,
  encodeSetTherapyControlState,
  READER,
  SUCCESS,
} from "./ids.js";
import {
  type ActiveBasal,
  type Annunciation,
  type BolusDelivery,
  type DeliveredInsulin,
  decodeActiveBasal,
  decodeActiveBolusDelivery,
  decodeActiveBolusIds,
  decodeAnnunciation,
  decodeAnnunciationInstance,
  decodeBatteryLevel,
  decodeBolusId,
  decodeCounter,
  decodeDeliveredInsulin,
  decodeFeatures,
  decodeResponse,
  decodeStatus,
  decodeStatusChanged,
  decodeText,
  decodeTotalDailyInsulin,
  type Features,
  type Status,
  type TotalDailyInsulin,
} from "./idsAnswers.js";
import { decodeTemplateNumber, decodeTime, type PumpTime } from "./profiles.js";
import { CHANNEL_CONTROL } from "./records.js";
import type { Incoming, Reply, SimpleRequest } from "./requests.js";

/** A request without the caller's `done`. */
export type Request<T> = Omit<SimpleRequest<T>, "done">;

const EMPTY = new Uint8Array(0);

function ok<T>(value: T | undefined): Reply<T> | undefined {
  return value === undefined ? undefined : { kind: "ok", value };
}

/** A Refused on the control channel to this request, if that is what the answer is. */
export function refusal(answer: Incoming, request: number): Reply<never> | undefined {
  const message = answer.channel === CHANNEL_CONTROL ? decodeControl(answer.value) : undefined;
  if (message?.kind !== "refused" || message.request !== request) return undefined;
  return { kind: "refused", code: message.code };
}

/** A read of a characteristic: an empty value out, the value in. */
function read<T>(channel: number, decode: (value: Uint8Array) => T | undefined): Request<T> {
  const reply = (answer: Incoming) =>
    answer.channel === channel ? ok(decode(answer.value)) : refusal(answer, channel);
  return { channel, value: EMPTY, reply, passes: () => true };
}

function opcodeOf(request: Uint8Array): number {
  return new DataView(request.buffer, request.byteOffset, request.length).getUint16(0, true);
}

/** A request to one of the control points, with its own answer or a general response that refuses. */
function controlPoint<T>(
  channel: number,
  value: Uint8Array,
  response: typeof READER.response | typeof COMMAND.response,
  passes: boolean,
  decode: (answer: Uint8Array) => T | undefined,
): Request<T> {
  const opcode = opcodeOf(value);
  const reply = (answer: Incoming): Reply<T> | undefined => {
    if (answer.channel !== channel) return undefined;
    const general = decodeResponse(answer.value, response);
    if (general === undefined) return ok(decode(answer.value));
    return general.request === opcode && general.code !== SUCCESS ? { kind: "refused", code: general.code } : undefined;
  };
  return { channel, value, reply, passes: () => passes };
}

/** A request to a control point that succeeds by a general response alone. */
function acknowledged(
  channel: number,
  value: Uint8Array,
  response: typeof READER.response | typeof COMMAND.response,
): Request<undefined> {
  const request = controlPoint<undefined>(channel, value, response, false, () => undefined);
  const opcode = opcodeOf(value);
  const reply = (answer: Incoming): Reply<undefined> | undefined => {
    const general = answer.channel === channel ? decodeResponse(answer.value, response) : undefined;
    const succeeded = general?.request === opcode && general.code === SUCCESS;
    return succeeded ? { kind: "ok", value: undefined } : request.reply(answer);
  };
  return { ...request, reply };
}

/** Status Changed flags, without clearing them. */
export const statusChanged: Request<number> = read(CHANNEL.statusChanged, decodeStatusChanged);
/** Status. */
export const status: Request<Status> = read(CHANNEL.status, decodeStatus);
/** The annunciation that the pump shows first, if any. */
export const annunciation: Request<{ readonly annunciation: Annunciation | undefined }> = read(
  CHANNEL.annunciationStatus,
  decodeAnnunciation,
);
/** Features: constant, so they are never stale. */
export const features: Request<Features> = { ...read(CHANNEL.features, decodeFeatures), passes: () => false };

/** Battery level in percent. */
export const batteryLevel: Request<number> = read(CHANNEL.batteryLevel, decodeBatteryLevel);

/** One text of Device Information; constant as long as the session, so never stale. */
export function deviceText(
  name: "manufacturerName" | "modelNumber" | "firmwareRevision" | "softwareRevision",
): Request<string> {
  return { ...read(CHANNEL[name], decodeText), passes: () => false };
}

/** Minutes that the pump has run since it was provisioned. */
export const runMinutes: Request<number> = controlPoint(
  CHANNEL.statusReader,
  encodeGetCounter(COUNTER_LIFETIME, "elapsed"),
  READER.response,
  true,
  (answer) => decodeCounter(answer, COUNTER_LIFETIME, "elapsed"),
);

/** Clears Status Changed flags. */
export function resetStatus(flags: number): Request<undefined> {
  return acknowledged(CHANNEL.statusReader, encodeResetStatus(flags), READER.response);
}

/** IDs of the boluses being delivered. */
export const activeBolusIds: Request<readonly number[]> = controlPoint(
  CHANNEL.statusReader,
  encodeBare(READER.getActiveBolusIds),
  READER.response,
  true,
  decodeActiveBolusIds,
);

/** One amount of a bolus being delivered. */
export function activeBolusDelivery(bolusId: number, value: keyof typeof BOLUS_VALUE): Request<BolusDelivery> {
  const bytes = encodeGetActiveBolusDelivery(bolusId, value);
  return controlPoint(CHANNEL.statusReader, bytes, READER.response, true, (answer) => {
    const delivery = decodeActiveBolusDelivery(answer);
    return delivery?.bolusId === bolusId ? delivery : undefined;
  });
}

/** Basal rate and TBR. */
export const activeBasal: Request<ActiveBasal> = controlPoint(
  CHANNEL.statusReader,
  encodeBare(READER.getActiveBasal),
  READER.response,
  true,
  decodeActiveBasal,
);

/** Insulin delivered since provisioning. */
export const deliveredInsulin: Request<DeliveredInsulin> = controlPoint(
  CHANNEL.statusReader,
  encodeBare(READER.getDeliveredInsulin),
  READER.response,
  true,
  decodeDeliveredInsulin,
);

/** Insulin delivered on the pump's day under way. */
export const totalDailyInsulin: Request<TotalDailyInsulin> = controlPoint(
  CHANNEL.statusReader,
  encodeBare(READER.getTotalDailyInsulin),
  READER.response,
  true,
  decodeTotalDailyInsulin,
);

/** The active template. */
export const activeTemplate: Request<number> = controlPoint(
  CHANNEL.command,
  encodeBare(COMMAND.getActivatedProfiles),
  COMMAND.response,
  true,
  (answer) => decodeTemplateNumber(answer, COMMAND.activatedProfiles),
);

/** The pump's time. */
export const time: Request<{ readonly time: PumpTime | undefined }> = read(CHANNEL.deviceTime, decodeTime);

/** Stop. */
export const stop: Request<undefined> = acknowledged(
  CHANNEL.command,
  encodeSetTherapyControlState("stop"),
  COMMAND.response,
);

/** Stop Priming. */
export const stopPriming: Request<undefined> = acknowledged(
  CHANNEL.command,
  encodeBare(COMMAND.stopPriming),
  COMMAND.response,
);

/** Cancel Bolus. */
export function cancelBolus(bolusId: number): Request<number> {
  return controlPoint(CHANNEL.command, encodeCancelBolus(bolusId), COMMAND.response, false, (answer) => {
    const cancelled = decodeBolusId(answer, COMMAND.cancelBolusResponse);
    return cancelled === bolusId ? cancelled : undefined;
  });
}

/** Snooze Annunciation or Confirm Annunciation. */
export function annunciationCommand(
  command: "snoozeAnnunciation" | "confirmAnnunciation",
  instance: number,
): Request<undefined> {
  const request = controlPoint<number>(
    CHANNEL.command,
    encodeAnnunciationCommand(command, instance),
    COMMAND.response,
    false,
    (answer) => decodeAnnunciationInstance(answer, COMMAND[`${command}Response`]),
  );
  const reply = (answer: Incoming): Reply<undefined> | undefined => {
    const given = request.reply(answer);
    if (given?.kind !== "ok") return given;
    return given.value === instance ? { kind: "ok", value: undefined } : undefined;
  };
  return { channel: request.channel, value: request.value, reply, passes: () => false };
}

/** List Bonds. */
export const bonds: Request<readonly BondEntry[]> = {
  channel: CHANNEL_CONTROL,
  value: encodeListBonds(),
  reply: (answer) => {
    const message = answer.channel === CHANNEL_CONTROL ? decodeControl(answer.value) : undefined;
    return message?.kind === "bondsAre" ? ok(message.bonds) : refusal(answer, CONTROL.listBonds);
  },
  passes: () => true,
};

/** Revoke Bond of one's own. */
export function revokeOwnBond(controllerId: Uint8Array): Request<undefined> {
  const reply = (answer: Incoming): Reply<undefined> | undefined => {
    const message = answer.channel === CHANNEL_CONTROL ? decodeControl(answer.value) : undefined;
    if (message?.kind !== "bondRevoked") return refusal(answer, CONTROL.revokeBond);
    return equalBytes(message.controllerId, controllerId) ? { kind: "ok", value: undefined } : undefined;
  };
  return { channel: CHANNEL_CONTROL, value: encodeRevokeBond(controllerId), reply, passes: () => false };
}

/** Outcome. Only `delivering` passes. */
export function outcome(doseId: DoseId): Request<Outcome> {
  const reply = (answer: Incoming): Reply<Outcome> | undefined => {
    const message = answer.channel === CHANNEL_CONTROL ? decodeControl(answer.value) : undefined;
    if (message?.kind !== "outcomeIs") return refusal(answer, CONTROL.outcome);
    return sameDoseId(message.outcome.doseId, doseId) ? { kind: "ok", value: message.outcome } : undefined;
  };
  return { channel: CHANNEL_CONTROL, value: encodeOutcome(doseId), reply, passes: ({ kind }) => !isFinal(kind) };
}
