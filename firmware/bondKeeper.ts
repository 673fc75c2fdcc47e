/**
 * The bonds in force: changed in storage first, then here, with the keys of those that are no more overwritten. Owns the
 * bonds' blob after the boot.
 */

import type { Annunciator } from "./annunciator.js";
import { hex } from "./base/bytes.js";
import type { Booted } from "./boot.js";
import type { Delivery } from "./delivery.js";
import { BONDS_FORMAT, type Bonds, NO_BONDS, revoke, wipeDropped } from "./session/bonds.js";

export class BondKeeper {
  readonly #store: Booted["stores"]["bonds"];
  readonly #delivery: Delivery;
  readonly #annunciator: Annunciator;
  #bonds: Bonds;

  constructor({ stores, bonds }: Booted, delivery: Delivery, annunciator: Annunciator) {
    this.#store = stores.bonds;
    this.#bonds = bonds;
    this.#delivery = delivery;
    this.#annunciator = annunciator;
  }

  /** Those of now, the unconfirmed one included. */
  get bonds(): Bonds {
    return this.#bonds;
  }

  /** Stores and adopts what a handshake made. False when the storage fails: nothing has changed here; `fail` must follow. */
  commit(bonds: Bonds): boolean {
    const stored = this.#stored(bonds);
    if (stored) this.#adopt(bonds);
    return stored;
  }

  /** Latches the fault of a storage that failed. */
  fail(): void {
    this.#delivery.latch({ kind: "storageFailed", blob: BONDS_FORMAT.name });
  }

  /** Takes all that one controller has, and says so. False when the storage fails: then that holds until a restart only. */
  revoke(controllerId: Uint8Array): boolean {
    return this.#reduce(revoke(this.#bonds, controllerId), "Controller revoked", hex(controllerId));
  }

  /** Takes every bond, and says so. */
  revokeAll(): void {
    this.#reduce(NO_BONDS, "All controllers revoked");
  }

  #reduce(bonds: Bonds, ...lines: readonly string[]): boolean {
    const stored = this.#stored(bonds);
    this.#adopt(bonds);
    if (!stored) this.fail();
    if (stored) this.#annunciator.announce(...lines);
    else this.#annunciator.announce("FAULT", "Controllers are revoked until a restart only");
    return stored;
  }

  #stored(bonds: Bonds): boolean {
    try {
      // After a commit that threw, only a blob that has been loaded takes another.
      if (this.#delivery.therapy.fault) this.#store.load();
      this.#store.commit(bonds);
      return true;
    } catch {
      return false;
    }
  }

  #adopt(bonds: Bonds): void {
    wipeDropped(this.#bonds, bonds);
    this.#bonds = bonds;
  }
}
