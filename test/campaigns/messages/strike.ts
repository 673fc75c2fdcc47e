/** The attacker's hand: the tap that alters one fragment of one message, the first time that it comes by. */

import type { Packet } from "../../../host-sim/air/packet.js";
import { PASS, type Tap, type TapAction } from "../../../host-sim/air/tap.js";
import { equalBytes } from "../../../host-sim/controller/bytes.js";
import type { World } from "../../../host-sim/world.js";
import type { Mutation } from "./mutations.js";
import type { Fragment } from "./rehearsal.js";
import type { ProtocolMessage } from "./table.js";

const LAST_FRAGMENT = 0x40;

/** What has been done so far. */
export type Effect =
  | { readonly kind: "none" | "unchanged" | "delayed" | "lost" }
  /**
   * The other end gets what it must end the connection for. `endless`: a message without its last fragment, which cannot
   * be told from one under way.
   */
  | { readonly kind: "broken"; readonly atMs: number; readonly endless: boolean };

export class Strike {
  #effect: Effect = { kind: "none" };
  readonly #world: World;
  readonly #message: ProtocolMessage;
  readonly #aim: Fragment;
  readonly #mutation: Mutation;
  readonly #connections: number[] = [];
  #messages = 0;
  #fragments = 0;

  constructor(world: World, message: ProtocolMessage, aim: Fragment, mutation: Mutation) {
    this.#world = world;
    this.#message = message;
    this.#aim = aim;
    this.#mutation = mutation;
  }

  get effect(): Effect {
    return this.#effect;
  }

  readonly tap: Tap = (packet) => {
    if (this.#effect.kind !== "none" || !this.#counts(packet)) return PASS;
    const { message, fragment } = this.#aim;
    const isAim = this.#messages === message && this.#fragments === fragment;
    this.#fragments += 1;
    if (isLast(packet.value)) {
      this.#messages += 1;
      this.#fragments = 0;
    }
    return isAim ? this.#act(packet) : PASS;
  };

  #counts({ connectionId, direction, kind }: Packet): boolean {
    if (!this.#connections.includes(connectionId)) this.#connections.push(connectionId);
    const data = kind === "write" || kind === "indication";
    return data && direction === this.#message.bound && this.#connections[this.#aim.connection] === connectionId;
  }

  #act({ connectionId, value }: Packet): TapAction {
    const action = this.#mutation.act(value);
    this.#effect = this.#effectOf(action, value);
    // So that what is late arrives even when its sender has given up.
    if (action.kind === "delay") this.#world.air.hold(connectionId, "peripheral");
    return action;
  }

  #effectOf(action: TapAction, genuine: Uint8Array): Effect {
    const atMs = this.#world.clock.nowMs;
    switch (action.kind) {
      case "pass":
        return { kind: "unchanged" };
      case "drop":
        return { kind: "lost" };
      case "delay":
        return { kind: "delayed" };
      case "duplicate":
        return { kind: "broken", atMs, endless: false };
      case "replace": {
        if (equalBytes(action.value, genuine)) return { kind: "unchanged" };
        const endless = isLast(genuine) && action.value.length > 1 && !isLast(action.value);
        return { kind: "broken", atMs, endless };
      }
      default:
        return action satisfies never;
    }
  }
}

function isLast([header = 0]: Uint8Array): boolean {
  return (header & LAST_FRAGMENT) !== 0;
}
