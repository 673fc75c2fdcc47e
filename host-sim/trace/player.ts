/**
 * Plays a recording into a pump: a world of the recorded beginning, in which everything that reached the pump reaches
 * it again at its place in time. Compares what the pump sends, byte by byte and in time. There is no medium and no
 * central in between: what became of a packet on its way is in the recording already.
 */

import { EMPTY, type LinkEnd, type PacketKind } from "../air/packet.js";
import { World } from "../world.js";
import { HEAD_BYTES, OUTGOING } from "./hci.js";
import { HostCapture, type HostPacket } from "./hostCapture.js";
import { carryOut } from "./inputJson.js";
import type { Arrival, Recording, Timed } from "./recording.js";

const MICROS_PER_MS = 1_000;
/** Offset of the direction's last byte, which tells it. */
const FLOW_AT = HEAD_BYTES - 2;

/** What a replay does otherwise than its recording did, from where on. */
export interface Difference {
  readonly timeMicros: number;
  /** In a few words. */
  readonly what: string;
  /** The packet that the pump sent then, and its frame; `undefined` when it sent none. */
  readonly recorded: Timed<Uint8Array> | undefined;
  /** The packet that it sends now. */
  readonly replayed: Uint8Array | undefined;
}

/** How a replay went. */
export interface Played {
  /** Packets that the pump sent as recorded, before the difference if there is one. */
  readonly identical: number;
  readonly difference: Difference | undefined;
}

type PacketArrival = Extract<Arrival, { kind: "packet" }>;

export class Player {
  /** The replaying world, for whoever looks at it afterwards. */
  readonly world: World;
  readonly #recording: Recording;
  readonly #capture = new HostCapture("peripheral");
  /** The pump's ends of connections. */
  readonly #ends = new Map<number, LinkEnd>();
  /** Durations by power session and number of the callback. */
  readonly #stalls = new Map<string, number>();
  #powerSession = 0;
  #identical = 0;
  #difference: Difference | undefined;

  constructor(recording: Recording) {
    this.#recording = recording;
    this.world = new World(recording.beginning);
    this.#collectStalls();
    this.world.hardware.stallMs = (callbackNumber) => this.#stalls.get(`${this.#powerSession} ${callbackNumber}`) ?? 0;
  }

  /** Plays the whole recording, or up to the first difference. Once. */
  play(): Played {
    const { arrivals, sent, ending, lastMicros } = this.#recording;
    for (const arrival of arrivals) {
      this.#passUntil(arrival.timeMicros);
      if (this.#difference) break;
      this.#deliver(arrival);
    }
    this.#passUntil(lastMicros);
    const missing = sent[this.#identical];
    if (missing) this.#differ("the pump does not send it", missing, undefined);
    if (ending) this.#compareEnding(ending.what.halfSteps);
    return { identical: this.#identical, difference: this.#difference };
  }

  /** Lets every connection that the recording leaves open end by silence, so that others may connect. */
  release(): void {
    for (const [handle, end] of [...this.#ends]) {
      this.#ends.delete(handle);
      end.receive("disconnect", EMPTY);
    }
  }

  #collectStalls(): void {
    let session = 0;
    for (const { what } of this.#recording.arrivals) {
      if (what.kind !== "input") continue;
      const { input } = what;
      if (input.do === "powerUp") session += 1;
      if (input.do === "stall") this.#stalls.set(`${session} ${input.callbackNumber}`, input.durationMs);
    }
  }

  /** Runs the pump's events up to a place in time; then nothing that was due by then may be missing. */
  #passUntil(timeMicros: number): void {
    const { clock } = this.world;
    const untilMs = Math.floor(timeMicros / MICROS_PER_MS);
    const due = (): number | undefined => (this.#difference ? undefined : clock.nextEventMs);
    for (let nextMs = due(); nextMs !== undefined && nextMs < untilMs; nextMs = due()) clock.runNext();
    if (this.#difference) return;
    clock.runBefore(untilMs);
    while (this.world.timeMicros < timeMicros && due() === untilMs) clock.runNext();
    const expected = this.#recording.sent[this.#identical];
    if (expected && expected.timeMicros < timeMicros) this.#differ("the pump does not send it", expected, undefined);
  }

  #deliver(arrival: Timed<Arrival>): void {
    const { what } = arrival;
    if (what.kind === "packet") {
      this.#deliverPacket(what);
      return;
    }
    const { input } = what;
    try {
      if (input.do === "powerUp") this.#powerUp();
      else if (input.do !== "stall") carryOut(this.world, input);
    } catch (error) {
      const why = error instanceof Error ? error.message : `${error}`;
      this.#differ(`frame ${arrival.frame}, ${input.do}, cannot be done: ${why}`, undefined, undefined);
    }
  }

  #powerUp(): void {
    this.#powerSession += 1;
    this.#ends.clear();
    this.#compare(this.#capture.restarted());
    this.world.powerUp();
  }

  #deliverPacket({ handle, packet: kind, value, timeout }: PacketArrival): void {
    if (kind === "connect") this.#offer(handle);
    const end = this.#ends.get(handle);
    if (end === undefined) {
      this.#differ(`the pump has no connection ${handle}, to which a ${kind} comes`, undefined, undefined);
      return;
    }
    if (kind === "disconnect") this.#ends.delete(handle);
    const packet = { connectionId: handle, direction: "toPeripheral", kind, value } as const;
    const { nowMs: timeMs } = this.world.clock;
    this.#compare(
      this.#capture.take({ timeMs, what: "arrived", packet, ...(timeout && { note: "timeout" as const }) }),
    );
    end.receive(kind, value.slice());
  }

  #offer(handle: number): void {
    const end = this.world.air.station(this.world.address)?.accept({
      send: (kind, value) => this.#sent(handle, kind, value),
    });
    if (end) this.#ends.set(handle, end);
  }

  #sent(handle: number, kind: PacketKind, value: Uint8Array): void {
    if (!this.#ends.has(handle)) return;
    if (kind === "disconnect") this.#ends.delete(handle);
    const packet = { connectionId: handle, direction: "toCentral", kind, value } as const;
    this.#compare(this.#capture.take({ timeMs: this.world.clock.nowMs, what: "sent", packet }));
  }

  #compare(packets: readonly HostPacket[]): void {
    const { timeMicros } = this.world;
    for (const { bytes } of packets) {
      if (bytes[FLOW_AT] !== OUTGOING || this.#difference) continue;
      const expected = this.#recording.sent[this.#identical];
      // A recording that broke off does not say what came after.
      if (expected === undefined && this.#recording.ending === undefined) return;
      if (expected === undefined) this.#differ("the pump sends more than it did", undefined, bytes);
      else if (!sameBytes(bytes, expected.what)) this.#differ("other bytes", expected, bytes);
      else if (expected.timeMicros !== timeMicros) this.#differ("at another time", expected, bytes);
      else this.#identical += 1;
    }
  }

  #compareEnding(halfSteps: number): void {
    const { commandedHalfSteps } = this.world.hardware.plant;
    if (halfSteps !== commandedHalfSteps)
      this.#differ(`${halfSteps} half-steps in the end, now ${commandedHalfSteps}`, undefined, undefined);
  }

  #differ(what: string, recorded: Timed<Uint8Array> | undefined, replayed: Uint8Array | undefined): void {
    this.#difference ??= { timeMicros: this.world.timeMicros, what, recorded, replayed };
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
