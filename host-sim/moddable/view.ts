/**
 * What the pane shows of a pump, in words and in fractions of 1, so that the pane has only to paint it. Owns what has
 * to be remembered for that: what the pump last said of its state, and when its plunger last moved.
 */

import { MICROUNITS_PER_UNIT } from "../../firmware/base/units.js";
import { clockText } from "../clock/clockText.js";
import { CARTRIDGE_MICROUNITS } from "../plant/syringe.js";
import type { PumpWorld } from "../pumpWorld.js";
import type { PumpEvent } from "../simulatedPump.js";

/** What therapy does. `Fault`: stopped for good, until the power is cut. */
export type StateWord = "Run" | "Stop" | "Fault" | "Off";

/** One picture. Amounts and forces are text with their unit. */
export interface View {
  /** Where controllers find the pump, or why they do not. */
  readonly address: string;
  /** Time of the world. */
  readonly time: string;
  readonly powered: boolean;
  readonly state: StateWord;
  readonly controller: boolean;
  /** Lines of the display, none longer than 30 characters; none without power. */
  readonly display: readonly string[];
  /** Rows of a QR code of the pairing text, `1` for dark; none while no text is shown. */
  readonly qr: readonly string[];
  readonly lit: boolean;
  readonly sounding: boolean;
  /** Which coils have current. */
  readonly coils: readonly boolean[];
  /** Where in its turn the rotor is: 0 to under 1. */
  readonly rotor: number;
  /** What left the line: what the patient has received. */
  readonly received: string;
  /** The last row of pulses: how much it displaced, and how many they were. */
  readonly last: string;
  readonly pulses: string;
  readonly reservoir: string;
  /** Of a full cartridge. */
  readonly reservoirFraction: number;
  readonly occluded: boolean;
  /** The infusion line in a word. */
  readonly line: string;
  /** Force on the plunger, and what it has displaced that the line holds back. */
  readonly pressure: string;
  /** The force, of the sensor's full scale. */
  readonly forceFraction: number;
}

/** A QR code as the SDK has it: a byte a module, row by row. */
export interface QrCode extends ArrayBuffer {
  readonly size: number;
}

/** Columns of the display. */
const COLUMNS = 30;
/** A text without spaces is shown in groups, two a line: 42 characters of a pairing text make three lines. */
const GROUP = 7;
/** Steps of the rotor that the pane shows: 64 half-steps a turn (drive.halfStepsPerTurn, rig.ts), four each. */
const HALF_STEPS_PER_TURN = 64;
const HALF_STEPS_SHOWN = 4;
/** Pulses of one dose are 2 s apart; those of basal, at most 30 U/h, 6 s and more. */
const ROW_GAP_MS = 4_000;
/** A pulse takes up to 126 ms; the next is 2 s later. */
const PULSE_GAP_MS = 500;
/** Less than this is the line's own give, and no pulse: a half-step displaces 1,257. */
const STILL_MICROUNITS = 100;

/** Rounded to 0.01 U; never a negative zero. */
const units = (microunits: number) => `${(Math.max(0, microunits) / MICROUNITS_PER_UNIT).toFixed(2)} U`;

/** Looks at a pump, again and again. */
export class Viewer {
  /** See `View.address`. */
  address = "";
  readonly #qrCode: (text: string) => QrCode;
  #control: Exclude<StateWord, "Off"> = "Stop";
  #controller = false;
  #qr: { readonly text: string; readonly rows: readonly string[] } | undefined;
  #displacedMicrounits: number | undefined;
  #row = { fromMicrounits: 0, pulses: 0, movedMs: Number.NEGATIVE_INFINITY };

  /** @param qrCode encodes a text of up to 42 letters and digits. */
  constructor(qrCode: (text: string) => QrCode) {
    this.#qrCode = qrCode;
  }

  /** Something happened to the pump. */
  hear(event: PumpEvent): void {
    switch (event.kind) {
      case "powered":
        // A latched fault does not outlive a restart; Run and Stop do.
        if (event.on && this.#control === "Fault") this.#control = "Stop";
        return;
      case "connected":
      case "disconnected":
        this.#controller = event.kind === "connected";
        return;
      case "shown":
        this.#hearShown(event.lines, event.pairingText);
        return;
      case "traced":
      case "crashed":
        return;
      default:
        event satisfies never;
    }
  }

  /** The picture of this moment. To be asked often: pulses that pass between two looks count as one. */
  look({ clock, hardware }: PumpWorld): View {
    const { plant, display } = hardware;
    this.#follow(plant.displacedMicrounits, clock.nowMs);
    const turned = ((plant.rotorHalfSteps % HALF_STEPS_PER_TURN) + HALF_STEPS_PER_TURN) % HALF_STEPS_PER_TURN;
    return {
      address: this.address,
      time: clockText(clock.nowMs),
      powered: hardware.powered,
      state: hardware.powered ? this.#control : "Off",
      controller: hardware.powered && this.#controller,
      display: display.flatMap(wrapped),
      qr: display.length > 0 ? (this.#qr?.rows ?? []) : [],
      lit: hardware.lit,
      sounding: hardware.sounding,
      coils: [0, 1, 2, 3].map((coil) => plant.coilLevel(coil) > 0),
      rotor: (Math.floor(turned / HALF_STEPS_SHOWN) * HALF_STEPS_SHOWN) / HALF_STEPS_PER_TURN,
      received: units(plant.deliveredMicrounits),
      last: units(plant.displacedMicrounits - this.#row.fromMicrounits),
      pulses: `${this.#row.pulses} ${this.#row.pulses === 1 ? "pulse" : "pulses"}`,
      reservoir: units(plant.reservoirMicrounits),
      reservoirFraction: Math.max(0, plant.reservoirMicrounits / CARTRIDGE_MICROUNITS),
      occluded: plant.occluded,
      line: plant.occluded ? "Occluded" : "Open",
      pressure: `${plant.forceNewtons.toFixed(1)} N on the plunger, ${units(plant.lineStorageMicrounits)} held back`,
      forceFraction: Math.min(1, plant.forceFraction),
    };
  }

  #hearShown(lines: readonly string[], pairingText: string | undefined): void {
    if (lines[0] === "FAULT") this.#control = "Fault";
    else if (lines.includes("Running")) this.#control = "Run";
    else if (lines.includes("Stopped")) this.#control = "Stop";
    if (pairingText !== this.#qr?.text)
      this.#qr = pairingText === undefined ? undefined : { text: pairingText, rows: rowsOf(this.#qrCode(pairingText)) };
  }

  #follow(displacedMicrounits: number, nowMs: number): void {
    const before = this.#displacedMicrounits ?? displacedMicrounits;
    if (this.#displacedMicrounits === undefined) this.#row = { ...this.#row, fromMicrounits: displacedMicrounits };
    this.#displacedMicrounits = displacedMicrounits;
    if (displacedMicrounits - before < STILL_MICROUNITS) return;
    const { fromMicrounits, pulses, movedMs } = this.#row;
    const sinceMs = nowMs - movedMs;
    if (sinceMs > ROW_GAP_MS) this.#row = { fromMicrounits: before, pulses: 1, movedMs: nowMs };
    else this.#row = { fromMicrounits, pulses: sinceMs > PULSE_GAP_MS ? pulses + 1 : pulses, movedMs: nowMs };
  }
}

function rowsOf(code: QrCode): readonly string[] {
  const modules = new Uint8Array(code);
  return Array.from({ length: code.size }, (_, y) =>
    Array.from(modules.subarray(y * code.size, (y + 1) * code.size), (dark) => (dark === 0 ? "0" : "1")).join(""),
  );
}

/** A line as lines that fit: broken at spaces, and a word that fits no line in groups. */
function wrapped(line: string): readonly string[] {
  const words = line.split(" ").flatMap((word) => (word.length > COLUMNS ? groups(word) : [word]));
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || `${last} ${word}`.length > COLUMNS) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Two groups a line. */
function groups(word: string): readonly string[] {
  return Array.from({ length: Math.ceil(word.length / (2 * GROUP)) }, (_, line) => {
    const from = 2 * GROUP * line;
    return `${word.slice(from, from + GROUP)} ${word.slice(from + GROUP, from + 2 * GROUP)}`.trimEnd();
  });
}
