/**
 * A host's capture read back: HCI packets of link type 201 taken apart, ATT PDUs put together from their fragments.
 * Takes captures of real hosts too: what is neither LE connections nor ATT is named by its bytes. Owns the fragments
 * that wait for the rest, bounded by the two bytes of an L2CAP length.
 */

import { concat } from "../../firmware/base/bytes.js";
import { BOUNDARY, CID_ATT, EVENT, H4, HEAD_BYTES, INCOMING, LE_CONNECTION_COMPLETE, OUTGOING } from "./hci.js";

/** What one packet says. */
export type HostEvent =
  | { readonly kind: "command"; readonly opcode: number }
  | { readonly kind: "connected"; readonly handle: number; readonly status: number }
  | { readonly kind: "disconnected"; readonly handle: number; readonly reason: number }
  | { readonly kind: "event"; readonly code: number }
  /** A whole ATT PDU; told at its last fragment. */
  | { readonly kind: "att"; readonly handle: number; readonly pdu: Uint8Array }
  /** A part of something that is not whole yet, or never will be. */
  | { readonly kind: "fragment"; readonly handle: number }
  | { readonly kind: "unknown" };

/** A packet with its direction. */
export interface HostMessage {
  readonly outgoing: boolean;
  readonly event: HostEvent;
}

const UNKNOWN: HostEvent = { kind: "unknown" };
/** Fields from the packet's UART type on: see the layouts of hci.ts. */
const LE_CONNECTION_COMPLETE_BYTES = 19;
const DISCONNECTION_COMPLETE_BYTES = 4;
const ACL_HEAD_BYTES = 4;
const L2CAP_HEAD_BYTES = 4;

interface Begun {
  readonly wholeBytes: number;
  readonly parts: Uint8Array[];
  haveBytes: number;
}

/** One interface of a file. */
export class HostPackets {
  readonly #begun = new Map<string, Begun>();

  /** Takes the next packet; `undefined` for bytes that do not begin as link type 201 has it. */
  take(bytes: Uint8Array): HostMessage | undefined {
    const [a, b, c, flow, type] = bytes;
    if (bytes.length < HEAD_BYTES || a !== 0 || b !== 0 || c !== 0) return undefined;
    if (flow !== OUTGOING && flow !== INCOMING) return undefined;
    const body = bytes.subarray(HEAD_BYTES);
    return { outgoing: flow === OUTGOING, event: this.#event(type, body, flow) };
  }

  #event(type: number | undefined, body: Uint8Array, flow: number): HostEvent {
    if (type === H4.command && body.length >= 3) return { kind: "command", opcode: u16(body, 0) };
    if (type === H4.event && body.length >= 2) return hciEvent(body);
    if (type === H4.acl && body.length >= ACL_HEAD_BYTES) return this.#acl(body, flow);
    return UNKNOWN;
  }

  #acl(body: Uint8Array, flow: number): HostEvent {
    const head = u16(body, 0);
    const handle = head & 0x0fff;
    const boundary = (head >> 12) & 0b11;
    const data = body.subarray(ACL_HEAD_BYTES, ACL_HEAD_BYTES + u16(body, 2));
    const key = `${flow} ${handle}`;
    if (boundary !== BOUNDARY.continuing) {
      if (data.length < L2CAP_HEAD_BYTES) return UNKNOWN;
      this.#begun.set(key, { wholeBytes: L2CAP_HEAD_BYTES + u16(data, 0), parts: [], haveBytes: 0 });
    }
    const begun = this.#begun.get(key);
    if (begun === undefined) return { kind: "fragment", handle };
    begun.parts.push(data.slice());
    begun.haveBytes += data.length;
    if (begun.haveBytes < begun.wholeBytes) return { kind: "fragment", handle };
    this.#begun.delete(key);
    const whole = concat(...begun.parts);
    if (begun.haveBytes !== begun.wholeBytes || u16(whole, 2) !== CID_ATT) return UNKNOWN;
    return { kind: "att", handle, pdu: whole.subarray(L2CAP_HEAD_BYTES) };
  }
}

function hciEvent(body: Uint8Array): HostEvent {
  const code = body[0] ?? 0;
  const parameters = body.subarray(2);
  if (code === EVENT.disconnectionComplete && parameters.length === DISCONNECTION_COMPLETE_BYTES)
    return { kind: "disconnected", handle: u16(parameters, 1), reason: parameters[3] ?? 0 };
  const connection = code === EVENT.leMeta && parameters[0] === LE_CONNECTION_COMPLETE;
  if (connection && parameters.length === LE_CONNECTION_COMPLETE_BYTES)
    return { kind: "connected", handle: u16(parameters, 2), status: parameters[1] ?? 0 };
  return { kind: "event", code };
}

/** Little-endian; zero beyond the end. */
export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}
