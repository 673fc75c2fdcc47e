/**
 * The world of one simulated pump: a clock, the air, the pump with its hardware and plant, and a finger for its button.
 * Owns the power switch, which boots the firmware. An exception let out cuts the power (an ESP32 would restart); whoever
 * runs the world powers up again.
 */

import type { Board } from "../firmware/board.js";
import { startPump } from "../firmware/pump.js";
import { Air } from "./air/air.js";
import type { AirEvent } from "./air/packet.js";
import { CountingClock } from "./clock/countingClock.js";
import { VirtualClock } from "./clock/virtualClock.js";
import { Hardware, type HardwareOptions } from "./hardware.js";
import type { Input } from "./input.js";
import { GattRadio } from "./peripherals/gatt.js";
import { type Sink, TraceRecorder, timeMicros } from "./trace/recorder.js";

/** The pump's address on the air, unless another is given. */
export const PUMP_ADDRESS = "pump";

/** The same seed and the same calls give the same bytes on the air and the same steps. */
export interface PumpWorldOptions extends HardwareOptions {
  /** The pump's address on the air. */
  readonly address?: string;
  readonly observer?: (event: AirEvent) => void;
  /** Takes a recording of the run, as it goes, in pcapng: what trace/recorder.ts describes. */
  readonly record?: Sink;
  /** What a power-up starts on the board. `startPump` unless given. */
  readonly firmware?: (board: Board) => void;
}

export class PumpWorld {
  readonly clock = new VirtualClock();
  readonly air: Air;
  readonly hardware: Hardware;
  readonly address: string;
  /** The time as the pump has it: see CountingClock. */
  readonly #pumpClock: CountingClock;
  readonly #recorder: TraceRecorder | undefined;
  readonly #radio: GattRadio;
  readonly #firmware: (board: Board) => void;

  /** Switches nothing on: `powerUp` does. With a restored state time goes on from there. */
  constructor(options: PumpWorldOptions) {
    const { observer, record, address = PUMP_ADDRESS, firmware = startPump, ...hardware } = options;
    this.address = address;
    this.#firmware = firmware;
    this.clock.advance(options.restored?.nowMs ?? 0);
    this.#pumpClock = new CountingClock(this.clock);
    const recorder = record && new TraceRecorder(record, this.#pumpClock, hardware);
    this.#recorder = recorder;
    const observed = (event: AirEvent) => {
      recorder?.air(event);
      observer?.(event);
    };
    const onInput = (input: Input) => {
      recorder?.input(input);
      options.onInput?.(input);
    };
    this.air = new Air(this.clock, { observer: observed });
    this.hardware = new Hardware(this.#pumpClock, { ...hardware, onInput });
    this.#radio = new GattRadio(this.air, address, this.#pumpClock);
    this.hardware.onPowerLost = () => this.#radio.powerLost();
  }

  /** The present moment as recordings have it: see `timeMicros`. */
  get timeMicros(): number {
    return timeMicros(this.#pumpClock);
  }

  /** Tells a recording how the run ended, as the last thing of it. */
  endRecording(): void {
    const { commandedHalfSteps, displacedMicrounits } = this.hardware.plant;
    this.#recorder?.end({ halfSteps: commandedHalfSteps, displacedMicrounits });
  }

  /** Switches the pump on: the firmware boots. */
  powerUp(): void {
    const server = this.#radio.gattServerFor((callback) => this.hardware.post(callback));
    const board = this.hardware.powerUp(server);
    this.hardware.run(() => this.#firmware(board));
  }

  /** Cuts the power, and switches it on again `offMs` later. */
  powerCycle(offMs = 100): void {
    this.hardware.cut();
    this.clock.advance(offMs);
    this.powerUp();
  }

  /**
   * Starts something that calls back once, and lets time pass until it has. Undefined when it has not within `limitMs`.
   */
  await<T>(start: (done: (result: T) => void) => void, limitMs = 60_000): T | undefined {
    const results: T[] = [];
    start((result) => results.push(result));
    this.clock.runUntil(() => results.length > 0, limitMs);
    return results[0];
  }

  /** Taps the button `count` times, then lets the pump take the gesture. */
  tapButton(count: number): void {
    this.#tap(count);
    this.clock.advance(1_000);
  }

  /** Holds the button, after `taps` taps, long enough to be meant. */
  holdButton(taps = 0): void {
    this.#tap(taps);
    this.hardware.pressButton(1_000);
    this.clock.advance(1_500);
  }

  /** Opens the pairing window by the button, and returns what the pump shows. */
  openPairing(role: "operate" | "observe" = "operate"): string {
    this.tapButton(role === "operate" ? 3 : 4);
    const [title, text] = this.hardware.display;
    return title === "Pair" && text !== undefined ? text : "";
  }

  #tap(count: number): void {
    for (let i = 0; i < count; i++) {
      this.hardware.pressButton(100);
      this.clock.advance(250);
    }
  }
}
