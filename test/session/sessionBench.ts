/** A session on its own, with a clock that the test turns and a controller whose keys the test knows. */

import assert from "node:assert/strict";
import { uptimeMs } from "../../firmware/base/units.js";
import type { Bonds, Role } from "../../firmware/session/bonds.js";
import { seal } from "../../firmware/session/record.js";
import {
  CLOSED,
  type OpenSession,
  type Session,
  type SessionContext,
  type SessionEffect,
  type SessionEvent,
  stepSession,
} from "../../firmware/session/session.js";
import * as reference from "../vectors/reference.js";
import { authKey, bondOf, bondsOf, contextOf, m2Of, own } from "./bench.js";

/** One session, its clock and what came of it. */
export class Bench {
  session: Session = CLOSED;
  context: SessionContext;
  nowMs: number;
  recorded: Bonds | undefined;

  constructor(context: Partial<SessionContext> = {}, nowMs = 1_000) {
    this.context = contextOf({ bonds: bondsOf(1), ...context });
    this.nowMs = nowMs;
  }

  step(event: SessionEvent): readonly SessionEffect[] {
    const step = stepSession(this.session, event, uptimeMs(this.nowMs), this.context);
    this.session = step.next;
    this.recorded = step.record;
    return step.after;
  }

  /** Connects and subscribes; returns m1. */
  challenge(): Uint8Array {
    this.step({ kind: "connected", id: 1 });
    const sent = this.step({ kind: "subscribed" }).find((effect) => effect.kind === "send");
    assert.ok(sent);
    return sent.message;
  }

  message(bytes: Uint8Array): readonly SessionEffect[] {
    return this.step({ kind: "message", bytes });
  }

  time(nowMs: number): readonly SessionEffect[] {
    this.nowMs = nowMs;
    return this.step({ kind: "time" });
  }
}

/** What the effects came to: the reason of an end, else their kinds. */
export const reasonOf = (effects: readonly SessionEffect[]) =>
  effects.map((effect) => (effect.kind === "end" ? effect.reason : effect.kind)).join(", ");

/** An open session of controller 1, the controller's keys, and its counters. */
export function opened(role: Role = "operate", nowMs = 1_000) {
  const bench = new Bench({ bonds: { confirmed: [bondOf(1, role)], unconfirmed: undefined } }, nowMs);
  const m1 = bench.challenge();
  const m2 = m2Of(1, m1, { role: role === "operate" ? 1 : 2 });
  const effects = bench.message(m2);
  const [m3, hello] = effects.flatMap((effect) => (effect.kind === "send" ? [effect.message] : []));
  assert.ok(m3 && hello);
  const keys = reference.sessionKeys(
    reference.bondKeys(authKey(1)).kSes,
    reference.sha256(Buffer.concat([m1, m2, m3])),
  );
  const mine = { key: own(keys.kCp), counter: 0 };
  let sent = mine;
  /** Seals the controller's next record. */
  const record = (echoMs: number, channel = 1, value = new Uint8Array(0)): Uint8Array => {
    const sealed = seal(sent, { timeMs: echoMs >>> 0, channel, value });
    sent = sealed.next;
    return sealed.message;
  };
  return { bench, m1, m2, m3, hello, effects, record, fromPump: { key: own(keys.kPc), counter: 0 } };
}

/** The session, which must be open. */
export const openOf = (bench: Bench): OpenSession => {
  assert.equal(bench.session.kind, "open");
  return bench.session as OpenSession;
};
