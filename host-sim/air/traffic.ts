/** How much goes over the air: counts packets, looks into none. */

import { ATT_HEADER_BYTES } from "./bluetooth.js";
import type { Packet } from "./packet.js";

/** What the ends themselves sent, whatever an attacker then did to it. Bytes of ATT PDUs. */
export interface Traffic {
  readonly toPeripheral: { readonly packets: number; readonly bytes: number };
  readonly toCentral: { readonly packets: number; readonly bytes: number };
  /** Answers that reached an end: acceptances, write responses and confirmations. */
  readonly roundTrips: number;
}

export class TrafficMeter {
  readonly #sent = { toPeripheral: { packets: 0, bytes: 0 }, toCentral: { packets: 0, bytes: 0 } };
  #roundTrips = 0;

  /** A snapshot. */
  get traffic(): Traffic {
    return {
      toPeripheral: { ...this.#sent.toPeripheral },
      toCentral: { ...this.#sent.toCentral },
      roundTrips: this.#roundTrips,
    };
  }

  sent(packet: Packet): void {
    const count = this.#sent[packet.direction];
    count.packets += 1;
    count.bytes += attBytes(packet);
  }

  arrived(packet: Packet): void {
    if (isAnswer(packet)) this.#roundTrips += 1;
  }
}

/** Whether the packet completes a round trip: it answers a packet of the other end. */
function isAnswer({ kind, direction }: Packet): boolean {
  return kind === "writeResponse" || kind === "confirmation" || (kind === "connect" && direction === "toCentral");
}

/**
 * Size in bytes of the ATT PDU: opcode, handle and value of a request or indication, the opcode alone of an answer
 * (with the failed request's opcode, handle and the code for an error, Vol 3 Part F 3.4.1.1). 0 for what is no ATT PDU.
 */
function attBytes(packet: Packet): number {
  switch (packet.kind) {
    case "subscribe":
    case "write":
    case "indication":
      return packet.value.length + ATT_HEADER_BYTES;
    case "writeResponse":
      return packet.value.length === 0 ? 1 : 5;
    case "confirmation":
      return 1;
    case "connect":
    case "disconnect":
      return 0;
    default:
      return packet.kind satisfies never;
  }
}
