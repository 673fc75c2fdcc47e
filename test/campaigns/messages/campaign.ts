/** One message under many attacks: a stage is rehearsed once, and again when it is worn or an attack succeeded. */

import assert from "node:assert/strict";
import { attack } from "./attack.js";
import type { Mutation } from "./mutations.js";
import { type Rehearsed, rehearsed } from "./rehearsal.js";
import type { ProtocolMessage } from "./table.js";

/** Of so many attacks one is followed by a bolus of the genuine controller; all are followed by a session of it. */
const ATTACKS_A_BOLUS = 8;

/** Gives the mutations of one fragment. */
export type MutationsOf = (rehearsed: Rehearsed, fragment: number) => readonly Mutation[];

export class Campaign {
  readonly #message: ProtocolMessage;
  readonly #seed: number;
  readonly #mtu: number;
  #rehearsed: Rehearsed | undefined;

  constructor(message: ProtocolMessage, seed: number, mtu: number) {
    this.#message = message;
    this.#seed = seed;
    this.#mtu = mtu;
  }

  /** Attacks every fragment of the message in every way that `mutationsOf` gives. Throws at the first that succeeds. */
  run(mutationsOf: MutationsOf): void {
    const { length } = this.#ready().fragments;
    for (let fragment = 0; fragment < length; fragment += 1) {
      const mutations = mutationsOf(this.#ready(), fragment);
      for (const [index, mutation] of mutations.entries()) {
        const last = index === mutations.length - 1;
        this.#attack(fragment, mutation, last || index % ATTACKS_A_BOLUS === ATTACKS_A_BOLUS - 1);
      }
    }
  }

  #attack(fragment: number, mutation: Mutation, delivers: boolean): void {
    const ready = this.#ready();
    const aim = ready.fragments[fragment];
    assert.ok(aim, "another rehearsal has fewer fragments");
    try {
      attack(ready, this.#message, aim, mutation, delivers);
    } catch (error) {
      this.#rehearsed = undefined;
      const where = `${this.#message.name}, fragment ${fragment}, ${mutation.name}; seed ${this.#seed}`;
      throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }

  #ready(): Rehearsed {
    if (this.#rehearsed === undefined || this.#rehearsed.stage.worn)
      this.#rehearsed = rehearsed(this.#message, this.#seed, this.#mtu);
    return this.#rehearsed;
  }
}
