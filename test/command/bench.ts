/** The command layer around a therapy in a chosen state: who asks, what is answered, tags made by PROTOCOL.md's reference. */

import { sha256 } from "@noble/hashes/sha2.js";
import { HmacKey } from "../../firmware/base/hmacKey.js";
import { uptimeMs } from "../../firmware/base/units.js";
import type { Asker, CommandContext } from "../../firmware/command/countersign.js";
import { type Countersign, NO_CHALLENGE } from "../../firmware/command/countersign.js";
import type { Device } from "../../firmware/command/device.js";
import { type Dispatched, dispatch } from "../../firmware/command/dispatch.js";
import { NonceStore } from "../../firmware/nonce/store.js";
import { NO_BONDS } from "../../firmware/session/bonds.js";
import type { DoseId } from "../../firmware/therapy/commands.js";
import { obey } from "../../firmware/therapy/obey.js";
import type { Therapy } from "../../firmware/therapy/therapy.js";
import { durable, identityOf, soundEntropy, varied } from "../nonce/bench.js";
import { hex, own, unhex } from "../session/bench.js";
import { RIG, therapyOf } from "../therapy/bench.js";
import * as reference from "../vectors/reference.js";

export const ASKER: Asker = { session: 1, controllerId: varied(8, 70), doseKey: new HmacKey(sha256, varied(32, 80)) };

/** Commands as their bytes in hexadecimal. */
export const COMMAND = {
  bolus: "4b11103396e000000000",
  tbr: "ff0f00334be05a00",
  changeTbr: "ff0f04334be05a00",
  cancelTbr: "1111",
  run: "5a0f55",
  stop: "5a0f33",
  pause: "5a0f3c",
  cancelBolus: "78110500",
  snooze: "690f0300",
  confirm: "990f0300",
  prime: "7b120a00",
  stopPriming: "8412",
  fill: "8b122c01",
  resetReservoirTime: "b712",
  flightMode: "660f",
} as const;

export const doseBytes = ({ epoch, sequence }: DoseId): Buffer =>
  Buffer.concat([reference.integer(epoch, 4), reference.integer(sequence, 4)]);

/** What a Challenge says. */
export interface Challenged {
  readonly doseId: DoseId;
  readonly doseIdBytes: Uint8Array;
  readonly challenge: Uint8Array;
  readonly lifeS: number;
  readonly reading: Uint8Array;
}

/** One pump's command layer, its clock, and the messages of one session. */
export class Desk {
  state: Countersign = NO_CHALLENGE;
  therapy: Therapy;
  nowMs = 5_000;
  asker = ASKER;
  mayOperate = true;
  stale = false;
  bonds = NO_BONDS;
  device: Device = { buildHash: "0123456789abcdef", battery: { percent: 83 } };
  readonly nonces: NonceStore;
  readonly pumpId = identityOf().pumpId;

  constructor(therapy: Therapy = therapyOf(), epoch = 1) {
    this.therapy = therapy;
    this.nonces = new NonceStore(durable(identityOf({ epoch })), soundEntropy(1), sha256, () => {});
  }

  get context(): CommandContext {
    const { pumpId, bonds, nonces, therapy, nowMs } = this;
    const { device } = this;
    return { pumpId, bonds, nonces, therapy, rig: RIG, device, now: uptimeMs(nowMs) };
  }

  /** Dispatches a message given in hexadecimal. */
  send(channel: number, value: string): Dispatched {
    const { mayOperate, stale, asker } = this;
    const request = { ...asker, channel, value: unhex(value), stale, mayOperate, answering: false };
    const dispatched = dispatch(this.state, request, this.context);
    this.state = dispatched.next;
    return dispatched;
  }

  /** The reply's value in hexadecimal, behind its channel; "accepted" for a command to be obeyed. */
  ask(channel: number, value: string): string {
    const { reply, accepted } = this.send(channel, value);
    if (accepted) return "accepted";
    return reply ? `${reply.channel.toString(16).padStart(2, "0")} ${hex(reply.value)}` : "silence";
  }

  prepare(command: string, lifeS = 10): string {
    return this.ask(0, `0f${lifeS.toString(16).padStart(2, "0")}25${command}`);
  }

  /** Prepares a command and reads its Challenge; throws when it is refused. */
  challenged(command: string, lifeS = 10): Challenged {
    const answer = this.prepare(command, lifeS);
    return this.challengeOf(answer);
  }

  /** Reads a Challenge; throws when it is none. */
  challengeOf(answer: string): Challenged {
    if (!answer.startsWith("00 33")) throw new Error(`no challenge: ${answer}`);
    const bytes = unhex(answer.slice(3));
    const view = new DataView(bytes.buffer);
    return {
      doseId: { epoch: view.getUint32(1, true), sequence: view.getUint32(5, true) },
      doseIdBytes: bytes.slice(1, 9),
      challenge: bytes.slice(9, 25),
      lifeS: bytes[25] ?? 0,
      reading: bytes.slice(26),
    };
  }

  /** The tag over what was challenged, with parts replaced. */
  tagOf(command: string, challenged: Challenged, replaced: Partial<SignedParts> = {}): Uint8Array {
    const parts: SignedParts = {
      pumpId: this.pumpId,
      controllerId: this.asker.controllerId,
      doseId: challenged.doseIdBytes,
      challenge: challenged.challenge,
      channel: Uint8Array.of(0x25),
      command: unhex(command),
      reading: challenged.reading,
      kDose: this.asker.doseKey.bytes,
      ...replaced,
    };
    return own(reference.tag(parts.kDose, reference.commitTagInput(parts)));
  }

  commit(challenged: Challenged, tag: Uint8Array): string {
    return this.ask(0, `3c${hex(challenged.doseIdBytes)}${hex(tag)}`);
  }

  /** Prepares, commits and obeys. */
  done(command: string): DoseId {
    const challenged = this.challenged(command);
    const operand = `3c${hex(challenged.doseIdBytes)}${hex(this.tagOf(command, challenged))}`;
    const { accepted } = this.send(0, operand);
    if (!accepted) throw new Error("the Commit was refused");
    const now = uptimeMs(this.nowMs);
    this.therapy = obey(this.therapy, accepted.authorised, accepted.doseId, now, RIG).next;
    return challenged.doseId;
  }

  /** OutcomeIs as `kind code intended low high`, or the refusal. */
  outcome(doseId: DoseId): string {
    const answer = this.ask(0, `55${hex(doseBytes(doseId))}`);
    if (!answer.startsWith("00 5a")) return answer;
    const bytes = unhex(answer.slice(3 + 18));
    const view = new DataView(bytes.buffer);
    const [kind, code] = [bytes[0] ?? 0, bytes[1] ?? 0].map((byte) => byte.toString(16).padStart(2, "0"));
    return `${kind} ${code} ${view.getUint32(2, true)} ${view.getUint32(6, true)} ${view.getUint32(10, true)}`;
  }
}

export type SignedParts = Parameters<typeof reference.commitTagInput>[0] & { readonly kDose: Uint8Array };
