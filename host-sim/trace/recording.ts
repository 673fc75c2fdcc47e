/**
 * A recorded run, read back from a file that recorder.ts wrote: how its world began, what reached the pump from outside
 * and when, and what the pump sent. The captures of the centrals are not needed for that and are not read here.
 */

import type { Packet, PacketKind } from "../air/packet.js";
import type { Input } from "../input.js";
import { ATT, HANDLE } from "./att.js";
import { STATUS } from "./hci.js";
import { type HostMessage, HostPackets, u16 } from "./hostPackets.js";
import { inputOf } from "./inputJson.js";
import { LINKTYPE } from "./pcapng.js";
import { type CapturedPacket, readCapture } from "./pcapngReader.js";
import { type Beginning, type Ending, INTERFACES } from "./recorder.js";
import { beginningOf, endingOf } from "./runJson.js";
import { isObject } from "./shape.js";
import { decodeUtf8 } from "./text.js";

const [, PUMP, WORLD] = INTERFACES;

/** What reached the pump from outside. */
export type Arrival =
  | { readonly kind: "input"; readonly input: Input }
  /** `timeout`: the link ended by silence. */
  | {
      readonly kind: "packet";
      readonly handle: number;
      readonly packet: PacketKind;
      readonly value: Uint8Array;
      readonly timeout: boolean;
    };

/** Something of a recording, with its frame in the file and its place in time (recorder.ts). */
export interface Timed<T> {
  readonly frame: number;
  readonly timeMicros: number;
  readonly what: T;
}

export interface Recording {
  readonly beginning: Beginning;
  readonly arrivals: readonly Timed<Arrival>[];
  /** Packets that the pump's host gave to its controller, as captured. */
  readonly sent: readonly Timed<Uint8Array>[];
  /** `undefined` when the recording broke off. */
  readonly ending: Timed<Ending> | undefined;
  /** The place in time of the newest packet. */
  readonly lastMicros: number;
  /** Where the file breaks off inside a block, if it does. */
  readonly cut: string | undefined;
}

export type ReadRecording =
  | { readonly kind: "ok"; readonly recording: Recording }
  | { readonly kind: "malformed"; readonly what: string };

/** A year: a damaged timestamp would else be lived through. */
const LONGEST_MICROS = 365 * 24 * 3_600 * 1_000_000;

/** What makes a file no recording. Never leaves this module. */
class Malformed extends Error {}

/** Reads a file. */
export function readRecording(bytes: Uint8Array): ReadRecording {
  const capture = readCapture(bytes);
  if (capture.kind === "malformed") return capture;
  const reader = new Reader();
  try {
    for (const packet of capture.packets) reader.take(packet);
    return { kind: "ok", recording: reader.recording(capture.cut) };
  } catch (error) {
    if (error instanceof Malformed) return { kind: "malformed", what: error.message };
    throw error;
  }
}

class Reader {
  readonly #hostPackets = new HostPackets();
  readonly #arrivals: Timed<Arrival>[] = [];
  readonly #sent: Timed<Uint8Array>[] = [];
  readonly #prepared = new Map<number, number[]>();
  #beginning: Beginning | undefined;
  #ending: Timed<Ending> | undefined;
  #lastMicros = 0;

  take(captured: CapturedPacket): void {
    const { interfaceName, linkType } = captured;
    const isPump = interfaceName === PUMP && linkType === LINKTYPE.hciH4WithDirection;
    const isWorld = interfaceName === WORLD && linkType === LINKTYPE.user0;
    if (!isPump && !isWorld) return;
    const { number, timeMicros, bytes, originalBytes } = captured;
    const frame = `frame ${number}`;
    if (bytes.length !== originalBytes) throw new Malformed(`${frame}: only a part of the packet was kept`);
    if (!Number.isSafeInteger(timeMicros) || timeMicros < this.#lastMicros)
      throw new Malformed(`${frame}: its time is before that of a frame before it`);
    if (timeMicros > LONGEST_MICROS) throw new Malformed(`${frame}: its time is over a year from the beginning`);
    if (this.#ending) throw new Malformed(`${frame}: it comes after the end of the run`);
    this.#lastMicros = timeMicros;
    if (isWorld) this.#world(captured, frame);
    else this.#pump(captured, frame);
  }

  recording(cut: string | undefined): Recording {
    if (this.#beginning === undefined)
      throw new Malformed(`it does not say how a run began: no interface "${WORLD}" of a recording made by --record`);
    return {
      beginning: this.#beginning,
      arrivals: this.#arrivals,
      sent: this.#sent,
      ending: this.#ending,
      lastMicros: this.#lastMicros,
      cut,
    };
  }

  #world({ number, timeMicros, bytes }: CapturedPacket, frame: string): void {
    const object = parse(bytes);
    if (object === undefined) throw new Malformed(`${frame}: it holds no JSON object`);
    if (object["event"] === "begin") {
      if (this.#beginning) throw new Malformed(`${frame}: the run begins a second time`);
      const beginning = beginningOf(object);
      if (typeof beginning === "string") throw new Malformed(`${frame}: ${beginning}`);
      this.#beginning = beginning;
    } else if (object["event"] === "end") {
      const ending = endingOf(object);
      if (ending === undefined) throw new Malformed(`${frame}: halfSteps and displacedMicrounits must be numbers`);
      this.#ending = { frame: number, timeMicros, what: ending };
    } else {
      const input = inputOf(object);
      if (input === undefined) throw new Malformed(`${frame}: it holds no input that is known`);
      this.#arrivals.push({ frame: number, timeMicros, what: { kind: "input", input } });
    }
  }

  #pump({ number, timeMicros, bytes }: CapturedPacket, frame: string): void {
    const message = this.#hostPackets.take(bytes);
    if (message === undefined) throw new Malformed(`${frame}: it is no packet of link type 201`);
    if (message.outgoing) {
      this.#sent.push({ frame: number, timeMicros, what: bytes.slice() });
      return;
    }
    if (this.#asksMtu(message)) return;
    const packet = this.#packet(message, frame);
    if (packet !== undefined)
      this.#arrivals.push({ frame: number, timeMicros, what: { kind: "packet", timeout: false, ...packet } });
  }

  /** An ATT_MTU asked for belongs to the `connect` before it, which then does not stand without. */
  #asksMtu({ event }: HostMessage): boolean {
    if (event.kind !== "att" || event.pdu[0] !== ATT.exchangeMtuRequest) return false;
    const last = this.#arrivals.at(-1);
    if (last?.what.kind === "packet" && last.what.packet === "connect" && last.what.handle === event.handle)
      this.#arrivals[this.#arrivals.length - 1] = { ...last, what: { ...last.what, value: event.pdu.slice(1) } };
    return true;
  }

  #packet({ event }: HostMessage, frame: string): (Pick<Packet, "value"> & PumpPacket) | undefined {
    switch (event.kind) {
      case "connected":
        return { handle: event.handle, packet: "connect", value: EMPTY };
      case "disconnected": {
        // What the pump's own host ended is its own doing.
        if (event.reason === STATUS.endedByLocal) return undefined;
        const { handle, reason } = event;
        return { handle, packet: "disconnect", value: EMPTY, timeout: reason === STATUS.timeout };
      }
      case "att":
        return this.#att(event.handle, event.pdu, frame);
      case "command":
      case "event":
      case "fragment":
        return undefined;
      case "unknown":
        throw new Malformed(`${frame}: no HCI packet that a recording has`);
      default:
        return event satisfies never;
    }
  }

  #att(handle: number, pdu: Uint8Array, frame: string): (Pick<Packet, "value"> & PumpPacket) | undefined {
    const packet = (kind: PacketKind, valueAt: number) => ({ handle, packet: kind, value: pdu.slice(valueAt) });
    switch (pdu[0]) {
      case ATT.readByGroupTypeRequest:
      case ATT.readByTypeRequest:
      case ATT.findInformationRequest:
        return undefined;
      case ATT.writeRequest:
        if (u16(pdu, 1) === HANDLE.configuration) return packet("subscribe", 3);
        if (u16(pdu, 1) === HANDLE.toPump) return packet("write", 3);
        throw new Malformed(`${frame}: it writes handle ${u16(pdu, 1)}, which the pump does not have`);
      case ATT.prepareWriteRequest:
        this.#prepared.set(handle, [...(this.#prepared.get(handle) ?? []), ...pdu.subarray(5)]);
        return undefined;
      case ATT.executeWriteRequest: {
        const value = Uint8Array.from(this.#prepared.get(handle) ?? []);
        this.#prepared.delete(handle);
        return { handle, packet: "write", value };
      }
      case ATT.errorResponse:
        return packet("writeResponse", 4);
      case ATT.writeResponse:
      case ATT.executeWriteResponse:
        return packet("writeResponse", 1);
      case ATT.indication:
        return packet("indication", 3);
      case ATT.confirmation:
        return packet("confirmation", 1);
      default:
        throw new Malformed(`${frame}: it holds an ATT PDU that recordings do not have`);
    }
  }
}

interface PumpPacket {
  readonly handle: number;
  readonly packet: PacketKind;
  readonly timeout?: boolean;
}

const EMPTY = new Uint8Array(0);

function parse(bytes: Uint8Array): { readonly [name: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes) ?? "");
    return isObject(value) ? value : undefined;
  } catch {
    // It throws for one thing: text that is not JSON.
    return undefined;
  }
}
