/**
 * Hears all that is sent and all that arrives, and reads what was sent with a bond's keys. From that alone it says which
 * commands reached the pump as their controller wrote them: neither pump nor controller is asked.
 */

import type { AirEvent, Direction } from "../../../host-sim/air/packet.js";
import { concat, equalBytes } from "../../../host-sim/controller/bytes.js";
import { sessionKeys } from "../../../host-sim/controller/keys.js";
import type { Bond } from "../../../host-sim/controller/pairing.js";
import { openRecord, type RecordContent } from "../../../host-sim/controller/records.js";

const LAST_FRAGMENT = 0x40;
/** PROTOCOL.md section 3. */
const ANSWER_MS = 2_000;

/** One fragment, when it was sent or when it arrived. */
export interface Heard {
  readonly value: Uint8Array;
  readonly atMs: number;
}

/** The fragments of one direction: as their sender wrote them, and as the other end got them. */
export interface Line {
  readonly sent: Heard[];
  readonly arrived: Heard[];
}

/** One connection. */
export type Conversation = { readonly [Bound in Direction]: Line } & {
  /** When the first of its ends disconnected. */
  endedMs: number | undefined;
};

/** A message as its sender wrote it. */
export interface Message {
  readonly bytes: Uint8Array;
  /** How many fragments were sent up to and with its last one. */
  readonly fragments: number;
}

/** A record as its sender wrote it, and where it stands among the messages of its direction. */
export interface Said extends RecordContent {
  readonly bound: Direction;
  readonly message: number;
  readonly fragments: number;
}

/** Suits `WorldOptions.observer`. */
export class Eavesdropper {
  readonly #conversations = new Map<number, Conversation>();

  /** Conversations since `forget`, in the order of their connections. */
  get conversations(): readonly Conversation[] {
    return [...this.#conversations.values()];
  }

  forget(): void {
    this.#conversations.clear();
  }

  observe({ timeMs, what, packet }: AirEvent): void {
    const { connectionId, direction, kind, value } = packet;
    const conversation = this.#conversations.get(connectionId) ?? {
      toPeripheral: { sent: [], arrived: [] },
      toCentral: { sent: [], arrived: [] },
      endedMs: undefined,
    };
    this.#conversations.set(connectionId, conversation);
    if (kind === "write" || kind === "indication") conversation[direction][what].push({ value, atMs: timeMs });
    if (kind === "disconnect") conversation.endedMs ??= timeMs;
  }
}

/** The whole messages among what a genuine end sent. */
export function messagesOf(sent: readonly Heard[]): readonly Message[] {
  const messages: Message[] = [];
  let begun: Uint8Array[] = [];
  for (const [index, { value }] of sent.entries()) {
    begun.push(value.subarray(1));
    if (((value[0] ?? 0) & LAST_FRAGMENT) === 0) continue;
    messages.push({ bytes: concat(...begun), fragments: index + 1 });
    begun = [];
  }
  return messages;
}

/** When the first `fragments` had arrived just as they were sent; undefined when they did not. */
export function arrivedIntactMs({ sent, arrived }: Line, fragments: number): number | undefined {
  for (let index = 0; index < fragments; index += 1) {
    const [before, after] = [sent[index], arrived[index]];
    if (before === undefined || after === undefined || !equalBytes(before.value, after.value)) return undefined;
  }
  return arrived[fragments - 1]?.atMs;
}

/** Whether the pump got an m2 that answers its own m1, both just as they were sent, and in time. */
export function handshakeArrived({ toCentral, toPeripheral }: Conversation): boolean {
  const [m1] = messagesOf(toCentral.sent);
  const [m2] = messagesOf(toPeripheral.sent);
  if (m1 === undefined || m2 === undefined || arrivedIntactMs(toCentral, m1.fragments) === undefined) return false;
  const askedMs = toCentral.sent[0]?.atMs ?? 0;
  const answeredMs = arrivedIntactMs(toPeripheral, m2.fragments);
  return answeredMs !== undefined && answeredMs - askedMs <= ANSWER_MS;
}

/** The records that were sent, by the pump's account of the handshake; none when no session of these bonds opened. */
export function saidIn({ toCentral, toPeripheral }: Conversation, bonds: readonly Bond[]): readonly Said[] {
  const [m1, m3, ...fromPump] = messagesOf(toCentral.sent);
  const [m2, ...fromController] = messagesOf(toPeripheral.sent);
  if (m1 === undefined || m2 === undefined || m3 === undefined) return [];
  for (const { kSes } of bonds) {
    const keys = sessionKeys(kSes, m1.bytes, m2.bytes, m3.bytes);
    const said = [
      ...opened(fromPump, keys.pumpToController, "toCentral", 2),
      ...opened(fromController, keys.controllerToPump, "toPeripheral", 1),
    ];
    if (said.length > 0) return said;
  }
  return [];
}

function opened(messages: readonly Message[], key: Uint8Array, bound: Direction, before: number): readonly Said[] {
  return messages.flatMap(({ bytes, fragments }, counter) => {
    const content = openRecord(key, counter, bytes);
    return content === undefined ? [] : [{ ...content, bound, message: before + counter, fragments }];
  });
}
