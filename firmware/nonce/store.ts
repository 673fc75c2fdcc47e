/**
 * Issues every nonce of the pump and takes each back at most once. A nonce is
 * HMAC-SHA-256(device secret, `CS1 nonce` || epoch || sequence || purpose || entropy)[16]: unique because (epoch,
 * sequence, purpose) never repeats, unpredictable because the device secret is secret, whatever the entropy is worth.
 *
 * Holds one outstanding nonce for each purpose, in RAM: a power cut spends them all, and the next boot's epoch keeps
 * them from coming back. Nothing can be issued before the epoch is durable: the constructor asks for the proof.
 */

import { HmacKey } from "../base/hmacKey.js";
import { label } from "../base/label.js";
import { layout } from "../base/layout.js";
import type { Sha256 } from "../base/sha256.js";
import type { UptimeMs } from "../base/units.js";
import type { Durable } from "../storage/blob.js";
import type { Entropy, EntropyFault } from "./entropy.js";
import type { Identity } from "./identity.js";

const NONCE_BYTES = 16;

/** What a nonce may be used for, and its byte in the computation. */
const Purpose = { handshake: 1, dose: 2 } as const;
export type Purpose = keyof typeof Purpose;

export interface Nonce {
  readonly epoch: number;
  /** From 1, growing by one with each nonce of the same purpose and epoch. */
  readonly sequence: number;
  /** 16 bytes. */
  readonly bytes: Uint8Array;
}

interface Outstanding {
  readonly nonce: Nonce;
  readonly session: number;
  readonly expiresAt: UptimeMs;
}

export type Taken =
  | { readonly kind: "alive"; readonly nonce: Nonce }
  | { readonly kind: "expired" }
  | { readonly kind: "unknown" };

const NONCE_LABEL = label("CS1 nonce");
const NonceInput = layout(
  ["label", { bytes: 16 }],
  ["epoch", "u32"],
  ["sequence", "u32"],
  ["purpose", "u8"],
  ["entropy", { bytes: 32 }],
);

export class NonceStore {
  readonly epoch: number;
  readonly #deviceSecret: HmacKey;
  readonly #entropy: Entropy;
  readonly #onFault: (fault: EntropyFault) => void;
  readonly #issued = { handshake: 0, dose: 0 };
  readonly #outstanding: { handshake: Outstanding | undefined; dose: Outstanding | undefined } = {
    handshake: undefined,
    dose: undefined,
  };

  constructor(identity: Durable<Identity>, entropy: Entropy, sha256: Sha256, onFault: (fault: EntropyFault) => void) {
    const { epoch, deviceSecret } = identity.value;
    this.epoch = epoch;
    this.#deviceSecret = new HmacKey(sha256, deviceSecret).takenIn();
    this.#entropy = entropy;
    this.#onFault = onFault;
  }

  /** How many nonces of this purpose this epoch has issued: the sequence of the newest. */
  issued(purpose: Purpose): number {
    return this.#issued[purpose];
  }

  /** A fresh nonce; an outstanding one of the same purpose dies. Alive for `session` alone, through `expiresAt`. */
  issue(purpose: Purpose, session: number, expiresAt: UptimeMs): Nonce {
    const sequence = this.#issued[purpose] + 1;
    this.#issued[purpose] = sequence;
    const { bytes: entropy, fault } = this.#entropy.nonceInput();
    if (fault) this.#onFault(fault);
    const { epoch } = this;
    const input = NonceInput.encode({ label: NONCE_LABEL, epoch, sequence, purpose: Purpose[purpose], entropy });
    const nonce = { epoch, sequence, bytes: this.#deviceSecret.tag(input, NONCE_BYTES) };
    this.#outstanding[purpose] = { nonce, session, expiresAt };
    return nonce;
  }

  /**
   * Spends the outstanding nonce of `purpose`, whether or not it is the one asked for, and returns it when it is: this
   * epoch and sequence, this session, not past its life.
   */
  take(purpose: Purpose, session: number, epoch: number, sequence: number, now: UptimeMs): Taken {
    const outstanding = this.#outstanding[purpose];
    this.#outstanding[purpose] = undefined;
    if (outstanding === undefined || outstanding.session !== session) return { kind: "unknown" };
    const { nonce, expiresAt } = outstanding;
    if (nonce.epoch !== epoch || nonce.sequence !== sequence) return { kind: "unknown" };
    return now > expiresAt ? { kind: "expired" } : { kind: "alive", nonce };
  }

  /** Spends the outstanding nonce of `purpose`, if there is one. */
  revoke(purpose: Purpose): void {
    this.#outstanding[purpose] = undefined;
  }
}
