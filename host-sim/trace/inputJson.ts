/** Inputs out of a file: what may stand in each, and carrying it out. Trusts nothing that it reads. */

import { Random } from "../clock/random.js";
import type { Input } from "../input.js";
import { contentsOf, type FlashRun } from "../peripherals/flash.js";
import { Plant } from "../plant/plant.js";
import type { World } from "../world.js";
import { hasShape, isObject } from "./shape.js";

type Check = (value: unknown) => boolean;

const isBoolean: Check = (value) => typeof value === "boolean";
const isInteger: Check = Number.isSafeInteger;
const isCount: Check = (value) => isInteger(value) && Number(value) >= 0;
const isText: Check = (value) => typeof value === "string";
const isOneOf = (...texts: readonly string[]): Check => {
  return (value) => texts.some((text) => text === value);
};

const isByte: Check = (value) => isCount(value) && Number(value) <= 0xff;
const isBytes: Check = (value) => Array.isArray(value) && value.every(isByte);
const isSnapshot: Check = (value) => isObject(value) && Object.values(value).every(isBytes);
const isPoint: Check = (value) =>
  value === null ||
  (isObject(value) && isCount(value["operation"]) && isOneOf("before", "during", "after")(value["phase"]));

const isRun = (value: unknown): value is FlashRun =>
  isObject(value) && isCount(value["offset"]) && Array.isArray(value["bytes"]) && value["bytes"].every(isByte);
const isRuns: Check = (value) => Array.isArray(value) && value.every(isRun) && contentsOf(value) !== undefined;
const PLANT = new Plant({ nowMs: 0 }, new Random(0)).snapshot();
const TRANSITION = { atMs: 0, fromOff: true, fromPhase: 0, writes: 0, halfSteps: 0 };
const isPlant: Check = (value) => {
  if (!hasShape(value, PLANT) || !isObject(value) || !isObject(value["drive"])) return false;
  const { transition } = value["drive"];
  return transition === undefined || hasShape(transition, TRANSITION);
};

/** The members of each input beside `do`. */
const MEMBERS: { readonly [Do in Input["do"]]: { readonly [name: string]: Check } } = {
  powerUp: {},
  cut: {},
  cutAt: { point: isPoint },
  press: { durationMs: isCount },
  stall: { callbackNumber: isCount, durationMs: isCount },
  occlude: { occluded: isBoolean },
  jam: { jammed: isBoolean },
  slip: { halfSteps: isInteger },
  turnScrew: { halfSteps: isInteger },
  loadCartridge: { contentMicrounits: isCount },
  serial: { bytes: isBytes },
  battery: { millivolts: isCount },
  failConversions: { sensor: isOneOf("force", "battery"), failing: isBoolean },
  entropy: { mode: isOneOf("good", "dead", "stuck", "repeating") },
  corruptKeyValue: { key: isText, byteIndex: isCount, mask: isByte },
  restoreKeyValue: { snapshot: isSnapshot },
  corruptFlash: { offset: isCount, mask: isByte },
  restoreFlash: { runs: isRuns },
  restorePlant: { snapshot: isPlant },
};

/** The input that an object of a recording stands for; `undefined` when it is none. */
export function inputOf(value: { readonly [name: string]: unknown }): Input | undefined {
  return isInput(value) ? value : undefined;
}

function isInput(value: object): value is Input {
  const members: { readonly [name: string]: unknown } = { ...value };
  const { do: verb } = members;
  if (typeof verb !== "string" || !Object.hasOwn(MEMBERS, verb)) return false;
  return Object.entries(MEMBERS[verb as Input["do"]]).every(([name, holds]) => holds(members[name]));
}

/** Does to the pump of a world what an input says. Throws when it cannot be done, as the verb itself would. */
export function carryOut({ hardware }: World, input: Exclude<Input, { do: "powerUp" | "stall" }>): void {
  switch (input.do) {
    case "cut":
      return hardware.cut();
    case "cutAt":
      return hardware.cutAt(input.point ?? undefined);
    case "press":
      return hardware.pressButton(input.durationMs);
    case "occlude":
      return hardware.plant.setOccluded(input.occluded);
    case "jam":
      return hardware.plant.setJammed(input.jammed);
    case "slip":
      return hardware.plant.slip(input.halfSteps);
    case "turnScrew":
      return hardware.plant.turnScrew(input.halfSteps);
    case "loadCartridge":
      return hardware.plant.loadCartridge(input.contentMicrounits);
    case "serial":
      return hardware.serial.send(input.bytes);
    case "battery":
      return hardware.sensors.setBattery(input.millivolts);
    case "failConversions":
      return hardware.sensors.setFailing(input.sensor, input.failing);
    case "entropy":
      hardware.entropy.mode = input.mode;
      return;
    case "corruptKeyValue":
      return hardware.keyValue.corrupt(input.key, input.byteIndex, input.mask);
    case "restoreKeyValue":
      return hardware.keyValue.restore(input.snapshot);
    case "corruptFlash":
      return hardware.flash.corrupt(input.offset, input.mask);
    case "restoreFlash":
      return hardware.flash.restore(contentsOf(input.runs) ?? new Uint8Array(0));
    case "restorePlant":
      return hardware.plant.restore(input.snapshot);
    default:
      input satisfies never;
  }
}
