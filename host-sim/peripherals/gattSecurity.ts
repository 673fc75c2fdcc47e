/**
 * LE security as NimBLE has it under the SDK's server (sdkconfig: Secure Connections only) and native/link.c: what a
 * pairing comes to, which bonds stay, what ATT refuses. Owns the bonds, which outlive a power cut. Pairing does not
 * travel as packets: whoever plays the central's Bluetooth host calls it here.
 */

import type { GattSecurityState } from "../../firmware/board.js";
import { Random } from "../clock/random.js";

/** ATT errors (Vol 3 Part F 3.4.1.1): "Insufficient Authentication" makes phones pair, the other encrypt. */
const INSUFFICIENT_AUTHENTICATION = 0x05;
const INSUFFICIENT_ENCRYPTION = 0x0f;
/** NimBLE's flags: a write, or a write of the client's configuration, wants an authenticated link. */
export const WRITE_AUTHENTICATED = 1 << 13;
export const SUBSCRIBE_AUTHENTICATED = 1 << 16;
/** The SDK draws c_rand() % 999999 + 1. */
const PASSKEYS = 999_999;
const SEED = 1;
const STREAM = 600;

/** What a central's user can do with a passkey: type it, or nothing, which makes the pairing "just works". */
export type CentralCapability = "keyboard" | "none";

/** One bond in NimBLE's store. */
export interface LeBond {
  readonly authenticated: boolean;
  /** Client configuration that NimBLE restores when the bond encrypts a later link. */
  subscribed: boolean;
}

/** Told to the SDK's server: what its callbacks are for. */
export interface SecurityEvents {
  /** Undefined when the server has no such callback: then nobody gives the passkey to NimBLE, and pairing hangs. */
  readonly onPasskey: ((passkey: number) => void) | undefined;
  readonly onSecured: (state: GattSecurityState) => void;
  /** A bond's subscription came back, without a write of the central. */
  readonly onRestored: () => void;
}

/** NimBLE's store and native/link.c's gate in front of it. */
export class LeBondStore {
  readonly bonds = new Map<string, LeBond>();
  readonly random = new Random(SEED, STREAM);
  /** Undefined until native/link.c has set the gate up: NimBLE alone stores whatever was paired. */
  allowed: boolean | undefined;

  put(central: string, authenticated: boolean): void {
    if (this.allowed === undefined || (this.allowed && authenticated))
      this.bonds.set(central, { authenticated, subscribed: false });
  }

  /** The central wrote its configuration: NimBLE would keep it with the bond, the gate does not. */
  subscribed(central: string, subscribed: boolean): void {
    const bond = this.bonds.get(central);
    if (bond && this.allowed === undefined) bond.subscribed = subscribed;
  }
}

/** The security of one link. */
export class LinkSecurity {
  readonly #store: LeBondStore;
  readonly #events: SecurityEvents;
  #state: "plain" | "unauthenticated" | "authenticated";
  #central: string | undefined;
  #passkey: number | undefined;

  /** @param paired whether the central's host has paired long ago, as it has where no test pairs. */
  constructor(store: LeBondStore, events: SecurityEvents, paired: boolean) {
    this.#store = store;
    this.#events = events;
    this.#state = paired ? "authenticated" : "plain";
  }

  /** The ATT error that a request gets of an attribute that wants an authenticated link. */
  refusal(wantsAuthentication: boolean): number | undefined {
    if (!wantsAuthentication || this.#state === "authenticated") return undefined;
    const encryptable = this.#state === "plain" && this.#central !== undefined && this.#store.bonds.has(this.#central);
    return encryptable ? INSUFFICIENT_ENCRYPTION : INSUFFICIENT_AUTHENTICATION;
  }

  /** A central asks to pair. "ignored": it has a bond already, which the SDK lets NimBLE keep in silence. */
  pair(central: string, capability: CentralCapability): "ignored" | "hangs" | "passkey" | "paired" {
    this.#central = central;
    if (this.#store.bonds.has(central)) return "ignored";
    if (capability === "none") {
      this.#paired(central, false);
      return "paired";
    }
    if (!this.#events.onPasskey) return "hangs";
    this.#passkey = 1 + this.#store.random.below(PASSKEYS);
    this.#events.onPasskey(this.#passkey);
    return "passkey";
  }

  /** The central's user types a passkey; false when it is wrong, and the pairing over. */
  typePasskey(passkey: number): boolean {
    const expected = this.#passkey;
    this.#passkey = undefined;
    if (expected === undefined || expected !== passkey || this.#central === undefined) return false;
    this.#paired(this.#central, true);
    return true;
  }

  /** The central encrypts the link with its bond; false when the pump has none. `onSecured` does not tell of it. */
  encrypt(central: string): boolean {
    this.#central = central;
    const bond = this.#store.bonds.get(central);
    if (!bond) return false;
    this.#state = bond.authenticated ? "authenticated" : "unauthenticated";
    if (bond.subscribed) this.#events.onRestored();
    return true;
  }

  subscribed(subscribed: boolean): void {
    if (this.#central !== undefined) this.#store.subscribed(this.#central, subscribed);
  }

  /** NimBLE takes the link for bonded even when the gate has dropped the bond. */
  #paired(central: string, authenticated: boolean): void {
    this.#state = authenticated ? "authenticated" : "unauthenticated";
    this.#store.put(central, authenticated);
    this.#events.onSecured({ encrypted: true, authenticated, bonded: this.#store.allowed !== false });
  }
}
