/**
 * Two attackers with a radio of their own. One has only ears: it plays a recorded connection back. The other has
 * stolen everything that opens sessions, k_dose alone excepted: it reads the recording and seals what it likes afresh.
 * Neither knows more of the pump than PROTOCOL.md says.
 */

import type { Transport } from "../air/transport.js";
import { equalBytes } from "../controller/bytes.js";
import type { Clock } from "../controller/clock.js";
import { CONTROL, type DoseId, encodeDoseId } from "../controller/control.js";
import { Reassembler } from "../controller/fragments.js";
import { answerM1, MODE, NONCE_BYTES } from "../controller/handshake.js";
import { sessionKeys } from "../controller/keys.js";
import type { Bond } from "../controller/pairing.js";
import { CHANNEL_CONTROL, RecordKey } from "../controller/records.js";
import { Session, type SessionListener } from "../controller/session.js";
import type { Recording } from "./recording.js";

/**
 * Connects, subscribes and, once the pump has sent its first message, writes the recorded values one after the other
 * as each is acknowledged. Lets go of the link after `patienceMs` if the pump has not; `done` is called when it has
 * ended.
 */
export function playBack(
  transport: Transport,
  clock: Clock,
  values: readonly Uint8Array[],
  patienceMs: number,
  done: (played: { readonly written: number }) => void,
): void {
  let written = 0;
  const next = () => {
    const value = values[written];
    if (value === undefined) return;
    written += 1;
    link.write(value);
  };
  const link = transport.connect({
    onConnected: () => {
      link.subscribe();
      clock.schedule(() => link.disconnect(), patienceMs);
    },
    onIndication: () => {
      if (written === 0) next();
    },
    onWritten: next,
    onDisconnected: () => done({ written }),
  });
}

/** What opens sessions with a pump in a controller's name. Without k_dose. */
export type SessionSecrets = Omit<Bond, "kDose"> & { readonly controllerId: Uint8Array };

/** What a recorded dose was made of, read with stolen keys: values of the control channel. */
export interface StolenDose {
  readonly prepare: Uint8Array;
  readonly commit: Uint8Array;
}

/** Decrypts a recorded connection and finds the Prepare and the Commit of a dose; undefined when they are not there. */
export function readDose(recording: Recording, secrets: SessionSecrets, doseId: DoseId): StolenDose | undefined {
  const [m1, m3] = messagesOf(recording.fromPump);
  const [m2, ...records] = messagesOf(recording.toPump);
  if (m1 === undefined || m2 === undefined || m3 === undefined) return undefined;
  const key = new RecordKey(sessionKeys(secrets.kSes, m1, m2, m3).controllerToPump);
  let prepare: Uint8Array | undefined;
  for (const record of records) {
    const opened = key.open(record);
    if (opened === undefined) return undefined;
    const { channel, value } = opened;
    if (channel !== CHANNEL_CONTROL) continue;
    if (value[0] === CONTROL.prepare) prepare = value;
    const named = value.subarray(1, 1 + encodeDoseId(doseId).length);
    if (value[0] === CONTROL.commit && prepare !== undefined && equalBytes(named, encodeDoseId(doseId)))
      return { prepare, commit: value };
  }
  return undefined;
}

function messagesOf(values: readonly Uint8Array[]): readonly Uint8Array[] {
  const reassembler = new Reassembler();
  return values.flatMap((value) => {
    const reassembly = reassembler.push(value);
    return reassembly.kind === "message" ? [reassembly.message] : [];
  });
}

/** A thief's answer to a message, or undefined when the link ended instead. */
export interface Answered {
  readonly value: Uint8Array | undefined;
}

/** A session that a thief opens with stolen secrets. One message at a time. */
export class StolenSession {
  readonly #session: Session;
  #onOpened: ((result: { readonly opened: boolean }) => void) | undefined;
  #onAnswer: ((answer: Answered) => void) | undefined;

  constructor(transport: Transport, clock: Clock, secrets: SessionSecrets) {
    const { controllerId, role, kCtl, kPump, kSes } = secrets;
    const listener: SessionListener = {
      answer: ({ raw }) => {
        // The pump's nonce makes the session new; a thief may leave its own at zero.
        const nonceC = new Uint8Array(NONCE_BYTES);
        const { m2, m3 } = answerM1(raw, {
          mode: MODE.confirmed,
          controllerId,
          nonceC,
          role,
          keys: { kCtl, kPump },
        });
        return { m2, m3, role, keys: sessionKeys(kSes, raw, m2, m3), authenticated: () => {} };
      },
      opened: () => this.#opened(true),
      message: (channel, value) => {
        if (channel === CHANNEL_CONTROL) this.#answered(value);
      },
      ended: () => {},
      down: () => {
        this.#opened(false);
        this.#answered(undefined);
      },
    };
    this.#session = new Session(transport, clock, listener);
  }

  /** Connects. `done` is called when a session is open or the link is down. */
  open(done: (result: { readonly opened: boolean }) => void): void {
    this.#onOpened = done;
    this.#session.start();
  }

  /** Seals a value of the control channel and sends it. `done` gets the next answer on that channel. */
  send(value: Uint8Array, done: (answer: Answered) => void): void {
    this.#onAnswer = done;
    this.#session.send(CHANNEL_CONTROL, value);
  }

  /** Ends the session. */
  close(): void {
    this.#session.close("closed");
  }

  #opened(opened: boolean): void {
    const report = this.#onOpened;
    this.#onOpened = undefined;
    report?.({ opened });
  }

  #answered(value: Uint8Array | undefined): void {
    const report = this.#onAnswer;
    this.#onAnswer = undefined;
    report?.({ value });
  }
}
