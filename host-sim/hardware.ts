/**
 * A simulated board: what outlives a power cut (storage, plant, wear, the finger on the button), and the sessions in
 * between, each a fresh `Board` for the firmware. Owns the power. The radio is another's: it brings the GATTServer
 * constructor and runs the firmware's callbacks through `post`.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import type { Board, GattServerConstructor, LinkControl, LinkSecurity, Pins } from "../firmware/board.js";
import { DEFAULT_RIG, type RigConfig } from "../firmware/rig.js";
import type { Clock } from "./air/clock.js";
import { Random } from "./clock/random.js";
import type { DurableChange, DurableState } from "./durable.js";
import type { Input } from "./input.js";
import { Panel, type TraceLine } from "./panel.js";
import { analog } from "./peripherals/analog.js";
import { Button } from "./peripherals/button.js";
import { digital } from "./peripherals/digital.js";
import { EntropySource } from "./peripherals/entropy.js";
import { FlashMemory } from "./peripherals/flash.js";
import { KeyValueFlash } from "./peripherals/keyValue.js";
import { type CutPoint, Operations } from "./peripherals/operations.js";
import { type OperationKind, PowerCut } from "./peripherals/power.js";
import { PowerSession } from "./peripherals/powerSession.js";
import { pulseCount } from "./peripherals/pulseCount.js";
import { pwm } from "./peripherals/pwm.js";
import { Sensors } from "./peripherals/sensors.js";
import { SerialLine } from "./peripherals/serial.js";
import type { StallMs } from "./peripherals/thread.js";
import { Plant, type PlantOptions } from "./plant/plant.js";

/** The pins of the simulated board: any that differ will do. */
const PINS: Pins = {
  coils: [16, 17, 18, 19],
  button: 0,
  led: 2,
  buzzer: 25,
  encoder: { signal: 34, control: 35 },
  force: 36,
  battery: 39,
  serial: { port: 0, transmit: 1, receive: 3 },
};

/** In the place of a build's hash: nothing was built for a board. */
const BUILD_HASH = "simulated";

/** For a radio that nobody can connect to. */
const NO_LINK: LinkControl = { watch() {}, taken() {}, end() {}, allowBonds() {}, forgetBonds() {} };

/** Streams of the one seed, so that what one part draws does not shift another. */
const STREAMS = { plant: 1, entropy: 2, keyValue: 3, flash: 4, cut: 5 } as const;
/** The first of the streams that entropy is drawn from when the hardware was there before: one for each start. */
const LATER_ENTROPY = 1_000;

export interface HardwareOptions {
  /** 32 bits. The same seed and the same calls give the same history. */
  readonly seed: number;
  /** What the firmware is told of its drive; the plant does not ask. DEFAULT_RIG unless given. */
  readonly rig?: RigConfig;
  /** What `ticks` starts from at each power-up, so that its wrap can be brought near: 0 unless given. */
  readonly ticksStartMs?: number;
  readonly plant?: PlantOptions;
  /** "none" unless given: LE pairing does not travel on the simulated air. */
  readonly linkSecurity?: LinkSecurity;
  /** What an earlier process left: that hardware goes on, without power. The clock is at its time, or later. */
  readonly restored?: DurableState;
  /** How many processes had this hardware before: no two of one seed draw the same entropy. 0 unless given. */
  readonly earlierStarts?: number;
  /** Told of every durable change, before the call that made it returns; of `restored` nothing. */
  readonly onChange?: (change: DurableChange) => void;
  /** Hears of whatever is done to the hardware from outside, before it is done; `restored` is the first of it. */
  readonly onInput?: (input: Input) => void;
}

export class Hardware {
  readonly plant: Plant;
  readonly keyValue: KeyValueFlash;
  readonly flash: FlashMemory;
  readonly entropy: EntropySource;
  readonly sensors: Sensors;
  /** The console's line, at its far end. */
  readonly serial: SerialLine;
  readonly panel = new Panel();
  /** Called after the power went, for whatever reason, from wherever it went: no place to switch it on again. */
  onPowerLost: (() => void) | undefined;
  /** Called after that when the firmware restarted the board: whoever runs it switches it on again, a little later. */
  onRestart: (() => void) | undefined;
  /** Asked before every callback of the firmware. Never stalls unless replaced. */
  stallMs: StallMs = () => 0;
  readonly #clock: Clock;
  readonly #onInput: (input: Input) => void;
  readonly #rig: RigConfig;
  readonly #linkSecurity: LinkSecurity;
  readonly #ticksStartMs: number;
  readonly #button: Button;
  readonly #cutRandom: Random;
  readonly #operations = new Operations();
  #session: PowerSession | undefined;
  #outputs = new Map<number, number>();

  constructor(clock: Clock, options: HardwareOptions) {
    const { seed, onInput = () => {} } = options;
    this.#onInput = onInput;
    this.#clock = clock;
    this.#rig = options.rig ?? DEFAULT_RIG;
    this.#linkSecurity = options.linkSecurity ?? "none";
    this.#ticksStartMs = options.ticksStartMs ?? 0;
    this.#button = new Button(clock);
    this.#cutRandom = new Random(seed, STREAMS.cut);
    this.plant = new Plant(clock, new Random(seed, STREAMS.plant), options.plant, onInput);
    this.keyValue = new KeyValueFlash(new Random(seed, STREAMS.keyValue), onInput);
    this.flash = new FlashMemory(new Random(seed, STREAMS.flash), undefined, onInput);
    const { earlierStarts = 0, restored, onChange } = options;
    const entropyStream = earlierStarts === 0 ? STREAMS.entropy : LATER_ENTROPY + earlierStarts;
    this.entropy = new EntropySource(new Random(seed, entropyStream), onInput);
    this.sensors = new Sensors(onInput);
    this.serial = new SerialLine(clock, onInput);
    if (restored) this.#restore(restored);
    if (onChange) this.#tellChanges(onChange);
  }

  get powered(): boolean {
    return this.#session !== undefined;
  }

  /** Operations so far, over all sessions: storage written or erased, and changes of a coil. */
  get operations(): number {
    return this.#operations.total;
  }

  /** The same by kind. */
  get operationCounts(): { readonly [Kind in OperationKind]: number } {
    return this.#operations.counts;
  }

  /** See Panel; so are the next two. */
  get display(): readonly string[] {
    return this.panel.display;
  }

  get trace(): readonly TraceLine[] {
    return this.panel.trace;
  }

  get crashes(): readonly string[] {
    return this.panel.crashes;
  }

  /** What would be left if the power went now. */
  durableState(): DurableState {
    return {
      nowMs: this.#clock.nowMs,
      keyValue: this.keyValue.snapshot(),
      flash: this.flash.snapshot(),
      plant: this.plant.snapshot(),
      entropyMode: this.entropy.mode,
    };
  }

  /** Level of an output: 0 or 1, of a PWM its duty from 0 to 1. An unused pin is pulled down. */
  outputLevel(pin: number): number {
    const coil = PINS.coils.indexOf(pin);
    return coil < 0 ? (this.#outputs.get(pin) ?? 0) : this.plant.coilLevel(coil);
  }

  /** Whether the light is on. */
  get lit(): boolean {
    return this.outputLevel(PINS.led) > 0;
  }

  /** Whether the buzzer sounds. */
  get sounding(): boolean {
    return this.outputLevel(PINS.buzzer) > 0;
  }

  /** Switches the power on. Throws when it is on. The board is of this session only: after a cut it throws PowerCut. */
  powerUp(gattServer: GattServerConstructor, link: LinkControl = NO_LINK): Board {
    if (this.#session) throw new Error("the power is on already");
    this.#onInput({ do: "powerUp" });
    const session: PowerSession = new PowerSession(this.#clock, {
      stallMs: (callbackNumber) => this.#stall(callbackNumber),
      onOperation: (kind) => this.#operations.next(kind),
      cut: () => this.#losePower(),
      onCrash: (error) => this.#crash(error),
    });
    this.#session = session;
    return this.#board(session, gattServer, link);
  }

  /** Cuts the power: nothing of this session runs or works any more. Does nothing when it is off. */
  cut(): void {
    if (this.#session) this.#onInput({ do: "cut" });
    this.#losePower();
  }

  /**
   * Makes a later operation lose power: PowerCut comes out of its call. One point at a time; `undefined` takes it back.
   * Throws for an operation that is past.
   */
  cutAt(point: CutPoint | undefined): void {
    this.#operations.cutAt(point);
    this.#onInput({ do: "cutAt", point: point ?? null });
  }

  /**
   * Runs firmware code now, such as its start. An exception that it lets out is recorded in `crashes` and cuts the
   * power; one that comes of a power cut is dropped. Without power nothing runs.
   */
  run(callback: () => void): void {
    this.#session?.guard(callback);
  }

  /** Queues a callback of the firmware on its thread, as `run` runs it. It is lost if the power goes first. */
  post(callback: () => void): void {
    this.#session?.thread.schedule(callback, 0);
  }

  /** Holds the pump's button for `durationMs` from now, power or not. */
  pressButton(durationMs: number): void {
    this.#onInput({ do: "press", durationMs });
    this.#button.press(durationMs);
  }

  #losePower(): void {
    const session = this.#session;
    if (!session) return;
    this.#session = undefined;
    session.end();
    this.plant.releaseCoils();
    this.#button.unwatchAll();
    this.serial.powerLost();
    this.#outputs.clear();
    this.panel.powerLost();
    this.onPowerLost?.();
  }

  #stall(callbackNumber: number): number {
    const durationMs = this.stallMs(callbackNumber);
    if (durationMs > 0) this.#onInput({ do: "stall", callbackNumber, durationMs });
    return durationMs;
  }

  #restore(state: DurableState): void {
    this.keyValue.restore(state.keyValue);
    this.flash.restore(state.flash);
    if (state.plant) this.plant.restore(state.plant);
    this.entropy.mode = state.entropyMode;
  }

  #tellChanges(onChange: (change: DurableChange) => void): void {
    this.keyValue.onChange = onChange;
    this.flash.onChange = onChange;
    this.plant.onChange = () => onChange({ kind: "plant", plant: this.plant.snapshot() });
    this.entropy.onChange = (mode) => onChange({ kind: "entropy", mode });
  }

  #board(session: PowerSession, gattServer: GattServerConstructor, link: LinkControl): Board {
    const startedMs = this.#clock.nowMs;
    return {
      Digital: digital(session, {
        level: (pin) => (pin === PINS.button ? this.#button.level : 1),
        watch: (pin, listener) => (pin === PINS.button ? this.#button.watch(listener) : () => {}),
        drive: (pin, level) => this.#driveOutput(session, pin, level),
      }),
      PulseCount: pulseCount(session, {
        ...PINS.encoder,
        listen: (listener) => this.plant.listenToEncoder(listener),
        update: () => this.plant.settle(),
      }),
      Analog: analog(session, (pin) =>
        this.sensors.fraction(pin === PINS.battery ? "battery" : "force", () => this.plant.forceFraction),
      ),
      PWM: pwm(session, (pin, duty) => this.#outputs.set(pin, duty)),
      Serial: this.serial.serialFor(session),
      GATTServer: gattServer,
      link,
      linkSecurity: this.#linkSecurity,
      openKeyValue: () => this.keyValue.open(session),
      openHistoryFlash: () => this.flash.open(session),
      pins: PINS,
      rig: this.#rig,
      buildHash: BUILD_HASH,
      ticks: () => {
        session.check();
        return (this.#ticksStartMs + this.#clock.nowMs - startedMs) | 0;
      },
      schedule: (callback, delayMs) => {
        session.check();
        return session.thread.schedule(callback, delayMs);
      },
      entropy: (lengthBytes) => {
        session.check();
        return this.entropy.draw(lengthBytes);
      },
      sha256,
      restart: () => {
        session.check();
        this.#losePower();
        this.onRestart?.();
        throw new PowerCut();
      },
      show: (lines) => {
        session.check();
        this.panel.show(lines);
      },
      trace: (line) => {
        session.check();
        this.panel.addTrace(this.#clock.nowMs, line);
      },
    };
  }

  #driveOutput(session: PowerSession, pin: number, level: 0 | 1): void {
    const coil = PINS.coils.indexOf(pin);
    if (coil < 0) {
      this.#outputs.set(pin, level);
    } else if (level !== this.plant.coilLevel(coil)) {
      const whole = () => this.plant.setCoil(coil, level);
      // The current dies while the rotor is on its way: it comes to rest on either side.
      const torn = () => {
        if (this.#cutRandom.boolean()) whole();
      };
      session.operate("halfStep", whole, torn);
    }
  }

  #crash(error: unknown): void {
    this.#losePower();
    this.panel.addCrash(error);
  }
}
