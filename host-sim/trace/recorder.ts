/**
 * Records a run as it goes, into pcapng. Owns the three interfaces of the file and hands every block to a sink at once,
 * so that a run which is killed leaves all that went before; holds nothing but the state of open connections.
 *
 *     0 "central"  link type 201: the captures of the centrals' hosts, real controllers and attackers alike
 *     1 "pump"     link type 201: the capture of the pump's host
 *     2 "world"    link type 147: one JSON object a packet: how the run began, what was done to the pump, how it ended
 *
 * A packet that was sent and the one that arrived are so on two interfaces, and one that an attacker dropped, delayed,
 * repeated, altered or injected says so in a comment, seen from the attacker's place, which no host has.
 *
 * A timestamp is virtual time: milliseconds since the simulation began, and in the last three digits of the
 * microseconds how many of the pump's events had begun in that millisecond. That order is what a replay needs.
 */

import { concat } from "../../firmware/base/bytes.js";
import type { RigConfig } from "../../firmware/rig.js";
import { type AirEvent, opposite, receiverOf } from "../air/packet.js";
import type { Input } from "../input.js";
import type { PlantOptions } from "../plant/plant.js";
import { HostCapture, type HostPacket } from "./hostCapture.js";
import { enhancedPacket, interfaceDescription, LINKTYPE, sectionHeader } from "./pcapng.js";
import { encodeJson } from "./text.js";

/** The interfaces by name, in the order of their numbers. */
export const INTERFACES = ["central", "pump", "world"] as const;
const INTERFACE = { central: 0, peripheral: 1, world: 2 } as const;
const APPLICATION = "Countersign host simulator";
/** Of the objects on interface "world". */
export const RECORDING_VERSION = 1;
const MICROS_PER_MS = 1_000;
const LAST_PLACE = MICROS_PER_MS - 1;

/** Takes blocks, whole, in order. Must not throw: it is called from inside the run. */
export type Sink = (blocks: Uint8Array) => void;

/** What a world was made of: its options, as far as they were given. */
export interface Beginning {
  /** 32 bits. */
  readonly seed: number;
  readonly rig?: RigConfig;
  readonly ticksStartMs?: number;
  readonly plant?: PlantOptions;
  readonly earlierStarts?: number;
}

/** How a run ended. */
export interface Ending {
  /** Net half-steps that the coils went through. */
  readonly halfSteps: number;
  /** Insulin that the plunger displaced. */
  readonly displacedMicrounits: number;
}

/** The pump's view of time. */
export interface Moments {
  readonly nowMs: number;
  readonly eventsThisMs: number;
}

/** The moment as a timestamp. Events beyond 999 in one millisecond share the last place. */
export function timeMicros({ nowMs, eventsThisMs }: Moments): number {
  return Math.floor(nowMs) * MICROS_PER_MS + Math.min(eventsThisMs, LAST_PLACE);
}

export class TraceRecorder {
  readonly #sink: Sink;
  readonly #moments: Moments;
  readonly #hosts = { central: new HostCapture("central"), peripheral: new HostCapture("peripheral") } as const;

  constructor(sink: Sink, moments: Moments, beginning: Beginning) {
    this.#sink = sink;
    this.#moments = moments;
    sink(
      concat(
        sectionHeader(APPLICATION),
        interfaceDescription(LINKTYPE.hciH4WithDirection, INTERFACES[INTERFACE.central]),
        interfaceDescription(LINKTYPE.hciH4WithDirection, INTERFACES[INTERFACE.peripheral]),
        interfaceDescription(LINKTYPE.user0, INTERFACES[INTERFACE.world]),
      ),
    );
    const { seed, rig, ticksStartMs, plant, earlierStarts } = beginning;
    // What of it is undefined JSON leaves out. A restored state comes as inputs.
    this.#world({ event: "begin", version: RECORDING_VERSION, seed, rig, ticksStartMs, plant, earlierStarts });
  }

  /** A packet that left or reached an end. Suits `AirOptions.observer`. */
  air(event: AirEvent): void {
    const receiver = receiverOf(event.packet.direction);
    const side = event.what === "sent" ? opposite(receiver) : receiver;
    this.#write(INTERFACE[side], this.#hosts[side].take(event));
  }

  /** Something that is being done to the pump. */
  input(input: Input): void {
    this.#world(input);
    if (input.do === "powerUp") this.#write(INTERFACE.peripheral, this.#hosts.peripheral.restarted());
  }

  /** The run is over. A recording without it was broken off. */
  end(ending: Ending): void {
    this.#world({ event: "end", ...ending });
  }

  #world(object: object): void {
    this.#write(INTERFACE.world, [{ bytes: encodeJson(object), comment: undefined }]);
  }

  #write(interfaceId: number, packets: readonly HostPacket[]): void {
    const time = timeMicros(this.#moments);
    this.#sink(concat(...packets.map((each) => enhancedPacket({ interfaceId, timeMicros: time, ...each }))));
  }
}
