/**
 * What the radio brought and the pump has not handled yet: bounded, in order. Callbacks put in, the pump takes out
 * when no pulse runs. Owns the reassembler: what comes out are whole messages.
 */

import { FRAGMENT_MAX_BYTES, FRAGMENTS_MAX, isLastFragment, Reassembler } from "./fragment.js";
import type { LinkEvent, LinkPairingEvent } from "./gatt.js";

export type InboxEvent =
  | { readonly kind: "connected"; readonly connection: number }
  /** The radio cannot be used. */
  | { readonly kind: "failed"; readonly reason: string }
  | LinkPairingEvent
  | { readonly kind: "subscribed" }
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  /** The connection is to be ended, or has ended; `reason` is for the local trace. */
  | { readonly kind: "broken"; readonly reason: string };

/** PROTOCOL.md section 1.2: four messages may wait. */
const MESSAGES_MAX = 4;
/** Of other events that a central can repeat: more than any that means well needs between two looks. */
const REPEATS_MAX = 32;

const REPEATABLE: readonly LinkEvent["kind"][] = ["subscribed", "unsubscribed", "passkey", "secured"];

export class Inbox {
  readonly #reassembler = new Reassembler();
  #events: LinkEvent[] = [];
  #messages = 0;
  #fragments = 0;
  #flooded = false;

  /** Keeps one event, or notes that there are too many: then the next thing taken out is a breach. */
  put(event: LinkEvent): void {
    if (event.kind === "written") {
      this.#fragments += 1;
      if (isLastFragment(event.value)) this.#messages += 1;
      const tooMany = this.#messages > MESSAGES_MAX || this.#fragments > MESSAGES_MAX * FRAGMENTS_MAX;
      // A longer value than a message needs (a prepared write may bring 512 bytes) is never kept.
      if (this.#flooded || tooMany || event.value.length > FRAGMENT_MAX_BYTES) {
        this.#flooded = true;
        return;
      }
    } else if (REPEATABLE.includes(event.kind) && this.#events.length - this.#fragments >= REPEATS_MAX) {
      this.#flooded = true;
      return;
    }
    this.#events.push(event);
  }

  /** The next event that says something, or undefined when there is none yet. */
  take(): InboxEvent | undefined {
    if (this.#flooded) {
      this.forgetWrites();
      return { kind: "broken", reason: "too much at once" };
    }
    for (let event = this.#events.shift(); event; event = this.#events.shift()) {
      const taken = this.#read(event);
      if (taken) return taken;
    }
    return undefined;
  }

  /** Forgets what a connection wrote, so that the next one begins clean. */
  forgetWrites(): void {
    this.#events = this.#events.filter(({ kind }) => kind !== "written");
    this.#messages = 0;
    this.#fragments = 0;
    this.#flooded = false;
    this.#reassembler.reset();
  }

  #read(event: LinkEvent): InboxEvent | undefined {
    switch (event.kind) {
      case "ready":
        return undefined;
      case "connected":
        this.#reassembler.reset();
        return event;
      case "failed":
      case "subscribed":
      case "passkey":
      case "secured":
        return event;
      case "unsubscribed":
      case "disconnected":
        return { kind: "broken", reason: event.kind };
      case "written": {
        this.#fragments -= 1;
        if (isLastFragment(event.value)) this.#messages -= 1;
        const reassembly = this.#reassembler.accept(event.value);
        if (reassembly.kind === "message") return reassembly;
        return reassembly.kind === "violation" ? { kind: "broken", reason: reassembly.reason } : undefined;
      }
      default:
        return event satisfies never;
    }
  }
}
