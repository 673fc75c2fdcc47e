/**
 * The countersigned command (PROTOCOL.md section 7): one outstanding challenge, its command and its reading, until one
 * Commit, right or wrong. Yields the only `Authorised` commands that deliver insulin.
 *
 *     none --Prepare, accepted--> challenged --Commit--> none
 *                                 challenged --anything that kills it--> none
 */

import { concat, equalInConstantTime } from "../base/bytes.js";
import type { HmacKey } from "../base/hmacKey.js";
import { label } from "../base/label.js";
import { layout } from "../base/layout.js";
import { Refusal } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import { type UptimeMs, uptimeMs } from "../base/units.js";
import { opcodeOf } from "../ids/layouts.js";
import { Channel, CommandOpcode } from "../ids/opcodes.js";
import type { NonceStore } from "../nonce/store.js";
import type { RigConfig } from "../rig.js";
import type { Bonds } from "../session/bonds.js";
import { Authorised } from "../therapy/authorised.js";
import { type Command, type DoseId, type Meaning, sameDose } from "../therapy/commands.js";
import { resolve } from "../therapy/resolve.js";
import type { Therapy } from "../therapy/therapy.js";
import { type Revocation, resolveRevocation } from "./bondMessages.js";
import type { Device } from "./device.js";
import { TIME_UPDATE } from "./deviceTime.js";
import type { ProfileTransaction } from "./profileWrite.js";
import { readingOf } from "./readings.js";
import { type CommandRow, decodeCommand, rowOf } from "./table.js";

/** PROTOCOL.md section 7. */
const LIFE_MAX_S = 30;
const TAG_BYTES = 16;
/** How many refused doses are remembered: more than a controller has open; RAM only. */
const REFUSED_MAX = 8;
const DOSE_LABEL = label("CS1 dose");

/** Who asks, and when. */
export interface Asker {
  readonly session: number;
  readonly controllerId: Uint8Array;
  readonly doseKey: HmacKey;
}

/** What the command layer may look at. */
export interface CommandContext {
  readonly pumpId: Uint8Array;
  readonly bonds: Bonds;
  readonly nonces: NonceStore;
  readonly therapy: Therapy;
  readonly rig: RigConfig;
  readonly device: Device;
  readonly now: UptimeMs;
}

export interface OutstandingChallenge {
  readonly doseId: DoseId;
  readonly challenge: Uint8Array;
  readonly channel: number;
  readonly command: Uint8Array;
  readonly reading: Uint8Array;
}

export interface Countersign {
  readonly outstanding: OutstandingChallenge | undefined;
  /** Newest last, at most eight. */
  readonly refused: readonly { readonly doseId: DoseId; readonly code: Refusal }[];
  /** The profile that is being written. */
  readonly transaction: ProfileTransaction | undefined;
}

export const NO_CHALLENGE: Countersign = { outstanding: undefined, refused: [], transaction: undefined };

/** A command that has passed: to be obeyed in this same turn. */
export interface Accepted {
  readonly authorised: Authorised<Meaning>;
  readonly command: Command;
  readonly row: CommandRow;
  readonly doseId: DoseId | undefined;
}

/** A revocation that has passed: to be carried out in this same turn. Without an ID it was of the asker's own bond. */
export interface AcceptedRevocation {
  readonly authorised: Authorised<Revocation>;
  readonly doseId: DoseId | undefined;
}

const PrepareOperand = layout(["lifeS", "u8"], ["channel", "u8"], ["command", "rest"]);
const ChallengeOperand = layout(
  ["epoch", "u32"],
  ["sequence", "u32"],
  ["challenge", { bytes: 16 }],
  ["lifeS", "u8"],
  ["reading", "rest"],
);
const CommitOperand = layout(["epoch", "u32"], ["sequence", "u32"], ["tag", { bytes: TAG_BYTES }]);
const Signed = layout(
  ["label", { bytes: 16 }],
  ["pumpId", { bytes: 8 }],
  ["controllerId", { bytes: 8 }],
  ["epoch", "u32"],
  ["sequence", "u32"],
  ["challenge", { bytes: 16 }],
  ["channel", "u8"],
  ["commandLength", "u16"],
  ["command", "rest"],
);
const ReadingLength = layout(["readingLength", "u16"]);

/** Kills the outstanding challenge, whatever it was for. */
export function killChallenge(state: Countersign, nonces: NonceStore): Countersign {
  nonces.revoke("dose");
  return state.outstanding ? { ...state, outstanding: undefined } : state;
}

/** What a session leaves behind: the doses it refused. */
export function endSession(state: Countersign, nonces: NonceStore): Countersign {
  return { ...killChallenge(state, nonces), transaction: undefined };
}

/**
 * Prepare: checks all that can be checked now and issues a challenge. Any outstanding one dies first.
 * Returns the operand of Challenge. Refusals: InvalidOperand, OpcodeNotSupported, NotApplicable for a one-step command,
 * those of `resolve` and of `resolveRevocation`.
 */
export function prepare(
  given: Countersign,
  operand: Uint8Array,
  asker: Asker,
  context: CommandContext,
): { readonly next: Countersign; readonly answer: Result<Uint8Array> } {
  const next = killChallenge(given, context.nonces);
  const fields = PrepareOperand.decode(operand);
  if (!fields || fields.lifeS === 0) return { next, answer: refuse(Refusal.InvalidOperand) };
  const { channel, command } = fields;
  const meant = meaningOf(fields, given.transaction, asker, context);
  if (!meant.ok) return { next: writesProfile(fields) ? { ...next, transaction: undefined } : next, answer: meant };
  const { nonces, now } = context;
  const lifeS = Math.min(fields.lifeS, LIFE_MAX_S);
  const { epoch, sequence, bytes: challenge } = nonces.issue("dose", asker.session, uptimeMs(now + lifeS * 1000));
  const { reading } = meant.value;
  const outstanding = { doseId: { epoch, sequence }, challenge, channel, command, reading };
  const answer = ok(ChallengeOperand.encode({ epoch, sequence, challenge, lifeS, reading }));
  return { next: { ...next, outstanding }, answer };
}

type Countersigned = Pick<OutstandingChallenge, "channel" | "command">;

const writesProfile = ({ channel, command }: Countersigned): boolean =>
  channel === Channel.CommandControlPoint && opcodeOf(command) === CommandOpcode.WriteBasalRateProfileTemplate;

/** What a message to be countersigned means now, spelled out, and what accepts it under a dose ID. */
interface Meant {
  readonly reading: Uint8Array;
  readonly accept: (doseId: DoseId) => Accepted | AcceptedRevocation;
}

function meaningOf(
  { channel, command }: Countersigned,
  transaction: ProfileTransaction | undefined,
  asker: Asker,
  context: CommandContext,
): Result<Meant> {
  if (command.length < 2) return refuse(Refusal.InvalidOperand);
  switch (channel) {
    case Channel.Control:
      return meaningOfRevocation(command, asker, context);
    case Channel.CommandControlPoint: {
      const row = rowOf(command);
      return meaningOfCommand(row, row && decodeCommand(row, command, transaction), context);
    }
    case Channel.DeviceTimeControlPoint: {
      const row = command[0] === TIME_UPDATE.opcode ? TIME_UPDATE : undefined;
      return meaningOfCommand(row, row?.decode(command, undefined), context);
    }
    default:
      return refuse(Refusal.InvalidOperand);
  }
}

function meaningOfRevocation(command: Uint8Array, asker: Asker, context: CommandContext): Result<Meant> {
  const resolved = resolveRevocation(command, asker, context.bonds);
  if (!resolved.ok) return resolved;
  const { revocation, reading } = resolved.value;
  return ok({ reading, accept: (doseId) => ({ authorised: Authorised.grant(revocation), doseId }) });
}

function meaningOfCommand(
  row: CommandRow | undefined,
  decoded: Result<Command> | undefined,
  context: CommandContext,
): Result<Meant> {
  if (!row || !decoded) return refuse(Refusal.OpcodeNotSupported);
  if (!decoded.ok) return decoded;
  if (row.class !== "countersigned") return refuse(Refusal.NotApplicable);
  const command = decoded.value;
  const meaning = resolve(context.therapy, command, context.now, context.rig);
  if (!meaning.ok) return meaning;
  const reading = readingOf(meaning.value);
  return ok({ reading, accept: (doseId) => ({ authorised: Authorised.grant(meaning.value), command, row, doseId }) });
}

/**
 * Commit: spends the outstanding challenge, and accepts its command when dose ID, session, life, tag and reading are
 * all right. Refusals: InvalidOperand (length), Stale, ChallengeUnknown, ChallengeExpired, CountersignatureWrong,
 * ReadingChanged, and those of `resolve`.
 */
export function commit(
  given: Countersign,
  operand: Uint8Array,
  stale: boolean,
  asker: Asker,
  context: CommandContext,
): { readonly next: Countersign; readonly answer: Result<Accepted | AcceptedRevocation> } {
  const { outstanding } = given;
  const fields = CommitOperand.decode(operand);
  const named = { epoch: fields?.epoch ?? 0, sequence: fields?.sequence ?? 0 };
  const taken = context.nonces.take("dose", asker.session, named.epoch, named.sequence, context.now);
  const next: Countersign = { ...given, outstanding: undefined };
  if (!fields) return { next, answer: refuse(Refusal.InvalidOperand) };
  if (!outstanding || taken.kind === "unknown" || !sameDose(named, outstanding.doseId))
    return { next, answer: refuse(stale ? Refusal.Stale : Refusal.ChallengeUnknown) };
  const answer = judge(outstanding, given.transaction, fields.tag, stale, taken.kind === "expired", asker, context);
  if (answer.ok && writesProfile(outstanding)) return { next: { ...next, transaction: undefined }, answer };
  return answer.ok ? { next, answer } : { next: withRefused(next, outstanding.doseId, answer.refusal), answer };
}

function judge(
  outstanding: OutstandingChallenge,
  transaction: ProfileTransaction | undefined,
  tag: Uint8Array,
  stale: boolean,
  expired: boolean,
  asker: Asker,
  context: CommandContext,
): Result<Accepted | AcceptedRevocation> {
  if (stale) return refuse(Refusal.Stale);
  if (expired) return refuse(Refusal.ChallengeExpired);
  if (!equalInConstantTime(commitTag(outstanding, asker, context.pumpId), tag))
    return refuse(Refusal.CountersignatureWrong);
  const meant = meaningOf(outstanding, transaction, asker, context);
  if (!meant.ok) return meant;
  if (!equalInConstantTime(meant.value.reading, outstanding.reading)) return refuse(Refusal.ReadingChanged);
  return ok(meant.value.accept(outstanding.doseId));
}

function commitTag(outstanding: OutstandingChallenge, asker: Asker, pumpId: Uint8Array): Uint8Array {
  const { doseId, challenge, channel, command, reading } = outstanding;
  const signed = Signed.encode({
    label: DOSE_LABEL,
    pumpId,
    controllerId: asker.controllerId,
    ...doseId,
    challenge,
    channel,
    commandLength: command.length,
    command,
  });
  const message = concat(signed, ReadingLength.encode({ readingLength: reading.length }), reading);
  return asker.doseKey.tag(message, TAG_BYTES);
}

/** Remembers that a dose was refused, for Outcome. */
export function withRefused(state: Countersign, doseId: DoseId, code: Refusal): Countersign {
  return { ...state, refused: [...state.refused, { doseId, code }].slice(-REFUSED_MAX) };
}

/**
 * A one-step command, authorised by the session alone. Refusals: NotApplicable for another class, the row's, resolve's.
 */
export function acceptOneStep(row: CommandRow, value: Uint8Array, context: CommandContext): Result<Accepted> {
  const decoded = decodeCommand(row, value, undefined);
  if (!decoded.ok) return decoded;
  if (row.class !== "oneStep") return refuse(Refusal.NotApplicable);
  const meaning = resolve(context.therapy, decoded.value, context.now, context.rig);
  if (!meaning.ok) return meaning;
  return ok({ authorised: Authorised.grant(meaning.value), command: decoded.value, row, doseId: undefined });
}
