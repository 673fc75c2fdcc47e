/**
 * The flight recorder of the air: every packet that was sent and every packet that arrived, in a byte format of its
 * own. Two runs of one seed give the same bytes. Integers are little-endian.
 *
 *     file  = "CSA1" || entries lost at the front, u32 || entry...
 *     entry = time in ms u48 || connection u24 || what u8 || length u16 || value
 *     what  = kind (0 connect, 1 subscribe, 2 write, 3 writeResponse, 4 indication, 5 confirmation, 6 disconnect)
 *             + 10 hex when bound for the central + 20 hex when it arrived (else it was sent)
 *
 * A dropped packet is sent and never arrives; an injected one arrives without having been sent.
 */

import { concat } from "../../firmware/base/bytes.js";
import { layout } from "../../firmware/base/layout.js";
import type { AirEvent, PacketKind } from "./packet.js";

const MAGIC = Uint8Array.of(0x43, 0x53, 0x41, 0x31);
const HEADER = layout(["magic", { bytes: MAGIC.length }], ["lost", "u32"]);
const ENTRY = layout(["timeMs", "u48"], ["connectionId", "u24"], ["what", "u8"], ["lengthBytes", "u16"]);

const KINDS: readonly PacketKind[] = [
  "connect",
  "subscribe",
  "write",
  "writeResponse",
  "indication",
  "confirmation",
  "disconnect",
];
const KIND_MASK = 0x0f;
const TO_CENTRAL = 0x10;
const ARRIVED = 0x20;

/** A file of the recorder, read back. */
export interface ParsedTrace {
  /** Entries older than the first, which the recorder had no room for. */
  readonly lost: number;
  readonly events: readonly AirEvent[];
}

/** Records into memory, up to a bound. */
export class Trace {
  readonly #maximumBytes: number;
  /** Encoded entries; those before `#first` are gone. */
  #entries: Uint8Array[] = [];
  #first = 0;
  #sizeBytes = 0;
  #lost = 0;

  /** @param options `maximumBytes` bounds the entries kept; the oldest go first. */
  constructor(options: { readonly maximumBytes: number }) {
    this.#maximumBytes = options.maximumBytes;
  }

  /** Suits `AirOptions.observer`. Fractions of a millisecond are cut off. */
  record(event: AirEvent): void {
    const { connectionId, direction, kind, value } = event.packet;
    const head = ENTRY.encode({
      timeMs: Math.floor(event.timeMs),
      connectionId,
      what:
        KINDS.indexOf(kind) | (direction === "toCentral" ? TO_CENTRAL : 0) | (event.what === "arrived" ? ARRIVED : 0),
      lengthBytes: value.length,
    });
    this.#entries.push(concat(head, value));
    this.#sizeBytes += head.length + value.length;
    while (this.#sizeBytes > this.#maximumBytes) {
      this.#sizeBytes -= this.#entries[this.#first]?.length ?? 0;
      this.#first += 1;
      this.#lost += 1;
    }
    if (this.#first > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The whole file. */
  bytes(): Uint8Array {
    return concat(HEADER.encode({ magic: MAGIC, lost: this.#lost }), ...this.#entries.slice(this.#first));
  }
}

/** Reads a file that `Trace.bytes` made; `undefined` when it is anything else, or cut short. */
export function parseTrace(bytes: Uint8Array): ParsedTrace | undefined {
  const header = HEADER.decode(bytes.slice(0, HEADER.sizeBytes));
  if (header === undefined || header.magic.some((byte, i) => byte !== MAGIC[i])) return undefined;
  const events: AirEvent[] = [];
  let offset = HEADER.sizeBytes;
  while (offset < bytes.length) {
    const entry = ENTRY.decode(bytes.slice(offset, offset + ENTRY.sizeBytes));
    if (entry === undefined) return undefined;
    offset += ENTRY.sizeBytes;
    const value = bytes.slice(offset, offset + entry.lengthBytes);
    offset += entry.lengthBytes;
    const kind = KINDS[entry.what & KIND_MASK];
    if (value.length !== entry.lengthBytes || kind === undefined || entry.what > (KIND_MASK | TO_CENTRAL | ARRIVED))
      return undefined;
    events.push({
      timeMs: entry.timeMs,
      what: entry.what & ARRIVED ? "arrived" : "sent",
      packet: {
        connectionId: entry.connectionId,
        direction: entry.what & TO_CENTRAL ? "toCentral" : "toPeripheral",
        kind,
        value,
      },
    });
  }
  return { lost: header.lost, events };
}
