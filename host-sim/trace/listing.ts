/**
 * A capture as lines of text, one a packet: time since the first, interface, direction, what it is, its bytes, and its
 * comments. For recordings of this simulator and for captures of real hosts alike. Pure.
 */

import { ATT, HANDLE } from "./att.js";
import { COMMAND, EVENT } from "./hci.js";
import { type HostEvent, HostPackets, u16 } from "./hostPackets.js";
import { LINKTYPE } from "./pcapng.js";
import type { CapturedPacket } from "./pcapngReader.js";
import { INTERFACES } from "./recorder.js";
import { decodeUtf8 } from "./text.js";

const INTERFACE_COLUMNS = 8;
const MICROS_PER_SECOND = 1_000_000;
const ATT_NAMES = namesOf(ATT);
const COMMAND_NAMES = namesOf(COMMAND);
const EVENT_NAMES = namesOf(EVENT);
/** Of the simulated pump; in the capture of another they stand for something else. */
const HANDLE_NAMES = new Map<number, string>(Object.entries(HANDLE).map(([name, handle]) => [handle, name]));
/** PDUs that name a handle behind their opcode, and then a value. */
const WITH_HANDLE: readonly number[] = [
  ATT.writeRequest,
  ATT.prepareWriteRequest,
  ATT.prepareWriteResponse,
  ATT.indication,
];

/** One line a packet, in order. */
export function* listing(packets: readonly CapturedPacket[]): Generator<string> {
  const hosts = new Map<string, HostPackets>();
  const startMicros = packets[0]?.timeMicros ?? 0;
  for (const packet of packets) {
    const { interfaceName, linkType, comments } = packet;
    const host = hosts.get(interfaceName) ?? new HostPackets();
    hosts.set(interfaceName, host);
    const what = linkType === LINKTYPE.hciH4WithDirection ? hostText(host, packet) : otherText(packet);
    const head = `${timeText(packet.timeMicros - startMicros)}  ${interfaceName.padEnd(INTERFACE_COLUMNS)}`;
    yield [`${head} ${what}`, ...comments.map((comment) => `[${printable(comment)}]`)].join("  ");
  }
}

/** h:mm:ss and six decimals; a time before the first packet's is negative. */
export function timeText(micros: number): string {
  const whole = Math.floor(Math.abs(micros) / MICROS_PER_SECOND);
  const two = (value: number) => `${value}`.padStart(2, "0");
  const decimals = `${Math.floor(Math.abs(micros)) % MICROS_PER_SECOND}`.padStart(6, "0");
  const sign = micros < 0 ? "-" : "";
  return `${sign}${Math.floor(whole / 3_600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}.${decimals}`;
}

/** A packet of link type 201 in a few words and its bytes. */
export function packetText(bytes: Uint8Array): string {
  return hostText(new HostPackets(), { bytes, interfaceName: INTERFACES[1] });
}

function hostText(
  host: HostPackets,
  { bytes, interfaceName }: Pick<CapturedPacket, "bytes" | "interfaceName">,
): string {
  const message = host.take(bytes);
  if (message === undefined) return `no HCI packet: ${digits(bytes)}`;
  const ours = INTERFACES.some((name) => name === interfaceName);
  return `${message.outgoing ? "->" : "<-"}  ${eventText(message.event, bytes, ours)}`;
}

function eventText(event: HostEvent, bytes: Uint8Array, ours: boolean): string {
  switch (event.kind) {
    case "command":
      return `command ${COMMAND_NAMES.get(event.opcode) ?? code(event.opcode, 4)}`;
    case "connected":
      return `LE connection ${event.handle}, status ${code(event.status, 2)}`;
    case "disconnected":
      return `disconnection ${event.handle}, reason ${code(event.reason, 2)}`;
    case "event":
      return `event ${EVENT_NAMES.get(event.code) ?? code(event.code, 2)}`;
    case "att":
      return `${event.handle}  ${attText(event.pdu, ours)}`;
    case "fragment":
      return `${event.handle}  fragment`;
    case "unknown":
      return digits(bytes);
    default:
      return event satisfies never;
  }
}

function attText(pdu: Uint8Array, ours: boolean): string {
  const opcode = pdu[0] ?? 0;
  const name = ATT_NAMES.get(opcode) ?? `ATT ${code(opcode, 2)}`;
  if (!WITH_HANDLE.includes(opcode)) return `${name} ${digits(pdu.subarray(1))}`.trimEnd();
  const handle = u16(pdu, 1);
  const known = ours ? HANDLE_NAMES.get(handle) : undefined;
  return `${name} ${code(handle, 4)}${known ? ` ${known}` : ""} ${digits(pdu.subarray(3))}`.trimEnd();
}

function otherText({ linkType, bytes }: CapturedPacket): string {
  const text = linkType === LINKTYPE.user0 ? decodeUtf8(bytes) : undefined;
  return text === undefined ? `link type ${linkType}, ${bytes.length} bytes` : printable(text);
}

/** Without what a terminal would obey. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, " ");
}

function namesOf(numbers: { readonly [name: string]: number }): ReadonlyMap<number, string> {
  return new Map(
    Object.entries(numbers).map(([name, number]) => [
      number,
      name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    ]),
  );
}

function code(value: number, places: number): string {
  return `0x${value.toString(16).padStart(places, "0")}`;
}

function digits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
