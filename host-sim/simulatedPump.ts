/**
 * One simulated pump that lives in real time: its world, its power, and what stands behind each socket. Knows no socket,
 * no file and no stream.
 */

import { type Bench, Laboratory, pressButton } from "./bridge/laboratory.js";
import type { Peer } from "./bridge/peer.js";
import { PowerSupply } from "./bridge/powerSupply.js";
import type { LinePort } from "./bridge/requestSocket.js";
import { SocketCentral } from "./bridge/socketCentral.js";
import { RealTime, type WallClock } from "./clock/realTime.js";
import type { DurableState } from "./durable.js";
import type { HardwareOptions } from "./hardware.js";
import { PumpWorld } from "./pumpWorld.js";
import type { Sink } from "./trace/recorder.js";

/** The pump's address on the air: the first three bytes are those of its UUIDs. */
const ADDRESS = "c5:16:00:00:00:01";
/** A gesture of the button that opens pairing (README.md, "The button"), and when a person would begin it. */
const PAIRING_TAPS_MS = [100, 100, 100];
const PAIRING_AFTER_MS = 500;
/** What the display begins with while pairing is open. */
const PAIRING_TITLE = "Pair";

/** What happens to the pump, for whoever watches. */
export type PumpEvent =
  | { readonly kind: "powered"; readonly on: boolean }
  | { readonly kind: "connected"; readonly mtu: number }
  | { readonly kind: "disconnected" }
  /** `pairingText` is what a controller is to read. */
  | { readonly kind: "shown"; readonly lines: readonly string[]; readonly pairingText: string | undefined }
  | { readonly kind: "traced"; readonly line: string }
  | { readonly kind: "crashed"; readonly what: string };

/** An event in one line, for people. */
export function eventLine(event: PumpEvent): string {
  switch (event.kind) {
    case "powered":
      return event.on ? "booted" : "power cut";
    case "connected":
      return `central connected, ATT_MTU ${event.mtu}`;
    case "disconnected":
      return "central disconnected";
    case "shown":
      return `shown: ${event.lines.join(" | ")}`;
    case "traced":
      return `trace: ${event.line}`;
    case "crashed":
      return `crashed, restarts in 1 s: ${event.what.split("\n")[0]}`;
    default:
      return event satisfies never;
  }
}

export interface SimulatedPumpOptions {
  readonly hardware: HardwareOptions;
  /** Takes a recording of the run: see `PumpWorldOptions`. */
  readonly record?: Sink;
  readonly wall: WallClock;
  /** How many times faster than the wall, while nobody needs real time. */
  readonly speed: number;
  readonly onEvent: (event: PumpEvent, atMs: number) => void;
  /** Called when time has passed; `state` is what would be left if the power went now. */
  readonly onPassed: (nowMs: number, state: () => DurableState) => void;
}

export class SimulatedPump {
  readonly #world: PumpWorld;
  readonly #supply: PowerSupply;
  readonly #time: RealTime;
  readonly #onEvent: SimulatedPumpOptions["onEvent"];
  readonly #centrals = new Set<SocketCentral>();
  readonly #consoles = new Set<(text: string) => void>();

  /** Without power, and its time stands still. */
  constructor({ hardware, record, wall, speed, onEvent, onPassed }: SimulatedPumpOptions) {
    const world = new PumpWorld({ ...hardware, address: ADDRESS, ...(record && { record }) });
    this.#world = world;
    this.#onEvent = onEvent;
    this.#supply = new PowerSupply(world, (on) => this.#tell({ kind: "powered", on }));
    this.#time = new RealTime({
      clock: world.clock,
      wall,
      speed: () => (this.#needsRealTime() ? 1 : speed),
      onPassed: (nowMs) => onPassed(nowMs, () => world.hardware.durableState()),
    });
    world.hardware.panel.listener = {
      onShown: (lines) => this.#tell({ kind: "shown", lines, pairingText: pairingTextOf(lines) }),
      onTraced: (line) => this.#tell({ kind: "traced", line }),
      onCrashed: (what) => {
        this.#tell({ kind: "crashed", what });
        this.#supply.restarts();
      },
    };
    world.hardware.serial.onOutput = (text) => {
      for (const listener of this.#consoles) listener(text);
    };
    world.hardware.onRestart = () => this.#supply.restarts();
  }

  get nowMs(): number {
    return this.#world.clock.nowMs;
  }

  /** Switches on, and lets time pass. */
  start(): void {
    this.#supply.restore();
    this.#time.start();
  }

  /** Opens pairing by the button, as a person would. */
  pair(): void {
    this.#time.act(() => {
      const { clock } = this.#world;
      clock.schedule(() => pressButton(this.#world, PAIRING_TAPS_MS, () => {}), PAIRING_AFTER_MS);
    });
  }

  /** Takes the power, and stops time for good. */
  stop(): void {
    this.#time.act(() => this.#supply.cut());
    this.#time.stop();
    this.#world.endRecording();
  }

  /** What stands behind a socket of the GATT bridge. */
  central(port: LinePort): Peer {
    const central = new SocketCentral(this.#world.air, port, {
      onConnected: (mtu) => this.#tell({ kind: "connected", mtu }),
      onDisconnected: () => this.#tell({ kind: "disconnected" }),
    });
    this.#centrals.add(central);
    return {
      receive: (piece) => this.#time.act(() => central.receive(piece)),
      close: () => {
        this.#time.act(() => central.close());
        this.#centrals.delete(central);
      },
    };
  }

  /** What stands behind a socket of the laboratory. */
  laboratory(port: LinePort): Peer {
    return this.atBench((bench) => new Laboratory(bench, port));
  }

  /** Lets someone with the pump on the bench act on it, in its time: use what is returned, not what `seat` made. */
  atBench(seat: (bench: Bench) => Peer): Peer {
    const peer = seat({
      world: this.#world,
      supply: this.#supply,
      isConnecting: () => this.#isConnecting(),
      skip: (durationMs) => this.#time.skip(durationMs),
    });
    return {
      receive: (piece) => this.#time.act(() => peer.receive(piece)),
      close: () => this.#time.act(() => peer.close()),
    };
  }

  /** What stands behind a socket of the console: the far end of its serial line, which sockets share. */
  serialConsole(port: LinePort): Peer {
    const { serial } = this.#world.hardware;
    const listener = (text: string) => port.send(text);
    this.#consoles.add(listener);
    return {
      receive: (piece) => this.#time.act(() => serial.type(piece)),
      close: () => this.#consoles.delete(listener),
    };
  }

  #tell(event: PumpEvent): void {
    this.#onEvent(event, this.#world.clock.nowMs);
  }

  #isConnecting(): boolean {
    return [...this.#centrals].some(({ isConnecting }) => isConnecting);
  }

  /** A central counts in seconds of its own, and so does a person who has a text to type. */
  #needsRealTime(): boolean {
    return this.#isConnecting() || pairingTextOf(this.#world.hardware.panel.display) !== undefined;
  }
}

function pairingTextOf([title, text]: readonly string[]): string | undefined {
  return title === PAIRING_TITLE ? text : undefined;
}
