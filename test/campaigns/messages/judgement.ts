/**
 * What must have happened, judged from the air alone: which doses the pump issued a challenge for, which of them were
 * countersigned in time by a Commit that arrived as it was sent, and whether a Stop or a Cancel Bolus arrived so.
 */

import { CONTROL, type DoseId, decodeControl, sameDoseId } from "../../../host-sim/controller/control.js";
import { CHANNEL, COMMAND } from "../../../host-sim/controller/ids.js";
import { Layout } from "../../../host-sim/controller/layout.js";
import type { Bond } from "../../../host-sim/controller/pairing.js";
import { CHANNEL_CONTROL, STALE_MS } from "../../../host-sim/controller/records.js";
import { arrivedIntactMs, type Conversation, type Said, saidIn } from "./eavesdropper.js";

/** PROTOCOL.md section 7: the reading of Set Bolus, and Commit. */
const BOLUS_READING = new Layout({ opcode: "u16", flags: "u8", type: "u8", fastMicrounits: "u32" });
const COMMIT = new Layout({ opcode: "u8", epoch: "u32", sequence: "u32" });
const OPCODE = new Layout({ opcode: "u16" });

/** A dose that the pump issued a challenge for. */
export interface Issued {
  readonly doseId: DoseId;
  readonly amountMicrounits: number;
  /** When the pump got its Commit as it was sent, within the challenge's life and with a fresh echo; else undefined. */
  readonly countersignedMs: number | undefined;
}

export interface Judgement {
  readonly issued: readonly Issued[];
  /** When a Stop reached the pump as it was sent, with a fresh echo; undefined when none did. */
  readonly stoppedMs: number | undefined;
  /** The same of a Cancel Bolus. */
  readonly cancelledMs: number | undefined;
}

/**
 * Judges one connection. `bonds` are those of the controller that was heard; the pump must have been booted at time 0 of
 * the world, since its times are compared with those of the air.
 */
export function judge(conversation: Conversation, bonds: readonly Bond[], lifeMs: number): Judgement {
  const said = saidIn(conversation, bonds);
  const taken = said.flatMap((record) => {
    const atMs = record.bound === "toPeripheral" && arrivedIntactMs(conversation.toPeripheral, record.fragments);
    return typeof atMs === "number" && atMs - record.timeMs <= STALE_MS ? [{ ...record, atMs }] : [];
  });
  const issued = said.flatMap((record): readonly Issued[] => {
    const dose = issuedBy(record);
    const commit = dose && taken.find((candidate) => isCommitOf(candidate, dose.doseId));
    const inTime = commit !== undefined && commit.atMs - record.timeMs <= lifeMs;
    return dose === undefined ? [] : [{ ...dose, countersignedMs: inTime ? commit.atMs : undefined }];
  });
  const commandMs = (opcode: number) =>
    taken.find(
      ({ channel, value }) => channel === CHANNEL.command && OPCODE.decodeHead(value)?.values.opcode === opcode,
    )?.atMs;
  return {
    issued,
    stoppedMs: commandMs(COMMAND.setTherapyControlState),
    cancelledMs: commandMs(COMMAND.cancelBolus),
  };
}

function issuedBy({ bound, channel, value }: Said): Omit<Issued, "countersignedMs"> | undefined {
  const message = bound === "toCentral" && channel === CHANNEL_CONTROL ? decodeControl(value) : undefined;
  if (message?.kind !== "challenge") return undefined;
  const { doseId, reading } = message.challenge;
  return { doseId, amountMicrounits: BOLUS_READING.decodeHead(reading)?.values.fastMicrounits ?? 0 };
}

function isCommitOf({ channel, value }: Said, doseId: DoseId): boolean {
  const commit = channel === CHANNEL_CONTROL ? COMMIT.decodeHead(value)?.values : undefined;
  return commit?.opcode === CONTROL.commit && sameDoseId(commit, doseId);
}
