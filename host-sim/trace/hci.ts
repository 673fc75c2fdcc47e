/**
 * HCI packets between a host and its controller, as a capture at that interface has them (Bluetooth Core specification
 * 5.4, Vol 4 Part E): the commands and events that make and end an LE connection, and ACL data that carries ATT. Each
 * packet begins with its direction (link type 201) and its UART type (Vol 4 Part A 2). Owns nothing.
 */

import { concat } from "../../firmware/base/bytes.js";
import { layout } from "../../firmware/base/layout.js";
import { SUPERVISION_TIMEOUT_MS } from "../air/bluetooth.js";

/** UART packet types. */
export const H4 = { command: 0x01, acl: 0x02, event: 0x04 } as const;
/** Directions of link type 201: an outgoing packet goes from the host to its controller. */
export const OUTGOING = 0;
export const INCOMING = 1;
export type Flow = typeof OUTGOING | typeof INCOMING;

/** Direction, big-endian, and UART type, as link type 201 puts them before every packet. */
export const HEAD_BYTES = 5;
/** Events that are read back (Vol 4 Part E 7.7). */
export const EVENT = { disconnectionComplete: 0x05, commandComplete: 0x0e, commandStatus: 0x0f, leMeta: 0x3e } as const;
export const LE_CONNECTION_COMPLETE = 0x01;
/** Opcodes of commands: group in the upper 6 bits (7.1.6, 7.3.2, 7.8.12, 7.8.13). */
export const COMMAND = {
  disconnect: 0x0406,
  reset: 0x0c03,
  leCreateConnection: 0x200d,
  leCreateConnectionCancel: 0x200e,
} as const;
/** Error codes (Vol 1 Part F 1.3). */
export const STATUS = {
  success: 0x00,
  unknownConnection: 0x02,
  timeout: 0x08,
  endedByRemote: 0x13,
  endedByLocal: 0x16,
  notEstablished: 0x3e,
} as const;
export const ROLE = { central: 0x00, peripheral: 0x01 } as const;

/** Handles go from 0 to 0EFF (5.4.2). */
export const HANDLES = 0x0f00;
/** L2CAP channel of ATT on LE (Vol 3 Part A 2.1). */
export const CID_ATT = 0x0004;
/** Packet_Boundary_Flag: a first fragment from a host or from a controller, and a continuation (5.4.2). */
export const BOUNDARY = { firstFromHost: 0b00, continuing: 0b01, firstFromController: 0b10 } as const;
/** The most that a link-layer data PDU carries, and a usual size of a controller's buffers (Vol 6 Part B 4.5.10). */
const ACL_MAXIMUM_BYTES = 251;

/** Random static addresses (Vol 6 Part B 1.3.2.1), in the order of the wire: c5:16:00:00:00:01 and :02. */
const ADDRESS = {
  peripheral: Uint8Array.of(0x01, 0x00, 0x00, 0x00, 0x16, 0xc5),
  central: Uint8Array.of(0x02, 0x00, 0x00, 0x00, 0x16, 0xc5),
} as const;
const RANDOM_ADDRESS = 0x01;
/** 30 ms in units of 1.25 ms; scans of 60 ms, all the time, in units of 0.625 ms; the timeout in units of 10 ms. */
const INTERVAL = 24;
const SCAN = 96;
const TIMEOUT = SUPERVISION_TIMEOUT_MS / 10;

const COMMAND_HEAD = layout(["opcode", "u16"], ["lengthBytes", "u8"], ["parameters", "rest"]);
const EVENT_HEAD = layout(["code", "u8"], ["lengthBytes", "u8"], ["parameters", "rest"]);
const ACL_HEAD = layout(["handleAndFlags", "u16"], ["lengthBytes", "u16"], ["data", "rest"]);
const L2CAP = layout(["lengthBytes", "u16"], ["channel", "u16"], ["pdu", "rest"]);
const CREATE_CONNECTION = layout(
  ["scanInterval", "u16"],
  ["scanWindow", "u16"],
  ["filterPolicy", "u8"],
  ["peerAddressType", "u8"],
  ["peerAddress", { bytes: 6 }],
  ["ownAddressType", "u8"],
  ["intervalMinimum", "u16"],
  ["intervalMaximum", "u16"],
  ["latency", "u16"],
  ["timeout", "u16"],
  ["lengthMinimum", "u16"],
  ["lengthMaximum", "u16"],
);
const CONNECTION_COMPLETE = layout(
  ["subevent", "u8"],
  ["status", "u8"],
  ["handle", "u16"],
  ["role", "u8"],
  ["peerAddressType", "u8"],
  ["peerAddress", { bytes: 6 }],
  ["interval", "u16"],
  ["latency", "u16"],
  ["timeout", "u16"],
  ["clockAccuracy", "u8"],
);
const DISCONNECT = layout(["handle", "u16"], ["reason", "u8"]);
const DISCONNECTION_COMPLETE = layout(["status", "u8"], ["handle", "u16"], ["reason", "u8"]);
const COMMAND_STATUS = layout(["status", "u8"], ["packets", "u8"], ["opcode", "u16"]);
const COMMAND_COMPLETE = layout(["packets", "u8"], ["opcode", "u16"], ["status", "u8"]);

function packet(flow: Flow, type: number, bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0, 0, 0, flow, type), bytes);
}

function command(opcode: number, parameters: Uint8Array): Uint8Array {
  return packet(OUTGOING, H4.command, COMMAND_HEAD.encode({ opcode, lengthBytes: parameters.length, parameters }));
}

function event(code: number, parameters: Uint8Array): Uint8Array {
  return packet(INCOMING, H4.event, EVENT_HEAD.encode({ code, lengthBytes: parameters.length, parameters }));
}

function started(opcode: number): Uint8Array {
  return event(EVENT.commandStatus, COMMAND_STATUS.encode({ status: STATUS.success, packets: 1, opcode }));
}

function completed(opcode: number): Uint8Array {
  return event(EVENT.commandComplete, COMMAND_COMPLETE.encode({ packets: 1, opcode, status: STATUS.success }));
}

/** The host starts anew: every connection is gone without an event. */
export function reset(): readonly Uint8Array[] {
  return [command(COMMAND.reset, new Uint8Array(0)), completed(COMMAND.reset)];
}

/** The central's host asks for a connection to the pump. */
export function createConnection(): readonly Uint8Array[] {
  const parameters = CREATE_CONNECTION.encode({
    scanInterval: SCAN,
    scanWindow: SCAN,
    filterPolicy: 0,
    peerAddressType: RANDOM_ADDRESS,
    peerAddress: ADDRESS.peripheral,
    ownAddressType: RANDOM_ADDRESS,
    intervalMinimum: INTERVAL,
    intervalMaximum: INTERVAL,
    latency: 0,
    timeout: TIMEOUT,
    lengthMinimum: 0,
    lengthMaximum: 0,
  });
  return [command(COMMAND.leCreateConnection, parameters), started(COMMAND.leCreateConnection)];
}

/** A connection is there, or with another status than success came to nothing. */
export function connectionComplete(handle: number, role: keyof typeof ROLE, status: number): Uint8Array {
  return event(
    EVENT.leMeta,
    CONNECTION_COMPLETE.encode({
      subevent: LE_CONNECTION_COMPLETE,
      status,
      handle,
      role: ROLE[role],
      peerAddressType: RANDOM_ADDRESS,
      peerAddress: role === "central" ? ADDRESS.peripheral : ADDRESS.central,
      interval: INTERVAL,
      latency: 0,
      timeout: TIMEOUT,
      clockAccuracy: 0,
    }),
  );
}

/** The central's host gives up a connection that is not there yet. */
export function cancelConnection(handle: number): readonly Uint8Array[] {
  return [
    command(COMMAND.leCreateConnectionCancel, new Uint8Array(0)),
    completed(COMMAND.leCreateConnectionCancel),
    connectionComplete(handle, "central", STATUS.unknownConnection),
  ];
}

/** A host ends a connection. */
export function disconnect(handle: number): readonly Uint8Array[] {
  return [
    command(COMMAND.disconnect, DISCONNECT.encode({ handle, reason: STATUS.endedByRemote })),
    started(COMMAND.disconnect),
    disconnected(handle, STATUS.endedByLocal),
  ];
}

/** A connection is gone. */
export function disconnected(handle: number, reason: number): Uint8Array {
  return event(EVENT.disconnectionComplete, DISCONNECTION_COMPLETE.encode({ status: STATUS.success, handle, reason }));
}

/** One ATT PDU in as many ACL packets as it takes: one, up to an ATT_MTU of 247. */
export function attData(flow: Flow, handle: number, pdu: Uint8Array): readonly Uint8Array[] {
  const whole = L2CAP.encode({ lengthBytes: pdu.length, channel: CID_ATT, pdu });
  const packets: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += ACL_MAXIMUM_BYTES) {
    const first = flow === OUTGOING ? BOUNDARY.firstFromHost : BOUNDARY.firstFromController;
    const boundary = at === 0 ? first : BOUNDARY.continuing;
    const data = whole.subarray(at, at + ACL_MAXIMUM_BYTES);
    packets.push(
      packet(
        flow,
        H4.acl,
        ACL_HEAD.encode({ handleAndFlags: handle | (boundary << 12), lengthBytes: data.length, data }),
      ),
    );
  }
  return packets;
}
