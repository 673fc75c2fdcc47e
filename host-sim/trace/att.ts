/**
 * ATT PDUs as bytes (Bluetooth Core specification 5.4, Vol 3 Part F 3.4), and the pump's attributes by handle. One
 * Countersign service at fixed handles: a real server chooses its own, and a client discovers them. Owns nothing.
 */

import { concat } from "../../firmware/base/bytes.js";
import { FROM_PUMP_UUID, SERVICE_UUID, TO_PUMP_UUID } from "../air/service.js";

/** Opcodes (Vol 3 Part F 3.4.8). */
export const ATT = {
  errorResponse: 0x01,
  exchangeMtuRequest: 0x02,
  exchangeMtuResponse: 0x03,
  findInformationRequest: 0x04,
  findInformationResponse: 0x05,
  readByTypeRequest: 0x08,
  readByTypeResponse: 0x09,
  readByGroupTypeRequest: 0x10,
  readByGroupTypeResponse: 0x11,
  writeRequest: 0x12,
  writeResponse: 0x13,
  prepareWriteRequest: 0x16,
  prepareWriteResponse: 0x17,
  executeWriteRequest: 0x18,
  executeWriteResponse: 0x19,
  indication: 0x1d,
  confirmation: 0x1e,
} as const;

/** Where the service lies: above the handles that the GAP and GATT services of a server usually take. */
export const HANDLE = {
  service: 0x0010,
  toPumpDeclaration: 0x0011,
  toPump: 0x0012,
  fromPumpDeclaration: 0x0013,
  fromPump: 0x0014,
  configuration: 0x0015,
} as const;

/** Assigned Numbers 3.5 and 3.7. */
const PRIMARY_SERVICE = 0x2800;
const CHARACTERISTIC = 0x2803;
const CLIENT_CONFIGURATION = 0x2902;
/** Characteristic properties (Vol 3 Part G 3.3.1.1). */
const WRITE = 0x08;
const INDICATE = 0x20;
/** Error "Attribute Not Found" (Vol 3 Part F 3.4.1.1). */
const NOT_FOUND = 0x0a;
const LAST_HANDLE = 0xffff;
/** Opcode, handle and offset before the part of a value (Vol 3 Part F 3.4.6.1). */
const PREPARE_HEADER_BYTES = 5;
/** Flags of an execution that writes what was prepared (Vol 3 Part F 3.4.6.3). */
const WRITE_PREPARED = 0x01;

/** One PDU of an exchange, by who sends it. */
export interface Pdu {
  readonly from: "client" | "server";
  readonly bytes: Uint8Array;
}

const client = (bytes: Uint8Array): Pdu => ({ from: "client", bytes });
const server = (bytes: Uint8Array): Pdu => ({ from: "server", bytes });

function le16(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value & 0xff, value >> 8]));
}

/** A UUID of 128 bits as it travels: little-endian. */
function le128(uuid: string): Uint8Array {
  const digits = uuid.replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(digits.slice(30 - 2 * i, 32 - 2 * i), 16));
}

/** An opcode with what follows it. */
export function pdu(opcode: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(opcode), ...parts);
}

/** A PDU that names a handle, and then a value. */
export function pduOf(opcode: number, handle: number, value: Uint8Array): Uint8Array {
  return pdu(opcode, le16(handle), value);
}

/** @param code one ATT error code; an attacker's may be of any length. */
export function errorResponse(requestOpcode: number, handle: number, code: Uint8Array): Uint8Array {
  return pdu(ATT.errorResponse, Uint8Array.of(requestOpcode), le16(handle), code);
}

/** A long write of toPump: its parts and their answers, then the execution, whose answer is still to come. */
export function longWrite(value: Uint8Array, mtu: number): readonly Pdu[] {
  const pdus: Pdu[] = [];
  const partBytes = mtu - PREPARE_HEADER_BYTES;
  for (let offset = 0; offset < value.length; offset += partBytes) {
    const part = concat(le16(HANDLE.toPump, offset), value.subarray(offset, offset + partBytes));
    pdus.push(client(pdu(ATT.prepareWriteRequest, part)), server(pdu(ATT.prepareWriteResponse, part)));
  }
  pdus.push(client(pdu(ATT.executeWriteRequest, Uint8Array.of(WRITE_PREPARED))));
  return pdus;
}

/**
 * What a client without a cache does once it is connected (Vol 3 Part G 4.4.1, 4.6.1, 4.7.1): services until it finds
 * this one, its characteristics, the descriptor of the last.
 *
 * @param found whether the server has the service.
 */
export function discovery(found: boolean, mtu: number): readonly Pdu[] {
  const search = client(pdu(ATT.readByGroupTypeRequest, le16(0x0001, LAST_HANDLE, PRIMARY_SERVICE)));
  if (!found) return [search, server(errorResponse(ATT.readByGroupTypeRequest, 0x0001, Uint8Array.of(NOT_FOUND)))];
  const service = concat(le16(HANDLE.service, HANDLE.configuration), le128(SERVICE_UUID));
  const characteristics = [
    characteristic(HANDLE.toPumpDeclaration, WRITE, HANDLE.toPump, TO_PUMP_UUID),
    characteristic(HANDLE.fromPumpDeclaration, INDICATE, HANDLE.fromPump, FROM_PUMP_UUID),
  ] as const;
  const [{ length: entryBytes }] = characteristics;
  const both = 2 + 2 * entryBytes <= mtu;
  const answers = both ? [concat(...characteristics)] : characteristics;
  return [
    search,
    server(pdu(ATT.readByGroupTypeResponse, Uint8Array.of(service.length), service)),
    ...answers.flatMap((entries, i) => [
      client(
        pdu(
          ATT.readByTypeRequest,
          le16(i === 0 ? HANDLE.service : HANDLE.toPump, HANDLE.configuration, CHARACTERISTIC),
        ),
      ),
      server(pdu(ATT.readByTypeResponse, Uint8Array.of(entryBytes), entries)),
    ]),
    client(pdu(ATT.findInformationRequest, le16(HANDLE.configuration, HANDLE.configuration))),
    server(pdu(ATT.findInformationResponse, Uint8Array.of(0x01), le16(HANDLE.configuration, CLIENT_CONFIGURATION))),
  ];
}

function characteristic(declaration: number, properties: number, valueHandle: number, uuid: string): Uint8Array {
  return concat(le16(declaration), Uint8Array.of(properties), le16(valueHandle), le128(uuid));
}
