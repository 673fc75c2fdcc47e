/**
 * From nothing to an open session: pairing, then mode 03 with each provisional bond, newest first, then mode 01 with
 * the confirmed bond; one connection after the other. Keeps provisional bonds and their expiry. PROTOCOL.md sections
 * 3 and 4.
 */

import type { Transport } from "../air/transport.js";
import { equalBytes, wipe } from "./bytes.js";
import type { Clock, Timer } from "./clock.js";
import type { EndReason } from "./ends.js";
import { answerM1, MODE, NONCE_BYTES, type PumpHello } from "./handshake.js";
import { sessionKeys } from "./keys.js";
import { answerPairing, type Bond, type Shown } from "./pairing.js";
import { type Handshake, Session, type SessionListener } from "./session.js";
import { type Keeper, MOST_BONDS, type ProvisionalBond, type Written } from "./store.js";

/** Age at which a provisional bond is erased (PROTOCOL.md section 4). */
const PROVISIONAL_LIFE_MS = 7 * 60_000;
/** Pause before the next connection, in which the pump begins to advertise again. */
const RECONNECT_PAUSE_MS = 500;

/** What an opening works with. */
export interface OpeningContext {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly keeper: Keeper;
  readonly random: (length: number) => Uint8Array;
  storeFailed(error: unknown): void;
}

/** How an opening ends, and what the session that it opened says afterwards. */
export interface OpeningListener {
  opened(session: Session, bond: Bond): void;
  message(channel: number, value: Uint8Array, lateMs: number): void;
  /** The session that `opened` gave is over. */
  ended(reason: EndReason): void;
  /** The connection of a session that `opened` gave is down. */
  down(): void;
  /** No session came about and no connection is left; nothing follows. `bondMade`: a pairing's m2 has gone out. */
  failed(reason: EndReason, bondMade: boolean): void;
}

function reportFailure(context: OpeningContext, written: Written): void {
  if (written.kind === "failed") context.storeFailed(written.error);
}

/** Erases the provisional bonds that are 7 minutes old, at the time and when asked. */
export class ProvisionalExpiry {
  readonly #context: OpeningContext;
  #timer: Timer | undefined;

  constructor(context: OpeningContext) {
    this.#context = context;
    this.refresh();
  }

  /** Erases what has expired, then waits for what expires next. Call it after every change of provisional bonds. */
  refresh(): void {
    const { clock, keeper } = this.#context;
    this.#timer?.cancel();
    const alive = (bond: ProvisionalBond) =>
      bond.storedAtMs <= clock.nowMs && clock.nowMs < bond.storedAtMs + PROVISIONAL_LIFE_MS;
    const kept = keeper.contents.provisional.filter(alive);
    if (kept.length < keeper.contents.provisional.length)
      reportFailure(this.#context, keeper.change({ provisional: kept }));
    const oldest = kept[0];
    if (oldest === undefined) return;
    this.#timer = clock.schedule(() => this.refresh(), oldest.storedAtMs + PROVISIONAL_LIFE_MS - clock.nowMs);
  }
}

/** The state of the connection under way: what m2 it has sent, if any. */
type Attempt = "fresh" | "pairing" | "authenticating" | "opened";

/** One opening, of one or more connections. */
export class Opening {
  readonly #context: OpeningContext;
  readonly #expiry: ProvisionalExpiry;
  readonly #listener: OpeningListener;
  /** What the pump shows, until it is used. */
  #shown: Shown | undefined;
  /** The pump that this opening is about: the shown one, or the first that answers. */
  #pumpId: Uint8Array | undefined;
  /** Bonds to try, in order; fixed when the pump is known. */
  #candidates: Bond[] | undefined;
  #session: Session | undefined;
  #attempt: Attempt = "fresh";
  #reason: EndReason = "closed";
  #bondMade = false;
  #stopped = false;
  #pause: Timer | undefined;

  /** With `shown` it pairs and then confirms; without, it opens a session by the bonds kept. */
  constructor(context: OpeningContext, expiry: ProvisionalExpiry, listener: OpeningListener, shown?: Shown) {
    this.#context = context;
    this.#expiry = expiry;
    this.#listener = listener;
    this.#shown = shown;
    this.#pumpId = shown?.pumpId;
  }

  /** Makes the first connection. */
  start(): void {
    this.#connect();
  }

  /** Gives up, or closes the session that was opened. */
  close(): void {
    this.#stopped = true;
    this.#session?.close("closed");
    if (this.#pause === undefined) return;
    this.#pause.cancel();
    this.#pause = undefined;
    this.#listener.failed("closed", this.#bondMade);
  }

  #connect(): void {
    this.#attempt = "fresh";
    this.#pause = undefined;
    const { transport, clock } = this.#context;
    let bond: Bond | undefined;
    const listener: SessionListener = {
      answer: (m1) => {
        if (this.#pumpId !== undefined && !equalBytes(m1.pumpId, this.#pumpId)) return "unknownPump";
        if (this.#shown !== undefined) return this.#answerPairing(m1, this.#shown);
        bond = this.#nextCandidate(m1.pumpId);
        return bond === undefined ? "unknownPump" : this.#answerWith(bond, m1);
      },
      opened: () => {
        this.#attempt = "opened";
        if (bond !== undefined) this.#listener.opened(session, bond);
      },
      message: (channel, value, lateMs) => this.#listener.message(channel, value, lateMs),
      ended: (reason) => this.#onEnded(reason),
      down: () => this.#onDown(),
    };
    const session = new Session(transport, clock, listener);
    this.#session = session;
    session.start();
  }

  #onEnded(reason: EndReason): void {
    this.#reason = reason;
    if (this.#attempt === "opened") this.#listener.ended(reason);
  }

  #onDown(): void {
    this.#session = undefined;
    if (this.#attempt === "opened") {
      this.#listener.down();
      return;
    }
    // Another try makes sense only where this one got as far as m2: pairing is followed by mode 03, a bond by the next.
    const tries = this.#attempt === "pairing" || (this.#attempt === "authenticating" && this.#hasCandidates);
    if (this.#stopped || !tries) {
      if (this.#shown !== undefined) wipe(this.#shown.secret);
      this.#listener.failed(this.#reason, this.#bondMade);
      return;
    }
    this.#pause = this.#context.clock.schedule(() => this.#connect(), RECONNECT_PAUSE_MS);
  }

  get #hasCandidates(): boolean {
    return this.#candidates !== undefined && this.#candidates.length > 0;
  }

  #answerPairing(m1: PumpHello, shown: Shown): Handshake | EndReason {
    const { keeper, clock, random } = this.#context;
    if (m1.ephemeralP === undefined) return "windowClosed";
    const { controllerId, provisional, bonds } = keeper.contents;
    const hasBond = bonds.some((bond) => equalBytes(bond.pumpId, m1.pumpId));
    if (provisional.length >= MOST_BONDS || (bonds.length >= MOST_BONDS && !hasBond)) return "storeFull";
    const answer = answerPairing(shown, m1, controllerId, random);
    if (answer === undefined) return "ephemeralRefused";
    const written = keeper.change({ provisional: [...provisional, { ...answer.bond, storedAtMs: clock.nowMs }] });
    if (written.kind === "failed") {
      this.#context.storeFailed(written.error);
      return "storeFailed";
    }
    this.#expiry.refresh();
    wipe(shown.secret);
    this.#shown = undefined;
    this.#bondMade = true;
    this.#attempt = "pairing";
    return { m2: answer.m2, m3: answer.m3, role: shown.role, keys: undefined, authenticated: () => {} };
  }

  #nextCandidate(pumpId: Uint8Array): Bond | undefined {
    if (this.#candidates === undefined) {
      this.#expiry.refresh();
      const { bonds, provisional } = this.#context.keeper.contents;
      // After a pairing only a provisional bond can be the new one; a confirmed bond would hide that it failed.
      const newestFirst = [...provisional].reverse();
      const order = this.#bondMade ? newestFirst : [...newestFirst, ...bonds];
      this.#candidates = order.filter((bond) => equalBytes(bond.pumpId, pumpId));
      this.#pumpId = pumpId;
    }
    return this.#candidates.shift();
  }

  #answerWith(bond: Bond, m1: PumpHello): Handshake {
    const { keeper, random } = this.#context;
    const { controllerId, bonds } = keeper.contents;
    const mode = bonds.includes(bond) ? MODE.confirmed : MODE.unconfirmed;
    const nonceC = random(NONCE_BYTES).slice();
    const { m2, m3 } = answerM1(m1.raw, { mode, controllerId, nonceC, role: bond.role, keys: bond });
    const keys = sessionKeys(bond.kSes, m1.raw, m2, m3);
    this.#attempt = "authenticating";
    const authenticated = () => {
      // The pump has this bond: were the session to fail after this, another bond would not help.
      this.#candidates = [];
      if (mode === MODE.unconfirmed) this.#confirm(bond);
    };
    return { m2, m3, role: bond.role, keys, authenticated };
  }

  #confirm({ pumpId, role, kCtl, kPump, kSes, kDose }: Bond): void {
    const { keeper } = this.#context;
    const others = (bond: Bond) => !equalBytes(bond.pumpId, pumpId);
    const bonds = [...keeper.contents.bonds.filter(others), { pumpId, role, kCtl, kPump, kSes, kDose }];
    reportFailure(this.#context, keeper.change({ bonds, provisional: keeper.contents.provisional.filter(others) }));
    this.#expiry.refresh();
  }
}
