/**
 * The laboratory (PROTOCOL.md 10.2): what someone with the pump on the bench does to it and sees of it, one socket's
 * requests at a time. Owns no part of the pump.
 */

import { CARTRIDGE_MICROUNITS } from "../plant/syringe.js";
import type { PumpWorld } from "../pumpWorld.js";
import { LINE_MAXIMUM } from "./lines.js";
import type { PowerSupply } from "./powerSupply.js";
import { type LinePort, RequestSocket } from "./requestSocket.js";
import { listOf, type RequestOf, textOf, wholeNumber } from "./vocabulary.js";

/** A day: no bench work takes longer, and a simulated one is over in a second. */
const LONGEST_MS = 86_400_000;
const PRESSES = 32;
/** Between presses: shorter than the 0.6 s that end a gesture (README.md, "The button"). */
const GAP_MS = 200;
/** Newest lines of the trace, and the most that they may hold: half of the longest line. */
const TRACE_LINES = 20;
const TRACE_CHARACTERS = LINE_MAXIMUM / 2;

/** Over what a cell has when it is full. */
const BATTERY_MAXIMUM_MILLIVOLTS = 5_000;

const TIME = wholeNumber(1, LONGEST_MS);
const SENSOR = textOf("force or battery", /^(force|battery)$/);

/** The requests of PROTOCOL.md 10.2. */
const REQUESTS = {
  press: { needs: { ms: listOf(TIME, PRESSES) }, may: { gapMs: TIME } },
  occlude: { needs: {} },
  clear: { needs: {} },
  empty: { needs: {} },
  load: { needs: { microunits: wholeNumber(0, CARTRIDGE_MICROUNITS) } },
  cut: { needs: {} },
  restore: { needs: {} },
  stall: { needs: { ms: TIME } },
  advance: { needs: { ms: TIME } },
  stopEntropy: { needs: {} },
  startEntropy: { needs: {} },
  battery: { needs: { millivolts: wholeNumber(0, BATTERY_MAXIMUM_MILLIVOLTS) } },
  failSensor: { needs: { sensor: SENSOR } },
  mendSensor: { needs: { sensor: SENSOR } },
  observe: { needs: {} },
} as const;

type Request = RequestOf<typeof REQUESTS>;

/** What a laboratory works on. */
export interface Bench {
  readonly world: PumpWorld;
  readonly supply: PowerSupply;
  /** Whether a central is connected, or about to be. */
  isConnecting(): boolean;
  /** Lets time pass at once, after the caller has returned. */
  skip(durationMs: number): void;
}

/** Presses the button for each of `pressesMs` in turn, `gapMs` between them, from now. `done` at the last release. */
export function pressButton(
  world: PumpWorld,
  pressesMs: readonly number[],
  done: () => void,
  gapMs: number = GAP_MS,
): void {
  const { clock, hardware } = world;
  const press = (index: number) => {
    const durationMs = pressesMs[index];
    if (durationMs === undefined) return;
    hardware.pressButton(durationMs);
    clock.schedule(() => {
      if (index + 1 === pressesMs.length) done();
      else clock.schedule(() => press(index + 1), gapMs);
    }, durationMs);
  };
  press(0);
}

/** Puts another cartridge in; why not, where the drive is in the way. */
export function loadCartridge({ hardware }: PumpWorld, contentMicrounits: number): string | undefined {
  try {
    hardware.plant.loadCartridge(contentMicrounits);
    return undefined;
  } catch (error) {
    // It throws for one thing.
    return `no cartridge was put in: ${error instanceof Error ? error.message : "it does not fit"}`;
  }
}

export class Laboratory {
  readonly #bench: Bench;
  readonly #socket: RequestSocket<typeof REQUESTS>;

  constructor(bench: Bench, port: LinePort) {
    this.#bench = bench;
    this.#socket = new RequestSocket(
      port,
      REQUESTS,
      (request, done) => this.#carryOut(request, done),
      () => {},
    );
  }

  /** Takes what the socket delivers, a character a byte. */
  receive(piece: string): void {
    this.#socket.receive(piece);
  }

  /** The socket is gone: what is under way goes on, what waits is dropped. */
  close(): void {
    this.#socket.close();
  }

  #carryOut(request: Request, done: () => void): string | undefined {
    const { world } = this.#bench;
    const finish = (seen: Observation | undefined = undefined) => {
      this.#socket.tell({ event: "done", do: request.do, ...seen });
      done();
    };
    switch (request.do) {
      case "press":
        pressButton(world, request.ms, finish, request.gapMs);
        return undefined;
      case "advance":
        if (this.#bench.isConnecting()) return "a central is connected: let it disconnect first";
        world.clock.schedule(finish, request.ms);
        this.#bench.skip(request.ms);
        return undefined;
      case "observe":
        finish(observe(world));
        return undefined;
      case "load": {
        const why = loadCartridge(world, request.microunits);
        if (why === undefined) finish();
        return why;
      }
      default:
        this.#touch(request);
        finish();
        return undefined;
    }
  }

  /** What is done at once. */
  #touch(request: Exclude<Request, { do: "press" | "advance" | "observe" | "load" }>): void {
    const { world, supply } = this.#bench;
    const { hardware } = world;
    switch (request.do) {
      case "occlude":
      case "clear":
        hardware.plant.setOccluded(request.do === "occlude");
        return;
      case "empty":
        hardware.plant.loadCartridge(0);
        return;
      case "cut":
        supply.cut();
        return;
      case "restore":
        supply.restore();
        return;
      case "stall":
        hardware.stallMs = () => {
          hardware.stallMs = () => 0;
          return request.ms;
        };
        return;
      case "stopEntropy":
      case "startEntropy":
        hardware.entropy.mode = request.do === "stopEntropy" ? "repeating" : "good";
        return;
      case "battery":
        hardware.sensors.setBattery(request.millivolts);
        return;
      case "failSensor":
      case "mendSensor":
        hardware.sensors.setFailing(request.sensor === "force" ? "force" : "battery", request.do === "failSensor");
        return;
      default:
        request satisfies never;
    }
  }
}

/** What `observe` is told. */
interface Observation {
  readonly nowMs: number;
  readonly powered: boolean;
  readonly display: readonly string[];
  readonly trace: readonly string[];
  readonly displacedMicrounits: number;
  readonly receivedMicrounits: number;
  readonly halfSteps: number;
  readonly crashes: number;
}

function observe({ clock, hardware }: PumpWorld): Observation {
  const { plant, panel } = hardware;
  return {
    nowMs: clock.nowMs,
    powered: hardware.powered,
    display: panel.display,
    trace: newest(panel.trace.map(({ line }) => line)),
    displacedMicrounits: Math.round(plant.displacedMicrounits),
    receivedMicrounits: Math.round(plant.deliveredMicrounits),
    halfSteps: plant.rotorHalfSteps,
    crashes: panel.crashCount,
  };
}

/** The newest lines, as many as are told and as leave the answer within the longest line. */
function newest(lines: readonly string[]): readonly string[] {
  const told = lines.slice(-TRACE_LINES);
  const length = () => told.reduce((sum, line) => sum + line.length, 0);
  while (length() > TRACE_CHARACTERS) told.shift();
  return told;
}
