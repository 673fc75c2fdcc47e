/** Many attacks on many messages: a stage serves for all until it is worn or an attack succeeded. */

import assert from "node:assert/strict";
import { MemoryStore } from "../../../host-sim/world.js";
import { attack } from "./attack.js";
import type { Mutation } from "./mutations.js";
import { type Rehearsed, rehearsed } from "./rehearsal.js";
import { Stage } from "./stage.js";
import type { ProtocolMessage } from "./table.js";

/** Of so many attacks one is followed by a bolus of the genuine controller. */
const ATTACKS_A_BOLUS = 8;
/** Added to a seed, it gives another pump. */
const OTHER_PUMP = 1_000;

/** Gives the mutations of one fragment. */
export type MutationsOf = (rehearsed: Rehearsed, fragment: number) => readonly Mutation[];

interface Ready extends Rehearsed {
  readonly message: ProtocolMessage;
  readonly stage: Stage;
}

export class Campaign {
  readonly #seed: number;
  readonly #mtu: number;
  #stage: Stage | undefined;
  #otherPump: Stage | undefined;
  #last: Ready | undefined;

  constructor(seed: number, mtu: number) {
    this.#seed = seed;
    this.#mtu = mtu;
  }

  /** Attacks every fragment of a message in every way that `mutationsOf` gives. Throws at the first that succeeds. */
  run(message: ProtocolMessage, mutationsOf: MutationsOf): void {
    const { length } = this.#ready(message).fragments;
    for (let fragment = 0; fragment < length; fragment += 1) {
      const mutations = mutationsOf(this.#ready(message), fragment);
      for (const [index, mutation] of mutations.entries()) {
        const last = index === mutations.length - 1;
        this.#attack(message, fragment, mutation, last || index % ATTACKS_A_BOLUS === ATTACKS_A_BOLUS - 1);
      }
    }
  }

  #attack(message: ProtocolMessage, fragment: number, mutation: Mutation, delivers: boolean): void {
    const { stage, fragments } = this.#ready(message);
    const aim = fragments[fragment];
    assert.ok(aim, "another rehearsal has fewer fragments");
    try {
      attack(stage, message, aim, mutation, delivers);
    } catch (error) {
      this.#stage = undefined;
      const where = `${message.name}, fragment ${fragment}, ${mutation.name}; seed ${this.#seed}`;
      throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }

  #ready(message: ProtocolMessage): Ready {
    if (this.#stage === undefined || this.#stage.worn) this.#stage = new Stage(this.#seed, this.#mtu);
    const stage = this.#stage;
    if (this.#last?.stage !== stage || this.#last.message !== message)
      this.#last = { message, stage, ...rehearsed(message, stage, this.#other(stage)) };
    return this.#last;
  }

  /** Another pump, bonded with controllers of the same IDs. */
  #other(stage: Stage): Stage {
    const copy = new MemoryStore();
    copy.write(stage.user.read() ?? new Uint8Array(0));
    this.#otherPump ??= new Stage(this.#seed + OTHER_PUMP, this.#mtu, copy);
    return this.#otherPump;
  }
}
