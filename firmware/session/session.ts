/**
 * One connection's session, from the challenge to the last record (PROTOCOL.md sections 3 to 5).
 *
 *     closed --connected--> connected --subscribed--> challenged --m2, mode 01 or 03--> open
 *                                                        |--m2, mode 02--> done
 *     open --a last message--> done
 *     any failure, deadline, disconnection or silence --> closed
 *
 * Owns the session's keys and counters. Never interprets what a record says, and never lets a byte out of an
 * unauthenticated peer have an effect beyond the end of its own connection.
 */

import { wipe } from "../base/bytes.js";
import { layout } from "../base/layout.js";
import { type UptimeMs, uptimeMs } from "../base/units.js";
import type { Entropy, EntropyFault } from "../nonce/entropy.js";
import type { Nonce, NonceStore } from "../nonce/store.js";
import { addUnconfirmed, type Bond, type Bonds, confirm, Role } from "./bonds.js";
import { encodeM1, type Handshake, type PairingOffer } from "./handshake.js";
import { createEphemeral, type PairingWindow } from "./pairing.js";
import { type Direction, open, seal } from "./record.js";

/** PROTOCOL.md sections 3 and 5. */
const ANSWER_MS = 2_000;
const HANDSHAKE_MS = 5_000;
/** PROTOCOL.md section 1.1: a person reads and types a passkey; LE pairing itself gives up then (Vol 3 Part H 3.4). */
const LINK_PAIRING_MS = 30_000;
const TICK_MS = 5_000;
const SILENCE_MS = 15_000;
const OBSERVE_SESSION_MS = 60_000;
const STALE_MS = 10_000;
const WAITING_MAX = 4;

/** Channels below the Insulin Delivery Service's (PROTOCOL.md section 5). */
const CONTROL_CHANNEL = 0x00;
const TICK_CHANNEL = 0x01;
/** Opcode of record 0 of the pump (PROTOCOL.md section 7). */
const HELLO = 0x69;
const Hello = layout(["opcode", "u8"], ["role", "u8"]);
const NOTHING = new Uint8Array(0);

interface Challenged {
  readonly kind: "challenged";
  readonly id: number;
  readonly m1: Uint8Array;
  readonly nonce: Nonce;
  readonly offer: PairingOffer | undefined;
  readonly answerBy: UptimeMs;
  readonly completeBy: UptimeMs;
}

export interface OpenSession {
  readonly kind: "open";
  readonly id: number;
  readonly bond: Bond;
  readonly fromController: Direction;
  readonly fromPump: Direction;
  readonly openedAt: UptimeMs;
  readonly heardAt: UptimeMs;
  readonly tickAt: UptimeMs;
  /** Times of the records that no echo has acknowledged yet, oldest first. At most four. */
  readonly waiting: readonly UptimeMs[];
}

export type Session =
  | { readonly kind: "closed" }
  | {
      readonly kind: "connected";
      readonly id: number;
      readonly completeBy: UptimeMs;
      /** Whether its time was prolonged for an LE pairing. */
      readonly pairsLink: boolean;
    }
  | Challenged
  /** Nothing more is taken: the controller is to disconnect. */
  | { readonly kind: "done"; readonly id: number; readonly completeBy: UptimeMs }
  | OpenSession;

export const CLOSED: Session = { kind: "closed" };

export type SessionEvent =
  | { readonly kind: "connected"; readonly id: number }
  /** The pump shows a passkey for an LE pairing of this connection. */
  | { readonly kind: "linkPairing" }
  | { readonly kind: "subscribed" }
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  | { readonly kind: "send"; readonly channel: number; readonly value: Uint8Array }
  /** The last message of this session, and why: its bond is no more, or the radio falls silent. */
  | { readonly kind: "farewell"; readonly channel: number; readonly value: Uint8Array; readonly reason: string }
  | { readonly kind: "broken"; readonly reason: string }
  | { readonly kind: "time" };

/** One opened record, on its way to the command layer. */
export interface Received {
  readonly channel: number;
  readonly value: Uint8Array;
  /** Whether the echo is over 10 s old. */
  readonly stale: boolean;
  readonly bond: Bond;
  readonly session: number;
}

export type SessionEffect =
  | { readonly kind: "send"; readonly message: Uint8Array }
  | { readonly kind: "end"; readonly reason: string }
  /** The session is over; the connection goes on for a moment, so that its last message arrives. */
  | { readonly kind: "over"; readonly reason: string }
  | { readonly kind: "received"; readonly received: Received }
  | { readonly kind: "opened"; readonly bond: Bond }
  | { readonly kind: "bonded"; readonly bond: Bond }
  | { readonly kind: "confirmed"; readonly bond: Bond }
  | { readonly kind: "entropyFault"; readonly fault: EntropyFault };

export interface SessionStep {
  readonly next: Session;
  /** Bonds to make durable before `after`. */
  readonly record?: Bonds;
  readonly after: readonly SessionEffect[];
}

/** What a session needs of the pump around it. */
export interface SessionContext {
  readonly pumpId: Uint8Array;
  readonly bonds: Bonds;
  readonly nonces: NonceStore;
  readonly entropy: Entropy;
  readonly handshake: Handshake;
  /** Open pairing window; undefined once it has closed. */
  readonly window: PairingWindow | undefined;
}

const stay = (next: Session): SessionStep => ({ next, after: [] });

function end(session: Session, reason: string): SessionStep {
  if (session.kind === "open") wipe(session.fromController.key, session.fromPump.key);
  if (session.kind === "challenged" && session.offer) wipe(session.offer.ephemeral.scalar);
  return session.kind === "closed" ? stay(CLOSED) : { next: CLOSED, after: [{ kind: "end", reason }] };
}

/** Decides what one event does to a session. */
export function stepSession(
  session: Session,
  event: SessionEvent,
  now: UptimeMs,
  context: SessionContext,
): SessionStep {
  switch (event.kind) {
    case "connected":
      if (session.kind !== "closed") return end(session, "connected out of turn");
      return stay({
        kind: "connected",
        id: event.id,
        completeBy: uptimeMs(now + HANDSHAKE_MS),
        pairsLink: false,
      });
    case "linkPairing":
      // Once a connection: failing again and again does not keep the slot.
      return session.kind === "connected" && !session.pairsLink
        ? stay({ ...session, completeBy: uptimeMs(now + LINK_PAIRING_MS), pairsLink: true })
        : stay(session);
    case "broken":
      return end(session, event.reason);
    case "subscribed":
      return session.kind === "connected"
        ? challenge(session.id, session.completeBy, now, context)
        : end(session, "subscribed out of turn");
    case "message":
      if (session.kind === "challenged") return authenticate(session, event.bytes, now, context);
      return session.kind === "open" ? receive(session, event.bytes, now) : end(session, "message out of turn");
    case "send":
      return session.kind === "open" ? send(session, event.channel, event.value, now) : stay(session);
    case "farewell":
      return session.kind === "open" ? farewell(session, event, now) : stay(session);
    case "time":
      return passTime(session, now);
    default:
      return event satisfies never;
  }
}

function challenge(id: number, completeBy: UptimeMs, now: UptimeMs, context: SessionContext): SessionStep {
  const { window, entropy, nonces, pumpId } = context;
  const after: SessionEffect[] = [];
  let offer: PairingOffer | undefined;
  if (window) {
    const ephemeral = createEphemeral(entropy);
    if (ephemeral.ok) offer = { window, ephemeral: ephemeral.value };
    else after.push({ kind: "entropyFault", fault: ephemeral.refusal });
  }
  const answerBy = uptimeMs(now + ANSWER_MS);
  const nonce = nonces.issue("handshake", id, answerBy);
  const m1 = encodeM1(pumpId, nonce.bytes, offer?.ephemeral.publicKey);
  after.push({ kind: "send", message: m1 });
  return { next: { kind: "challenged", id, m1, nonce, offer, answerBy, completeBy }, after };
}

function authenticate(session: Challenged, m2: Uint8Array, now: UptimeMs, context: SessionContext): SessionStep {
  const { id, m1, nonce, completeBy } = session;
  const taken = context.nonces.take("handshake", id, nonce.epoch, nonce.sequence, now);
  if (taken.kind !== "alive" || now > completeBy) return end(session, "m2 too late");
  // The window may have closed since m1: then the offer is void.
  const offer = session.offer && session.offer.window === context.window ? session.offer : undefined;
  const answer = context.handshake.answer(m1, m2, context.bonds, offer);
  switch (answer.kind) {
    case "refused":
      return end(session, answer.reason);
    case "paired":
      return {
        next: { kind: "done", id, completeBy },
        record: addUnconfirmed(context.bonds, answer.bond),
        after: [
          { kind: "send", message: answer.m3 },
          { kind: "bonded", bond: answer.bond },
        ],
      };
    case "authenticated": {
      const { bond, m3, keys } = answer;
      if (session.offer) wipe(session.offer.ephemeral.scalar);
      const opened: OpenSession = {
        kind: "open",
        id,
        bond,
        fromController: { key: keys.fromController, counter: 0 },
        fromPump: { key: keys.fromPump, counter: 0 },
        openedAt: now,
        heardAt: now,
        tickAt: uptimeMs(now + TICK_MS),
        waiting: [],
      };
      const hello = send(opened, CONTROL_CHANNEL, Hello.encode({ opcode: HELLO, role: Role[bond.role] }), now);
      const after: SessionEffect[] = [{ kind: "send", message: m3 }, ...hello.after, { kind: "opened", bond }];
      return answer.confirms
        ? { next: hello.next, record: confirm(context.bonds), after: [...after, { kind: "confirmed", bond }] }
        : { next: hello.next, after };
    }
    default:
      return answer satisfies never;
  }
}

function receive(session: OpenSession, message: Uint8Array, now: UptimeMs): SessionStep {
  const opened = open(session.fromController, message);
  if (opened === undefined) return end(session, "record does not open");
  const { timeMs: echoMs, channel, value } = opened.plaintext;
  const ageMs = (now - echoMs) >>> 0;
  const next: OpenSession = {
    ...session,
    fromController: opened.next,
    heardAt: now,
    // Seen by the controller is what it has echoed: everything sent up to `ageMs` ago.
    waiting: session.waiting.filter((sentAt) => now - sentAt < ageMs),
  };
  if (channel === TICK_CHANNEL) return value.length === 0 ? stay(next) : end(next, "tick with a value");
  const received = { channel, value, stale: ageMs > STALE_MS, bond: session.bond, session: session.id };
  return { next, after: [{ kind: "received", received }] };
}

function send(session: OpenSession, channel: number, value: Uint8Array, now: UptimeMs): SessionStep {
  if (session.waiting.length >= WAITING_MAX) return end(session, "four messages wait unacknowledged");
  const sealed = seal(session.fromPump, { timeMs: now >>> 0, channel, value });
  return {
    next: { ...session, fromPump: sealed.next, waiting: [...session.waiting, now] },
    after: [{ kind: "send", message: sealed.message }],
  };
}

/** Sends, and is over at once: what still comes from this controller ends the connection. */
function farewell(
  session: OpenSession,
  { channel, value, reason }: Extract<SessionEvent, { readonly kind: "farewell" }>,
  now: UptimeMs,
): SessionStep {
  const sent = send(session, channel, value, now);
  if (sent.next.kind !== "open") return sent;
  wipe(session.fromController.key, session.fromPump.key);
  const next: Session = { kind: "done", id: session.id, completeBy: uptimeMs(now + HANDSHAKE_MS) };
  return { next, after: [...sent.after, { kind: "over", reason }] };
}

function passTime(session: Session, now: UptimeMs): SessionStep {
  switch (session.kind) {
    case "closed":
      return stay(session);
    case "connected":
    case "done":
      return now > session.completeBy ? end(session, "handshake took too long") : stay(session);
    case "challenged":
      return now > session.answerBy || now > session.completeBy ? end(session, "no answer in time") : stay(session);
    case "open": {
      if (now - session.heardAt > SILENCE_MS) return end(session, "silence");
      if (session.bond.role === "observe" && now - session.openedAt > OBSERVE_SESSION_MS)
        return end(session, "observer's time is up");
      if (now < session.tickAt) return stay(session);
      return send({ ...session, tickAt: uptimeMs(now + TICK_MS) }, TICK_CHANNEL, NOTHING, now);
    }
    default:
      return session satisfies never;
  }
}

/** When the session next wants a `time` event, if at all. */
export function sessionWakeAt(session: Session): UptimeMs | undefined {
  switch (session.kind) {
    case "closed":
      return undefined;
    case "connected":
    case "done":
      return uptimeMs(session.completeBy + 1);
    case "challenged":
      return uptimeMs(Math.min(session.answerBy, session.completeBy) + 1);
    case "open": {
      const ends = [session.tickAt, session.heardAt + SILENCE_MS + 1];
      if (session.bond.role === "observe") ends.push(session.openedAt + OBSERVE_SESSION_MS + 1);
      return uptimeMs(Math.min(...ends));
    }
    default:
      return session satisfies never;
  }
}
