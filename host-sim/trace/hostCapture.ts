/**
 * What goes on between one host and its Bluetooth controller while packets of the simulated air leave and reach it: the
 * capture that a developer would take on that phone or on that pump. Owns what must be remembered of each connection to
 * say it in HCI and ATT. Loses nothing: recording.ts gets every packet of the air back from it.
 *
 * The air makes a link, exchanges MTUs and discovers services in one pair of packets (air/packet.ts). A capture has
 * them apart: what the air has no packet for is written out and commented as discovery.
 */

import { ATT_HEADER_BYTES, MTU_DEFAULT } from "../air/bluetooth.js";
import { type AirEvent, type Packet, readU16, type Side } from "../air/packet.js";
import { ATT, discovery, errorResponse, HANDLE, longWrite, type Pdu, pdu, pduOf } from "./att.js";
import {
  attData,
  cancelConnection,
  connectionComplete,
  createConnection,
  disconnect,
  disconnected,
  HANDLES,
  INCOMING,
  OUTGOING,
  reset,
  STATUS,
} from "./hci.js";

/** One packet between a host and its controller, as of link type 201. */
export interface HostPacket {
  readonly bytes: Uint8Array;
  readonly comment: string | undefined;
}

const DISCOVERY = "discovery: part of connecting in this simulation";

interface Connection {
  up: boolean;
  /** The ATT_MTU that the central asked for, as it travels; `undefined` when it asks for none. */
  asked: Uint8Array | undefined;
  mtu: number;
  /** The request that a response now answers. */
  request: { readonly opcode: number; readonly handle: number };
}

const CONFIGURE = { opcode: ATT.writeRequest, handle: HANDLE.configuration } as const;
const WRITE = { opcode: ATT.writeRequest, handle: HANDLE.toPump } as const;
const LONG_WRITE = { opcode: ATT.executeWriteRequest, handle: HANDLE.toPump } as const;

/** One host. */
export class HostCapture {
  readonly #side: Side;
  readonly #connections = new Map<number, Connection>();

  constructor(side: Side) {
    this.#side = side;
  }

  /** The host started anew, and has no connection. */
  restarted(): readonly HostPacket[] {
    this.#connections.clear();
    return plain(reset());
  }

  /** What one packet that leaves or reaches this host comes to. */
  take({ what, packet, note }: AirEvent): readonly HostPacket[] {
    const outgoing = what === "sent";
    const packets = this.#packets(packet, outgoing, note === "timeout");
    if (note === undefined || note === "timeout") return packets;
    const comment = `attacker: ${note}`;
    return packets.map((each) => (each.comment === undefined ? { ...each, comment } : each));
  }

  #packets(packet: Packet, outgoing: boolean, silent: boolean): readonly HostPacket[] {
    const { connectionId, kind, value } = packet;
    const handle = connectionId % HANDLES;
    switch (kind) {
      case "connect":
        return this.#connect(handle, value, outgoing);
      case "disconnect":
        return this.#disconnect(handle, outgoing, silent);
      case "subscribe":
        this.#connection(handle).request = CONFIGURE;
        return this.#att(handle, outgoing, pduOf(ATT.writeRequest, HANDLE.configuration, value));
      case "write":
        return this.#write(handle, value, outgoing);
      case "writeResponse": {
        const { opcode, handle: of } = this.#connection(handle).request;
        if (value.length > 0) return this.#att(handle, outgoing, errorResponse(opcode, of, value));
        const answer = opcode === ATT.executeWriteRequest ? ATT.executeWriteResponse : ATT.writeResponse;
        return this.#att(handle, outgoing, pdu(answer));
      }
      case "indication":
        return this.#att(handle, outgoing, pduOf(ATT.indication, HANDLE.fromPump, value));
      case "confirmation":
        return this.#att(handle, outgoing, pdu(ATT.confirmation, value));
      default:
        return kind satisfies never;
    }
  }

  #connect(handle: number, value: Uint8Array, outgoing: boolean): readonly HostPacket[] {
    const request = outgoing === (this.#side === "central");
    if (!request) return this.#accept(handle, value);
    const asked = value.length > 0 ? value : undefined;
    const connection = { up: !outgoing, asked, mtu: MTU_DEFAULT, request: CONFIGURE };
    this.#connections.set(handle, connection);
    if (outgoing) return plain(createConnection());
    return [...plain([connectionComplete(handle, "peripheral", STATUS.success)]), ...this.#askMtu(handle, connection)];
  }

  /** The pump accepts: the central hears that the link is up, and both go on to what the accept stands for. */
  #accept(handle: number, value: Uint8Array): readonly HostPacket[] {
    const connection = this.#connection(handle);
    const agreed = readU16(value);
    const packets: HostPacket[] = [];
    if (this.#side === "central") {
      connection.up = true;
      packets.push(...plain([connectionComplete(handle, "central", STATUS.success)]));
      packets.push(...this.#askMtu(handle, connection));
    }
    if (value.length > 0 && (connection.asked !== undefined || agreed !== MTU_DEFAULT)) {
      const response = { from: "server", bytes: pdu(ATT.exchangeMtuResponse, value) } as const;
      packets.push(...this.#exchange(handle, [response], undefined));
    }
    connection.mtu = Math.max(MTU_DEFAULT, agreed ?? MTU_DEFAULT);
    packets.push(...this.#exchange(handle, discovery(value.length > 0, connection.mtu), DISCOVERY));
    return packets;
  }

  #askMtu(handle: number, { asked }: Connection): readonly HostPacket[] {
    if (asked === undefined) return [];
    return this.#exchange(handle, [{ from: "client", bytes: pdu(ATT.exchangeMtuRequest, asked) }], undefined);
  }

  #disconnect(handle: number, outgoing: boolean, silent: boolean): readonly HostPacket[] {
    const up = this.#connection(handle).up;
    this.#connections.delete(handle);
    if (outgoing) return plain(up ? disconnect(handle) : cancelConnection(handle));
    if (!up) return plain([connectionComplete(handle, "central", STATUS.notEstablished)]);
    return plain([disconnected(handle, silent ? STATUS.timeout : STATUS.endedByRemote)]);
  }

  #write(handle: number, value: Uint8Array, outgoing: boolean): readonly HostPacket[] {
    const connection = this.#connection(handle);
    if (value.length <= connection.mtu - ATT_HEADER_BYTES) {
      connection.request = WRITE;
      return this.#att(handle, outgoing, pduOf(ATT.writeRequest, HANDLE.toPump, value));
    }
    connection.request = LONG_WRITE;
    return longWrite(value, connection.mtu).flatMap(({ from, bytes }) =>
      this.#att(handle, (from === "client") === outgoing, bytes),
    );
  }

  #exchange(handle: number, pdus: readonly Pdu[], comment: string | undefined): readonly HostPacket[] {
    const own = this.#side === "central" ? "client" : "server";
    return pdus.flatMap(({ from, bytes }) =>
      this.#att(handle, from === own, bytes).map((each) => ({ ...each, comment })),
    );
  }

  #att(handle: number, outgoing: boolean, bytes: Uint8Array): readonly HostPacket[] {
    return plain(attData(outgoing ? OUTGOING : INCOMING, handle, bytes));
  }

  /** An attacker's packet may come before the connection that it claims to be of. */
  #connection(handle: number): Connection {
    return this.#connections.get(handle) ?? { up: false, asked: undefined, mtu: MTU_DEFAULT, request: CONFIGURE };
  }
}

function plain(packets: readonly Uint8Array[]): readonly HostPacket[] {
  return packets.map((bytes) => ({ bytes, comment: undefined }));
}
